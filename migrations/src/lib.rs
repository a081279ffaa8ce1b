//! The database schema of Silkroutes, step by step. A step that has landed is never changed: the next one mends it.
//!
//! Column types are those that SQLite and PostgreSQL share: text, big integers, doubles, booleans. Instants are
//! RFC 3339 in UTC of fixed width and dates ISO 8601, both as text, so that they sort as text on either engine.

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::MigratorTrait;

mod m20261124_000001_entries;
mod m20261124_000002_figures;

/// Every step, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261124_000001_entries::Migration), Box::new(m20261124_000002_figures::Migration)]
    }
}
