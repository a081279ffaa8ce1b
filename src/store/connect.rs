//! From an address to pools with an up-to-date schema behind them.
//!
//! | file | what |
//! |---|---|
//! | [`sqlite`] | a file |
//! | [`postgres`] | a server |

mod postgres;
pub(super) mod sqlite;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr};

use super::error::Doing;
use super::file::Watched;
use super::keep::{Keeper, Retired};
use super::sql::{Sql, rows, run};
use super::{Opening, StoreError, write};

pub use postgres::Listener;
pub(super) use postgres::{LOCK, shout};

/// The key in `meta` under which the secret of cursors is kept.
const SECRET: &str = "cursor_secret";
/// The key in `meta` under which the secret is kept that hashes of API keys are made with.
const KEY_SECRET: &str = "key_secret";
/// The key in `meta` under which the secret is kept that seals events where the operator has no key for that.
const AUDIT_SECRET: &str = "audit_secret";

/// How long a look may take whether there is a database.
const LOOK: Duration = Duration::from_secs(15);

/// Where the data is.
enum Place {
    File(PathBuf),
    Server(Box<postgres::Server>),
}

impl Place {
    fn of(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => sqlite::file_of(url).map(Self::File),
            Some("postgres" | "postgresql") => postgres::Server::of(url).map(Box::new).map(Self::Server),
            // Only the scheme is shown: an address may hold a password.
            Some(scheme) => Err(StoreError::OtherEngine(format!("{scheme}:"))),
            None => Err(StoreError::NoFile),
        }
    }

    /// As it is shown, without a password.
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Server(server) => server.name().to_owned(),
        }
    }

    fn opening(&self, cause: DbErr) -> StoreError {
        match self {
            Self::File(path) => sqlite::opening(path, cause),
            Self::Server(server) => StoreError::Open { at: server.name().to_owned(), cause },
        }
    }
}

/// A database that is open.
pub(super) struct Pools {
    /// What reads.
    pub read: DatabaseConnection,
    /// What writes.
    pub write: DatabaseConnection,
    /// How many may read long at the same time.
    pub turns: usize,
    /// What knows whether writes are kept.
    pub keeper: Keeper,
    /// What figures may be read from, too.
    pub replica: Option<DatabaseConnection>,
}

/// Opens what an address names.
pub(super) async fn open(opening: &Opening<'_>) -> Result<Pools, StoreError> {
    let place = Place::of(opening.url)?;
    let replica = match (opening.replica.map(Place::of).transpose()?, &place) {
        (None, _) => None,
        // Nothing connects before it is asked something: one that is away keeps nobody from starting.
        (Some(Place::Server(replica)), Place::Server(_)) => Some(replica.replica(opening.read_time).await?),
        (Some(_), _) => return Err(StoreError::Replica),
    };
    let (writers, readers) = (Retired::none(), Retired::none());
    let write = match &place {
        Place::File(path) => sqlite::writing(path, &writers).await?,
        Place::Server(server) => server.writing(&writers).await?,
    };
    prepare(&write, &place).await?;
    let (read, turns) = match &place {
        Place::File(path) => (sqlite::reading(path, &readers).await?, sqlite::readers()),
        Place::Server(server) => (server.reading(opening.read_time).await?, postgres::readers()),
    };
    let file = match place {
        // Read by the connection that reads: from then on it keeps the log from going when the one that writes is closed.
        Place::File(path) => {
            let secret = secret(&read).await?.ok_or(StoreError::Damaged { what: "the secret of cursors", of: "meta".into() })?;
            Some(Watched::new(&path, opening.room, secret))
        }
        Place::Server(_) => None,
    };
    Ok(Pools { read, write, turns, keeper: Keeper::new(file, writers, readers), replica })
}

/// Looks whether the file that has this name now is a database of the same installation, and brings its schema up to date.
pub(super) async fn adopt(path: &Path, known: &[u8; 64]) -> Result<(), StoreError> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        return Err(StoreError::NotSqlite(path.to_owned()));
    }
    let (write, place) = (sqlite::writing(path, &Retired::none()).await?, Place::File(path.to_owned()));
    let done = async {
        if taken(&write, &place).await?.is_empty() {
            return Err(StoreError::Foreign(place.name()));
        }
        match secret(&write).await? {
            Some(secret) if secret == *known => prepare(&write, &place).await,
            _ => Err(StoreError::Another(place.name())),
        }
    };
    let done = done.await;
    let _ = write.close().await;
    done
}

/// What is to be said of the files of a database before it is opened.
pub(super) fn findings(url: &str) -> Vec<String> {
    match Place::of(url) {
        Ok(Place::File(path)) => super::file::findings(&path),
        _ => Vec::new(),
    }
}

