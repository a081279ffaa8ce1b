//! That writes hold: rivals, repeated calls, a restart, a chain that tells.

use std::sync::Barrier;

use serde_json::{Value, json};

use super::{Stage, content};
use crate::app::knob;

/// Races of viewers; CI runs more.
const FEW: usize = 1_000;

#[test]
fn of_a_hundred_rivals_one_wins() {
    let stage = Stage::new();
    let draft = stage.draft();
    let barrier = Barrier::new(20);
    let payloads: Vec<Value> = std::thread::scope(|scope| {
        let rivals: Vec<_> = (0..100)
            .map(|n| {
                let (stage, draft, barrier) = (&stage, &draft, &barrier);
                scope.spawn(move || {
                    if n < 20 {
                        barrier.wait();
                    }
                    let input = json!({ "id": draft["id"], "ifVersion": 1, "content": content(&format!("Rival {n}")) });
                    stage.call(Some(&stage.tashkent), "reviseGoodPractice", &input)
                })
            })
            .collect();
        rivals.into_iter().map(|rival| rival.join().expect("it answers")).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = payloads.into_iter().partition(|payload| payload["errors"] == json!([]));
    assert_eq!((won.len(), lost.len()), (1, 99));
    for payload in lost {
        let error = &payload["errors"][0];
        assert_eq!(
            (&error["__typename"], &error["code"], &error["currentVersion"]),
            (&json!("VersionConflict"), &json!("VERSION_CONFLICT"), &json!(2)),
            "{payload}"
        );
    }
}

#[test]
fn a_key_makes_one_effect_however_often_it_is_sent() {
    let stage = Stage::new();
    let input = json!({ "idempotencyKey": "k-1", "content": content("Once") });
    let first = stage.done(&stage.tashkent, "draftGoodPractice", &input);
    let again: Vec<Value> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..20).map(|_| scope.spawn(|| stage.done(&stage.tashkent, "draftGoodPractice", &input))).collect();
        calls.into_iter().map(|call| call.join().expect("it answers")).collect()
    });
    assert!(again.iter().all(|payload| *payload == first));
    assert_eq!(stage.app.query_as(&stage.tashkent, "{ tasks { totalCount } }")["data"]["tasks"]["totalCount"], 1);
    let other = json!({ "idempotencyKey": "k-1", "content": content("Twice") });
    assert_eq!(stage.refused(Some(&stage.tashkent), "draftGoodPractice", &other), "IDEMPOTENCY_KEY_REUSED");
    // Another caller's key of the same letters is another key.
    assert_ne!(stage.done(&stage.samarkand, "draftGoodPractice", &input)["id"], first["id"]);
}

#[test]
fn several_writes_of_one_request_show_each_what_it_did() {
    let stage = Stage::new();
    let draft = stage.draft();
    let id = &draft["id"];
    let query = format!(
        r"mutation {{ a: submitGoodPractice(input: {{ id: {id}, ifVersion: 1, audience: {{ level: PUBLIC }} }}) {{ goodPractice {{ status history {{ totalCount }} }} errors {{ code }} }}
                      b: withdrawGoodPractice(input: {{ id: {id}, ifVersion: 1 }}) {{ goodPractice {{ status history {{ totalCount }} }} errors {{ code }} }} }}"
    );
    let data = stage.app.query_as(&stage.tashkent, &query)["data"].clone();
    assert_eq!(data["a"]["goodPractice"], json!({ "status": "SUBMITTED", "history": { "totalCount": 2 } }), "{data}");
    assert_eq!(data["b"]["goodPractice"], json!({ "status": "WITHDRAWN", "history": { "totalCount": 3 } }), "{data}");
}

#[test]
fn a_mutation_by_get_does_nothing() {
    let stage = Stage::new();
    let query = r#"mutation { draftGoodPractice(input: { content: { title: "x", summary: "x" } }) { errors { code } } }"#;
    let reply = stage.app.get_as(&stage.tashkent, query);
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
    assert_eq!(stage.app.query_as(&stage.tashkent, "{ tasks { totalCount } }")["data"]["tasks"]["totalCount"], 0);
}

