//! Errors that clients see: a code from a closed list, a sentence that says what would be right, nothing else.
//!
//! What happened inside goes to the log. Codes are documented in docs/API-DESIGN.md; a test holds the two together.

use std::cmp::Ordering;

use async_graphql::{ErrorExtensionValues, PathSegment, ServerError, Value};

use crate::graph::code::UnknownCode;
use crate::graph::page::PageFault;
use crate::store::StoreError;

/// The codes that errors carry, but for those of the transport.
pub mod code {
    /// The text is not GraphQL.
    pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    /// The document is GraphQL, but means nothing.
    pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    /// A value is larger or more deeply nested than is accepted.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// Too deep.
    pub const LIMIT_DEPTH: &str = "LIMIT_DEPTH";
    /// Too costly: nodes, written-out selections, root fields.
    pub const LIMIT_COST: &str = "LIMIT_COST";
    /// Too long or too intricate as a text.
    pub const LIMIT_TOKENS: &str = "LIMIT_TOKENS";
    /// Too many aliases.
    pub const LIMIT_ALIASES: &str = "LIMIT_ALIASES";
    /// The database does not answer; try again.
    pub const UNAVAILABLE: &str = "UNAVAILABLE";
    /// Something went wrong here; the request id finds it in the log.
    pub const INTERNAL: &str = "INTERNAL";
}

/// All that a client is told of a fault of ours.
pub(super) const INTERNAL_MESSAGE: &str = "Something went wrong here. Tell the operator the request id.";

/// What a resolver answers instead of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    code: &'static str,
    message: String,
}

impl Fault {
    /// A value that cannot be used, and what would be right.
    pub fn input(message: impl Into<String>) -> Self {
        Self { code: code::BAD_USER_INPUT, message: message.into() }
    }

    /// More work than one operation may be; also of one for which nobody waits any more, and who would not read it.
    pub fn too_much() -> Self {
        Self { code: code::LIMIT_COST, message: "The operation takes more work than one may; ask for fewer lists, shorter filters or smaller pages.".into() }
    }

    /// Something that cannot be, was; the cause goes to the log.
    pub fn internal(cause: &str) -> Self {
        tracing::error!(cause, "an invariant of the graph does not hold");
        Self { code: code::INTERNAL, message: INTERNAL_MESSAGE.into() }
    }

    /// The database did not keep what was written; the cause goes to the log.
    pub fn unwritten(fault: &StoreError) -> Self {
        tracing::error!(%fault, "a write was not kept");
        let message = match fault {
            StoreError::Unknown(_) | StoreError::Silent | StoreError::BrokenOff => {
                "Whether this was written cannot be told. Ask again: with the same idempotencyKey it is done once."
            }
            _ => "Nothing was written: the database does not take it at the moment. Try again.",
        };
        Self { code: code::UNAVAILABLE, message: message.into() }
    }

    /// The database did not answer; the cause goes to the log.
    pub fn unavailable(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a read from the database failed");
        Self { code: code::UNAVAILABLE, message: "This part of the answer cannot be read at the moment. Try again.".into() }
    }
}

impl From<Fault> for async_graphql::Error {
    fn from(fault: Fault) -> Self {
        let mut error = Self::new(fault.message);
        set_code(&mut error.extensions, fault.code);
        error
    }
}

impl From<UnknownCode> for Fault {
    fn from(unknown: UnknownCode) -> Self {
        Self::input(unknown.to_string())
    }
}

impl From<PageFault> for Fault {
    fn from(fault: PageFault) -> Self {
        Self::input(fault.to_string())
    }
}

/// Puts a code where clients look for it.
pub(super) fn set_code(extensions: &mut Option<ErrorExtensionValues>, code: &str) {
    extensions.get_or_insert_default().set("code", code);
}

/// An error of the executor that has no code yet, made fit for a client.
///
/// `executed` tells whether a resolver may have been reached: before, the document was at fault; after, an
/// argument was, as nothing of ours fails without a code.
pub(super) fn dress(error: &mut ServerError, executed: bool) {
    let has_code = error.extensions.as_ref().is_some_and(|e| matches!(e.get("code"), Some(Value::String(_))));
    if !has_code {
        let code = if executed || is_about_a_value(&error.message) { code::BAD_USER_INPUT } else { code::VALIDATION_FAILED };
        set_code(&mut error.extensions, code);
        error.message = plain(&error.message);
    }
    // What resolvers may attach for themselves must not travel.
    error.source = None;
}

/// The order in which faults are told: as their fields stand in the document, and as the list has them.
pub(super) fn in_order(a: &ServerError, b: &ServerError) -> Ordering {
    let place = |error: &ServerError| error.locations.first().map(|at| (at.line, at.column));
    let step = |a: &PathSegment, b: &PathSegment| match (a, b) {
        (PathSegment::Index(a), PathSegment::Index(b)) => a.cmp(b),
        (PathSegment::Field(a), PathSegment::Field(b)) => a.cmp(b),
        (PathSegment::Index(_), PathSegment::Field(_)) => Ordering::Less,
        (PathSegment::Field(_), PathSegment::Index(_)) => Ordering::Greater,
    };
    let along = || a.path.iter().zip(&b.path).map(|(a, b)| step(a, b)).find(|order| order.is_ne()).unwrap_or(a.path.len().cmp(&b.path.len()));
    place(a).cmp(&place(b)).then_with(along)
}

