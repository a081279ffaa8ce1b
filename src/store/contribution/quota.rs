//! How much a party stores, and how much it may: counted with each write, in the same transaction.
//!
//! What counts is what stays: texts that were not stored before, the rows of versions and of steps, contact points. What
//! is erased is given back, the rows of what happened are not. Readings are not counted, as nobody may be kept from
//! reading by what he wrote; they are bounded by what there is to read.

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::domain::viewer::Member;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::sql::{Sql, rows, run};

const DOING: &str = "count what a party stores";
/// What a row takes beside its texts: its other columns, and its place in indexes and in the change log.
pub(super) const ROW: u64 = 512;
/// From so many tenths on it is told.
const TELL: u64 = 8;

/// What a party stores, of what it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// Bytes that it stores.
    pub used: u64,
    /// Bytes that it may store.
    pub allowed: u64,
}

impl Storage {
    /// Whether it is time to tell: little is left.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.used >= self.allowed / 10 * TELL
    }

    /// Tells the operator each time that another tenth of it is reached, once little is left.
    pub(super) fn tell(&self, by: &Member, added: i64) {
        let tenth = (self.allowed / 10).max(1);
        let before = self.used.saturating_add_signed(added.saturating_neg());
        if self.is_short() && before / tenth < self.used / tenth {
            let Self { used, allowed } = self;
            tracing::warn!(party = by.party, used, allowed, "a party has stored most of the bytes that it may (contributions.party_bytes)");
        }
    }
}

/// What a party stores now.
pub(super) async fn used(db: &impl ConnectionTrait, party: &str) -> Result<u64, StoreError> {
    let mut sql = Sql::new("SELECT bytes FROM holding WHERE party = ");
    sql.bind(party);
    let found = rows(db, sql).await.doing(DOING)?;
    let bytes: i64 = found.first().map_or(Ok(0), |row| row.try_get_by_index(0)).doing(DOING)?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}

/// Counts what was added, or given back.
pub(super) async fn count(transaction: &DatabaseTransaction, party: &str, added: i64) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO holding (party, bytes) VALUES (");
    sql.bind(party).text(", ").bind(added).text(") ON CONFLICT (party) DO UPDATE SET bytes = holding.bytes + excluded.bytes");
    run(transaction, sql).await.doing(DOING).map(|_| ())
}
