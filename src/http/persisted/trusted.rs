//! Documents that an operator trusts, read when the server starts: a folder of `.graphql` files, each known by the
//! SHA-256 of its text, or a manifest in JSON, as the builds of clients write them: Relay's (`{ "id": "text" }`), or
//! Apollo's (`{ "format": "apollo-persisted-query-manifest", "operations": [{ "id", "body" }] }`).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// So many faults are told.
const SHOWN: usize = 100;

/// The documents, by their ids.
#[derive(Debug, Default)]
pub struct Trusted(HashMap<String, Arc<str>>);

/// Everything that is wrong with the documents, a sentence each, with file and document.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults(Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, more) = (self.0.len(), self.0.len().saturating_sub(SHOWN));
        if let [fault] = self.0.as_slice() {
            return f.write_str(fault);
        }
        write!(f, "{count} faults.")?;
        for fault in self.0.iter().take(SHOWN) {
            write!(f, "\n  {fault}")?;
        }
        if more > 0 { write!(f, "\n  And {more} more.") } else { Ok(()) }
    }
}

/// One document on its way in: the id that a manifest gives it, what it is called in faults, its text.
struct Found {
    id: Option<String>,
    name: Option<String>,
    text: String,
}

impl Trusted {
    /// Reads a folder or a manifest; `check` looks at each document.
    ///
    /// # Errors
    /// Everything at once: what cannot be read, is no manifest, or holds what `check` refuses, and ids of two documents.
    pub fn read(path: &Path, check: impl Fn(&str) -> Result<(), Vec<String>>) -> Result<Self, Faults> {
        let (mut trusted, mut faults) = (Self::default(), Vec::new());
        for file in files(path, &mut faults) {
            let shown = file.display();
            let text = match std::fs::read_to_string(&file) {
                Ok(text) => text,
                Err(fault) => {
                    faults.push(format!("{shown}: it cannot be read: {fault}."));
                    continue;
                }
            };
            let documents = if file.extension().is_some_and(|end| end == "json") {
                let (documents, wrong) = manifest(&text);
                faults.extend(wrong.into_iter().map(|fault| format!("{shown}: {fault}")));
                documents
            } else {
                vec![Found { id: None, name: None, text }]
            };
            for Found { id, name, text } in documents {
                let place = name.map_or_else(|| shown.to_string(), |name| format!("{shown}, {name}"));
                if let Err(wrong) = check(&text) {
                    faults.extend(wrong.into_iter().map(|fault| format!("{place}: {fault}")));
                } else if !trusted.add(id, text) {
                    faults.push(format!("{place}: another document has that id already; an id is of one."));
                }
            }
        }
        if faults.is_empty() { Ok(trusted) } else { Err(Faults(faults)) }
    }

    /// Whether the id was free, or of the same text.
    fn add(&mut self, id: Option<String>, text: String) -> bool {
        let hash = HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
        let text: Arc<str> = text.into();
        // Clients of Apollo's protocol name it by its hash, whatever else it is called.
        let is_free = self.put(hash, &text);
        id.is_none_or(|id| self.put(id, &text)) && is_free
    }

    fn put(&mut self, id: String, text: &Arc<str>) -> bool {
        match self.0.entry(id) {
            Entry::Occupied(there) => there.get() == text,
            Entry::Vacant(place) => {
                place.insert(Arc::clone(text));
                true
            }
        }
    }

    /// The document of an id.
    pub(super) fn find(&self, id: &str) -> Option<&Arc<str>> {
        self.0.get(id)
    }

    /// Their texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(AsRef::as_ref)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The files of a folder that may hold documents, in the order of their names; else the file itself.
fn files(path: &Path, faults: &mut Vec<String>) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let entries = match std::fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(fault) => {
            faults.push(format!("{}: it cannot be read: {fault}.", path.display()));
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "graphql" || end == "gql" || end == "json"));
    files.sort();
    files
}

/// The members of an object as they stand there: of two with one name, a map would keep the last.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsTheyStand;
        impl<'de> Visitor<'de> for AsTheyStand {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(AsTheyStand)
    }
}

