//! API keys: made, listed, revoked, and read wholesale by a server that checks them in memory.
//!
//! Each change counts up a mark, so that a server sees with one cheap read that its table is old. Uses are noted in
//! batches and leave the mark alone: noting one is nobody's reason to read all keys again. Keys are no entries: they
//! have no revision and move no snapshot.

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};

use super::error::Doing;
use super::follow::{CHANGES, LOOK, in_time};
use super::row::instant;
use super::sql::{Sql, rows, run};
use super::{Store, StoreError, connect, write};
use crate::domain::entry::Kind;
use crate::domain::key::{ApiKey, Digest, Key, KeyId, LONGEST_NOTE, Material, NewKey, Pepper, line};
use crate::domain::subject;
use crate::domain::suggest::did_you_mean;
use crate::domain::viewer::Role;
use crate::domain::word::Words;

/// The key in `meta` of the count of changes.
const MARK: &str = "key_mark";
const READ: &str = "read its keys";
const COLUMNS: &str = "id, party, role, subject, note, created_at, expires_at, revoked_at, last_used_at, digest";

/// Why a key is not made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// What was asked for does not hold; the sentence says why.
    #[error("{0}")]
    Wrong(String),
    /// The database says why.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of revoking a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// It is good no more.
    Done,
    /// It was so already, since then.
    Already(Timestamp),
    /// There is no such key (of that party).
    Unknown,
}

/// A key that is not revoked, as a server checks it.
#[derive(Clone)]
pub struct LiveKey {
    /// What is known of it.
    pub key: ApiKey,
    /// What a presented key must hash to.
    pub digest: Digest,
}

impl Store {
    /// The installation's secret for hashes of keys; made when the database was, or when it learnt of keys.
    ///
    /// # Errors
    /// Where the database does not answer, or was tampered with.
    pub async fn key_secret(&self) -> Result<[u8; 32], StoreError> {
        connect::key_secret(&self.read).await
    }

    /// Makes a key out of random bytes. The key itself is in the answer and nowhere else.
    ///
    /// # Errors
    /// Where there is no such party, something said of the key does not hold, or the database does not answer.
    pub async fn create_key(&self, new: NewKey, pepper: &Pepper) -> Result<(Key, ApiKey), KeyError> {
        let mut material = Material { id: [0; 10], secret: [0; 32] };
        #[expect(clippy::disallowed_methods, reason = "what nobody may guess is never a parameter; nothing else depends on it")]
        let filled = getrandom::fill(&mut material.id).and_then(|()| getrandom::fill(&mut material.secret));
        filled.map_err(|_| StoreError::NoChance)?;
        let key = Key::of(&material);
        let at = (self.clock)();
        let known = checked(&new, &key, at).map_err(KeyError::Wrong)?;
        let (row, digest, turn) = (known.clone(), pepper.digest(&key), self.write.turn().await?);
        self.write
            .soon(async move {
                let transaction = write::begin(&turn).await?;
                let done = insert(&transaction, &row, digest).await;
                write::end(transaction, done, true).await
            })
            .await?;
        Ok((key, known))
    }

