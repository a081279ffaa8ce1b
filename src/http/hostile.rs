//! What reads bytes from outside, each behind a function that takes any bytes: for a fuzzer that climbs by coverage
//! (`fuzz/`), and for the test that gives them all of its corpora. No part of the program.
//!
//! Each says what must hold whatever comes: mostly that there is an answer, and that what was read is what was written.

use std::io::{self, Read};
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use jiff::Timestamp;

use crate::domain::date::PartialDate;
use crate::domain::id::Id;
use crate::domain::key::{Key, KeyId};
use crate::domain::publisher::{self, Publisher};
use crate::domain::{catalogue, text};
use crate::graph::seal::{Binding, Seal};
use crate::graphql::Api;
use crate::graphql::limit::Limits;

use super::cors::Cors;
use super::request::Incoming;
use super::request_id::RequestIds;
use super::{accept, auth, export, graphql, pages, request, revision};

/// What takes any bytes.
pub type Target = fn(&[u8]);

/// All of them, by the names of their corpora.
pub const TARGETS: [(&str, Target); 7] = [
    ("document", document),
    ("request", request_body),
    ("head", head),
    ("credential", credential),
    ("cursor", cursor),
    ("figures", figures),
    ("catalogue", files),
];

static API: LazyLock<Api> = LazyLock::new(|| Api::new(Limits::default(), false));

/// A document: looked at, parsed, planned and charged, each of its operations.
fn document(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    charged(&Incoming { query: Some(text.into()), named: None, operation: None, variables: <_>::default() });
}

fn charged(incoming: &Incoming<'_>) {
    let Ok(prepared) = incoming.query.as_deref().map_or(Err(()), |query| API.prepare(query).map_err(|_| ())) else { return };
    let names: Vec<Option<&str>> = prepared.operation_names().map(Some).chain([None, incoming.operation.as_deref()]).collect();
    for name in names {
        let charge = API.charge(&prepared, name, &incoming.variables);
        let again = API.charge(&prepared, name, &incoming.variables);
        assert_eq!(charge.as_ref().ok().map(|charge| charge.cost), again.ok().map(|charge| charge.cost), "the same costs the same");
        if let Ok(charge) = charge {
            assert!(charge.cost >= 1 && API.operation_kind(&prepared, name).is_ok(), "whatever runs costs something");
        }
    }
}

/// The body of a POST, or the query of a URL: members, variables, names of documents; then its document.
fn request_body(bytes: &[u8]) {
    let limits = Limits::default();
    if let Ok(incoming) = request::from_json(bytes, &limits) {
        charged(&incoming);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(incoming) = request::from_url(text, &limits)
    {
        charged(&incoming);
    }
}

/// The head of a request: a path, and headers one a line. All that is read of it.
fn head(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let path = lines.next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    for line in lines.take(100) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value.trim_ascii())) {
            headers.append(name, value);
        }
    }
    let wish = accept::wish(&headers);
    let _ = (wish.format(), request::check_content(&headers), export::asked(&headers, ""), revision::is_asked(&headers));
    let _ = (revision::wanted(&headers), pages::best_encoding(&headers), graphql::known_tag(&headers, &graphql::tag_of(b"")));
    let id = RequestIds::new([1, 2]).of(&headers);
    assert!(!id.as_str().is_empty() && id.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "an id that can be logged");
    let _ = Cors::new(&["https://example.org".to_owned()]).grant(&headers);
    if let Ok(uri) = Uri::try_from(path) {
        let _ = export::asked(&headers, uri.query().unwrap_or_default());
        let _ = request::from_url(uri.query().unwrap_or_default(), &Limits::default());
    }
}

