//! What rows mean: entries and instants to and from their columns.

use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::ActiveValue::Set;
use sea_orm::{DatabaseTransaction, EntityTrait};

use super::StoreError;
use super::entity::{entry, practice_body};
use super::error::Doing;
use crate::domain::entry::{Entry, Kind};
use crate::domain::id::Id;
use crate::domain::text::Language;
use crate::domain::word::Words;

/// Who wrote an entry last.
pub(super) const CATALOGUE: &str = "CATALOGUE";
/// Who wrote an entry last.
pub(super) const API: &str = "API";
/// Who wrote an entry last: it came along with figures that name it.
pub(super) const IMPORT: &str = "IMPORT";

/// No statement has more parameters than this (R102), by so much that every engine takes it.
pub(super) const MOST_PARAMETERS: usize = 500;
const ENTRY_COLUMNS: usize = 10;
const BODY_COLUMNS: usize = 4;

/// RFC 3339 in UTC with microseconds: of one width, so that text sorts as time does.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// The first instant of a day.
pub(super) fn midnight(day: Date) -> String {
    format!("{day}T00:00:00.000000Z")
}

/// An entry as it goes into the database.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub id: Id,
    pub kind: Kind,
    pub code: String,
    pub content: String,
    /// In the order of the entry, the original first.
    pub bodies: Vec<(Language, String)>,
    pub digest: String,
}

impl Written {
    /// The entry under the catalogue's id.
    pub fn of(entry: &Entry) -> Result<Self, StoreError> {
        let (kind, code) = (entry.kind(), entry.code());
        let content = serde_json::to_string(entry).map_err(|_| StoreError::Damaged { what: "the content", of: code.clone() })?;
        let bodies: Vec<_> = match entry {
            Entry::GoodPractice(practice) => practice.texts.iter().filter_map(|text| Some((text.language, text.body.clone()?))).collect(),
            _ => Vec::new(),
        };
        let digest = digest(kind, &content, bodies.iter().map(|(language, body)| (language.name(), body.as_str())));
        Ok(Self { id: entry.catalogue_id(), kind, code, content, bodies, digest })
    }

    /// Its row, as the catalogue's.
    pub fn row(&self, revision: u64, published_at: Option<String>, updated_at: String) -> entry::ActiveModel {
        entry::ActiveModel {
            id: Set(self.id.to_string()),
            kind: Set(self.kind.name().to_owned()),
            code: Set(self.code.clone()),
            content: Set(self.content.clone()),
            digest: Set(Some(self.digest.clone())),
            origin: Set(CATALOGUE.to_owned()),
            version: Set(1),
            revision: Set(i64::try_from(revision).unwrap_or(i64::MAX)),
            published_at: Set(published_at),
            updated_at: Set(updated_at),
        }
    }
}

/// The hash of all that an entry says: two with the same say the same.
pub(super) fn digest<'a>(kind: Kind, content: &str, bodies: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |part: &str| {
        // With its length ahead, no text can be taken for the end of one and the start of another.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    part(kind.name());
    part(content);
    for (language, body) in bodies {
        part(language);
        part(body);
    }
    hasher.finalize().to_hex().to_string()
}

/// Inserts rows of entries, as many at a time as parameters allow; tells how many each time.
pub(super) async fn insert_entries(transaction: &DatabaseTransaction, rows: Vec<entry::ActiveModel>, mut tell: impl FnMut(usize)) -> Result<(), StoreError> {
    for some in rows.chunks(MOST_PARAMETERS / ENTRY_COLUMNS) {
        entry::Entity::insert_many(some.to_vec()).exec_without_returning(transaction).await.doing("add entries")?;
        tell(some.len());
    }
    Ok(())
}

/// Inserts the bodies of these entries.
pub(super) async fn insert_bodies(transaction: &DatabaseTransaction, entries: impl Iterator<Item = (&Written, Id)>) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for (written, id) in entries {
        for (ordinal, (language, body)) in (0..).zip(&written.bodies) {
            rows.push(practice_body::ActiveModel {
                entry_id: Set(id.to_string()),
                language: Set(language.name().to_owned()),
                ordinal: Set(ordinal),
                body: Set(body.clone()),
            });
        }
    }
    for some in rows.chunks(MOST_PARAMETERS / BODY_COLUMNS) {
        practice_body::Entity::insert_many(some.to_vec()).exec_without_returning(transaction).await.doing("add the bodies of practices")?;
    }
    Ok(())
}
