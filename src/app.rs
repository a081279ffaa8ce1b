//! Wires everything: database, catalogue, snapshot, schema, transport, socket; starts and stops it.

mod follow;
pub mod keys;
pub mod named;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::Settings;
use crate::domain::catalogue::{self, Catalogue};
use crate::graph::Snapshot;
use crate::graphql::{Api, Validator};
use crate::http::auth::Auth;
use crate::http::edge::Edge;
use crate::http::meter::Meter;
use crate::http::persisted::DocumentMode;
use crate::http::persisted::trusted::Trusted;
use crate::http::work::Threads;
use crate::http::{Parts, Shared, server};
use crate::store::{FollowError, Follower, ImportOptions, Opening, Store, StoreError};
use crate::telemetry;

/// The catalogue that the binary carries.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}

/// A statement ends this long after the answer that it is for had to be there, should it not have ended by itself.
const BEYOND: Duration = Duration::from_secs(1);

/// After so many steps a thread looks what has come in. Steps are long here, up to a millisecond where an operation runs
/// through memory: with the usual 61, new requests, refusals and looks at the health would wait for all of those.
pub const STEPS: u32 = 4;

/// How often measurements are summed up.
const TIDY: Duration = Duration::from_secs(5);

/// What the surroundings give: time and chance, so that tests can give their own.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// Something random.
    pub seed: [u64; 2],
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// Most likely another server has the port.
    #[error("Cannot listen on {address}: {}. Choose another address with --listen, as in --listen 127.0.0.1:8081.", reason(.cause))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// There is an identity provider, and no way to know it.
    #[error("The identity provider cannot be asked over TLS: this system trusts no authority ({0}).")]
    Trust(std::io::Error),
    /// The database says why.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no threads.
    #[error("The system gives no threads: {0}.")]
    Threads(std::io::Error),
    /// Trusted documents are at fault, or there are none where nothing else is run.
    #[error("Trusted documents: {0}")]
    Documents(String),
    /// Never in a release: a test loads it.
    #[error("The built-in catalogue has {0} faults; `silkroutes load --check` lists them.")]
    Catalogue(usize),
    /// Settings name what is not there; the sentence says which.
    #[error("{0}")]
    Named(String),
    /// The graph says why.
    #[error(transparent)]
    Graph(#[from] FollowError),
}

fn reason(cause: &std::io::Error) -> &'static str {
    match cause.kind() {
        std::io::ErrorKind::AddrInUse => "another program is using the port",
        std::io::ErrorKind::PermissionDenied => "this user may not use the port",
        std::io::ErrorKind::AddrNotAvailable => "this machine does not have the address",
        _ => "the system does not allow it",
    }
}

