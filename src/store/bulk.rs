//! Data for measuring and testing, brought in without a look at what is there.

use super::import::add_figures;
use super::row::{Written, insert_bodies, insert_entries, instant};
use super::write::{self, Changes};
use super::{Store, StoreError};
use crate::domain::entry::Stored;
use crate::domain::figure::Observation;

impl Store {
    /// Adds entries and figures as they stand, in one transaction and with one revision. Not for what people write:
    /// nothing is compared, and what is there already is an error.
    ///
    /// # Errors
    /// Where the database does not take them; then none of them is there.
    pub async fn bulk_insert(&self, entries: &[Stored], observations: &[Observation]) -> Result<(), StoreError> {
        let mut written = Vec::with_capacity(entries.len());
        for stored in entries {
            let with_id = Written { id: stored.id, ..Written::of(&stored.entry)? };
            written.push((with_id, stored.published_at.map(instant), instant(stored.updated_at)));
        }
        let observations = observations.to_vec();
        let (write, at) = (self.write.clone(), (self.clock)());
        write::apart(async move {
            let turn = write.turn().await?;
            let transaction = write::begin(&turn).await?;
            let done = async {
                let revision = write::revision(&*transaction).await? + 1;
                let mut changes = Changes::default();
                let rows = written.iter().map(|(entry, published_at, updated_at)| entry.row(revision, published_at.clone(), updated_at.clone())).collect();
                insert_entries(&transaction, rows, |_| {}).await?;
                insert_bodies(&transaction, written.iter().map(|(entry, ..)| (entry, entry.id))).await?;
                for (entry, ..) in &written {
                    changes.note(entry.id, entry.kind);
                }
                add_figures(&transaction, &observations, &mut changes).await?;
                changes.log(&transaction, revision, at).await
            }
            .await;
            write::end(transaction, done.map(|_| ()), true).await
        })
        .await
    }
}
