//! Whatever tells a reader something of a practice that not everyone may read is noted for its owner: a question whose
//! answer is another one than a stranger's leaves one reading, and only one, of that version by that party. Questions
//! are listed, and drawn from the schema: `NOTED_QUESTIONS` says how many.

use serde_json::{Value, json};
use silkroutes::domain::viewer::Role;

use super::{Stage, content};
use crate::app::knob;
use crate::twins::Draw;

const FEW: usize = 150;

/// What a party may ask about a practice that is shared with it: everything but its contents.
const PROBES: &[&str] = &[
    r#"{ goodPractices(filter: { text: "xyzzycanary" }) { totalCount } }"#,
    r#"{ goodPractices(first: 0, filter: { text: "wiretapping" }) { pageInfo { hasNextPage } } }"#,
    r#"{ goodPractices(last: 0, filter: { text: "wiretapping" }) { pageInfo { hasPreviousPage } } }"#,
    r#"{ goodPractices(filter: { owners: ["UZB"], text: "wiretapping" }) { totalCount } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping" }) { nodes { owner { code } } } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping", startedFrom: "2019-05", startedTo: "2019-05" }) { totalCount } }"#,
    r#"{ goodPractices(filter: { not: { not: { text: "wiretapping" } } }) { totalCount } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping" }) { nodes { related(first: 3) { score sharedActivities { reference } sharedTargetGroups } } } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping" }) { edges { cursor node { __typename } } } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping" }) { edges { __typename } } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping" }) { nodes { __typename } } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping" }) { pageInfo { startCursor } } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping" }) { nodes { versions { totalCount } history { totalCount } } } }"#,
    r#"{ goodPractices(filter: { text: "wiretapping" }, orderBy: { field: TITLE }) { nodes { title } } }"#,
    r"{ goodPractices { totalCount } }",
    r#"{ state(iso3: "UZB") { goodPractices { totalCount } } }"#,
    r#"{ state(iso3: "UZB") { goodPractices(roles: [OWNER]) { totalCount } } }"#,
    r#"{ activity(reference: "FREE") { goodPractices { totalCount } } }"#,
    r"{ thematicAreas { goodPractices { totalCount } } }",
    r"{ activities(filter: { withoutGoodPractices: true }, first: 100) { totalCount nodes { reference } } }",
    r"{ activities(filter: { withoutGoodPractices: false }, first: 100) { nodes { reference } } }",
    "{ node(id: ID) { __typename } }",
    "{ nodes(ids: [ID]) { __typename } }",
    "{ goodPractice(slug: SLUG) { __typename } }",
    "mutation { withdrawGoodPractice(input: { id: ID, ifVersion: 7 }) { errors { code } } }",
];

struct Shared {
    id: Value,
    slug: Value,
}

/// A practice that is shared with Kabul alone, and serves that activity.
fn share(stage: &Stage, activity: &str, n: usize) -> Shared {
    let mut said = content(&format!("Quiet arrangement {n}"));
    said["summary"] = json!("About wiretapping");
    said["body"] = json!("The word is xyzzycanary");
    said["activities"] = json!([activity]);
    said["startedOn"] = json!("2019-05");
    let draft = stage.done(&stage.tashkent, "draftGoodPractice", &json!({ "content": said }));
    let audience = json!({ "level": "NAMED_PARTIES", "parties": ["AFG"] });
    stage.done(&stage.tashkent, "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": audience }));
    let done = stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1 }));
    Shared { id: done["id"].clone(), slug: done["slug"].clone() }
}

/// Takes back the practices of the activity that has fewest, so that none serves it which everyone may read.
fn free_activity(stage: &Stage) -> String {
    let found = stage.app.query("{ activities(first: 100) { nodes { reference goodPractices(first: 100) { nodes { id version owner { code } } } } } }");
    let practices = |activity: &Value| activity["goodPractices"]["nodes"].as_array().expect("a list").clone();
    let activities = found["data"]["activities"]["nodes"].as_array().expect("a list");
    let activity = activities.iter().min_by_key(|activity| practices(activity).len()).expect("one");
    for practice in practices(activity) {
        let owner = stage.app.key(practice["owner"]["code"].as_str().expect("a party"), Role::FocalPoint, "office");
        stage.done(&owner, "withdrawGoodPractice", &json!({ "id": practice["id"], "ifVersion": practice["version"] }));
    }
    activity["reference"].as_str().expect("a reference").to_owned()
}

