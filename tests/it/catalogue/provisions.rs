//! The Declaration: its 86 provisions, and how goals, areas and activities hang together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::ask::{all, at, data, list, set, texts, these};
use crate::expect::{Entry, area_of, catalogue};

const TYPES: [(&str, &str); 6] = [
    ("RECITAL", "Recital"),
    ("COMMITMENT", "Commitment"),
    ("PRIORITY_GOAL", "PriorityGoal"),
    ("MANDATE", "Mandate"),
    ("THEMATIC_AREA", "ThematicArea"),
    ("ACTIVITY", "Activity"),
];

fn type_of(provision: &Entry) -> &'static str {
    TYPES.iter().find(|(kind, _)| *kind == provision.text("kind")).map(|(_, ty)| *ty).expect("a kind")
}

#[test]
fn the_declaration_reads_from_its_first_recital_to_its_last_activity() {
    let mut expected: Vec<&Entry> = catalogue().provisions.iter().filter(|provision| provision.text("document") == "DECLARATION-2013").collect();
    expected.sort_by_key(|provision| provision.value("ordinal").as_i64());
    let told = data(
        r#"{ document(code: "DECLARATION-2013") { provisions(first: 100) { totalCount nodes { __typename id reference kind title summary officialText document { code } } } } }"#,
    );
    let nodes = list(at(&told, "document.provisions.nodes"));
    assert_eq!((nodes.len(), at(&told, "document.provisions.totalCount")), (86, &json!(86)));
    for (node, provision) in nodes.iter().zip(expected) {
        let expected = json!({
            "__typename": type_of(provision), "id": node["id"], "reference": provision.text("reference"), "kind": provision.text("kind"),
            "title": provision.text("title"), "summary": provision.text("summary"), "officialText": null, "document": { "code": "DECLARATION-2013" },
        });
        assert_eq!(node, &expected);
    }
}

