//! API keys: how one is written and read, and what is kept of it.
//!
//! `srk_<id>_<secret><check>`: the id (16 letters and digits) is public and names the key in lists and logs; the secret
//! is 256 random bits (52); the check (8) is a hash of all before it, so that a slip of the hand and a scanner for lost
//! secrets need no database. All in small letters and the digits 2 to 7: nothing that a shell, a URL or a line break
//! spoils. A database keeps a [`Digest`] alone, made with the installation's [`Pepper`].

use std::fmt;

use data_encoding::{BASE32_NOPAD, DecodeError};
use jiff::Timestamp;

use super::viewer::Role;

/// What every key begins with.
pub const PREFIX: &str = "srk_";
const ID: usize = 16;
const SECRET: usize = 52;
const CHECK: usize = 8;

/// The longest note.
pub const LONGEST_NOTE: usize = 500;

/// The public part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// Reads an id, with or without what keys begin with; of a whole key, the part that is no secret.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let id = text.split('_').next().unwrap_or_default();
        let is_ours = id.len() == ID && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        is_ours.then(|| Self(id.to_owned()))
    }

    /// Its letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a new key is made of: random bytes.
pub struct Material {
    /// Of the public part.
    pub id: [u8; 10],
    /// Of the secret.
    pub secret: [u8; 32],
}

/// A whole key. It is shown once, to whoever made it; it has no `Debug`, so that no log can show it.
pub struct Key {
    id: KeyId,
    secret: [u8; 32],
}

impl Key {
    /// The key of those bytes.
    #[must_use]
    pub fn of(material: &Material) -> Self {
        Self { id: KeyId(small(&material.id)), secret: material.secret }
    }

    /// Reads a key; nothing where it was not written by [`Key::reveal`] to the letter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, rest) = text.strip_prefix(PREFIX)?.split_once('_')?;
        if id.len() != ID || rest.len() != SECRET + CHECK {
            return None;
        }
        let (secret, check) = rest.split_at_checked(SECRET)?;
        let id = KeyId::parse(id)?;
        let secret = large(secret).ok()?.try_into().ok()?;
        (check_of(&id, &secret) == check).then_some(Self { id, secret })
    }

    /// The public part.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// The whole of it as text, for its holder alone.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}{}", self.id, small(&self.secret), check_of(&self.id, &self.secret))
    }
}

fn small(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// The decoder refuses stray bits, and what is written in capitals is refused here: a key has one spelling.
fn large(text: &str) -> Result<Vec<u8>, DecodeError> {
    let spoilt = if text.bytes().any(|byte| byte.is_ascii_uppercase()) { "?".to_owned() } else { text.to_ascii_uppercase() };
    BASE32_NOPAD.decode(spoilt.as_bytes())
}

fn check_of(id: &KeyId, secret: &[u8; 32]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("silkroutes.org 2026 api key check");
    hasher.update(id.0.as_bytes());
    hasher.update(secret);
    let mut check = [0; 5];
    hasher.finalize_xof().fill(&mut check);
    small(&check)
}

/// The secret of an installation that hashes of keys are made with: a stolen table of hashes is of no use without it.
#[derive(Clone, Copy)]
pub struct Pepper([u8; 32]);

impl Pepper {
    /// Of the secret that the database holds, and of one that the operator keeps elsewhere, if he gives one.
    #[must_use]
    pub fn new(kept: &[u8; 32], given: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("silkroutes.org 2026 api key pepper");
        hasher.update(kept);
        hasher.update(given.as_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    /// What is kept of a key.
    #[must_use]
    pub fn digest(&self, key: &Key) -> Digest {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(key.id.0.as_bytes());
        hasher.update(&key.secret);
        Digest(hasher.finalize())
    }
}

/// What is kept of a key. Two are compared in constant time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(blake3::Hash);

impl Digest {
    /// The digest of no key.
    pub const NONE: Self = Self(blake3::Hash::from_bytes([0; 32]));

    /// Reads what [`Digest::to_hex`] wrote.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text).ok().map(Self)
    }

    /// As text, for the database.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0.to_hex().to_string()
    }
}

/// What is to be a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The code of the party that it acts for.
    pub party: String,
    /// What it may do.
    pub role: Role,
    /// Who holds it.
    pub subject: String,
    /// For those who look at the list of keys.
    pub note: Option<String>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What is known of a key; never the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public part.
    pub id: KeyId,
    /// The code of the party that it acts for.
    pub party: String,
    /// What it may do.
    pub role: Role,
    /// Who holds it.
    pub subject: String,
    /// What somebody noted of it.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Since when it is not good any more.
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, to some minutes.
    pub last_used_at: Option<Timestamp>,
}

/// A text in one line, without blanks around it, of a length that fits; else what is wrong with it.
///
/// # Errors
/// A sentence on what would be right.
pub fn line(what: &str, text: &str, longest: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > longest || text.chars().any(char::is_control) {
        return Err(format!("{what} must be one line of 1 to {longest} characters."));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::of(&Material { id: [7; 10], secret: [9; 32] })
    }

    #[test]
    fn a_key_reads_back_and_no_letter_of_it_can_be_changed() {
        let text = key().reveal();
        assert_eq!(text.len(), PREFIX.len() + ID + 1 + SECRET + CHECK);
        let read = Key::parse(&text).expect("a key");
        assert_eq!((read.id(), read.secret), (key().id(), [9; 32]));
        for at in 0..text.len() {
            for other in [b'a', b'b', b'A', b'2', b'7', b'_', b'0', b' '] {
                let mut bytes = text.clone().into_bytes();
                if bytes[at] != other {
                    bytes[at] = other;
                    let changed = String::from_utf8(bytes).expect("ascii");
                    assert!(Key::parse(&changed).is_none(), "{changed}");
                }
            }
        }
        for text in ["", "srk_", "srk__", &text[1..], &text[..text.len() - 1], &format!("{text}a"), &format!(" {text}"), &"é".repeat(40)] {
            assert!(Key::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_id_is_read_with_or_without_what_is_around_it() {
        let (key, id) = (key(), key().id().to_string());
        for text in [id.clone(), format!("srk_{id}"), key.reveal()] {
            assert_eq!(KeyId::parse(&text).as_ref(), Some(key.id()), "{text}");
        }
        for text in ["", "srk_", "nothing", &id.to_uppercase(), &format!("{id}a")] {
            assert_eq!(KeyId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_depends_on_both_secrets_of_the_installation_and_on_the_whole_key() {
        let digest = |kept: u8, given: &str, id: u8, secret: u8| {
            Pepper::new(&[kept; 32], given).digest(&Key::of(&Material { id: [id; 10], secret: [secret; 32] })).to_hex()
        };
        let one = digest(1, "", 1, 1);
        for other in [digest(2, "", 1, 1), digest(1, "x", 1, 1), digest(1, "", 2, 1), digest(1, "", 1, 2)] {
            assert_ne!(one, other);
        }
        assert_eq!(Digest::from_hex(&one).map(Digest::to_hex), Some(one));
        assert!(Digest::from_hex("nothing").is_none());
    }

    #[test]
    fn what_people_say_of_a_key_is_one_short_line() {
        assert_eq!(line("The subject", "  Desk 4 ", 10), Ok("Desk 4".into()));
        for text in ["", "  ", "a\nb", "12345678901"] {
            assert_eq!(line("The subject", text, 10).unwrap_err(), "The subject must be one line of 1 to 10 characters.");
        }
    }
}
