//! The server tells what the catalogue's files say, all of it, and from both ends of every relation.
//!
//! Expected values come from the files (`expect`), never from the server.

mod figures;
mod flows;
mod groups;
mod parties;
mod practices;
mod provisions;
mod sums;

use serde_json::{Value, json};

use crate::ask::{all, list};
use crate::expect::Entry;

/// Citations as the API gives them.
fn citations(entry: &Entry) -> Value {
    entry.citations().iter().map(|citation| json!({ "text": citation["text"], "url": citation["url"] })).collect()
}

/// The entry with this code.
fn find<'a>(entries: &'a [Entry], key: &str, code: &str) -> &'a Entry {
    entries.iter().find(|entry| entry.text(key) == code).unwrap_or_else(|| panic!("the files have no {code}"))
}

/// Asks for all nodes of a list at the root and holds each, found by its code, against what the files say.
fn compare<'a>(field: &str, key: &str, selection: &str, entries: impl IntoIterator<Item = &'a Entry>, expected: impl Fn(&Entry) -> Value) {
    let nodes = all(field, "", selection);
    let mut faults = Vec::new();
    let mut count = 0;
    for entry in entries {
        count += 1;
        let Some(node) = nodes.iter().find(|node| node[key] == entry.text(key)) else {
            faults.push(format!("{} is missing", entry.text(key)));
            continue;
        };
        let expected = expected(entry);
        for (name, expected) in expected.as_object().expect("fields") {
            if &node[name] != expected {
                faults.push(format!("{} {name}: {} and not {expected}", entry.text(key), node[name]));
            }
        }
        let asked: Vec<&String> = node.as_object().expect("fields").keys().collect();
        assert!(asked.iter().all(|name| *name == "id" || expected.get(name).is_some()), "all that is asked is compared: {asked:?}");
    }
    assert!(count > 0, "the files have no {field}");
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Sorts lists of texts or of things with a code in an answer, where the contract promises no order; gives the codes.
fn sorted(value: &Value, key: &str) -> Vec<String> {
    let mut codes: Vec<String> = list(value).iter().map(|entry| entry[key].as_str().unwrap_or_else(|| panic!("no {key} in {entry}")).to_owned()).collect();
    codes.sort();
    codes
}
