//! Documents that are known by a name: what clients send once and then name by its hash (automatic persisted queries,
//! as Apollo's clients speak of them), and what an operator trusts ([`trusted`]), of which a server can be told to run
//! nothing else.

pub mod trusted;

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::StatusCode;
use data_encoding::HEXLOWER;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::refusal::{Refusal, code};
use super::request::Incoming;

use trusted::Trusted;

/// What a document takes beside its text.
const BESIDE: u64 = 128;

/// Which documents are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentMode {
    /// Any, trusted or not.
    #[default]
    Any,
    /// Those that an operator gave, by name.
    TrustedOnly,
}

/// How a request names its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By the SHA-256 of its text, as Apollo's clients do; these know an answer by which they send the text.
    Apollo([u8; 32]),
    /// By an id (`documentId`).
    Id(String),
}

/// The text of a request's document.
#[derive(Debug)]
pub struct Text<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Whether the request named it, and sent no text.
    pub is_named: bool,
    /// The hash by which it wants to name it from now on.
    registers: Option<[u8; 32]>,
}

impl Text<'_> {
    /// Whether the request brings a document to be known.
    pub const fn registers(&self) -> bool {
        self.registers.is_some()
    }
}

#[derive(Clone)]
struct ByText;

impl Weighter<[u8; 32], Arc<str>> for ByText {
    fn weight(&self, _: &[u8; 32], text: &Arc<str>) -> u64 {
        text.len() as u64 + BESIDE
    }
}

/// The documents of one server.
pub struct Documents {
    mode: DocumentMode,
    trusted: Trusted,
    sent: Option<Cache<[u8; 32], Arc<str>, ByText>>,
}

impl Documents {
    /// Those that are trusted, and room for so many bytes of what clients send.
    #[must_use]
    pub fn new(mode: DocumentMode, trusted: Trusted, bytes: u64) -> Self {
        let items = usize::try_from(bytes / 512).unwrap_or(usize::MAX).max(16);
        let sent = (bytes > 0 && mode == DocumentMode::Any).then(|| Cache::with_weighter(items, bytes, ByText));
        Self { mode, trusted, sent }
    }

    /// The text of the document that a request sends or names.
    ///
    /// # Errors
    /// Where there is none of that name, where the hash is of another text, or where texts are not taken.
    pub fn text<'a>(&self, incoming: &'a Incoming<'_>) -> Result<Text<'a>, Refusal> {
        let sent = incoming.query.as_deref();
        match (&incoming.named, sent) {
            (None, Some(text)) if self.mode == DocumentMode::Any => Ok(Text { text: text.into(), is_named: false, registers: None }),
            (None, Some(_)) => {
                Err(Refusal::bad_request("This server runs only documents that its operator gave: send the `documentId` of one, and no `query`."))
            }
            (None, None) => Err(Refusal::bad_request("The request has no `query`; it must be a string with a GraphQL document.")),
            (Some(Named::Id(_)), Some(_)) => Err(Refusal::bad_request("The request has `query` and `documentId`: send one of them.")),
            (Some(Named::Id(id)), None) => self.by_id(id),
            (Some(Named::Apollo(hash)), Some(text)) => self.with_hash(*hash, text),
            (Some(Named::Apollo(hash)), None) => self.by_hash(*hash),
        }
    }

    fn by_id<'a>(&self, id: &str) -> Result<Text<'a>, Refusal> {
        let id = id.strip_prefix("sha256:").unwrap_or(id);
        let sent = || self.sent.as_ref()?.get(&hash_of_hex(id)?);
        let text = self.trusted.find(id).cloned().or_else(sent).ok_or_else(not_found)?;
        Ok(Text { text: Cow::Owned(text.to_string()), is_named: true, registers: None })
    }

    fn by_hash<'a>(&self, hash: [u8; 32]) -> Result<Text<'a>, Refusal> {
        let trusted = self.trusted.find(&HEXLOWER.encode(&hash)).cloned();
        let text = match (trusted.or_else(|| self.sent.as_ref()?.get(&hash)), self.mode) {
            (Some(text), _) => text,
            (None, DocumentMode::TrustedOnly) => return Err(not_found()),
            // By these very words clients know that they are to send the text.
            (None, DocumentMode::Any) if self.sent.is_some() => return Err(Refusal::document(code::PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")),
            (None, DocumentMode::Any) => return Err(Refusal::document(code::PERSISTED_QUERY_NOT_SUPPORTED, "PersistedQueryNotSupported")),
        };
        Ok(Text { text: Cow::Owned(text.to_string()), is_named: true, registers: None })
    }

    /// A text that comes with its hash: to be known, or trusted already.
    fn with_hash<'a>(&self, hash: [u8; 32], text: &'a str) -> Result<Text<'a>, Refusal> {
        if <[u8; 32]>::from(Sha256::digest(text.as_bytes())) != hash {
            return Err(Refusal::bad_request("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`; send that, in hexadecimal."));
        }
        if self.mode == DocumentMode::TrustedOnly && self.trusted.find(&HEXLOWER.encode(&hash)).is_none() {
            return Err(not_found());
        }
        Ok(Text { text: text.into(), is_named: false, registers: self.sent.is_some().then_some(hash) })
    }

