//! What an operator watches of the database: connections, the log ahead of it, figures that are held back. Looked up
//! without asking the database, so that it can be told when that does not answer.

use sea_orm::{DatabaseConnection, DbBackend};

use super::Store;
use crate::domain::figure::Measure;

/// How it stands with the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Connections that are open, and those of them that nobody uses; of readers.
    pub connections: (u32, u32),
    /// Bytes of the log that SQLite writes ahead; none of another engine, or where there is no such file now.
    pub log: Option<u64>,
    /// Whether what is written is kept, as far as is known.
    pub is_kept: bool,
    /// Whether something that was erased may still stand in a file.
    pub is_erasing: bool,
    /// How many figures of a measure are closed, of measures that were asked for.
    pub closed: Vec<(Measure, usize)>,
    /// How often a closed figure was taken out of what was read.
    pub veiled: u64,
}

impl Store {
    /// How long the log is that SQLite writes ahead, where there is one.
    pub fn log_bytes(&self) -> Option<u64> {
        self.write.keeper.file().and_then(|file| std::fs::metadata(file.log()).ok()).map(|log| log.len())
    }

    /// How it stands now.
    pub async fn vitals(&self) -> Vitals {
        let log = self.log_bytes();
        let closed = self.caches().hidden.lock().await.closed();
        Vitals {
            connections: connections(&self.read),
            log,
            is_kept: self.trouble().is_none(),
            is_erasing: self.erasing.is_pending(),
            closed,
            veiled: self.sight.veiled(),
        }
    }
}

fn connections(pool: &DatabaseConnection) -> (u32, u32) {
    let (open, idle) = match pool.get_database_backend() {
        DbBackend::Sqlite => {
            let pool = pool.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
        DbBackend::Postgres => {
            let pool = pool.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => (0, 0),
    };
    (open, u32::try_from(idle).unwrap_or(u32::MAX))
}
