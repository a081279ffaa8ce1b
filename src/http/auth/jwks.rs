//! The public keys of an identity provider: read over HTTP, kept, read again when they age or when a token names one
//! that is not known.
//!
//! A stranger can name unknown keys as fast as he likes: the provider is asked once at a time, and not again before
//! `retry_time` has passed. While it does not answer, keys that are known stay good for `keep_time`; then there is nothing
//! that a token could be held against, good or bad ([`Silent`]).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use axum::body::Bytes;
use axum::http::{Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::settings::{Oidc, is_safe_url};

/// A provider that takes longer is as good as gone.
const PATIENCE: Duration = Duration::from_secs(3);
/// Key sets are some kilobytes.
const LONGEST: usize = 256 * 1024;
/// More keys than any provider has at once.
const MOST: usize = 100;

/// A key that signatures are held against.
pub(super) struct Verifier {
    pub key: DecodingKey,
    /// The one algorithm that it is for, where its owner says so.
    pub algorithm: Option<String>,
}

/// The provider does not answer, and what it said is too old or was never heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Silent {
    /// When it is asked again: so many seconds from now.
    pub retry: u64,
}

struct Known {
    keys: HashMap<String, Arc<Verifier>>,
    /// Where the set is of one key, it need not be named.
    only: Option<Arc<Verifier>>,
    read_at: Instant,
}

/// The keys of one provider.
pub(super) struct Jwks {
    issuer: String,
    url: Option<String>,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    current: ArcSwapOption<Known>,
    /// When reading them was last tried. Held while it is tried.
    tried: Mutex<Option<Instant>>,
    refresh: Duration,
    retry: Duration,
    keep: Duration,
}

impl Jwks {
    /// Reads nothing yet.
    ///
    /// # Errors
    /// Where this system trusts no authority.
    pub fn new(settings: &Oidc) -> std::io::Result<Self> {
        let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
        Ok(Self {
            issuer: settings.issuer.clone(),
            url: (!settings.jwks_url.is_empty()).then(|| settings.jwks_url.clone()),
            client: Client::builder(TokioExecutor::new()).build(connector),
            current: ArcSwapOption::empty(),
            tried: Mutex::new(None),
            refresh: settings.refresh_time.0,
            retry: settings.retry_time.0,
            keep: settings.keep_time.0,
        })
    }

    /// The key of that id; none where the provider has none.
    ///
    /// # Errors
    /// Where nobody can say, whatever the id.
    pub async fn find(self: &Arc<Self>, id: Option<&str>) -> Result<Option<Arc<Verifier>>, Silent> {
        if let Some((key, age)) = self.known(id) {
            let is_due = || self.tried.try_lock().is_ok_and(|tried| tried.is_none_or(|at| at.elapsed() >= self.retry));
            if age >= self.refresh && is_due() {
                // Good enough to go on with; whether it still is there will be known in a moment.
                let this = Arc::clone(self);
                tokio::spawn(async move { this.read_again().await });
            }
            return Ok(Some(key));
        }
        self.read_again().await;
        let is_heard = self.current.load().as_ref().is_some_and(|known| self.is_good(known.read_at.elapsed()));
        if is_heard { Ok(self.known(id).map(|(key, _)| key)) } else { Err(Silent { retry: self.retry.as_secs().max(1) }) }
    }

    /// Whether keys of that age may be used.
    fn is_good(&self, age: Duration) -> bool {
        age < self.refresh.saturating_add(self.keep)
    }

    /// A key that is known and not too old, and how old it is.
    fn known(&self, id: Option<&str>) -> Option<(Arc<Verifier>, Duration)> {
        let known = self.current.load_full()?;
        let age = known.read_at.elapsed();
        let key = match id {
            Some(id) => known.keys.get(id),
            None => known.only.as_ref(),
        };
        key.filter(|_| self.is_good(age)).map(|key| (Arc::clone(key), age))
    }

    /// Reads the keys, unless that was tried just now; whoever comes meanwhile waits for the same answer.
    async fn read_again(&self) {
        let mut tried = self.tried.lock().await;
        if tried.is_some_and(|at| at.elapsed() < self.retry) {
            return;
        }
        // Now already, as whoever waits for the answer may leave.
        *tried = Some(Instant::now());
        match timeout(PATIENCE, self.read()).await {
            Ok(Ok(known)) => {
                tracing::info!(keys = known.keys.len(), "read the keys of the identity provider");
                self.current.store(Some(Arc::new(known)));
            }
            Ok(Err(fault)) => tracing::warn!(fault, "the keys of the identity provider cannot be read"),
            Err(_) => tracing::warn!("the identity provider does not answer in time"),
        }
        *tried = Some(Instant::now());
    }

    async fn read(&self) -> Result<Known, String> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let set: Set = self.get(&url).await?;
        // One strange key spoils none of the others.
        let keys: Vec<Jwk> = set.keys.into_iter().take(MOST).filter_map(|key| serde_json::from_value(key).ok()).collect();
        let keys: Vec<_> = keys.iter().filter_map(|key| Some((key.common.key_id.clone(), Arc::new(verifier(key)?)))).collect();
        let only = match keys.as_slice() {
            [(_, key)] => Some(Arc::clone(key)),
            _ => None,
        };
        if keys.is_empty() {
            return Err("it lists no key that signs".into());
        }
        Ok(Known { only, keys: keys.into_iter().filter_map(|(id, key)| Some((id?, key))).collect(), read_at: Instant::now() })
    }

    /// Where the provider says that its keys are (OpenID Connect Discovery 1.0).
    async fn discover(&self) -> Result<String, String> {
        let about: About = self.get(&format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'))).await?;
        if about.issuer != self.issuer {
            return Err("it says that it is another issuer".into());
        }
        if is_safe_url(&about.jwks_uri) { Ok(about.jwks_uri) } else { Err("it keeps its keys where they are not safe".into()) }
    }

    /// Redirects are not followed: the keys are where the settings say.
    async fn get<T: for<'a> Deserialize<'a>>(&self, url: &str) -> Result<T, String> {
        let uri: Uri = url.parse().map_err(|_| "its address is none".to_owned())?;
        let request = axum::http::Request::get(uri).header(header::ACCEPT, "application/json").body(Empty::new());
        let request = request.map_err(|fault| fault.to_string())?;
        let response = self.client.request(request).await.map_err(|fault| fault.to_string())?;
        if response.status() != 200 {
            return Err(format!("it answers {}", response.status()));
        }
        let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(|fault| fault.to_string())?;
        serde_json::from_slice(&body.to_bytes()).map_err(|_| "its answer is not what it should be".to_owned())
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct About {
    issuer: String,
    jwks_uri: String,
}

/// A key that may sign, as far as it is of a public kind.
fn verifier(key: &Jwk) -> Option<Verifier> {
    let is_public = matches!(key.algorithm, AlgorithmParameters::RSA(_) | AlgorithmParameters::EllipticCurve(_) | AlgorithmParameters::OctetKeyPair(_));
    let signs = key.common.public_key_use.as_ref().is_none_or(|wanted| *wanted == PublicKeyUse::Signature);
    if !is_public || !signs {
        return None;
    }
    let algorithm = key.common.key_algorithm.map(|algorithm: KeyAlgorithm| format!("{algorithm:?}"));
    Some(Verifier { key: DecodingKey::from_jwk(key).ok()?, algorithm })
}

impl Verifier {
    /// Whether it may be used by that algorithm.
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.key.family() == algorithm.family() && self.algorithm.as_ref().is_none_or(|name| *name == format!("{algorithm:?}"))
    }
}
