//! What the catalogue says beside what the database has.

use std::collections::{HashMap, HashSet};

use sea_orm::ConnectionTrait;

use super::report::{ImportReport, Name};
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::row::{CATALOGUE, IMPORT, Written, digest};
use crate::store::sql::{Sql, rows};

const DOING: &str = "compare the catalogue with its entries";

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Comparison<'a> {
    /// Not there yet.
    pub new: Vec<&'a Written>,
    /// There in other words, the catalogue's own; with id and version.
    pub changed: Vec<(&'a Written, Id, i64)>,
    /// There, the catalogue's own, and no longer in the catalogue.
    pub gone: Vec<(Id, Kind, String)>,
}

/// An entry as the database has it.
struct Existing {
    id: Id,
    kind: Kind,
    code: String,
    digest: Option<String>,
    is_the_catalogues: bool,
    version: i64,
}

/// Compares, and reports what will stay as it is.
pub(super) async fn compare<'a>(db: &impl ConnectionTrait, entries: &'a [Written], report: &mut ImportReport) -> Result<Comparison<'a>, StoreError> {
    let existing = existing(db).await?;
    let mut comparison = Comparison::default();
    let by_code: HashMap<_, _> = existing.iter().map(|entry| ((entry.kind, entry.code.as_str()), entry)).collect();
    for written in entries {
        match by_code.get(&(written.kind, written.code.as_str())) {
            None => comparison.new.push(written),
            Some(entry) if entry.is_the_catalogues && entry.digest.as_ref() == Some(&written.digest) => report.unchanged += 1,
            Some(entry) if entry.is_the_catalogues => comparison.changed.push((written, entry.id, entry.version)),
            Some(entry) if says(db, entry).await? == written.digest => report.unchanged += 1,
            Some(_) => report.kept_changed.push(Name::of(written)),
        }
    }
    let still: HashSet<_> = entries.iter().map(|written| (written.kind, written.code.as_str())).collect();
    for entry in existing.iter().filter(|entry| !still.contains(&(entry.kind, entry.code.as_str()))) {
        if entry.is_the_catalogues && entry.digest.is_some() {
            comparison.gone.push((entry.id, entry.kind, entry.code.clone()));
        } else if entry.digest.is_some() {
            // Once the catalogue's, and changed since. What never was the catalogue's is none of its business.
            report.kept_changed.push(Name { kind: entry.kind, code: entry.code.clone() });
        }
    }
    Ok(comparison)
}

async fn existing(db: &impl ConnectionTrait) -> Result<Vec<Existing>, StoreError> {
    let mut all = Vec::new();
    for row in rows(db, Sql::new("SELECT id, kind, code, digest, origin, version FROM entry ORDER BY kind, code")).await.doing(DOING)? {
        let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
        let (id, kind, code) = (text(0)?, text(1)?, text(2)?);
        let damaged = |what| StoreError::Damaged { what, of: format!("{kind} {code}") };
        all.push(Existing {
            id: id.parse().map_err(|_| damaged("the id"))?,
            kind: Kind::parse(&kind).ok_or_else(|| damaged("the kind"))?,
            digest: row.try_get_by_index(3).doing(DOING)?,
            // What came along with figures is the catalogue's to say better, but not to take away.
            is_the_catalogues: [CATALOGUE, IMPORT].contains(&text(4)?.as_str()),
            version: row.try_get_by_index(5).doing(DOING)?,
            code,
        });
    }
    Ok(all)
}

/// The digest of what an entry says now, whoever wrote it.
async fn says(db: &impl ConnectionTrait, entry: &Existing) -> Result<String, StoreError> {
    let id = entry.id.to_string();
    let mut content = Sql::new("SELECT content FROM entry WHERE id = ");
    content.bind(id.clone());
    let content: String = rows(db, content).await.and_then(|found| found.first().map_or(Ok(String::new()), |row| row.try_get_by_index(0))).doing(DOING)?;
    let mut bodies = Sql::new("SELECT language, body FROM practice_body WHERE entry_id = ");
    bodies.bind(id).text(" ORDER BY ordinal");
    let found = rows(db, bodies).await.doing(DOING)?;
    let bodies: Vec<(String, String)> =
        found.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect::<Result<_, _>>().doing(DOING)?;
    Ok(digest(entry.kind, &content, bodies.iter().map(|(language, body)| (language.as_str(), body.as_str()))))
}
