//! The one way to write: one transaction, one revision, in a task that a vanished caller cannot cancel.

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use crate::domain::id::Id;

use super::connect::revision_in;
use super::sql::{instant, statement};
use super::{Store, StoreError};

/// A write under way.
pub(super) struct Writing {
    /// The transaction.
    pub transaction: DatabaseTransaction,
    /// The revision that it makes.
    pub revision: u64,
    /// When it is made.
    pub at: Timestamp,
}

impl Writing {
    /// Notes in the change log that an entry changed.
    pub async fn note(&self, kind: &str, id: Id) -> Result<(), StoreError> {
        let insert = "INSERT INTO change (revision, at, kind, entry_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let values = vec![i64::try_from(self.revision).unwrap_or(i64::MAX).into(), instant(self.at).into(), kind.into(), id.to_string().into()];
        self.transaction.execute_raw(statement(insert, values)).await?;
        Ok(())
    }

    /// Keeps it.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(StoreError::from)
    }

    /// Leaves the database as it was. (A write that is dropped does the same.)
    pub async fn abandon(self) -> Result<(), StoreError> {
        self.transaction.rollback().await.map_err(StoreError::from)
    }
}

impl Store {
    /// Begins a write: takes the writer's lock at once, and the next revision.
    pub(super) async fn begin(&self, at: Timestamp) -> Result<Writing, StoreError> {
        let options = TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
        let transaction = self.write.begin_with_options(options).await?;
        let revision = revision_in(&transaction).await? + 1;
        Ok(Writing { transaction, revision, at })
    }
}

/// Runs a write as a task of its own: where the caller is cancelled, it still ends whole or not at all.
pub(super) async fn uncancelled<T: Send + 'static>(work: impl Future<Output = Result<T, StoreError>> + Send + 'static) -> Result<T, StoreError> {
    tokio::spawn(work).await.map_err(|_| StoreError::NotWhole("a write broke off".into()))?
}
