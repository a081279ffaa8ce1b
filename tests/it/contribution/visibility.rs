//! Who sees what, and that nobody else can tell that there is something to see.

use serde_json::{Value, json};

use super::{Stage, content};
use crate::app::knob;

const WHERE: &str = r#"{
    all: goodPractices { totalCount }
    found: goodPractices(filter: { text: "walnut" }) { totalCount nodes { slug } }
    ofState: state(iso3: "UZB") { goodPractices { totalCount } }
    owned: state(iso3: "UZB") { goodPractices(roles: [OWNER]) { totalCount } }
    ofGroup: workingGroup(code: "SILK-ROUTES") { goodPractices { totalCount } }
    ofActivity: activity(reference: "I.a") { goodPractices { totalCount } }
}"#;

fn lists(stage: &Stage, key: Option<&str>) -> Value {
    let answer = key.map_or_else(|| stage.app.query(WHERE), |key| stage.app.query_as(key, WHERE));
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].clone()
}

#[test]
fn a_draft_is_its_owners_alone() {
    let stage = Stage::new();
    let before: Vec<Value> = [None, Some(&stage.desk), Some(&stage.kabul)].map(|key| lists(&stage, key.map(String::as_str))).to_vec();
    let draft = stage.draft();
    assert_eq!((&draft["status"], &draft["version"], &draft["audience"]["level"]), (&json!("DRAFT"), &json!(1), &json!("OWNER")));
    assert!(draft["slug"].as_str().is_some_and(|slug| !slug.contains('-')), "its address is chance alone: {draft}");
    for (key, before) in [None, Some(&stage.desk), Some(&stage.kabul)].into_iter().zip(before) {
        assert_eq!(stage.sees(key.map(String::as_str), &draft), Value::Null);
        assert_eq!(lists(&stage, key.map(String::as_str)), before, "in no list, count or search");
    }
    let own = lists(&stage, Some(&stage.samarkand));
    assert_eq!(own["found"]["nodes"], json!([{ "slug": draft["slug"] }]));
    for list in ["all", "ofState", "owned", "ofGroup", "ofActivity"] {
        let others = lists(&stage, None)[list].clone();
        let count =
            |value: &Value| value.pointer("/totalCount").or_else(|| value.pointer("/goodPractices/totalCount")).and_then(Value::as_u64).expect("a count");
        assert_eq!(count(&own[list]), count(&others) + 1, "{list}");
    }
}

#[test]
fn each_level_holds_the_one_before_it() {
    let stage = Stage::new();
    let audiences = [
        (json!({ "level": "NAMED_PARTIES", "parties": ["CHE"] }), [false, true, false]),
        (json!({ "level": "GROUP", "workingGroups": ["SILK-ROUTES"] }), [true, false, false]),
        (json!({ "level": "GROUP", "workingGroups": ["SILK-ROUTES"], "parties": ["CHE"] }), [true, true, false]),
        (json!({ "level": "PARTICIPANTS" }), [true, true, false]),
        (json!({ "level": "PUBLIC" }), [true, true, true]),
    ];
    for (audience, seen) in audiences {
        let practice = stage.published(&audience);
        assert_eq!(practice["status"], "PUBLISHED");
        for (key, seen) in [Some(&stage.kabul), Some(&stage.bern), None].into_iter().zip(seen) {
            let sees = stage.sees(key.map(String::as_str), &practice);
            assert_eq!(sees != Value::Null, seen, "{audience}: {sees}");
        }
        for key in [&stage.tashkent, &stage.desk, &stage.other_desk] {
            assert_eq!(stage.sees(Some(key), &practice)["body"], "# How it went\n\nTwo hundred *hectares*.", "{audience}");
        }
    }
}