#[test]
fn there_are_as_many_provisions_of_each_kind_as_the_declaration_has() {
    for (kind, count) in [("RECITAL", 18), ("COMMITMENT", 5), ("PRIORITY_GOAL", 6), ("MANDATE", 5), ("THEMATIC_AREA", 6), ("ACTIVITY", 46)] {
        let told =
            data(&format!(r#"{{ document(code: "DECLARATION-2013") {{ provisions(kinds: [{kind}], first: 100) {{ totalCount nodes {{ reference }} }} }} }}"#));
        assert_eq!(at(&told, "document.provisions.totalCount"), count, "{kind}");
        let expected: Vec<&str> = catalogue().of_kind(kind).into_iter().map(|provision| provision.text("reference")).collect();
        assert_eq!(texts(at(&told, "document.provisions.nodes"), "reference"), expected);
    }
    let told = data(
        r#"{ document(code: "DECLARATION-2013") { two: provisions(kinds: [MANDATE, PRIORITY_GOAL]) { totalCount } none: provisions(kinds: []) { totalCount } } }"#,
    );
    assert_eq!(told["document"], json!({ "two": { "totalCount": 11 }, "none": { "totalCount": 0 } }));
}

#[test]
fn every_provision_is_found_by_its_reference() {
    for provisions in catalogue().provisions.chunks(25) {
        let field = |(number, provision): (usize, &Entry)| {
            format!(r#"p{number}: provision(reference: "{}") {{ __typename reference title }}"#, provision.text("reference"))
        };
        let told = data(&format!("{{ {} }}", provisions.iter().enumerate().map(field).collect::<Vec<_>>().join(" ")));
        for (number, provision) in provisions.iter().enumerate() {
            let expected = json!({ "__typename": type_of(provision), "reference": provision.text("reference"), "title": provision.text("title") });
            assert_eq!(told[format!("p{number}")], expected);
        }
    }
    let none = data(
        r#"{ a: provision(reference: "IV.z") { id } b: provision(reference: "iv.a") { id } c: provision(document: "MC-5", reference: "IV.a") { id }
             d: provision(document: "DECLARATION-2024", reference: "IV.a") { id } e: activity(reference: "IV") { id } f: activity(reference: "1.a") { id } g: thematicArea(numeral: "IV.a") { id } }"#,
    );
    assert!(none.as_object().expect("fields").values().all(Value::is_null), "{none}");
}

#[test]
fn goals_and_areas_come_in_the_order_of_the_declaration_and_know_each_other() {
    let told = data("{ priorityGoals { reference kind thematicAreas { numeral } } thematicAreas { reference numeral kind goals { reference } } }");
    assert_eq!(texts(&told["priorityGoals"], "reference"), ["1.a", "1.b", "1.c", "1.d", "1.e", "1.f"]);
    assert_eq!(texts(&told["thematicAreas"], "numeral"), ["I", "II", "III", "IV", "V", "VI"]);
    for area in list(&told["thematicAreas"]) {
        let numeral = area["numeral"].as_str().expect("a numeral");
        let entry = catalogue().of_kind("THEMATIC_AREA").into_iter().find(|entry| entry.text("reference") == numeral).expect("there");
        assert_eq!(texts(&area["goals"], "reference"), entry.list("goals"), "{numeral}");
        for goal in list(&told["priorityGoals"]) {
            let there = texts(&goal["thematicAreas"], "numeral").iter().any(|named| named == numeral);
            assert_eq!(there, entry.names("goals", goal["reference"].as_str().expect("a reference")), "{numeral} and {}", goal["reference"]);
        }
    }
}

#[test]
fn every_activity_stands_in_its_area_and_serves_its_goals() {
    let files = catalogue();
    let activities = all(
        "activities",
        "",
        "reference kind title summary thematicArea { numeral } parent { reference } parts { reference } goals { reference } keywords document { code }",
    );
    let entries = files.of_kind("ACTIVITY");
    assert_eq!(activities.len(), 46);
    for (activity, entry) in activities.iter().zip(entries) {
        let reference = entry.text("reference");
        let parent = Some(entry.text("parent")).filter(|parent| parent.contains('.'));
        let parts: Vec<Value> = files.activities(|part| part.text("parent") == reference).into_iter().map(|part| json!({ "reference": part })).collect();
        let goals: Value = entry.set("goals").into_iter().map(|goal| json!({ "reference": goal })).collect();
        let expected = json!({
            "reference": reference, "kind": "ACTIVITY", "title": entry.text("title"), "summary": entry.text("summary"),
            "thematicArea": { "numeral": area_of(reference) }, "parent": parent.map(|parent| json!({ "reference": parent })), "parts": parts,
            "goals": goals, "keywords": entry.list("keywords"), "document": { "code": "DECLARATION-2013" },
        });
        assert_eq!(activity, &expected);
    }
}

#[test]
fn goals_and_areas_list_the_activities_that_name_them() {
    let files = catalogue();
    let told = data(
        "{ priorityGoals { reference activities(first: 100) { nodes { reference } } } thematicAreas { numeral activities(first: 100) { nodes { reference } } } }",
    );
    for goal in list(&told["priorityGoals"]) {
        let reference = goal["reference"].as_str().expect("a reference");
        assert_eq!(texts(at(goal, "activities.nodes"), "reference"), files.activities(|activity| activity.names("goals", reference)), "{reference}");
    }
    for area in list(&told["thematicAreas"]) {
        let numeral = area["numeral"].as_str().expect("a numeral");
        assert_eq!(texts(at(area, "activities.nodes"), "reference"), files.activities(|activity| area_of(activity.text("reference")) == numeral), "{numeral}");
    }
}

#[test]
fn activities_and_what_refers_to_them_know_each_other() {
    let files = catalogue();
    let named = |entries: &[Entry], key: &str, reference: &str| -> BTreeSet<String> {
        entries.iter().filter(|entry| entry.names("activities", reference)).map(|entry| entry.text(key).to_owned()).collect()
    };
    let selection = "reference goodPractices(first: 100) { nodes { slug } } meetings(first: 100) { nodes { code } } flows(first: 100) { nodes { code } }";
    for activity in all("activities", "", selection) {
        let reference = activity["reference"].as_str().expect("a reference");
        assert_eq!(set(at(&activity, "goodPractices.nodes"), "slug"), named(&files.practices, "slug", reference), "{reference}");
        assert_eq!(set(at(&activity, "meetings.nodes"), "code"), named(&files.meetings, "code", reference), "{reference}");
        assert_eq!(set(at(&activity, "flows.nodes"), "code"), named(&files.routes, "code", reference), "{reference}");
    }
    let areas = data("{ thematicAreas { numeral goodPractices(first: 100) { nodes { slug } } } }");
    for area in list(&areas["thematicAreas"]) {
        let numeral = area["numeral"].as_str().expect("a numeral");
        let expected = files.practices.iter().filter(|practice| practice.list("activities").iter().any(|activity| area_of(activity) == numeral));
        assert_eq!(set(at(area, "goodPractices.nodes"), "slug"), these(expected.map(|practice| practice.text("slug"))), "{numeral}");
    }
}

#[test]
fn a_provision_answers_alike_as_itself_and_as_a_provision() {
    let told = data(r#"{ activity(reference: "IV.a") { id } thematicArea(numeral: "II") { id } priorityGoals { id } }"#);
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    ids.insert("Activity", told["activity"]["id"].to_string());
    ids.insert("ThematicArea", told["thematicArea"]["id"].to_string());
    ids.insert("PriorityGoal", at(&told, "priorityGoals.0.id").to_string());
    for (ty, id) in ids {
        let fields = "id reference kind title summary officialText(language: RU) document { code }";
        let both = data(&format!("{{ one: node(id: {id}) {{ ... on {ty} {{ {fields} }} }} two: node(id: {id}) {{ ... on Provision {{ {fields} }} }} }}"));
        assert_eq!(both["one"], both["two"]);
    }
}
