//! The database: the only place that is written, and the only slab that knows SQL.
//!
//! What people write is kept as one document an entry and read as a whole ([`Store::material`]); figures and long
//! texts are kept in rows and read in batches. Every write is one transaction with one revision of the change log.
//!
//! | file | what |
//! |---|---|
//! | `connect` | opening a database, with sentences for what can be wrong |
//! | `material` | everything that a snapshot is built from |
//! | [`import`] | a catalogue into the database: added, updated, removed, kept |
//! | [`wording`] | the adopted wording of provisions |
//! | `text` | bodies of practices and wording, in batches |
//! | [`observation`] | pages of figures, in batches |
//! | `bulk` | much at once, for benchmarks |
//! | [`check`] | what `doctor` looks at |
//! | `sql`, `write` | statements, values, and the one way to write |

mod bulk;
pub mod check;
mod connect;
pub mod import;
mod material;
pub mod observation;
mod sql;
mod text;
pub mod wording;
mod write;

use sea_orm::DatabaseConnection;

pub use check::Finding;
pub use import::{ImportOptions, ImportReport};
pub use observation::{ObservationKey, ObservationOrder, ObservationPage, ObservationQuery, ObservationRow, Window};
pub use wording::{Wording, WordingError, WordingReport};

/// What can go wrong with a database; the text is for an operator, and says what to do where that is known.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not one that this build understands.
    #[error("'{0}' is no database that this build knows: write sqlite://FILE.")]
    Address(String),
    /// The file cannot be opened.
    #[error("The database {path} cannot be opened: {why}.")]
    Open {
        /// The file.
        path: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// The database was made by a newer release.
    #[error("The database {0} was made by a newer release of Silkroutes: use that release, or restore a backup.")]
    Newer(String),
    /// A statement failed.
    #[error("The database did not answer: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// A row does not hold what it should.
    #[error("The database is not whole: {0}. Run `silkroutes doctor`.")]
    NotWhole(String),
}

/// An open database: readers side by side, one writer.
#[derive(Debug, Clone)]
pub struct Store {
    read: DatabaseConnection,
    write: DatabaseConnection,
}
