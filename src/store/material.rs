//! Everything that a snapshot is built from but practices ([`practices`](super::practices)), and how entries are read.

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult};
use serde::de::DeserializeOwned;

use super::StoreError;
use super::error::Doing;
use super::series::set::Sets;
use super::sql::{Sql, rows};
use super::write;
use crate::domain::entry::{Entry, Kind, Stored};
use crate::domain::id::Id;
use crate::domain::practice::GoodPractice;
use crate::domain::word::Words;
use crate::graph::material::Material;

const DOING: &str = "read all entries";

/// Everything that a snapshot is built from but practices, of what `db` reads, which is to be one state.
pub(super) async fn read(db: &impl ConnectionTrait) -> Result<Material, StoreError> {
    let mut entries = Vec::new();
    for kind in Kind::ALL.iter().map(|word| word.value).filter(|kind| *kind != Kind::GoodPractice) {
        entries.extend(of_kind(db, kind).await?);
    }
    Ok(Material { revision: write::revision(db).await?, entries, corridors: corridors(db).await?, editions: Sets::read(db).await?.editions() })
}

/// Every entry of a kind, by code.
pub(super) async fn of_kind(db: &impl ConnectionTrait, kind: Kind) -> Result<Vec<Stored>, StoreError> {
    let mut parts = Vec::new();
    let mut chunks = Chunks::of(kind);
    while let Some(chunk) = chunks.next(db).await? {
        parts.push(tokio::task::spawn_blocking(move || parse(kind, &chunk)));
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

/// Every entry of a kind, by code, so many at a time. The driver costs more per row than the parser, so that many
/// entries come as one row; and while one such row is parsed, the database makes the next.
pub(super) struct Chunks {
    kind: Kind,
    /// Leave out what has a dossier: there its versions say who sees what.
    is_untouched: bool,
    /// The last code of the last chunk; none where that was the last.
    after: Option<String>,
}

/// Between contents: each is read in a list of its own, so that none can pass for nothing, or for two. (The outermost
/// brackets are put on here: in the database that would be another copy of all of it.)
const BETWEEN: &str = "],[";

/// Some entries of a kind: each column in one text. To join columns is half the work of joining rows.
pub(super) struct Chunk {
    /// Ids, versions, when they were published, when they last changed; commas between them.
    columns: [String; 4],
    /// What they say, in JSON, with [`BETWEEN`] between them; empty where there is none.
    contents: String,
    /// All of the chunk have a code behind this…
    pub after: String,
    /// …up to this.
    pub to: String,
}

/// An entry as it comes out of the database: id, version, published, last changed, content.
pub(super) type Record<T> = (Id, u32, Option<Timestamp>, Timestamp, T);

impl Chunks {
    /// All of a kind.
    pub fn of(kind: Kind) -> Self {
        Self { kind, is_untouched: false, after: Some(String::new()) }
    }

    /// Those that have no dossier.
    pub fn untouched(kind: Kind) -> Self {
        Self { is_untouched: true, ..Self::of(kind) }
    }

    /// The next chunk, while there is one.
    pub async fn next(&mut self, db: &impl ConnectionTrait) -> Result<Option<Chunk>, StoreError> {
        let Some(after) = self.after.take() else { return Ok(None) };
        let (which, filter) = if self.is_untouched {
            (", NOT EXISTS (SELECT 1 FROM dossier d WHERE d.entry_id = entry.id) AS is_untouched", " FILTER (WHERE is_untouched)")
        } else {
            ("", "")
        };
        let mut sql = Sql::new("SELECT ");
        // None of these has a comma in it.
        for column in ["id", "CAST(version AS text)", "coalesce(published_at, '-')", "updated_at"] {
            sql.joined(&Sql::new(column), ",").text(filter).text(", ");
        }
        sql.joined(&Sql::new("content"), BETWEEN).text(filter);
        sql.text(", max(code), count(*) FROM (SELECT *").text(which).text(" FROM entry WHERE kind = ").bind(self.kind.name());
        sql.text(" AND code > ").bind(after.clone()).text(" ORDER BY code LIMIT ").bind(CHUNK).text(") e");
        let found = rows(db, sql).await.doing(DOING)?;
        let Some(row) = found.first() else { return Ok(None) };
        let text = |n: usize| row.try_get_by_index::<Option<String>>(n).doing(DOING);
        let joined = |n: usize| text(n).map(Option::unwrap_or_default);
        let Some(to) = text(5)? else { return Ok(None) };
        if row.try_get_by_index::<i64>(6).doing(DOING)? == CHUNK {
            self.after = Some(to.clone());
        }
        Ok(Some(Chunk { columns: [joined(0)?, joined(1)?, joined(2)?, joined(3)?], contents: joined(4)?, after, to }))
    }
}

impl Chunk {
    /// All of its entries, or none where one of them cannot be read.
    pub fn records<T: DeserializeOwned>(&self) -> Option<Vec<Record<T>>> {
        // The version is a number: it is empty where there is no row.
        if self.columns[1].is_empty() {
            return Some(Vec::new());
        }
        let contents: Vec<(T,)> = serde_json::from_str(&format!("[[{}]]", self.contents)).ok()?;
        let [mut ids, mut versions, mut published, mut updated] = self.columns.each_ref().map(|column| column.split(','));
        let mut record = |content| {
            let published_at = Some(published.next()?).filter(|at| *at != "-").map(str::parse).transpose().ok()?;
            Some((ids.next()?.parse().ok()?, versions.next()?.parse().ok()?, published_at, updated.next()?.parse().ok()?, content))
        };
        let records: Vec<_> = contents.into_iter().map(|(content,)| record(content)).collect::<Option<_>>()?;
        // What is damaged may look like two: then every one behind it would be another's.
        [ids, versions, published, updated].iter_mut().all(|column| column.next().is_none()).then_some(records)
    }
}

/// All entries of a chunk, or none where one of them cannot be read.
fn parse(kind: Kind, chunk: &Chunk) -> Option<Vec<Stored>> {
    match kind {
        Kind::State => parsed(chunk, Entry::State),
        Kind::Area => parsed(chunk, Entry::Area),
        Kind::Organisation => parsed(chunk, Entry::Organisation),
        Kind::WorkingGroup => parsed(chunk, Entry::WorkingGroup),
        Kind::Document => parsed(chunk, Entry::Document),
        Kind::Provision => parsed(chunk, Entry::Provision),
        Kind::Route => parsed(chunk, Entry::Route),
        Kind::Meeting => parsed(chunk, Entry::Meeting),
        Kind::Source => parsed(chunk, Entry::Source),
        Kind::GoodPractice => parsed(chunk, Entry::GoodPractice),
        Kind::ContactPoint => parsed(chunk, Entry::ContactPoint),
    }
}

fn parsed<T: DeserializeOwned>(chunk: &Chunk, entry: impl Fn(T) -> Entry) -> Option<Vec<Stored>> {
    let stored = |(id, version, published_at, updated_at, content)| Stored { id, entry: entry(content), version, published_at, updated_at };
    Some(chunk.records()?.into_iter().map(stored).collect())
}

/// Which entry of a kind it is that cannot be read.
pub(super) async fn first_damaged(db: &impl ConnectionTrait, kind: Kind) -> StoreError {
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

async fn corridors(db: &impl ConnectionTrait) -> Result<Vec<(String, String)>, StoreError> {
    let found = rows(db, Sql::new("SELECT origin, destination FROM corridor ORDER BY code")).await.doing("read corridors")?;
    found.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect::<Result<_, _>>().doing("read corridors")
}
