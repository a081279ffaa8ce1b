//! The schema keeps its contract: every name, type, nullability and default that clients may rely on, and a schema
//! that can be read alone. What it means is told by the other stories.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::ask::{at, data, data_with, list, these};
use crate::sdl::{Part, Schema, Type, node_types, parse, served};

fn contract() -> Schema {
    parse(include_str!("contract.graphql"))
}

/// What the contract has and the schema has not, or has otherwise; more in the schema is welcome.
fn missing(promised: &Schema, given: &Schema) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, promise) in promised {
        let Some(ty) = given.get(name) else {
            faults.push(format!("{} {name} is missing", promise.keyword));
            continue;
        };
        if ty.keyword != promise.keyword {
            faults.push(format!("{name} is not {}, but {}", promise.keyword, ty.keyword));
        }
        let lists = [("interface", &promise.implements, &ty.implements), ("member", &promise.members, &ty.members)];
        for (what, wanted, found) in lists {
            faults.extend(wanted.iter().filter(|wanted| !found.contains(wanted)).map(|wanted| format!("{name} lacks the {what} {wanted}")));
        }
        faults.extend(promise.values.keys().filter(|value| !ty.values.contains_key(*value)).map(|value| format!("{name} lacks the value {value}")));
        compare(name, &promise.fields, &ty.fields, &mut faults);
        faults.extend(demands(name, promise, ty));
    }
    faults
}

fn compare(place: &str, promised: &BTreeMap<String, Part>, given: &BTreeMap<String, Part>, faults: &mut Vec<String>) {
    for (name, promise) in promised {
        let place = format!("{place}.{name}");
        let Some(part) = given.get(name) else {
            faults.push(format!("{place} is missing"));
            continue;
        };
        if part.ty != promise.ty {
            faults.push(format!("{place} is {} and not {}", part.ty, promise.ty));
        }
        if part.default != promise.default {
            faults.push(format!("{place} has the default '{}' and not '{}'", part.default, promise.default));
        }
        compare(&place, &promise.arguments, &part.arguments, faults);
    }
}

/// What the schema asks for beyond the contract: a new argument or input that must be given breaks every client.
fn demands(name: &str, promise: &Type, given: &Type) -> Vec<String> {
    let must = |part: &Part| part.ty.ends_with('!') && part.default.is_empty();
    let mut faults = Vec::new();
    for (field, part) in &given.fields {
        let known = promise.fields.get(field);
        if promise.keyword == "input" && known.is_none() && must(part) {
            faults.push(format!("{name}.{field} must be given, and is not in the contract"));
        }
        let Some(known) = known else { continue };
        let new = part.arguments.iter().filter(|(argument, part)| must(part) && !known.arguments.contains_key(*argument));
        faults.extend(new.map(|(argument, _)| format!("{name}.{field}({argument}:) must be given, and is not in the contract")));
    }
    faults
}

