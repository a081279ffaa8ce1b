//! Transactions that read: each sees one state, whatever is written meanwhile, and none is left open.

use std::ops::Deref;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use tokio::sync::OwnedSemaphorePermit;

use super::error::Doing;
use super::write::is_postgres;
use super::{Store, StoreError};

/// How long a question waits for others. A server that is gone is told sooner; this is for one that is busy.
const PATIENCE: Duration = Duration::from_secs(4);

/// One state of the database, for as long as it is held.
pub(super) struct OneState {
    transaction: DatabaseTransaction,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Deref for OneState {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl OneState {
    /// Lets go of it. Nothing was written: what becomes of the transaction cannot matter.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.transaction.rollback().await
    }
}

impl Store {
    /// Begins to read one state. It begins in a task of its own: a caller that vanishes while it does would leave the
    /// transaction open, for the next to read an old state in (sqlx#4385). Once begun, it ends when it is dropped.
    ///
    /// Whoever reads long takes turns, so that one connection is always left for a short look, and a question of many
    /// parts waits for itself no longer than it may take.
    pub(super) async fn one_state(&self, doing: &'static str) -> Result<OneState, StoreError> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(StoreError::Busy) };
        begin(&self.read, doing, Some(turn), None).await
    }

    /// The same for the one who follows: what was withdrawn must not wait for whoever reads figures, and a whole graph
    /// may take longer to read than an answer.
    pub(super) async fn one_state_at_once(&self, doing: &'static str) -> Result<OneState, StoreError> {
        begin(&self.read, doing, None, Some("SET LOCAL statement_timeout = '5min'")).await
    }
}

/// Begins to read one state of a database, in a task of its own; with that patience in place of the usual one.
pub(super) async fn begin(
    read: &DatabaseConnection,
    doing: &'static str,
    turn: Option<OwnedSemaphorePermit>,
    patience: Option<&'static str>,
) -> Result<OneState, StoreError> {
    let read = read.clone();
    let begun = async move {
        let transaction = read.begin().await?;
        if let Some(patience) = patience.filter(|_| is_postgres(&read)) {
            transaction.execute_unprepared(patience).await?;
        }
        Ok(transaction)
    };
    match tokio::spawn(begun).await {
        Ok(begun) => Ok(OneState { transaction: begun.doing(doing)?, _turn: turn }),
        Err(_) => Err(StoreError::BrokenOff),
    }
}
