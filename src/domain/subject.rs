//! Who is one pair of eyes: the names of those who hold keys and tokens, compared as people read them rather than
//! byte for byte.
//!
//! A name is an office's, and belongs to the party that the office is of: two parties may each have a "Desk 4". Within
//! a party two names are one where they differ in nothing that tells them apart on paper: case, blanks, marks,
//! punctuation, signs that cannot be seen, widths and ligatures (NFKD), and signs that look like others (the skeleton of
//! UTS 39). Signs that look like one letter in capitals and like another in small letters are read both ways. That errs
//! on one side: `1`, `l` and `I` are one, and so are `0` and `O`.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{GeneralSecurityProfile as _, skeleton};

use super::key::line;
use super::viewer::Member;

/// The longest name of a holder.
pub const LONGEST: usize = 100;

/// How the subject of a key begins that was made without a name; none is any more.
const NAMELESS: &str = "key:";
/// How the subject of a token begins.
const TOKEN: &str = "oidc:";
/// Letters of a hash that is kept: of whose token it is, and of each reading of its name.
const OF_TOKEN: usize = 32;
const OF_READING: usize = 16;

/// How a name is read. Two names are one where one of the readings finds them so.
#[derive(Debug, Clone, Copy)]
enum Reading {
    /// Each sign as UTS 39 has it.
    Skeleton,
    /// Each sign as a sign of ASCII, if it looks like one: as it stands, else in its other case.
    AsWritten,
    /// The same of its capital, whichever case it has.
    Capital,
    /// The same of its small letter.
    Small,
}

/// By which alone the skeleton tells Б from В.
const BAR: char = '\u{304}';

const READINGS: [Reading; 4] = [Reading::Skeleton, Reading::AsWritten, Reading::Capital, Reading::Small];

/// A hash of each reading.
type Looks = [String; READINGS.len()];

/// The name of a new key's holder, where it can be one.
///
/// # Errors
/// A sentence on what would be right.
pub fn named(text: &str) -> Result<String, String> {
    let text = line("The subject", text, LONGEST)?;
    if text.starts_with(NAMELESS) || text.starts_with(TOKEN) {
        return Err(format!("A subject cannot begin with '{NAMELESS}' or '{TOKEN}': what the server calls by itself begins so."));
    }
    // What UTS 39 would have in names, and plain punctuation. Persian and the scripts of India are written with joiners.
    let is_plain = |c: char| c.identifier_allowed() || c == ' ' || c.is_ascii_graphic() || "–’„“”«»№և\u{200c}\u{200d}".contains(c);
    match text.chars().find(|&c| !is_plain(c)) {
        Some(sign) => Err(format!("The subject holds the sign U+{:04X}: write letters, digits, blanks and plain punctuation.", u32::from(sign))),
        None if read(&text, Reading::AsWritten).is_empty() => Err("The subject needs a letter or a digit.".into()),
        None => Ok(text),
    }
}

/// The subject of a token: whose it is, without saying who that is, and what its name reads like, so that it can be held
/// against the names of keys.
#[must_use]
pub fn of_token(issuer: &str, name: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("silkroutes.org 2026 oidc subject");
    hasher.update(&u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(issuer.as_bytes());
    hasher.update(name.as_bytes());
    let whose = hasher.finalize().to_hex();
    let readings: String = looks(name).map_or_else(String::new, |looks| looks.concat());
    format!("{TOKEN}{}{readings}", whose.as_str().get(..OF_TOKEN).unwrap_or_default())
}

/// Whether a subject has a name: without one, its holder may read, and may not consent or publish.
#[must_use]
pub fn has_name(subject: &str) -> bool {
    looks_of(subject).is_some()
}

/// Whether one of those who wrote for `party` and a member are, or may be, one pair of eyes.
#[must_use]
pub fn is_among<'a>(hands: impl IntoIterator<Item = &'a str>, party: &str, member: &Member) -> bool {
    let mine = looks_of(&member.subject);
    hands.into_iter().any(|hand| {
        // A token names a person, whichever party it is for.
        let is_my_token = whose_token(hand).is_some_and(|whose| whose_token(&member.subject) == Some(whose));
        is_my_token || party == member.party && may_be_one(looks_of(hand).as_ref(), mine.as_ref())
    })
}

/// Whoever has no name may be anybody of the party.
fn may_be_one(one: Option<&Looks>, other: Option<&Looks>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one.iter().zip(other).any(|(one, other)| one == other))
}

fn whose_token(subject: &str) -> Option<&str> {
    subject.strip_prefix(TOKEN)?.get(..OF_TOKEN)
}

/// What the name in a subject looks like; none where there is no name.
fn looks_of(subject: &str) -> Option<Looks> {
    if subject.starts_with(NAMELESS) {
        return None;
    }
    let Some(token) = subject.strip_prefix(TOKEN) else { return looks(subject) };
    let kept = |n: usize| token.get(OF_TOKEN + n * OF_READING..OF_TOKEN + (n + 1) * OF_READING).map(str::to_owned);
    Some([kept(0)?, kept(1)?, kept(2)?, kept(3)?])
}

/// A hash of each reading of a name; none where nothing of it can be read.
fn looks(name: &str) -> Option<Looks> {
    let looks = READINGS.map(|reading| read(name, reading));
    looks.iter().all(|look| !look.is_empty()).then(|| looks.map(|look| hash(&look)))
}

fn hash(look: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("silkroutes.org 2026 look of a subject");
    hasher.update(look.as_bytes());
    hasher.finalize().to_hex().as_str().get(..OF_READING).unwrap_or_default().to_owned()
}

/// Letters and digits of a name in one case, each as what it looks like.
fn read(name: &str, reading: Reading) -> String {
    let mut seen = String::with_capacity(name.len());
    for sign in name.nfd() {
        let own = look(sign, reading);
        if own.is_ascii() {
            seen.push_str(&own);
        } else {
            // What is made of several signs, or of another one of other size or width. Marks go, and no dash is a letter.
            let parts = sign.to_string();
            seen.extend(parts.nfkd().filter(|part| part.is_alphanumeric()).map(|part| look(part, reading)));
        }
    }
    let capitals = without_marks(&seen.to_uppercase());
    without_marks(&capitals.to_lowercase()).chars().filter(|&c| c.is_alphanumeric() || c == BAR).collect()
}

/// What a sign looks like: a sign of ASCII, if one of its cases does.
fn look(sign: char, reading: Reading) -> String {
    let capital: String = sign.to_uppercase().collect();
    let small = capital.to_lowercase();
    let forms = match reading {
        Reading::Skeleton => return without_marks(&sign.to_string()),
        Reading::AsWritten => [sign.to_string(), capital, small],
        Reading::Capital => [capital, small, sign.to_string()],
        Reading::Small => [small, capital, sign.to_string()],
    };
    let mut looks = forms.map(|form| without_marks(&form));
    let best = looks.iter().position(|look| look.is_ascii()).unwrap_or_default();
    std::mem::take(&mut looks[best])
}

/// The skeleton of UTS 39, which leaves out what cannot be seen, without marks.
fn without_marks(text: &str) -> String {
    skeleton(text).filter(|&c| !is_combining_mark(c) || c == BAR).collect()
}

#[cfg(test)]
mod tests;
