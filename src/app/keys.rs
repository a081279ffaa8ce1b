//! Keeps the API keys of a running server up with its database: a key that was made or revoked, here or by another
//! process, counts within a second. And tells the database now and then which keys were used.

use std::time::Duration;

use jiff::Timestamp;

use super::follow::Wake;
use crate::domain::key::{KeyId, Pepper};
use crate::http::auth::keys::KeyTable;
use crate::http::auth::settings::Settings;
use crate::store::{Follower, Store, StoreError};

/// How often uses are noted.
const NOTE: Duration = Duration::from_mins(1);

/// What hashes of keys are made with here: the database's secret, and the operator's, where there is one.
///
/// # Errors
/// Where the database does not answer.
pub async fn pepper(store: &Store, settings: &Settings) -> Result<Pepper, StoreError> {
    Ok(Pepper::new(&store.key_secret().await?, settings.key_secret.reveal()))
}

/// Reads the keys where they changed since the last reading, or the database went back to an earlier state (`era` counts
/// how often it did) or is another file.
pub(super) async fn catch_up(store: &Store, keys: &KeyTable, era: u64) -> Result<(), StoreError> {
    // Both only go up: together they tell any two states apart.
    let era = era + store.opened();
    if keys.mark() != Some((era, store.key_mark().await?)) {
        let (mark, live) = store.live_keys().await?;
        // A key that goes takes its uses along, and those of a revoked key matter most. But it goes first.
        let uses = keys.take_uses();
        keys.replace((era, mark), live);
        keys.hear();
        // Apart: a write may have to wait, and whoever was revoked meanwhile must not.
        let store = store.clone();
        tokio::spawn(async move { tell(&store, &uses).await });
    }
    keys.hear();
    Ok(())
}

/// Follows the database for ever. While it does not answer, the keys stay as they were last known to be; that is logged
/// once, not with every look.
pub(super) async fn follow(store: &Store, keys: &KeyTable, follower: &Follower, mut wake: Wake) {
    let mut is_told = false;
    loop {
        tokio::select! {
            () = wake.next() => {}
            () = keys.wanted() => {}
        }
        match catch_up(store, keys, follower.current().era()).await {
            Ok(()) => is_told = false,
            Err(fault) if !is_told => {
                tracing::error!(%fault, "API keys cannot follow the database and stay as they are");
                is_told = true;
            }
            Err(_) => {}
        }
    }
}

/// Tells the database of uses now and then. Apart from [`follow`]: a write may have to wait, a revoked key must not.
pub(super) async fn note_now_and_then(store: &Store, keys: &KeyTable) {
    loop {
        tokio::time::sleep(NOTE).await;
        note(store, keys).await;
    }
}

/// Tells the database of uses that it does not know.
pub(super) async fn note(store: &Store, keys: &KeyTable) {
    tell(store, &keys.take_uses()).await;
}

async fn tell(store: &Store, uses: &[(KeyId, Timestamp)]) {
    if !uses.is_empty()
        && let Err(fault) = store.note_uses(uses).await
    {
        tracing::warn!(%fault, "the last uses of API keys are not noted");
    }
}
