//! What the rules refuse, with the code that says which.

use serde_json::json;

use super::{Stage, content};

#[test]
fn only_those_who_may_do_what_they_do() {
    let stage = Stage::new();
    assert_eq!(stage.refused(None, "draftGoodPractice", &json!({ "content": content("x") })), "FORBIDDEN");
    let draft = stage.draft();
    let publish = json!({ "id": draft["id"], "ifVersion": 1 });
    for key in [None, Some(stage.kabul.as_str()), Some(stage.desk.as_str())] {
        assert_eq!(stage.refused(key, "withdrawGoodPractice", &publish), "NOT_FOUND", "what is not seen is not there");
    }
    assert_eq!(stage.refused(Some(&stage.tashkent), "publishGoodPractice", &publish), "FORBIDDEN");
    let practice = stage.published(&json!({ "level": "PUBLIC" }));
    let input = json!({ "id": practice["id"], "ifVersion": 1 });
    for key in [None, Some(stage.kabul.as_str()), Some(stage.desk.as_str())] {
        assert_eq!(stage.refused(key, "withdrawGoodPractice", &input), "FORBIDDEN");
    }
    assert_eq!(stage.refused(Some(&stage.tashkent), "withdrawGoodPractice", &json!({ "id": "no id at all", "ifVersion": 1 })), "NOT_FOUND");
}

#[test]
fn four_eyes_are_two_subjects() {
    let stage = Stage::new();
    // The secretariat's own organisation owns this one.
    let draft = stage.done(&stage.desk, "draftGoodPractice", &json!({ "content": content("A practice of the secretariat") }));
    let input = json!({ "id": draft["id"], "ifVersion": 1 });
    stage.done(&stage.desk, "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": { "level": "PUBLIC" } }));
    assert_eq!(stage.refused(Some(&stage.desk), "publishGoodPractice", &input), "SAME_PERSON");
    assert_eq!(stage.done(&stage.other_desk, "publishGoodPractice", &input)["status"], "PUBLISHED");
}

