//! The chain of events: every row holds a hash of itself and of the row before, so that none can be changed, removed or
//! moved unseen by someone who does not make all that follow anew; and a seal over that hash and the seal before, made
//! with a key ([`AuditKeys`]), so that nobody can who does not have the key. A *head*, sealed too, says which row is the
//! last: the last ones cannot be cut off, either. What no chain can tell of itself is that the whole database was put
//! back to an earlier state of its own.
//!
//! Rows from before there were seals have none. The first that has one seals them as they stood then, as each hash holds
//! all before it.

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};

use crate::domain::audit::{AuditKeys, Sealed, Strength, id_of};
use crate::domain::contribution::EventKind;
use crate::domain::id::Id;
use crate::domain::viewer::Member;
use crate::domain::word::Words;
use crate::store::error::Doing;
use crate::store::row::instant;
use crate::store::sql::{Sql, rows, run};
use crate::store::{Store, StoreError, connect, write};

const DOING: &str = "note what happened";
/// The key in `meta` under which the head is kept.
const HEAD: &str = "audit_head";
const LOOK: &str = "check the chain of events";

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Happening<'a> {
    pub entry: Id,
    pub kind: EventKind,
    pub by: &'a Member,
    pub version: Option<u32>,
    pub note: Option<&'a str>,
    pub at: Timestamp,
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

/// The last row: its number, hash and seal.
struct End {
    seq: i64,
    hash: String,
    seal: Option<String>,
}

impl End {
    async fn of(db: &impl ConnectionTrait) -> Result<Self, StoreError> {
        let found = rows(db, Sql::new("SELECT seq, hash, seal FROM event ORDER BY seq DESC LIMIT 1")).await.doing(DOING)?;
        Ok(match found.first() {
            Some(row) => {
                Self { seq: row.try_get_by_index(0).doing(DOING)?, hash: row.try_get_by_index(1).doing(DOING)?, seal: row.try_get_by_index(2).doing(DOING)? }
            }
            None => Self { seq: 0, hash: String::new(), seal: None },
        })
    }

    /// How well the head seals this end, where whoever has these keys may go on behind it; nothing where nothing was ever
    /// sealed.
    fn check(&self, head: Option<&str>, keys: &AuditKeys) -> Result<Option<Strength>, StoreError> {
        let damaged = || StoreError::Damaged { what: "the end", of: "the chain of events".into() };
        let (Some(head), Some(seal)) = (head, self.seal.as_deref()) else {
            // A head without sealed rows: they were cut off. Sealed rows without a head: it was.
            return if head.is_none() && self.seal.is_none() { Ok(None) } else { Err(damaged()) };
        };
        match keys.look(head, "head", &self.parts(seal).each_ref().map(String::as_str)) {
            // The database's own key seals no end that another made, and neither does one that cannot be looked at.
            Sealed::Holds(Strength::Inside) | Sealed::Lost if id_of(head) != id_of(seal) => Err(damaged()),
            Sealed::Holds(strength) => Ok(Some(strength)),
            Sealed::Lost => Ok(Some(Strength::Former)),
            Sealed::Broken => Err(damaged()),
            Sealed::Unknown => Err(StoreError::AuditKey(id_of(head).to_owned())),
        }
    }

    fn parts(&self, seal: &str) -> [String; 2] {
        [self.seq.to_string(), seal.to_owned()]
    }

    /// Keeps it as the end.
    async fn keep(&self, transaction: &DatabaseTransaction, keys: &AuditKeys) -> Result<(), StoreError> {
        let head = seal(keys, "head", &self.parts(self.seal.as_deref().unwrap_or_default()).each_ref().map(String::as_str))?;
        let mut sql = Sql::new("INSERT INTO meta (key, value) VALUES (");
        sql.bind(HEAD).text(", ").bind(head).text(") ON CONFLICT (key) DO UPDATE SET value = excluded.value");
        run(transaction, sql).await.doing(DOING).map(|_| ())
    }
}

