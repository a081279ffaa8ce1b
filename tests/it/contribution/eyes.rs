//! Two pairs of eyes are two offices, whatever they are called, and whichever way they prove who they are.

use serde_json::json;
use silkroutes::domain::viewer::Role;

use super::{Stage, content};

/// A practice that the secretariat's own organisation wrote, submitted by a key of that name.
fn submitted_by(stage: &Stage, key: &str) -> serde_json::Value {
    let draft = stage.done(key, "draftGoodPractice", &json!({ "content": content("Of the secretariat") }));
    stage.done(key, "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": { "level": "PUBLIC" } }))
}

#[test]
fn an_office_in_another_spelling_is_no_second_pair_of_eyes() {
    let stage = Stage::new();
    let writer = stage.app.key("ICMPD", Role::FocalPoint, "Desk 4");
    for spelling in ["desk 4", "DESK  4", "Desk-4", "Dеsk 4", "DЕЅК 4", "De\u{301}sk 4", "Desk\u{200d}4", "Δesk4", "desκ 4"] {
        // Not every sign can be written in the name of a new key; the Greek one of these is another letter.
        let reviewer = stage.app.key("ICMPD", Role::Secretariat, spelling);
        let practice = submitted_by(&stage, &writer);
        let publish = json!({ "id": practice["id"], "ifVersion": 1 });
        if spelling.starts_with('Δ') {
            stage.done(&reviewer, "publishGoodPractice", &publish);
            continue;
        }
        assert_eq!(stage.refused(Some(&reviewer), "publishGoodPractice", &publish), "SAME_PERSON", "{spelling:?}");
        let waits = stage.app.query_as(&reviewer, "{ tasks { nodes { kind goodPractice { id } } } }");
        assert!(!waits["data"]["tasks"]["nodes"].to_string().contains(practice["id"].as_str().expect("an id")), "{spelling:?} is asked to review it: {waits}");
    }
    let practice = submitted_by(&stage, &writer);
    stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": practice["id"], "ifVersion": 1 }));
}

#[test]
fn offices_of_two_parties_are_two_pairs_of_eyes_though_they_are_called_alike() {
    let stage = Stage::new();
    let practice = stage.submitted(&json!({ "level": "PUBLIC" }));
    let namesake = stage.app.key("ICMPD", Role::Secretariat, "tashkent");
    stage.done(&namesake, "publishGoodPractice", &json!({ "id": practice["id"], "ifVersion": 1 }));
}

/// Keys of before named no holder: they go on, and decide nothing.
#[test]
fn a_key_without_a_name_reads_and_writes_and_neither_consents_nor_publishes() {
    let stage = Stage::new();
    let (writer, reviewer) =
        (stage.app.key("UZB", Role::FocalPoint, "nobody in particular"), stage.app.key("ICMPD", Role::Secretariat, "nobody in particular"));
    stage.app.run_sql("UPDATE api_key SET subject = 'key:' || id WHERE subject = 'nobody in particular'");
    stage.app.run_sql("UPDATE meta SET value = CAST(CAST(value AS bigint) + 1 AS text) WHERE key = 'key_mark'");
    let consents = |key: &str| {
        let draft = stage.done(key, "draftGoodPractice", &json!({ "content": content("Nobody's") }));
        (stage.call(Some(key), "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": { "level": "PUBLIC" } })), draft)
    };
    let (payload, draft) = (0..200)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(25));
            consents(&writer)
        })
        .find(|(payload, _)| payload["errors"] != json!([]))
        .expect("the server never learnt that the key has no name");
    assert_eq!(payload["errors"][0]["code"], "FORBIDDEN");
    let submit = json!({ "id": draft["id"], "ifVersion": 1, "audience": { "level": "PUBLIC" } });
    stage.done(&stage.tashkent, "submitGoodPractice", &submit);
    let publish = json!({ "id": draft["id"], "ifVersion": 1 });
    assert_eq!(stage.refused(Some(&reviewer), "publishGoodPractice", &publish), "FORBIDDEN");
    stage.done(&stage.desk, "publishGoodPractice", &publish);
    // Narrowing takes back: anybody of the owner may.
    let narrow = json!({ "id": draft["id"], "ifVersion": 1, "audience": { "level": "PARTICIPANTS" } });
    stage.done(&writer, "changeGoodPracticeAudience", &narrow);
    let widen = json!({ "id": draft["id"], "ifVersion": 1, "audience": { "level": "PUBLIC" } });
    assert_eq!(stage.refused(Some(&writer), "changeGoodPracticeAudience", &widen), "FORBIDDEN");
    assert_eq!(stage.done(&writer, "withdrawGoodPractice", &publish)["status"], "WITHDRAWN");
}

#[test]
fn who_the_secretariat_is_is_a_setting() {
    let stage = Stage::new();
    let posing = stage.app.key_for("UZB", Role::Secretariat, "tashkent-7", 24);
    let known = stage.app.key("UZB", Role::FocalPoint, "tashkent-8");
    assert_eq!((stage.app.get_as(&known, "{ __typename }").status, stage.app.get_as(&posing, "{ __typename }").status), (200, 401));
    let app = crate::app::TestApp::with(|settings| settings.auth.secretariat = vec!["UZB".into()]);
    let (own, icmpd) = (app.key("UZB", Role::Secretariat, "review"), app.key_for("ICMPD", Role::Secretariat, "desk", 24));
    assert_eq!((app.get_as(&own, "{ __typename }").status, app.get_as(&icmpd, "{ __typename }").status), (200, 401));
}
