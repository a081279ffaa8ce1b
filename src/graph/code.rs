//! Codes that a client names: found, or answered with what may have been meant.

use crate::domain::suggest::did_you_mean;

use super::index::{Ix, Table};

/// A filter or argument named a code that is not there; the text is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("There is no {what} with the code '{code}'.{suggestion}")]
pub struct UnknownCode {
    /// What was looked for, such as "state".
    pub what: &'static str,
    /// The code as it was given.
    pub code: String,
    /// " Did you mean …?", or nothing.
    pub suggestion: String,
}

impl UnknownCode {
    /// That code is no code of those.
    pub fn new<'a>(what: &'static str, code: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        // A code is short: what is longer was never near one, and would be echoed at length.
        let shown: String = code.chars().take(60).collect();
        let suggestion = did_you_mean(&shown, known);
        Self { what, code: shown, suggestion }
    }
}

/// The rows of those codes in a table, sorted and without doubles.
///
/// # Errors
/// Where one of the codes is unknown.
pub fn find_all<T>(table: &Table<T>, what: &'static str, codes: &[String]) -> Result<Vec<Ix<T>>, UnknownCode> {
    let mut found = codes.iter().map(|code| table.find(code).ok_or_else(|| UnknownCode::new(what, code, table.codes()))).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
