//! The database: the only place with SQL, and the only place that is written.
//!
//! What people write is kept as documents, one row an entry, and read wholesale into [`Material`](crate::graph::Material) for a snapshot.
//! What machines count, and long texts, stay here and are read in batches. Reads come from a pool of read-only
//! connections; writes come one after the other, one transaction each, in a task of their own: a caller that
//! vanishes cannot leave a transaction open (sqlx#4385), and the order of revisions is the order of commits, however
//! many programs write.
//!
//! | file | what |
//! |---|---|
//! | [`connect`], [`error`] | from an address to pools with the schema in them, or one clear sentence |
//! | [`entity`], [`row`] | the tables, and what their rows mean |
//! | [`material`], [`text`], [`observation`] | reads: everything for a snapshot; long texts; pages of figures |
//! | [`series`] | how figures are kept, and how a publisher's file comes in |
//! | [`write`](mod@write), [`state`] | transactions that write, revisions, the change log; those that read |
//! | [`import`], [`wording`], [`bulk`] | the writes: a catalogue; official wording; data for measuring |
//! | [`contribution`] | the writes of parties: drafts, versions, consent, publication, and what happened |
//! | [`follow`], [`mark`], [`heard`] | the snapshot, kept up with the change log; whether it still is the same log; when it was heard last |
//! | [`cache`] | what was read of late |
//! | [`key`](mod@key) | API keys |
//! | [`keep`], [`file`](mod@file) | whether what is written is kept; the file under a running server |
//! | [`erasing`] | what was erased goes from every file |
//! | [`check`], [`reference`](mod@reference) | what the doctor looks at |
//! | [`replica`] | a second server that figures may be read from |
//! | [`copy`](mod@copy), [`part`] | everything into another database; a file in the making |
//! | [`vitals`] | what an operator watches |
//! | [`sql`] | a statement and its parameters, built side by side |
//!
//! SQLite and PostgreSQL are asked the same statements, in the words of each ([`sql`]). Lists go in as one JSON
//! parameter, so that a statement has one shape whatever the number of keys, and rows of a page come out as one text,
//! as the driver costs more per row than the database.

mod bulk;
mod cache;
mod changed;
mod check;
mod connect;
mod contribution;
mod copy;
mod entity;
mod erasing;
mod error;
mod file;
mod follow;
mod heard;
mod import;
mod keep;
mod key;
mod mark;
mod material;
mod observation;
mod part;
mod practices;
mod reference;
mod replica;
mod row;
mod series;
mod sql;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod vitals;
mod whole;
mod wording;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use sea_orm::DatabaseConnection;
use tokio::sync::Semaphore;

pub use check::Finding;
pub use connect::Listener;
pub use contribution::{Act, Call, EventRow, Outcome, Proof, ReadNote, Storage, Terms, VersionRow};
pub use copy::{CopyError, CopyReport, Progress};
pub use error::StoreError;
#[cfg(all(test, feature = "interleavings"))]
pub(crate) use follow::history;
pub use follow::{FollowError, Follower};
pub use heard::Heard;
pub use import::{FigureReport, ImportOptions, ImportReport, Name};
pub use keep::Trouble;
pub use key::{KeyError, LiveKey, Revocation};
pub use observation::{About, AllPage, ObservationKey, ObservationOrder, ObservationPage, ObservationQuery, ObservationRow, Window};
pub use part::{Part, sweep};
pub use series::read::Reading;
pub use series::set::{FigureSet, Sets};
pub use series::{Delivery, FigureFault, FigureFile, FigureFileReport, FigureOptions};
pub use vitals::Vitals;
pub use wording::{Wording, WordingError, WordingFault, WordingReport};

use cache::Caches;
use error::Doing;
use sql::{Sql, rows};

/// How a database is opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Where it is: `sqlite://FILE` or `postgres://…`.
    pub url: &'a str,
    /// Where a replica of it is that figures may be read from, if there is one; both are of `PostgreSQL` then.
    pub replica: Option<&'a str>,
    /// Tells when a change was made.
    pub clock: fn() -> Timestamp,
    /// After how long a statement that reads is given up, where the engine can (`PostgreSQL`): nobody waits for it any more.
    pub read_time: Duration,
    /// How many bytes of the disk of a file stay free: below, what adds to it is refused. Of a small disk less.
    pub room: u64,
}

/// How many bytes of a disk stay free where nothing else is said.
pub const ROOM: u64 = 64 << 20;

