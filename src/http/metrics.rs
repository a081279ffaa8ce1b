//! `GET /metrics`, for Prometheus, on a listener of its own: what is counted is for those who run the server, and whoever
//! may send questions must not get at it in any spelling. Few connections, of one request each, and no patience: a scraper
//! needs no more, and nothing of this is limited by what clients do elsewhere.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Shared, answer};

/// Scrapers at the same time; others wait.
const CONNECTIONS: usize = 16;

/// Time for the head of a request.
const HEAD: Duration = Duration::from_secs(1);

/// Time for one connection, from its first byte to its last.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let socket = match listener.accept().await {
            Ok((socket, _)) => socket,
            Err(fault) => {
                tracing::warn!(%fault, "cannot accept a connection for /metrics");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(async |request| Ok::<_, Infallible>(answer_to(&shared, &request).await));
            let mut protocol = http1::Builder::new();
            protocol.timer(TokioTimer::new()).header_read_timeout(HEAD).keep_alive(false).max_buf_size(16 * 1024);
            let _ = timeout(PATIENCE, protocol.serve_connection(TokioIo::new(socket), service)).await;
            drop(place);
        });
    }
}

async fn answer_to(shared: &Shared, request: &Request<Incoming>) -> Response {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, render(shared).await),
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "Only GET is answered.\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "There is only /metrics here.\n".to_owned()),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer::protect(headers);
    response
}

async fn render(shared: &Shared) -> String {
    shared.meter.kept(shared.answers.weight());
    shared.meter.waiting(shared.budget.held());
    shared.meter.vitals(&shared.store.vitals().await);
    shared.meter.render()
}
