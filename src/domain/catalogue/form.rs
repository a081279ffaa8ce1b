//! The forms that codes and texts must have. Each check answers with what is wrong and what would be right.

use crate::domain::flow::corridor_ends;

/// The same whether a text comes from a file or through the API.
pub(super) use crate::domain::practice::content::{BODY, SUMMARY, TITLE};

/// Most characters of a note, a role or a citation.
pub(super) const NOTE: usize = 2_000;

/// The form of a code.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// ISO 3166-1 alpha-3.
    Iso3,
    /// ISO 3166-1 alpha-2.
    Iso2,
    /// UN M49.
    M49,
    /// `SILK-ROUTES`.
    Code,
    /// A code that cannot be taken for a corridor's.
    Route,
    /// `IV.a.ii`.
    Reference,
    /// `migrant-resource-centres`.
    Slug,
}

impl Form {
    /// The text, if it has this form.
    pub fn check(self, text: &str) -> Result<(), String> {
        let upper = |b: u8| b.is_ascii_uppercase();
        let (fits, right) = match self {
            Self::Iso3 => (text.len() == 3 && text.bytes().all(upper), "three capital letters (ISO 3166-1 alpha-3), as in AFG"),
            Self::Iso2 => (text.len() == 2 && text.bytes().all(upper), "two capital letters (ISO 3166-1 alpha-2), as in AF"),
            Self::M49 => (text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit()), "three digits (UN M49), as in 004"),
            Self::Code | Self::Route => {
                (parts(text, '-', |b| b.is_ascii_uppercase() || b.is_ascii_digit()), "capital letters, digits and single hyphens, as in SILK-ROUTES")
            }
            Self::Reference => (parts(text, '.', |b| b.is_ascii_alphanumeric()), "letters and digits with dots between, as in IV.a.ii"),
            Self::Slug => {
                (parts(text, '-', |b| b.is_ascii_lowercase() || b.is_ascii_digit()), "small letters, digits and single hyphens, as in referral-of-victims")
            }
        };
        if !fits {
            return Err(format!("{} is no code of this sort: {right}.", quoted(text)));
        }
        if matches!(self, Self::Route) && corridor_ends(text).is_some() {
            return Err(format!("{text} is the code of a corridor, which figures make: add a word, as in {text}-WEST."));
        }
        Ok(())
    }
}

/// Whether a text of at most 80 bytes is made of such bytes, in parts that one separator keeps apart.
fn parts(text: &str, separator: char, byte: impl Fn(u8) -> bool) -> bool {
    text.len() <= 80 && text.split(separator).all(|part| !part.is_empty() && part.bytes().all(&byte))
}

/// A text for people: not empty, not too long, without control characters; trimmed.
pub(super) fn text(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty: write what it should say.".into());
    }
    if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        let code = u32::from(control);
        return Err(format!("has the control character U+{code:04X}: only line breaks and tabs may stand in a text."));
    }
    match text.chars().count() {
        length if length > most => Err(format!("has {length} characters: {most} are the most.")),
        _ => Ok(text.to_owned()),
    }
}

/// An address that a reader can follow.
pub(super) fn url(written: &str) -> Result<String, String> {
    let written = text(written, NOTE)?;
    let rest = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://"));
    let fits = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace));
    if fits {
        return Ok(written);
    }
    Err(format!("{} is no address: it starts with https:// or http:// and has no spaces.", quoted(&written)))
}

/// What was written, cut short, as part of a sentence.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let mut short: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    format!("\"{short}\"")
}

/// With "a" or "an" before it.
pub(super) fn a(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// "A", "A or B", "A, B or C".
pub(super) fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}
