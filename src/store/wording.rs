//! The adopted wording of provisions: brought in by the operator, all or nothing.

use std::collections::HashSet;

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use serde::Deserialize;

use crate::domain::document::Provision;
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::suggest::did_you_mean;
use crate::domain::text::Language;
use crate::domain::word::Words;

use super::sql::{column, parse, statement};
use super::write::{Writing, uncancelled};
use super::{Store, StoreError};

/// One line of a file of wording.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// The code of the document.
    pub document: String,
    /// The provision, as the document numbers it.
    pub reference: String,
    /// The language of the text.
    pub language: Language,
    /// The adopted wording.
    pub text: String,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordingReport {
    /// Texts that were not there or said something else.
    pub changed: usize,
    /// Texts that stood there already.
    pub unchanged: usize,
}

/// Why nothing was brought in.
#[derive(Debug, thiserror::Error)]
pub enum WordingError {
    /// Lines that cannot be used: the number of each, from 1, and what is wrong with it.
    #[error("{} lines cannot be used", .0.len())]
    Lines(Vec<(usize, String)>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Brings in wording: every line, or none where one cannot be used.
    ///
    /// # Errors
    /// Where a line names no provision, stands twice or is empty, or the database does not answer.
    pub async fn load_wording(&self, wording: &[Wording], at: Timestamp) -> Result<WordingReport, WordingError> {
        let provisions = self.provisions().await?;
        let faults = faults(wording, &provisions);
        if !faults.is_empty() {
            return Err(WordingError::Lines(faults));
        }
        let (store, wording) = (self.clone(), wording.to_vec());
        let report = uncancelled(async move {
            let writing = store.begin(at).await?;
            let mut report = WordingReport { changed: 0, unchanged: 0 };
            for (ordinal, line) in wording.iter().enumerate() {
                if keep(&writing, line, ordinal).await? { report.changed += 1 } else { report.unchanged += 1 }
            }
            if report.changed == 0 {
                writing.abandon().await?;
            } else {
                writing.commit().await?;
            }
            Ok(report)
        });
        Ok(report.await?)
    }

    async fn provisions(&self) -> Result<HashSet<String>, StoreError> {
        let rows = self.read.query_all_raw(statement("SELECT code FROM entry WHERE kind = $1", vec![Kind::Provision.name().into()])).await?;
        rows.iter().map(|row| column(row, "code")).collect()
    }
}

fn faults(wording: &[Wording], provisions: &HashSet<String>) -> Vec<(usize, String)> {
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    for (line, w) in (1..).zip(wording) {
        let code = Provision::entry_code(&w.document, &w.reference);
        if !provisions.contains(&code) {
            let near = did_you_mean(&code, provisions.iter().map(String::as_str));
            faults.push((line, format!("there is no provision '{}' of a document '{}'.{near}", w.reference, w.document)));
        } else if w.text.trim().is_empty() {
            faults.push((line, "`text` is empty: give the adopted wording, or leave the line out".into()));
        } else if !seen.insert((code, w.language)) {
            faults.push((line, format!("'{}' stands twice in {}: keep one of the lines", w.reference, w.language)));
        }
    }
    faults
}

/// Keeps a text; tells whether that changed anything.
async fn keep(writing: &Writing, line: &Wording, ordinal: usize) -> Result<bool, StoreError> {
    let code = Provision::entry_code(&line.document, &line.reference);
    let transaction = &writing.transaction;
    let row =
        transaction.query_one_raw(statement("SELECT id FROM entry WHERE kind = $1 AND code = $2", vec![Kind::Provision.name().into(), code.into()])).await?;
    let Some(row) = row else { return Err(StoreError::NotWhole(format!("provision {} vanished meanwhile", line.reference))) };
    let id: String = column(&row, "id")?;
    let before = "SELECT content FROM official_text WHERE entry_id = $1 AND language = $2";
    let before = transaction.query_one_raw(statement(before, vec![id.clone().into(), line.language.name().into()])).await?;
    let before: Option<String> = before.map(|row| column(&row, "content")).transpose()?;
    if before.as_deref() == Some(line.text.as_str()) {
        return Ok(false);
    }
    let upsert = "INSERT INTO official_text (entry_id, language, ordinal, content) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (entry_id, language) DO UPDATE SET content = excluded.content";
    let values = vec![id.clone().into(), line.language.name().into(), i64::try_from(ordinal).unwrap_or(i64::MAX).into(), line.text.clone().into()];
    transaction.execute_raw(statement(upsert, values)).await?;
    writing.note(Kind::Provision.name(), parse::<Id>("id", &id)?).await?;
    Ok(true)
}