fn readings(stage: &Stage, practice: &Shared) -> usize {
    let query = format!("{{ node(id: {}) {{ ... on GoodPractice {{ history(first: 100) {{ nodes {{ kind by {{ code }} }} }} }} }} }}", practice.id);
    let answer = stage.app.query_as(&stage.tashkent, &query);
    let nodes = answer["data"]["node"]["history"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    nodes.iter().filter(|event| event["kind"] == "READ_RESTRICTED" && event["by"]["code"] == "AFG").count()
}

/// What is answered, without what differs each time or from viewer to viewer.
fn answered(stage: &Stage, key: Option<&str>, query: &str) -> String {
    let body = json!({ "query": query });
    let mut answer = key.map_or_else(|| stage.app.post(&body), |key| stage.app.post_as(key, &body)).json();
    answer["extensions"] = Value::Null;
    bare(&mut answer);
    answer.to_string()
}

fn bare(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for cursor in ["cursor", "endCursor", "requestId"] {
                fields.remove(cursor);
            }
            fields.values_mut().for_each(bare);
        }
        Value::Array(items) => items.iter_mut().for_each(bare),
        _ => {}
    }
}

#[test]
fn whatever_tells_of_a_practice_notes_one_reading_of_it() {
    let stage = Stage::new();
    let activity = free_activity(&stage);
    let mut told = 0;
    for (n, probe) in PROBES.iter().enumerate() {
        let practice = share(&stage, &activity, n);
        let query = probe.replace("FREE", &activity).replace("SLUG", &practice.slug.to_string()).replace("ID", &practice.id.to_string());
        let (own, strange) = (answered(&stage, Some(&stage.kabul), &query), answered(&stage, None, &query));
        let tells = own != strange;
        told += usize::from(tells);
        assert_eq!(readings(&stage, &practice), usize::from(tells), "{query}: {own} against {strange}");
        answered(&stage, Some(&stage.kabul), &query);
        assert!(readings(&stage, &practice) <= 1, "{query}: noted twice");
        stage.done(&stage.tashkent, "withdrawGoodPractice", &json!({ "id": practice.id, "ifVersion": 1 }));
    }
    assert_eq!(told, PROBES.len(), "each of these tells something");
}

#[test]
fn whatever_is_drawn_tells_nothing_or_notes_it() {
    let stage = Stage::new();
    let count = knob("NOTED_QUESTIONS").unwrap_or(FEW);
    let mut practice = share(&stage, "IV.a", 0);
    let mut draw = Draw::again(&[json!({ "id": practice.id, "slug": practice.slug })], 3);
    let mut told = 0;
    for n in 0..count {
        let query = draw.question();
        // Of the viewer himself a stranger is answered otherwise, whatever is shared.
        if query.contains("viewer") {
            continue;
        }
        let (own, strange) = (answered(&stage, Some(&stage.kabul), &query), answered(&stage, None, &query));
        if own == strange {
            continue;
        }
        told += 1;
        assert_eq!(readings(&stage, &practice), 1, "question {n}: {query}\n{own}\nagainst\n{strange}");
        stage.done(&stage.tashkent, "withdrawGoodPractice", &json!({ "id": practice.id, "ifVersion": 1 }));
        practice = share(&stage, "IV.a", n + 1);
        draw = Draw::again(&[json!({ "id": practice.id, "slug": practice.slug })], n as u64 + 4);
    }
    assert!(told * 20 > count, "of {count} questions only {told} told anything");
}

#[test]
fn who_is_told_nothing_is_not_noted() {
    let stage = Stage::new();
    let practice = share(&stage, "IV.a", 0);
    for query in [
        r#"{ goodPractices(filter: { text: "nothing of it" }) { totalCount nodes { title } } }"#.to_owned(),
        r"{ states(first: 3) { nodes { iso3 } } }".to_owned(),
        format!("{{ node(id: {}) {{ __typename }} }}", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        // It was published before the catalogue's edition: the newest is another one.
        r"{ goodPractices(first: 1, orderBy: { field: PUBLISHED_AT, direction: DESC }) { nodes { title } } }".to_owned(),
    ] {
        answered(&stage, Some(&stage.kabul), &query);
        assert_eq!(readings(&stage, &practice), 0, "{query}");
    }
    for key in [&stage.bern, &stage.samarkand] {
        answered(&stage, Some(key), "{ goodPractices { totalCount nodes { title } } }");
    }
    assert_eq!(readings(&stage, &practice), 0);
}