fn seal(keys: &AuditKeys, what: &str, parts: &[&str]) -> Result<String, StoreError> {
    keys.seal(what, parts).ok_or(StoreError::Damaged { what: "the key", of: "the chain of events".into() })
}

/// The keys of a program, with the database's own.
pub(super) async fn all_keys(db: &impl ConnectionTrait, keys: &AuditKeys) -> Result<AuditKeys, StoreError> {
    Ok(keys.with_inside(&connect::audit_secret(db).await?))
}

async fn head(db: &impl ConnectionTrait) -> Result<Option<String>, StoreError> {
    let mut sql = Sql::new("SELECT value FROM meta WHERE key = ");
    sql.bind(HEAD);
    rows(db, sql).await.doing(DOING)?.first().map(|row| row.try_get_by_index(0)).transpose().doing(DOING)
}

/// Adds rows to the chain, for which the caller has the right to write: of all nodes it alone does.
pub(super) async fn note(transaction: &DatabaseTransaction, keys: &AuditKeys, happenings: &[Happening<'_>]) -> Result<(), StoreError> {
    if happenings.is_empty() {
        return Ok(());
    }
    let keys = all_keys(transaction, keys).await?;
    let mut end = End::of(transaction).await?;
    end.check(head(transaction).await?.as_deref(), &keys)?;
    for Happening { entry, kind, by, version, note, at } in happenings {
        let (at, entry, version) = (instant(*at), entry.to_string(), version.map(i64::from));
        let link = Link { at: &at, entry: &entry, kind: kind.name(), party: &by.party, subject: &by.subject, version, note: *note };
        let hash = link.hash(&end.hash);
        // The engine's own numbers would have gaps where a transaction was taken back.
        let seq = end.seq + 1;
        let seal = seal(&keys, "event", &[&seq.to_string(), &hash, end.seal.as_deref().unwrap_or_default()])?;
        let mut sql = Sql::new("INSERT INTO event (seq, at, entry_id, kind, party, subject, version, note, hash, seal) VALUES (");
        sql.bind(seq);
        for text in [at.as_str(), &entry, kind.name(), &by.party, &by.subject] {
            sql.text(", ").bind(text);
        }
        sql.text(", ").bind(version).text(", ").bind(note.map(str::to_owned));
        sql.text(", ").bind(hash.clone()).text(", ").bind(seal.clone()).text(")");
        run(transaction, sql).await.doing(DOING)?;
        end = End { seq, hash, seal: Some(seal) };
    }
    end.keep(transaction, &keys).await
}

/// What looking at the whole chain came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// How many events there are.
    pub events: i64,
    /// The first that is sealed; none where none is.
    pub sealed_from: Option<i64>,
    /// The first that is sealed with a key that lies outside of the database; none where none is.
    pub proven_from: Option<i64>,
    /// Whether the end is sealed with such a key, and so all before it as it stood when it first was.
    pub is_proven: bool,
    /// Events whose seals cannot be looked at, as the operator says that their key is lost.
    pub lost: i64,
    /// Why it cannot be told whether all of it holds, where it cannot: the key for that is not here.
    pub unproved: Option<String>,
    /// What is wrong: empty where all is well.
    pub findings: Vec<String>,
}

