//! Twin worlds: two databases that differ only in what a viewer may not see answer everything alike, byte for byte.
//!
//! Eight viewers: anonymous readers, five parties (two of them in the group that things are shared with), two subjects
//! of the secretariat. The worlds are copies of one database, to one of which secrets were added through the API. The
//! operations are drawn from the schema, with the ids and slugs of what is hidden among their arguments.
//! `TWIN_OPERATIONS` says how many (CI: 10,000).

mod draw;

use serde_json::{Value, json};
use silkroutes::domain::viewer::Role;

use crate::app::{Reply, TestApp, copy_of, knob};
use crate::place::Place;
pub use draw::Draw;

const FEW: usize = 400;

fn call(app: &TestApp, key: &str, mutation: &str, input: &str) -> Value {
    let query = format!("mutation {{ done: {mutation}(input: {{ {input} }}) {{ goodPractice {{ id slug version }} errors {{ code message }} }} }}");
    let answer = app.query_as(key, &query);
    assert_eq!(answer["data"]["done"]["errors"], json!([]), "{query}: {answer}");
    answer["data"]["done"]["goodPractice"].clone()
}

fn draft(app: &TestApp, key: &str, title: &str, attributed: bool) -> Value {
    let content = format!(
        r#"title: "{title}", summary: "Orchards, training and return of families.", body: "Seedlings for returnees.", states: ["KGZ"], partners: ["IOM"], activities: ["I.a", "IV.a.ii"], workingGroups: ["SILK-ROUTES"], flows: ["EAST-MED"], targetGroups: [RETURNEES]"#
    );
    call(app, key, "draftGoodPractice", &format!("content: {{ {content} }}, attributed: {attributed}"))
}

fn submit(app: &TestApp, key: &str, practice: &Value, audience: &str) {
    call(app, key, "submitGoodPractice", &format!("id: {}, ifVersion: {}, audience: {{ {audience} }}", practice["id"], practice["version"]));
}

fn publish(app: &TestApp, key: &str, practice: &Value) {
    call(app, key, "publishGoodPractice", &format!("id: {}, ifVersion: {}", practice["id"], practice["version"]));
}

/// Who reads, and with which key.
struct Reader {
    name: &'static str,
    key: Option<String>,
    is_secretariat: bool,
}

struct Worlds {
    readers: Vec<Reader>,
    /// Without secrets; with what neither parties nor the secretariat may see; with what parties may not see.
    plain: TestApp,
    drafts: TestApp,
    shared: TestApp,
    hidden: Vec<Value>,
    seen: Vec<Value>,
    _places: [Place; 3],
}

