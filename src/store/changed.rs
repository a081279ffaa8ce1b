//! Whether figures have changed: for those who read them in several statements, and must not mix two states of them.

use super::Store;
use super::error::{Doing, StoreError};
use super::sql::{Sql, rows};
use crate::domain::entry::Kind;
use crate::domain::word::Words;

impl Store {
    /// Whether figures came, went or changed behind a revision. The change log says it of their source.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn figures_changed_since(&self, revision: u64) -> Result<bool, StoreError> {
        let mut sql = Sql::new("SELECT entry_id FROM change WHERE revision > ");
        sql.bind(i64::try_from(revision).unwrap_or(i64::MAX)).text(" AND kind = ").bind(Kind::Source.name()).text(" LIMIT 1");
        Ok(!rows(&self.read, sql).await.doing("look whether figures have changed")?.is_empty())
    }
}
