//! What readers are told: every figure of the source, in both editions, and sums of them on every way there is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::world::{AGES, DESTINATIONS, EDITIONS, Key, ORIGINS, SEXES, SOURCE, YEARS, period};
use crate::app::TestApp;

/// Who reads.
pub struct Reader {
    pub name: &'static str,
    key: Option<String>,
}

impl Reader {
    pub fn new(name: &'static str, key: Option<String>) -> Self {
        Self { name, key }
    }

    fn ask(&self, app: &TestApp, query: &str) -> Value {
        let body = json!({ "query": query });
        let reply = match &self.key {
            Some(key) => app.post_as(key, &body),
            None => app.post(&body),
        };
        let answer = reply.json();
        assert!(answer.get("errors").is_none(), "{query}\n{answer}");
        answer["data"].clone()
    }
}

fn words(all: &[&'static str], word: &Value) -> &'static str {
    let word = word.as_str().unwrap_or_default();
    all.iter().copied().find(|other| *other == word).unwrap_or_default()
}

fn quoted(codes: &[&str]) -> String {
    format!("[{}]", codes.iter().map(|code| format!("\"{code}\"")).collect::<Vec<_>>().join(", "))
}

fn whole(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "counts of persons")]
    value.as_f64().map(|value| value as i64)
}

/// Which sexes and ages a question is about, as part of a filter.
fn told_apart(sex: bool, age: bool) -> String {
    let mut filter = String::new();
    if sex {
        filter += ", sexes: [FEMALE, MALE]";
    }
    if age {
        filter.extend([", ageGroups: ", &quoted(&AGES)]);
    }
    filter
}

/// Every figure of both editions, page by page.
pub fn figures(app: &TestApp, reader: &Reader) -> BTreeMap<Key, Option<i64>> {
    let mut all = BTreeMap::new();
    for (at, edition) in EDITIONS.into_iter().enumerate() {
        for (sex, age) in [(false, false), (true, false), (false, true), (true, true)] {
            let filter = format!("sources: [\"{SOURCE}\"], editions: [\"{edition}\"]{}", told_apart(sex, age));
            let order = ["PERIOD", "VALUE"][at];
            let mut after = String::new();
            loop {
                let list = reader.ask(
                    app,
                    &format!(
                        "{{ observations(filter: {{ {filter} }}, orderBy: {{ field: {order} }}, first: 100{after}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{
                            subject {{ ... on Flow {{ code }} ... on State {{ iso3 }} }} periodStart periodEnd sex ageGroup value availability }} }} }}"
                    ),
                );
                for node in list["observations"]["nodes"].as_array().expect("figures") {
                    let subject = node["subject"]["code"].as_str().or(node["subject"]["iso3"].as_str()).expect("a code").to_owned();
                    let (start, end) = (&node["periodStart"].as_str().expect("a day")[..7], &node["periodEnd"].as_str().expect("a day")[..7]);
                    let period = if start.ends_with("01") && end.ends_with("12") { start[..4].to_owned() } else { format!("{start} {end}") };
                    let key = Key { edition, subject, period, sex: words(&SEXES, &node["sex"]), age: words(&AGES, &node["ageGroup"]) };
                    assert_eq!(node["value"].is_null(), node["availability"] == "SUPPRESSED", "{node}");
                    assert!(all.insert(key, whole(&node["value"])).is_none(), "{node} twice");
                }
                if list["observations"]["pageInfo"]["hasNextPage"] == json!(false) {
                    break;
                }
                after = format!(", after: {}", list["observations"]["pageInfo"]["endCursor"]);
            }
        }
    }
    all
}

/// A question for groups: what it groups by, its period, whether it tells sex and age, and which origins it asks for.
struct Question {
    by: &'static [&'static str],
    period: String,
    sex: bool,
    age: bool,
    origins: Option<&'static [&'static str]>,
}

impl Question {
    fn text(&self) -> String {
        let (from, to) = self.period.split_once(' ').unwrap_or((&self.period, &self.period));
        let origins = self.origins.map_or_else(String::new, |origins| format!(", origins: {}", quoted(origins)));
        let destinations = if self.by == ["STATE"] { String::new() } else { format!(", destinations: {}", quoted(&DESTINATIONS)) };
        format!(
            "{{ figures(measure: ASYLUM_APPLICATIONS, groupBy: [{}], filter: {{ sources: [\"{SOURCE}\"], from: \"{from}\", to: \"{to}\"{}{origins}{destinations} }}, first: 100) {{
                pageInfo {{ hasNextPage }} nodes {{ keys {{ code }} value availability observations }} }} }}",
            self.by.join(", "),
            told_apart(self.sex, self.age)
        )
    }

    fn holds(&self, key: &Key, codes: &[&str]) -> bool {
        let (origin, destination) = key.subject.split_once('-').unwrap_or(("", &key.subject));
        let is_in = |(by, code): (&&str, &&str)| match *by {
            "ORIGIN" => origin == *code,
            "DESTINATION" | "STATE" => destination == *code,
            "YEAR" => key.period[..4] == **code,
            "SEX" => key.sex == *code,
            _ => key.age == *code,
        };
        key.edition == EDITIONS[1]
            && key.period == self.period
            && (key.sex.is_empty(), key.age.is_empty()) == (!self.sex, !self.age)
            && origin.is_empty() == (self.by == ["STATE"])
            && self.origins.is_none_or(|origins| origins.contains(&origin))
            && self.by.iter().zip(codes).all(is_in)
    }
}

