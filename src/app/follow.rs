//! Keeps the snapshot up with the database: what another process writes (`silkroutes load`, a second server) is
//! seen here without a restart.
//!
//! A look costs one row read by key. A change is read whole; requests that are running keep the snapshot that they
//! began with, so that one answer shows one revision.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::graph::Snapshot;
use crate::http::meter::Meter;
use crate::store::Store;

use super::{StartFault, snapshot};

/// How long a change may go unseen.
const LOOK: Duration = Duration::from_millis(500);

/// Follows the database for ever. A database that does not answer, or does not make a graph, leaves the last good
/// snapshot in place; that is logged once, not with every look.
pub(super) async fn follow(store: &Store, current: &ArcSwap<Snapshot>, meter: &Meter) {
    let mut told: Option<String> = None;
    loop {
        tokio::time::sleep(LOOK).await;
        match catch_up(store, current).await {
            Ok(None) => told = None,
            Ok(Some(fresh)) => {
                tracing::info!(revision = fresh.revision(), entries = fresh.len(), "the database has changed; the graph follows");
                meter.snapshot(fresh.revision(), fresh.len());
                told = None;
            }
            Err(fault) => {
                let fault = fault.to_string();
                if told.as_ref() != Some(&fault) {
                    tracing::error!(%fault, revision = current.load().revision(), "the graph cannot follow the database and stays as it is");
                    told = Some(fault);
                }
            }
        }
    }
}

/// Swaps the snapshot where the database has another revision.
async fn catch_up(store: &Store, current: &ArcSwap<Snapshot>) -> Result<Option<Arc<Snapshot>>, StartFault> {
    if store.revision().await? == current.load().revision() {
        return Ok(None);
    }
    let fresh = Arc::new(snapshot(store).await?);
    current.store(Arc::clone(&fresh));
    Ok(Some(fresh))
}
