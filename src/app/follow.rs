//! Keeps the snapshot up with the database: what another process writes (`silkroutes load`, a second server) is
//! seen here without a restart.
//!
//! PostgreSQL says when something was written; SQLite does not, and of a connection that was lost nothing is heard.
//! So there is a look twice a second, too, which costs one row read by key; and one when a request waits for a
//! revision. Requests that are running keep the snapshot that they began with, so that one answer shows one revision.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::http::meter::Meter;
use crate::store::{FollowError, Follower, Store, Trouble};

/// How long a change may go unseen.
const LOOK: Duration = Duration::from_millis(500);

/// How often it is looked whether what is written is kept.
const WATCH: Duration = Duration::from_millis(500);

/// A log ahead of the database that is longer than this is told of.
const LONG_LOG: u64 = 256 << 20;

/// How often it is tried to take out of all files what was erased; after how long without success that is told.
const ERASE: Duration = Duration::from_millis(500);
const ERASURE: Duration = Duration::from_secs(10);

/// How often it is looked whether much was replaced.
const TIDY: Duration = Duration::from_secs(1);

/// Until something was written, or it is time to look whether something was.
#[derive(Clone)]
pub(super) struct Wake(watch::Receiver<()>);

impl Wake {
    pub async fn next(&mut self) {
        if let Ok(Err(_)) = tokio::time::timeout(LOOK, self.0.changed()).await {
            // Nobody will tell any more.
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Who wakes, and how to be woken.
pub(super) fn wake() -> (watch::Sender<()>, Wake) {
    let (bell, ear) = watch::channel(());
    (bell, Wake(ear))
}

/// Hears of writes for ever, and wakes those who follow. What cannot be heard is seen by their looks.
pub(super) async fn listen(store: &Store, bell: watch::Sender<()>) {
    loop {
        match store.listen().await {
            Ok(None) => return std::future::pending().await,
            Ok(Some(mut listener)) => {
                // What was written before it listened was not heard.
                bell.send_replace(());
                while listener.heard().await.is_ok() {
                    bell.send_replace(());
                }
            }
            Err(fault) => tracing::debug!(%fault, "changes are looked for until they can be heard again"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Follows the database for ever. A database that does not answer, or does not make a graph, leaves the last good
/// snapshot in place; that is logged once, not with every look.
pub(super) async fn follow(follower: &Follower, meter: &Meter, mut wake: Wake) {
    let mut told: Option<String> = None;
    loop {
        tokio::select! {
            () = wake.next() => {}
            () = follower.wanted() => {}
        }
        let fault = look(follower, meter).await.err().map(|fault| fault.to_string());
        if let Some(fault) = fault.as_ref().filter(|fault| told.as_ref() != Some(fault)) {
            tracing::error!(%fault, revision = follower.current().revision(), "the graph cannot follow the database and stays as it is");
        }
        told = fault;
    }
}

async fn look(follower: &Follower, meter: &Meter) -> Result<(), FollowError> {
    let (graph, is_new) = follower.catch_up().await?;
    if is_new {
        tracing::info!(revision = graph.revision(), entries = graph.len(), "the database has changed; the graph follows");
    }
    meter.snapshot(graph.revision(), graph.len());
    Ok(())
}

/// Clears away what was replaced, now and then. Apart from [`follow`]: it may take seconds, and a withdrawal must not
/// wait for it.
pub(super) async fn tidy_now_and_then(follower: &Follower) {
    loop {
        tokio::time::sleep(TIDY).await;
        if let Err(fault) = follower.tidy().await {
            tracing::warn!(%fault, "what was replaced in the graph is not cleared away yet");
        }
    }
}

/// Looks for ever whether what is written is kept. It is logged when it begins to be otherwise, and when that is over.
pub(super) async fn watch(store: &Store) {
    let (mut told, mut since, mut log_is_told) = (None, Instant::now(), false);
    loop {
        tokio::time::sleep(WATCH).await;
        let trouble = store.watch().await;
        let kind = trouble.as_ref().map(Trouble::told);
        if let Some(trouble) = trouble.as_ref().filter(|_| kind != told) {
            tracing::error!(%trouble, "what is written would not be kept, and is refused");
            since = Instant::now();
        } else if kind.is_none() && told.is_some() {
            tracing::warn!(seconds = since.elapsed().as_secs(), "what is written is kept again");
        }
        told = kind;
        let log = store.log_bytes().unwrap_or_default();
        if log > LONG_LOG && !log_is_told {
            tracing::warn!(bytes = log, "the log ahead of the database grows: another program reads an older state, and keeps it from being emptied");
        }
        log_is_told = log > LONG_LOG || (log_is_told && log > LONG_LOG / 2);
    }
}

/// Takes out of all files what was erased, for ever. Where somebody reads an older state it cannot be done yet: that is
/// logged once.
pub(super) async fn erase(store: &Store) {
    loop {
        store.erasure().await;
        let (since, mut is_told) = (Instant::now(), false);
        loop {
            let fault = match Box::pin(store.take_out_erased()).await {
                Ok(true) => break,
                Ok(false) => "another program reads an older state".to_owned(),
                Err(fault) => fault.to_string(),
            };
            if !is_told && since.elapsed() > ERASURE {
                tracing::warn!(fault, "what was erased still stands in a file of the database; it is tried on");
                is_told = true;
            }
            tokio::time::sleep(ERASE).await;
        }
        if is_told {
            tracing::warn!(seconds = since.elapsed().as_secs(), "what was erased is out of every file");
        }
    }
}