/// Of directives that are not known each is told once, however often it stands there.
pub(super) fn told_once(errors: &mut Vec<ServerError>) {
    let mut told: Vec<String> = Vec::new();
    errors.retain(|error| {
        let is_told = told.contains(&error.message);
        if !is_told && ["Unknown directive", "Duplicate directive"].iter().any(|about| error.message.starts_with(about)) {
            told.push(error.message.clone());
        }
        !is_told
    });
    // It stands twice, but that it is not there is all that there is to say.
    let unknown: Vec<String> = told.iter().filter_map(|message| Some(message.strip_prefix("Unknown")?.to_owned())).collect();
    errors.retain(|error| error.message.strip_prefix("Duplicate").is_none_or(|rest| !unknown.iter().any(|known| known == rest)));
}

/// The executor checks literals and variables against types before it runs anything.
fn is_about_a_value(message: &str) -> bool {
    message.starts_with("Invalid value for argument")
        || message.starts_with("Failed to parse")
        || (message.starts_with("Variable") && message.contains("invalid value"))
}

/// Takes out of the executor's sentences what speaks of its own insides, and adds what may have been meant.
fn plain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = without_insides(line);
    let near = match line.split('"').collect::<Vec<_>>().as_slice() {
        // … enumeration type "T" does not contain the value "W"
        [.., list, verb, word, _] if verb.contains("does not contain") => super::word::near_word(list, word),
        _ => String::new(),
    };
    let mut line: String = line.chars().take(400).collect();
    if !near.is_empty() {
        line.push('.');
        line.push_str(&near);
    }
    if line.is_empty() {
        line.push_str("The request could not be carried out.");
    }
    line
}

/// `Failed to parse "T": what is wrong (occurred while parsing "F") (occurred while parsing "G")` becomes
/// `what is wrong (in G)`, and `Expected input type "T", found V.` becomes `T is wanted, not V.`
fn without_insides(line: &str) -> String {
    const WITHIN: &str = " (occurred while parsing \"";
    let line = line.strip_prefix("Failed to parse \"").and_then(|rest| rest.split_once("\": ")).map_or(line, |(_, wrong)| wrong);
    let (wrong, inside) = match line.split_once(WITHIN) {
        None => (line, None),
        // The last one is the widest, and the one that the client wrote by name.
        Some((wrong, within)) => (wrong, within.rsplit(WITHIN).next().map(|name| name.trim_end_matches("\")"))),
    };
    let wrong = match wrong.strip_prefix("Expected input type \"").and_then(|rest| rest.split_once("\", found ")) {
        Some((wanted, found)) => format!("{wanted} is wanted, not {}.", shortened(found.trim_end_matches('.'))),
        None => wrong.to_owned(),
    };
    match inside {
        None => wrong,
        Some(inside) => format!("{wrong} (in {inside})"),
    }
}

/// What was found is named, not echoed at length.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Pos;

    use super::*;

    #[test]
    fn faults_are_told_as_their_fields_stand_whichever_happened_first() {
        let fault = |line, path: &[PathSegment]| {
            let mut error = ServerError::new("", Some(Pos { line, column: 1 }));
            error.path = path.to_vec();
            error
        };
        let [a, b, of] = ["a", "b", "of"].map(|name| PathSegment::Field(name.into()));
        let at = |index| [a.clone(), PathSegment::Index(index), of.clone()];
        let told = [fault(1, std::slice::from_ref(&a)), fault(2, &at(2)), fault(2, &at(10)), fault(3, &[a.clone(), b])];
        let mut happened: Vec<ServerError> = told.iter().rev().cloned().collect();
        happened.sort_by(in_order);
        assert_eq!(happened, told);
    }

    #[test]
    fn the_executors_sentences_become_ours() {
        let nulled = "Failed to parse \"[String!]\": null is no condition here. (occurred while parsing \"StateFilter\")";
        assert_eq!(plain(nulled), "null is no condition here. (in StateFilter)");
        let word = "Invalid value for argument \"filter.targetGroups.0\", enumeration type \"TargetGroup\" does not contain the value \"RETURNES\"";
        assert_eq!(plain(word), format!("{word}. Did you mean RETURNEES or REFUGEES?"));
        let deep =
            "Failed to parse \"Int\": Expected input type \"Int\", found \"x\". (occurred while parsing \"[Int!]\") (occurred while parsing \"StateFilter\")";
        assert_eq!(plain(deep), "Int is wanted, not \"x\". (in StateFilter)");
        assert_eq!(plain(""), "The request could not be carried out.");
    }
}