/// A credential, and other words that have one spelling: keys, tokens, ids, days.
fn credential(bytes: &[u8]) {
    if let Ok(line) = HeaderValue::from_bytes(bytes) {
        auth::hostile(&line, Timestamp::UNIX_EPOCH);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(key) = Key::parse(text) {
        assert_eq!(key.reveal(), text, "a key has one spelling");
    }
    let _ = KeyId::parse(text);
    if let Ok(id) = text.parse::<Id>() {
        assert_eq!(id.to_string(), text, "an id has one spelling");
    }
    if let Ok(date) = text.parse::<PartialDate>() {
        assert_eq!(date.to_string(), text, "a day has one spelling");
    }
    let _ = (publisher::is_edition(text), text::fold(text));
}

/// A cursor: it opens where it was made, or not at all.
fn cursor(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (seal, here) = (Seal::new([7; 64]), Binding::new("states", &(), &"NAME", &()));
    if let Some(key) = seal.open(here, text) {
        assert_eq!(seal.close(here, &key), text, "a row has one cursor");
    }
}

/// A file of a publisher, CSV or workbook: the first byte says whose it is.
fn figures(bytes: &[u8]) {
    const ALL: [Publisher; 5] = [Publisher::Unhcr, Publisher::Undesa, Publisher::Eurostat, Publisher::Worldbank, Publisher::Csv];
    let Some((first, bytes)) = bytes.split_first() else { return };
    let mut open = || -> io::Result<Box<dyn Read>> { Ok(Box::new(io::Cursor::new(bytes.to_vec()))) };
    let Ok(mut checked) = publisher::check(ALL[usize::from(*first) % ALL.len()], &mut open, bytes.len() as u64) else { return };
    for fault in &checked.faults.told {
        assert!(!fault.message.is_empty() && fault.message.len() < 2_000, "{fault}");
    }
    if checked.can_skip {
        let (mut count, told) = (0, checked.facts);
        let handed = checked.hand_over(&mut open, &mut |fact| {
            assert!(fact.value.is_none_or(|value| value.is_finite() && value >= 0.0), "{fact:?}");
            count += 1;
            true
        });
        assert!(handed.is_ok() && count == told, "as many as were counted");
    }
}

/// Files of a catalogue: each begins with a line `=== PATH`.
fn files(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let files = text.split("=== ").skip(1).filter_map(|file| file.split_once('\n'));
    if let Err(faults) = catalogue::read(files) {
        assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.message.is_empty()), "a fault says what is wrong");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::TARGETS;

    /// The files of a target's corpus.
    fn corpus(name: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files = fs::read_dir(&folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display())).flatten();
        files.map(|file| fs::read(file.path()).expect("readable")).collect()
    }

    #[test]
    fn every_file_of_the_corpora_is_answered() {
        for (name, target) in TARGETS {
            let files = corpus(name);
            assert!(files.len() > 2, "{name} has a corpus");
            for file in &files {
                target(file);
            }
        }
    }

    /// `CHANGES` says how often each file is changed.
    #[test]
    fn every_file_of_the_corpora_is_answered_with_parts_of_it_changed() {
        #[expect(clippy::disallowed_methods, reason = "a test has no settings but these")]
        let changes = std::env::var("CHANGES").ok().and_then(|count| count.parse().ok()).unwrap_or(10);
        let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = |most: usize| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            usize::try_from(chance >> 33).expect("31 bits") % most.max(1)
        };
        for (name, target) in TARGETS {
            let files = corpus(name);
            for file in &files {
                for _ in 0..changes {
                    let (mut bytes, other) = (file.clone(), &files[below(files.len())]);
                    for _ in 0..=below(3) {
                        let (at, length) = (below(bytes.len() + 1), below(16));
                        let end = (at + length).min(bytes.len());
                        let from = below(other.len() + 1);
                        let part = &other[from..(from + below(64)).min(other.len())];
                        match below(3) {
                            0 => bytes[at..end].iter_mut().for_each(|byte| *byte ^= 1 << below(8)),
                            1 => drop(bytes.splice(at..end, part.iter().copied())),
                            _ => bytes.truncate(at),
                        }
                    }
                    target(&bytes);
                }
            }
        }
    }
}
