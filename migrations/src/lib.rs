//! The database schema of Silkroutes, step by step.
//!
//! One file a step, named `m<day>_<number>_<what>`; a step that has been released is never edited, only followed.
//! Types are those that SQLite and PostgreSQL share: text, bigint, double, boolean. JSON is kept as text, dates and
//! instants as ISO 8601 text of fixed width, so that they sort as they stand on both.
//!
//! Nodes of two versions may run on one database while they are restarted one by one: a step only adds (a table, a
//! column that may be null or has a default, an index), and what nobody reads any more goes a release later.
//!
//! To add a step: its file, a line in `mod`, a line in [`Migrator::migrations`].

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};

mod m20261124_000001_entries;
mod m20261124_000002_figures;
mod m20261124_000003_log;
mod m20261124_000004_series;
mod m20261124_000006_keys;
mod m20261124_000007_contributions;
mod m20261130_000010_pieces;

/// The steps in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_entries::Migration),
            Box::new(m20261124_000002_figures::Migration),
            Box::new(m20261124_000003_log::Migration),
            Box::new(m20261124_000004_series::Migration),
            Box::new(m20261124_000006_keys::Migration),
            Box::new(m20261124_000007_contributions::Migration),
            Box::new(m20261130_000010_pieces::Migration),
        ]
    }
}

/// The names of the steps in order.
#[must_use]
pub fn steps() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

/// Takes the steps that are still to be taken. Give it a transaction: then it is all of them or none.
///
/// # Errors
/// Where a step fails, or the database has taken one that is not known here.
pub async fn up(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    Migrator::up(transaction, None).await?;
    sort_by_bytes(transaction).await
}

/// Text sorts by its bytes on both engines: in SQLite it does, in PostgreSQL it sorts as the database was made to. Done
/// behind all steps, so that none can forget it; a column that sorts so already is left alone.
async fn sort_by_bytes(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    transaction
        .execute_unprepared(
            "DO $$ DECLARE col record; BEGIN \
               FOR col IN SELECT table_name, column_name FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name <> 'seaql_migrations' \
                   AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' \
               LOOP EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE text COLLATE \"C\"', col.table_name, col.column_name); END LOOP; \
             END $$",
        )
        .await
        .map(drop)
}