#[test]
fn the_served_schema_holds_all_of_the_contract() {
    let faults = missing(&contract(), served());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_served_schema_holds_all_of_the_contract_of_contribution() {
    let faults = missing(&parse(include_str!("contract/write.graphql")), served());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_served_schema_holds_all_of_the_contract_of_figures() {
    let promised = parse(&include_str!("contract_figures.graphql").replace("extend type", "type"));
    let faults = missing(&promised, served());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_comparison_finds_what_it_should() {
    let promised = parse(
        "interface A { a(x: Int! = 1): String! } enum E { ONE TWO } union U = T | S type T implements A { a(x: Int! = 1): String! } type S { s: [Int!]! } input I { i: Int }",
    );
    let given = parse(
        "interface A { a(x: Int! = 2): String! } enum E { ONE } union U = T type T { a: String z: Int } type S { s(new: Int!): [Int]! } input I { i: Int j: Int! }",
    );
    let mut faults = missing(&promised, &given);
    faults.sort();
    assert_eq!(
        faults,
        [
            "A.a.x has the default '2' and not '1'",
            "E lacks the value TWO",
            "I.j must be given, and is not in the contract",
            "S.s is [Int]! and not [Int!]!",
            "S.s(new:) must be given, and is not in the contract",
            "T lacks the interface A",
            "T.a is String and not String!",
            "T.a.x is missing",
            "U lacks the member S",
        ]
    );
}

#[test]
fn everything_in_the_schema_is_described_in_three_words_or_more() {
    let mut poor = Vec::new();
    let mut look = |place: String, description: &str| {
        if description.split_whitespace().count() < 3 {
            poor.push(format!("{place}: '{description}'"));
        }
    };
    for (name, ty) in served() {
        look(name.clone(), &ty.description);
        for (part, value) in ty.values.iter().chain(&ty.fields) {
            look(format!("{name}.{part}"), &value.description);
            for (argument, value) in &value.arguments {
                look(format!("{name}.{part}({argument}:)"), &value.description);
            }
        }
    }
    assert!(poor.is_empty(), "{poor:#?}");
}

#[test]
fn a_list_says_how_long_it_may_be_or_how_it_is_ordered() {
    let words = ["order", "at most", "by code", "first", "newest", "nearest", "bounded", "few", "handful", "one for each", "empty"];
    let mut silent = Vec::new();
    for (name, ty) in served().iter().filter(|(name, ty)| ["type", "interface"].contains(&ty.keyword) && !name.ends_with("Connection")) {
        for (field, part) in ty.fields.iter().filter(|(_, part)| part.is_list()) {
            if !words.iter().any(|word| part.description.contains(word)) {
                silent.push(format!("{name}.{field}: '{}'", part.description));
            }
        }
    }
    assert!(silent.is_empty(), "neither bound nor order: {silent:#?}");
}

#[test]
fn a_connection_has_the_four_arguments_and_the_shape_of_its_kind() {
    for (name, ty) in served().iter().filter(|(_, ty)| ["type", "interface"].contains(&ty.keyword)) {
        for (field, part) in ty.fields.iter().filter(|(_, part)| part.is_connection()) {
            let place = format!("{name}.{field}");
            for (argument, wanted) in [("first", "Int"), ("after", "String"), ("last", "Int"), ("before", "String")] {
                assert_eq!(part.arguments.get(argument).map(|part| part.ty.as_str()), Some(wanted), "{place}({argument}:)");
            }
            // What is for some alone is null for the others.
            let is_for_some = name == "GoodPractice" && ["versions", "history"].contains(&field.as_str());
            assert_ne!(part.ty.ends_with('!'), is_for_some, "{place}: whether it is ever null");
            let connection = &served()[part.named()];
            let edge = &served()[connection.fields["edges"].named()];
            assert_eq!(connection.fields["edges"].ty, format!("[{}!]!", connection.fields["edges"].named()));
            assert_eq!(connection.fields["nodes"].ty, format!("[{}!]!", edge.fields["node"].named()), "{place}");
            assert_eq!((connection.fields["pageInfo"].ty.as_str(), connection.fields["totalCount"].ty.as_str()), ("PageInfo!", "Int!"));
            assert_eq!(edge.fields["cursor"].ty, "String!");
        }
    }
}

/// An id of one thing of every type that has ids.
fn one_of_each() -> BTreeMap<String, String> {
    let data = data(
        r#"{
          state(iso3: "PAK") { __typename id }
          organisation(code: "ICMPD") { __typename id }
          workingGroup(code: "SILK-ROUTES") { __typename id }
          document(code: "DECLARATION-2013") { __typename id }
          recital: provision(reference: "R.1") { __typename id }
          commitment: provision(reference: "3") { __typename id }
          mandate: provision(reference: "4.d") { __typename id }
          priorityGoals { __typename id }
          thematicArea(numeral: "IV") { __typename id }
          activity(reference: "IV.a.ii") { __typename id }
          route: flow(code: "EAST-MED") { __typename id observations(first: 1) { nodes { __typename id source { __typename id } } } }
          corridor: flow(code: "PAK-SAU") { __typename id }
          goodPractice(slug: "prottasha-reintegration-bangladesh") { __typename id }
          goodPractices(first: 1) { nodes { __typename id } }
          meeting(code: "MC-5") { __typename id }
        }"#,
    );
    let mut found = BTreeMap::new();
    collect(&data, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => {
            if let (Some(ty), Some(id)) = (fields.get("__typename").and_then(Value::as_str), fields.get("id").and_then(Value::as_str)) {
                found.insert(ty.to_owned(), id.to_owned());
            }
            fields.values().for_each(|value| collect(value, found));
        }
        _ => {}
    }
}

#[test]
fn whatever_has_an_id_can_be_fetched_again() {
    let found = one_of_each();
    // Contact points are for participants alone: `contribution::writes` fetches one again.
    let public: BTreeSet<String> = these(node_types()).into_iter().filter(|name| name != "ContactPoint").collect();
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), public, "one example of each type that implements Node");
    let ids: Vec<&String> = found.values().collect();
    let again = data_with("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", &json!({ "ids": ids }));
    let expected: Vec<Value> = found.iter().map(|(ty, id)| json!({ "__typename": ty, "id": id })).collect();
    assert_eq!(at(&again, "nodes"), &Value::from(expected.clone()));
    for (expected, id) in expected.iter().zip(ids) {
        assert_eq!(&data_with("query($id: ID!) { node(id: $id) { __typename id } }", &json!({ "id": id }))["node"], expected);
    }
}

