//! The keys that seal the chain of events: who does not have the key can neither write an event that holds nor cut the
//! last ones off unseen. Pure: where a key comes from and what is sealed is `store`'s to say.
//!
//! A key of the operator's lies outside of the database; where there is none, one of the database's own stands in. That
//! one can be read by whoever can write the file: it proves much less, and `silkroutes doctor` says so.

use std::fmt;

/// How much a seal proves, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Made with the database's own key.
    Inside,
    /// Made with a key of the operator's that was replaced.
    Former,
    /// Made with the operator's key.
    Outside,
}

/// One key.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    id: String,
    bytes: [u8; 32],
}

impl Key {
    fn of(secret: &[u8]) -> Self {
        let id = blake3::derive_key("silkroutes.org 2026 id of an audit key", secret);
        Self { id: data_encoding::HEXLOWER.encode(&id[..4]), bytes: blake3::derive_key("silkroutes.org 2026 audit key", secret) }
    }

    /// The id and a keyed hash of the parts, each with its length ahead.
    fn seal(&self, what: &str, parts: &[&str]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.bytes);
        for part in std::iter::once(&what).chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        format!("{}.{}", self.id, hasher.finalize().to_hex())
    }
}

/// The keys that a program knows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AuditKeys {
    outside: Option<Key>,
    former: Vec<Key>,
    /// Ids of keys that are gone.
    lost: Vec<String>,
    inside: Option<Key>,
}

impl fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.outside.is_some() { "a key of the operator's" } else { "no key of the operator's" })
    }
}

/// Whose key sealed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// It holds.
    Holds(Strength),
    /// Its key is known, and it is not that key's seal: it was made up, or what it seals was changed.
    Broken,
    /// Its key is one that the operator says is lost.
    Lost,
    /// Its key is not known here.
    Unknown,
}

impl AuditKeys {
    /// The operator's key, if it is not empty; those that it had before; the ids of those that are lost.
    #[must_use]
    pub fn new<'a>(key: &str, former: impl IntoIterator<Item = &'a str>, lost: &[String]) -> Self {
        Self {
            outside: (!key.is_empty()).then(|| Key::of(key.as_bytes())),
            former: former.into_iter().map(|key| Key::of(key.as_bytes())).collect(),
            lost: lost.to_vec(),
            inside: None,
        }
    }

    /// With the database's own, too.
    #[must_use]
    pub fn with_inside(&self, secret: &[u8; 32]) -> Self {
        Self { inside: Some(Key::of(secret)), ..self.clone() }
    }

    /// Whether there is a key outside of the database.
    #[must_use]
    pub const fn is_outside(&self) -> bool {
        self.outside.is_some()
    }

    /// Seals the parts with the best key that there is; none where there is none.
    #[must_use]
    pub fn seal(&self, what: &str, parts: &[&str]) -> Option<String> {
        Some(self.outside.as_ref().or(self.inside.as_ref())?.seal(what, parts))
    }

    /// What a seal of the parts is worth.
    #[must_use]
    pub fn look(&self, seal: &str, what: &str, parts: &[&str]) -> Sealed {
        let id = id_of(seal);
        let keys =
            [(Strength::Outside, &self.outside), (Strength::Inside, &self.inside)].into_iter().filter_map(|(strength, key)| Some((strength, key.as_ref()?)));
        let known = keys.chain(self.former.iter().map(|key| (Strength::Former, key))).find(|(_, key)| key.id == id);
        match known {
            Some((strength, key)) if key.seal(what, parts) == seal => Sealed::Holds(strength),
            Some(_) => Sealed::Broken,
            None if self.lost.iter().any(|lost| lost == id) => Sealed::Lost,
            None => Sealed::Unknown,
        }
    }
}

/// The id of the key that made a seal.
#[must_use]
pub fn id_of(seal: &str) -> &str {
    seal.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_for_what_was_sealed_and_for_whoever_knows_the_key() {
        let (own, other) = (AuditKeys::new("kept outside of it", [], &[]), AuditKeys::new("another that is", [], &[]));
        let seal = own.seal("event", &["1", "ab"]).unwrap();
        assert_eq!(own.look(&seal, "event", &["1", "ab"]), Sealed::Holds(Strength::Outside));
        for (what, parts) in [("head", ["1", "ab"]), ("event", ["1a", "b"]), ("event", ["1", "ac"])] {
            assert_eq!(own.look(&seal, what, &parts), Sealed::Broken);
        }
        assert_eq!(other.look(&seal, "event", &["1", "ab"]), Sealed::Unknown);
        let replaced = AuditKeys::new("another that is", ["kept outside of it"], &[]);
        assert_eq!(replaced.look(&seal, "event", &["1", "ab"]), Sealed::Holds(Strength::Former));
        let lost = AuditKeys::new("another that is", [], &[id_of(&seal).to_owned()]);
        assert_eq!(lost.look(&seal, "event", &["1", "ab"]), Sealed::Lost);
        assert_eq!(AuditKeys::default().seal("event", &[]), None);
        let inside = AuditKeys::default().with_inside(&[7; 32]);
        assert_eq!(inside.look(&inside.seal("event", &[]).unwrap(), "event", &[]), Sealed::Holds(Strength::Inside));
    }
}
