//! Dossiers and versions, to and from their rows.

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::piece::{self, IN_PIECES, Piece, Pieces, Row};
use super::quota::ROW;
use crate::domain::audience::Audience;
use crate::domain::contribution::{Dossier, EventKind, GoodPracticeStatus};
use crate::domain::entry::{Entry, Kind};
use crate::domain::id::Id;
use crate::domain::practice::GoodPractice;
use crate::domain::practice::content::published_slug;
use crate::domain::text::Language;
use crate::domain::word::Words;
use crate::store::error::Doing;
use crate::store::row::{API, Written, insert_entries, instant};
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
    let written = Written { id, ..Written::of(&Entry::GoodPractice(outline(practice)))? };
    let mut row = written.row(revision, None, instant(at));
    row.digest = sea_orm::ActiveValue::Set(None);
    row.origin = sea_orm::ActiveValue::Set(API.to_owned());
    insert_entries(transaction, vec![row], |_| {}).await
}

/// What the entry of a practice says that parties write: under which slug it stands, and which codes it names. Its texts
/// are its versions' alone; in the entry they would be written anew with each edit, and be there for nobody.
pub(super) fn outline(practice: &GoodPractice) -> GoodPractice {
    GoodPractice { texts: Vec::new(), citations: Vec::new(), ..practice.clone() }
}

/// Where a practice stands. What was the catalogue's until now becomes its owner's: its text is kept as the version
/// that is published; how many bytes that takes.
pub(super) async fn open(transaction: &DatabaseTransaction, id: Id) -> Result<Option<(Dossier, u64)>, StoreError> {
    let mut sql = Sql::new("SELECT content FROM dossier WHERE entry_id = ");
    sql.bind(id.to_string());
    if let Some(row) = rows(transaction, sql).await.doing(DOING)?.first() {
        let content: String = row.try_get_by_index(0).doing(DOING)?;
        return serde_json::from_str(&content).map(|dossier| Some((dossier, 0))).map_err(|_| damaged("the dossier", id));
    }
    let Some((stored, practice)) = material::practice(transaction, id).await? else { return Ok(None) };
    let published_at = stored.published_at.unwrap_or(stored.updated_at);
    let dossier = Dossier::of_the_catalogue(&practice.owner, stored.version, published_at, stored.updated_at);
    let (version, new) = Pieces::of(&practice)?;
    keep(transaction, id, &dossier).await?;
    // Its bodies stay where they are, too, for nodes that still show it as the catalogue's.
    let bytes = add_version(transaction, id, &dossier, &version, version.original(), stored.updated_at).await? + piece::keep(transaction, id, new).await?;
    Ok(Some((dossier, bytes)))
}

/// Keeps where a practice stands.
pub(super) async fn keep(transaction: &DatabaseTransaction, id: Id, dossier: &Dossier) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO dossier (entry_id, content) VALUES (");
    sql.bind(id.to_string()).text(", ").bind(json(dossier)?).text(") ON CONFLICT (entry_id) DO UPDATE SET content = excluded.content");
    run(transaction, sql).await.doing(DOING).map(|_| ())
}

/// Keeps the latest version of a practice; how many bytes its row takes. Its pieces are kept apart.
pub(super) async fn add_version(
    transaction: &DatabaseTransaction,
    id: Id,
    dossier: &Dossier,
    version: &Pieces,
    language: Language,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let face = dossier.faces().into_iter().find(|face| face.sight.owner);
    let audience = face.map(|face| face.audience);
    let content = version.json()?;
    let bytes = content.len() as u64 + ROW;
    let mut sql = Sql::new("INSERT INTO practice_version (entry_id, version, language, content, bodies, status, audience, recorded_at) VALUES (");
    sql.bind(id.to_string()).text(", ").bind(i64::from(dossier.version)).text(", ").bind(language.name()).text(", ");
    sql.bind(content).text(", ").bind(IN_PIECES).text(", ").bind(dossier.status.name()).text(", ");
    sql.bind(json(&audience)?).text(", ").bind(instant(at)).text(")");
    run(transaction, sql).await.doing(DOING)?;
    Ok(bytes)
}

/// One version, by its pieces. Of one that an earlier version of this program keeps whole, they are handed over to be kept.
pub(super) async fn version(db: &impl ConnectionTrait, id: Id, version: u32) -> Result<(Pieces, Vec<Piece>), StoreError> {
    match piece::heads(db, &[(id, version)]).await?.pop() {
        Some((.., Row::Pieces(pieces))) => Ok((pieces, Vec::new())),
        Some((.., Row::Whole(practice))) => Pieces::of(&practice),
        None => Err(piece::damaged(id)),
    }
}

/// Makes the entry name what the practice names; from now on it is no longer the catalogue's.
pub(super) async fn replace_entry(transaction: &DatabaseTransaction, id: Id, practice: &GoodPractice) -> Result<(), StoreError> {
    let written = Written::of(&Entry::GoodPractice(outline(practice)))?;
    let mut sql = Sql::new("UPDATE entry SET content = ");
    sql.bind(written.content).text(", code = ").bind(written.code).text(" WHERE id = ").bind(id.to_string());
    run(transaction, sql).await.doing(DOING).map(|_| ())
}