#[test]
fn introspection_tells_the_same_as_the_file() {
    let told = data("{ __schema { types { name } queryType { name } } }");
    let names: BTreeSet<String> = list(at(&told, "__schema.types")).iter().map(|ty| ty["name"].as_str().expect("a name").to_owned()).collect();
    let unknown: Vec<&String> = served().keys().filter(|name| !names.contains(*name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(at(&told, "__schema.queryType.name"), "Query");
}

#[test]
fn a_default_of_an_argument_is_what_happens_without_it() {
    let told = data(
        r#"{
          bare: provision(reference: "IV.a") { title }
          said: provision(document: "DECLARATION-2013", reference: "IV.a") { title }
          state(iso3: "TUR") { bare: name said: name(language: EN) }
          page: states { nodes { iso3 } }
          twenty: states(first: 20) { nodes { iso3 } }
        }"#,
    );
    assert_eq!((&told["bare"], &told["state"]["bare"], &told["page"]), (&told["said"], &told["state"]["said"], &told["twenty"]));
    let up = data(
        "{ a: states(orderBy: { field: NAME }, first: 3) { nodes { name } } b: states(orderBy: { field: NAME, direction: ASC }, first: 3) { nodes { name } } }",
    );
    assert_eq!(up["a"], up["b"]);
    let down = data(
        "{ a: meetings(orderBy: { field: STARTS_ON }, first: 3) { nodes { code } } b: meetings(orderBy: { field: STARTS_ON, direction: DESC }, first: 3) { nodes { code } } }",
    );
    assert_eq!(down["a"], down["b"]);
}

#[test]
fn a_variable_that_is_left_out_is_an_argument_that_is_left_out() {
    let usual = data("{ states { nodes { iso3 } } }");
    for query in [
        "query($size: Int) { states(first: $size) { nodes { iso3 } } }",
        "query($size: Int, $after: String, $filter: StateFilter, $order: StateOrder) { states(first: $size, after: $after, filter: $filter, orderBy: $order) { nodes { iso3 } } }",
        "query($size: Int = 20) { states(first: $size) { nodes { iso3 } } }",
        "query($size: Int) { ...F } fragment F on Query { states(first: $size) { nodes { iso3 } } }",
        "query($codes: [String!]) { states(filter: { iso3: $codes }) { nodes { iso3 } } }",
    ] {
        assert_eq!(data(query), usual, "{query}");
        assert_eq!(data_with(query, &json!({})), usual, "{query}");
    }
    let told = data(
        r#"query($day: Date, $roles: [WorkingGroupRole!]) { workingGroup(code: "TWG-LAW") { chairs(asOf: $day) { code } members(roles: $roles) { totalCount } } }"#,
    );
    assert_eq!(told, data(r#"{ workingGroup(code: "TWG-LAW") { chairs { code } members { totalCount } } }"#));
}