#[test]
fn a_new_version_is_nobody_elses_until_it_is_published() {
    let stage = Stage::new();
    let practice = stage.published(&json!({ "level": "PUBLIC" }));
    let input = json!({ "id": practice["id"], "ifVersion": 1, "content": content("Almond orchards") });
    let revised = stage.done(&stage.samarkand, "reviseGoodPractice", &input);
    assert_eq!((&revised["version"], &revised["status"], &revised["slug"]), (&json!(2), &json!("DRAFT"), &practice["slug"]));
    let old = json!("Walnut orchards for returning families");
    for key in [None, Some(&stage.desk), Some(&stage.kabul)] {
        let sees = stage.sees(key.map(String::as_str), &practice);
        assert_eq!((&sees["title"], &sees["version"], &sees["status"]), (&old, &json!(1), &json!("PUBLISHED")));
    }
    assert_eq!(stage.sees(Some(&stage.tashkent), &practice)["title"], "Almond orchards");
    assert_eq!(stage.app.query(r#"{ goodPractices(filter: { text: "almond" }) { totalCount } }"#)["data"]["goodPractices"]["totalCount"], 0);
    stage.done(&stage.samarkand, "submitGoodPractice", &json!({ "id": practice["id"], "ifVersion": 2, "audience": { "level": "PUBLIC" } }));
    assert_eq!(stage.sees(None, &practice)["title"], old, "submitted is not published");
    assert_eq!(stage.sees(Some(&stage.desk), &practice)["title"], "Almond orchards", "the secretariat reviews what was submitted");
    stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": practice["id"], "ifVersion": 2 }));
    assert_eq!(stage.sees(None, &practice)["title"], "Almond orchards");
    assert_eq!(stage.app.query(r#"{ goodPractices(filter: { text: "walnut" }) { totalCount } }"#)["data"]["goodPractices"]["totalCount"], 0);
}

#[test]
fn a_withdrawal_is_at_once_and_everywhere() {
    let stage = Stage::new();
    let before = lists(&stage, None);
    let practice = stage.published(&json!({ "level": "PUBLIC" }));
    assert_ne!(lists(&stage, None), before);
    let withdrawn = stage.done(&stage.samarkand, "withdrawGoodPractice", &json!({ "id": practice["id"], "ifVersion": 1, "reason": "It ended." }));
    assert_eq!(withdrawn["status"], "WITHDRAWN");
    assert_eq!(lists(&stage, None), before);
    for key in [None, Some(&stage.desk), Some(&stage.kabul)] {
        assert_eq!(stage.sees(key.map(String::as_str), &practice), Value::Null);
    }
}

#[test]
fn an_audience_narrows_at_once_and_widens_after_a_review() {
    let stage = Stage::new();
    let practice = stage.published(&json!({ "level": "PARTICIPANTS" }));
    let change = |level: Value| json!({ "id": practice["id"], "ifVersion": 1, "audience": level });
    let narrowed = stage.done(&stage.tashkent, "changeGoodPracticeAudience", &change(json!({ "level": "NAMED_PARTIES", "parties": ["AFG"] })));
    assert_eq!(narrowed["status"], "PUBLISHED");
    assert_eq!(stage.sees(Some(&stage.bern), &practice), Value::Null);
    assert_ne!(stage.sees(Some(&stage.kabul), &practice), Value::Null);
    let asked = stage.done(&stage.tashkent, "changeGoodPracticeAudience", &change(json!({ "level": "PUBLIC" })));
    assert_eq!(asked["status"], "SUBMITTED");
    assert_eq!(stage.sees(None, &practice), Value::Null, "wider is a new review");
    stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": practice["id"], "ifVersion": 1 }));
    assert_ne!(stage.sees(None, &practice), Value::Null);
}

#[test]
fn who_shares_without_being_named_is_named_nowhere() {
    let stage = Stage::new();
    let mut said = content("Pistachio orchards");
    said["states"] = json!([]);
    let draft = stage.done(&stage.tashkent, "draftGoodPractice", &json!({ "content": said, "attributed": false }));
    stage.done(&stage.tashkent, "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": { "level": "PUBLIC" } }));
    stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1 }));
    let query = format!(
        r#"{{ node(id: {}) {{ ... on GoodPractice {{ attributed owner {{ code }} versions {{ totalCount }} history {{ totalCount }} }} }}
             owned: goodPractices(filter: {{ owners: ["UZB"], text: "pistachio" }}) {{ totalCount }}
             ofParty: state(iso3: "UZB") {{ any: goodPractices(filter: {{ text: "pistachio" }}) {{ totalCount }} own: goodPractices(roles: [OWNER], filter: {{ text: "pistachio" }}) {{ totalCount }} }} }}"#,
        draft["id"]
    );
    let unnamed = json!({ "node": { "attributed": false, "owner": null, "versions": { "totalCount": 0 }, "history": { "totalCount": 0 } },
        "owned": { "totalCount": 0 }, "ofParty": { "any": { "totalCount": 0 }, "own": { "totalCount": 0 } } });
    assert_eq!(stage.app.query(&query)["data"], unnamed);
    assert_eq!(stage.app.query_as(&stage.kabul, &query)["data"], unnamed);
    for key in [&stage.samarkand, &stage.desk] {
        let data = &stage.app.query_as(key, &query)["data"];
        assert_eq!(data["node"]["owner"]["code"], "UZB");
        assert_eq!(data["owned"]["totalCount"], 1, "{data}");
        assert_eq!((&data["ofParty"]["any"]["totalCount"], &data["ofParty"]["own"]["totalCount"]), (&json!(1), &json!(1)), "{data}");
    }
}

