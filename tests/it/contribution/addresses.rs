//! The address of a practice tells nothing of a text that was not consented to, and nothing of whose it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Stage, content};
use crate::app::knob;

/// Steps that are drawn; a few in CI, more where it is asked for.
const FEW: usize = 300;

impl Stage {
    /// The address of a practice, as someone sees it; none where he does not see the practice.
    fn address(&self, key: Option<&str>, id: &Value) -> Option<String> {
        let query = format!("{{ node(id: {id}) {{ ... on GoodPractice {{ slug }} }} }}");
        let answer = key.map_or_else(|| self.app.query(&query), |key| self.app.query_as(key, &query));
        answer["data"]["node"]["slug"].as_str().map(str::to_owned)
    }

    /// Whether anybody finds something at an address.
    fn is_found(&self, slug: &str) -> bool {
        let query = format!("{{ goodPractice(slug: {slug:?}) {{ id }} }}");
        let keys = [Some(&self.tashkent), Some(&self.desk), Some(&self.kabul), None];
        keys.into_iter().any(|key| !key.map_or_else(|| self.app.query(&query), |key| self.app.query_as(key, &query))["data"]["goodPractice"].is_null())
    }
}

#[test]
fn an_address_becomes_words_of_what_was_published_first_and_stays() {
    let stage = Stage::new();
    let draft = stage.draft();
    let (id, slug) = (&draft["id"], draft["slug"].as_str().expect("a slug"));
    assert!(slug.len() == 16 && slug.chars().all(|c| matches!(c, 'a'..='z' | '2'..='7')), "{slug}");
    let audience = json!({ "level": "PUBLIC" });
    stage.done(&stage.tashkent, "reviseGoodPractice", &json!({ "id": id, "ifVersion": 1, "content": content("A border arrangement") }));
    stage.done(&stage.tashkent, "submitGoodPractice", &json!({ "id": id, "ifVersion": 2, "audience": audience }));
    assert_eq!(stage.address(Some(&stage.desk), id).as_deref(), Some(slug), "the secretariat is shown chance, too");
    let published = stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": id, "ifVersion": 2 }));
    let address = format!("a-border-arrangement-{slug}");
    assert_eq!(published["slug"], address.as_str());
    assert!(stage.is_found(&address) && !stage.is_found(slug), "the address of the draft leads nowhere");
    // Neither another title, nor a withdrawal, nor another publication moves it.
    stage.done(&stage.tashkent, "reviseGoodPractice", &json!({ "id": id, "ifVersion": 2, "content": content("Another title"), "attributed": false }));
    stage.done(&stage.tashkent, "withdrawGoodPractice", &json!({ "id": id, "ifVersion": 3 }));
    assert_eq!(stage.address(Some(&stage.tashkent), id), Some(address.clone()));
    stage.done(&stage.tashkent, "submitGoodPractice", &json!({ "id": id, "ifVersion": 3, "audience": audience }));
    assert_eq!(stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": id, "ifVersion": 3 }))["slug"], address.as_str());
    // A graph that is made afresh finds the same as one that was patched.
    stage.app.beside(async |store| {
        let graph = silkroutes::store::Follower::new(store.clone()).await.expect("a graph").current();
        let view = silkroutes::graph::View::new(graph, silkroutes::graph::Viewer::Anonymous, jiff::civil::date(2026, 12, 1));
        assert!(view.find_practice(&address).is_some() && view.find_practice(slug).is_none());
    });
}

#[test]
fn an_address_is_chance_alone_where_words_would_tell() {
    let stage = Stage::new();
    for (attributed, audience) in
        [(false, json!({ "level": "PUBLIC" })), (true, json!({ "level": "PARTICIPANTS" })), (true, json!({ "level": "NAMED_PARTIES", "parties": ["CHE"] }))]
    {
        let draft = stage.done(&stage.tashkent, "draftGoodPractice", &json!({ "content": content("Uzbekistan arranges it"), "attributed": attributed }));
        stage.done(&stage.tashkent, "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": audience }));
        let published = stage.done(&stage.desk, "publishGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1 }));
        assert_eq!(published["slug"], draft["slug"], "{attributed} {audience}");
    }
}

/// One practice of the drawn story.
struct Drawn {
    id: Value,
    version: u64,
    /// The word of its latest title.
    word: String,
    /// Words that may stand in its address.
    open: BTreeSet<String>,
    was_published: bool,
    attributed: bool,
}

#[test]
fn no_word_stands_in_an_address_that_was_not_published_to_everyone() {
    let stage = Stage::new();
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut all: Vec<Drawn> = Vec::new();
    let mut published = 0;
    for n in 0..knob("ADDRESSES").unwrap_or(FEW) {
        let word = format!("canary{n}word");
        if all.len() < 5 {
            let attributed = draw(3) > 0;
            let draft = stage.done(&stage.tashkent, "draftGoodPractice", &json!({ "content": content(&word), "attributed": attributed }));
            all.push(Drawn { id: draft["id"].clone(), version: 1, word, open: BTreeSet::new(), was_published: false, attributed });
            continue;
        }
        let (which, kind, level) = (usize::try_from(draw(5)).expect("small"), draw(7), draw(4));
        let practice = &mut all[which];
        let audience = [
            json!({ "level": "PUBLIC" }),
            json!({ "level": "PUBLIC" }),
            json!({ "level": "PARTICIPANTS" }),
            json!({ "level": "NAMED_PARTIES", "parties": ["AFG"] }),
        ][usize::try_from(level).expect("small")]
        .clone();
        let mut input = json!({ "id": practice.id, "ifVersion": practice.version });
        let attributed = draw(4) > 0;
        let (key, mutation) = match kind {
            0 => {
                (input["content"], input["attributed"]) = (content(&word), json!(attributed));
                (&stage.tashkent, "reviseGoodPractice")
            }
            1 => {
                (input["language"], input["title"], input["summary"]) = (json!("RU"), json!(word), json!("…"));
                (&stage.tashkent, "translateGoodPractice")
            }
            2 => (&stage.tashkent, "withdrawGoodPractice"),
            3 => {
                input["audience"] = audience.clone();
                (&stage.tashkent, "changeGoodPracticeAudience")
            }
            4 => {
                input["audience"] = audience.clone();
                (&stage.tashkent, "submitGoodPractice")
            }
            _ => (&stage.desk, "publishGoodPractice"),
        };
        let payload = stage.call(Some(key), mutation, &input);
        if payload["errors"] == json!([]) {
            let now = &payload["goodPractice"];
            practice.version = now["version"].as_u64().expect("a version");
            match kind {
                0 => (practice.word, practice.attributed) = (word, attributed),
                5.. if !practice.was_published => {
                    published += 1;
                    practice.was_published = true;
                    if practice.attributed && now["audience"]["level"] == "PUBLIC" {
                        practice.open.insert(practice.word.clone());
                    }
                }
                _ => {}
            }
        }
        for practice in &all {
            for key in [Some(&stage.tashkent), Some(&stage.desk), Some(&stage.kabul), None] {
                let Some(slug) = stage.address(key.map(String::as_str), &practice.id) else { continue };
                let words: BTreeSet<String> = slug.split('-').filter(|word| word.starts_with("canary")).map(str::to_owned).collect();
                assert_eq!(words, practice.open, "{slug} after step {n}, {mutation}");
            }
        }
    }
    assert!(published >= 4, "{published} were published");
}
