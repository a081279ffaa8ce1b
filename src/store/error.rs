//! What can go wrong with a database, each in one sentence for its operator.

use std::borrow::Cow;
use std::path::PathBuf;

use sea_orm::error::{SqlxError, SqlxPostgresError, SqlxSqliteError};
use sea_orm::{DbErr, RuntimeErr};

use super::keep::Trouble;

/// Why the database does not do what was asked. The sentence is for the operator; nothing of it goes to a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names another engine.
    #[error(
        "Data is kept in SQLite or PostgreSQL: write sqlite://FILE, such as sqlite://silkroutes.db, or postgres://USER@HOST/NAME, in place of a {0} address."
    )]
    OtherEngine(String),
    /// An address of PostgreSQL that cannot be read. It is not repeated: it may hold a password.
    #[error("The database address cannot be read: write postgres://USER:PASSWORD@HOST:PORT/NAME, with %40 for @ and %2F for / within a part.")]
    Address,
    /// A version of PostgreSQL that will not do.
    #[error("{at} is PostgreSQL {version}: version 15 or a later one is wanted.")]
    TooOld {
        /// The server.
        at: String,
        /// What it says of itself.
        version: String,
    },
    /// A replica of something else.
    #[error("Only PostgreSQL has replicas that figures can be read from: write postgres://… for the database and for its replica, or leave the replica out.")]
    Replica,
    /// A database that cannot hold every text.
    #[error("{at} keeps its texts in {encoding}: make a database with ENCODING 'UTF8'.")]
    Encoding {
        /// The server.
        at: String,
        /// What it says of itself.
        encoding: String,
    },
    /// A search path that leads nowhere.
    #[error("{0} has no schema to keep tables in: make the one that the search path names, or grant its use.")]
    NoSchema(String),
    /// It did not answer in the time that it has for it.
    #[error("The database does not answer in time.")]
    Silent,
    /// All who may read at once do.
    #[error("The database is busy: no turn came free in time.")]
    Busy,
    /// Changes cannot be heard.
    #[error("The database cannot be listened to.")]
    Deaf,
    /// The address names no file.
    #[error("The database address names no file: write sqlite://FILE, such as sqlite://silkroutes.db, or postgres://USER@HOST/NAME.")]
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
    #[error("{0} is the database of another program: name another one.")]
    Foreign(String),
    /// A database that a later version has changed.
    #[error("{at} was made by a newer version (its schema has the step {step}): use that version or a later one.")]
    Newer {
        /// The file or server.
        at: String,
        /// The first step that is not known here.
        step: String,
    },
    /// Something else goes wrong on opening.
    #[error("The database {at} cannot be opened: {}.", reason(.cause))]
    Open {
        /// The file or server.
        at: String,
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
    /// The chain of events is sealed with a key that is not set here.
    #[error(
        "The chain of events is sealed with the key {0}, which is not set here: set audit.key as it was. Where it was replaced, name the one before in \
         audit.former_keys; where it is lost, set a new one and name {0} in audit.lost_keys."
    )]
    AuditKey(String),
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
    /// What is written would not be kept.
    #[error("Nothing is written: {0}.")]
    Refused(Trouble),
    /// The end of a write was not heard of, or was at fault.
    #[error("Whether it was kept cannot be told: {0}.")]
    Unknown(String),
    /// A database with other secrets.
    #[error("{0} is the database of another installation: start the server again if it is the right one.")]
    Another(String),
    /// The task that works on it ended without an answer: the program is stopping, or has a fault.
    #[error("The work was broken off; nothing of it was kept.")]
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

/// What the driver says, where it is the driver that failed.
fn driver(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause)) | DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

/// The primary result code of SQLite, where it is SQLite that failed.
pub(super) fn sqlite_code(error: &DbErr) -> Option<i32> {
    let fault = driver(error)?.as_database_error()?;
    fault.try_downcast_ref::<SqlxSqliteError>()?;
    let code: i32 = fault.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// SQLite's code for "another connection holds it".
pub(super) const BUSY: i32 = 5;

/// Whether the disk is at fault, or what stands for it: it is full, broken, or may not be written.
pub(super) fn is_of_the_disk(error: &DbErr) -> bool {
    // NOMEM, READONLY, IOERR, FULL, CANTOPEN.
    if matches!(sqlite_code(error), Some(7 | 8 | 10 | 13 | 14)) {
        return true;
    }
    let fault = postgres_fault(error);
    // Resources (53: a full disk, no memory), the system (58), damage (XX); a server that only reads.
    fault.is_some_and(|fault| ["53", "58", "XX"].iter().any(|class| fault.code().starts_with(class)) || fault.code() == "25006")
}

/// Whether others hold the database for longer than one waits.
pub(super) fn is_held(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_))
        || matches!(sqlite_code(error), Some(BUSY | 6))
        || postgres_fault(error).is_some_and(|fault| fault.code() == "55P03")
}

/// What PostgreSQL says, where it is that which failed.
fn postgres_fault(error: &DbErr) -> Option<&SqlxPostgresError> {
    driver(error)?.as_database_error()?.try_downcast_ref()
}

/// In words that no operator need look up; what the driver says may hold an address with its password.
pub(super) fn reason(cause: &DbErr) -> Cow<'static, str> {
    if matches!(cause, DbErr::ConnectionAcquire(_)) {
        return "no connection came free in time".into();
    }
    match driver(cause) {
        Some(SqlxError::Io(fault)) => format!("it cannot be reached ({})", fault.kind()).into(),
        Some(SqlxError::Tls(_)) => "its server and this one do not agree on TLS".into(),
        Some(SqlxError::PoolTimedOut) => "no connection came free in time".into(),
        Some(_) => match postgres_fault(cause) {
            Some(fault) => postgres(fault.code()),
            None => sqlite(sqlite_code(cause)).into(),
        },
        None => "it says what was not expected".into(),
    }
}

fn sqlite(code: Option<i32>) -> &'static str {
    match code {
        Some(BUSY | 6) => "another program holds it for too long",
        Some(8) => "it is read-only",
        Some(10) => "reading or writing the disk failed",
        Some(11) => "the file is damaged",
        Some(13) => "the disk is full",
        Some(14) => "the file or its folder may not be opened",
        Some(19) => "a rule of the schema would be broken",
        Some(26) => "the file is no SQLite database",
        _ => "the database reports a fault",
    }
}

/// By SQLSTATE.
fn postgres(code: &str) -> Cow<'static, str> {
    let known = match code {
        "3D000" => "the server has no such database",
        "3F000" => "there is no such schema",
        "42501" => "this user may not do that",
        "25006" => "it is read-only",
        "53100" => "the disk is full",
        "53200" => "its server has no memory left",
        "58030" => "reading or writing the disk failed",
        "53300" => "the server has no connection free",
        "55P03" => "another program holds it for too long",
        "57014" => "it took too long",
        "57P01" | "57P02" | "57P03" => "the server is stopping or starting",
        _ if code.starts_with("08") => "the connection was lost",
        _ if code.starts_with("23") => "a rule of the schema would be broken",
        _ if code.starts_with("28") => "the server does not accept this user or password",
        _ => return format!("PostgreSQL reports the fault {code}").into(),
    };
    known.into()
}
