//! Everything that a snapshot is built from, as of one moment.

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult, TransactionTrait};

use super::error::Doing;
use super::sql::{Sql, rows};
use super::{Store, StoreError, write};
use crate::domain::entry::{Entry, Kind, Stored};
use crate::domain::id::Id;
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
        let reading = self.read.begin().await.doing(DOING)?;
        let found = read(&reading).await;
        // Nothing was written: what becomes of the transaction cannot matter.
        let _ = reading.rollback().await;
        found
    }
}

async fn read(db: &impl ConnectionTrait) -> Result<Material, StoreError> {
    let revision = write::revision(db).await?;
    let mut bodies = bodies(db).await?;
    let found = rows(db, Sql::new("SELECT id, kind, code, content, published_at, updated_at FROM entry ORDER BY kind, code")).await.doing(DOING)?;
    let mut entries = found.iter().map(stored).collect::<Result<Vec<_>, _>>()?;
    for stored in &mut entries {
        if let Entry::GoodPractice(practice) = &mut stored.entry
            && let Some(mut bodies) = bodies.remove(&stored.id)
        {
            for text in &mut practice.texts {
                text.body = bodies.iter_mut().find(|(language, _)| *language == text.language).map(|(_, body)| std::mem::take(body));
            }
        }
    }
    Ok(Material { revision, entries, corridors: corridors(db).await?, editions: editions(db).await? })
}

/// One row: id, kind, code, content, `published_at`, `updated_at`.
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
        published_at: published_at.as_deref().map(at).transpose()?,
        updated_at: at(&text(5)?)?,
    })
}

async fn bodies(db: &impl ConnectionTrait) -> Result<HashMap<Id, Vec<(Language, String)>>, StoreError> {
    let mut bodies: HashMap<Id, Vec<_>> = HashMap::new();
    for row in rows(db, Sql::new("SELECT entry_id, language, body FROM practice_body")).await.doing(DOING)? {
        let id: String = row.try_get_by_index(0).doing(DOING)?;
        let language: String = row.try_get_by_index(1).doing(DOING)?;
        let damaged = |what| StoreError::Damaged { what, of: format!("the body of {id} in {language}") };
        let language = Language::parse(&language).ok_or_else(|| damaged("the language"))?;
        bodies.entry(id.parse().map_err(|_| damaged("the id"))?).or_default().push((language, row.try_get_by_index(2).doing(DOING)?));
    }
    Ok(bodies)
}

async fn corridors(db: &impl ConnectionTrait) -> Result<Vec<(String, String)>, StoreError> {
    let found = rows(db, Sql::new("SELECT origin, destination FROM corridor ORDER BY code")).await.doing("read corridors")?;
    found.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect::<Result<_, _>>().doing("read corridors")
}

/// The editions of each source that has figures, newest first. One step along the index an edition: there are few
/// editions, and may be millions of figures.
pub(super) async fn editions(db: &impl ConnectionTrait) -> Result<Vec<(String, Vec<String>)>, StoreError> {
    const DOING: &str = "read the editions of sources";
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let (mut source, mut edition) = (String::new(), String::new());
    loop {
        let mut next = Sql::new("SELECT source, edition FROM observation WHERE (source, edition) > (");
        next.bind(source.clone()).text(", ").bind(edition.clone()).text(") ORDER BY source, edition LIMIT 1");
        let found = rows(db, next).await.doing(DOING)?;
        let Some(row) = found.first() else { return Ok(all) };
        (source, edition) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        match all.last_mut() {
            Some((last, editions)) if *last == source => editions.insert(0, edition.clone()),
            _ => all.push((source.clone(), vec![edition.clone()])),
        }
    }
}
