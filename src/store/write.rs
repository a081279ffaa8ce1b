//! Transactions that write: begun at once, alone, logged with one revision, and never left open.
//!
//! Those that read are in [`state`](super::state).

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::StoreError;
use super::connect::{self, LOCK};
use super::error::{Doing, reason};
use super::keep::Keeper;
use super::row::instant;
use super::sql::{Sql, rows, run};
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::word::Words;

/// Runs a write in a task of its own, so that it comes to its end even where its caller does not.
pub(super) async fn apart<T: Send + 'static, E: From<StoreError> + Send + 'static>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E> {
    match tokio::spawn(work).await {
        Ok(answer) => answer,
        Err(broken) => {
            tracing::error!(%broken, "a write was broken off");
            Err(StoreError::BrokenOff.into())
        }
    }
}

/// Longer than a write that people wait for can take: thirty seconds to reach the database, as many for the lock, and its
/// own statements.
const LONGEST: Duration = Duration::from_secs(90);

/// Does a write, or gives it up after so long; by then nobody may wait for it any more.
pub(super) async fn within<T, E: From<StoreError>>(longest: Duration, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    tokio::time::timeout(longest, work).await.unwrap_or_else(|_| {
        tracing::error!(seconds = longest.as_secs(), "a write was given up: the database does not answer; whether it was kept cannot be told");
        Err(StoreError::Silent.into())
    })
}

/// How long a write waits for its turn, and how long one whose turn it is waits for a database that cannot be reached.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connection that writes, and those who wait for it: they come in the order in which they asked. (A pool would let
/// them wait, too; but whoever waits there for a database that is away sleeps longer and longer between two attempts.)
#[derive(Debug, Clone)]
pub(super) struct Writers {
    pub database: DatabaseConnection,
    /// What knows whether it is kept.
    pub keeper: Keeper,
    line: Arc<Semaphore>,
    /// After so long a write that people wait for gives its turn up.
    pub longest: Duration,
}

/// The turn to write: of this program, one has it.
#[derive(Debug)]
pub(super) struct Turn {
    pub database: DatabaseConnection,
    keeper: Keeper,
    _place: OwnedSemaphorePermit,
}

/// A transaction that writes.
pub(super) struct Writing {
    transaction: DatabaseTransaction,
    keeper: Keeper,
}

impl Deref for Writing {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl Writers {
    /// The only ones of this program.
    pub fn new(database: DatabaseConnection, keeper: Keeper) -> Self {
        Self { database, keeper, line: Arc::new(Semaphore::new(1)), longest: LONGEST }
    }

    /// Runs a write that people wait for in a task of its own ([`apart`]), but not for ever: where the network swallows a
    /// statement, or its answer, nothing else ends it before the system gives the connection up, and all who wait for
    /// their turn would wait for that. What becomes of such a write cannot be told; whoever asks again under the same key
    /// is told what did.
    pub async fn soon<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E> {
        apart(within(self.longest, Box::pin(work))).await
    }

    /// One's turn. Whoever goes away before it comes has asked for nothing; what is done in one's turn is to be done in a
    /// task of its own ([`apart`]), which keeps the turn until it ends.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.line).acquire_owned()).await {
            Ok(Ok(place)) => Ok(self.turn_with(place)),
            _ => Err(StoreError::Busy),
        }
    }

    /// The same where nobody has it now.
    pub fn turn_at_once(&self) -> Option<Turn> {
        Arc::clone(&self.line).try_acquire_owned().ok().map(|place| self.turn_with(place))
    }

    fn turn_with(&self, place: OwnedSemaphorePermit) -> Turn {
        Turn { database: self.database.clone(), keeper: self.keeper.clone(), _place: place }
    }
}

/// Begins a transaction that holds the right to write from the start: of all programs on the database one has it. So
/// the order of revisions is the order of commits, and who has read one revision never misses an earlier one.
///
/// In SQLite, a transaction that asks for it later fails at once where another writer was quicker (`SQLITE_BUSY`),
/// whatever the patience. In PostgreSQL it is a lock that goes with the transaction: it is given on when what was
/// written can be seen, and what is read behind it is what the last writer left.
pub(super) async fn begin(turn: &Turn) -> Result<Writing, StoreError> {
    turn.keeper.may_write(false)?;
    begin_within(turn, None).await
}

/// The same for what takes something back (a key, what was shared): it may use the room that is kept free.
pub(super) async fn begin_in_reserve(turn: &Turn) -> Result<Writing, StoreError> {
    turn.keeper.may_write(true)?;
    begin_within(turn, None).await
}

