//! The entries of a catalogue.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use crate::domain::catalogue::Catalogue;
use crate::domain::entry::Entry;
use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::store::StoreError;
use crate::store::sql::{column, instant, midnight, parse, statement};
use crate::store::write::Writing;

use super::{ImportOptions, ImportReport};

/// Who wrote an entry last.
const CATALOGUE: &str = "CATALOGUE";

/// An entry that is there already.
struct Held {
    id: Id,
    digest: Option<String>,
    by_catalogue: bool,
}

/// Brings the entries in.
pub(super) async fn import(
    writing: &Writing,
    catalogue: &Catalogue,
    options: ImportOptions,
    report: &mut ImportReport,
    told: &(dyn Fn(usize) + Send + Sync),
) -> Result<(), StoreError> {
    let mut held = held(writing).await?;
    let edition = instant(midnight(catalogue.edition)?);
    for (n, entry) in catalogue.entries.iter().enumerate() {
        let (kind, code) = (entry.kind(), entry.code());
        let label = format!("{kind} {code}");
        let content = serde_json::to_string(entry).map_err(|error| StoreError::NotWhole(format!("{label} cannot be written: {error}")))?;
        let digest = digest(entry, &content);
        match held.remove(&(kind.name().to_owned(), code.clone())) {
            None => {
                add(writing, entry, &code, &content, &digest, &edition).await?;
                report.added.push(label);
            }
            Some(before) if !before.by_catalogue => report.changed_elsewhere.push(label),
            Some(before) if before.digest.as_deref() == Some(&digest) => report.unchanged += 1,
            Some(before) => {
                update(writing, before.id, entry, &content, &digest, &edition).await?;
                report.updated.push(label);
            }
        }
        told(n + 1);
    }
    let mut gone: Vec<_> = held.into_iter().collect();
    gone.sort_by(|a, b| a.0.cmp(&b.0));
    for ((kind, code), before) in gone {
        let label = format!("{kind} {code}");
        if !before.by_catalogue {
            // What was made or changed here is none of the catalogue's business, unless the catalogue had it once.
            if before.digest.is_some() {
                report.changed_elsewhere.push(label);
            }
        } else if options.prune {
            writing.transaction.execute_raw(statement("DELETE FROM entry WHERE id = $1", vec![before.id.to_string().into()])).await?;
            writing.note(&kind, before.id).await?;
            report.pruned.push(label);
        } else {
            report.removed_but_kept.push(label);
        }
    }
    Ok(())
}

async fn held(writing: &Writing) -> Result<HashMap<(String, String), Held>, StoreError> {
    let rows = writing.transaction.query_all_raw(statement("SELECT id, kind, code, digest, origin FROM entry", vec![])).await?;
    rows.iter()
        .map(|row| {
            let (id, origin): (String, String) = (column(row, "id")?, column(row, "origin")?);
            let held = Held { id: parse("id", &id)?, digest: column(row, "digest")?, by_catalogue: origin == CATALOGUE };
            Ok(((column(row, "kind")?, column(row, "code")?), held))
        })
        .collect()
}

/// What an entry says, bodies included, in a few bytes.
fn digest(entry: &Entry, content: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content.as_bytes());
    if let Entry::GoodPractice(practice) = entry {
        for text in &practice.texts {
            hasher.update(text.language.name().as_bytes());
            hasher.update(text.body.as_deref().unwrap_or_default().as_bytes());
            hasher.update(&[0]);
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

async fn add(writing: &Writing, entry: &Entry, code: &str, content: &str, digest: &str, edition: &str) -> Result<(), StoreError> {
    let id = entry.catalogue_id();
    let insert = "INSERT INTO entry (id, kind, code, content, digest, origin, version, revision, published_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $8)";
    let values = vec![
        id.to_string().into(),
        entry.kind().name().into(),
        code.into(),
        content.into(),
        digest.into(),
        CATALOGUE.into(),
        i64::try_from(writing.revision).unwrap_or(i64::MAX).into(),
        edition.into(),
    ];
    writing.transaction.execute_raw(statement(insert, values)).await?;
    bodies(writing, id, entry).await?;
    writing.note(entry.kind().name(), id).await
}

async fn update(writing: &Writing, id: Id, entry: &Entry, content: &str, digest: &str, edition: &str) -> Result<(), StoreError> {
    let update = "UPDATE entry SET content = $2, digest = $3, version = version + 1, revision = $4, updated_at = $5 WHERE id = $1";
    let revision = i64::try_from(writing.revision).unwrap_or(i64::MAX);
    let values = vec![id.to_string().into(), content.into(), digest.into(), revision.into(), edition.into()];
    writing.transaction.execute_raw(statement(update, values)).await?;
    writing.transaction.execute_raw(statement("DELETE FROM practice_body WHERE entry_id = $1", vec![id.to_string().into()])).await?;
    bodies(writing, id, entry).await?;
    writing.note(entry.kind().name(), id).await
}

async fn bodies(writing: &Writing, id: Id, entry: &Entry) -> Result<(), StoreError> {
    let Entry::GoodPractice(practice) = entry else { return Ok(()) };
    for (ordinal, text) in (0i64..).zip(&practice.texts) {
        if let Some(body) = &text.body {
            let insert = "INSERT INTO practice_body (entry_id, language, ordinal, content) VALUES ($1, $2, $3, $4)";
            let values = vec![id.to_string().into(), text.language.name().into(), ordinal.into(), body.as_str().into()];
            writing.transaction.execute_raw(statement(insert, values)).await?;
        }
    }
    Ok(())
}
