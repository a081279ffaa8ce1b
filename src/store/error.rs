//! What can go wrong with a database, each in one sentence for its operator.

use std::path::PathBuf;

use sea_orm::{DbErr, RuntimeErr};

/// Why the database does not do what was asked. The sentence is for the operator; nothing of it goes to a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names another engine.
    #[error("This build keeps its data in SQLite only: write sqlite://FILE, such as sqlite://silkroutes.db, in place of a {0} address.")]
    OtherEngine(String),
    /// The address names no file.
    #[error("The database address names no file: write sqlite://FILE, such as sqlite://silkroutes.db.")]
    NoFile,
    /// A parameter of the address that means nothing here.
    #[error("The database address ends in `?{0}`, which means nothing here: write sqlite://FILE alone.")]
    Parameter(String),
    /// The folder of the file.
    #[error("The database {} cannot be made: there is no folder {}.", .path.display(), .folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Where it should be.
        folder: PathBuf,
    },
    /// A folder in place of a file.
    #[error("{} is a folder: the database is a file, such as {}.", .0.display(), .0.join("silkroutes.db").display())]
    IsFolder(PathBuf),
    /// A file of another sort.
    #[error("{} is no SQLite database: name another file, or move this one away.", .0.display())]
    NotSqlite(PathBuf),
    /// A file that may not be written.
    #[error("{} is read-only: the server writes to its database.", .0.display())]
    ReadOnly(PathBuf),
    /// A database of another program.
    #[error("{} is the database of another program: name another file.", .0.display())]
    Foreign(PathBuf),
    /// A database that a later version has changed.
    #[error("{} was made by a newer version (its schema has the step {step}): use that version or a later one.", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The first step that is not known here.
        step: String,
    },
    /// Something else goes wrong on opening.
    #[error("The database {} cannot be opened: {}.", .path.display(), reason(.cause))]
    Open {
        /// The file.
        path: PathBuf,
        /// What the driver says.
        #[source]
        cause: DbErr,
    },
    /// Something else goes wrong on a file.
    #[error("The database {} cannot be looked at: {cause}.", .path.display())]
    Look {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// A statement fails.
    #[error("The database could not {doing}: {}.", reason(.cause))]
    Failed {
        /// What it was to do.
        doing: &'static str,
        /// What the driver says.
        #[source]
        cause: DbErr,
    },
    /// A row says what this program never writes.
    #[error("The database is damaged: {what} of {of} cannot be read. `silkroutes doctor` looks closer.")]
    Damaged {
        /// The part.
        what: &'static str,
        /// The row.
        of: String,
    },
    /// A cursor of another order; the API binds cursors, so that none gets here.
    #[error("A page was asked for behind a key of another order.")]
    OtherOrder,
    /// A figure that is there already, where nothing may be.
    #[error("A figure of {0} is there already.")]
    FigureTwice(String),
    /// More codes of points and routes than their numbers can tell apart.
    #[error("Figures name more than 65,536 states, areas and routes: this version keeps no more.")]
    TooManyPlaces,
    /// The system gives no random bytes.
    #[error("The system gives no random bytes, which the secret of cursors is made of.")]
    NoChance,
    /// The task that writes ended without an answer: the program is stopping, or has a fault.
    #[error("The write was broken off; none of it was kept.")]
    BrokenOff,
}

/// Says what was being done when a statement failed.
pub(super) trait Doing<T> {
    /// `doing` completes "The database could not …".
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, DbErr> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|cause| StoreError::Failed { doing, cause })
    }
}

/// The primary result code of SQLite, where it is SQLite that failed.
pub(super) fn code(error: &DbErr) -> Option<i32> {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause)) | DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return None;
    };
    let code: i32 = cause.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// SQLite's code for "another connection holds it".
pub(super) const BUSY: i32 = 5;

fn reason(cause: &DbErr) -> &'static str {
    if matches!(cause, DbErr::ConnectionAcquire(_)) {
        return "no connection came free in time";
    }
    match code(cause) {
        Some(BUSY | 6) => "another program holds it for too long",
        Some(8) => "it is read-only",
        Some(10) => "reading or writing the disk failed",
        Some(11) => "the file is damaged",
        Some(13) => "the disk is full",
        Some(14) => "the file or its folder may not be opened",
        Some(19) => "a rule of the schema would be broken",
        Some(26) => "the file is no SQLite database",
        _ => "SQLite reports a fault",
    }
}
