//! Documents that an operator trusts, read when the server starts: a folder of `.graphql` files, each known by the
//! SHA-256 of its text, or a manifest in JSON, as the builds of clients write them: Relay's (`{ "id": "text" }`), or
//! Apollo's (`{ "format": "apollo-persisted-query-manifest", "operations": [{ "id", "body" }] }`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The documents, by their ids.
#[derive(Debug, Default)]
pub struct Trusted(HashMap<String, Arc<str>>);

impl Trusted {
    /// Reads a folder or a manifest; `check` looks at each document.
    ///
    /// # Errors
    /// Where something cannot be read, is no manifest, or holds what `check` refuses; with the place.
    pub fn read(path: &Path, check: impl Fn(&str) -> Result<(), String>) -> Result<Self, String> {
        let mut trusted = Self::default();
        let shown = |path: &Path| path.display().to_string();
        let text = |path: &Path| std::fs::read_to_string(path).map_err(|fault| format!("{}: it cannot be read: {fault}.", shown(path)));
        let mut files = Vec::new();
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|fault| format!("{}: it cannot be read: {fault}.", shown(path)))?;
            files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
            files.retain(|file| file.extension().is_some_and(|end| end == "graphql" || end == "gql" || end == "json"));
            files.sort();
        } else {
            files.push(path.to_owned());
        }
        for file in files {
            let text = text(&file)?;
            let documents = if file.extension().is_some_and(|end| end == "json") {
                manifest(&text).map_err(|fault| format!("{}: {fault}", shown(&file)))?
            } else {
                vec![(None, text)]
            };
            for (id, text) in documents {
                check(&text).map_err(|fault| format!("{}{}: {fault}", shown(&file), id.as_ref().map_or(String::new(), |id| format!(", `{id}`"))))?;
                trusted.add(id, text);
            }
        }
        Ok(trusted)
    }

    fn add(&mut self, id: Option<String>, text: String) {
        let hash = HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
        let text: Arc<str> = text.into();
        if let Some(id) = id {
            self.0.insert(id, Arc::clone(&text));
        }
        // Clients of Apollo's protocol name it so, whatever else it is called.
        self.0.insert(hash, text);
    }

    /// The document of an id.
    pub(super) fn find(&self, id: &str) -> Option<&Arc<str>> {
        self.0.get(id)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Ids and texts of a manifest.
fn manifest(text: &str) -> Result<Vec<(Option<String>, String)>, String> {
    let whole: Value = serde_json::from_str(text).map_err(|fault| format!("it is not JSON, from line {}, column {} on.", fault.line(), fault.column()))?;
    if let Some(operations) = whole.get("operations").and_then(Value::as_array) {
        let one = |operation: &Value| {
            let text = |name: &str| operation.get(name).and_then(Value::as_str).map(str::to_owned);
            Some((Some(text("id")?), text("body")?))
        };
        let all = operations.iter().map(one).collect::<Option<Vec<_>>>();
        return all.ok_or_else(|| "each of its `operations` must have an `id` and a `body`.".into());
    }
    let Value::Object(members) = whole else { return Err("it must be an object of ids and documents.".into()) };
    let one = |(id, text): (String, Value)| text.as_str().map(|text| (Some(id), text.to_owned()));
    members.into_iter().map(one).collect::<Option<Vec<_>>>().ok_or_else(|| "each of its members must be the text of a document.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_both_manifests_are_read_and_a_fault_names_its_place() {
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
        let fault = Trusted::read(folder.path(), |text| if text == "{ b }" { Err("it is no good.".into()) } else { Ok(()) }).unwrap_err();
        assert!(fault.ends_with("relay.json, `one`: it is no good."), "{fault}");
        for (bad, says) in
            [("[1]", "must be an object"), ("{\"a\": 1}", "text of a document"), ("{", "not JSON"), ("{\"operations\": [{}]}", "`id` and a `body`")]
        {
            write("relay.json", bad);
            let fault = Trusted::read(&folder.path().join("relay.json"), |_| Ok(())).unwrap_err();
            assert!(fault.contains(says), "{bad}: {fault}");
        }
        assert!(Trusted::read(&folder.path().join("none.json"), |_| Ok(())).unwrap_err().contains("cannot be read"));
    }
}
