//! The transport: GraphQL over HTTP around the executor, pages, and what operators ask.
//!
//! A request's way: [`server`] (connection, patience) → [`edge`] (id, limits of the head, count, panics) → the table of
//! [`routes`] → [`graphql`] (negotiation, body, document) → `graphql::Api` → [`answer`] (limit, status, caches) → back.
//! Everything that is refused on the way is a [`refusal`]: a GraphQL error with a code, whatever went wrong.
//!
//! | file | what |
//! |---|---|
//! | [`server`], `line` | sockets: limits of HTTP itself, graceful stop; one connection's patience |
//! | [`edge`] | around every request |
//! | `graphql`, `request`, `body`, [`accept`] | the endpoint: what came, how it wants to be answered |
//! | [`answer`], [`refusal`] | what goes out |
//! | `kept`, [`persisted`] | answers that are given again; documents that are known by a name |
//! | `shed`, [`work`] | how many run, how many wait; where they run |
//! | `export` | the list of an operation as a file |
//! | [`auth`], `rate`, `places` | who asks; how much; how many at once |
//! | `revision` | from which state on; whether this node may speak for what is not public |
//! | [`cors`], [`request_id`], [`meter`] | other origins; the id; the counters |
//! | `health` | `/health/live`, `/health/ready`, `/metrics`, `/schema.graphql` |
//! | [`pages`] | GraphiQL, the console |
//! | [`settings`] | every limit of the transport |

pub mod accept;
pub mod answer;
pub mod auth;
mod body;
pub mod cors;
pub mod edge;
mod export;
mod graphql;
mod health;
#[cfg(any(test, fuzzing))]
pub mod hostile;
mod kept;
mod line;
pub mod meter;
pub mod pages;
pub mod persisted;
mod places;
mod rate;
pub mod refusal;
mod request;
pub mod request_id;
mod revision;
pub mod server;
pub mod settings;
mod shed;
pub mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use crate::graphql::Api;
use crate::graphql::limit::Limits;
use crate::store::{Follower, Store};

use accept::Format;
use meter::Meter;
use persisted::Documents;
use persisted::trusted::Trusted;
use refusal::{Refusal, code};
use request_id::{RequestId, RequestIds};
use settings::Settings;

/// Where operations are sent.
pub const ENDPOINT: &str = "/graphql";

/// What the application hands to the transport.
pub struct Parts {
    /// The executor.
    pub api: Api,
    /// The limits that it was made with; those of the variables are checked before they are read.
    pub document_limits: Limits,
    /// The graph, kept up with the database.
    pub follower: Arc<Follower>,
    /// The database.
    pub store: Arc<Store>,
    /// Who may ask.
    pub auth: auth::Auth,
    /// The counters.
    pub meter: Meter,
    /// Where long operations run.
    pub threads: work::Threads,
    /// Documents that an operator trusts.
    pub trusted: Trusted,
    /// The limits of the transport.
    pub settings: Settings,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// Makes the ids of this process's requests unlike those of others.
    pub seed: [u64; 2],
}

/// What all routes share.
pub struct Shared {
    api: Api,
    document_limits: Limits,
    follower: Arc<Follower>,
    store: Arc<Store>,
    auth: auth::Auth,
    meter: Meter,
    settings: Settings,
    clock: fn() -> Timestamp,
    ids: RequestIds,
    cors: cors::Cors,
    rates: rate::Rates,
    export_places: places::Places,
    answers: kept::Answers,
    documents: Documents,
    gate: shed::Gate,
    threads: work::Threads,
    longer_kept: Option<HeaderValue>,
    schema_tag: String,
    draining: AtomicBool,
}

impl Shared {
    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { api, document_limits, follower, store, auth, meter, threads, trusted, settings, clock, seed } = parts;
        Self {
            schema_tag: graphql::tag_of(api.sdl().as_bytes()),
            rates: rate::Rates::new(&settings),
            answers: kept::Answers::new(settings.cache_bytes, settings.compress_bytes),
            documents: Documents::new(settings.documents, trusted, settings.persisted_bytes),
            gate: shed::Gate::new(&settings, threads.count()),
            threads,
            longer_kept: graphql::longer_kept(settings.shared_time),
            export_places: places::Places::new(settings.exports, settings.exports_each),
            cors: cors::Cors::new(&settings.cors_origins),
            ids: RequestIds::new(seed),
            draining: AtomicBool::new(false),
            api,
            document_limits,
            follower,
            store,
            auth,
            meter,
            settings,
            clock,
        }
    }

    /// Who may ask.
    #[must_use]
    pub const fn auth(&self) -> &auth::Auth {
        &self.auth
    }

    /// The counters.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }

    /// From now on `/health/ready` says no.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// The one table of routes.
fn routes(shared: &Arc<Shared>) -> Router {
    // Level 4 is where brotli and gzip stop being cheap. Pages are packed beforehand and not touched by this;
    // a workbook is packed as it is.
    let worth_it = SizeAbove::new(shared.settings.compress_bytes).and(NotForContentType::const_new("application/vnd.openxmlformats"));
    let compress = CompressionLayer::new().quality(CompressionLevel::Precise(4)).compress_when(worth_it);
    let router = Router::new()
        .route(ENDPOINT, post(graphql::post).get(graphql::get).layer(compress.clone()))
        .route("/schema.graphql", get(health::schema).layer(compress.clone()))
        .route("/metrics", get(health::metrics).layer(compress))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .merge(pages::routes())
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_path);
    router.with_state(Arc::clone(shared))
}

async fn unknown_path(request: Request) -> Response {
    let message = "There is nothing at this path; the GraphQL endpoint is /graphql, and its editor /graphiql.";
    Refusal::new(StatusCode::NOT_FOUND, code::BAD_REQUEST, message).into_response(accept::wish(request.headers()).format(), id_of(&request))
}

/// axum adds `Allow`.
async fn wrong_method(request: Request) -> Response {
    let message = "This path does not take this method; the Allow header names those that it takes.";
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_REQUEST, message).into_response(Format::Json, id_of(&request))
}

/// The id that [`edge`] gave to a request.
fn id_of(request: &Request) -> RequestId {
    request.extensions().get().copied().unwrap_or(RequestId::NONE)
}