#[test]
fn the_example_of_graphiql_is_the_life_of_a_practice() {
    let stage = Stage::new();
    let document = include_str!("../../../web/graphiql/examples/14-the-life-of-a-practice.graphql");
    let mut id = json!("none yet");
    let mut run = |key: &str, operation: &str| {
        let answer = stage.app.post_as(key, &json!({ "query": document, "operationName": operation, "variables": { "id": id } })).json();
        assert!(answer.get("errors").is_none(), "{operation}: {answer}");
        let done = answer["data"].as_object().expect("data").values().next().expect("a field").clone();
        assert!(operation == "WhoseTurn" || done["errors"] == json!([]), "{operation}: {done}");
        if operation == "Draft" {
            id = done["goodPractice"]["id"].clone();
        }
        if operation == "WhoseTurn" { answer["data"].clone() } else { done["goodPractice"].clone() }
    };
    assert_eq!(run(&stage.tashkent, "Draft")["status"], "DRAFT");
    assert_eq!(run(&stage.tashkent, "Submit")["audience"], json!({ "level": "GROUP", "workingGroups": [{ "code": "SILK-ROUTES" }] }));
    assert_eq!(run(&stage.desk, "WhoseTurn")["tasks"]["nodes"][0]["kind"], "REVIEW_SUBMISSION");
    assert_eq!(run(&stage.desk, "Publish")["status"], "PUBLISHED");
    assert_eq!(run(&stage.tashkent, "Withdraw")["status"], "WITHDRAWN");
}

#[test]
fn the_six_commands_of_the_readme_do_what_it_says() {
    let stage = Stage::new();
    let readme = include_str!("../../../README.md");
    let section = readme.split("## The life of a practice").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
    let commands: Vec<&str> = section.lines().filter(|line| line.starts_with("ask ") || line.starts_with("OWNER=") || line.starts_with("DESK=")).collect();
    assert_eq!(commands.len(), 6, "{commands:#?}");
    let mut id = String::new();
    let mut statuses = Vec::new();
    for command in &commands[2..] {
        let key = if command.starts_with("ask $OWNER") { &stage.tashkent } else { &stage.desk };
        let query = command.split_once(" '").and_then(|(_, rest)| rest.strip_suffix('\'')).expect("a body").replace("'$ID'", &id);
        let body: Value = serde_json::from_str(&query).unwrap_or_else(|fault| panic!("{fault}: {query}"));
        let answer = stage.app.post_as(key, &body).json();
        let done = answer["data"].as_object().unwrap_or_else(|| panic!("{answer}")).values().next().expect("a field").clone();
        assert_eq!(done["errors"], json!([]), "{command}: {answer}");
        if let Some(new) = done["goodPractice"]["id"].as_str() {
            new.clone_into(&mut id);
        }
        statuses.push(done["goodPractice"]["status"].as_str().expect("a status").to_owned());
    }
    assert_eq!(statuses, ["DRAFT", "SUBMITTED", "PUBLISHED", "WITHDRAWN"]);
}

#[test]
fn contact_points_are_for_those_who_take_part_and_are_erased_for_good() {
    let stage = Stage::new();
    let office = "Canary Office of Migration";
    let save = |key: &str, more: &str| {
        let query = format!(
            r#"mutation {{ saveContactPoint(input: {{ {more} office: "{office}", function: SINGLE_POINT_OF_CONTACT, postedTo: "TUR", email: "canary@example.uz", languages: [EN, RU], activities: ["IV.d"] }})
               {{ contactPoint {{ id version party {{ code }} postedTo {{ iso3 }} email }} errors {{ __typename code path }} }} }}"#
        );
        stage.app.query_as(key, &query)["data"]["saveContactPoint"].clone()
    };
    let saved = save(&stage.tashkent, "")["contactPoint"].clone();
    assert_eq!((&saved["party"]["code"], &saved["postedTo"]["iso3"], &saved["version"]), (&json!("UZB"), &json!("TUR"), &json!(1)));
    let asked = format!(r#"{{ node(id: {}) {{ id }} contactPoints(filter: {{ parties: ["UZB"] }}) {{ totalCount nodes {{ office }} }} }}"#, saved["id"]);
    assert_eq!(stage.app.query(&asked)["data"], json!({ "node": null, "contactPoints": { "totalCount": 0, "nodes": [] } }));
    assert_eq!(stage.app.query_as(&stage.kabul, &asked)["data"]["contactPoints"]["nodes"][0]["office"], office);
    let of_another = format!("id: {}, ifVersion: 1,", saved["id"]);
    assert_eq!(save(&stage.kabul, &of_another)["errors"][0]["code"], "FORBIDDEN");
    assert_eq!(save(&stage.tashkent, &of_another)["contactPoint"]["version"], 2);
    assert_eq!(save(&stage.tashkent, &of_another)["errors"][0]["code"], "VERSION_CONFLICT");
    let erase = format!("mutation {{ eraseContactPoint(input: {{ id: {}, ifVersion: 2 }}) {{ erased errors {{ code }} }} }}", saved["id"]);
    assert_eq!(stage.app.query_as(&stage.tashkent, &erase)["data"]["eraseContactPoint"], json!({ "erased": true, "errors": [] }));
    assert_eq!(stage.app.query_as(&stage.kabul, &asked)["data"]["contactPoints"]["totalCount"], 0);
    if crate::place::has_no_file("no file of the database holds what was erased") {
        return;
    }
    for ending in ["", "-wal"] {
        let file = format!("{}{ending}", stage.app.database().display());
        let bytes = std::fs::read(&file).unwrap_or_default();
        for canary in [office, "canary@example.uz"] {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "{canary} is in {file} still");
        }
    }
}