impl Proof {
    /// What it proves and what it does not, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { events, sealed_from, proven_from, is_proven, lost, .. } = self;
        let first = if *is_proven { proven_from } else { sealed_from };
        let before = match first {
            Some(first) if *first > 1 => format!(" What is older than event {first} stands as it stood when that one was written."),
            None if *is_proven => " All of it stands as it stood when a server first ran with that key.".to_owned(),
            _ => String::new(),
        };
        let gone = if *lost > 0 { format!(" The key of {lost} of them is lost: they stand as they stood when the next key came.") } else { String::new() };
        if *events == 0 {
            return "nothing has happened yet".to_owned();
        }
        if *is_proven {
            return format!(
                "{events} in one chain, sealed with a key that lies outside of the database: nobody without that key has changed, added, moved, removed or cut off one.{before}{gone} \
                 Not proved: that the whole database was not put back to an earlier state of its own, and what somebody with the key did."
            );
        }
        if sealed_from.is_some() {
            return format!(
                "{events} in one chain, sealed with a key that lies in the database: no line was changed, moved, removed or cut off by someone who does not know how it is made.{before} \
                 Not proved: that nobody who can write the database, and so read that key, made the chain anew. A key outside of it (audit.key) proves that, too."
            );
        }
        format!(
            "{events} in one chain without seals, as an earlier version wrote it: whoever can write the database can make it anew. The next event seals them as they stand."
        )
    }
}

/// A walk along the chain.
struct Walk<'a> {
    keys: &'a AuditKeys,
    end: End,
    /// How much the last seal proved; none before the first.
    strength: Option<Strength>,
    proof: Proof,
}

impl Walk<'_> {
    /// Whether the row follows from the one before.
    fn step(&mut self, row: &QueryResult) -> Result<bool, StoreError> {
        let text = |n: usize| row.try_get_by_index::<String>(n).doing(LOOK);
        let seq: i64 = row.try_get_by_index(0).doing(LOOK)?;
        let (at, entry, kind, party, subject) = (text(1)?, text(2)?, text(3)?, text(4)?, text(5)?);
        let version: Option<i64> = row.try_get_by_index(6).doing(LOOK)?;
        let note: Option<String> = row.try_get_by_index(7).doing(LOOK)?;
        let link = Link { at: &at, entry: &entry, kind: &kind, party: &party, subject: &subject, version, note: note.as_deref() };
        let hash = text(8)?;
        // Numbers go up by one, as rows are never removed.
        if seq != self.end.seq + 1 || link.hash(&self.end.hash) != hash {
            self.proof.findings.push(format!("the chain of events breaks at event {seq}: it or the one before was changed, removed or moved"));
            return Ok(false);
        }
        let seal: Option<String> = row.try_get_by_index(9).doing(LOOK)?;
        let wrong = self.look(seq, &hash, seal.as_deref());
        (self.end, self.proof.events) = (End { seq, hash, seal }, self.proof.events + 1);
        self.proof.findings.extend(wrong);
        Ok(self.proof.findings.is_empty())
    }

    /// What is wrong with the seal of a row.
    fn look(&mut self, seq: i64, hash: &str, seal: Option<&str>) -> Option<String> {
        let Some(seal) = seal else {
            let later = self.proof.sealed_from.is_some();
            return later.then(|| format!("the chain of events breaks at event {seq}: it has no seal, though those before it have one"));
        };
        let parts = [seq.to_string(), hash.to_owned(), self.end.seal.clone().unwrap_or_default()];
        let strength = match self.keys.look(seal, "event", &parts.each_ref().map(String::as_str)) {
            Sealed::Holds(strength) => strength,
            Sealed::Lost => {
                self.proof.lost += 1;
                Strength::Former
            }
            Sealed::Broken => return Some(format!("the chain of events breaks at event {seq}: its seal was not made with the key that it names")),
            Sealed::Unknown => {
                self.proof.sealed_from.get_or_insert(seq);
                self.proof.unproved.get_or_insert_with(|| unknown(&format!("event {seq}"), id_of(seal)));
                return None;
            }
        };
        if self.strength.is_some_and(|before| before > strength) {
            return Some(format!("the chain of events breaks at event {seq}: those before it are sealed with a stronger key"));
        }
        self.strength = Some(strength);
        self.proof.sealed_from.get_or_insert(seq);
        if strength > Strength::Inside {
            self.proof.proven_from.get_or_insert(seq);
        }
        None
    }
}

fn unknown(what: &str, id: &str) -> String {
    format!(
        "the chain of events cannot be proved: {what} is sealed with the key {id}, which is not set here (audit.key, or audit.former_keys where it was replaced)"
    )
}