/// Whether there is a database at that address, as far as it can be told.
pub(super) async fn is_there(url: &str) -> bool {
    match Place::of(url) {
        Ok(Place::File(path)) => path.exists(),
        Ok(Place::Server(server)) => match server.reading(LOOK).await {
            Ok(read) => {
                let found = tables(&read).await;
                let _ = read.close().await;
                found.map_or(true, |tables| !tables.is_empty())
            }
            Err(_) => true,
        },
        Err(_) => true,
    }
}

/// Brings the schema up to date and makes the secret, each once however many open the file together.
async fn prepare(write: &DatabaseConnection, place: &Place) -> Result<(), StoreError> {
    let known = silkroutes_migrations::steps();
    let taken = taken(write, place).await?;
    if let Some(step) = taken.iter().find(|step| !known.contains(step)) {
        return Err(StoreError::Newer { at: place.name(), step: step.clone() });
    }
    if taken.len() < known.len() || secret(write).await?.is_none() {
        let turn = write::Writers::new(write.clone(), Keeper::new(None, Retired::none(), Retired::none())).turn().await?;
        write::apart(async move {
            let transaction = write::begin_patiently(&turn).await?;
            let done = set_up(&transaction).await;
            write::end(transaction, done, true).await
        })
        .await?;
    }
    Ok(())
}

async fn set_up(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    silkroutes_migrations::up(transaction).await.doing("bring its schema up to date")?;
    super::series::carry::carry(transaction).await?;
    super::contribution::carry(transaction).await?;
    make_secret::<64>(transaction, SECRET).await?;
    make_secret::<32>(transaction, AUDIT_SECRET).await?;
    make_secret::<32>(transaction, KEY_SECRET).await
}

/// Makes a secret, unless there is one.
async fn make_secret<const N: usize>(transaction: &DatabaseTransaction, name: &str) -> Result<(), StoreError> {
    let mut secret = [0; N];
    #[expect(clippy::disallowed_methods, reason = "a secret that an installation makes for itself; nothing else depends on it")]
    getrandom::fill(&mut secret).map_err(|_| StoreError::NoChance)?;
    let mut sql = Sql::new("INSERT INTO meta (key, value) VALUES (");
    sql.bind(name).text(", ").bind(data_encoding::BASE64.encode(&secret)).text(") ON CONFLICT (key) DO NOTHING");
    run(transaction, sql).await.doing("keep a secret")?;
    Ok(())
}

/// The steps that this database has taken; none where it is new.
async fn taken(db: &DatabaseConnection, place: &Place) -> Result<Vec<String>, StoreError> {
    let fail = |cause| place.opening(cause);
    let tables = tables(db).await.map_err(fail)?;
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    if !tables.iter().any(|name| name == "seaql_migrations") {
        return Err(StoreError::Foreign(place.name()));
    }
    let steps = rows(db, Sql::new("SELECT version FROM seaql_migrations ORDER BY version")).await.map_err(fail)?;
    steps.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<Vec<_>, _>>().map_err(fail)
}

/// The tables that there are.
pub(super) async fn tables(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let mut sql = Sql::new("SELECT ");
    sql.either(
        "name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
        "tablename::text FROM pg_tables WHERE schemaname = current_schema()",
    );
    rows(db, sql).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// The secret of cursors, where there is one.
pub(super) async fn secret(db: &impl ConnectionTrait) -> Result<Option<[u8; 64]>, StoreError> {
    read_secret(db, SECRET, "the secret of cursors").await
}

/// The secret that hashes of API keys are made with.
pub(super) async fn key_secret(db: &impl ConnectionTrait) -> Result<[u8; 32], StoreError> {
    const WHAT: &str = "the secret of keys";
    read_secret(db, KEY_SECRET, WHAT).await?.ok_or(StoreError::Damaged { what: WHAT, of: "meta".into() })
}

/// The secret that seals events where the operator has no key for that.
pub(super) async fn audit_secret(db: &impl ConnectionTrait) -> Result<[u8; 32], StoreError> {
    const WHAT: &str = "the secret of events";
    read_secret(db, AUDIT_SECRET, WHAT).await?.ok_or(StoreError::Damaged { what: WHAT, of: "meta".into() })
}

async fn read_secret<const N: usize>(db: &impl ConnectionTrait, name: &str, what: &'static str) -> Result<Option<[u8; N]>, StoreError> {
    const DOING: &str = "read a secret";
    let mut sql = Sql::new("SELECT value FROM meta WHERE key = ");
    sql.bind(name);
    let found = rows(db, sql).await.doing(DOING)?;
    let Some(row) = found.first() else { return Ok(None) };
    let text: String = row.try_get_by_index(0).doing(DOING)?;
    let bytes = data_encoding::BASE64.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(Some).ok_or(StoreError::Damaged { what, of: "meta".into() })
}