/// A server that answers.
pub struct App {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The catalogue that the binary carries, read and checked.
///
/// # Errors
/// Its faults.
pub fn embedded_catalogue() -> Result<Catalogue, Vec<catalogue::Fault>> {
    catalogue::read(embedded::FILES.iter().copied())
}

/// Opens the database, fills it with the built-in catalogue if it is empty, and answers.
///
/// # Errors
/// One sentence on why not. The port is taken first: where it is in use, the database is not touched.
pub async fn start(settings: Settings, surroundings: Surroundings) -> Result<App, StartFault> {
    let listen = |cause| StartFault::Listen { address: settings.listen, cause };
    let listener = TcpListener::bind(settings.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;

    // Nobody waits longer than that for an answer.
    let read_time = settings.http.answer_time.0.saturating_add(BEYOND);
    let opening = Opening { url: settings.database.url(), replica: settings.database_replica.if_any(), clock: surroundings.clock, read_time };
    let store = Store::open_as(opening).await?.suppressing(settings.suppression());
    if store.is_empty().await? {
        let catalogue = embedded_catalogue().map_err(|faults| StartFault::Catalogue(faults.len()))?;
        let entries = catalogue.entries.len();
        store.import(&catalogue, ImportOptions::default(), &|_, _| {}).await?;
        tracing::info!(entries, "loaded the built-in catalogue into an empty database");
    }
    let follower = Arc::new(Follower::new(store.clone()).await?);
    let snapshot = follower.current();
    check_names(&settings, &snapshot)?;

    let auth = Auth::new(keys::pepper(&store, &settings.auth).await?, &settings.auth).map_err(StartFault::Trust)?;
    keys::catch_up(&store, &auth.keys, snapshot.era()).await?;

    let api = Api::new(settings.graphql.clone(), settings.suggestions);
    let trusted = trusted(&settings, &api).map_err(StartFault::Documents)?;
    let documents = trusted.texts().filter_map(|text| api.prepare(text).ok());
    let operations = documents.flat_map(|document| document.operation_names().map(str::to_owned).collect::<Vec<_>>()).collect();
    let meter = Meter::new(&telemetry::recorder(), env!("CARGO_PKG_VERSION"), &operations);
    meter.snapshot(snapshot.revision(), snapshot.len());
    let shared = Arc::new(Shared::new(Parts {
        api,
        trusted,
        document_limits: settings.graphql,
        follower: Arc::clone(&follower),
        store: Arc::new(store),
        auth,
        meter,
        threads: threads().map_err(StartFault::Threads)?,
        settings: settings.http.clone(),
        clock: surroundings.clock,
        seed: surroundings.seed,
    }));
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(run(listener, Arc::clone(&shared), follower, settings.http, stopped));
    tracing::info!(%address, "answering");
    Ok(App { address, stop, task })
}

/// What settings name must be there, or is warned of.
fn check_names(settings: &Settings, snapshot: &Arc<Snapshot>) -> Result<(), StartFault> {
    let (refused, warned): (Vec<_>, Vec<_>) = named::unknown(settings, snapshot).into_iter().partition(|unknown| unknown.is_refused);
    for unknown in warned {
        tracing::warn!("{}", unknown.sentence);
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(StartFault::Named(refused.into_iter().map(|unknown| unknown.sentence).collect::<Vec<_>>().join(" ")))
}

/// As many as those that listen.
fn threads() -> std::io::Result<Threads> {
    Threads::new(tokio::runtime::Handle::current().metrics().num_workers(), STEPS)
}

/// The documents that an operator trusts, each of which must be one that would be run.
fn trusted(settings: &Settings, api: &Api) -> Result<Trusted, String> {
    let source = &settings.http.document_source;
    if source.is_empty() {
        return match settings.http.documents {
            DocumentMode::Any => Ok(Trusted::default()),
            DocumentMode::TrustedOnly => Err("with `http.documents` = trusted-only, `http.document_source` must name a folder or a manifest.".into()),
        };
    }
    let validator = Validator::new(api);
    let trusted = Trusted::read(Path::new(source), |text| validator.check(text)).map_err(|faults| faults.to_string())?;
    if trusted.is_empty() && settings.http.documents == DocumentMode::TrustedOnly {
        return Err(format!("{source} holds no document, so that nothing could be run: put `.graphql` files or a manifest (`.json`) there."));
    }
    Ok(trusted)
}

async fn run(listener: TcpListener, shared: Arc<Shared>, follower: Arc<Follower>, settings: crate::http::settings::Settings, stopped: oneshot::Receiver<()>) {
    let tidy = async {
        loop {
            tokio::time::sleep(TIDY).await;
            shared.meter().tidy();
        }
    };
    let stop = async {
        // A sender that is gone means stop, too.
        let _ = stopped.await;
        tracing::info!("stopping");
    };
    let (bell, wake) = follow::wake();
    let keys = &shared.auth().keys;
    tokio::select! {
        () = tidy => {}
        () = follow::listen(shared.store(), bell) => {}
        () = follow::follow(&follower, shared.meter(), wake.clone()) => {}
        () = follow::tidy_now_and_then(&follower) => {}
        () = keys::follow(shared.store(), keys, &follower, wake) => {}
        () = keys::note_now_and_then(shared.store(), keys) => {}
        () = server::serve(listener, Edge::new(Arc::clone(&shared)), &settings, stop) => {}
    }
    keys::note(shared.store(), &shared.auth().keys).await;
    shared.store().clone().close().await;
    tracing::info!("stopped");
}

impl App {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: no new connections, what is running may finish, idle connections close.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        if let Err(fault) = self.task.await {
            tracing::error!(%fault, "the server did not stop well");
        }
    }
}
