//! Cursors: a row's sort key, sealed so that a client can neither read nor alter it.
//!
//! AES-SIV is deterministic (the same row has the same cursor, on every node) and authenticates what it is
//! bound to: the list, its order and its filter. A cursor of another list opens as little as an altered one.

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The installation's key for cursors.
#[derive(Clone)]
pub struct Seal([u8; 64]);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(secret)")
    }
}

/// What a cursor is bound to: a list, its order and its filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Binding(u64);

impl Binding {
    /// Bound to a list by its name, the node that it hangs on, its order and its filter.
    pub fn new(list: &str, of: &impl Hash, order: &impl Hash, filter: &impl Hash) -> Self {
        // Made for every connection of an answer, so it is a fast hash: it tells lists apart, and what must not
        // be forged is guarded by the seal. A new release of Rust may change it, and old cursors are then refused.
        let mut hasher = DefaultHasher::new();
        (list, of, order, filter).hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl Seal {
    /// Seals with that key.
    #[must_use]
    pub const fn new(key: [u8; 64]) -> Self {
        Self(key)
    }

    /// The cursor of the row of that sort key.
    #[must_use]
    pub fn close(&self, binding: Binding, key: &[u8]) -> String {
        let sealed = Aes256Siv::new(&self.0.into()).encrypt([&binding.0.to_be_bytes()], key).unwrap_or_default();
        // Hexadecimal spells no words, whatever the bytes are.
        data_encoding::HEXLOWER.encode(&sealed)
    }

    /// The sort key in a cursor; none where it was altered, is of another list, order or filter, or is no cursor.
    #[must_use]
    pub fn open(&self, binding: Binding, cursor: &str) -> Option<Vec<u8>> {
        let sealed = data_encoding::HEXLOWER.decode(cursor.as_bytes()).ok()?;
        Aes256Siv::new(&self.0.into()).decrypt([&binding.0.to_be_bytes()], &sealed).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_where_it_was_made_and_nowhere_else() {
        let seal = Seal::new([7; 64]);
        let here = Binding::new("states", &(), &"NAME", &Some("x"));
        let cursor = seal.close(here, b"Afghanistan");
        assert_eq!(seal.open(here, &cursor).as_deref(), Some(&b"Afghanistan"[..]));
        assert_eq!(cursor, seal.close(here, b"Afghanistan"), "a row has one cursor");
        for other in [
            Binding::new("flows", &(), &"NAME", &Some("x")),
            Binding::new("states", &1, &"NAME", &Some("x")),
            Binding::new("states", &(), &"ISO3", &Some("x")),
            Binding::new("states", &(), &"NAME", &None::<&str>),
        ] {
            assert_eq!(seal.open(other, &cursor), None);
        }
        assert_eq!(Seal::new([8; 64]).open(here, &cursor), None);
    }

    #[test]
    fn no_byte_of_a_cursor_can_be_changed() {
        let seal = Seal::new([7; 64]);
        let here = Binding::new("states", &(), &(), &());
        let cursor = seal.close(here, b"AFG");
        for at in 0..cursor.len() {
            for byte in [b'a', b'0', b'7', b'F', b'!', b'='] {
                let mut other = cursor.clone().into_bytes();
                if other[at] != byte {
                    other[at] = byte;
                    let other = String::from_utf8(other).expect("ascii");
                    assert_eq!(seal.open(here, &other), None, "{other}");
                }
            }
        }
        assert_eq!(seal.open(here, ""), None);
        assert_eq!(format!("{seal:?}"), "Seal(secret)", "nor is its key ever in a log");
    }
}
