//! Practices are walked at random through draft, edit, translation, submission, remarks, withdrawal and publication, with
//! a word of its own in each text and each reason; whatever anyone is answered never holds a word that was not given
//! to him. `CANARY_WALKS` says how many walks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Stage;
use crate::app::knob;
use crate::twins::Draw;

const FEW: usize = 12;
const STEPS: usize = 12;

/// All that can be read of one practice.
const ALL: &str = r"query($id: ID!, $slug: String!, $word: String!) {
  node(id: $id) { ...all }
  goodPractice(slug: $slug) { ...all }
  nodes(ids: [$id]) { ...all }
  goodPractices(filter: { text: $word }) { totalCount edges { cursor node { ...all } } pageInfo { hasNextPage endCursor } }
  tasks { totalCount nodes { goodPractice { ...all } } }
}
fragment all on GoodPractice {
  id title summary body languages
  ru: title(language: RU) ruSummary: summary(language: RU) ruBody: body(language: RU)
  fa: title(language: FA) faBody: body(language: FA)
  version status updatedAt
  versions(first: 100) { totalCount nodes { version language title summary body status audience { level } } }
  history(first: 100) { totalCount nodes { kind version note by { code } } }
}";

/// One practice, and what a bystander noted of its words.
struct Walk {
    n: usize,
    practice: Value,
    version: u64,
    words: Vec<String>,
    /// The words that stand in the latest version, by language.
    text: Vec<(&'static str, String)>,
    /// What the secretariat was given: the words of submitted versions.
    given: BTreeSet<String>,
    /// What everyone was given: the words of what was published.
    published: BTreeSet<String>,
    status: &'static str,
}

impl Walk {
    fn word(&mut self, what: &str) -> String {
        let word = format!("canary{what}{}of{}", self.words.len(), self.n);
        self.words.push(word.clone());
        word
    }

    fn say(&mut self, language: &'static str, what: &str) -> Value {
        let word = self.word(what);
        self.text.retain(|(told, _)| *told != language);
        self.text.push((language, word.clone()));
        json!({ "title": format!("Title {word}"), "summary": format!("Summary {word}"), "body": format!("Body {word}") })
    }

    /// One step of the owner or the secretariat, if it can be taken.
    fn step(&mut self, stage: &Stage, draw: &mut Draw) {
        let mut input = json!({ "id": self.practice["id"], "ifVersion": self.version });
        let (key, mutation, then) = match (draw.below(8), self.status) {
            (0, _) => {
                input["content"] = self.say("EN", "revised");
                (&stage.tashkent, "reviseGoodPractice", "DRAFT")
            }
            (1, _) => {
                let language = ["RU", "FA"][draw.below(2)];
                let Value::Object(said) = self.say(language, "translated") else { return };
                input.as_object_mut().expect("an object").extend(said);
                input["language"] = json!(language);
                (&stage.samarkand, "translateGoodPractice", "DRAFT")
            }
            (2, status) if status != "WITHDRAWN" => {
                input["reason"] = json!(self.word("reason"));
                (&stage.tashkent, "withdrawGoodPractice", "WITHDRAWN")
            }
            (3.., "DRAFT" | "WITHDRAWN" | "CHANGES_REQUESTED") => {
                let named = json!({ "level": "NAMED_PARTIES", "parties": ["AFG"] });
                input["audience"] = [json!({ "level": "PUBLIC" }), json!({ "level": "PARTICIPANTS" }), named][draw.below(3)].clone();
                self.given.extend(self.text.iter().map(|(_, word)| word.clone()));
                (&stage.tashkent, "submitGoodPractice", "SUBMITTED")
            }
            (3 | 4, "SUBMITTED") => {
                input["remarks"] = json!("Please say more.");
                (&stage.desk, "requestChangesToGoodPractice", "CHANGES_REQUESTED")
            }
            (5.., "SUBMITTED") => {
                self.published.extend(self.text.iter().map(|(_, word)| word.clone()));
                (&stage.desk, "publishGoodPractice", "PUBLISHED")
            }
            _ => return,
        };
        let done = stage.done(key, mutation, &input);
        self.version = done["version"].as_u64().unwrap_or(self.version);
        self.practice["slug"] = done["slug"].clone();
        self.status = then;
    }

    /// Nobody is answered a word that was not given to him; the owner finds all of his.
    fn look(&self, stage: &Stage) {
        let readers = [
            ("the secretariat", Some(&stage.desk), &self.given),
            ("a party", Some(&stage.kabul), &self.published),
            ("another", Some(&stage.bern), &self.published),
            ("a stranger", None, &self.published),
        ];
        let last = self.words.last().cloned().unwrap_or_default();
        for (name, key, given) in readers {
            let body = json!({ "query": ALL, "variables": { "id": self.practice["id"], "slug": self.practice["slug"], "word": last } });
            let reply = key.map_or_else(|| stage.app.post(&body), |key| stage.app.post_as(key, &body));
            let text = reply.text();
            assert!(!text.contains("\"errors\""), "{text}");
            for word in self.words.iter().filter(|word| !given.contains(*word)) {
                assert!(!text.contains(word.as_str()), "{name} reads {word} of version {} ({}): {text}", self.version, self.status);
            }
        }
        let body = json!({ "query": ALL, "variables": { "id": self.practice["id"], "slug": self.practice["slug"], "word": "title" } });
        let own = stage.app.post_as(&stage.samarkand, &body).text();
        for word in &self.words {
            assert!(own.contains(word.as_str()), "its owner does not find {word}: {own}");
        }
    }
}

#[test]
fn nobody_reads_a_word_that_was_not_given_to_him() {
    let stage = Stage::new();
    let count = knob("CANARY_WALKS").unwrap_or(FEW);
    let mut ever = [0, 0];
    for n in 0..count {
        let mut draw = Draw::again(&[], n as u64);
        let mut walk = Walk {
            n,
            practice: json!({}),
            version: 1,
            words: Vec::new(),
            text: Vec::new(),
            given: BTreeSet::new(),
            published: BTreeSet::new(),
            status: "DRAFT",
        };
        let content = walk.say("EN", "drafted");
        walk.practice = stage.done(&stage.tashkent, "draftGoodPractice", &json!({ "content": content, "attributed": draw.below(2) == 0 }));
        for _ in 0..STEPS {
            walk.step(&stage, &mut draw);
            walk.look(&stage);
        }
        ever[0] += usize::from(walk.words.iter().any(|word| !walk.given.contains(word)) && !walk.given.is_empty());
        ever[1] += usize::from(!walk.published.is_empty());
    }
    assert!(ever.iter().all(|times| *times * 6 > count), "the walks go nowhere: {ever:?} of {count}");
}
