//! Who asks: the `Authorization` header, held against the keys of this installation and the tokens of its identity
//! provider, if it has one.
//!
//! Without the header everyone is a reader. With it, it must be right: a bad credential is never taken for none, and
//! why it is bad is told to nobody, in words or by the clock. Checks read memory alone (but for the provider's public keys, now and then); [`app`](crate::app) keeps the
//! [`keys`] up with the database.

mod jwks;
pub mod keys;
pub mod settings;
mod token;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use crate::domain::key::{PREFIX, Pepper};
use crate::domain::viewer::Viewer;
use crate::graph::Snapshot;

use super::refusal::{Refusal, code};
use jwks::Silent;
use keys::KeyTable;
use settings::Settings;
use token::Tokens;

pub use token::role_of;

/// Longer credentials are refused unread.
const LONGEST: usize = 8 * 1024;

/// What a server knows of those who may ask.
pub struct Auth {
    /// The API keys that are good.
    pub keys: KeyTable,
    tokens: Option<Tokens>,
    settings: Settings,
}

impl Auth {
    /// Knows nobody yet.
    ///
    /// # Errors
    /// Where there is an identity provider, and this system trusts no authority.
    pub fn new(pepper: Pepper, settings: &Settings) -> std::io::Result<Self> {
        let tokens = (!settings.oidc.issuer.is_empty()).then(|| Tokens::new(&settings.oidc)).transpose()?;
        Ok(Self { keys: KeyTable::new(pepper), tokens, settings: settings.clone() })
    }

    /// Who sends a request.
    ///
    /// # Errors
    /// 401, the same for whatever is wrong with its credentials; 503 for tokens of the identity provider, the same for
    /// all, where that does not say by which keys it signs.
    pub async fn viewer(&self, headers: &HeaderMap, snapshot: &Snapshot, now: Timestamp) -> Result<Viewer, Refusal> {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let (first, second) = (lines.next(), lines.next());
        let Some(line) = first else { return Ok(Viewer::anonymous()) };
        if second.is_some() {
            return Err(refused());
        }
        let token = bearer(line).ok_or_else(refused)?;
        let member = match &self.tokens {
            _ if token.starts_with(PREFIX) => self.keys.member(token, now),
            Some(tokens) => tokens.member(token, now).await.map_err(silent)?,
            None => None,
        };
        let member = member.ok_or_else(refused)?;
        // A party that left the catalogue has nothing to ask for; nor has a secretariat that is none here.
        if !snapshot.has_party(&member.party) || !self.settings.admits(&member.party, member.role) {
            return Err(refused());
        }
        Ok(Viewer::Member(member))
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110).
fn bearer(line: &HeaderValue) -> Option<&str> {
    let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= LONGEST).then_some(token)
}

fn refused() -> Refusal {
    let message = "The credentials are not accepted: send `Authorization: Bearer` with a key or token that is good, or no such header to read what is public.";
    Refusal::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, message)
}

fn silent(silent: Silent) -> Refusal {
    let message =
        "The identity provider does not answer, so that none of its tokens can be looked at, good or bad; try again. What is public can be read without.";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, message).retry_after(silent.retry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_one_token_behind_its_scheme() {
        let token = |line: &'static str| bearer(&HeaderValue::from_static(line)).map(str::to_owned);
        for line in ["Bearer abc", "bearer abc", "BEARER   abc", "Bearer abc "] {
            assert_eq!(token(line).as_deref(), Some("abc"), "{line}");
        }
        for line in ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc", "Token abc"] {
            assert_eq!(token(line), None, "{line}");
        }
        assert_eq!(bearer(&HeaderValue::from_bytes("Bearer é".as_bytes()).unwrap()), None);
        let long = |length: usize| HeaderValue::from_str(&format!("Bearer {}", "a".repeat(length))).unwrap();
        assert!(bearer(&long(LONGEST)).is_some() && bearer(&long(LONGEST + 1)).is_none());
    }
}
