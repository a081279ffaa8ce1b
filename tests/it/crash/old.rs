//! Databases as earlier versions made them: the first steps of the schema, and what the template holds as far as it fits.

use std::path::Path;

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait as _;
use silkroutes_migrations::Migrator;

/// How many steps there are.
pub fn steps() -> u32 {
    u32::try_from(silkroutes_migrations::steps().len()).expect("a few")
}

/// How many figures there are in a database of so many steps.
pub fn figures(steps: u32) -> usize {
    // Those below, while each was a row; later the template's.
    if steps <= 3 { 2 } else { 1 }
}

/// The figures of the earliest version.
const ROWS: &str = "INSERT INTO observation (seq, id, subject, origin, destination, measure, period_start, period_end, value, availability, status, dimensions, \
    is_total, is_newest, source, edition) VALUES \
    (1, 'x', 'C:PAK-SAU', 'PAK', 'SAU', 'LABOUR_DEPARTURES', '2022-01-01', '2022-12-31', 5.5, 'REPORTED', 'FINAL', '', TRUE, TRUE, 'BEOE-ENGPOST-2022', '1'), \
    (2, 'y', 'C:PAK-SAU', 'PAK', 'SAU', 'LABOUR_DEPARTURES', '2021-01-01', '2021-12-31', 6.5, 'REPORTED', 'FINAL', '', TRUE, TRUE, 'BEOE-ENGPOST-2022', '1')";

/// Makes one of so many steps.
pub fn make(file: &Path, template: &Path, steps: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
    runtime.block_on(async {
        let mut options = sea_orm::ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
        options.max_connections(1).sqlx_logging(false);
        let db = Database::connect(options).await.expect("a database");
        Migrator::up(&db, Some(steps)).await.expect("its steps");
        run(&db, &format!("ATTACH '{}' AS now", template.display())).await;
        run(&db, "PRAGMA foreign_keys = OFF").await;
        let tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations' \
                      AND name IN (SELECT name FROM now.sqlite_master)";
        for table in texts(&db, tables).await {
            let shared = format!("SELECT name FROM pragma_table_info('{table}', 'main') WHERE name IN (SELECT name FROM pragma_table_info('{table}', 'now'))");
            let columns = texts(&db, &shared).await.join(", ");
            run(&db, &format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")).await;
        }
        if steps <= 3 {
            run(&db, ROWS).await;
        }
        run(&db, "DETACH now").await;
        run(&db, "PRAGMA journal_mode = WAL").await;
        db.close().await.expect("closed");
    });
}

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap_or_else(|fault| panic!("{sql}: {fault}"));
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let found = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap_or_else(|fault| panic!("{sql}: {fault}"));
    found.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}
