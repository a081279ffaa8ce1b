//! What happened to entries, one row each, in a [`chain`]; and who read what not everyone may read.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use sea_orm::DatabaseTransaction;

use super::chain::{self, Happening};
use crate::domain::audit::AuditKeys;
use crate::domain::contribution::EventKind;
use crate::domain::id::Id;
use crate::domain::viewer::Member;
use crate::domain::word::Words;
use crate::store::error::Doing;
use crate::store::row::midnight;
use crate::store::sql::{Sql, rows};
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
    /// Whether the first read of each day is noted (UTC), or the first of all alone.
    pub daily: bool,
}

/// What was noted of late, by party, and on which day: looking it up in the database would take its one writer. What is lost with it is
/// time alone.
pub(in crate::store) type Noted = quick_cache::sync::Cache<(String, ReadNote), Date>;

/// An empty one.
pub(in crate::store) fn noted() -> Noted {
    Noted::new(4_096)
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

    /// Notes that someone read these versions, each once for a party, or once for a party and day.
    ///
    /// # Errors
    /// Where the database does not do it: then what was read is not to be shown.
    pub async fn note_reads(&self, by: &Member, mut read: Vec<ReadNote>) -> Result<(), StoreError> {
        let (caches, today) = (self.caches(), Offset::UTC.to_datetime((self.clock)()).date());
        let key = |note: &ReadNote| (by.party.clone(), note.clone());
        read.retain(|note| caches.noted.get(&key(note)).is_none_or(|day| note.daily && day != today));
        if read.is_empty() {
            return Ok(());
        }
        let (turn, at, asked) = (self.write.turn().await?, (self.clock)(), read.clone());
        let (who, keys) = (by.clone(), self.contributing.keys.clone());
        self.write
            .soon(async move {
                let transaction = write::begin(&turn).await?;
                let done = note_all(&transaction, &keys, &who, &read, at).await;
                write::end(transaction, done, true).await
            })
            .await?;
        for note in asked {
            caches.noted.insert(key(&note), today);
        }
        Ok(())
    }
}

/// Notes what was not noted yet.
async fn note_all(transaction: &DatabaseTransaction, keys: &AuditKeys, by: &Member, read: &[ReadNote], at: Timestamp) -> Result<(), StoreError> {
    let today = midnight(Offset::UTC.to_datetime(at).date());
    let mut new = Vec::new();
    for ReadNote { entry, version, daily } in read {
        let kind = EventKind::ReadRestricted;
        let mut sql = Sql::new("SELECT seq FROM event WHERE entry_id = ");
        sql.bind(entry.to_string()).text(" AND kind = ").bind(kind.name()).text(" AND party = ").bind(by.party.clone());
        sql.text(" AND version = ").bind(i64::from(*version));
        if *daily {
            sql.text(" AND at >= ").bind(today.clone());
        }
        sql.text(" LIMIT 1");
        if rows(transaction, sql).await.doing(DOING)?.is_empty() {
            new.push(Happening { entry: *entry, kind, by, version: Some(*version), note: None, at });
        }
    }
    chain::note(transaction, keys, &new).await
}
