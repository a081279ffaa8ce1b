//! The transport: GraphQL over HTTP around the executor, pages, and what operators ask.
//!
//! A request's way: [`server`] (connection, patience) → [`edge`] (id, limits of the head, count, panics) → the table of
//! [`routes`] → [`graphql`] (negotiation, body, document) → `graphql::Api` → [`answer`] (limit, status, caches) → back.
//! Everything that is refused on the way is a [`refusal`]: a GraphQL error with a code, whatever went wrong.
//!
//! | file | what |
//! |---|---|
//! | [`server`], `line` | sockets: limits of HTTP itself, graceful stop; one connection's patience |
//! | `crowd`, `traffic` | all connections, and which are given up for others; one of them |
//! | `budget`, `stay`, `sending` | what answers hold that wait to be read; one request until its answer is taken; the bytes on their way |
//! | [`edge`] | around every request |
//! | `graphql`, `request`, `body`, [`accept`] | the endpoint: what came, how it wants to be answered |
//! | `operation` | one operation, from its text to the text of its answer |
//! | [`answer`], [`refusal`], `pack` | what goes out |
//! | `kept`, [`persisted`] | answers that are given again; documents that are known by a name |
//! | `shed`, [`work`] | how many run, how many wait, of whom; where they run |
//! | `export` | the list of an operation as a file |
//! | [`auth`], `rate`, `places` | who asks; how much; how many at once |
//! | `revision` | from which state on; whether this node may speak for what is not public |
//! | [`cors`], [`request_id`], [`meter`] | other origins; the id; the counters |
//! | `health` | `/health/live`, `/health/ready`, `/schema.graphql` |
//! | [`metrics`] | `/metrics`, on a listener of its own |
//! | [`pages`] | GraphiQL, the console |
//! | [`settings`] | every limit of the transport |

pub mod accept;
pub mod answer;
pub mod auth;
mod body;
mod budget;
pub mod cors;
mod crowd;
pub mod edge;
mod export;
mod graphql;
mod health;
#[cfg(any(test, fuzzing))]
pub mod hostile;
mod kept;
mod line;
pub mod meter;
pub mod metrics;
mod operation;
mod pack;
pub mod pages;
pub mod persisted;
mod places;
mod rate;
pub mod refusal;
mod request;
pub mod request_id;
mod revision;
mod sending;
pub mod server;
pub mod settings;
mod shed;
mod stay;
mod traffic;
pub mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::Predicate;

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
    budget: Arc<budget::Budget>,
    documents: Documents,
    gate: shed::Gate,
    threads: work::Threads,
    longer_kept: Option<HeaderValue>,
    schema: pack::Twins,
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
            schema: pack::Twins::new(api.sdl().to_owned().into()),
            schema_tag: graphql::tag_of(api.sdl().as_bytes()),
            rates: rate::Rates::new(&settings),
            answers: kept::Answers::new(settings.cache_bytes, settings.compress_bytes),
            budget: Arc::new(budget::Budget::new(&settings)),
            documents: Documents::new(settings.documents, trusted, settings.persisted_bytes),
            gate: shed::Gate::new(&settings, threads.places()),
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

    /// Who pays for what a request holds: the client as a proxy in front names him, else the connection's.
    fn account(&self, traffic: &traffic::Traffic, peer: rate::Peer, headers: &HeaderMap) -> Arc<budget::Account> {
        if self.settings.client_header.is_empty() {
            return Arc::clone(traffic.account());
        }
        self.budget.account(self.rates.client(Some(peer), headers))
    }

    /// From now on `/health/ready` says no.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// What is packed on its way out: what is long enough to be worth it, and so short that it takes no time.
#[derive(Clone, Copy)]
struct Worth {
    from: u64,
}

impl Predicate for Worth {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        response.body().size_hint().exact().is_some_and(|bytes| (self.from..pack::LARGE as u64).contains(&bytes))
    }
}

/// The one table of routes.
fn routes(shared: &Arc<Shared>) -> Router {
    // What is large is packed where it is made, pages beforehand; a workbook is packed as it is.
    let worth_it = Worth { from: shared.settings.compress_bytes };
    let compress = CompressionLayer::new().quality(CompressionLevel::Precise(4)).compress_when(worth_it);
    let router = Router::new()
        .route(ENDPOINT, post(graphql::post).get(graphql::get).layer(compress))
        .route("/schema.graphql", get(health::schema))
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
