//! Pages of other sites: closed by default, opened for the origins that the settings name.
//!
//! Credentials are never allowed: there are no cookies here, and an origin is never mirrored together with them.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
const SENT: HeaderValue = HeaderValue::from_static("accept, accept-language, at-least-revision, authorization, content-type, if-none-match, x-request-id");
const READ: HeaderValue = HeaderValue::from_static("etag, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, revision, x-request-id");
/// Browsers keep the permission for two hours at most.
const KEPT: HeaderValue = HeaderValue::from_static("7200");
const RESOURCES: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Which origins may read answers.
#[derive(Debug)]
pub struct Cors {
    everyone: bool,
    origins: Vec<HeaderValue>,
}

impl Cors {
    /// Those origins, or everyone where one is `*`.
    #[must_use]
    pub fn new(origins: &[String]) -> Self {
        Self { everyone: origins.iter().any(|origin| origin == "*"), origins: origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect() }
    }

    /// What to allow a request's origin, if anything.
    #[must_use]
    pub fn grant(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(ORIGIN)?;
        if self.everyone {
            return Some(HeaderValue::from_static("*"));
        }
        self.origins.contains(origin).then(|| origin.clone())
    }

    /// Adds the grant to an answer.
    pub fn mark(&self, grant: Option<HeaderValue>, answer: &mut HeaderMap) {
        if !self.everyone && !self.origins.is_empty() {
            answer.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(grant) = grant {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, grant);
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, READ);
            answer.insert(RESOURCES, HeaderValue::from_static("cross-origin"));
        }
    }
}

/// Whether this is a browser's question before a request of another origin.
#[must_use]
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to it. Without a grant it allows nothing, and the browser sends nothing more.
#[must_use]
pub fn preflight(is_granted: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    headers.insert(VARY, HeaderValue::from_static("access-control-request-method, access-control-request-headers"));
    if is_granted {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, SENT);
        headers.insert(ACCESS_CONTROL_MAX_AGE, KEPT);
    }
    response
}
