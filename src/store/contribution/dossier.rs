//! Dossiers and versions, to and from their rows.

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::domain::audience::Audience;
use crate::domain::contribution::{Dossier, GoodPracticeStatus};
use crate::domain::entry::{Entry, Kind};
use crate::domain::id::Id;
use crate::domain::practice::GoodPractice;
use crate::domain::text::Language;
use crate::domain::word::Words;
use crate::store::error::Doing;
use crate::store::row::{API, Written, insert_bodies, insert_entries, instant};
use crate::store::sql::{Sql, rows, run};
use crate::store::{Store, StoreError, material};

const DOING: &str = "write a practice";

/// One version of a practice, as its owner and the secretariat may look back at it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of `GoodPracticeVersion` in the API")]
pub struct VersionRow {
    pub id: Id,
    pub version: u32,
    pub language: Language,
    pub title: String,
    pub summary: String,
    pub audience: Audience,
    pub status: GoodPracticeStatus,
    pub recorded_at: Timestamp,
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Damaged { what: "the content", of: "a practice".into() })
}

fn damaged(what: &'static str, id: Id) -> StoreError {
    StoreError::Damaged { what, of: format!("the practice {id}") }
}

/// Adds the entry of a practice that was never in the catalogue.
pub(super) async fn begin(transaction: &DatabaseTransaction, id: Id, practice: &GoodPractice, revision: u64, at: Timestamp) -> Result<(), StoreError> {
    let written = Written { id, ..Written::of(&Entry::GoodPractice(practice.clone()))? };
    let mut row = written.row(revision, None, instant(at));
    row.digest = sea_orm::ActiveValue::Set(None);
    row.origin = sea_orm::ActiveValue::Set(API.to_owned());
    insert_entries(transaction, vec![row], |_| {}).await?;
    insert_bodies(transaction, std::iter::once((&written, id))).await
}

/// Where a practice stands. What was the catalogue's until now becomes its owner's: its text is kept as the version
/// that is published.
pub(super) async fn open(transaction: &DatabaseTransaction, id: Id) -> Result<Option<Dossier>, StoreError> {
    let mut sql = Sql::new("SELECT content FROM dossier WHERE entry_id = ");
    sql.bind(id.to_string());
    if let Some(row) = rows(transaction, sql).await.doing(DOING)?.first() {
        let content: String = row.try_get_by_index(0).doing(DOING)?;
        return serde_json::from_str(&content).map(Some).map_err(|_| damaged("the dossier", id));
    }
    let Some((stored, practice)) = material::practice(transaction, id).await? else { return Ok(None) };
    let published_at = stored.published_at.unwrap_or(stored.updated_at);
    let dossier = Dossier::of_the_catalogue(&practice.owner, stored.version, published_at, stored.updated_at);
    let language = practice.texts.first().map_or(Language::En, |text| text.language);
    keep(transaction, id, &dossier).await?;
    add_version(transaction, id, &dossier, &practice, language, stored.updated_at).await?;
    Ok(Some(dossier))
}

/// Keeps where a practice stands.
pub(super) async fn keep(transaction: &DatabaseTransaction, id: Id, dossier: &Dossier) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO dossier (entry_id, content) VALUES (");
    sql.bind(id.to_string()).text(", ").bind(json(dossier)?).text(") ON CONFLICT (entry_id) DO UPDATE SET content = excluded.content");
    run(transaction, sql).await.doing(DOING).map(|_| ())
}

/// Keeps the latest version of a practice.
pub(super) async fn add_version(
    transaction: &DatabaseTransaction,
    id: Id,
    dossier: &Dossier,
    practice: &GoodPractice,
    language: Language,
    at: Timestamp,
) -> Result<(), StoreError> {
    let bodies: Vec<_> = practice.texts.iter().filter_map(|text| Some((text.language, text.body.as_deref()?))).collect();
    let face = dossier.faces().into_iter().find(|face| face.sight.owner);
    let audience = face.map(|face| face.audience);
    let mut sql = Sql::new("INSERT INTO practice_version (entry_id, version, language, content, bodies, status, audience, recorded_at) VALUES (");
    sql.bind(id.to_string()).text(", ").bind(i64::from(dossier.version)).text(", ").bind(language.name()).text(", ");
    sql.bind(json(practice)?).text(", ").bind(json(&bodies)?).text(", ").bind(dossier.status.name()).text(", ");
    sql.bind(json(&audience)?).text(", ").bind(instant(at)).text(")");
    run(transaction, sql).await.doing(DOING).map(|_| ())
}

/// One version, bodies included.
pub(super) async fn version(db: &impl ConnectionTrait, id: Id, version: u32) -> Result<GoodPractice, StoreError> {
    let mut sql = Sql::new("SELECT content, bodies FROM practice_version WHERE entry_id = ");
    sql.bind(id.to_string()).text(" AND version = ").bind(i64::from(version));
    let found = rows(db, sql).await.doing(DOING)?;
    let row = found.first().ok_or_else(|| damaged("a version", id))?;
    practice(&row.try_get_by_index::<String>(0).doing(DOING)?, &row.try_get_by_index::<String>(1).doing(DOING)?).ok_or_else(|| damaged("a version", id))
}

/// A practice of its two parts.
pub(super) fn practice(content: &str, bodies: &str) -> Option<GoodPractice> {
    let mut practice: GoodPractice = serde_json::from_str(content).ok()?;
    let mut bodies: Vec<(Language, String)> = serde_json::from_str(bodies).ok()?;
    for text in &mut practice.texts {
        text.body = bodies.iter_mut().find(|(language, _)| *language == text.language).map(|(_, body)| std::mem::take(body));
    }
    Some(practice)
}

