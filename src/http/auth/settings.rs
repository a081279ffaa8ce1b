//! What can be set about those who ask.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::settings::Span;
use crate::domain::viewer::Role;

/// Settings of keys and tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A secret that hashes of API keys are made with, besides the database's own.
    pub key_secret: Secret,
    /// Codes of the parties that the secretariat is of.
    pub secretariat: Vec<String>,
    /// An identity provider whose access tokens are taken.
    pub oidc: Oidc,
}

impl Default for Settings {
    fn default() -> Self {
        // The organisation that the partnership's documents charge with it.
        Self { key_secret: Secret::default(), secretariat: vec!["ICMPD".into()], oidc: Oidc::default() }
    }
}

impl Settings {
    /// Whether a party may hold keys and tokens of that role.
    #[must_use]
    pub fn admits(&self, party: &str, role: Role) -> bool {
        role != Role::Secretariat || self.secretariat.iter().any(|code| code == party)
    }
}

/// An identity provider; none where no issuer is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// The `iss` of its tokens; empty for none.
    pub issuer: String,
    /// The `aud` that tokens for this server have.
    pub audience: String,
    /// Where its public keys are; what it says of itself under its issuer, where this is empty.
    pub jwks_url: String,
    /// The claim that names the party.
    pub party_claim: String,
    /// The claim that names the role, or lists groups that make a role.
    pub role_claim: String,
    /// `value=CODE`: which value of the claim is which party; empty where the values are codes.
    pub parties: Vec<String>,
    /// `value=focal-point` or `value=secretariat`; empty where the values are these words.
    pub roles: Vec<String>,
    /// By how much clocks may differ.
    pub leeway: Span,
    /// After which time its keys are looked at again.
    pub refresh_time: Span,
    /// Time between two attempts to read its keys.
    pub retry_time: Span,
    /// How long known keys stay good while it does not answer.
    pub keep_time: Span,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            audience: String::new(),
            jwks_url: String::new(),
            party_claim: "party".into(),
            role_claim: "role".into(),
            parties: Vec::new(),
            roles: Vec::new(),
            leeway: Span::seconds(30),
            refresh_time: Span::seconds(300),
            retry_time: Span::seconds(5),
            keep_time: Span::seconds(3600),
        }
    }
}

/// Whether keys may be read from there: over TLS, or from this machine.
#[must_use]
pub fn is_safe_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<axum::http::Uri>() else { return false };
    let is_local = uri.host().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && is_local)
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text, for the one who needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "…" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_over_tls_or_from_this_machine() {
        for url in ["https://id.example.org", "https://id.example.org:8443/realms/x", "http://127.0.0.1:9000/jwks", "http://localhost/", "http://[::1]:1/"] {
            assert!(is_safe_url(url), "{url}");
        }
        for url in ["", "id.example.org", "http://id.example.org", "http://127.0.0.1.example.org/", "ftp://localhost/", "http://localhost@id.example.org/"] {
            assert!(!is_safe_url(url), "{url}");
        }
    }
}
