//! Whether what is written is kept, and what is done where it may not be.
//!
//! A connection on which a BEGIN, a COMMIT or a ROLLBACK failed is [`Retired`]: SQLite takes a transaction back by itself
//! where the disk is full, the driver's ROLLBACK then fails, and its count of transactions stays at one. Whatever is begun
//! on that connection later is a savepoint in a transaction that nobody commits, and looks written (sqlx-sqlite 0.9).
//! Nothing is begun on one whose count is not zero, either, so that each COMMIT that goes well is one.
//!
//! Before each write, and again before it is acknowledged, it is looked whether the file is still the one that was opened
//! and whether its disk has room ([`Watched`]). After a write that was not kept, a small one is tried now and then
//! ([`Store::watch`]), until one is: so it is known that there is room again where nobody writes.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbErr};

use super::error::{Doing, is_held, is_of_the_disk, reason};
use super::file::Watched;
use super::sql::{Sql, rows, run};
use super::write::{self, is_postgres};
use super::{Store, StoreError, connect};

/// Connections that were made before a moment are used no more.
#[derive(Debug, Clone)]
pub(super) struct Retired {
    begun: Instant,
    /// Microseconds from then to the moment; 0 where there was none.
    moment: Arc<AtomicU64>,
}

impl Retired {
    pub fn none() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the driver tells the ages of connections by this clock; no answer depends on it")]
        let begun = Instant::now();
        Self { begun, moment: Arc::default() }
    }

    /// Those that there are now.
    pub fn all(&self) {
        self.moment.fetch_max(micros(self.begun.elapsed()).max(1), Ordering::SeqCst);
    }

    /// Whether one of that age may be used.
    pub fn allows(&self, age: Duration) -> bool {
        let moment = self.moment.load(Ordering::SeqCst);
        // One that is older than this clock was made at its beginning.
        moment == 0 || micros(self.begun.elapsed()).saturating_sub(micros(age)) > moment
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Why what is written now would not be kept; in one sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The file, or its folder, has gone.
    #[error("the database file {0} is not there any more: put it back, or stop the server")]
    Gone(String),
    /// Another file has its name.
    #[error("{0} is another file than the one that the server opened{1}")]
    Other(String, String),
    /// What SQLite writes ahead has gone, or is another's.
    #[error("{0} was taken away or replaced under the running server: start the server again, and run `silkroutes doctor`")]
    NoLog(String),
    /// There is not enough room.
    #[error("the disk of {at} has {free} bytes free, fewer than the {floor} of `database_room`")]
    NoRoom {
        /// The file.
        at: String,
        /// What is free.
        free: u64,
        /// What must be.
        floor: u64,
    },
    /// A write was not kept, and none was since.
    #[error("the last write was not kept: {0}")]
    Failed(String),
}

impl Trouble {
    /// What those outside are told.
    #[must_use]
    pub const fn told(&self) -> &'static str {
        match self {
            Self::Gone(_) | Self::Other(..) | Self::NoLog(_) => {
                "The file of the database was moved or replaced: nothing is written until it is as it was, or the server was started again."
            }
            Self::NoRoom { .. } => "The disk of the database is nearly full: nothing is written until there is room.",
            Self::Failed(_) => "The database does not keep what is written: it is tried again each second.",
        }
    }

    /// Whether the file is not the one that was opened, so that what is read of it may be of the past.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        matches!(self, Self::Gone(_) | Self::Other(..) | Self::NoLog(_))
    }
}

/// What knows whether writes are kept; clones share what they know.
#[derive(Debug, Clone)]
pub(super) struct Keeper(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// The file, of SQLite.
    file: Option<Watched>,
    /// Of the pool that writes, and of the one that reads.
    writers: Retired,
    readers: Retired,
    /// Why the last write was not kept.
    failed: Mutex<Option<String>>,
    /// How often another file was taken for the database.
    opened: AtomicU64,
}

impl Keeper {
    pub fn new(file: Option<Watched>, writers: Retired, readers: Retired) -> Self {
        Self(Arc::new(Known { file, writers, readers, failed: Mutex::default(), opened: AtomicU64::new(0) }))
    }

    /// The file, of SQLite.
    pub fn file(&self) -> Option<&Watched> {
        self.0.file.as_ref()
    }

    /// Whether the file is still the one that was opened.
    pub fn look(&self) -> Result<(), Trouble> {
        self.file().map_or(Ok(()), Watched::look)
    }

    /// Why what is written now would not be kept, if anything speaks against it.
    pub fn trouble(&self) -> Option<Trouble> {
        let file = self.look().and_then(|()| self.file().map_or(Ok(()), Watched::room));
        file.err().or_else(|| self.failure().map(Trouble::Failed))
    }

    /// Whether something may be written; where it makes room or takes something back, of the last room, too.
    pub fn may_write(&self, of_the_last_room: bool) -> Result<(), StoreError> {
        self.look()
            .and_then(|()| match self.file() {
                Some(file) if !of_the_last_room => file.room(),
                _ => Ok(()),
            })
            .map_err(StoreError::Refused)
    }

    /// Something was written; whether into the file that is there.
    pub fn kept(&self) -> Result<(), StoreError> {
        self.look().map_err(|trouble| StoreError::Unknown(trouble.to_string()))?;
        self.set(None);
        Ok(())
    }

    /// A transaction did not begin or end as it should: its connection is used no more.
    pub fn broke(&self, cause: &DbErr) {
        self.0.writers.all();
        // One that others hold for long is kept from being written by them, not by a fault.
        if !is_held(cause) {
            self.set(Some(reason(cause).into_owned()));
        }
    }