/// Walks along the whole chain.
pub(in crate::store) async fn proof(db: &impl ConnectionTrait, keys: &AuditKeys) -> Result<Proof, StoreError> {
    const STEP: i64 = 1_000;
    let keys = all_keys(db, keys).await?;
    let end = End { seq: 0, hash: String::new(), seal: None };
    let mut walk = Walk { keys: &keys, end, strength: None, proof: Proof::default() };
    loop {
        let mut sql = Sql::new("SELECT seq, at, entry_id, kind, party, subject, version, note, hash, seal FROM event WHERE seq > ");
        sql.bind(walk.end.seq).text(" ORDER BY seq LIMIT ").bind(STEP);
        let found = rows(db, sql).await.doing(LOOK)?;
        if found.is_empty() {
            break;
        }
        for row in &found {
            if !walk.step(row)? {
                return Ok(walk.proof);
            }
        }
    }
    let Walk { end, mut proof, .. } = walk;
    match end.check(head(db).await?.as_deref(), &keys) {
        Ok(strength) => {
            proof.is_proven = strength.is_some_and(|strength| strength > Strength::Inside);
            if keys.is_outside() && strength.is_some_and(|strength| strength < Strength::Outside) {
                let unused =
                    "the chain of events is not sealed with audit.key: start the server once with it. Where it ran with it before, the chain was made anew";
                proof.unproved.get_or_insert_with(|| unused.to_owned());
            }
        }
        Err(StoreError::AuditKey(id)) => {
            proof.unproved.get_or_insert_with(|| unknown("its end", &id));
        }
        Err(_) => proof
            .findings
            .push(format!("the chain of events breaks behind event {}: the last events were cut off, or what says which is the last was", end.seq)),
    }
    Ok(proof)
}

impl Store {
    /// Looks whether this program may go on with the chain of events, and seals the end of it with the operator's key
    /// where it is sealed with another: from then on nobody without that key can change what is there already.
    ///
    /// # Errors
    /// Where it was sealed with a key that is not known here, or the database does not answer.
    pub async fn take_up_chain(&self) -> Result<(), StoreError> {
        let keys = self.contributing.keys.clone();
        // Whoever only looks waits for nobody who writes.
        let reading = self.one_state(LOOK).await?;
        let is_to_be = is_to_be_sealed(&*reading, &keys).await;
        let _ = reading.rollback().await;
        if !is_to_be? {
            return Ok(());
        }
        let turn = self.write.turn().await?;
        self.write
            .soon(async move {
                let transaction = write::begin(&turn).await?;
                let done = async {
                    let db = &*transaction;
                    if is_to_be_sealed(db, &keys).await? {
                        End::of(db).await?.keep(db, &all_keys(db, &keys).await?).await?;
                    }
                    Ok(())
                }
                .await;
                write::end(transaction, done, true).await
            })
            .await
    }

    /// What the chain of events proves.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn proof(&self) -> Result<Proof, StoreError> {
        let reading = self.one_state(LOOK).await?;
        let found = proof(&*reading, &self.contributing.keys).await;
        let _ = reading.rollback().await;
        found
    }
}

/// Whether the end is sealed, and not with the operator's key.
async fn is_to_be_sealed(db: &impl ConnectionTrait, keys: &AuditKeys) -> Result<bool, StoreError> {
    let keys = all_keys(db, keys).await?;
    match End::of(db).await?.check(head(db).await?.as_deref(), &keys) {
        Ok(strength) => Ok(keys.is_outside() && strength.is_some_and(|strength| strength < Strength::Outside)),
        // That is for the doctor to say, and for whoever writes; reading goes on.
        Err(StoreError::Damaged { .. }) => {
            tracing::error!(
                "the chain of events does not end where it should: nothing can be contributed, and nothing restricted shown; silkroutes doctor looks closer"
            );
            Ok(false)
        }
        Err(other) => Err(other),
    }
}
