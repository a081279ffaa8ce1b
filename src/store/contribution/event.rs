//! What happened to entries, one row each, in a chain: every row holds a hash of itself and of the row before, so that
//! none can be changed, removed or moved unseen (but the last ones cut off, which no chain can tell of itself).

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::domain::contribution::EventKind;
use crate::domain::id::Id;
use crate::domain::viewer::Member;
use crate::domain::word::Words;
use crate::store::error::Doing;
use crate::store::row::instant;
use crate::store::sql::{Sql, rows, run};
use crate::store::{Store, StoreError, write};

const DOING: &str = "note what happened";

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Event` in the API")]
pub struct EventRow {
    pub seq: i64,
    pub entry: Id,
    pub kind: EventKind,
    pub at: Timestamp,
    /// The code of the party.
    pub party: String,
    pub version: Option<u32>,
    pub note: Option<String>,
}

/// That someone read a version of a practice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReadNote {
    /// The practice.
    pub entry: Id,
    /// The version.
    pub version: u32,
    /// Whether each read is noted, or the first of a party alone.
    pub each: bool,
}

/// What was noted of late, by party: looking it up in the database would take its one writer. What is lost with it is
/// time alone.
pub(in crate::store) type Noted = quick_cache::sync::Cache<(String, ReadNote), ()>;

/// An empty one.
pub(in crate::store) fn noted() -> Noted {
    Noted::new(4_096)
}

/// What is hashed of a row.
struct Link<'a> {
    at: &'a str,
    entry: &'a str,
    kind: &'a str,
    party: &'a str,
    subject: &'a str,
    version: Option<i64>,
    note: Option<&'a str>,
}

impl Link<'_> {
    fn hash(&self, before: &str) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("silkroutes.org 2026 chain of events");
        let version = self.version.map(|version| version.to_string());
        for part in [Some(before), Some(self.at), Some(self.entry), Some(self.kind), Some(self.party), Some(self.subject), version.as_deref(), self.note] {
            // With its length ahead (or none for nothing), no text can be taken for the end of one and the start of another.
            hasher.update(&part.map_or(u64::MAX, |part| part.len() as u64).to_le_bytes());
            hasher.update(part.unwrap_or_default().as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Adds a row to the chain.
pub(super) async fn note(
    transaction: &DatabaseTransaction,
    entry: Id,
    kind: EventKind,
    by: &Member,
    version: Option<u32>,
    note: Option<&str>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let found = rows(transaction, Sql::new("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")).await.doing(DOING)?;
    let (last, before): (i64, String) = match found.first() {
        Some(row) => (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?),
        None => (0, String::new()),
    };
    let (at, entry) = (instant(at), entry.to_string());
    let version = version.map(i64::from);
    let link = Link { at: &at, entry: &entry, kind: kind.name(), party: &by.party, subject: &by.subject, version, note };
    let hash = link.hash(&before);
    let mut sql = Sql::new("INSERT INTO event (seq, at, entry_id, kind, party, subject, version, note, hash) VALUES (");
    // The engine's own numbers would have gaps where a transaction was taken back.
    sql.bind(last + 1)
        .text(", ")
        .bind(at.clone())
        .text(", ")
        .bind(entry.clone())
        .text(", ")
        .bind(kind.name())
        .text(", ")
        .bind(by.party.clone())
        .text(", ")
        .bind(by.subject.clone());
    sql.text(", ").bind(version).text(", ").bind(note.map(str::to_owned)).text(", ").bind(hash).text(")");
    run(transaction, sql).await.doing(DOING).map(|_| ())
}

/// The first row of the chain that does not follow from the one before, if any.
pub(in crate::store) async fn first_broken_link(db: &impl ConnectionTrait) -> Result<Option<i64>, StoreError> {
    const DOING: &str = "check the chain of events";
    const STEP: i64 = 1_000;
    let (mut last, mut before) = (0_i64, String::new());
    loop {
        let mut sql = Sql::new("SELECT seq, at, entry_id, kind, party, subject, version, note, hash FROM event WHERE seq > ");
        sql.bind(last).text(" ORDER BY seq LIMIT ").bind(STEP);
        let found = rows(db, sql).await.doing(DOING)?;
        if found.is_empty() {
            return Ok(None);
        }
        for row in &found {
            let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
            let seq: i64 = row.try_get_by_index(0).doing(DOING)?;
            let (at, entry, kind, party, subject) = (text(1)?, text(2)?, text(3)?, text(4)?, text(5)?);
            let version: Option<i64> = row.try_get_by_index(6).doing(DOING)?;
            let note: Option<String> = row.try_get_by_index(7).doing(DOING)?;
            let link = Link { at: &at, entry: &entry, kind: &kind, party: &party, subject: &subject, version, note: note.as_deref() };
            let hash = text(8)?;
            // Numbers go up by one, as rows are never removed.
            if seq != last + 1 || link.hash(&before) != hash {
                return Ok(Some(seq));
            }
            (last, before) = (seq, hash);
        }
    }
}

impl Store {
    /// What happened to these entries, latest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn events(&self, entries: &[Id]) -> Result<Vec<EventRow>, StoreError> {
        const DOING: &str = "read what happened";
        let mut sql = Sql::new("SELECT seq, entry_id, kind, at, party, version, note FROM event WHERE entry_id IN (SELECT value FROM ");
        sql.texts("l", &entries).text(") ORDER BY entry_id, seq DESC");
        let mut all = Vec::new();
        for row in rows(&self.read, sql).await.doing(DOING)? {
            let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
            let seq: i64 = row.try_get_by_index(0).doing(DOING)?;
            let damaged = |what| StoreError::Damaged { what, of: format!("event {seq}") };
            all.push(EventRow {
                seq,
                entry: text(1)?.parse().map_err(|_| damaged("the entry"))?,
                kind: EventKind::parse(&text(2)?).ok_or_else(|| damaged("the kind"))?,
                at: text(3)?.parse().map_err(|_| damaged("an instant"))?,
                party: text(4)?,
                version: row.try_get_by_index::<Option<i64>>(5).doing(DOING)?.and_then(|version| u32::try_from(version).ok()),
                note: row.try_get_by_index(6).doing(DOING)?,
            });
        }
        Ok(all)
    }

    /// Notes that someone read these versions, each once for a party.
    ///
    /// # Errors
    /// Where the database does not do it: then what was read is not to be shown.
    pub async fn note_reads(&self, by: &Member, mut read: Vec<ReadNote>) -> Result<(), StoreError> {
        let caches = self.caches();
        read.retain(|note| note.each || caches.noted.get(&(by.party.clone(), note.clone())).is_none());
        if read.is_empty() {
            return Ok(());
        }
        let (turn, at, asked) = (self.write.turn().await?, (self.clock)(), read.clone());
        let (by, party) = (by.clone(), by.party.clone());
        self.write
            .soon(async move {
                let transaction = write::begin(&turn).await?;
                let done = async {
                    for ReadNote { entry, version, each } in &read {
                        let mut sql = Sql::new("SELECT seq FROM event WHERE entry_id = ");
                        sql.bind(entry.to_string()).text(" AND kind = ").bind(EventKind::ReadRestricted.name()).text(" AND party = ").bind(by.party.clone());
                        sql.text(" AND version = ").bind(i64::from(*version)).text(" LIMIT 1");
                        if *each || rows(&*transaction, sql).await.doing(DOING)?.is_empty() {
                            note(&transaction, *entry, EventKind::ReadRestricted, &by, Some(*version), None, at).await?;
                        }
                    }
                    Ok(())
                }
                .await;
                write::end(transaction, done, true).await
            })
            .await?;
        for note in asked.into_iter().filter(|note| !note.each) {
            caches.noted.insert((party.clone(), note), ());
        }
        Ok(())
    }
}