#[test]
fn a_party_is_told_before_it_may_store_no_more() {
    let stage = Stage::with(|settings| settings.contributions.party_bytes = 40_000);
    let query = "mutation($input: DraftGoodPracticeInput!) { draftGoodPractice(input: $input) { goodPractice { id } errors { code message } } }";
    let draft = |key: &str, n: usize| {
        let input = json!({ "content": content(&format!("Orchards {n}")) });
        stage.app.post_as(key, &json!({ "query": query, "variables": { "input": input } })).json()
    };
    let mut told = Value::Null;
    for n in 0..100 {
        let answer = draft(&stage.tashkent, n);
        let payload = &answer["data"]["draftGoodPractice"];
        if payload["errors"] == json!([]) {
            told = answer["extensions"]["storage"].clone();
            continue;
        }
        assert_eq!((&payload["errors"][0]["code"], &payload["goodPractice"]), (&json!("FORBIDDEN"), &Value::Null));
        assert!(n > 5 && payload["errors"][0]["message"].as_str().is_some_and(|message| message.contains("of the 40000 that it may")), "{n}: {payload}");
        assert!(told["used"].as_u64().is_some_and(|used| (32_000..=40_000).contains(&used)) && told["allowed"] == 40_000, "{told}");
        assert_eq!(draft(&stage.kabul, n)["data"]["draftGoodPractice"]["errors"], json!([]), "what one party stores is nothing to another");
        return;
    }
    panic!("nothing was refused");
}

#[test]
fn the_doctor_finds_an_event_that_was_altered() {
    let stage = Stage::new();
    stage.published(&json!({ "level": "PUBLIC" }));
    let check = || stage.app.beside(async |store| store.check().await.expect("a look").iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(check(), Vec::<String>::new());
    for (change, back) in [
        ("UPDATE event SET party = 'TUR' WHERE seq = 2", "UPDATE event SET party = 'UZB' WHERE seq = 2"),
        ("UPDATE event SET note = 'x' WHERE seq = 1", "UPDATE event SET note = NULL WHERE seq = 1"),
        ("DELETE FROM event WHERE seq = 2", ""),
    ] {
        stage.app.run_sql(change);
        let found = check();
        assert!(found.len() == 1 && found[0].contains("chain of events"), "{change}: {found:?}");
        if !back.is_empty() {
            stage.app.run_sql(back);
        }
    }
}

#[test]
fn two_viewers_at_once_never_see_each_others_rows() {
    let races = knob("RACES").unwrap_or(FEW);
    let stage = Stage::new();
    let practice = stage.published(&json!({ "level": "PUBLIC" }));
    stage.done(&stage.tashkent, "reviseGoodPractice", &json!({ "id": practice["id"], "ifVersion": 1, "content": content("Only for Tashkent") }));
    let query = format!(
        "{{ node(id: {}) {{ ... on GoodPractice {{ title body version versions {{ totalCount nodes {{ title body }} }} }} }} tasks {{ totalCount }} }}",
        practice["id"]
    );
    let keys = [Some(stage.tashkent.as_str()), Some(stage.kabul.as_str()), None, Some(stage.desk.as_str())];
    let ask = |key: Option<&str>| key.map_or_else(|| stage.app.query(&query), |key| stage.app.query_as(key, &query))["data"].clone();
    let expected = keys.map(ask);
    assert_eq!(expected[1], expected[2], "a party that it is shared with sees what everyone sees");
    assert!(expected[0] != expected[3] && expected[3] != expected[1], "owner, secretariat and others see different things");
    std::thread::scope(|scope| {
        for (key, expected) in keys.into_iter().zip(&expected).cycle().take(8) {
            scope.spawn(move || (0..races / 8).for_each(|_| assert_eq!(&ask(key), expected)));
        }
    });
}