/// Makes the entry what the latest version says; from now on it is no longer the catalogue's.
pub(super) async fn replace_entry(
    transaction: &DatabaseTransaction,
    id: Id,
    practice: &GoodPractice,
    dossier: &Dossier,
    revision: u64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let written = Written { id, ..Written::of(&Entry::GoodPractice(practice.clone()))? };
    let mut sql = Sql::new("UPDATE entry SET content = ");
    sql.bind(written.content.clone()).text(" WHERE id = ").bind(id.to_string());
    run(transaction, sql).await.doing(DOING)?;
    let mut sql = Sql::new("DELETE FROM practice_body WHERE entry_id = ");
    sql.bind(id.to_string());
    run(transaction, sql).await.doing(DOING)?;
    insert_bodies(transaction, std::iter::once((&written, id))).await?;
    touch_entry(transaction, id, dossier, revision, at).await
}

/// Notes on the entry that it was written through the API, and when.
pub(super) async fn touch_entry(transaction: &DatabaseTransaction, id: Id, dossier: &Dossier, revision: u64, at: Timestamp) -> Result<(), StoreError> {
    let mut sql = Sql::new("UPDATE entry SET origin = ");
    sql.bind(API).text(", version = ").bind(i64::from(dossier.version)).text(", revision = ").bind(i64::try_from(revision).unwrap_or(i64::MAX));
    sql.text(", published_at = ").bind(dossier.published.as_ref().map(|published| instant(published.first_at)));
    sql.text(", updated_at = ").bind(instant(at)).text(" WHERE id = ").bind(id.to_string()).text(" AND kind = ").bind(Kind::GoodPractice.name());
    run(transaction, sql).await.doing(DOING).map(|_| ())
}

/// Marks the versions with where they stand now. What was replaced by a newer publication keeps what was said of it
/// last; once the practice is withdrawn, nothing of it is published.
pub(super) async fn mark_versions(transaction: &DatabaseTransaction, id: Id, dossier: &Dossier) -> Result<(), StoreError> {
    if dossier.published.is_none() {
        let mut old = Sql::new("UPDATE practice_version SET status = ");
        old.bind(GoodPracticeStatus::Withdrawn.name()).text(" WHERE entry_id = ").bind(id.to_string());
        old.text(" AND status = ").bind(GoodPracticeStatus::Published.name());
        run(transaction, old).await.doing(DOING)?;
    }
    // The owner's face comes first, and has the last word on its version.
    for face in dossier.faces().into_iter().rev() {
        let mut sql = Sql::new("UPDATE practice_version SET status = ");
        sql.bind(face.status.name()).text(", audience = ").bind(json(&face.audience)?);
        sql.text(" WHERE entry_id = ").bind(id.to_string()).text(" AND version = ").bind(i64::from(face.version));
        run(transaction, sql).await.doing(DOING)?;
    }
    Ok(())
}

impl Store {
    /// The versions of these practices, latest first, without their bodies.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn versions(&self, ids: &[Id]) -> Result<Vec<VersionRow>, StoreError> {
        const DOING: &str = "read the versions of practices";
        let mut sql =
            Sql::new("SELECT entry_id, version, language, content, audience, status, recorded_at FROM practice_version WHERE entry_id IN (SELECT value FROM ");
        sql.texts("l", &ids).text(") ORDER BY entry_id, version DESC");
        let mut all = Vec::new();
        for row in rows(&self.read, sql).await.doing(DOING)? {
            let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
            let id: Id = text(0)?.parse().map_err(|_| StoreError::Damaged { what: "the id", of: "a version".into() })?;
            let practice: GoodPractice = serde_json::from_str(&text(3)?).map_err(|_| damaged("a version", id))?;
            let language = Language::parse(&text(2)?).ok_or_else(|| damaged("the language", id))?;
            let told = practice.texts.iter().find(|told| told.language == language).or_else(|| practice.texts.first());
            all.push(VersionRow {
                id,
                version: row.try_get_by_index::<i64>(1).doing(DOING).map(|version| u32::try_from(version).unwrap_or_default())?,
                language,
                title: told.map(|told| told.title.clone()).unwrap_or_default(),
                summary: told.map(|told| told.summary.clone()).unwrap_or_default(),
                audience: serde_json::from_str(&text(4)?).map_err(|_| damaged("the audience", id))?,
                status: GoodPracticeStatus::parse(&text(5)?).ok_or_else(|| damaged("the status", id))?,
                recorded_at: text(6)?.parse().map_err(|_| damaged("an instant", id))?,
            });
        }
        Ok(all)
    }

    /// The bodies of versions, as each stands in its row.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn version_bodies(&self, keys: &[(Id, u32)]) -> Result<Vec<(Id, u32, Vec<(Language, String)>)>, StoreError> {
        const DOING: &str = "read the bodies of versions";
        let mut sql = Sql::new("SELECT v.entry_id, v.version, v.bodies FROM ");
        sql.tuples("k", &keys).text(" JOIN practice_version v ON v.entry_id = k.value ->> 0 AND v.version = CAST(k.value ->> 1 AS bigint)");
        let mut all = Vec::new();
        for row in rows(&self.read, sql).await.doing(DOING)? {
            let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
            let id: Id = text(0)?.parse().map_err(|_| StoreError::Damaged { what: "the id", of: "a version".into() })?;
            let version = row.try_get_by_index::<i64>(1).doing(DOING)?;
            let bodies = serde_json::from_str(&text(2)?).map_err(|_| damaged("a body", id))?;
            all.push((id, u32::try_from(version).unwrap_or_default(), bodies));
        }
        Ok(all)
    }
}
