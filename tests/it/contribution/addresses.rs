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
    attributed: bool,
    was_published: bool,
    /// Words that may stand in its address.
    open: BTreeSet<String>,
}

/// What is drawn: numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("small") % most
    }

    fn audience(&mut self) -> Value {
        let public = json!({ "level": "PUBLIC" });
        [public.clone(), public, json!({ "level": "PARTICIPANTS" }), json!({ "level": "NAMED_PARTIES", "parties": ["AFG"] })][self.below(4)].clone()
    }
}

impl Drawn {
    fn begun(stage: &Stage, word: String, attributed: bool) -> Self {
        let draft = stage.done(&stage.tashkent, "draftGoodPractice", &json!({ "content": content(&word), "attributed": attributed }));
        Self { id: draft["id"].clone(), version: 1, word, attributed, was_published: false, open: BTreeSet::new() }
    }

    /// Takes a step, or is refused; what it was.
    fn step(&mut self, stage: &Stage, word: String, chance: &mut Chance) -> &'static str {
        let (audience, attributed) = (chance.audience(), chance.below(4) > 0);
        let (key, mutation, more) = match chance.below(7) {
            0 => (&stage.tashkent, "reviseGoodPractice", json!({ "content": content(&word), "attributed": attributed })),
            1 => (&stage.tashkent, "translateGoodPractice", json!({ "language": "RU", "title": word, "summary": "…" })),
            2 => (&stage.tashkent, "withdrawGoodPractice", json!({})),
            3 => (&stage.tashkent, "changeGoodPracticeAudience", json!({ "audience": audience })),
            4 => (&stage.tashkent, "submitGoodPractice", json!({ "audience": audience })),
            _ => (&stage.desk, "publishGoodPractice", json!({})),
        };
        let mut input = json!({ "id": self.id, "ifVersion": self.version });
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let payload = stage.call(Some(key), mutation, &input);
        if payload["errors"] != json!([]) {
            return mutation;
        }
        let now = &payload["goodPractice"];
        self.version = now["version"].as_u64().expect("a version");
        match mutation {
            "reviseGoodPractice" => (self.word, self.attributed) = (word, attributed),
            "publishGoodPractice" if !self.was_published => {
                self.was_published = true;
                self.open.extend((self.attributed && now["audience"]["level"] == "PUBLIC").then(|| self.word.clone()));
            }
            _ => {}
        }
        mutation
    }
}

#[test]
fn no_word_stands_in_an_address_that_was_not_published_to_everyone() {
    let stage = Stage::new();
    let mut chance = Chance(7);
    let mut all: Vec<Drawn> = (0..5).map(|n| Drawn::begun(&stage, format!("canary{n}draft"), chance.below(3) > 0)).collect();
    for n in 0..knob("ADDRESSES").unwrap_or(FEW) {
        let which = chance.below(all.len());
        let mutation = all[which].step(&stage, format!("canary{n}word"), &mut chance);
        if all[which].was_published && chance.below(8) == 0 {
            all[which] = Drawn::begun(&stage, format!("canary{n}draft"), chance.below(3) > 0);
        }
        for practice in &all {
            for key in [Some(&stage.tashkent), Some(&stage.desk), Some(&stage.kabul), None] {
                let Some(slug) = stage.address(key.map(String::as_str), &practice.id) else { continue };
                let words: BTreeSet<String> = slug.split('-').filter(|word| word.starts_with("canary")).map(str::to_owned).collect();
                assert_eq!(words, practice.open, "{slug} after step {n}, {mutation}");
            }
        }
    }
    assert!(all.iter().any(|practice| practice.was_published), "some were published");
}
