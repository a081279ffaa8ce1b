//! That writes hold: rivals, repeated calls, a restart, a chain that tells.

use std::sync::Barrier;

use serde_json::{Value, json};

use super::{Stage, content};

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
        r#"mutation {{ a: submitGoodPractice(input: {{ id: {id}, ifVersion: 1, audience: {{ level: PUBLIC }} }}) {{ goodPractice {{ status history {{ totalCount }} }} errors {{ code }} }}
                      b: withdrawGoodPractice(input: {{ id: {id}, ifVersion: 1 }}) {{ goodPractice {{ status history {{ totalCount }} }} errors {{ code }} }} }}"#
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