    /// All keys, or those of a party; the newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn keys(&self, party: Option<&str>) -> Result<Vec<ApiKey>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.text(COLUMNS).text(" FROM api_key");
        if let Some(party) = party {
            sql.text(" WHERE party = ").bind(party);
        }
        sql.text(" ORDER BY created_at DESC, id DESC");
        rows(&self.read, sql).await.doing(READ)?.iter().map(|row| Ok(live(row)?.key)).collect()
    }

    /// The keys of each of those parties; the newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn keys_of(&self, parties: &[String]) -> Result<HashMap<String, Vec<ApiKey>>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.text(COLUMNS).text(" FROM api_key WHERE party IN (SELECT value FROM ").texts("l", &parties).text(") ORDER BY created_at DESC, id DESC");
        let mut keys: HashMap<String, Vec<ApiKey>> = HashMap::new();
        for row in rows(&self.read, sql).await.doing(READ)? {
            let key = live(&row)?.key;
            keys.entry(key.party.clone()).or_default().push(key);
        }
        Ok(keys)
    }

    /// Every key that was not revoked, and the mark under which that was so.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn live_keys(&self) -> Result<(u64, Vec<LiveKey>), StoreError> {
        // The mark comes first: keys that change between the two reads are read again.
        let mark = self.key_mark().await?;
        let mut sql = Sql::new("SELECT ");
        sql.text(COLUMNS).text(" FROM api_key WHERE revoked_at IS NULL AND expires_at > ").bind(instant((self.clock)()));
        let keys = in_time(CHANGES, async { rows(&self.read, sql).await.doing(READ) }).await?;
        Ok((mark, keys.iter().map(live).collect::<Result<_, _>>()?))
    }

    /// Counts the changes of keys.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn key_mark(&self) -> Result<u64, StoreError> {
        let mut sql = Sql::new("SELECT value FROM meta WHERE key = ");
        sql.bind(MARK);
        let found = in_time(LOOK, async { rows(&self.read, sql).await.doing(READ) }).await?;
        let Some(row) = found.first() else { return Ok(0) };
        let text: String = row.try_get_by_index(0).doing(READ)?;
        text.parse().map_err(|_| StoreError::Damaged { what: "the mark of keys", of: "meta".into() })
    }

    /// Ends a key at once.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn revoke_key(&self, id: &KeyId) -> Result<Revocation, StoreError> {
        self.revoke(id, None).await
    }

    /// Ends a key of that party at once; the key of another is as one that is not there.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn revoke_own(&self, party: &str, id: &KeyId) -> Result<Revocation, StoreError> {
        self.revoke(id, Some(party.to_owned())).await
    }

    async fn revoke(&self, id: &KeyId, party: Option<String>) -> Result<Revocation, StoreError> {
        let (id, at, turn) = (id.clone(), (self.clock)(), self.write.turn().await?);
        self.write
            .soon(async move {
                let transaction = write::begin(&turn).await?;
                let done = revoke(&transaction, &id, party.as_deref(), at).await;
                let keep = matches!(done, Ok(Revocation::Done));
                write::end(transaction, done, keep).await
            })
            .await
    }

    /// Notes when keys were used last; an older use changes nothing.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn note_uses(&self, uses: &[(KeyId, Timestamp)]) -> Result<(), StoreError> {
        let uses: Vec<_> = uses.iter().map(|(id, at)| (id.as_str().to_owned(), instant(*at))).collect();
        let turn = self.write.turn().await?;
        self.write
            .soon(async move {
                let transaction = write::begin(&turn).await?;
                let mut sql = Sql::new("UPDATE api_key SET last_used_at = used.at FROM (SELECT value ->> 0 AS id, value ->> 1 AS at FROM ");
                sql.tuples("l", &uses).text(") used WHERE api_key.id = used.id AND coalesce(last_used_at, '') < used.at");
                let done = run(&transaction, sql).await.doing("note the use of keys").map(drop);
                write::end(transaction, done, true).await
            })
            .await
    }
}

/// What is to be kept of a new key.
fn checked(new: &NewKey, key: &Key, at: Timestamp) -> Result<ApiKey, String> {
    if new.role == Role::Reader {
        return Err("A key is for a focal point or the secretariat: whoever only reads needs none.".into());
    }
    if new.expires_at <= at {
        return Err("The key would have expired already.".into());
    }
    let subject = subject::named(&new.subject)?;
    let note = new.note.as_deref().map(|text| line("The note", text, LONGEST_NOTE)).transpose()?;
    Ok(ApiKey {
        id: key.id().clone(),
        party: new.party.clone(),
        role: new.role,
        subject,
        note,
        created_at: at,
        expires_at: new.expires_at,
        revoked_at: None,
        last_used_at: None,
    })
}

