//! How far the change log was read, so that it can be told whether it still is the same log. A database can go back: to
//! an older copy that is put in its place, or to a standby that takes over and lacks the last writes. Then it writes other
//! revisions under the same numbers, and only a line of the log itself tells.

use sea_orm::ConnectionTrait;

use super::StoreError;
use super::error::Doing;
use super::sql::{Sql, rows};

const DOING: &str = "read how far its log goes";

/// A revision, and the first line of the log that it has. No other history has this line: it names an entry and the
/// microsecond at which that changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Mark {
    /// The revision; 0 before the first change.
    pub revision: u64,
    pub(super) line: String,
}

impl Mark {
    /// Of the newest revision.
    pub async fn newest(db: &impl ConnectionTrait) -> Result<Self, StoreError> {
        let sql = Sql::new("SELECT revision, at || ' ' || entry_id FROM change WHERE revision = (SELECT max(revision) FROM change) ORDER BY entry_id LIMIT 1");
        let found = rows(db, sql).await.doing(DOING)?;
        let Some(row) = found.first() else { return Ok(Self::default()) };
        let (revision, line): (i64, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        Ok(Self { revision: u64::try_from(revision).unwrap_or_default(), line })
    }

    /// Whether the log that `db` reads has this line, and so all that came before it.
    pub async fn is_in(&self, db: &impl ConnectionTrait) -> Result<bool, StoreError> {
        if self.revision == 0 {
            return Ok(true);
        }
        let mut sql = Sql::new("SELECT at || ' ' || entry_id FROM change WHERE revision = ");
        sql.bind(i64::try_from(self.revision).unwrap_or(i64::MAX)).text(" ORDER BY entry_id LIMIT 1");
        let found = rows(db, sql).await.doing(DOING)?;
        let line: Option<String> = found.first().map(|row| row.try_get_by_index(0)).transpose().doing(DOING)?;
        Ok(line.as_ref() == Some(&self.line))
    }
}
