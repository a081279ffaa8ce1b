//! For those who run the server: is it alive, may it be sent requests; and the schema as text.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::time::timeout;

use super::accept::Format;
use super::refusal::{Refusal, code};
use super::{Shared, answer, graphql, revision};

/// A database that takes longer than this to say its revision is as good as gone.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /health/live`: the process answers. Says nothing of the database, or a broken one would have us restarted.
pub(super) async fn live() -> Response {
    plain("application/json; charset=utf-8", Body::from(r#"{"status":"live"}"#))
}

/// `GET /health/ready`: whether to send requests here; no while stopping, while the database does not answer or does
/// not keep what is written, or while this node cannot follow it and therefore turns away everyone who sends credentials.
pub(super) async fn ready(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let id = super::id_of(&request);
    drop(request);
    let refuse = |message: &'static str| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, message).into_response(Format::Json, id);
    if shared.is_draining() {
        return refuse("The server is stopping.");
    }
    let looks = async {
        match timeout(PATIENCE, shared.store.revision()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(fault)) => {
                tracing::warn!(%fault, "not ready: the database does not answer");
                Err("The database does not answer.")
            }
            Err(_) => {
                tracing::warn!("not ready: the database is slow");
                Err("The database does not answer in time.")
            }
        }
    };
    let follows = async {
        if revision::hears(&shared).await {
            return Ok(());
        }
        tracing::warn!("not ready: the graph or the keys do not follow the database");
        Err("This node does not follow its database: it answers nobody who sends credentials; what is public can be read without.")
    };
    let keeps = async {
        shared.store.trouble().map_or(Ok(()), |trouble| {
            tracing::warn!(%trouble, "not ready: what is written would not be kept");
            Err(trouble.told())
        })
    };
    // All at once, until one says no: a prober has no patience for one after the other.
    match tokio::try_join!(keeps, looks, follows) {
        Ok(_) => plain("application/json; charset=utf-8", Body::from(r#"{"status":"ready"}"#)),
        Err(message) => refuse(message),
    }
}

/// `GET /schema.graphql`: the schema in its definition language.
pub(super) async fn schema(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    graphql::text(&headers, &shared.schema, &shared.schema_tag, "text/plain; charset=utf-8")
}

fn plain(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer::protect(headers);
    response
}
