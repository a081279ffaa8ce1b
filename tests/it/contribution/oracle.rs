//! For every mutation that takes an id: what is hidden and what was made up are answered alike, to the letter, by eight
//! callers, with an idempotency key and without.

use serde_json::{Value, json};
use silkroutes::domain::viewer::Role;

use super::{Stage, content};
use crate::twins::Draw;

/// The mutations, with what they need beside the id.
fn mutations() -> Vec<(&'static str, Value)> {
    vec![
        ("reviseGoodPractice", json!({ "content": content("Anew") })),
        ("reviseGoodPractice", json!({ "content": { "title": "", "summary": "", "states": ["QQQ"] } })),
        ("translateGoodPractice", json!({ "language": "RU", "title": "t", "summary": "s" })),
        ("submitGoodPractice", json!({ "audience": { "level": "PUBLIC" } })),
        ("submitGoodPractice", json!({ "audience": {} })),
        ("requestChangesToGoodPractice", json!({ "remarks": "r" })),
        ("publishGoodPractice", json!({})),
        ("withdrawGoodPractice", json!({ "reason": "r" })),
        ("changeGoodPracticeAudience", json!({ "audience": { "level": "OWNER" } })),
        ("saveContactPoint", json!({ "office": "Desk", "function": "READMISSION" })),
        ("eraseContactPoint", json!({})),
    ]
}

/// What is asked back of each.
const ASKED: &str = "errors { __typename code message path ... on VersionConflict { currentVersion } }";

struct Hidden {
    /// Practices that none of the callers sees.
    practices: Vec<String>,
    /// An office that no caller sees who takes no part.
    contact: String,
}

fn hidden(stage: &Stage) -> Hidden {
    let id = |practice: &Value| practice["id"].as_str().expect("an id").to_owned();
    let draft = stage.draft();
    let withdrawn = stage.published(&json!({ "level": "PUBLIC" }));
    stage.done(&stage.tashkent, "withdrawGoodPractice", &json!({ "id": withdrawn["id"], "ifVersion": 1 }));
    let narrowed = stage.published(&json!({ "level": "PARTICIPANTS" }));
    stage.done(&stage.tashkent, "changeGoodPracticeAudience", &json!({ "id": narrowed["id"], "ifVersion": 1, "audience": { "level": "OWNER" } }));
    let saved =
        stage.app.query_as(&stage.tashkent, r#"mutation { saveContactPoint(input: { office: "Desk", function: READMISSION }) { contactPoint { id } } }"#);
    Hidden {
        practices: [&draft, &withdrawn, &narrowed].map(id).to_vec(),
        contact: saved["data"]["saveContactPoint"]["contactPoint"]["id"].as_str().expect("an id").to_owned(),
    }
}

#[test]
fn what_is_hidden_and_what_was_made_up_are_answered_alike_by_every_mutation() {
    let stage = Stage::new();
    let hidden = hidden(&stage);
    let focal = |party: &str| stage.app.key(party, Role::FocalPoint, "office");
    let (rio, luanda) = (focal("BRA"), focal("AGO"));
    let callers: [Option<&str>; 8] =
        [None, Some(&stage.desk), Some(&stage.other_desk), Some(&stage.kabul), Some(&stage.bern), Some(&rio), Some(&luanda), Some(&focal("PAK"))];
    let mut draw = Draw::again(&[], 7);
    for (mutation, more) in mutations() {
        let is_contact = mutation.ends_with("ContactPoint");
        for (n, caller) in callers.iter().enumerate() {
            // Whoever takes part sees contact points.
            if is_contact && ![0, 5, 6].contains(&n) {
                continue;
            }
            let ids = if is_contact { vec![hidden.contact.clone()] } else { hidden.practices.clone() };
            for id in ids {
                let made_up = format!("{}{}", &id[..18], if id.ends_with("AAAA") { "AAAQ" } else { "AAAA" });
                for version in [draw.below(3), 1] {
                    for key in [None, Some(format!("{n}-{}", draw.below(1_000_000)))] {
                        let ask = |id: &str, end: &str| {
                            let mut input = more.clone();
                            input["id"] = json!(id);
                            input["ifVersion"] = json!(version);
                            if let Some(key) = &key {
                                input["idempotencyKey"] = json!(format!("{key}{end}"));
                            }
                            let kind = mutation[..1].to_uppercase() + &mutation[1..];
                            let query = format!("mutation($input: {kind}Input!) {{ done: {mutation}(input: $input) {{ {ASKED} }} }}");
                            let body = json!({ "query": query, "variables": { "input": input } });
                            let reply = caller.map_or_else(|| stage.app.post(&body), |caller| stage.app.post_as(caller, &body));
                            (reply.status, reply.text().replace(id, "ID"))
                        };
                        // The second time, the key was used before.
                        for round in 0..2 {
                            let (one, other) = (ask(&id, "a"), ask(&made_up, "b"));
                            assert_eq!(one, other, "{mutation} by caller {n}, round {round}, {key:?}");
                            assert!(one.1.contains("\"code\""), "it was done: {one:?}");
                        }
                    }
                }
            }
        }
    }
}
