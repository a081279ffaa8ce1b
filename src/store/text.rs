//! Long texts, in batches: bodies of practices and the adopted wording of provisions.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use crate::domain::id::Id;
use crate::domain::text::{Language, pick};

use super::sql::{column, parse, placeholders, statement, word};
use super::{Store, StoreError};

/// The most keys of one statement.
const CHUNK: usize = 500;

impl Store {
    /// Bodies of practices, each by the rule of languages; keyed by what was asked.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn bodies(&self, keys: &[(Id, Language)]) -> Result<HashMap<(Id, Language), String>, StoreError> {
        self.texts("practice_body", keys).await
    }

    /// The adopted wording of provisions, each by the rule of languages; keyed by what was asked.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn official_texts(&self, keys: &[(Id, Language)]) -> Result<HashMap<(Id, Language), String>, StoreError> {
        self.texts("official_text", keys).await
    }

    async fn texts(&self, table: &str, keys: &[(Id, Language)]) -> Result<HashMap<(Id, Language), String>, StoreError> {
        let mut ids: Vec<Id> = keys.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut found: HashMap<Id, Vec<(Language, String)>> = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let sql =
                format!("SELECT entry_id, language, content FROM {table} WHERE entry_id IN ({}) ORDER BY entry_id, ordinal", placeholders(1, chunk.len()));
            for row in self.read.query_all_raw(statement(&sql, chunk.iter().map(|id| id.to_string().into()).collect())).await? {
                let (id, language): (String, String) = (column(&row, "entry_id")?, column(&row, "language")?);
                found.entry(parse("id", &id)?).or_default().push((word(&language)?, column(&row, "content")?));
            }
        }
        let text = |(id, language): &(Id, Language)| pick(found.get(id)?, |(l, _)| *l, *language).map(|(_, text)| ((*id, *language), text.clone()));
        Ok(keys.iter().filter_map(text).collect())
    }
}
