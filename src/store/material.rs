//! Everything that a snapshot is built from, as of one moment.

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::value::RawValue;

use super::contribution::faces;
use super::error::Doing;
use super::series::set::Sets;
use super::sql::{Sql, rows};
use super::{Store, StoreError, write};
use crate::domain::entry::{Entry, Kind, Stored};
use crate::domain::id::Id;
use crate::domain::practice::GoodPractice;
use crate::domain::text::Language;
use crate::domain::word::Words;
use crate::graph::material::Material;

const DOING: &str = "read all entries";

impl Store {
    /// Everything that a snapshot is built from, the bodies of practices included, as of one moment.
    ///
    /// # Errors
    /// Where the database does not answer, or holds what this program never wrote.
    pub async fn material(&self) -> Result<Material, StoreError> {
        // One transaction that reads sees one state, whatever is written meanwhile.
        let reading = self.one_state_at_once(DOING).await?;
        let found = read(&*reading).await;
        // Nothing was written: what becomes of the transaction cannot matter.
        let _ = reading.rollback().await;
        found
    }
}

/// The same of what `db` reads, which is to be one state.
pub(super) async fn read(db: &impl ConnectionTrait) -> Result<Material, StoreError> {
    let revision = write::revision(db).await?;
    let mut bodies = bodies(db).await?;
    let mut entries = Vec::new();
    for kind in Kind::ALL {
        entries.extend(of_kind(db, kind.value).await?);
    }
    for stored in &mut entries {
        if let Entry::GoodPractice(practice) = &mut stored.entry
            && let Some(mut bodies) = bodies.remove(&stored.id)
        {
            for text in &mut practice.texts {
                text.body = bodies.iter_mut().find(|(language, _)| *language == text.language).map(|(_, body)| std::mem::take(body));
            }
        }
    }
    Ok(Material { revision, entries, practices: faces(db, None).await?, corridors: corridors(db).await?, editions: Sets::read(db).await?.editions() })
}

/// Every entry of a kind, by code. The driver costs more per row than the parser, so that many entries come as one
/// text; and while one such text is parsed, the database makes the next.
pub(super) async fn of_kind(db: &impl ConnectionTrait, kind: Kind) -> Result<Vec<Stored>, StoreError> {
    let mut parts = Vec::new();
    let mut last = String::new();
    loop {
        // What the catalogue or the API wrote is JSON already; ids and instants have nothing to escape.
        let record =
            "'[\"' || id || '\",' || content || ',' || version || ',' || coalesce('\"' || published_at || '\"', 'null') || ',\"' || updated_at || '\"]'";
        let mut sql = Sql::new("SELECT '[' || ");
        sql.joined(&Sql::new(record), ",").text(" || ']', max(code) FROM (SELECT * FROM entry WHERE id NOT IN (SELECT entry_id FROM dossier) AND kind = ");
        sql.bind(kind.name()).text(" AND code > ").bind(last).text(" ORDER BY code LIMIT ").bind(CHUNK).text(") e");
        let found = rows(db, sql).await.doing(DOING)?;
        let Some(row) = found.first() else { break };
        let (Some(json), Some(code)) = (row.try_get_by_index::<Option<String>>(0).doing(DOING)?, row.try_get_by_index::<Option<String>>(1).doing(DOING)?)
        else {
            break;
        };
        parts.push(tokio::task::spawn_blocking(move || parse(kind, &json)));
        last = code;
    }
    let mut entries = Vec::new();
    for part in parts {
        match part.await {
            Ok(Some(some)) => entries.extend(some),
            Ok(None) => return Err(first_damaged(db, kind).await),
            Err(_) => return Err(StoreError::BrokenOff),
        }
    }
    Ok(entries)
}

/// Entries of one text.
const CHUNK: i64 = 1_000;

/// All entries of a text, or none where one of them cannot be read.
fn parse(kind: Kind, json: &str) -> Option<Vec<Stored>> {
    let records: Vec<(Id, &RawValue, u32, Option<Timestamp>, Timestamp)> = serde_json::from_str(json).ok()?;
    let stored = records.into_iter().map(|(id, content, version, published_at, updated_at)| {
        Some(Stored { id, entry: Entry::from_json(kind, content.get()).ok()?, version, published_at, updated_at })
    });
    stored.collect()
}

