//! Much at once: makes the data of benchmarks and of large tests.

use sea_orm::ConnectionTrait;

use crate::domain::entry::Stored;
use crate::domain::figure::Observation;
use crate::domain::word::Words;

use super::observation::row;
use super::sql::{instant, placeholders, statement};
use super::{Store, StoreError};

/// Entries of one statement.
const ROWS: usize = 500;

impl Store {
    /// Writes entries and figures that are not there yet, in one transaction and one revision.
    ///
    /// # Errors
    /// Where one is there already, or the database does not answer.
    pub async fn bulk_insert(&self, entries: &[Stored], observations: &[Observation]) -> Result<(), StoreError> {
        let at = entries.first().map_or(jiff::Timestamp::UNIX_EPOCH, |stored| stored.updated_at);
        let writing = self.begin(at).await?;
        for chunk in entries.chunks(ROWS) {
            let mut values = Vec::with_capacity(chunk.len() * 6);
            let mut rows = Vec::with_capacity(chunk.len());
            for stored in chunk {
                let content = serde_json::to_string(&stored.entry).map_err(|error| StoreError::NotWhole(error.to_string()))?;
                rows.push(format!("({}, 'CATALOGUE', 1, 1)", placeholders(values.len() + 1, 6)));
                values.extend([
                    stored.id.to_string().into(),
                    stored.entry.kind().name().into(),
                    stored.entry.code().into(),
                    content.into(),
                    stored.published_at.map(instant).into(),
                    instant(stored.updated_at).into(),
                ]);
            }
            let sql = format!("INSERT INTO entry (id, kind, code, content, published_at, updated_at, origin, version, revision) VALUES {}", rows.join(","));
            writing.transaction.execute_raw(statement(&sql, values)).await?;
        }
        row::insert(&writing.transaction, observations).await?;
        if let Some(first) = entries.first() {
            writing.note(first.entry.kind().name(), first.id).await?;
        }
        writing.commit().await
    }

    /// Brings up to date what follows from figures, after the last [`Store::bulk_insert`].
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn settle_figures(&self) -> Result<(), StoreError> {
        let writing = self.begin(jiff::Timestamp::UNIX_EPOCH).await?;
        row::settle(&writing.transaction).await?;
        writing.commit().await
    }
}