/// Makes the worlds. Secrets are of KGZ and UZB, and shared with MNE at most; none of these is among the readers.
fn worlds() -> Worlds {
    let plain = Place::new();
    let base = TestApp::on(&plain);
    let focal = |app: &TestApp, party: &str| app.key(party, Role::FocalPoint, party);
    let parties = [("of the group", "AFG"), ("of the group, too", "PAK"), ("named", "CHE"), ("of none", "GEO"), ("beyond", "BRA")];
    let mut readers = vec![Reader { name: "anonymous", key: None, is_secretariat: false }];
    readers.extend(parties.map(|(name, party)| Reader { name, key: Some(focal(&base, party)), is_secretariat: false }));
    let desks = ["desk-1", "desk-2"].map(|desk| base.key("ICMPD", Role::Secretariat, desk));
    readers.extend(desks.iter().map(|key| Reader { name: "secretariat", key: Some(key.clone()), is_secretariat: true }));
    let (owner, tashkent) = (focal(&base, "KGZ"), focal(&base, "UZB"));
    // What some see, in all worlds: so that hiding is not all that is tested.
    let mut seen = Vec::new();
    let audiences =
        ["level: PUBLIC", "level: PARTICIPANTS", r#"level: GROUP, workingGroups: ["SILK-ROUTES"]"#, r#"level: NAMED_PARTIES, parties: ["UZB", "CHE"]"#];
    for (n, audience) in audiences.into_iter().enumerate() {
        let practice = draft(&base, &tashkent, &format!("Shared orchard {n}"), n != 0);
        submit(&base, &tashkent, &practice, audience);
        publish(&base, &desks[0], &practice);
        seen.push(practice);
    }
    base.stop();
    let places = [copy_of(&plain), copy_of(&plain), plain];
    let mut hidden = Vec::new();
    let [drafts, shared, _] = places.each_ref().map(TestApp::on);
    for app in [&drafts, &shared] {
        for n in 0..3 {
            hidden.push(draft(app, &owner, &format!("Secret orchard {n} of return"), n != 1));
        }
        let withdrawn = draft(app, &owner, "Withdrawn orchard", true);
        call(app, &owner, "withdrawGoodPractice", &format!("id: {}, ifVersion: 1", withdrawn["id"]));
        hidden.push(withdrawn);
        // A new version of something that everyone sees.
        let public = &seen[0];
        let input = format!(r#"id: {}, ifVersion: 1, content: {{ title: "Other words", summary: "Of returnees." }}"#, public["id"]);
        call(app, &tashkent, "reviseGoodPractice", &input);
    }
    for (n, audience) in [r#"level: NAMED_PARTIES, parties: ["MNE"]"#, "level: PUBLIC"].into_iter().enumerate() {
        let practice = draft(&shared, &owner, &format!("Secret training {n} for families"), n == 0);
        submit(&shared, &owner, &practice, audience);
        if n == 0 {
            publish(&shared, &desks[0], &practice);
        }
        hidden.push(practice);
    }
    drafts.stop();
    shared.stop();
    let [drafts, shared, plain] = places.each_ref().map(TestApp::on);
    Worlds { readers, plain, drafts, shared, hidden, seen, _places: places }
}

fn ask(app: &TestApp, reader: &Reader, query: &str) -> (u16, Vec<(String, String)>, String) {
    let reply: Reply = match &reader.key {
        Some(key) => app.post_as(key, &json!({ "query": query })),
        None => app.post(&json!({ "query": query })),
    };
    let id = reply.header("x-request-id").unwrap_or_default().to_owned();
    let headers = reply.headers.iter().filter(|(name, _)| name != "x-request-id" && name != "date").cloned().collect();
    (reply.status, headers, reply.text().replace(&id, "ID"))
}

#[test]
fn what_a_viewer_may_not_see_changes_nothing_for_him() {
    let count = knob("TWIN_OPERATIONS").unwrap_or(FEW);
    let worlds = worlds();
    assert_eq!(worlds.readers.len(), 8);
    let mut draw = Draw::new(&worlds.hidden, &worlds.seen);
    let (mut answered, mut with_hits) = (0, 0);
    for n in 0..count {
        let reader = &worlds.readers[n % worlds.readers.len()];
        let other = if reader.is_secretariat { &worlds.drafts } else { &worlds.shared };
        let query = draw.operation();
        let (one, two) = (ask(&worlds.plain, reader, &query), ask(other, reader, &query));
        assert_eq!(one, two, "{} (operation {n}) asks\n{query}", reader.name);
        answered += usize::from(one.2.contains("\"data\""));
        with_hits += usize::from(one.2.contains("orchard"));
        draw.learn(&one.2);
    }
    assert!(answered * 2 > count, "of {count} operations only {answered} were answered: they ask too little");
    assert!(with_hits > 0, "nothing of what was shared was ever seen");
}

const OFFICES: &str = "{ contactPoints(first: 100) { totalCount nodes { id office function version updatedAt party { ... on State { iso3 } } postedTo { iso3 } activities { reference } } } }";

/// A new office, or another name for one of a party, or the end of one.
fn save_office(app: &TestApp, draw: &mut Draw, (party, key): (&str, &str), n: usize) {
    let own = app.query_as(key, &format!(r#"{{ contactPoints(filter: {{ parties: ["{party}"] }}, first: 100) {{ nodes {{ id version }} }} }}"#));
    let own = own["data"]["contactPoints"]["nodes"].as_array().expect("a list").clone();
    let (input, name) = match own.get(draw.below(own.len() + 2)) {
        Some(office) if draw.below(3) == 0 => (format!("id: {}, ifVersion: {}", office["id"], office["version"]), "erase"),
        Some(office) => (format!(r#"id: {}, ifVersion: {}, office: "Office anew {n}", function: READMISSION"#, office["id"], office["version"]), "save"),
        None => (format!(r#"office: "Office {n}", function: IMMIGRATION_LIAISON, postedTo: "MNE", activities: ["I.a"]"#), "save"),
    };
    let answer = app.query_as(key, &format!("mutation {{ done: {name}ContactPoint(input: {{ {input} }}) {{ errors {{ code message }} }} }}"));
    assert_eq!(answer["data"]["done"]["errors"], json!([]), "{input}: {answer}");
}

/// What the followers of a change log must hold: the graph patched, write after write, is the graph made afresh.
#[test]
fn a_graph_that_was_patched_answers_as_one_made_afresh() {
    let place = Place::new();
    let patched = TestApp::on(&place);
    let key = |party, role, subject| patched.key(party, role, subject);
    let owners = [key("KGZ", Role::FocalPoint, "bishkek"), key("UZB", Role::FocalPoint, "tashkent")];
    let desk = key("ICMPD", Role::Secretariat, "desk");
    let reader = |name, key: Option<&String>| Reader { name, key: key.cloned(), is_secretariat: false };
    let readers = [reader("anonymous", None), reader("owner", Some(&owners[0])), reader("other owner", Some(&owners[1])), reader("desk", Some(&desk))];
    let mut draw = Draw::new(&[], &[]);
    let mut practices: Vec<(usize, Value)> = Vec::new();
    for round in 0..3 {
        for n in 0..20 {
            let owner = draw.below(2);
            if draw.below(8) == 0 {
                save_office(&patched, &mut draw, (["KGZ", "UZB"][owner], &owners[owner]), n);
                continue;
            }
            if practices.len() < 3 || draw.below(5) == 0 {
                practices.push((owner, draft(&patched, &owners[owner], &format!("Orchard {round} {n}"), draw.below(2) == 0)));
                continue;
            }
            let (owner, practice) = practices[draw.below(practices.len())].clone();
            // Whether the rules allow the step or not: what counts is what is left behind.
            let version = patched.query_as(&owners[owner], &format!("{{ node(id: {}) {{ ... on GoodPractice {{ version }} }} }}", practice["id"]));
            let at = format!("id: {}, ifVersion: {}", practice["id"], version["data"]["node"]["version"]);
            let (key, mutation, more) = match draw.below(7) {
                0 => (&owners[owner], "withdrawGoodPractice", String::new()),
                1 => {
                    (&owners[owner], "reviseGoodPractice", format!(r#", content: {{ title: "Orchard anew {n}", summary: "Of seedlings.", states: ["AFG"] }}"#))
                }
                2 => (&owners[owner], "translateGoodPractice", format!(r#", language: RU, title: "Сады {n}", summary: "Деревья и возвращение.""#)),
                3 | 4 => (&owners[owner], "submitGoodPractice", r#", audience: { level: GROUP, workingGroups: ["SILK-ROUTES"], parties: ["UZB"] }"#.to_owned()),
                _ => (&desk, "publishGoodPractice", String::new()),
            };
            patched.query_as(key, &format!("mutation {{ {mutation}(input: {{ {at}{more} }}) {{ errors {{ code }} }} }}"));
        }
        let fresh = TestApp::on(&place);
        draw = Draw::again(&practices.iter().map(|(_, practice)| practice.clone()).collect::<Vec<_>>(), round);
        for n in 0..100 {
            let query = if n % 10 < 4 { OFFICES.to_owned() } else { draw.question() };
            let reader = &readers[n % readers.len()];
            assert_eq!(ask(&patched, reader, &query), ask(&fresh, reader, &query), "{} asks\n{query}", reader.name);
        }
        fresh.stop();
    }
}
