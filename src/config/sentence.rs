//! What each setting does, in a sentence, for `silkroutes config` and its help.

use crate::http::settings::Settings as Http;

const OWN: &[(&str, &str)] = &[
    ("listen", "Address and port to listen on."),
    ("database", "URL of the database; sqlite://FILE is made when it is not there. Also DATABASE_URL."),
    ("suggestions", "Whether errors about unknown fields name near ones."),
    ("log.format", "text for people, json for machines."),
    ("log.level", "error, warn, info, debug (a line for each request) or trace."),
];

const AUTH: &[(&str, &str)] =
    &[("key_secret", "A secret of 16 characters or more that API keys are hashed with, besides the database's own; another one makes all keys worthless.")];

/// Of the limits that a document meets; their reasons stand in `graphql::limit`.
const GRAPHQL: &[(&str, &str)] = &[
    ("tokens", "Words, numbers and signs in a document."),
    ("nesting", "Brackets within each other in a document."),
    ("operations", "Operations in a document."),
    ("fragments", "Fragments in a document."),
    ("aliases", "Aliases in a document, and in an operation with fragments written out."),
    ("directives", "Directives in a document."),
    ("root_fields", "Fields of the root type in an operation."),
    ("selections", "Fields and fragments in an operation, fragments written out."),
    ("depth", "Fields within each other."),
    ("introspection_depth", "Fields within each other under __schema and __type."),
    ("expanded_nesting", "Selections within each other, fragments written out; at most 32."),
    ("nodes", "Records that an operation may read: its page sizes, multiplied."),
    ("variable_nesting", "Lists and objects within each other in variables."),
    ("list_length", "Entries of one list in variables or document."),
    ("predicates", "Predicates in one filter."),
    ("filter_nesting", "and, or, not within each other in one filter."),
];

/// The sentence of a setting; empty for what is none.
#[must_use]
pub fn sentence(key: &str) -> &'static str {
    let (table, name) = match key.split_once('.') {
        Some(("http", name)) => (Http::SENTENCES, name),
        Some(("auth", name)) => (AUTH, name),
        Some(("graphql", name)) => (GRAPHQL, name),
        _ => (OWN, key),
    };
    table.iter().find(|(known, _)| *known == name).map_or("", |(_, sentence)| sentence.trim())
}
