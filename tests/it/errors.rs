//! What goes wrong is said with a code from a closed list and the place, and says nothing of how the server is made.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::ask::{CODES, answer, answer_with, at, data, data_with, list, refused, refused_with, texts};

const PARSE: &str = "GRAPHQL_PARSE_FAILED";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const INPUT: &str = "BAD_USER_INPUT";
const REQUEST: &str = "BAD_REQUEST";

/// Documents that are wrong, and the codes that they may get: the executor checks some inputs late, which is as good.
const WRONG: &[(&str, &[&str])] = &[
    ("{", &[PARSE]),
    ("}", &[PARSE]),
    ("", &[PARSE, REQUEST]),
    ("query", &[PARSE]),
    ("{ }", &[PARSE]),
    ("nonsense", &[PARSE]),
    ("{ état }", &[PARSE]),
    (r#"{ state(iso3: "AFG) { name } }"#, &[PARSE]),
    (r#"{ state(iso3: "\q") { name } }"#, &[PARSE]),
    ("{ state(iso3: 01) { name } }", &[PARSE]),
    ("{ states(first: 1e) { totalCount } }", &[PARSE]),
    ("type State { name: String }", &[PARSE, INVALID, REQUEST]),
    ("{ nope }", &[INVALID]),
    ("{ __schema { nope } }", &[INVALID]),
    ("{ state { name } }", &[INVALID]),
    (r#"{ state(iso3: "AFG") }"#, &[INVALID]),
    (r#"{ state(iso3: "AFG") { name { x } } }"#, &[INVALID]),
    (r#"{ state(iso3: "AFG", nope: 1) { name } }"#, &[INVALID]),
    (r#"{ state(iso3: "AFG", iso3: "TUR") { name } }"#, &[INVALID]),
    ("{ state(iso3: 1) { name } }", &[INVALID, INPUT]),
    ("{ state(iso3: null) { name } }", &[INVALID, INPUT]),
    (r#"{ state(iso3: ["AFG"]) { name } }"#, &[INVALID, INPUT]),
    (r#"{ state(iso3: "AFG") { name(language: XX) } }"#, &[INVALID, INPUT]),
    (r#"{ states(first: "1") { totalCount } }"#, &[INVALID, INPUT]),
    ("{ states(first: 1.5) { totalCount } }", &[INVALID, INPUT]),
    ("{ states(first: 99999999999) { totalCount } }", &[INPUT]),
    ("{ states(filter: { nope: 1 }) { totalCount } }", &[INVALID, INPUT]),
    ("{ states(filter: { regions: [NOWHERE] }) { totalCount } }", &[INVALID, INPUT]),
    ("{ states(orderBy: { direction: ASC }) { totalCount } }", &[INVALID, INPUT]),
    (r#"{ workingGroup(code: "COLEP") { chairs(asOf: "x") { code } } }"#, &[INVALID, INPUT]),
    ("{ ...F }", &[INVALID]),
    ("{ states { ... on Organisation { code } } }", &[INVALID]),
    ("{ states { ... on Nothing { code } } }", &[INVALID]),
    ("fragment F on State { name } { __typename }", &[INVALID]),
    ("fragment F on Query { ...F } { ...F }", &[INVALID]),
    ("fragment F on Query { ...G } fragment G on Query { ...F } { ...F }", &[INVALID]),
    ("fragment F on Query { __typename } fragment F on Query { __typename } { ...F }", &[INVALID]),
    ("fragment F on String { x } { ...F }", &[INVALID]),
    (r#"{ state(iso3: "AFG") @nope { name } }"#, &[INVALID]),
    (r#"{ state(iso3: "AFG") @skip { name } }"#, &[INVALID]),
    (r#"{ state(iso3: "AFG") { name @skip(if: true) @skip(if: false) } }"#, &[INVALID]),
    (r#"{ state(iso3: "AFG") { name @include(if: "yes") } }"#, &[INVALID, INPUT]),
    ("{ __typename @nope }", &[INVALID]),
    ("{ __typename @nope @nope }", &[INVALID]),
    ("{ __typename @deprecated }", &[INVALID]),
    ("{ __typename @skip }", &[INVALID]),
    ("{ __typename @skip(if: 1) }", &[INVALID, INPUT]),
    ("{ __typename @skip(if: true, unless: true) }", &[INVALID]),
    ("{ __typename @skip(if: true) @skip(if: true) }", &[INVALID]),
    ("{ __typename @include(if: $a) }", &[INVALID]),
    ("query($a: String!) { __typename @include(if: $a) }", &[INVALID]),
    ("{ __typename(a: 1) }", &[INVALID]),
    ("{ __typename { a } }", &[INVALID]),
    ("{ ...F } fragment F on Query { states { nodes { ... { __typename @nope } } } }", &[INVALID]),
    ("query A { __typename } query A { __typename }", &[INVALID]),
    ("query A { __typename } { __typename }", &[INVALID]),
    ("query A { __typename } query B { __typename }", &[INVALID, REQUEST]),
    ("query($a: Strong) { state(iso3: $a) { name } }", &[INVALID]),
    ("query($a: State) { state(iso3: $a) { name } }", &[INVALID]),
    ("query($a: String!, $a: String!) { state(iso3: $a) { name } }", &[INVALID, INPUT]),
    ("query($a: String) { states { totalCount } }", &[INVALID]),
    ("{ state(iso3: $a) { name } }", &[INVALID]),
    ("query($a: String!) { state(iso3: $a) { name } }", &[INVALID, INPUT]),
    (r#"query($a: Int = "x") { states(first: $a) { totalCount } }"#, &[INVALID, INPUT]),
    ("query($a: String) { state(iso3: $a) { name } }", &[INVALID]),
    ("query($a: Strong) { state(iso3: \"AFG\") { name } }", &[INVALID]),
    ("query($a: [State!]) { nodes(ids: $a) { id } }", &[INVALID]),
    ("query($a: Party) { states(filter: $a) { totalCount } }", &[INVALID]),
    ("query($a: String) { state(iso3: \"AFG\") { name(language: $a) } }", &[INVALID]),
    ("query($a: Int) { states(filter: { iso3: [$a] }) { totalCount } }", &[INVALID]),
    ("query($a: [String]) { states(filter: { iso3: $a }) { totalCount } }", &[INVALID]),
    ("query($a: String) { ...F } fragment F on Query { state(iso3: $a) { name } }", &[INVALID]),
    ("query A($a: String) { __typename } query B { __typename }", &[INVALID]),
    ("mutation { nope }", &[INVALID]),
    ("subscription { nope }", &[INVALID, REQUEST]),
];

/// Checks that an error is one that a client can work with, and that it tells nothing of the inside.
fn sound(error: &Value, of: &str) {
    let code = at(error, "extensions.code").as_str().unwrap_or_default();
    assert!(CODES.contains(&code) || code.starts_with("LIMIT_"), "{of}: the code of {error}");
    assert!(at(error, "extensions.requestId").as_str().is_some_and(|id| !id.is_empty()), "{of}: {error}");
    assert!(at(error, "extensions.retryable").is_boolean(), "{of}: {error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!((10..500).contains(&message.len()), "{of}: {error}");
    let place =
        at(error, "locations.0.line").as_u64().is_some_and(|line| line > 0) && at(error, "locations.0.column").as_u64().is_some_and(|column| column > 0);
    // A request as a whole, or a document as a whole, has no place.
    let whole = code == REQUEST || code.starts_with("LIMIT_") || message.contains("operationName") || of.starts_with("mutation");
    assert!(place || whole, "{of}: no place in {error}");
    for word in [
        "SELECT ",
        "INSERT ",
        "sqlite",
        "SQLITE",
        "postgres",
        "sqlx",
        "sea_orm",
        "SeaORM",
        "async_graphql",
        "async-graphql",
        "axum",
        "tokio",
        "serde",
        "Some(",
        "None)",
        "Ok(",
        "Err(",
        "::",
        ".rs",
        "panicked",
        "unwrap",
        "thread '",
        "/src/",
        "/home/",
        "/var/",
        "/tmp/",
        "&str",
        "usize",
        "i32",
        "Vec<",
        "pest",
        " --> ",
        "0x",
    ] {
        assert!(!error.to_string().contains(word), "{of}: '{word}' in {error}");
    }
}

#[test]
fn whatever_is_wrong_with_a_document_gets_a_code_and_a_place() {
    let mut faults = Vec::new();
    for (document, codes) in WRONG {
        let answer = answer(document);
        let Some(errors) = answer.get("errors").and_then(Value::as_array) else {
            faults.push(format!("{document}\n    is answered: {answer}"));
            continue;
        };
        for error in errors {
            sound(error, document);
        }
        let code = at(&errors[0], "extensions.code").as_str().unwrap_or_default();
        if !codes.contains(&code) {
            faults.push(format!("{document}\n    gets {code} and not one of {codes:?}"));
        }
        if answer.get("data").is_some_and(|data| code != INPUT && !data.is_null()) {
            faults.push(format!("{document}\n    has data: {answer}"));
        }
        let told: BTreeSet<String> = errors.iter().map(|error| format!("{}{}", error["message"], error["locations"])).collect();
        if told.len() != errors.len() {
            faults.push(format!("{document}\n    is told the same twice: {}", answer["errors"]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn whatever_is_wrong_with_variables_gets_a_code_and_a_place() {
    for (query, variables) in [
        ("query($a: String!) { state(iso3: $a) { name } }", json!({ "a": 1 })),
        ("query($a: String!) { state(iso3: $a) { name } }", json!({ "a": null })),
        ("query($a: String!) { state(iso3: $a) { name } }", json!({ "a": ["AFG"] })),
        ("query($a: Int) { states(first: $a) { totalCount } }", json!({ "a": "x" })),
        ("query($a: Int) { states(first: $a) { totalCount } }", json!({ "a": 1.5 })),
        ("query($a: Int) { states(first: $a) { totalCount } }", json!({ "a": 3_000_000_000_u64 })),
        ("query($a: Int) { states(first: $a) { totalCount } }", json!({ "a": true })),
        ("query($a: Language!) { state(iso3: \"AFG\") { name(language: $a) } }", json!({ "a": "ru" })),
        ("query($a: Language!) { state(iso3: \"AFG\") { name(language: $a) } }", json!({ "a": 1 })),
        ("query($a: StateFilter) { states(filter: $a) { totalCount } }", json!({ "a": { "nope": 1 } })),
        ("query($a: StateFilter) { states(filter: $a) { totalCount } }", json!({ "a": "AFG" })),
        ("query($a: StateFilter) { states(filter: $a) { totalCount } }", json!({ "a": { "iso3": [1] } })),
        ("query($a: StateFilter) { states(filter: $a) { totalCount } }", json!({ "a": { "iso3": ["AFG", null] } })),
        ("query($a: StateOrder) { states(orderBy: $a) { totalCount } }", json!({ "a": {} })),
        ("query($a: StateOrder) { states(orderBy: $a) { totalCount } }", json!({ "a": { "field": "NAME", "direction": "UP" } })),
        ("query($a: PartialDate) { meetings(filter: { from: $a }) { totalCount } }", json!({ "a": 2016 })),
        ("query($a: PartialDate) { meetings(filter: { from: $a }) { totalCount } }", json!({ "a": "2016-02-30" })),
        ("query($a: Date) { goodPractices(filter: { publishedFrom: $a }) { totalCount } }", json!({ "a": "2016" })),
        ("query($a: [ID!]!) { nodes(ids: $a) { id } }", json!({ "a": [null] })),
        ("query($a: [ID!]!) { nodes(ids: $a) { id } }", json!({ "a": { "x": 1 } })),
    ] {
        let error = refused_with(query, &variables, INPUT);
        sound(&error, query);
    }
}

#[test]
fn a_misspelt_name_is_not_answered_with_the_names_that_there_are() {
    for (query, hidden) in [
        (r#"{ stat(iso3: "AFG") { name } }"#, "state"),
        (r#"{ state(iso3: "AFG") { nam } }"#, "`name`"),
        (r#"{ state(iso3: "AFG") { goodPractice } }"#, "goodPractices"),
        (r#"{ states(filter: { iso: ["AFG"] }) { totalCount } }"#, "iso3"),
        ("{ ... on Sate { name } }", "State"),
    ] {
        let message = answer(query)["errors"][0]["message"].to_string();
        assert!(!message.to_lowercase().contains("did you mean") && !message.contains(hidden), "{query}: {message}");
    }
}

#[test]
fn an_error_says_which_field_it_struck() {
    let error = refused(r#"{ one: states { totalCount } two: states(filter: { iso3: ["XXX"] }) { totalCount } }"#, INPUT);
    assert_eq!(error["path"], json!(["two"]));
    assert_eq!(error["locations"], json!([{ "line": 1, "column": 30 }]));
    let answer = answer("query {\n  state(iso3: \"PAK\") {\n    name\n    goodPractices(first: 500) {\n      totalCount\n    }\n  }\n}");
    assert_eq!(at(&answer, "errors.0.path"), &json!(["state", "goodPractices"]));
    assert_eq!(at(&answer, "errors.0.locations"), &json!([{ "line": 4, "column": 5 }]));
    assert_eq!(answer["data"], json!({ "state": null }), "it falls no further than it must");
}

#[test]
fn an_error_beside_a_sound_field_leaves_the_sound_field_alone() {
    let answer = answer(r#"{ sound: state(iso3: "TUR") { name } struck: state(iso3: "PAK") { goodPractices(filter: { states: ["PAX"] }) { totalCount } } }"#);
    assert_eq!(answer["data"], json!({ "sound": { "name": "Türkiye" }, "struck": null }));
    assert_eq!(list(&answer["errors"]).len(), 1);
    sound(&answer["errors"][0], "half an answer");
}

#[test]
fn no_answer_is_flooded_with_errors() {
    let many = (0..90).map(|number| format!("nope{number}")).collect::<Vec<_>>().join(" ");
    let answer = answer(&format!(r#"{{ state(iso3: "AFG") {{ {many} }} }}"#));
    let errors = list(&answer["errors"]);
    assert!(errors.len() <= 21, "{} errors", errors.len());
    assert_eq!(at(&errors[errors.len() - 1], "extensions.code"), "TRUNCATED_ERRORS", "{errors:?}");
}

#[test]
fn an_id_that_nothing_has_is_null_whatever_it_looks_like() {
    let told = data(r#"{ state(iso3: "TUR") { id } }"#);
    let id = at(&told, "state.id").as_str().expect("an id").to_owned();
    let swapped = |place: usize| {
        let mut letters: Vec<char> = id.chars().collect();
        letters[place] = if letters[place].is_uppercase() { letters[place].to_ascii_lowercase() } else { letters[place].to_ascii_uppercase() };
        letters.into_iter().collect::<String>()
    };
    let altered = |place: usize| format!("{}{}{}", &id[..place], if id.as_bytes()[place] == b'a' { 'b' } else { 'a' }, &id[place + 1..]);
    let mut wrong: Vec<String> = (0..id.len()).flat_map(|place| [swapped(place), altered(place)]).collect();
    wrong.extend([
        String::new(),
        "x".into(),
        "TUR".into(),
        "State:TUR".into(),
        "U3RhdGU6VFVS".into(),
        format!("{id}="),
        format!("{id}a"),
        format!(" {id}"),
        id[1..].into(),
        id.repeat(50),
        "é\u{0}🙂".into(),
        "1".into(),
        "-1".into(),
        "'; --".into(),
    ]);
    wrong.retain(|wrong| *wrong != id);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    for wrong in wrong.chunks(100) {
        let told = data_with(query, &json!({ "ids": wrong }));
        let found: Vec<&Value> = list(&told["nodes"]).iter().filter(|node| !node.is_null()).collect();
        assert!(found.is_empty() && list(&told["nodes"]).len() == wrong.len(), "{found:?}");
    }
    for wrong in &wrong[..6] {
        assert_eq!(data_with("query($id: ID!) { node(id: $id) { id } }", &json!({ "id": wrong })), json!({ "node": null }), "{wrong}");
    }
    let mixed = data_with(query, &json!({ "ids": [id, "x", id] }));
    assert_eq!(mixed["nodes"], json!([{ "id": id }, null, { "id": id }]), "in the order asked, twice where asked twice");
}

#[test]
fn a_hundred_ids_are_fetched_and_a_hundred_and_one_are_not() {
    let ids = texts(at(&data("{ states(first: 100) { nodes { id } } }"), "states.nodes"), "id");
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(texts(&data_with(query, &json!({ "ids": ids }))["nodes"], "id"), ids);
    let more: Vec<String> = ids.iter().chain(&ids[..1]).cloned().collect();
    refused_with(query, &json!({ "ids": more }), INPUT);
    assert_eq!(data_with(query, &json!({ "ids": [] }))["nodes"], json!([]));
}

#[test]
fn fields_that_would_answer_under_one_name_must_be_the_same() {
    for conflict in [
        r#"{ state(iso3: "AFG") { n: name n: iso3 } }"#,
        r#"{ s: state(iso3: "AFG") { name } s: state(iso3: "TUR") { name } }"#,
        r#"{ s: state(iso3: "AFG") { x: name } s: state(iso3: "AFG") { x: iso3 } }"#,
        r#"{ state(iso3: "AFG") { name name(language: RU) } }"#,
        r#"{ state(iso3: "AFG") { flows(first: 1) { totalCount } flows(first: 2) { totalCount } } }"#,
        "{ states(first: 1) { nodes { m: meetings(first: 1) { totalCount } } } states(first: 1) { nodes { m: meetings(first: 2) { totalCount } } } }",
        r#"{ state(iso3: "AFG") { ...A ...B } } fragment A on State { x: name } fragment B on State { x: iso2 }"#,
        r#"{ state(iso3: "AFG") { ...A ... { x: iso2 } } } fragment A on Party { x: name }"#,
        r#"{ node(id: "x") { ... on State { x: iso2 } ... on Organisation { x: kind } } }"#,
        r#"{ node(id: "x") { ... on State { x: participation { status } } ... on Organisation { x: code } } }"#,
        r#"{ node(id: "x") { ... on Party { x: name } ... on State { x: iso2 } } }"#,
        r#"{ node(id: "x") { ... on State { x: participation { s: status } } ... on Organisation { x: participation { s: note } } } }"#,
        "query($a: Int, $b: Int) { states(first: $a) { totalCount } states(first: $b) { totalCount } }",
        "{ a: __typename a: states { totalCount } }",
    ] {
        let error = refused(conflict, INVALID);
        sound(&error, conflict);
    }
    for agreement in [
        r#"{ state(iso3: "AFG") { n: name n: name } }"#,
        r#"{ s: state(iso3: "AFG") { name } s: state(iso3: "AFG") { iso3 } }"#,
        r#"{ states(first: 1, filter: { iso3: ["AFG"] }) { totalCount } states(filter: { iso3: ["AFG"] }, first: 1) { nodes { iso3 } } }"#,
        r#"{ node(id: "x") { ... on State { x: iso2 } ... on Organisation { x: code } } }"#,
        r#"{ node(id: "x") { ... on State { x: name(language: RU) } ... on Organisation { x: name } } }"#,
        "query($a: Int) { states(first: $a) { totalCount } states(first: $a) { nodes { iso3 } } }",
    ] {
        assert!(answer(agreement).get("errors").is_none(), "{agreement}: {}", answer(agreement));
    }
    let merged = data(r#"{ s: state(iso3: "AFG") { name } s: state(iso3: "AFG") { iso3 } }"#);
    assert_eq!(merged["s"], json!({ "name": "Afghanistan", "iso3": "AFG" }));
}

/// What a query is said to cost: as the answer tells it, or as the refusal of one that costs too much does.
fn cost(query: &str, variables: &Value) -> Value {
    let answer = answer_with(query, variables);
    let told = at(&answer, "extensions.cost");
    if !told.is_null() {
        return told.clone();
    }
    assert_eq!(at(&answer, "errors.0.extensions.code"), "LIMIT_COST", "{query}: {answer}");
    at(&answer, "errors.0.message").clone()
}

#[test]
fn the_same_work_costs_the_same_however_it_is_written() {
    let inner = "flows(first: 100) { nodes { goodPractices(first: 100) { nodes { activities(first: 100) { nodes { id } } } } } }";
    let practices = "goodPractices(first: 100) { nodes { flows(first: 100) { nodes { activities(first: 100) { nodes { id } } } } } }";
    let states = |selection: &str| format!(r#"{{ state(iso3: "PAK") {{ {selection} }} }}"#);
    let node = |selection: &str| format!(r#"{{ node(id: "x") {{ {selection} }} }}"#);
    let figure = |selection: &str| format!(r#"{{ flow(code: "PAK-SAU") {{ observations(first: 50) {{ nodes {{ subject {{ {selection} }} }} }} }} }}"#);
    let same: [Vec<String>; 3] = [
        vec![
            states(inner),
            states(&format!("... {{ {inner} }}")),
            states(&format!("... on State {{ {inner} }}")),
            states(&format!("... on Party {{ ... on State {{ {inner} }} }}")),
            states(&format!("... @include(if: true) {{ {inner} }}")),
            format!("{} fragment F on State {{ {inner} }}", states("...F")),
            format!("{} fragment G on State {{ ...F }} fragment F on State {{ {inner} }}", states("...G")),
            states(inner).replace("flows(", "a: flows(").replace("activities(", "b: activities("),
            format!("query($n: Int = 100) {}", states(inner).replace("first: 100", "first: $n")),
        ],
        vec![
            node(&format!("... on State {{ {practices} }}")),
            node(&format!("... on Party {{ {practices} }}")),
            node(&format!("... on Node {{ ... on Party {{ ... on State {{ {practices} }} }} }}")),
            format!("{} fragment F on Party {{ {practices} }}", node("...F")),
        ],
        vec![
            figure(&format!("... on Flow {{ {practices} }}")),
            figure(&format!("... on Node {{ ... on Flow {{ {practices} }} }}")),
            format!("{} fragment F on Flow {{ {practices} }}", figure("...F")),
            figure(&format!("... on Flow {{ {practices} }}")).replace("subject", "s: subject"),
        ],
    ];
    for same in same {
        let expected = cost(&same[0], &json!({}));
        for query in &same[1..] {
            assert_eq!(cost(query, &json!({})), expected, "{query}");
        }
    }
    let by_variable = format!("query($n: Int) {}", states(inner).replace("first: 100", "first: $n"));
    assert_eq!(cost(&by_variable, &json!({ "n": 100 })), cost(&states(inner), &json!({})));
}

#[test]
fn the_answer_tells_what_it_cost() {
    let small = answer(r#"{ state(iso3: "AFG") { name } }"#);
    let large = answer("{ states(first: 100) { nodes { flows(first: 100) { nodes { code } } } } }");
    assert!(!at(&small, "extensions.cost").is_null(), "{small}");
    assert_ne!(at(&small, "extensions.cost"), at(&large, "extensions.cost"));
}

#[test]
fn a_value_of_the_wrong_type_is_told_by_the_type_that_is_wanted() {
    for (query, variables, wanted) in [
        ("query($a: StateFilter) { states(filter: $a) { totalCount } }", json!({ "a": { "iso3": [1] } }), "String"),
        ("query($a: Int) { states(first: $a) { totalCount } }", json!({ "a": "x" }), "Int"),
        ("query($a: PartialDate) { meetings(filter: { from: $a }) { totalCount } }", json!({ "a": 2016 }), "PartialDate"),
    ] {
        let message = refused_with(query, &variables, INPUT)["message"].to_string();
        assert!(message.contains(wanted), "{message}");
        for inside in ["occurred while parsing", "input type", "Failed to parse"] {
            assert!(!message.contains(inside), "{message}");
        }
    }
}

#[test]
fn an_omitted_variable_is_an_argument_left_out_wherever_it_stands() {
    // The default of one argument does not become that of another.
    let query = "query($n: Int) { state(iso3: \"AFG\") { goodPractices(first: $n) { nodes { related(first: $n) { score } } } } }";
    let data = data_with(query, &json!({}));
    assert!(list(at(&data, "state.goodPractices.nodes")).iter().any(|practice| list(at(practice, "related")).len() == 5), "{data}");
    let query = "query($f: [String!]) { states(filter: { iso3: $f }) { totalCount } }";
    let all = data_with(query, &json!({}));
    assert_eq!(all, data_with("{ states { totalCount } }", &json!({})));
}

#[test]
fn a_part_of_a_name_that_is_nothing_is_refused() {
    for part in ["", " ", "\n", "\u{301}"] {
        for list in ["states", "organisations"] {
            let query = format!("query($p: String!) {{ {list}(filter: {{ nameContains: $p }}) {{ totalCount }} }}");
            refused_with(&query, &json!({ "p": part }), INPUT);
        }
    }
}

#[test]
fn a_directive_that_is_not_known_is_told_once_wherever_it_stands() {
    let ten = "@nope ".repeat(10);
    for query in [
        format!("{{ __typename {ten} }}"),
        format!("{{ states(first: 1) {{ totalCount {ten} }} }}"),
        format!("{{ states(first: 1) {ten} {{ totalCount }} meetings(first: 1) {ten} {{ totalCount }} }}"),
        format!("query A {ten} {{ ...F {ten} }} fragment F on Query {ten} {{ __typename }}"),
    ] {
        let answer = answer(&query);
        let errors = list(&answer["errors"]);
        assert_eq!(errors.len(), 1, "{query}: {errors:?}");
        assert!(errors[0]["message"].as_str().is_some_and(|message| message.starts_with("Unknown directive \"nope\"")), "{errors:?}");
        assert!(answer["data"].is_null());
    }
    let answer = answer("{ __typename @skip(if: false) states(first: 1) { nodes { __typename @include(if: false) iso3 } } }");
    assert!(answer["errors"].is_null() && answer["data"]["__typename"] == "Query", "{answer}");
}