const GROUPINGS: [&[&str]; 10] = [
    &["ORIGIN"],
    &["DESTINATION"],
    &["ORIGIN", "DESTINATION"],
    &["YEAR"],
    &["DESTINATION", "YEAR"],
    &["STATE"],
    &["DESTINATION", "SEX"],
    &["DESTINATION", "AGE_GROUP"],
    &["DESTINATION", "SEX", "AGE_GROUP"],
    &["SEX", "AGE_GROUP"],
];

fn questions() -> Vec<Question> {
    let mut all = Vec::new();
    for by in GROUPINGS {
        for year in 0..YEARS.len() {
            for period in [None, Some(0), Some(2)].map(|quarter| period(year, quarter)) {
                for (sex, age) in [(false, false), (true, false), (false, true), (true, true)] {
                    if (by.contains(&"SEX") && !sex) || (by.contains(&"AGE_GROUP") && !age) {
                        continue;
                    }
                    all.push(Question { by, period: period.clone(), sex, age, origins: None });
                    if by.first() != Some(&"STATE") {
                        all.push(Question { by, period: period.clone(), sex, age, origins: Some(&ORIGINS[1..]) });
                    }
                }
            }
        }
    }
    all
}

/// The figures that each group and each matrix adds up, and what it says of the sum.
pub fn sums(app: &TestApp, reader: &Reader, counted: &BTreeMap<Key, i64>) -> Vec<(Vec<Key>, Option<i64>)> {
    let mut all = Vec::new();
    for question in questions() {
        let list = reader.ask(app, &question.text());
        assert_eq!(list["figures"]["pageInfo"]["hasNextPage"], json!(false));
        let about: Vec<&Key> = counted.keys().filter(|key| question.holds(key, &[])).collect();
        for node in list["figures"]["nodes"].as_array().expect("groups") {
            let codes: Vec<&str> = node["keys"].as_array().expect("keys").iter().filter_map(|key| key["code"].as_str()).collect();
            let members: Vec<Key> = about.iter().filter(|key| question.holds(key, &codes)).copied().cloned().collect();
            assert_eq!(node["observations"], json!(members.len()), "{}\n{node}", question.text());
            all.push((members, whole(&node["value"])));
        }
    }
    for destination in DESTINATIONS {
        for year in YEARS {
            let state = reader.ask(app, &format!(r#"{{ state(iso3: "{destination}") {{ inflows(measure: ASYLUM_APPLICATIONS, period: "{year}", source: "{SOURCE}", top: 1) {{ cells {{ origin {{ code }} value }} rest }} }} }}"#));
            let matrix = &state["state"]["inflows"];
            let key = |origin: &str| Key { edition: EDITIONS[1], subject: format!("{origin}-{destination}"), period: year.into(), sex: "", age: "" };
            let Some(first) = matrix["cells"].as_array().and_then(|cells| cells.first()) else { continue };
            let top = key(first["origin"]["code"].as_str().expect("a code"));
            let others: Vec<Key> = ORIGINS.iter().map(|origin| key(origin)).filter(|key| *key != top && counted.contains_key(key)).collect();
            if !others.is_empty() {
                all.push((others, whole(&matrix["rest"])));
            }
            all.push((vec![top], whole(&first["value"])));
        }
    }
    all
}

/// Questions of every kind, for whoever wants to compare two worlds.
pub fn queries(counted: &BTreeMap<Key, i64>) -> Vec<String> {
    let mut all: Vec<String> = questions().iter().map(Question::text).collect();
    let of = format!("measure: ASYLUM_APPLICATIONS, filter: {{ sources: [\"{SOURCE}\"] }}");
    for order in ["KEY", "VALUE"] {
        for having in ["", ", having: { atMost: 20 }", ", having: { atLeast: 3, atMost: 60 }"] {
            all.push(format!("{{ figures({of}, groupBy: [ORIGIN, DESTINATION, YEAR], orderBy: {{ field: {order} }}, first: 5{having}) {{ totalCount pageInfo {{ hasNextPage }} edges {{ node {{ value missing }} }} }} }}"));
        }
    }
    for year in YEARS {
        for top in ["", ", top: 3"] {
            all.push(format!(r#"{{ flowMatrix(measure: ASYLUM_APPLICATIONS, period: "{year}"{top}) {{ cells {{ origin {{ code }} destination {{ code }} value availability }} rest }} }}"#));
        }
    }
    all.push("{ measures { measure observations from to sources { code editions } } sources(first: 100) { totalCount nodes { code } } }".into());
    let subjects: Vec<&String> = counted.keys().map(|key| &key.subject).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    for subject in subjects.into_iter().filter(|subject| subject.contains('-')) {
        for edition in EDITIONS {
            all.push(format!(
                r#"{{ flow(code: "{subject}") {{ observations(filter: {{ editions: ["{edition}"], sexes: [FEMALE, MALE] }}, orderBy: {{ field: VALUE }}, first: 7) {{ totalCount pageInfo {{ hasNextPage }} edges {{ node {{ id value availability status provenance {{ edition line rawValue sha256 }} }} }} }} }} }}"#
            ));
        }
        all.push(format!(r#"{{ flow(code: "{subject}") {{ series(measure: ASYLUM_APPLICATIONS, interval: QUARTER) {{ points {{ period value change availability }} forecastNote forecast {{ points {{ value }} }} }} }} }}"#));
    }
    all
}