#[test]
fn its_owner_learns_who_read_what_is_not_public() {
    let stage = Stage::new();
    let practice = stage.published(&json!({ "level": "GROUP", "workingGroups": ["SILK-ROUTES"] }));
    let history = |key: &str| {
        let query = format!("{{ node(id: {}) {{ ... on GoodPractice {{ history {{ nodes {{ kind version note by {{ code }} }} }} }} }} }}", practice["id"]);
        let answer = stage.app.query_as(key, &query);
        let nodes = answer["data"]["node"]["history"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        nodes
            .iter()
            .rev()
            .map(|event| format!("{} {}", event["kind"].as_str().expect("a kind"), event["by"]["code"].as_str().expect("a party")))
            .collect::<Vec<_>>()
    };
    stage.sees(Some(&stage.kabul), &practice);
    stage.sees(Some(&stage.kabul), &practice);
    stage.sees(Some(&stage.bern), &practice);
    let own = history(&stage.tashkent);
    assert_eq!(own.iter().filter(|event| !event.starts_with("READ_RESTRICTED")).collect::<Vec<_>>(), ["DRAFTED UZB", "SUBMITTED UZB", "PUBLISHED ICMPD"]);
    assert_eq!(own.iter().filter(|event| *event == "READ_RESTRICTED AFG").count(), 1, "{own:?}");
    assert!(!own.iter().any(|event| event.ends_with("CHE")), "who saw nothing read nothing: {own:?}");
    assert_eq!(history(&stage.desk), ["DRAFTED UZB", "SUBMITTED UZB", "PUBLISHED ICMPD"], "who read it is the owner's to know");
}

#[test]
fn hidden_absent_and_nonsense_are_answered_alike() {
    let stage = Stage::new();
    let hidden = stage.draft();
    let withdrawn = stage.published(&json!({ "level": "PUBLIC" }));
    stage.done(&stage.tashkent, "withdrawGoodPractice", &json!({ "id": withdrawn["id"], "ifVersion": 1 }));
    let id = |practice: &Value| practice["id"].as_str().expect("an id").to_owned();
    let ids = [id(&hidden), id(&withdrawn), "AAAAAAAAAAAAAAAAAAAAAA".to_owned(), "no-id-but-22-letters-xx".to_owned()];
    for key in [None, Some(&stage.kabul), Some(&stage.desk)] {
        let answers: Vec<_> = ids
            .iter()
            .map(|id| {
                let query = format!(
                    r#"mutation {{ withdrawGoodPractice(input: {{ id: "{id}", ifVersion: 1 }}) {{ goodPractice {{ id }} errors {{ code message path }} }}
                        publishGoodPractice(input: {{ id: "{id}", ifVersion: 1 }}) {{ goodPractice {{ id }} errors {{ code message path }} }} }}"#
                );
                let read = format!(r#"{{ node(id: "{id}") {{ id }} nodes(ids: ["{id}"]) {{ id }} }}"#);
                [query, read].map(|query| {
                    let body = json!({ "query": query });
                    let reply = key.map_or_else(|| stage.app.post(&body), |key| stage.app.post_as(key, &body));
                    let headers: Vec<_> = reply
                        .headers
                        .iter()
                        .filter(|(name, _)| !["x-request-id", "date", "ratelimit-remaining", "ratelimit-reset"].contains(&name.as_str()))
                        .cloned()
                        .collect();
                    (reply.status, headers, reply.text())
                })
            })
            .collect();
        for other in &answers[1..] {
            assert_eq!(other, &answers[0]);
        }
    }
}