/// Gives a practice that is published for the first time the address that it keeps. What came with the catalogue has
/// its own, and what was published before keeps the one that it was given then.
pub(super) async fn settle_address(transaction: &DatabaseTransaction, id: Id, dossier: &Dossier) -> Result<(), StoreError> {
    let mut sql = Sql::new("SELECT kind FROM event WHERE entry_id = ");
    sql.bind(id.to_string()).text(" AND kind IN (").bind(EventKind::Drafted.name()).text(", ").bind(EventKind::Published.name()).text(")");
    let kinds = rows(transaction, sql).await.doing(DOING)?;
    let kinds: Vec<String> = kinds.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>().doing(DOING)?;
    let (true, Some(published)) = (kinds == [EventKind::Drafted.name()], &dossier.published) else { return Ok(()) };
    let key = (id, published.version);
    let mut practice = piece::practices(transaction, &[key]).await?.remove(&key).ok_or_else(|| piece::damaged(id))?;
    let title = practice.texts.first().map(|text| text.title.as_str()).unwrap_or_default();
    practice.slug = published_slug(&practice.slug, title, practice.attributed, &published.audience);
    let (mut settled, new) = version(transaction, id, published.version).await?;
    piece::keep(transaction, id, new).await?;
    settled.slug.clone_from(&practice.slug);
    keep_version(transaction, id, published.version, &settled).await?;
    replace_entry(transaction, id, &practice).await
}

/// Keeps a version that there is in other words.
pub(super) async fn keep_version(transaction: &DatabaseTransaction, id: Id, number: u32, version: &Pieces) -> Result<(), StoreError> {
    let mut sql = Sql::new("UPDATE practice_version SET content = ");
    sql.bind(version.json()?).text(", bodies = ").bind(IN_PIECES);
    sql.text(" WHERE entry_id = ").bind(id.to_string()).text(" AND version = ").bind(i64::from(number));
    run(transaction, sql).await.doing(DOING).map(|_| ())
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
        let mut sql = Sql::new(
            "SELECT entry_id, version, language, content, bodies, audience, status, recorded_at FROM practice_version WHERE entry_id IN (SELECT value FROM ",
        );
        sql.texts("l", &ids).text(") ORDER BY entry_id, version DESC");
        let (mut all, mut told) = (Vec::new(), Vec::new());
        for row in rows(&self.read, sql).await.doing(DOING)? {
            let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
            let id: Id = text(0)?.parse().map_err(|_| StoreError::Damaged { what: "the id", of: "a version".into() })?;
            let language = Language::parse(&text(2)?).ok_or_else(|| damaged("the language", id))?;
            let (mut title, mut summary) = (String::new(), String::new());
            match Row::of(&text(3)?, &text(4)?).ok_or_else(|| piece::damaged(id))? {
                Row::Pieces(pieces) => told.push((all.len(), (id, pieces.told_in(language).unwrap_or_default().to_owned()))),
                Row::Whole(practice) => {
                    let told = practice.texts.iter().find(|told| told.language == language).or_else(|| practice.texts.first());
                    (title, summary) = told.map(|told| (told.title.clone(), told.summary.clone())).unwrap_or_default();
                }
            }
            all.push(VersionRow {
                id,
                version: row.try_get_by_index::<i64>(1).doing(DOING).map(|version| u32::try_from(version).unwrap_or_default())?,
                language,
                title,
                summary,
                audience: serde_json::from_str(&text(5)?).map_err(|_| damaged("the audience", id))?,
                status: GoodPracticeStatus::parse(&text(6)?).ok_or_else(|| damaged("the status", id))?,
                recorded_at: text(7)?.parse().map_err(|_| damaged("an instant", id))?,
            });
        }
        let names: Vec<_> = told.iter().map(|(_, name)| name.clone()).collect();
        let kept = piece::pieces(&self.read, &names).await?;
        for (at, name) in told {
            let (title, summary) = kept.get(&name).and_then(|text| piece::told_of(text)).ok_or_else(|| piece::damaged(name.0))?;
            if let Some(row) = all.get_mut(at) {
                (row.title, row.summary) = (title, summary);
            }
        }
        Ok(all)
    }

    /// The bodies of versions, in the order of their languages.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn version_bodies(&self, keys: &[(Id, u32)]) -> Result<Vec<(Id, u32, Vec<(Language, String)>)>, StoreError> {
        let heads = piece::heads(&self.read, keys).await?;
        let mut names = Vec::new();
        for (id, _, row) in &heads {
            if let Row::Pieces(pieces) = row {
                names.extend(pieces.bodies().map(|(_, name)| (*id, name.to_owned())));
            }
        }
        let kept = piece::pieces(&self.read, &names).await?;
        let bodies = |(id, version, row)| {
            let bodies: Option<Vec<_>> = match row {
                Row::Pieces(pieces) => pieces.bodies().map(|(language, name)| Some((language, kept.get(&(id, name.to_owned()))?.clone()))).collect(),
                Row::Whole(practice) => Some(practice.texts.into_iter().filter_map(|text| Some((text.language, text.body?))).collect()),
            };
            Ok((id, version, bodies.ok_or_else(|| damaged("a body", id))?))
        };
        heads.into_iter().map(bodies).collect()
    }
}