/// Which entry of a kind it is that cannot be read.
async fn first_damaged(db: &impl ConnectionTrait, kind: Kind) -> StoreError {
    let mut sql = Sql::new("SELECT id, kind, code, content, published_at, updated_at, version FROM entry WHERE kind = ");
    sql.bind(kind.name()).text(" ORDER BY code");
    match rows(db, sql).await.doing(DOING) {
        Ok(found) => found.iter().find_map(|row| stored(row).err()).unwrap_or(StoreError::Damaged { what: "an entry", of: kind.to_string() }),
        Err(error) => error,
    }
}

/// One row: id, kind, code, content, `published_at`, `updated_at`, version.
pub(super) fn stored(row: &QueryResult) -> Result<Stored, StoreError> {
    let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
    let (kind_name, code) = (text(1)?, text(2)?);
    let damaged = |what| StoreError::Damaged { what, of: format!("{kind_name} {code}") };
    let at = |text: &str| text.parse::<Timestamp>().map_err(|_| damaged("an instant"));
    let kind = Kind::parse(&kind_name).ok_or_else(|| damaged("the kind"))?;
    let published_at = row.try_get_by_index::<Option<String>>(4).doing(DOING)?;
    Ok(Stored {
        id: text(0)?.parse().map_err(|_| damaged("the id"))?,
        entry: Entry::from_json(kind, &text(3)?).map_err(|_| damaged("the content"))?,
        version: row.try_get_by_index::<i64>(6).doing(DOING).map(|version| u32::try_from(version).unwrap_or(u32::MAX))?,
        published_at: published_at.as_deref().map(at).transpose()?,
        updated_at: at(&text(5)?)?,
    })
}

/// A practice as the catalogue wrote it, bodies included.
pub(super) async fn practice(db: &impl ConnectionTrait, id: Id) -> Result<Option<(Stored, GoodPractice)>, StoreError> {
    let mut sql = Sql::new("SELECT id, kind, code, content, published_at, updated_at, version FROM entry WHERE kind = ");
    sql.bind(Kind::GoodPractice.name()).text(" AND id = ").bind(id.to_string());
    let found = rows(db, sql).await.doing(DOING)?;
    let Some(row) = found.first() else { return Ok(None) };
    let stored = stored(row)?;
    let Entry::GoodPractice(mut practice) = stored.entry.clone() else { return Ok(None) };
    let mut sql = Sql::new("SELECT language, body FROM practice_body WHERE entry_id = ");
    sql.bind(id.to_string());
    for row in rows(db, sql).await.doing(DOING)? {
        let (language, body): (String, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        if let Some(text) = practice.texts.iter_mut().find(|text| text.language.name() == language) {
            text.body = Some(body);
        }
    }
    Ok(Some((stored, practice)))
}

async fn bodies(db: &impl ConnectionTrait) -> Result<HashMap<Id, Vec<(Language, String)>>, StoreError> {
    let mut bodies: HashMap<Id, Vec<_>> = HashMap::new();
    let mut last = String::new();
    loop {
        let mut sql = Sql::new("SELECT ");
        sql.json_rows("entry_id, language, body").text(", max(entry_id) FROM practice_body ");
        sql.text("WHERE entry_id IN (SELECT DISTINCT entry_id FROM practice_body WHERE entry_id > ")
            .bind(last)
            .text(" ORDER BY entry_id LIMIT ")
            .bind(CHUNK)
            .text(")");
        let found = rows(db, sql).await.doing(DOING)?;
        let Some(row) = found.first() else { return Ok(bodies) };
        let (Some(json), Some(id)) = (row.try_get_by_index::<Option<String>>(0).doing(DOING)?, row.try_get_by_index::<Option<String>>(1).doing(DOING)?) else {
            return Ok(bodies);
        };
        let some: Vec<(Id, Language, String)> = serde_json::from_str(&json).map_err(|_| StoreError::Damaged { what: "a body", of: "practices".into() })?;
        for (id, language, body) in some {
            bodies.entry(id).or_default().push((language, body));
        }
        last = id;
    }
}

async fn corridors(db: &impl ConnectionTrait) -> Result<Vec<(String, String)>, StoreError> {
    let found = rows(db, Sql::new("SELECT origin, destination FROM corridor ORDER BY code")).await.doing("read corridors")?;
    found.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect::<Result<_, _>>().doing("read corridors")
}