/// The same for the schema: another node may be carrying over a large database.
pub(super) async fn begin_patiently(turn: &Turn) -> Result<Writing, StoreError> {
    turn.keeper.may_write(true)?;
    begin_within(turn, Some("SET LOCAL lock_timeout = '30min'")).await
}

async fn begin_within(turn: &Turn, patience: Option<&str>) -> Result<Writing, StoreError> {
    const DOING: &str = "begin to write";
    let since = Instant::now();
    let transaction = loop {
        let options = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
        match turn.database.begin_with_options(options).await {
            // Nobody else has the connection: the server cannot be reached, and is asked again.
            Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)) if since.elapsed() < PATIENCE => {}
            Ok(transaction) => break transaction,
            Err(cause) => {
                turn.keeper.broke(&cause);
                return Err(cause).doing(DOING);
            }
        }
    };
    if is_postgres(&turn.database) {
        if let Some(patience) = patience {
            transaction.execute_unprepared(patience).await.doing(DOING)?;
        }
        if let Err(fault) = rows(&transaction, Sql::new(LOCK)).await.doing(DOING) {
            let _ = transaction.rollback().await;
            return Err(fault);
        }
    }
    Ok(Writing { transaction, keeper: turn.keeper.clone() })
}

pub(super) fn is_postgres(db: &impl ConnectionTrait) -> bool {
    db.get_database_backend() == DbBackend::Postgres
}

/// Lets all nodes know that something was written, once it is.
pub(super) async fn shout(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    if is_postgres(transaction) {
        rows(transaction, connect::shout()).await.doing("tell other nodes")?;
    }
    Ok(())
}

/// Commits what went well and is to be kept; takes anything else back. What is acknowledged was committed, and into the
/// file that is there.
pub(super) async fn end<T, E: From<StoreError> + Error + 'static>(writing: Writing, done: Result<T, E>, keep: bool) -> Result<T, E> {
    let Writing { transaction, keeper } = writing;
    if keep && done.is_ok() {
        commit(transaction, &keeper).await?;
        keeper.kept()?;
        return done;
    }
    if let Err(fault) = &done {
        keeper.noted(fault);
    }
    let undone = transaction.rollback().await;
    if let Err(cause) = &undone {
        keeper.broke(cause);
    }
    // Why it failed matters more than that taking it back failed, too.
    let done = done?;
    undone.doing("take back what was written")?;
    Ok(done)
}

/// Commits, or says that nobody can tell: a server may have done it and its answer be lost, and what SQLite wrote before
/// the disk failed may be found when the file is opened next.
async fn commit(transaction: DatabaseTransaction, keeper: &Keeper) -> Result<(), StoreError> {
    if is_postgres(&transaction) {
        // A transaction in which a statement failed is taken back by COMMIT, which says that all is well. It refuses this.
        rows(&transaction, Sql::new("SELECT 1")).await.doing("keep what was written")?;
    }
    transaction.commit().await.map_err(|cause| {
        keeper.broke(&cause);
        StoreError::Unknown(reason(&cause).into_owned())
    })
}

/// The last revision.
pub(super) async fn revision(db: &impl ConnectionTrait) -> Result<u64, StoreError> {
    const DOING: &str = "read its revision";
    let found = rows(db, Sql::new("SELECT coalesce(max(revision), 0) FROM change")).await.doing(DOING)?;
    let revision: i64 = found.first().map_or(Ok(0), |row| row.try_get_by_index(0)).doing(DOING)?;
    Ok(u64::try_from(revision).unwrap_or_default())
}

/// What one transaction changes: each entry once. The figures of a source are logged as a change of the source.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<Id, Kind>);

impl Changes {
    /// Notes that this entry was made, changed or removed.
    pub fn note(&mut self, id: Id, kind: Kind) {
        self.0.insert(id, kind);
    }

    /// Notes that the figures of this source changed.
    pub fn note_figures_of(&mut self, source: &str) {
        self.note(Id::of(Kind::Source.name(), source), Kind::Source);
    }

    /// Writes the log under that revision; whether there was anything to write.
    pub async fn log(self, transaction: &DatabaseTransaction, revision: u64, at: Timestamp) -> Result<bool, StoreError> {
        let at = instant(at);
        let revision = i64::try_from(revision).unwrap_or(i64::MAX);
        let all: Vec<_> = self.0.into_iter().collect();
        for some in all.chunks(500) {
            let mut sql = Sql::new("INSERT INTO change (revision, entry_id, kind, at) SELECT ");
            sql.bind(revision).text(", value ->> 0, value ->> 1, ").bind(at.clone()).text(" FROM ").tuples("l", &some);
            run(transaction, sql).await.doing("log what changed")?;
        }
        if all.is_empty() {
            return Ok(false);
        }
        shout(transaction).await?;
        Ok(true)
    }
}
