//! What was erased goes from every file, not only out of sight.
//!
//! SQLite overwrites what is freed in its pages (`secure_delete`); but the pages as they were stand in the log that it
//! writes ahead, until that was emptied. It cannot be while somebody reads an older state, so whoever erased is not kept
//! waiting for that, nor is anybody else: it is tried again and again, each time for a moment, until it is done. In
//! PostgreSQL the dead row goes at once rather than with the next `VACUUM`; of its log and of backups docs/OPERATING.md
//! speaks.

use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::ConnectionTrait;
use tokio::sync::Notify;

use super::connect::sqlite;
use super::error::Doing;
use super::follow::{CHANGES, in_time};
use super::sql::{Sql, rows};
use super::{Store, StoreError};

const DOING: &str = "take out what was erased";

/// How much was erased, and how much of that is out of every file.
#[derive(Debug)]
pub(super) struct Erasing {
    asked: AtomicU64,
    done: AtomicU64,
    wanted: Notify,
}

impl Erasing {
    /// What was erased before the program ended may stand in the log yet, where there is one.
    pub fn new(has_log: bool) -> Self {
        Self { asked: AtomicU64::new(u64::from(has_log)), done: AtomicU64::new(0), wanted: Notify::new() }
    }

    /// Something was erased.
    pub fn ask(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.wanted.notify_one();
    }

    pub fn is_pending(&self) -> bool {
        self.done.load(Ordering::SeqCst) < self.asked.load(Ordering::SeqCst)
    }
}

impl Store {
    /// Until something was erased that may still stand in a file.
    pub async fn erasure(&self) {
        while !self.erasing.is_pending() {
            self.erasing.wanted.notified().await;
        }
    }

    /// Tries once to take what was erased out of every file; whether all of it is out.
    ///
    /// # Errors
    /// Where the database does not do it.
    pub async fn take_out_erased(&self) -> Result<bool, StoreError> {
        let asked = self.erasing.asked.load(Ordering::SeqCst);
        let empty = async {
            match self.write.keeper.file() {
                Some(file) => {
                    // Opened by its name: that must lead to the file that is meant.
                    self.write.keeper.look().map_err(StoreError::Refused)?;
                    empty_log(&sqlite::emptying(file.path()).await?).await
                }
                None => self.write.database.execute_unprepared("VACUUM entry, answered").await.doing(DOING).map(|_| true),
            }
        };
        let is_out = in_time(CHANGES, Box::pin(empty)).await?;
        if is_out {
            self.erasing.done.fetch_max(asked, Ordering::SeqCst);
        }
        Ok(is_out)
    }
}

/// Whether the log could be emptied.
async fn empty_log(emptying: &sea_orm::DatabaseConnection) -> Result<bool, StoreError> {
    let found = rows(emptying, Sql::new("PRAGMA wal_checkpoint(TRUNCATE)")).await;
    let _ = emptying.close_by_ref().await;
    let is_busy: i64 = found.doing(DOING)?.first().map_or(Ok(1), |row| row.try_get_by_index(0)).doing(DOING)?;
    Ok(is_busy == 0)
}
