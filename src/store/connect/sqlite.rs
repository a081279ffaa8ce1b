//! SQLite: from the name of a file to a pool that reads and one that writes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};

use crate::store::StoreError;
use crate::store::error::{BUSY, sqlite_code};
use crate::store::file::{own, with_ending};
use crate::store::keep::Retired;

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// How long a writer waits for another program's write.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often opening is tried while others open the same new file: SQLite does not wait on a change of journal.
const ATTEMPTS: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// The pool that writes; the file is made where there is none.
pub(super) async fn writing(path: &Path, retired: &Retired) -> Result<DatabaseConnection, StoreError> {
    look(path)?;
    // Why it cannot be made, SQLite says.
    let _ = own(path);
    connect(path, writer(path, retired)).await
}

/// What empties the log: it waits for nobody, so that nobody waits for it.
pub(in crate::store) async fn emptying(path: &Path) -> Result<DatabaseConnection, StoreError> {
    let mut options = options(path, &[("busy_timeout", "20")], false, &Retired::none());
    options.max_connections(1).acquire_timeout(PATIENCE);
    connect(path, options).await
}

/// The pool that reads, once the schema is there.
pub(super) async fn reading(path: &Path, retired: &Retired) -> Result<DatabaseConnection, StoreError> {
    connect(path, reader(path, retired)).await
}

/// The file that an address names.
pub(super) fn file_of(url: &str) -> Result<PathBuf, StoreError> {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or_default();
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
    // An empty file is an empty database; and so is one that a power cut left while it was made, once SQLite has taken it
    // back by the journal beside it.
    if !head.is_empty() && head != MAGIC && !has_journal(path) {
        return Err(StoreError::NotSqlite(path.to_owned()));
    }
    if metadata.permissions().readonly() {
        return Err(StoreError::ReadOnly(path.to_owned()));
    }
    Ok(())
}

/// Whether a transaction of the oldest kind, by which a database is made, did not come to its end.
fn has_journal(path: &Path) -> bool {
    fs::metadata(with_ending(path, "-journal")).is_ok_and(|journal| journal.len() > 0)
}

fn options(path: &Path, pragmas: &'static [(&'static str, &'static str)], is_reader: bool, retired: &Retired) -> ConnectOptions {
    let path = path.to_owned();
    // The real name goes in by itself, so that no character of it is taken for a part of an address.
    let mut options = ConnectOptions::new("sqlite:file");
    options.sqlx_logging(false).record_stmt_in_spans(false).test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.filename(&path).read_only(is_reader).create_if_missing(false).busy_timeout(PATIENCE);
        pragmas.iter().fold(sqlite, |sqlite, (key, value)| sqlite.pragma(*key, *value))
    });
    // A connection that goes takes its prepared statements and its cache along: none goes by itself.
    let retired = retired.clone();
    options.map_sqlx_sqlite_pool_opts(move |pool| {
        let retired = retired.clone();
        pool.idle_timeout(None).max_lifetime(None).before_acquire(move |connection, about| {
            let is_good = retired.allows(about.age) && !connection.is_in_transaction();
            Box::pin(async move { Ok(is_good) })
        })
    });
    options
}

/// The one connection that writes. `FULL`: what was acknowledged survives a loss of power.
fn writer(path: &Path, retired: &Retired) -> ConnectOptions {
    let pragmas = &[("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "ON"), ("secure_delete", "ON")];
    let mut options = options(path, pragmas, false, retired);
    options.max_connections(1).acquire_timeout(PATIENCE);
    options
}

/// Connections that only read: one a core for those that take turns, as more would only wait for a core; and two for
/// short looks, which never wait for long reads.
fn reader(path: &Path, retired: &Retired) -> ConnectOptions {
    let mut options = options(path, &[("cache_size", "-8192")], true, retired);
    options.max_connections(u32::try_from(readers()).unwrap_or(2).saturating_add(2)).acquire_timeout(Duration::from_secs(1));
    options
}

/// How many read at the same time.
pub(super) fn readers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).max(2)
}

/// Connects, and tries again while another connection is making the file.
async fn connect(path: &Path, options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    let mut left = ATTEMPTS;
    loop {
        match Database::connect(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(cause) if sqlite_code(&cause) == Some(BUSY) && left > 0 => left -= 1,
            Err(cause) => return Err(opening(path, cause)),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) fn opening(path: &Path, cause: DbErr) -> StoreError {
    match sqlite_code(&cause) {
        Some(8) => StoreError::ReadOnly(path.to_owned()),
        Some(26) => StoreError::NotSqlite(path.to_owned()),
        _ => StoreError::Open { at: path.display().to_string(), cause },
    }
}