    /// Remembers a document that was looked at and not refused.
    pub fn remember(&self, text: &Text<'_>) {
        if let (Some(sent), Some(hash)) = (&self.sent, text.registers) {
            sent.insert(hash, text.text.as_ref().into());
        }
    }
}

fn not_found() -> Refusal {
    Refusal::document(code::DOCUMENT_NOT_FOUND, "There is no document of that id here; ask the operator which there are.")
}

fn hash_of_hex(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// What `extensions` say of the document.
#[derive(Deserialize)]
struct Extensions<'a> {
    #[serde(borrow, default, rename = "persistedQuery")]
    persisted: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Persisted {
    version: u64,
    #[serde(rename = "sha256Hash")]
    hash: String,
}

/// How a request names its document, by its `documentId` or its `extensions`.
///
/// # Errors
/// Where what stands there is of another kind.
pub fn named(id: Option<String>, extensions: Option<&str>) -> Result<Option<Named>, Refusal> {
    if let Some(id) = id {
        return Ok(Some(Named::Id(id)));
    }
    // Of whatever else stands there nothing is known.
    let Some(Ok(Extensions { persisted: Some(persisted) })) = extensions.map(serde_json::from_str) else { return Ok(None) };
    if persisted.get() == "null" {
        return Ok(None);
    }
    let wrong = || Refusal::bad_request("`extensions.persistedQuery` must be `{ \"version\": 1, \"sha256Hash\": … }`, the hash with 64 hexadecimal digits.");
    let Persisted { version, hash } = serde_json::from_str(persisted.get()).map_err(|_| wrong())?;
    if version != 1 {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, code::BAD_REQUEST, "Version 1 of `extensions.persistedQuery` is the one that is served."));
    }
    hash_of_hex(&hash).map(|hash| Some(Named::Apollo(hash))).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Variables;

    fn asking(query: Option<&str>, named: Option<Named>) -> Incoming<'_> {
        Incoming { query: query.map(Into::into), named, operation: None, variables: Variables::default() }
    }

    fn hash(text: &str) -> [u8; 32] {
        Sha256::digest(text.as_bytes()).into()
    }

    #[test]
    fn what_was_sent_with_its_hash_is_known_by_it_and_takes_no_more_room_than_there_is() {
        let documents = Documents::new(DocumentMode::Any, Trusted::default(), 100_000);
        let code = |incoming: Incoming<'_>| documents.text(&incoming).err().map(|refusal| refusal.code());
        assert_eq!(code(asking(None, Some(Named::Apollo(hash("{a}"))))), Some(code::PERSISTED_QUERY_NOT_FOUND));
        assert_eq!(code(asking(Some("{b}"), Some(Named::Apollo(hash("{a}"))))), Some(code::BAD_REQUEST));
        let sending = asking(Some("{a}"), Some(Named::Apollo(hash("{a}"))));
        documents.remember(&documents.text(&sending).unwrap());
        assert_eq!(documents.text(&asking(None, Some(Named::Apollo(hash("{a}"))))).unwrap().text, "{a}");
        let by_id = format!("sha256:{}", HEXLOWER.encode(&hash("{a}")));
        assert_eq!(documents.text(&asking(None, Some(Named::Id(by_id)))).unwrap().text, "{a}");
        for n in 0..100_000 {
            let text = format!("{{ a{n} }}");
            let incoming = asking(Some(&text), Some(Named::Apollo(hash(&text))));
            documents.remember(&documents.text(&incoming).unwrap());
        }
        let sent = documents.sent.as_ref().unwrap();
        assert!(sent.weight() <= 100_000 && sent.len() < 1_000 && sent.len() > 100, "{} of {} bytes", sent.len(), sent.weight());
        let none = Documents::new(DocumentMode::Any, Trusted::default(), 0);
        let refusal = none.text(&asking(None, Some(Named::Apollo(hash("{a}"))))).unwrap_err();
        assert_eq!(refusal.code(), code::PERSISTED_QUERY_NOT_SUPPORTED);
    }

    #[test]
    fn names_are_read_and_nonsense_is_told() {
        let hash = "a".repeat(64);
        let good = format!(r#"{{"persistedQuery":{{"version":1,"sha256Hash":"{hash}","more":1}},"x":[1]}}"#);
        assert_eq!(named(None, Some(&good)), Ok(Some(Named::Apollo([0xaa; 32]))));
        assert_eq!(named(Some("x".into()), None), Ok(Some(Named::Id("x".into()))));
        for nothing in [None, Some("{}"), Some("null"), Some(r#"{"persistedQuery":null}"#)] {
            assert_eq!(named(None, nothing), Ok(None));
        }
        for bad in ["{}", "1", r#"{"version":2,"sha256Hash":"aa"}"#, r#"{"version":1,"sha256Hash":"aa"}"#, r#"{"version":1,"sha256Hash":"zz"}"#] {
            assert!(named(None, Some(&format!(r#"{{"persistedQuery":{bad}}}"#))).is_err(), "{bad}");
        }
    }
}
