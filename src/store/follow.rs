//! The snapshot, kept up with the change log: what was contributed is patched in, anything else read anew.
//!
//! One at a time follows; whoever waited finds the work done. So the snapshot goes on from revision to revision.
//!
//! A database can go back to an earlier state ([`mark`](super::mark)). Then everything is read anew, and nothing is kept
//! of what was read before: the next snapshot is of another era ([`Snapshot::era`]).
//!
//! Several nodes follow one log. What was written on another is here a moment later; a reader who knows of a write says
//! its revision and waits for it ([`Follower::reach`]). And a node that hears nothing knows for how long
//! ([`Follower::silence`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, watch};

use super::contribution::{Which, faces};
use super::error::Doing;
use super::heard::Heard;
use super::mark::Mark;
use super::material::of_kind;
use super::sql::{Sql, rows};
use super::whole::Whole;
use super::{Store, StoreError};
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::graph::material::{Patch, PracticeFace};
use crate::graph::{Broken, Snapshot};
use crate::sync::{ArcSwap, AtomicBool, AtomicU64, timeout};

/// A history of which a scheduler chooses every step.
#[cfg(all(test, feature = "interleavings"))]
pub(crate) mod history;
#[cfg(all(test, feature = "interleavings"))]
mod interleavings;

const DOING: &str = "read what has changed";
/// So long may it take to look how far the log goes.
pub(super) const LOOK: Duration = Duration::from_secs(5);
/// To read what changed.
pub(super) const CHANGES: Duration = Duration::from_secs(30);
/// To read everything.
const WHOLE: Duration = Duration::from_mins(6);
/// So many replaced faces a snapshot may carry before it is made anew at leisure: each costs memory and a look.
pub(super) const MOST_GONE: usize = if cfg!(all(test, feature = "interleavings")) { 0 } else { 500 };
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
    /// The database was replaced by one that has nothing to do with it: ids and cursors would mean something else.
    #[error("The database is another one than at the start of this server: start it again.")]
    Another,
}

/// What is followed: a database; in tests, one whose answers come in any order.
pub trait Log: Send + Sync {
    /// How often another file was taken for it: what was read before is of the past.
    fn opened(&self) -> u64;

    /// How far it goes.
    fn mark(&self) -> impl Future<Output = Result<Mark, StoreError>> + Send;

    /// What came behind a mark, in a log that has all of those lines.
    fn since(&self, mark: &Mark, lines: &[&Mark]) -> impl Future<Output = Result<Since, StoreError>> + Send;

    /// All of it; `mark` is how far it was read before.
    fn whole(&self, mark: &Mark) -> impl Future<Output = Result<Whole, FollowError>> + Send;

    /// From now on figures are asked for up to there; without a mark, up to what there is.
    fn show(&self, mark: Option<Mark>);

    /// Forgets all that was read.
    fn forget(&self);

    /// How far something that is kept was read ahead of the graph.
    fn ahead(&self) -> BTreeSet<Mark>;

    /// These are of the log that is followed.
    fn seen(&self, marks: &BTreeSet<Mark>);
}

/// A snapshot that follows its database.
#[derive(Debug)]
pub struct Follower<L = Store> {
    log: L,
    secret: [u8; 64],
    current: ArcSwap<Snapshot>,
    /// Whose turn it is to follow; how far the current snapshot is.
    turn: Mutex<Mark>,
    /// Of which file of the database it is ([`Store::opened`]).
    of_file: AtomicU64,
    /// The revision of the current snapshot, for those who wait for one.
    reached: watch::Sender<u64>,
    /// Somebody waits.
    wanted: Notify,
    heard: Heard,
    /// A newer snapshot is being made, and the last attempt at one went well.
    making: AtomicBool,
    failed: AtomicBool,
}

impl<L: Log> Follower<L> {
    /// Reads the whole graph.
    ///
    /// # Errors
    /// Where it cannot be read, or does not fit together.
    pub async fn new(log: L) -> Result<Self, FollowError> {
        let of_file = AtomicU64::new(log.opened());
        let Whole { snapshot, newest: mark, secret, .. } = Box::pin(log.whole(&Mark::default())).await?;
        log.show(Some(mark.clone()));
        Ok(Self {
            log,
            secret,
            reached: watch::Sender::new(snapshot.revision()),
            current: ArcSwap::from_pointee(snapshot),
            turn: Mutex::new(mark),
            of_file,
            wanted: Notify::new(),
            heard: Heard::now(),
            making: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        })
    }

    /// What is followed.
    #[cfg(all(test, feature = "interleavings"))]
    pub(crate) const fn log(&self) -> &L {
        &self.log
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
        let mut mark = self.turn.lock().await;
        let before = self.current();
        let opened = self.log.opened();
        let is_same_file = self.of_file.load(Ordering::Relaxed) == opened;
        // Taken ahead of the look: what was read by then is in the log, or of another one.
        let ahead = self.log.ahead();
        if in_time(LOOK, self.log.mark()).await? == *mark && is_same_file {
            if !ahead.is_empty() {
                self.log.forget();
            }
            self.heard.note();
            return Ok((before, false));
        }
        let lines: Vec<&Mark> = std::iter::once(&*mark).chain(&ahead).collect();
        let (fresh, newest) = self.making(self.fresh(&before, &mark, is_same_file.then_some(&*lines))).await?;
        let fresh = Arc::new(fresh);
        if fresh.era() != before.era() {
            tracing::warn!(from = before.revision(), to = fresh.revision(), "the database went back to an earlier state; all that was read of it is read anew");
            self.log.forget();
        }
        // First what figures are asked for, then the graph: none of an older state is kept for a newer graph.
        self.log.show(Some(newest.clone()));
        self.log.seen(&ahead);
        // Read meanwhile, and compared with nothing.
        if !self.log.ahead().is_empty() {
            self.log.forget();
        }
        self.current.store(Arc::clone(&fresh));
        *mark = newest;
        self.of_file.store(opened, Ordering::Relaxed);
        self.heard.note();
        self.reached.send_replace(fresh.revision());
        Ok((fresh, true))
    }

