//! OpenID Connect access tokens (JWT): whose they are, and which party and role their claims stand for.
//!
//! A token is held against the keys of the one issuer that the settings name, by an algorithm with a public key, and
//! every claim that counts must be there and of its type. Claims are mapped to a party and a role by the settings; a
//! token that maps to no role, or to two, is no good.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwks::{Jwks, Silent};
use super::settings::Oidc;
use crate::domain::subject;
use crate::domain::viewer::{Member, Role};

/// The tokens of one issuer.
pub(super) struct Tokens {
    settings: Oidc,
    parties: HashMap<String, String>,
    roles: HashMap<String, Role>,
    keys: Arc<Jwks>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    /// A number and nothing else; so is `nbf`.
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// What tells of a token only whose it is said to be.
#[derive(Deserialize)]
struct Issued {
    iss: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Tokens {
    /// Tokens of the issuer that the settings name.
    ///
    /// # Errors
    /// Where this system trusts no authority.
    pub fn new(settings: &Oidc) -> std::io::Result<Self> {
        let parties = pairs(&settings.parties).map(|(value, code)| (value.to_owned(), code.to_owned())).collect();
        let roles = pairs(&settings.roles).filter_map(|(value, role)| Some((value.to_owned(), role_of(role)?))).collect();
        Ok(Self { parties, roles, keys: Arc::new(Jwks::new(settings)?), settings: settings.clone() })
    }

    /// Whose token that is; none where it is not good.
    ///
    /// # Errors
    /// Where it says that it is of our issuer, and there is nothing to hold it against: the same for every such token.
    pub async fn member(&self, token: &str, now: Timestamp) -> Result<Option<Arc<Member>>, Silent> {
        let Some(header) = decode_header(token).ok().filter(is_acceptable) else { return Ok(None) };
        let verifier = match self.keys.find(header.kid.as_deref()).await {
            Ok(Some(verifier)) => verifier,
            Err(silent) if self.is_said_to_be_ours(token) => return Err(silent),
            Ok(None) | Err(_) => return Ok(None),
        };
        if !verifier.is_for(header.alg) {
            return Ok(None);
        }
        let claims = decode::<Claims>(token, &verifier.key, &self.validation(header.alg)).ok().map(|token| token.claims);
        Ok(claims.and_then(|claims| self.read(&claims, now)).map(Arc::new))
    }

    /// Whether a token names our issuer, in claims that nobody vouches for.
    fn is_said_to_be_ours(&self, token: &str) -> bool {
        let mut parts = token.split('.');
        let (_, claims, seal, more) = (parts.next(), parts.next(), parts.next(), parts.next());
        let claims = claims.and_then(|claims| BASE64URL_NOPAD.decode(claims.as_bytes()).ok());
        let claims: Option<Issued> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        seal.is_some() && more.is_none() && claims.is_some_and(|claims| claims.iss == self.settings.issuer)
    }

    /// The signature, by the one algorithm that the key is for. Times are looked at by our own clock, below.
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation
    }

    fn read(&self, claims: &Claims, now: Timestamp) -> Option<Member> {
        let is_ours = match &claims.aud {
            Audience::One(audience) => *audience == self.settings.audience,
            Audience::Many(audiences) => audiences.contains(&self.settings.audience),
        };
        let (now, leeway) = (now.as_duration().as_secs_f64(), self.settings.leeway.0.as_secs_f64());
        let is_in_time = now < claims.exp + leeway && claims.nbf.is_none_or(|nbf| nbf <= now + leeway);
        if !is_ours || claims.iss != self.settings.issuer || claims.sub.is_empty() || !is_in_time {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "what is beyond all instants is refused")]
        let expires_at = Timestamp::from_second(claims.exp as i64).ok()?;
        Some(Member {
            party: self.party(claims)?,
            role: self.role(claims)?,
            subject: subject::of_token(&claims.iss, &claims.sub),
            expires_at: Some(expires_at),
        })
    }

    fn party(&self, claims: &Claims) -> Option<String> {
        let value = claims.others.get(&self.settings.party_claim)?.as_str()?;
        if self.parties.is_empty() { Some(value.to_owned()) } else { self.parties.get(value).cloned() }
    }

    /// The one role that the claim's value, or the values of its list, stand for.
    fn role(&self, claims: &Claims) -> Option<Role> {
        let values: Vec<&str> = match claims.others.get(&self.settings.role_claim)? {
            Value::String(value) => vec![value],
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
            _ => return None,
        };
        let role = |value: &str| if self.roles.is_empty() { role_of(value) } else { self.roles.get(value).copied() };
        let roles: BTreeSet<Role> = values.into_iter().filter_map(role).collect();
        let mut roles = roles.into_iter();
        roles.next().filter(|_| roles.next().is_none())
    }
}

/// `value=code`: a value may hold the sign, a code does not.
fn pairs(list: &[String]) -> impl Iterator<Item = (&str, &str)> {
    list.iter().filter_map(|pair| pair.rsplit_once('='))
}

/// A role as settings and claims spell it.
#[must_use]
pub fn role_of(name: &str) -> Option<Role> {
    match name {
        "focal-point" | "FOCAL_POINT" => Some(Role::FocalPoint),
        "secretariat" | "SECRETARIAT" => Some(Role::Secretariat),
        _ => None,
    }
}

/// A signed token by a public key, without anything that we would have to understand and do not.
fn is_acceptable(header: &Header) -> bool {
    // Named one by one: what a new version of the library learns is not taken unseen.
    let is_public = matches!(
        header.alg,
        Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512
            | Algorithm::ES256
            | Algorithm::ES384
            | Algorithm::EdDSA
    );
    let kind = header.typ.as_deref().map(str::to_ascii_lowercase);
    let is_token = matches!(kind.as_deref(), None | Some("jwt" | "at+jwt" | "application/at+jwt"));
    is_public && is_token && header.crit.is_none() && header.enc.is_none() && header.zip.is_none()
}
