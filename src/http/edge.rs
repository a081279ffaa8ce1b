//! Where every request comes in and every answer goes out: the request's id, the limits of its head, the count, and the
//! net under panics.
//!
//! One function around the router and not a tower of layers: each layer would box a future for what is a line here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::HttpBody;
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, ETAG, HOST, VARY};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Version};
use axum::response::Response;
use tower::ServiceExt as _;

use super::accept::{self, Format};
use super::refusal::{Code, Refusal, code};
use super::request_id::{self, RequestId};
use super::settings::Settings;
use super::{ENDPOINT, Shared, answer, cors, graphql};

/// The whole of the transport above the sockets.
#[derive(Clone)]
pub struct Edge {
    shared: Arc<Shared>,
    router: Router,
}

impl Edge {
    /// The routes around `shared`.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        let router = super::routes(&shared);
        Self { shared, router }
    }

    /// What the routes share.
    #[must_use]
    pub const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Answers one request, with `refused` where that is settled. The flag tells whether part of its body may still be on its way.
    pub(super) async fn answer<B>(&self, request: Request<B>, refused: Option<Refusal>) -> (Response, bool)
    where
        B: HttpBody<Data = axum::body::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        let shared = &*self.shared;
        let id = shared.ids.of(request.headers());
        let measure = shared.meter.start(request.uri().path() == ENDPOINT);
        let has_body = !request.body().is_end_stream();
        let grant = shared.cors.grant(request.headers());
        let format = accept::wish(request.headers()).format();
        let is_personal = graphql::is_personal(request.headers());
        let version = request.version();

        let mut response = match refused.map_or_else(|| check_head(&request, &shared.settings), Err) {
            Err(refusal) => refusal.into_response(format, id),
            Ok(()) if cors::is_preflight(request.method(), request.headers()) => cors::preflight(grant.is_some()),
            Ok(()) => self.route(request, format, id).await,
        };
        // With 400 the body was read; what is refused for another reason may never have been.
        let status = response.status();
        let is_left = has_body && (status.is_client_error() && status != StatusCode::BAD_REQUEST || status == StatusCode::SERVICE_UNAVAILABLE);
        tag_encoding(&mut response);
        let headers = response.headers_mut();
        if is_personal {
            keep_private(headers);
        }
        headers.insert(request_id::HEADER, id.header());
        if shared.is_draining() && version < Version::HTTP_2 {
            // Whoever keeps connections is to send the next request to another node.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        shared.cors.mark(grant, headers);
        self.note(&response, measure.finish(response.status()), id);
        (response, is_left)
    }

    /// The router's answer.
    async fn route<B>(&self, mut request: Request<B>, format: Format, id: RequestId) -> Response
    where
        B: HttpBody<Data = axum::body::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        let version = request.version();
        request.extensions_mut().insert(id);
        let mut response = match net(id, self.router.clone().oneshot(request)).await {
            Some(Ok(response)) => response,
            None => internal().into_response(format, id),
        };
        // A body that was refused unread leaves the connection useless for a next request.
        if response.status() == StatusCode::PAYLOAD_TOO_LARGE && version < Version::HTTP_2 {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn note(&self, response: &Response, took: std::time::Duration, id: RequestId) {
        let code = response.extensions().get::<Code>().map(|code| code.0);
        if let Some(code) = code {
            self.shared.meter.refused(code);
        }
        let status = response.status().as_u16();
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        match (status, code) {
            (_, Some(code::INTERNAL)) | (500, _) => {
                tracing::error!(request_id = id.as_str(), status, code, micros, "a request failed");
            }
            // A probe that learns that we are stopping is no event.
            (504, _) => tracing::warn!(request_id = id.as_str(), status, code, micros, "a request took too long"),
            _ => tracing::debug!(request_id = id.as_str(), status, code, micros, "answered"),
        }
    }
}