/// The documents of a manifest, and what is wrong with it.
fn manifest(text: &str) -> (Vec<Found>, Vec<String>) {
    const WANTED: &str = "a manifest is an object of ids and documents (Relay), or has `operations` with `id` and `body` (Apollo)";
    let members = match serde_json::from_str(text) {
        Ok(Members(members)) => members,
        Err(fault) if fault.is_data() => return (Vec::new(), vec![format!("it is no manifest: {WANTED}.")]),
        Err(fault) => return (Vec::new(), vec![format!("it is not JSON, from line {}, column {} on; {WANTED}.", fault.line(), fault.column())]),
    };
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    let lists: Vec<_> = members.iter().filter(|(name, _)| name == "operations").filter_map(|(_, value)| value.as_array()).collect();
    if lists.len() > 1 {
        wrong.push(format!("`operations` stands there {} times; {WANTED}.", lists.len()));
    } else if let [operations] = lists[..] {
        for (n, operation) in (1..).zip(operations) {
            let text = |name: &str| operation.get(name).and_then(Value::as_str);
            let name = text("name").or_else(|| text("id")).map_or_else(String::new, |name| format!(" (`{name}`)"));
            match (text("id"), text("body")) {
                (Some(id), Some(body)) => {
                    let name = text("name").map_or_else(|| format!("`{id}`"), |name| format!("`{name}` (`{id}`)"));
                    found.push(Found { id: Some(id.to_owned()), name: Some(name), text: body.to_owned() });
                }
                _ => wrong.push(format!("number {n} of `operations`{name} must have an `id` and a `body`, which are texts.")),
            }
        }
    } else {
        for (id, text) in members {
            match text {
                Value::String(text) => found.push(Found { name: Some(format!("`{id}`")), id: Some(id), text }),
                _ => wrong.push(format!("`{id}` must be the text of a document; {WANTED}.")),
            }
        }
    }
    (found, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_both_manifests_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.graphql", "{ a }");
        write("relay.json", r#"{ "one": "{ b }" }"#);
        write(
            "apollo.json",
            r#"{ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [{ "id": "two", "name": "C", "type": "query", "body": "{ c }" }] }"#,
        );
        write("notes.txt", "not read");
        let trusted = Trusted::read(folder.path(), |_| Ok(())).unwrap();
        let text = |id: &str| trusted.find(id).map(ToString::to_string);
        assert_eq!((text("one"), text("two"), text("three")), (Some("{ b }".into()), Some("{ c }".into()), None));
        for document in ["{ a }", "{ b }", "{ c }"] {
            assert_eq!(text(&HEXLOWER.encode(&Sha256::digest(document))).as_deref(), Some(document));
        }
    }

    #[test]
    fn every_fault_is_told_with_file_and_document() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let check = |text: &str| if text.contains("bad") { Err(vec!["it is no good.".into(), "it is worse.".into()]) } else { Ok(()) };
        write("a.graphql", "{ bad }");
        write("apollo.json", r#"{ "operations": [{ "id": "x", "name": "Names", "body": "{ bad }" }, { "id": "y" }, 1] }"#);
        write("page.json", "<html>");
        write("relay.json", r#"{ "one": "{ b }", "two": 1 }"#);
        write("third.json", r#"{ "one": "{ c }", "same": "{ b }" }"#);
        write("twice.json", r#"{ "four": "{ d }", "four": "{ e }", "five": "{ f }", "five": "{ f }" }"#);
        write("twin.json", r#"{ "operations": [{ "id": "g", "body": "{ g }" }], "operations": [{ "id": "h", "body": "{ h }" }] }"#);
        write("whole.json", "[1]");
        let Faults(faults) = Trusted::read(folder.path(), check).unwrap_err();
        let told: Vec<&str> = faults.iter().filter_map(|fault| fault.strip_prefix(&format!("{}/", folder.path().display()))).collect();
        for (told, says) in told.iter().zip([
            "a.graphql: it is no good.",
            "a.graphql: it is worse.",
            "apollo.json: number 2 of `operations` (`y`) must have an `id` and a `body`",
            "apollo.json: number 3 of `operations` must have",
            "apollo.json, `Names` (`x`): it is no good.",
            "apollo.json, `Names` (`x`): it is worse.",
            "page.json: it is not JSON, from line 1, column 1 on; a manifest is",
            "relay.json: `two` must be the text of a document",
            "third.json, `one`: another document has that id already",
            "twice.json, `four`: another document has that id already",
            "twin.json: `operations` stands there 2 times; a manifest is",
            "whole.json: it is no manifest: a manifest is",
        ]) {
            assert!(told.starts_with(says), "{told} is not {says}");
        }
        assert_eq!(told.len(), 12, "{told:#?}");
        let whole = Faults(faults).to_string();
        assert!(whole.starts_with("12 faults.\n  /"), "{whole}");
        assert!(Trusted::read(&folder.path().join("none.json"), check).unwrap_err().to_string().contains("cannot be read"));
        assert_eq!(Faults(vec!["x.".into(); 102]).to_string().lines().last(), Some("  And 2 more."));
    }
}
