//! Where a test keeps its data: a file of SQLite in a folder of its own, or, where `TEST_DATABASE_URL` names a
//! PostgreSQL, a schema of its own on that server. Both go when the test ends.
//!
//! The tests inside of the store use this file, too.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A place, empty at first.
pub struct Place {
    folder: TempDir,
    schema: Option<String>,
}

impl Place {
    /// A new one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let schema = server().map(|_| schema_of(folder.path()));
        if let Some(schema) = &schema {
            administer(format!("CREATE SCHEMA {schema}"));
            fs::create_dir(folder.path().join(MARK)).expect("a mark");
        }
        Self { folder, schema }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The file of SQLite, where there is one.
    pub fn file(&self) -> PathBuf {
        self.path().join("silkroutes.db")
    }

    /// The address of the database.
    pub fn url(&self) -> String {
        url_in(self.path()).unwrap_or_else(|| format!("sqlite://{}", self.file().display()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(schema) = &self.schema {
            administer(format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}

/// Marks the folder of a place that has a schema.
const MARK: &str = "postgres";

/// No other folder has this name, and so no other schema.
fn schema_of(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().bytes().fold(String::from("t_"), |mut schema, byte| {
        let _ = write!(schema, "{byte:02x}");
        schema
    })
}

/// The address of the schema that belongs to the folder of a place, if one does: for a program that is run there.
pub fn url_in(folder: &Path) -> Option<String> {
    let server = server().filter(|_| folder.join(MARK).exists())?;
    Some(format!("{server}{}options=-csearch_path%3D{}", if server.contains('?') { '&' } else { '?' }, schema_of(folder)))
}

/// The server that the tests are to use; none where they use SQLite.
#[expect(clippy::disallowed_methods, reason = "a test has no settings but these")]
pub fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// Says what would else go unseen.
#[expect(clippy::print_stdout, reason = "whoever runs the tests is to read it")]
pub fn say(what: &str) {
    println!("{what}");
}

/// Whether the engine is PostgreSQL; then it says aloud that a test about files is skipped.
pub fn has_no_file(what: &str) -> bool {
    let is_server = server().is_some();
    if is_server {
        say(&format!("skipped on PostgreSQL, as it is about files of SQLite: {what}"));
    }
    is_server
}

/// Does something on the server, from wherever it is called.
pub fn administer(statement: String) {
    let url = server().expect("a server");
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        runtime.block_on(async {
            let mut options = sea_orm::ConnectOptions::new(url);
            options.max_connections(1).sqlx_logging(false);
            let db = sea_orm::Database::connect(options).await.expect("the server of TEST_DATABASE_URL");
            let done = sea_orm::ConnectionTrait::execute_unprepared(&db, &statement).await;
            db.close().await.expect("closed");
            done.unwrap_or_else(|fault| panic!("{statement}: {fault}"));
        });
    };
    std::thread::spawn(work).join().expect("done");
}
