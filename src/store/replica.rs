//! A second server that figures may be read from: a replica of the database, kept up by PostgreSQL itself.
//!
//! It is a little behind, and may be far behind. So each transaction on it first looks whether its log has the line up
//! to which this node's graph was read ([`Mark`]): then its figures are those of the graph or later ones, as the
//! database's own would be. Where it is behind, does not answer, or has no place free, the database itself is asked.
//! Nothing else is ever read from it: who may see what, and to what a party consented, only the database knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::DatabaseConnection;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::mark::Mark;
use super::state::{OneState, begin};
use super::{Store, StoreError};

/// How long one that does not answer is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// A replica.
#[derive(Debug)]
pub(super) struct Replica {
    database: DatabaseConnection,
    turns: Arc<Semaphore>,
    /// Until when it is left alone.
    away: std::sync::Mutex<Option<Instant>>,
    /// It was told that it is away, and not yet that it is back.
    told: AtomicBool,
}

impl Replica {
    /// One behind that pool, of which so many may read at the same time.
    pub fn new(database: DatabaseConnection, turns: usize) -> Self {
        Self { database, turns: Arc::new(Semaphore::new(turns)), away: std::sync::Mutex::default(), told: AtomicBool::new(false) }
    }

    /// One state of it, in which `mark` is; none where there is none now.
    async fn state(&self, mark: &Mark) -> Option<OneState> {
        if self.is_away() {
            return None;
        }
        let turn = Arc::clone(&self.turns).try_acquire_owned().ok()?;
        let looked = async {
            let state = begin(&self.database, "read figures from the replica", Some(turn), None).await?;
            Ok::<_, StoreError>((mark.is_in(&*state).await?, state))
        };
        match looked.await {
            Ok((is_there, state)) => {
                if self.told.swap(false, Ordering::Relaxed) {
                    tracing::info!("the replica answers again");
                }
                if is_there {
                    return Some(state);
                }
                tracing::debug!(revision = mark.revision, "the replica is behind");
                let _ = state.rollback().await;
                None
            }
            Err(fault) => {
                self.leave_alone();
                // Once, and not with every read.
                if !self.told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%fault, "the replica does not answer; figures are read from the database itself");
                }
                None
            }
        }
    }

    fn is_away(&self) -> bool {
        self.away.lock().is_ok_and(|away| away.is_some_and(|until| Instant::now() < until))
    }

    fn leave_alone(&self) {
        if let Ok(mut away) = self.away.lock() {
            *away = Some(Instant::now() + PAUSE);
        }
    }

    /// Lets go of it.
    pub async fn close(&self) {
        let _ = self.database.clone().close().await;
    }
}

impl Store {
    /// Begins to read figures, as of one moment: from the replica where there is one that will do, else as
    /// [`Store::one_state`] does.
    pub(super) async fn state_of_figures(&self, doing: &'static str) -> Result<OneState, StoreError> {
        // What no graph was read of yet cannot be compared.
        if let (Some(replica), Some(mark)) = (&self.replica, self.shown.load_full())
            && let Some(state) = replica.state(&mark).await
        {
            return Ok(state);
        }
        self.one_state(doing).await
    }
}
