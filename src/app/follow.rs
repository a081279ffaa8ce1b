//! Keeps the snapshot up with the database: what another process writes (`silkroutes load`, a second server) is
//! seen here without a restart.
//!
//! A look costs one row read by key. Requests that are running keep the snapshot that they began with, so that one
//! answer shows one revision.

use std::time::Duration;

use crate::http::meter::Meter;
use crate::store::{FollowError, Follower};

/// How long a change may go unseen.
const LOOK: Duration = Duration::from_millis(500);

/// Follows the database for ever. A database that does not answer, or does not make a graph, leaves the last good
/// snapshot in place; that is logged once, not with every look.
pub(super) async fn follow(follower: &Follower, meter: &Meter) {
    let mut told: Option<String> = None;
    loop {
        tokio::time::sleep(LOOK).await;
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
    follower.tidy().await
}