async fn insert(transaction: &DatabaseTransaction, key: &ApiKey, digest: Digest) -> Result<(), KeyError> {
    let parties = parties(transaction).await?;
    if !parties.contains(&key.party) {
        let shown: String = key.party.chars().take(60).collect();
        let near = did_you_mean(&shown, parties.iter().map(String::as_str));
        return Err(KeyError::Wrong(format!("There is no party with the code '{shown}'.{near}")));
    }
    let mut sql = Sql::new("INSERT INTO api_key (");
    sql.text(COLUMNS).text(") VALUES (").bind(key.id.as_str());
    for text in [&key.party, key.role.name(), &key.subject] {
        sql.text(", ").bind(text);
    }
    sql.text(", ").bind(key.note.clone()).text(", ").bind(instant(key.created_at)).text(", ").bind(instant(key.expires_at));
    sql.text(", NULL, NULL, ").bind(digest.to_hex()).text(")");
    run(transaction, sql).await.doing("keep the key")?;
    Ok(count_up(transaction).await?)
}

/// The codes of all states and organisations.
async fn parties(db: &impl ConnectionTrait) -> Result<Vec<String>, StoreError> {
    let mut sql = Sql::new("SELECT code FROM entry WHERE kind IN (");
    sql.bind(Kind::State.name()).text(", ").bind(Kind::Organisation.name()).text(") ORDER BY code");
    rows(db, sql).await.doing(READ)?.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>().doing(READ)
}

async fn revoke(transaction: &DatabaseTransaction, id: &KeyId, party: Option<&str>, at: Timestamp) -> Result<Revocation, StoreError> {
    let mut sql = Sql::new("SELECT ");
    sql.text(COLUMNS).text(" FROM api_key WHERE id = ").bind(id.as_str());
    if let Some(party) = party {
        sql.text(" AND party = ").bind(party);
    }
    let found = rows(transaction, sql).await.doing(READ)?;
    let Some(row) = found.first() else { return Ok(Revocation::Unknown) };
    if let Some(since) = live(row)?.key.revoked_at {
        return Ok(Revocation::Already(since));
    }
    let mut sql = Sql::new("UPDATE api_key SET revoked_at = ");
    sql.bind(instant(at)).text(" WHERE id = ").bind(id.as_str());
    run(transaction, sql).await.doing("revoke the key")?;
    count_up(transaction).await?;
    Ok(Revocation::Done)
}

async fn count_up(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO meta (key, value) VALUES (");
    sql.bind(MARK).text(", '1') ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS bigint) + 1 AS text)");
    run(transaction, sql).await.doing("count the changes of keys")?;
    write::shout(transaction).await
}

/// A row of [`COLUMNS`].
fn live(row: &QueryResult) -> Result<LiveKey, StoreError> {
    let text = |n: usize| row.try_get_by_index::<String>(n).doing(READ);
    let id = text(0)?;
    let damaged = |what| StoreError::Damaged { what, of: format!("the key {}", id.chars().take(20).collect::<String>()) };
    let at = |text: &str| text.parse::<Timestamp>().map_err(|_| damaged("an instant"));
    let maybe = |n: usize| row.try_get_by_index::<Option<String>>(n).doing(READ);
    let key = ApiKey {
        id: KeyId::parse(&id).ok_or_else(|| damaged("the id"))?,
        party: text(1)?,
        role: Role::parse(&text(2)?).ok_or_else(|| damaged("the role"))?,
        subject: text(3)?,
        note: maybe(4)?,
        created_at: at(&text(5)?)?,
        expires_at: at(&text(6)?)?,
        revoked_at: maybe(7)?.as_deref().map(at).transpose()?,
        last_used_at: maybe(8)?.as_deref().map(at).transpose()?,
    };
    Ok(LiveKey { key, digest: Digest::from_hex(&text(9)?).ok_or_else(|| damaged("the digest"))? })
}