#[test]
fn consent_is_to_a_version_and_an_audience() {
    let stage = Stage::new();
    let draft = stage.draft();
    let submit = |audience| json!({ "id": draft["id"], "ifVersion": 1, "audience": audience });
    assert_eq!(stage.refused(Some(&stage.tashkent), "submitGoodPractice", &submit(json!({}))), "CONSENT_MISSING", "forgetting the audience publishes nothing");
    for (audience, path) in [
        (json!({ "level": "GROUP" }), "workingGroups"),
        (json!({ "level": "NAMED_PARTIES" }), "parties"),
        (json!({ "level": "PUBLIC", "parties": ["AFG"] }), "parties"),
        (json!({ "level": "GROUP", "workingGroups": ["SILK-ROADS"] }), "workingGroups"),
        (json!({ "level": "NAMED_PARTIES", "parties": ["BRA"] }), "parties"),
    ] {
        let payload = stage.call(Some(&stage.tashkent), "submitGoodPractice", &submit(audience.clone()));
        assert_eq!(payload["errors"][0]["path"][1], path, "{audience}: {payload}");
    }
    stage.done(&stage.tashkent, "submitGoodPractice", &submit(json!({ "level": "PUBLIC" })));
    assert_eq!(stage.refused(Some(&stage.tashkent), "submitGoodPractice", &submit(json!({ "level": "PUBLIC" }))), "WRONG_STATUS");
    // An edit takes the consent back: what was agreed to is no longer what there is.
    stage.done(&stage.tashkent, "reviseGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "content": content("Other words") }));
    assert_eq!(stage.refused(Some(&stage.desk), "publishGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1 })), "NOT_FOUND");
}

#[test]
fn remarks_are_answered_and_tasks_say_whose_turn_it_is() {
    let stage = Stage::new();
    let tasks = |key: &str| {
        let answer = stage.app.query_as(key, "{ tasks { nodes { kind since goodPractice { title } } } }");
        answer["data"]["tasks"]["nodes"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"))
            .iter()
            .map(|task| task["kind"].as_str().expect("a kind").to_owned())
            .collect::<Vec<_>>()
    };
    let draft = stage.draft();
    assert_eq!((tasks(&stage.samarkand), tasks(&stage.desk)), (vec!["FINISH_DRAFT".to_owned()], vec![]));
    stage.done(&stage.tashkent, "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": { "level": "PUBLIC" } }));
    assert_eq!((tasks(&stage.tashkent), tasks(&stage.desk)), (vec![], vec!["REVIEW_SUBMISSION".to_owned()]));
    let remarks = json!({ "id": draft["id"], "ifVersion": 1, "remarks": "How many hectares?" });
    assert_eq!(stage.done(&stage.desk, "requestChangesToGoodPractice", &remarks)["status"], "CHANGES_REQUESTED");
    assert_eq!((tasks(&stage.tashkent), tasks(&stage.desk)), (vec!["ANSWER_REMARKS".to_owned()], vec![]));
    assert_eq!(stage.app.query("{ tasks { totalCount } }")["data"]["tasks"]["totalCount"], 0);
    assert_eq!(stage.refused(Some(&stage.desk), "publishGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1 })), "WRONG_STATUS");
    let translated = json!({ "id": draft["id"], "ifVersion": 1, "language": "RU", "title": "Ореховые сады", "summary": "Семьи сажают деревья." });
    assert_eq!(stage.done(&stage.tashkent, "translateGoodPractice", &translated)["version"], 2);
    let query = format!(
        "{{ node(id: {}) {{ ... on GoodPractice {{ languages title(language: RU) versions {{ nodes {{ version language title status body }} }} }} }} }}",
        draft["id"]
    );
    let data = stage.app.query_as(&stage.tashkent, &query)["data"]["node"].clone();
    assert_eq!((&data["languages"], &data["title"]), (&json!(["EN", "RU"]), &json!("Ореховые сады")));
    assert_eq!(
        data["versions"]["nodes"][0],
        json!({ "version": 2, "language": "RU", "title": "Ореховые сады", "status": "DRAFT", "body": data["versions"]["nodes"][1]["body"] })
    );
    assert_eq!(data["versions"]["nodes"][1]["body"], "# How it went\n\nTwo hundred *hectares*.");
}

#[test]
fn all_faults_of_an_input_are_told_at_once_and_nothing_is_written() {
    let stage = Stage::new();
    let mut said = content("");
    said["summary"] = json!("x".repeat(2_001));
    said["states"] = json!(["UZB", "UZB", "QQQ"]);
    said["activities"] = json!(["IX.z"]);
    said["endedOn"] = json!("2001");
    let payload = stage.call(Some(&stage.tashkent), "draftGoodPractice", &json!({ "content": said }));
    let told: Vec<(String, String)> = payload["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| {
            let path: Vec<&str> = error["path"].as_array().expect("a path").iter().filter_map(|part| part.as_str()).collect();
            (error["code"].as_str().expect("a code").to_owned(), path.join("."))
        })
        .collect();
    let expected = [
        ("INVALID", "content.title"),
        ("TOO_LONG", "content.summary"),
        ("DUPLICATE", "content.states.1"),
        ("NOT_FOUND", "content.states.2"),
        ("NOT_FOUND", "content.activities.0"),
        ("INVALID", "content.endedOn"),
    ];
    assert_eq!(told, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
    assert_eq!(stage.app.query_as(&stage.tashkent, "{ tasks { totalCount } }")["data"]["tasks"]["totalCount"], 0);
}

#[test]
fn what_the_catalogue_holds_is_its_owners_to_revise() {
    let stage = Stage::new();
    let query = r"{ goodPractices(first: 100) { nodes { id slug version owner { code } } } }";
    let all = stage.app.query(query);
    let practice = all["data"]["goodPractices"]["nodes"]
        .as_array()
        .expect("practices")
        .iter()
        .find(|practice| practice["owner"]["code"] == "TUR")
        .expect("one of Türkiye")
        .clone();
    let ankara = stage.app.key("TUR", silkroutes::domain::viewer::Role::FocalPoint, "ankara");
    let input = json!({ "id": practice["id"], "ifVersion": practice["version"], "content": content("Told anew") });
    let revised = stage.done(&ankara, "reviseGoodPractice", &input);
    assert_eq!((&revised["slug"], &revised["status"]), (&practice["slug"], &json!("DRAFT")));
    assert_ne!(stage.sees(None, &practice)["title"], "Told anew");
    assert_eq!(stage.sees(Some(&ankara), &practice)["title"], "Told anew");
    stage.done(&ankara, "withdrawGoodPractice", &json!({ "id": practice["id"], "ifVersion": revised["version"] }));
    assert_eq!(stage.sees(None, &practice), serde_json::Value::Null);
    assert_eq!(stage.app.query("{ goodPractices { totalCount } }")["data"]["goodPractices"]["totalCount"], 59);
}

#[test]
fn a_party_ends_its_own_keys_and_no_others() {
    let stage = Stage::new();
    let prefix = |key: &str| key[..20].to_owned();
    let revoke = |by: &str, key: &str| {
        let query = format!(r#"mutation {{ revokeApiKey(input: {{ prefix: "{}" }}) {{ revoked errors {{ code path }} }} }}"#, prefix(key));
        stage.app.query_as(by, &query)["data"]["revokeApiKey"].clone()
    };
    let not_there = json!({ "revoked": false, "errors": [{ "code": "NOT_FOUND", "path": ["prefix"] }] });
    assert_eq!(revoke(&stage.tashkent, &stage.kabul), not_there, "another party's key is as one that is not there");
    assert_eq!(revoke(&stage.tashkent, "srk_aaaaaaaaaaaaaaaa"), not_there);
    assert_eq!(revoke(&stage.tashkent, &stage.samarkand), json!({ "revoked": true, "errors": [] }));
    let ended = (0..80).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        stage.app.get_as(&stage.samarkand, "{ __typename }").status == 401
    });
    assert!(ended, "it is good still");
    assert_eq!(stage.app.get_as(&stage.kabul, "{ __typename }").status, 200);
}
