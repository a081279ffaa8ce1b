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
//! | [`follow`], [`heard`] | the snapshot, kept up with the change log; when that was heard last |
//! | [`key`](mod@key) | API keys |
//! | [`check`], [`reference`](mod@reference) | what the doctor looks at |
//! | [`copy`](mod@copy) | everything into another database |
//! | [`vitals`] | what an operator watches |
//! | [`sql`] | a statement and its parameters, built side by side |
//!
//! SQLite and PostgreSQL are asked the same statements, in the words of each ([`sql`]). Lists go in as one JSON
//! parameter, so that a statement has one shape whatever the number of keys, and rows of a page come out as one text,
//! as the driver costs more per row than the database.

mod bulk;
mod changed;
mod check;
mod connect;
mod contribution;
mod copy;
mod entity;
mod error;
mod follow;
mod heard;
mod import;
mod key;
mod material;
mod observation;
mod reference;
mod row;
mod series;
mod sql;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod vitals;
mod wording;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use sea_orm::DatabaseConnection;
use tokio::sync::Semaphore;

pub use check::Finding;
pub use connect::Listener;
pub use contribution::{Act, Call, EventRow, Outcome, ReadNote, VersionRow};
pub use copy::{CopyError, CopyReport, Progress};
pub use error::StoreError;
pub use follow::{FollowError, Follower};
pub use heard::Heard;
pub use import::{FigureReport, ImportOptions, ImportReport, Name};
pub use key::{KeyError, LiveKey, Revocation};
pub use observation::{About, AllPage, ObservationKey, ObservationOrder, ObservationPage, ObservationQuery, ObservationRow, Window};
pub use series::read::Reading;
pub use series::set::{FigureSet, Sets};
pub use series::{Delivery, FigureFault, FigureFile, FigureFileReport, FigureOptions};
pub use vitals::Vitals;
pub use wording::{Wording, WordingError, WordingFault, WordingReport};

use error::Doing;
use observation::PageCache;
use series::read::BlockCache;
use sql::{Sql, rows};

/// An open database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// Read-only connections, one a core.
    read: DatabaseConnection,
    /// The one connection that writes.
    write: DatabaseConnection,
    /// Who reads long takes one.
    turns: Arc<Semaphore>,
    /// Tells when a change was made.
    clock: fn() -> Timestamp,
    pages: Arc<PageCache>,
    noted: Arc<contribution::Noted>,
    /// What figures there are, as of the revision that it says.
    sets: Arc<ArcSwapOption<Sets>>,
    blocks: Arc<BlockCache>,
    /// What is held back of figures, and from whom.
    sight: series::veil::Sight,
    /// Where SQLite writes ahead of the file.
    log: Option<PathBuf>,
}

impl Store {
    /// Opens the database at `sqlite://FILE` or `postgres://…`, makes the file where there is none, and brings its
    /// schema up to date.
    ///
    /// # Errors
    /// One sentence on why not.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        #[expect(clippy::disallowed_methods, reason = "for benchmarks and tests that do not look at the clock; the server gives its own")]
        Self::open_with_clock(url, Timestamp::now).await
    }

    /// As [`Store::open`], with a clock for the change log.
    ///
    /// # Errors
    /// One sentence on why not.
    pub async fn open_with_clock(url: &str, clock: fn() -> Timestamp) -> Result<Self, StoreError> {
        let connect::Pools { read, write, turns, file } = connect::open(url).await?;
        let turns = Arc::new(Semaphore::new(turns));
        let (pages, noted) = (Arc::new(observation::page_cache()), Arc::new(contribution::noted()));
        Ok(Self {
            read,
            write,
            turns,
            clock,
            pages,
            noted,
            sets: Arc::default(),
            blocks: Arc::new(series::read::block_cache()),
            sight: series::veil::Sight::default(),
            log: vitals::log_of(file),
        })
    }

    /// Whether there is a database at that address: a file, or tables on a server. Of an address that cannot be looked at
    /// it is said that there is: opening it says why not.
    pub async fn is_there(url: &str) -> bool {
        connect::is_there(url).await
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
        // What is read back is closed first: the last connection to go tidies up behind all.
        for pool in [self.read, self.write] {
            if let Err(cause) = pool.close().await {
                tracing::warn!(%cause, "a database connection did not close well");
            }
        }
    }
}
