//! The database schema of Silkroutes, step by step.
//!
//! One file a step, named `m<day>_<number>_<what>`; a step that has been released is never edited, only followed.
//! Types are those that SQLite and PostgreSQL share: text, bigint, double, boolean. JSON is kept as text, dates and
//! instants as ISO 8601 text of fixed width, so that they sort as they stand on both.
//!
//! To add a step: its file, a line in `mod`, a line in [`Migrator::migrations`].

use sea_orm_migration::prelude::*;

mod m20261124_000001_entries;
mod m20261124_000002_figures;
mod m20261124_000003_log;
mod m20261124_000004_series;
mod m20261124_000006_keys;
mod m20261124_000007_contributions;

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
pub async fn up<'c>(connection: impl IntoSchemaManagerConnection<'c>) -> Result<(), DbErr> {
    Migrator::up(connection, None).await
}
