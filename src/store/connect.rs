//! Opening a database.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use silkroutes_migrations::{Migrator, MigratorTrait};

use super::sql::{column, statement};
use super::{Store, StoreError};

/// How long a reader or the writer waits for its turn before it says so.
const PATIENCE: Duration = Duration::from_secs(5);

impl Store {
    /// Opens the database at that address, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// Where it cannot be opened, is no database of ours, or is a newer one.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        let path = path_of(address)?;
        look_at(&path)?;
        let why = |error: &sea_orm::DbErr| StoreError::Open { path: path.clone(), why: reason(error) };
        let write = connect(&path, 1, false).await.map_err(|error| why(&error))?;
        migrate(&write, &path).await?;
        let readers = u32::try_from(std::thread::available_parallelism().map_or(2, std::num::NonZero::get)).unwrap_or(2).max(2);
        let read = connect(&path, readers, true).await.map_err(|error| why(&error))?;
        let store = Self { read, write };
        store.remember_secret().await?;
        Ok(store)
    }

    /// Whether it holds no entry.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.read.query_one_raw(statement("SELECT 1 AS one FROM entry LIMIT 1", vec![])).await?.is_none())
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read.query_one_raw(statement("SELECT 1 AS one", vec![])).await?;
        Ok(())
    }

    /// The revision of the last change.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn revision(&self) -> Result<u64, StoreError> {
        revision_in(&self.read).await
    }

    /// The installation's key for cursors.
    ///
    /// # Errors
    /// Where the database does not answer, or the key was altered.
    pub async fn secret(&self) -> Result<[u8; 64], StoreError> {
        let row = self.read.query_one_raw(statement("SELECT value FROM meta WHERE key = 'cursor_secret'", vec![])).await?;
        let text: Option<String> = row.map(|row| column(&row, "value")).transpose()?;
        let bytes = text.and_then(|text| data_encoding::BASE64.decode(text.as_bytes()).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| StoreError::NotWhole("the key of its cursors is missing".into()))
    }

    /// Makes the key of cursors at the first opening; a second process that does the same changes nothing.
    #[expect(clippy::disallowed_methods, reason = "the one secret that an installation makes for itself")]
    async fn remember_secret(&self) -> Result<(), StoreError> {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).map_err(|_| StoreError::NotWhole("the machine gives no random bytes".into()))?;
        let insert = "INSERT INTO meta (key, value) VALUES ('cursor_secret', $1) ON CONFLICT (key) DO NOTHING";
        self.write.execute_raw(statement(insert, vec![data_encoding::BASE64.encode(&bytes).into()])).await?;
        Ok(())
    }

    /// Closes it: what was written is in the file itself.
    pub async fn close(&self) {
        // Nothing can be done about a failure here, and nothing is lost: the next opening recovers.
        let _ = self.read.close_by_ref().await;
        let _ = self.write.execute_raw(statement("PRAGMA wal_checkpoint(TRUNCATE)", vec![])).await;
        let _ = self.write.close_by_ref().await;
    }
}

/// The revision of the last change, as that connection sees it.
pub(super) async fn revision_in(connection: &impl ConnectionTrait) -> Result<u64, StoreError> {
    let row = connection.query_one_raw(statement("SELECT COALESCE(MAX(revision), 0) AS revision FROM change", vec![])).await?;
    let revision: i64 = row.map(|row| column(&row, "revision")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(revision).unwrap_or(0))
}

fn path_of(address: &str) -> Result<String, StoreError> {
    let path = address.strip_prefix("sqlite://").or_else(|| address.strip_prefix("sqlite:"));
    match path.map(|path| path.split('?').next().unwrap_or_default()) {
        Some(path) if !path.is_empty() && path != ":memory:" => Ok(path.to_owned()),
        // Whatever stands before an '@' may be a password.
        _ => Err(StoreError::Address(address.rsplit('@').next().unwrap_or_default().chars().take(100).collect())),
    }
}

/// Looks at the file before the driver does, whose sentences name neither file nor remedy.
fn look_at(path: &str) -> Result<(), StoreError> {
    let wrong = |why: &str| Err(StoreError::Open { path: path.to_owned(), why: why.to_owned() });
    let file = Path::new(path);
    if file.is_dir() {
        return wrong("it is a folder; name a file in it");
    }
    if file.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return wrong("its folder does not exist; make the folder first");
    }
    let mut head = [0; 16];
    match std::fs::File::open(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => wrong(&error.to_string().to_lowercase()),
        Ok(mut open) => match std::io::Read::read(&mut open, &mut head) {
            Ok(0) => Ok(()),
            Ok(_) if head.starts_with(b"SQLite format 3") => Ok(()),
            Ok(_) => wrong("it is a file of another kind; name a new file or a database of Silkroutes"),
            Err(error) => wrong(&error.to_string().to_lowercase()),
        },
    }
}

fn reason(error: &sea_orm::DbErr) -> String {
    let text = error.to_string().to_lowercase();
    let known = [
        ("readonly", "it may only be read; give the server the right to write it"),
        ("unable to open", "the file cannot be made or written there; look at the rights of the folder"),
        ("locked", "another process holds it"),
        ("not a database", "it is a file of another kind; name a new file or a database of Silkroutes"),
    ];
    known.iter().find(|(sign, _)| text.contains(sign)).map_or(text.clone(), |(_, reason)| (*reason).to_owned())
}

async fn connect(path: &str, connections: u32, read_only: bool) -> Result<DatabaseConnection, sea_orm::DbErr> {
    let mut options = ConnectOptions::new(format!("sqlite://{path}"));
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            let options = options.busy_timeout(PATIENCE).foreign_keys(true).statement_cache_capacity(200);
            if read_only {
                // Reading alone, and from the file's pages where the system has them in memory anyway.
                options.pragma("query_only", "ON").pragma("mmap_size", "268435456")
            } else {
                options.create_if_missing(true).pragma("journal_mode", "WAL").pragma("synchronous", "FULL")
            }
        });
    Database::connect(options).await
}

async fn migrate(write: &DatabaseConnection, path: &str) -> Result<(), StoreError> {
    let known: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    if applied(write).await?.iter().any(|name| !known.contains(name)) {
        return Err(StoreError::Newer(path.to_owned()));
    }
    // Several processes may open a new file at once: whoever comes second finds the steps done.
    for attempt in 1.. {
        match Migrator::up(write, None).await {
            Ok(()) => break,
            Err(error) if attempt == 20 => return Err(StoreError::Open { path: path.to_owned(), why: reason(&error) }),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    Ok(())
}

async fn applied(write: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    let table = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'";
    if write.query_one_raw(statement(table, vec![])).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = write.query_all_raw(statement("SELECT version FROM seaql_migrations", vec![])).await?;
    rows.iter().map(|row| column(row, "version")).collect()
}
