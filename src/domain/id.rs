//! Identity: opaque, 128 bits, the same on every installation for entries of the catalogue.
//!
//! An entry's id is a hash of its kind and code, so that it survives export, import and a change of engine,
//! and tells nothing about when it was made or what else there is. What is made through the API later gets
//! a random id of the same shape.

use std::fmt;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An opaque id; 22 characters of URL-safe base64 outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; 16]);

/// The text was not an id of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

impl Id {
    /// The id of the entry of that kind and code. Changing this function changes every id: it is fixed.
    #[must_use]
    pub fn of(kind: &str, code: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("silkroutes.org 2026 entry id");
        hasher.update(kind.as_bytes());
        hasher.update(&[0]);
        hasher.update(code.as_bytes());
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Self(id)
    }

    /// The id of those sixteen bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its sixteen bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 22];
        data_encoding::BASE64URL_NOPAD.encode_mut(&self.0, &mut text);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let mut id = [0; 16];
        // The decoder refuses stray bits in the last character, so that one id has one spelling.
        match data_encoding::BASE64URL_NOPAD.decode_len(text.len()) {
            Ok(16) if text.len() == 22 => {
                data_encoding::BASE64URL_NOPAD.decode_mut(text.as_bytes(), &mut id).map_err(|_| NotAnId)?;
                Ok(Self(id))
            }
            _ => Err(NotAnId),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Reader)
    }
}

/// Reads an id where it stands: a million of them come at once.
struct Reader;

impl Visitor<'_> for Reader {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_has_one_spelling() {
        let id = Id::of("State", "AFG");
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.len(), 22);
        for i in 0..22 {
            let mut other = text.clone().into_bytes();
            other[i] = if other[i] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("ascii");
            assert_ne!(other.parse(), Ok(id), "{other}");
        }
        assert_eq!("".parse::<Id>(), Err(NotAnId));
        assert_eq!("é".repeat(11).parse::<Id>(), Err(NotAnId));
    }

    #[test]
    fn ids_are_fixed_for_ever() {
        assert_eq!(Id::of("State", "AFG").to_string(), Id::of("State", "AFG").to_string());
        assert_ne!(Id::of("State", "AFG"), Id::of("Organisation", "AFG"));
    }
}