/// What each class of viewer sees of each field of a practice that is shared with a group, without its owner being
/// named: the reviewed table is `access.txt` beside this file (`ACCESS_UPDATE=1 cargo test access` writes it anew).
#[test]
fn the_table_of_access_is_the_one_that_was_reviewed() {
    let stage = Stage::new();
    let draft = stage.done(&stage.tashkent, "draftGoodPractice", &json!({ "content": content("Apricot orchards"), "attributed": false }));
    let audience = json!({ "level": "GROUP", "workingGroups": ["SILK-ROUTES"] });
    stage.done(&stage.tashkent, "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": audience }));
    stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1 }));
    // A newer draft, which only its owner may know of.
    stage.done(&stage.tashkent, "reviseGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "content": content("Apricots anew") }));
    let classes = [
        ("owner", Some(&stage.samarkand)),
        ("secretariat", Some(&stage.desk)),
        ("audience", Some(&stage.kabul)),
        ("party", Some(&stage.bern)),
        ("anonymous", None),
    ];
    let mut table = format!("{:<16}", "field") + &classes.map(|(class, _)| format!("{class:<24}")).concat() + "\n";
    for (field, part) in &crate::sdl::served()["GoodPractice"].fields {
        let selection = match part.named() {
            "Audience" => " { level workingGroups { code } parties { code } }",
            named if named.ends_with("Connection") => " { totalCount }",
            "Party" | "State" | "WorkingGroup" => " { code: __typename }",
            "Citation" => " { text }",
            "RelatedGoodPractice" => "(first: 1) { __typename }",
            _ => "",
        };
        let row = classes.map(|(_, key)| {
            let query = format!("{{ node(id: {}) {{ ... on GoodPractice {{ {field}{selection} }} }} }}", draft["id"]);
            let answer = key.map_or_else(|| stage.app.query(&query), |key| stage.app.query_as(key, &query));
            assert!(answer.get("errors").is_none(), "{query}: {answer}");
            let shown = match &answer["data"]["node"] {
                Value::Null => "not there".to_owned(),
                node => match &node[field] {
                    Value::Null => "null".to_owned(),
                    _ if ["id", "slug", "publishedAt", "updatedAt", "summary", "body", "related"].contains(&field.as_str()) => "shown".to_owned(),
                    Value::Object(fields) if fields.contains_key("totalCount") => format!("{} in it", fields["totalCount"]),
                    Value::Object(fields) if fields.contains_key("level") => {
                        format!("{}, {} groups", fields["level"].as_str().unwrap_or_default(), fields["workingGroups"].as_array().map_or(0, Vec::len))
                    }
                    Value::Array(_) | Value::Object(_) => "shown".to_owned(),
                    value => value.to_string(),
                },
            };
            format!("{shown:<24}")
        });
        table.extend([format!("{field:<16}"), row.concat(), "\n".to_owned()]);
    }
    let table: String = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/contribution/access.txt");
    if knob("ACCESS_UPDATE").is_some() {
        std::fs::write(&file, &table).expect("written");
    }
    assert_eq!(table, std::fs::read_to_string(&file).unwrap_or_default(), "who sees which field has changed: look whether that is right");
}
