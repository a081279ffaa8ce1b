//! The snapshot, kept up with the change log: what was contributed is patched in, anything else read anew.
//!
//! One at a time follows; whoever waited finds the work done. So the snapshot only ever goes on to a later revision.
//!
//! Several nodes follow one log. What was written on another is here a moment later; a reader who knows of a write says
//! its revision and waits for it ([`Follower::reach`]). And a node that hears nothing knows for how long
//! ([`Follower::silence`]).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, Notify, watch};

use super::contribution::faces;
use super::error::Doing;
use super::heard::Heard;
use super::material::of_kind;
use super::sql::{Sql, rows};
use super::{Store, StoreError, write};
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::graph::material::{Patch, PracticeFace};
use crate::graph::{Broken, Snapshot};

const DOING: &str = "read what has changed";
/// So many replaced faces a snapshot may carry before it is made anew at leisure: each costs memory and a look.
pub(super) const MOST_GONE: usize = 500;
/// More changes at once are read anew.
pub(super) const MOST_CHANGES: usize = 200;

/// How often a wanted revision is asked for again, where the database does not have it yet.
const AGAIN: Duration = Duration::from_millis(50);

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
    /// The revision of the current snapshot, for those who wait for one.
    reached: watch::Sender<u64>,
    /// Somebody waits.
    wanted: Notify,
    heard: Heard,
    /// A newer snapshot is being made, and the last attempt at one went well.
    making: AtomicBool,
    failed: AtomicBool,
}

impl Follower {
    /// Reads the whole graph.
    ///
    /// # Errors
    /// Where it cannot be read, or does not fit together.
    pub async fn new(store: Store) -> Result<Self, FollowError> {
        let secret = store.secret().await?;
        let snapshot = whole(&store, secret).await?;
        Ok(Self {
            store,
            secret,
            reached: watch::Sender::new(snapshot.revision()),
            current: ArcSwap::from_pointee(snapshot),
            turn: Mutex::default(),
            wanted: Notify::new(),
            heard: Heard::now(),
            making: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        })
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
            self.heard.note();
            return Ok((before, false));
        }
        let fresh = self.making(self.fresh(&before)).await?;
        let fresh = Arc::new(fresh);
        self.current.store(Arc::clone(&fresh));
        self.heard.note();
        self.reached.send_replace(fresh.revision());
        Ok((fresh, true))
    }

    /// Does the work, and knows meanwhile that it is being done: that is not silence, unless it failed the last time.
    async fn making(&self, work: impl Future<Output = Result<Snapshot, FollowError>>) -> Result<Snapshot, FollowError> {
        struct Until<'a>(&'a AtomicBool);
        impl Drop for Until<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Relaxed);
            }
        }
        self.making.store(!self.failed.load(Ordering::Relaxed), Ordering::Relaxed);
        let _until = Until(&self.making);
        let done = work.await;
        self.failed.store(done.is_err(), Ordering::Relaxed);
        done
    }

    async fn fresh(&self, before: &Snapshot) -> Result<Snapshot, FollowError> {
        let patched = match self.store.contributed_since(before.revision()).await? {
            Some(patch) => Some(before.patched(patch)?),
            None => None,
        };
        match patched {
            Some(patched) => Ok(patched),
            None => whole(&self.store, self.secret).await,
        }
    }

    /// For how long nothing was heard of the database; none while what was heard is being taken in.
    pub fn silence(&self) -> Duration {
        if self.making.load(Ordering::Relaxed) { Duration::ZERO } else { self.heard.silence() }
    }

    /// The graph of that revision or a later one, waited for that long; none where it does not come.
    ///
    /// Whoever waits asks nothing of the database: one that follows does, for all ([`Follower::wanted`]).
    pub async fn reach(&self, revision: u64, patience: Duration) -> Option<Arc<Snapshot>> {
        if self.current().revision() >= revision {
            return Some(self.current());
        }
        let mut reached = self.reached.subscribe();
        let waiting = async {
            while self.current().revision() < revision {
                self.wanted.notify_one();
                // One that is not there yet is asked for again.
                if let Ok(Err(_)) = tokio::time::timeout(AGAIN, reached.changed()).await {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(patience, waiting).await;
        Some(self.current()).filter(|graph| graph.revision() >= revision)
    }

    /// Asks whoever follows to look now.
    pub fn ask(&self) {
        self.wanted.notify_one();
    }

    /// Until somebody waits for a newer graph.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Makes the graph anew where it carries much that was replaced; no write waits for that but at the end, when
    /// what was written meanwhile is patched in.
    ///
    /// # Errors
    /// Where it cannot be read, or does not fit together; then the last one stays.
    pub async fn tidy(&self) -> Result<(), FollowError> {
        if self.current().gone() < MOST_GONE {
            return Ok(());
        }
        let fresh = whole(&self.store, self.secret).await?;
        let _turn = self.turn.lock().await;
        let fresh = match self.store.contributed_since(fresh.revision()).await? {
            Some(patch) => fresh.patched(patch)?,
            None => whole(&self.store, self.secret).await?,
        };
        if fresh.revision() >= self.current().revision() {
            self.current.store(Arc::new(fresh));
        }
        Ok(())
    }
}

async fn whole(store: &Store, secret: [u8; 64]) -> Result<Snapshot, FollowError> {
    let material = store.material().await?;
    // Seconds of work at a million entries: not on a thread that answers.
    let built = tokio::task::spawn_blocking(move || Snapshot::build(material, &secret)).await;
    Ok(built.map_err(|_| StoreError::BrokenOff)??)
}

impl Store {
    /// What was contributed behind a revision; none where anything else changed, too.
    async fn contributed_since(&self, revision: u64) -> Result<Option<Patch>, StoreError> {
        let reading = self.one_state_at_once(DOING).await?;
        let found = async {
            let now = write::revision(&*reading).await?;
            let mut sql = Sql::new("SELECT DISTINCT entry_id, kind FROM change WHERE revision > ");
            sql.bind(i64::try_from(revision).unwrap_or(i64::MAX)).text(" LIMIT ").bind(i64::try_from(MOST_CHANGES).unwrap_or(i64::MAX) + 1);
            let mut changed: BTreeMap<Id, Vec<PracticeFace>> = BTreeMap::new();
            let (mut contacts, mut seen) = (None, 0);
            for row in rows(&*reading, sql).await.doing(DOING)? {
                seen += 1;
                let (id, kind): (String, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
                if kind == Kind::ContactPoint.name() {
                    contacts = Some(Vec::new());
                } else if kind == Kind::GoodPractice.name() {
                    changed.insert(id.parse().map_err(|_| StoreError::Damaged { what: "an id", of: "the change log".into() })?, Vec::new());
                } else {
                    return Ok(None);
                }
            }
            let ids: Vec<Id> = changed.keys().copied().collect();
            for face in faces(&*reading, Some(&ids)).await? {
                if let Some(of_practice) = changed.get_mut(&face.id) {
                    of_practice.push(face);
                }
            }
            if let Some(contacts) = &mut contacts {
                *contacts = of_kind(&*reading, Kind::ContactPoint).await?;
            }
            // A practice without a face is the catalogue's, and read with it.
            let is_whole = seen <= MOST_CHANGES && changed.values().all(|faces| !faces.is_empty());
            Ok(is_whole.then(|| Patch { revision: now, practices: changed.into_iter().collect(), contacts }))
        }
        .await;
        let _ = reading.rollback().await;
        found
    }
}
