//! The adopted wording of provisions comes in: all of it or none.

use std::collections::{HashMap, HashSet};
use std::fmt;

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::error::Doing;
use super::sql::{Sql, rows, run};
use super::write::{self, Changes};
use super::{Store, StoreError};
use crate::domain::document::Provision;
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::suggest::did_you_mean;
use crate::domain::text::Language;
use crate::domain::word::Words;

const DOING: &str = "load the wording of provisions";

/// What one provision says in one language, as it was adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The line of the file that it stands in, from 1.
    pub line: usize,
    /// The code of the document.
    pub document: String,
    /// The reference of the provision.
    pub reference: String,
    /// The code of the language; of any case.
    pub language: String,
    /// The wording.
    pub text: String,
}

/// What came of a wording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WordingReport {
    /// Were not there yet.
    pub added: usize,
    /// Say something else now.
    pub updated: usize,
    /// Are as they were.
    pub unchanged: usize,
}

impl fmt::Display for WordingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wording of provisions: {} new, {} changed, {} unchanged.", self.added, self.updated, self.unchanged)
    }
}

/// What is wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordingFault {
    /// The line of the file.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for WordingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Why a wording was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum WordingError {
    /// Every fault, in the order of lines.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<WordingFault>),
    /// The database does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Loads the adopted wording of provisions: all of it, or none where a line has a fault. Loading the same twice
    /// changes nothing.
    ///
    /// # Errors
    /// All faults of all lines; or the database does not do it.
    pub async fn load_wording(&self, wording: &[Wording]) -> Result<WordingReport, WordingError> {
        let wording = wording.to_vec();
        let (write, at) = (self.write.clone(), (self.clock)());
        write::apart(async move {
            let turn = write.turn().await?;
            let transaction = write::begin(&turn).await?;
            let done = load(&transaction, &wording, at).await;
            write::end(transaction, done, true).await
        })
        .await
    }
}

impl Store {
    /// What is wrong with a wording, without loading it.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn check_wording(&self, wording: &[Wording]) -> Result<Vec<WordingFault>, StoreError> {
        match place(&self.read, wording).await {
            Ok(_) => Ok(Vec::new()),
            Err(WordingError::Faults(faults)) => Ok(faults),
            Err(WordingError::Store(fault)) => Err(fault),
        }
    }
}

async fn load(transaction: &DatabaseTransaction, wording: &[Wording], at: Timestamp) -> Result<WordingReport, WordingError> {
    let wanted = place(transaction, wording).await?;
    let existing = existing(transaction).await?;
    let mut report = WordingReport::default();
    let mut changes = Changes::default();
    for (id, language, text) in wanted {
        match existing.get(&(id, language)) {
            Some(old) if old == text => {
                report.unchanged += 1;
                continue;
            }
            Some(_) => report.updated += 1,
            None => report.added += 1,
        }
        let entry = id.to_string();
        let mut sql = Sql::new("INSERT INTO official_text (entry_id, language, ordinal, text) VALUES (");
        sql.bind(entry.clone()).text(", ").bind(language.name());
        // The first that came is taken for the one that was adopted.
        sql.text(", (SELECT count(*) FROM official_text WHERE entry_id = ").bind(entry).text("), ").bind(text);
        sql.text(") ON CONFLICT (entry_id, language) DO UPDATE SET text = excluded.text");
        run(transaction, sql).await.doing(DOING)?;
        changes.note(id, Kind::Provision);
    }
    let revision = write::revision(transaction).await? + 1;
    changes.log(transaction, revision, at).await?;
    Ok(report)
}

/// Which provision each line is about, or all faults of all lines.
async fn place<'a>(db: &impl ConnectionTrait, wording: &'a [Wording]) -> Result<Vec<(Id, Language, &'a str)>, WordingError> {
    let provisions = codes(db, Kind::Provision).await?;
    let documents = codes(db, Kind::Document).await?;
    let (mut placed, mut faults) = (Vec::new(), Vec::new());
    let mut seen: HashMap<(Id, Language), usize> = HashMap::new();
    for Wording { line, document, reference, language, text } in wording {
        let mut wrong = |message: String| faults.push(WordingFault { line: *line, message });
        let known_language = Language::parse(&language.to_uppercase());
        if known_language.is_none() {
            let known = Language::ALL.iter().map(|word| word.name);
            wrong(format!(
                "'{}' is no language of the catalogue.{} One of {} is wanted.",
                short(language),
                did_you_mean(language, known.clone()),
                known.collect::<Vec<_>>().join(", ")
            ));
        }
        let provision = provisions.get(&Provision::entry_code(document, reference));
        if !documents.contains_key(document) {
            wrong(format!("there is no document '{}'.{}", short(document), did_you_mean(document, documents.keys().map(String::as_str))));
        } else if provision.is_none() {
            let of_document: HashSet<&str> = provisions.keys().filter_map(|code| code.strip_prefix(document.as_str())?.strip_prefix('/')).collect();
            wrong(format!("{document} has no provision '{}'.{}", short(reference), did_you_mean(reference, of_document)));
        }
        if text.trim().is_empty() {
            wrong("the text is empty.".to_owned());
        }
        if let (Some(id), Some(language)) = (provision, known_language) {
            match seen.get(&(*id, language)) {
                Some(first) => wrong(format!("{document} {reference} in {language} stands in line {first} already.")),
                None => _ = seen.insert((*id, language), *line),
            }
            placed.push((*id, language, text.as_str()));
        }
    }
    if faults.is_empty() { Ok(placed) } else { Err(WordingError::Faults(faults)) }
}

/// What was written may be long; what is said of it is short.
fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The codes of a kind, with their ids.
async fn codes(db: &impl ConnectionTrait, kind: Kind) -> Result<HashMap<String, Id>, StoreError> {
    let mut sql = Sql::new("SELECT code, id FROM entry WHERE kind = ");
    sql.bind(kind.name());
    let mut codes = HashMap::new();
    for row in rows(db, sql).await.doing(DOING)? {
        let (code, id): (String, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        let id = id.parse().map_err(|_| StoreError::Damaged { what: "the id", of: format!("{kind} {code}") })?;
        codes.insert(code, id);
    }
    Ok(codes)
}

async fn existing(transaction: &DatabaseTransaction) -> Result<HashMap<(Id, Language), String>, StoreError> {
    let mut texts = HashMap::new();
    for row in rows(transaction, Sql::new("SELECT entry_id, language, text FROM official_text")).await.doing(DOING)? {
        let (id, language): (String, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        let damaged = |what| StoreError::Damaged { what, of: format!("the wording of {id} in {language}") };
        let key = (id.parse().map_err(|_| damaged("the id"))?, Language::parse(&language).ok_or_else(|| damaged("the language"))?);
        texts.insert(key, row.try_get_by_index(2).doing(DOING)?);
    }
    Ok(texts)
}
