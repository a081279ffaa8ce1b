//! From an address to pools with an up-to-date schema behind them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};

use super::StoreError;
use super::error::{BUSY, Doing, code};
use super::sql::{Sql, rows, run};
use super::write;

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// How long a writer waits for another program's write.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often opening is tried while others open the same new file: SQLite does not wait on a change of journal.
const ATTEMPTS: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);
/// The key in `meta` under which the secret of cursors is kept.
const SECRET: &str = "cursor_secret";
/// The key in `meta` under which the secret is kept that hashes of API keys are made with.
const KEY_SECRET: &str = "key_secret";

/// A pool that reads and a pool that writes.
pub(super) async fn open(url: &str) -> Result<(DatabaseConnection, DatabaseConnection), StoreError> {
    let path = file_of(url)?;
    look(&path)?;
    let write = connect(&path, writer(&path)).await?;
    prepare(&write, &path).await?;
    let read = connect(&path, reader(&path)).await?;
    Ok((read, write))
}

/// The file that an address names.
fn file_of(url: &str) -> Result<PathBuf, StoreError> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    let rest = match scheme {
        Some("sqlite") => url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or_default(),
        // Only the scheme is shown: an address may hold a password.
        Some(scheme) => return Err(StoreError::OtherEngine(format!("{scheme}:"))),
        None => return Err(StoreError::NoFile),
    };
    let (file, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    match parameters {
        // What other programs want to hear before they make a file.
        "" | "mode=rwc" | "mode=rw" => {}
        other => return Err(StoreError::Parameter(other.to_owned())),
    }
    if file.is_empty() || file == ":memory:" {
        return Err(StoreError::NoFile);
    }
    Ok(PathBuf::from(file))
}

/// Refuses what can be no database before SQLite has a chance to touch it.
fn look(path: &Path) -> Result<(), StoreError> {
    let fail = |cause| StoreError::Look { path: path.to_owned(), cause };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            return match folder {
                Some(folder) if !folder.is_dir() => Err(StoreError::NoFolder { path: path.to_owned(), folder: folder.to_owned() }),
                _ => Ok(()),
            };
        }
        Err(cause) => return Err(fail(cause)),
    };
    if metadata.is_dir() {
        return Err(StoreError::IsFolder(path.to_owned()));
    }
    let mut head = Vec::with_capacity(MAGIC.len());
    fs::File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut head)).map_err(fail)?;
    // An empty file is an empty database.
    if !head.is_empty() && head != MAGIC {
        return Err(StoreError::NotSqlite(path.to_owned()));
    }
    if metadata.permissions().readonly() {
        return Err(StoreError::ReadOnly(path.to_owned()));
    }
    Ok(())
}

fn options(path: &Path, pragmas: &'static [(&'static str, &'static str)], is_reader: bool) -> ConnectOptions {
    let path = path.to_owned();
    // The real name goes in by itself, so that no character of it is taken for a part of an address.
    let mut options = ConnectOptions::new("sqlite:file");
    options.sqlx_logging(false).record_stmt_in_spans(false).test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.filename(&path).read_only(is_reader).create_if_missing(!is_reader).busy_timeout(PATIENCE);
        pragmas.iter().fold(sqlite, |sqlite, (key, value)| sqlite.pragma(*key, *value))
    });
    // A connection that goes takes its prepared statements and its cache along: none goes by itself.
    options.map_sqlx_sqlite_pool_opts(|pool| pool.idle_timeout(None).max_lifetime(None));
    options
}

/// The one connection that writes. `FULL`: what was acknowledged survives a loss of power.
fn writer(path: &Path) -> ConnectOptions {
    let pragmas = &[("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "ON"), ("secure_delete", "ON")];
    let mut options = options(path, pragmas, false);
    options.max_connections(1).acquire_timeout(PATIENCE);
    options
}

/// Connections that only read, one a core: more would only wait for a core.
fn reader(path: &Path) -> ConnectOptions {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut options = options(path, &[("cache_size", "-8192")], true);
    options.max_connections(u32::try_from(cores.max(2)).unwrap_or(2)).acquire_timeout(Duration::from_secs(1));
    options
}

/// Connects, and tries again while another connection is making the file.
async fn connect(path: &Path, options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    let mut left = ATTEMPTS;
    loop {
        match Database::connect(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(cause) if code(&cause) == Some(BUSY) && left > 0 => left -= 1,
            Err(cause) => return Err(opening(path, cause)),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn opening(path: &Path, cause: DbErr) -> StoreError {
    match code(&cause) {
        Some(8) => StoreError::ReadOnly(path.to_owned()),
        Some(26) => StoreError::NotSqlite(path.to_owned()),
        _ => StoreError::Open { path: path.to_owned(), cause },
    }
}

/// Brings the schema up to date and makes the secret, each once however many open the file together.
async fn prepare(write: &DatabaseConnection, path: &Path) -> Result<(), StoreError> {
    let known = silkroutes_migrations::steps();
    let taken = taken(write, path).await?;
    if let Some(step) = taken.iter().find(|step| !known.contains(step)) {
        return Err(StoreError::Newer { path: path.to_owned(), step: step.clone() });
    }
    if taken.len() < known.len() || secret(write).await?.is_none() {
        let write = write.clone();
        write::apart(async move {
            let transaction = write::begin(&write).await?;
            let done = set_up(&transaction).await;
            write::end(transaction, done, true).await
        })
        .await?;
    }
    Ok(())
}

async fn set_up(transaction: &sea_orm::DatabaseTransaction) -> Result<(), StoreError> {
    silkroutes_migrations::up(transaction).await.doing("bring its schema up to date")?;
    super::series::carry::carry(transaction).await?;
    make_secret::<64>(transaction, SECRET).await?;
    make_secret::<32>(transaction, KEY_SECRET).await
}

/// Makes a secret, unless there is one.
async fn make_secret<const N: usize>(transaction: &sea_orm::DatabaseTransaction, name: &str) -> Result<(), StoreError> {
    let mut secret = [0; N];
    #[expect(clippy::disallowed_methods, reason = "a secret that an installation makes for itself; nothing else depends on it")]
    getrandom::fill(&mut secret).map_err(|_| StoreError::NoChance)?;
    let mut sql = Sql::new("INSERT INTO meta (key, value) VALUES (");
    sql.bind(name).text(", ").bind(data_encoding::BASE64.encode(&secret)).text(") ON CONFLICT (key) DO NOTHING");
    run(transaction, sql).await.doing("keep a secret")?;
    Ok(())
}

/// The steps that this database has taken; none where it is new.
async fn taken(db: &DatabaseConnection, path: &Path) -> Result<Vec<String>, StoreError> {
    let fail = |cause| opening(path, cause);
    let tables = rows(db, Sql::new("SELECT name FROM sqlite_master WHERE type = 'table'")).await.map_err(fail)?;
    let tables = tables.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<Vec<_>, _>>().map_err(fail)?;
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    if !tables.iter().any(|name| name == "seaql_migrations") {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    let steps = rows(db, Sql::new("SELECT version FROM seaql_migrations ORDER BY version")).await.map_err(fail)?;
    steps.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<Vec<_>, _>>().map_err(fail)
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
