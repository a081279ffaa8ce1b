//! The snapshot, kept up with the change log: what was contributed is patched in, anything else read anew.
//!
//! One at a time follows; whoever waited finds the work done. So the snapshot only ever goes on to a later revision.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use super::contribution::faces;
use super::error::Doing;
use super::sql::{Sql, rows};
use super::{Store, StoreError, write};
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::graph::material::PracticeFace;
use crate::graph::{Broken, Snapshot};

const DOING: &str = "read what has changed";
/// So many replaced faces a snapshot may carry before it is made anew: each costs memory and a look.
const MOST_GONE: usize = 500;
/// More changes at once are read anew.
const MOST_CHANGES: usize = 200;

/// Why there is no newer snapshot.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The database says why.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database holds what does not fit together.
    #[error("The database does not make a graph: {0}. `silkroutes doctor` looks closer.")]
    Broken(#[from] Broken),
}

/// A snapshot that follows its database.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    secret: [u8; 64],
    current: ArcSwap<Snapshot>,
    turn: Mutex<()>,
}

impl Follower {
    /// Reads the whole graph.
    ///
    /// # Errors
    /// Where it cannot be read, or does not fit together.
    pub async fn new(store: Store) -> Result<Self, FollowError> {
        let secret = store.secret().await?;
        let snapshot = whole(&store, secret).await?;
        Ok(Self { store, secret, current: ArcSwap::from_pointee(snapshot), turn: Mutex::default() })
    }

    /// The graph as it is known here.
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// The graph as the database has it now; whether it is another one than before.
    ///
    /// # Errors
    /// Where it cannot be read, or does not fit together; then the last one stays.
    pub async fn catch_up(&self) -> Result<(Arc<Snapshot>, bool), FollowError> {
        let _turn = self.turn.lock().await;
        let before = self.current();
        if self.store.revision().await? == before.revision() {
            return Ok((before, false));
        }
        let patched = match self.store.contributed_since(before.revision()).await? {
            Some((revision, changed)) if before.gone() < MOST_GONE => Some(before.with_practices(revision, changed)?),
            _ => None,
        };
        let fresh = match patched {
            Some(patched) => patched,
            None => whole(&self.store, self.secret).await?,
        };
        let fresh = Arc::new(fresh);
        self.current.store(Arc::clone(&fresh));
        Ok((fresh, true))
    }
}

async fn whole(store: &Store, secret: [u8; 64]) -> Result<Snapshot, FollowError> {
    let material = store.material().await?;
    // Seconds of work at a million entries: not on a thread that answers.
    let built = tokio::task::spawn_blocking(move || Snapshot::build(material, &secret)).await;
    Ok(built.map_err(|_| StoreError::BrokenOff)??)
}

/// Practices, with all of their faces.
type Contributed = Vec<(Id, Vec<PracticeFace>)>;

impl Store {
    /// What was contributed behind a revision, and up to which; none where anything else changed, too.
    async fn contributed_since(&self, revision: u64) -> Result<Option<(u64, Contributed)>, StoreError> {
        let reading = write::reading(&self.read, DOING).await?;
        let found = async {
            let now = write::revision(&reading).await?;
            let mut sql = Sql::new("SELECT DISTINCT entry_id, kind FROM change WHERE revision > ");
            sql.bind(i64::try_from(revision).unwrap_or(i64::MAX)).text(" LIMIT ").bind(i64::try_from(MOST_CHANGES).unwrap_or(i64::MAX) + 1);
            let mut changed: BTreeMap<Id, Vec<PracticeFace>> = BTreeMap::new();
            for row in rows(&reading, sql).await.doing(DOING)? {
                let (id, kind): (String, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
                if kind != Kind::GoodPractice.name() {
                    return Ok(None);
                }
                changed.insert(id.parse().map_err(|_| StoreError::Damaged { what: "an id", of: "the change log".into() })?, Vec::new());
            }
            let ids: Vec<Id> = changed.keys().copied().collect();
            for face in faces(&reading, Some(&ids)).await? {
                if let Some(of_practice) = changed.get_mut(&face.id) {
                    of_practice.push(face);
                }
            }
            // A practice without a face is the catalogue's, and read with it.
            let is_whole = changed.len() <= MOST_CHANGES && changed.values().all(|faces| !faces.is_empty());
            Ok(is_whole.then(|| (now, changed.into_iter().collect())))
        }
        .await;
        let _ = reading.rollback().await;
        found
    }
}
