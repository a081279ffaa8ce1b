//! Questions to the shared server, as a client puts them, and the few ways in which the stories read the answers.
//!
//! The one place of these stories that knows how `TestApp` is called. What is asked here changes nothing, so all share
//! one server.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::TestApp;

/// The codes that an error may bear; docs/API-DESIGN.md explains them.
pub const CODES: [&str; 18] = [
    "BAD_REQUEST",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "DOCUMENT_NOT_FOUND",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "LIMIT_DEPTH",
    "LIMIT_COST",
    "LIMIT_TOKENS",
    "LIMIT_ALIASES",
    "THROTTLED",
    "TIMEOUT",
    "OVERLOADED",
    "READ_ONLY",
    "UNAVAILABLE",
    "INTERNAL",
    "TRUNCATED_ERRORS",
];

/// The whole answer to a query.
pub fn answer(query: &str) -> Value {
    TestApp::shared().post(&json!({ "query": query })).json()
}

/// The whole answer to a query with variables.
pub fn answer_with(query: &str, variables: &Value) -> Value {
    TestApp::shared().post(&json!({ "query": query, "variables": variables })).json()
}

/// What the server gives under a path.
pub fn text(path: &str) -> String {
    TestApp::shared().get(path, &[]).text()
}

/// The data of an answer that must have no errors.
pub fn data(query: &str) -> Value {
    faultless(answer(query), query)
}

/// The data of an answer with variables that must have no errors.
pub fn data_with(query: &str, variables: &Value) -> Value {
    faultless(answer_with(query, variables), query)
}

fn faultless(mut answer: Value, query: &str) -> Value {
    assert!(answer.get("errors").is_none(), "{query}\ngives {}", answer["errors"]);
    answer["data"].take()
}

/// The only error of a query that must be refused with this code; no data comes with it.
pub fn refused(query: &str, code: &str) -> Value {
    refused_with(query, &json!({}), code)
}

/// The only error of a query with variables that must be refused with this code; no data comes with it.
pub fn refused_with(query: &str, variables: &Value, code: &str) -> Value {
    let answer = answer_with(query, variables);
    assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{query} with {variables}\ngives {answer}");
    let nothing = answer.get("data").is_none_or(|data| data.as_object().is_none_or(|fields| fields.values().all(Value::is_null)));
    assert!(nothing, "{query} with {variables}\nis refused, and yet gives {answer}");
    answer["errors"][0].clone()
}

/// The value at a path such as `state.flows.nodes`.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| match key.parse::<usize>() {
        Ok(place) => &value[place],
        Err(_) => &value[key],
    })
}

/// A list, or a sentence that there is none.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

/// One text of each entry of a list, in its order; an empty key takes the entries themselves.
pub fn texts(value: &Value, key: &str) -> Vec<String> {
    let text = |entry: &Value| if key.is_empty() { entry.clone() } else { at(entry, key).clone() };
    list(value).iter().map(|entry| text(entry).as_str().unwrap_or_else(|| panic!("no {key} in {entry}")).to_owned()).collect()
}

/// One text of each entry of a list that names nothing twice.
pub fn set(value: &Value, key: &str) -> BTreeSet<String> {
    let texts = texts(value, key);
    let set: BTreeSet<String> = texts.iter().cloned().collect();
    assert_eq!(set.len(), texts.len(), "something stands twice in {texts:?}");
    set
}

/// A set of texts.
pub fn these<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    texts.into_iter().map(|text| text.as_ref().to_owned()).collect()
}

/// Every node of a connection at the root, read in pages of a hundred; `arguments` come without brackets.
pub fn all(field: &str, arguments: &str, selection: &str) -> Vec<Value> {
    let mut nodes = Vec::new();
    let mut after = String::new();
    loop {
        let data = data(&format!("{{ {field}({arguments} first: 100 {after}) {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"));
        nodes.extend(list(&data[field]["nodes"]).iter().cloned());
        if data[field]["pageInfo"]["hasNextPage"] == false {
            return nodes;
        }
        after = format!("after: {}", data[field]["pageInfo"]["endCursor"]);
    }
}

/// A text without case and accents, as someone types it who has neither at hand.
pub fn plain(text: &str) -> String {
    let plain = |letter: char| match letter {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ă' => 'a',
        'ç' | 'č' | 'ć' => 'c',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'ğ' => 'g',
        'í' | 'î' | 'ï' | 'ı' | '\u{307}' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ș' | 'ş' | 'š' => 's',
        'ț' | 'ţ' => 't',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        other => other,
    };
    text.chars().flat_map(char::to_lowercase).map(plain).collect()
}
