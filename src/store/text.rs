//! Long texts, in the language asked for, else in English, else in the one they were written in.

use std::collections::HashMap;

use super::error::Doing;
use super::row::MOST_PARAMETERS;
use super::sql::{Sql, rows};
use super::{Store, StoreError};
use crate::domain::id::Id;
use crate::domain::text::Language;

/// What is asked for: of which entry, in which language.
type Key = (Id, Language);

impl Store {
    /// The bodies of practices, under what was asked; nothing where there is none in any language.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn bodies(&self, keys: &[Key]) -> Result<HashMap<Key, String>, StoreError> {
        self.texts("(SELECT body FROM practice_body WHERE entry_id = k.value ->> 0", keys, "read the bodies of practices").await
    }

    /// The adopted wording of provisions, under what was asked; nothing where there is none in any language.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn official_texts(&self, keys: &[Key]) -> Result<HashMap<Key, String>, StoreError> {
        self.texts("(SELECT text FROM official_text WHERE entry_id = k.value ->> 0", keys, "read the wording of provisions").await
    }

    async fn texts(&self, of_entry: &str, keys: &[Key], doing: &'static str) -> Result<HashMap<Key, String>, StoreError> {
        let mut texts = HashMap::with_capacity(keys.len());
        // Two parameters a key, were they not in one list.
        for some in keys.chunks(MOST_PARAMETERS / 2) {
            let mut sql = Sql::new("SELECT k.key, coalesce(");
            sql.text(of_entry).text(" AND language = k.value ->> 1), ");
            sql.text(of_entry).text(" AND language = 'EN'), ");
            sql.text(of_entry).text(" ORDER BY ordinal LIMIT 1)) FROM ").tuples("k", &some);
            for row in rows(&self.read, sql).await.doing(doing)? {
                let n: i64 = row.try_get_by_index(0).doing(doing)?;
                let text: Option<String> = row.try_get_by_index(1).doing(doing)?;
                if let (Some(key), Some(text)) = (usize::try_from(n).ok().and_then(|n| some.get(n)), text) {
                    texts.insert(*key, text);
                }
            }
        }
        Ok(texts)
    }
}