    /// Something went wrong while it was written, and was taken back.
    pub fn noted(&self, fault: &(dyn Error + 'static)) {
        let mut next = Some(fault);
        while let Some(fault) = next {
            if let Some(cause) = fault.downcast_ref::<DbErr>().filter(|cause| is_of_the_disk(cause)) {
                return self.broke(cause);
            }
            next = fault.source();
        }
    }

    /// How often another file was taken for the database: what was read before is of the past.
    pub fn opened(&self) -> u64 {
        self.0.opened.load(Ordering::SeqCst)
    }

    fn failure(&self) -> Option<String> {
        self.0.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, failed: Option<String>) {
        *self.0.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }
}

impl Store {
    /// Why what is written now would not be kept, if anything speaks against it.
    pub fn trouble(&self) -> Option<Trouble> {
        self.write.keeper.trouble()
    }

    /// How often another file was taken for the database.
    pub fn opened(&self) -> u64 {
        self.write.keeper.opened()
    }

    /// Looks whether what is written is kept, and does what can be done where it is not: takes a file that was put in the
    /// place of the database for it, brings into the file what stands in a log that was taken away, and tries to write
    /// where the last write was not kept.
    pub async fn watch(&self) -> Option<Trouble> {
        let keeper = &self.write.keeper;
        match keeper.trouble() {
            Some(Trouble::Other(file, _)) => match self.follow_file().await {
                Ok(()) => tracing::warn!(file, "another file was put in the place of the database, and is the database from now on"),
                Err(fault) => return Some(Trouble::Other(file, format!(", and cannot take its place: {fault}"))),
            },
            Some(Trouble::NoLog(_)) => self.empty_log().await,
            Some(Trouble::Failed(_)) => {
                if let Err(fault) = self.try_to_write().await {
                    tracing::debug!(%fault, "nothing can be written yet");
                }
            }
            Some(Trouble::Gone(_) | Trouble::NoRoom { .. }) | None => {}
        }
        keeper.trouble()
    }

    /// Writes what changes nothing; whoever writes meanwhile finds out by himself.
    async fn try_to_write(&self) -> Result<(), StoreError> {
        const DOING: &str = "be written to";
        let Some(turn) = self.write.turn_at_once() else { return Ok(()) };
        write::apart(write::within(self.write.longest, async move {
            let writing = write::begin(&turn).await?;
            let done = async {
                if is_postgres(&*writing) {
                    run(&*writing, Sql::new("UPDATE meta SET value = value WHERE key = 'cursor_secret'")).await.doing(DOING)?;
                } else {
                    // Written each time, also where it is the same.
                    let found = rows(&*writing, Sql::new("PRAGMA user_version")).await.doing(DOING)?;
                    let version: i32 = found.first().map_or(Ok(0), |row| row.try_get_by_index(0)).doing(DOING)?;
                    writing.execute_unprepared(&format!("PRAGMA user_version = {version}")).await.doing(DOING)?;
                }
                Ok(())
            };
            let done = done.await;
            write::end(writing, done, true).await
        }))
        .await
    }

    /// Takes the file that has the name of the database now for it, where it is one of this installation.
    async fn follow_file(&self) -> Result<(), StoreError> {
        let keeper = &self.write.keeper;
        let (Some(file), Some(turn)) = (keeper.file(), self.write.turn_at_once()) else { return Err(StoreError::Busy) };
        if file.has_old_log() {
            // It would be read as if it were the new file's.
            self.pour(&turn).await?;
            file.drop_old_log();
        }
        let seen = file.now();
        connect::adopt(file.path(), file.secret()).await?;
        // Nobody writes: those that are closed from now on close the old file, those that are made open the new one.
        keeper.0.writers.all();
        keeper.0.readers.all();
        for pool in [&turn.database, &self.read] {
            rows(pool, Sql::new("SELECT count(*) FROM meta")).await.doing("be opened anew")?;
        }
        file.adopt(&seen).map_err(StoreError::Refused)?;
        keeper.set(None);
        keeper.0.opened.fetch_add(1, Ordering::SeqCst);
        self.shown.store(None);
        self.forget();
        Ok(())
    }

    /// Brings what stands in the log into the file: whoever opens that next does not find this log.
    async fn empty_log(&self) {
        let (Some(file), Some(turn)) = (self.write.keeper.file(), self.write.turn_at_once()) else { return };
        // What another program writes there by now is not to be mixed with it.
        if file.log_is_taken() {
            return;
        }
        if let Err(fault) = self.pour(&turn).await {
            tracing::error!(%fault, "what stands in the log that was taken away cannot be brought into the database file yet");
        }
    }

    /// By the connection that has the old log open.
    async fn pour(&self, turn: &write::Turn) -> Result<(), StoreError> {
        const DOING: &str = "empty its log";
        let old = &turn.database;
        old.execute_unprepared("PRAGMA busy_timeout = 200").await.doing(DOING)?;
        let found = rows(old, Sql::new("PRAGMA wal_checkpoint(TRUNCATE)")).await;
        old.execute_unprepared("PRAGMA busy_timeout = 10000").await.doing(DOING)?;
        let found = found.doing(DOING)?;
        let is_busy: i64 = found.first().map_or(Ok(1), |row| row.try_get_by_index(0)).doing(DOING)?;
        if is_busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_were_there_are_used_no_more_and_later_ones_are() {
        let retired = Retired::none();
        let hour = Duration::from_hours(1);
        assert!(retired.allows(hour) && retired.allows(Duration::ZERO), "none is retired at first");
        std::thread::sleep(Duration::from_millis(2));
        retired.all();
        assert!(!retired.allows(hour) && !retired.allows(Duration::from_millis(1)));
        std::thread::sleep(Duration::from_millis(20));
        assert!(retired.allows(Duration::from_millis(5)), "this one was made afterwards");
        assert!(!retired.allows(Duration::from_millis(30)));
    }
}