impl<'a> Opening<'a> {
    /// That address, and what suits a program that asks for nothing else.
    #[must_use]
    pub fn of(url: &'a str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "for programs, benchmarks and tests that do not look at the clock; the server gives its own")]
        let clock = Timestamp::now;
        Self { url, replica: None, clock, read_time: Duration::from_secs(15), room: ROOM }
    }
}

/// An open database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// Read-only connections, one a core.
    read: DatabaseConnection,
    /// The one connection that writes.
    write: write::Writers,
    /// What figures may be read from.
    replica: Option<Arc<replica::Replica>>,
    /// Up to where the graph of this node was read; none before it was.
    shown: Arc<ArcSwapOption<mark::Mark>>,
    /// Who reads long takes one.
    turns: Arc<Semaphore>,
    /// Tells when a change was made.
    clock: fn() -> Timestamp,
    caches: Arc<ArcSwap<Caches>>,
    /// What is held back of figures, and from whom.
    sight: series::veil::Sight,
    /// What holds for all that parties contribute.
    contributing: Arc<Terms>,
    /// Whether something was erased that may still stand in a file.
    erasing: Arc<erasing::Erasing>,
}

impl Store {
    /// Opens the database at `sqlite://FILE` or `postgres://…`, makes the file where there is none, and brings its
    /// schema up to date.
    ///
    /// # Errors
    /// One sentence on why not.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_as(Opening::of(url)).await
    }

    /// As [`Store::open`], with a clock for the change log.
    ///
    /// # Errors
    /// One sentence on why not.
    pub async fn open_with_clock(url: &str, clock: fn() -> Timestamp) -> Result<Self, StoreError> {
        Self::open_as(Opening { clock, ..Opening::of(url) }).await
    }

    /// As it says.
    ///
    /// # Errors
    /// One sentence on why not.
    pub async fn open_as(opening: Opening<'_>) -> Result<Self, StoreError> {
        let clock = opening.clock;
        let connect::Pools { read, write, turns, keeper, replica } = connect::open(&opening).await?;
        let (turns, erasing) = (Arc::new(Semaphore::new(turns)), Arc::new(erasing::Erasing::new(keeper.file().is_some())));
        Ok(Self {
            read,
            write: write::Writers::new(write, keeper),
            replica: replica.map(|replica| Arc::new(replica::Replica::new(replica, turns.available_permits()))),
            shown: Arc::default(),
            turns,
            clock,
            caches: Arc::new(ArcSwap::from_pointee(Caches::new())),
            sight: series::veil::Sight::default(),
            contributing: Arc::default(),
            erasing,
        })
    }

    /// Whether there is a database at that address: a file, or tables on a server. Of an address that cannot be looked at
    /// it is said that there is: opening it says why not.
    pub async fn is_there(url: &str) -> bool {
        connect::is_there(url).await
    }

    /// The folder of its file, of SQLite.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        self.write.keeper.file().map(|file| part::folder(file.path()).to_owned())
    }

    /// What is to be said of the files at that address before they are opened: who may read them, by which names they go.
    #[must_use]
    pub fn findings_before(url: &str) -> Vec<String> {
        connect::findings(url)
    }

    /// Begins to hear of writes, by whoever; none where the engine cannot tell.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn listen(&self) -> Result<Option<Listener>, StoreError> {
        Listener::new(&self.read).await
    }

    /// Whether it holds no entry yet.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let found = rows(&self.read, Sql::new("SELECT id FROM entry LIMIT 1")).await.doing("look for entries")?;
        Ok(found.is_empty())
    }

    /// The last revision: 0 before the first change.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn revision(&self) -> Result<u64, StoreError> {
        write::revision(&self.read).await
    }

    /// The secret that cursors are sealed with; made when the database was.
    ///
    /// # Errors
    /// Where the database does not answer, or was tampered with.
    pub async fn secret(&self) -> Result<[u8; 64], StoreError> {
        connect::secret(&self.read).await?.ok_or(StoreError::Damaged { what: "the secret of cursors", of: "meta".into() })
    }

    /// Lets go of the file once running work is done.
    pub async fn close(self) {
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
        // What is read back is closed first: the last connection to go tidies up behind all.
        for pool in [self.read, self.write.database] {
            if let Err(cause) = pool.close().await {
                tracing::warn!(%cause, "a database connection did not close well");
            }
        }
    }
}
