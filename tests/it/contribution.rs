//! The life of a practice, as its owner, the secretariat, a party it is shared with and everyone else live it.

mod canaries;
mod eyes;
mod left;
mod noted;
mod oracle;
mod rules;
mod vanishing;
mod visibility;
mod writes;

use serde_json::{Value, json};
use silkroutes::domain::viewer::Role;

use crate::app::TestApp;

/// A server with keys for those who play a part.
pub struct Stage {
    pub app: TestApp,
    /// Two offices of the owner.
    pub tashkent: String,
    pub samarkand: String,
    /// Two desks of the secretariat.
    pub desk: String,
    pub other_desk: String,
    /// A party of the working group SILK-ROUTES, and one that is in no group.
    pub kabul: String,
    pub bern: String,
}

impl Stage {
    pub fn new() -> Self {
        Self::on(TestApp::with(|_| {}))
    }

    /// The same on a server of one's own.
    pub fn on(app: TestApp) -> Self {
        let key = |party, role, subject| app.key(party, role, subject);
        Self {
            tashkent: key("UZB", Role::FocalPoint, "tashkent"),
            samarkand: key("UZB", Role::FocalPoint, "samarkand"),
            desk: key("ICMPD", Role::Secretariat, "desk-1"),
            other_desk: key("ICMPD", Role::Secretariat, "desk-2"),
            kabul: key("AFG", Role::FocalPoint, "kabul"),
            bern: key("CHE", Role::FocalPoint, "bern"),
            app,
        }
    }

    /// Calls a mutation with a key (none: anonymously); its payload.
    pub fn call(&self, key: Option<&str>, mutation: &str, input: &Value) -> Value {
        let name = mutation.chars().next().expect("a name").to_uppercase().to_string() + &mutation[1..];
        let query = format!(
            "mutation($input: {name}Input!) {{ done: {mutation}(input: $input) {{
               goodPractice {{ id slug version status audience {{ level }} title }}
               errors {{ __typename code message path ... on VersionConflict {{ currentVersion }} }} }} }}"
        );
        let body = json!({ "query": query, "variables": { "input": input } });
        let answer = match key {
            Some(key) => self.app.post_as(key, &body).json(),
            None => self.app.post(&body).json(),
        };
        assert!(answer.get("errors").is_none(), "{mutation} {input}: {answer}");
        answer["data"]["done"].clone()
    }

    /// As [`Stage::call`], where it must be done; the practice.
    pub fn done(&self, key: &str, mutation: &str, input: &Value) -> Value {
        let payload = self.call(Some(key), mutation, input);
        assert_eq!(payload["errors"], json!([]), "{mutation} {input}");
        assert!(payload["goodPractice"]["id"].is_string(), "{mutation}: {payload}");
        payload["goodPractice"].clone()
    }

    /// As [`Stage::call`], where it must be refused; the code of the first error.
    pub fn refused(&self, key: Option<&str>, mutation: &str, input: &Value) -> String {
        let payload = self.call(key, mutation, input);
        assert_eq!(payload["goodPractice"], Value::Null, "{mutation} {input}: {payload}");
        payload["errors"][0]["code"].as_str().unwrap_or_else(|| panic!("{mutation} {input} is not refused: {payload}")).to_owned()
    }

    /// A draft of Tashkent.
    pub fn draft(&self) -> Value {
        self.done(&self.tashkent, "draftGoodPractice", &json!({ "content": content("Walnut orchards for returning families") }))
    }

    /// A draft that is submitted to an audience.
    pub fn submitted(&self, audience: &Value) -> Value {
        let draft = self.draft();
        self.done(&self.tashkent, "submitGoodPractice", &json!({ "id": draft["id"], "ifVersion": 1, "audience": audience }))
    }

    /// A practice that is published to an audience.
    pub fn published(&self, audience: &Value) -> Value {
        let practice = self.submitted(audience);
        self.done(&self.desk, "publishGoodPractice", &json!({ "id": practice["id"], "ifVersion": practice["version"] }))
    }

    /// What someone sees of a practice: its title, version and status, or null.
    pub fn sees(&self, key: Option<&str>, practice: &Value) -> Value {
        let query = format!(
            "{{ node(id: {id}) {{ ... on GoodPractice {{ title version status body }} }} goodPractice(slug: {slug}) {{ title version status body }} }}",
            id = practice["id"],
            slug = practice["slug"]
        );
        let answer = match key {
            Some(key) => self.app.query_as(key, &query),
            None => self.app.query(&query),
        };
        assert!(answer.get("errors").is_none(), "{answer}");
        assert_eq!(answer["data"]["node"], answer["data"]["goodPractice"], "by id and by slug it is the same");
        answer["data"]["node"].clone()
    }
}

/// What a draft says.
pub fn content(title: &str) -> Value {
    json!({
        "title": title,
        "summary": "Families who came back plant trees together. A nursery lends the seedlings.",
        "body": "# How it went\n\nTwo hundred *hectares*.",
        "states": ["UZB"], "partners": ["IOM"], "activities": ["I.a"], "workingGroups": ["SILK-ROUTES"],
        "targetGroups": ["RETURNEES"], "evidence": "MONITORED", "startedOn": "2019", "citations": [{ "text": "A report of 2020." }],
    })
}