/// The net under panics: nothing where `work` panicked. The hook of `telemetry` has logged it by then, with the
/// request's id.
async fn net<T>(id: RequestId, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        let step = || catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        match request_id::during(id, step) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// URI and headers against their limits. hyper has limits of its own below, wider, that answer without a body.
fn check_head<B>(request: &Request<B>, settings: &Settings) -> Result<(), Refusal> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > settings.uri_bytes {
        let message = format!("Path and query may have at most {} bytes; send long documents by POST.", settings.uri_bytes);
        return Err(Refusal::new(StatusCode::URI_TOO_LONG, code::LIMIT_URI, message));
    }
    let too_large = |what: String| Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, code::LIMIT_HEADERS, what);
    let headers = request.headers();
    if headers.len() > settings.header_count {
        return Err(too_large(format!("A request may have at most {} headers.", settings.header_count)));
    }
    // As they stand in a request: `name: value` and the end of the line.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > settings.header_bytes {
        return Err(too_large(format!("The headers of a request may have at most {} bytes.", settings.header_bytes)));
    }
    check_host(request)
}

/// Whoever stands in front, a proxy or a cache, must see the same host as we do: there is exactly one, of the signs that one is
/// made of. HTTP/2 says it in its own way, and HTTP/1.0 need not.
fn check_host<B>(request: &Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, other) = (hosts.next(), hosts.next());
    let is_sound = |host: &HeaderValue| host.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(byte));
    let message = match (host, request.version()) {
        (None, Version::HTTP_11) => "A request of HTTP/1.1 must have a Host header.",
        _ if other.is_some() => "A request may have one Host header only.",
        (Some(host), _) if !is_sound(host) => "The Host header must name a host, and a port at most.",
        (Some(host), Version::HTTP_2) if request.uri().authority().is_some_and(|authority| authority.as_str().as_bytes() != host.as_bytes()) => {
            "The Host header must name the same host as `:authority`."
        }
        _ => return Ok(()),
    };
    Err(Refusal::bad_request(message))
}

fn internal() -> Refusal {
    let message = "Something went wrong here. Tell the operator the request id.";
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL, message)
}

/// Where a request says who sends it, its answer is private whatever it is: a refusal, too, may say something of him.
fn keep_private(headers: &mut HeaderMap) {
    if headers.get(CACHE_CONTROL).is_some_and(|control| control == "no-store") {
        headers.insert(CACHE_CONTROL, graphql::KEEP_PRIVATE);
        headers.entry(VARY).or_insert(answer::VARIES);
    }
}

/// A strong mark is one of bytes, and compression made others of them: the mark must say so.
fn tag_encoding(response: &mut Response) {
    let headers = response.headers();
    let (Some(encoding), Some(tag)) = (headers.get(CONTENT_ENCODING), headers.get(ETAG)) else { return };
    let (Ok(encoding), Ok(tag)) = (encoding.to_str(), tag.to_str()) else { return };
    let Some(bare) = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) else { return };
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{bare}-{encoding}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request_id::RequestIds;

    #[tokio::test]
    async fn a_panic_is_caught_and_its_request_is_known_to_the_hook() {
        let id = RequestIds::new([1, 2]).of(&HeaderMap::new());
        let seen = net(id, async {
            tokio::task::yield_now().await;
            request_id::current()
        });
        assert_eq!(seen.await, Some(Some(id)));
        assert_eq!(request_id::current(), None);
        let broken = net(id, async {
            tokio::task::yield_now().await;
            panic!("planted");
        });
        assert_eq!(broken.await, None::<()>);
        let answer = internal().into_response(Format::GraphQl, id);
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn a_strong_mark_names_the_encoding_and_a_weak_one_stays() {
        for (tag, expected) in [("\"abc\"", "\"abc-br\""), ("W/\"abc\"", "W/\"abc\"")] {
            let mut response = Response::new(axum::body::Body::empty());
            response.headers_mut().insert(ETAG, HeaderValue::from_static(tag));
            tag_encoding(&mut response);
            assert_eq!(response.headers()[ETAG], tag);
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
            tag_encoding(&mut response);
            assert_eq!(response.headers()[ETAG], expected);
        }
    }
}
