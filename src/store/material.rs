//! Everything that a snapshot is built from, as one moment of the database.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};

use crate::domain::entry::{Entry, Kind, Stored};
use crate::domain::text::Language;
use crate::graph::Material;

use super::connect::revision_in;
use super::sql::{column, parse, statement, word};
use super::{Store, StoreError};

impl Store {
    /// Reads it, in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer or is not whole.
    pub async fn material(&self) -> Result<Material, StoreError> {
        let moment = self.read.begin().await?;
        let mut bodies = bodies(&moment).await?;
        let rows = moment.query_all_raw(statement("SELECT id, kind, content, published_at, updated_at FROM entry", vec![])).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            // By position, as names would be looked up for each of a million rows.
            let (id, kind, content): (String, String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            let (published, updated): (Option<String>, String) = (row.try_get_by_index(3)?, row.try_get_by_index(4)?);
            let mut entry = read_entry(word(&kind)?, &id, &content)?;
            if let Entry::GoodPractice(practice) = &mut entry {
                for text in &mut practice.texts {
                    text.body = bodies.remove(&(id.clone(), text.language));
                }
            }
            let published_at = published.map(|at| parse("instant", &at)).transpose()?;
            entries.push(Stored { id: parse("id", &id)?, entry, published_at, updated_at: parse("instant", &updated)? });
        }
        let corridors = moment.query_all_raw(statement("SELECT origin, destination FROM corridor", vec![])).await?;
        let corridors = corridors.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect::<Result<_, StoreError>>()?;
        let material = Material { revision: revision_in(&moment).await?, entries, corridors, editions: editions(&moment).await? };
        moment.rollback().await?;
        Ok(material)
    }
}

/// An entry from its document.
pub(super) fn read_entry(kind: Kind, id: &str, content: &str) -> Result<Entry, StoreError> {
    Entry::from_json(kind, content).map_err(|error| StoreError::NotWhole(format!("entry {id} cannot be read: {error}")))
}

async fn bodies(moment: &DatabaseTransaction) -> Result<HashMap<(String, Language), String>, StoreError> {
    let rows = moment.query_all_raw(statement("SELECT entry_id, language, content FROM practice_body", vec![])).await?;
    rows.iter()
        .map(|row| {
            let language: String = column(row, "language")?;
            Ok(((column(row, "entry_id")?, word(&language)?), column(row, "content")?))
        })
        .collect()
}

/// The editions of each source, newest first (by their names, which begin with the date).
async fn editions(moment: &DatabaseTransaction) -> Result<Vec<(String, Vec<String>)>, StoreError> {
    // Through the index on (source, edition): one step an edition, however many figures it holds.
    let sql = "WITH RECURSIVE e(source, edition) AS ( \
         SELECT * FROM (SELECT source, edition FROM observation ORDER BY source, edition LIMIT 1) \
         UNION ALL \
         SELECT (SELECT o.source FROM observation o WHERE (o.source, o.edition) > (e.source, e.edition) ORDER BY o.source, o.edition LIMIT 1), \
                (SELECT o.edition FROM observation o WHERE (o.source, o.edition) > (e.source, e.edition) ORDER BY o.source, o.edition LIMIT 1) \
         FROM e WHERE e.source IS NOT NULL) \
         SELECT source, edition FROM e WHERE source IS NOT NULL ORDER BY source, edition DESC";
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for row in moment.query_all_raw(statement(sql, vec![])).await? {
        let (source, edition): (String, String) = (column(&row, "source")?, column(&row, "edition")?);
        match all.last_mut() {
            Some((last, editions)) if *last == source => editions.push(edition),
            _ => all.push((source, vec![edition])),
        }
    }
    Ok(all)
}
