//! Keeps the snapshot up with the database: what another process writes (`silkroutes load`, a second server) is
//! seen here without a restart.
//!
//! PostgreSQL says when something was written; SQLite does not, and of a connection that was lost nothing is heard.
//! So there is a look twice a second, too, which costs one row read by key; and one when a request waits for a
//! revision. Requests that are running keep the snapshot that they began with, so that one answer shows one revision.

use std::time::Duration;

use tokio::sync::watch;

use crate::http::meter::Meter;
use crate::store::{FollowError, Follower, Store};

/// How long a change may go unseen.
const LOOK: Duration = Duration::from_millis(500);

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