    /// Does the work, and knows meanwhile that it is being done: that is not silence, unless it failed the last time.
    async fn making<T>(&self, work: impl Future<Output = Result<T, FollowError>>) -> Result<T, FollowError> {
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

    /// The snapshot behind `before`, which is as far as `mark` says.
    ///
    /// What another file says under the same numbers need not be the same: then there are no `lines` to be found in it.
    async fn fresh(&self, before: &Snapshot, mark: &Mark, lines: Option<&[&Mark]>) -> Result<(Snapshot, Mark), FollowError> {
        let since = match lines {
            Some(lines) => in_time(CHANGES, self.log.since(mark, lines)).await?,
            None => Since::AnotherLog,
        };
        match since {
            Since::Contributed(patch, newest) => return Ok((before.patched(patch)?, newest)),
            // At once, in this order: whoever has the new caches cannot fill them with what the old log had.
            Since::AnotherLog => {
                self.log.show(None);
                self.log.forget();
            }
            Since::Other => {}
        }
        let whole = timeout(WHOLE, Box::pin(self.log.whole(mark))).await.map_err(|_| StoreError::Silent)??;
        if whole.secret != self.secret {
            return Err(FollowError::Another);
        }
        let era = before.era() + u64::from(whole.went_back || lines.is_none());
        Ok((whole.snapshot.of_era(era), whole.newest))
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
                if let Ok(Err(_)) = timeout(AGAIN, reached.changed()).await {
                    return;
                }
            }
        };
        let _ = timeout(patience, waiting).await;
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
        let era = self.current().era();
        let opened = self.log.opened();
        let Whole { snapshot, newest: of_fresh, secret, .. } = Box::pin(self.log.whole(&Mark::default())).await?;
        // That is for the one who follows, as is all below that is not a few contributions.
        if secret != self.secret {
            return Ok(());
        }
        let fresh = snapshot.of_era(era);
        let mut mark = self.turn.lock().await;
        // What went back meanwhile, or brought more than a few contributions, is for the one who follows.
        if let Since::Contributed(patch, newest) = self.log.since(&of_fresh, &[&of_fresh, &mark]).await?
            && newest.revision >= mark.revision
            && self.current().era() == era
            && self.of_file.load(Ordering::Relaxed) == opened
        {
            let fresh = Arc::new(fresh.patched(patch)?);
            self.log.show(Some(newest.clone()));
            self.current.store(fresh);
            *mark = newest;
        }
        Ok(())
    }
}

/// What the log says behind a mark.
pub enum Since {
    /// So much was contributed, up to that mark.
    Contributed(Patch, Mark),
    /// Something else changed, too: everything is to be read anew.
    Other,
    /// A line of the log is not there: it is another log.
    AnotherLog,
}

/// Work on the database that is given up after so long: a network that swallows packets ends nothing by itself.
pub(super) async fn in_time<T>(most: Duration, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(most, work).await.unwrap_or(Err(StoreError::Silent))
}

impl Log for Store {
    fn opened(&self) -> u64 {
        Self::opened(self)
    }

    async fn mark(&self) -> Result<Mark, StoreError> {
        self.write.keeper.look().map_err(StoreError::Refused)?;
        Mark::newest(&self.read).await
    }

    async fn whole(&self, mark: &Mark) -> Result<Whole, FollowError> {
        Whole::read(self, mark).await
    }

    fn show(&self, mark: Option<Mark>) {
        self.shown.store(mark.map(Arc::new));
    }

    fn forget(&self) {
        Self::forget(self);
    }

    fn ahead(&self) -> BTreeSet<Mark> {
        self.caches().ahead.marks()
    }

    fn seen(&self, marks: &BTreeSet<Mark>) {
        self.caches().ahead.seen(marks);
    }

    async fn since(&self, mark: &Mark, lines: &[&Mark]) -> Result<Since, StoreError> {
        let reading = self.one_state_at_once(DOING).await?;
        let found = async {
            for line in lines {
                if !line.is_in(&*reading).await? {
                    return Ok(Since::AnotherLog);
                }
            }
            let newest = Mark::newest(&*reading).await?;
            let mut sql = Sql::new("SELECT DISTINCT entry_id, kind FROM change WHERE revision > ");
            sql.bind(i64::try_from(mark.revision).unwrap_or(i64::MAX)).text(" LIMIT ").bind(i64::try_from(MOST_CHANGES).unwrap_or(i64::MAX) + 1);
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
                    return Ok(Since::Other);
                }
            }
            let ids: Vec<Id> = changed.keys().copied().collect();
            for face in faces(&*reading, Which::These(&ids)).await? {
                if let Some(of_practice) = changed.get_mut(&face.id) {
                    of_practice.push(face);
                }
            }
            if let Some(contacts) = &mut contacts {
                *contacts = of_kind(&*reading, Kind::ContactPoint).await?;
            }
            // A practice without a face is the catalogue's, and read with it.
            let is_whole = seen <= MOST_CHANGES && changed.values().all(|faces| !faces.is_empty());
            let patch = Patch { revision: newest.revision, practices: changed.into_iter().collect(), contacts };
            Ok(if is_whole { Since::Contributed(patch, newest) } else { Since::Other })
        }
        .await;
        let _ = reading.rollback().await;
        found
    }
}
