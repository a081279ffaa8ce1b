//! What each setting does, in a sentence, for `silkroutes config` and its help.

use crate::http::settings::Settings as Http;

const OWN: &[(&str, &str)] = &[
    ("listen", "Address and port to listen on."),
    ("database", "URL of the database: sqlite://FILE, which is made when it is not there, or postgres://USER@HOST/NAME. Also DATABASE_URL."),
    ("database_replica", "URL of a replica of that database (PostgreSQL) that figures are read from wherever it is up with this node; none by default."),
    ("suggestions", "Whether errors about unknown fields name near ones."),
    ("suppress_also", "Codes of sources that round or hide small numbers themselves (UNHCR-…, ESTAT-…) and for which suppress_below counts nevertheless."),
    ("source_owners", "Which party owns which source, as UZSTAT-ASYLUM=UZB: it alone sees what suppress_below closes there."),
    ("log.format", "text for people, json for machines."),
    ("log.level", "error, warn, info, debug (a line for each request) or trace."),
];

/// Of each measure.
const SUPPRESS_BELOW: &str = "Figures of this measure from 1 to one less are held back, with whatever would give them away; 3 or more, 0 is off.";

const AUTH: &[(&str, &str)] = &[
    ("key_secret", "A secret of 16 characters or more that API keys are hashed with, besides the database's own; another one makes all keys worthless."),
    ("secretariat", "Codes of the parties whose keys and tokens may be the secretariat's; those of others are refused."),
];

const OIDC: &[(&str, &str)] = &[
    ("issuer", "The identity provider (OpenID Connect) whose access tokens are taken, as their `iss` has it; none by default."),
    ("audience", "The `aud` that its tokens for this server have."),
    ("jwks_url", "Where its public keys are; empty to ask it (discovery)."),
    ("party_claim", "The claim of a token that names its party."),
    ("role_claim", "The claim of a token that names its role, or lists groups that stand for one."),
    ("parties", "Which value of the claim is which party, as ministry-uz=UZB; empty where the values are codes."),
    ("roles", "Which value of the claim is which role, as reviewers=secretariat; empty where the values are focal-point and secretariat."),
    ("leeway", "By how much the clocks of the provider and of this server may differ."),
    ("refresh_time", "After which time its keys are looked at again."),
    ("retry_time", "Time between two attempts to read its keys."),
    ("keep_time", "How much longer known keys stay good while it does not answer."),
];

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
    let (table, name) = match key.rsplit_once('.') {
        Some(("http", name)) => (Http::SENTENCES, name),
        Some(("auth.oidc", name)) => (OIDC, name),
        Some(("auth", name)) => (AUTH, name),
        Some(("graphql", name)) => (GRAPHQL, name),
        Some(("suppress_below", _)) => return SUPPRESS_BELOW,
        _ => (OWN, key),
    };
    table.iter().find(|(known, _)| *known == name).map_or("", |(_, sentence)| sentence.trim())
}
