//! A whole database into another one, of whichever engine: everything that is kept, secrets and all, so that ids,
//! cursors, keys and marks of answers stay good. It is there as a whole or not at all, and only once it was read again
//! and found to be the same.

mod table;

use std::fmt;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::error::Doing;
use super::sql::{Sql, rows, run};
use super::{Store, StoreError, write};

pub(super) use table::TABLES;
use table::{Table, Tally};

const DOING: &str = "be copied";

/// How many rows of all are done; and how many there are.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyReport {
    /// The rows of each table that has any, and their hash.
    pub tables: Vec<(&'static str, u64, String)>,
    /// The target held the same already, and was left alone.
    pub was_there: bool,
}

/// Why nothing was copied; the target is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the databases.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target is somebody's.
    #[error("The target holds something else already ({0}): name another one, or say --replace to give that up.")]
    Occupied(String),
    /// What was written is not what is read again.
    #[error("The table {0} came out otherwise than it went in: nothing was kept. `silkroutes doctor` looks closer at the source.")]
    Differs(&'static str),
}

impl fmt::Display for CopyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (table, count, hash) in &self.tables {
            writeln!(f, "{table:<18} {count:>10} rows   {}", hash.get(..16).unwrap_or(hash))?;
        }
        let rows: u64 = self.tables.iter().map(|(_, count, _)| count).sum();
        if self.was_there {
            write!(f, "The target held these {rows} rows already, and nothing else.")
        } else {
            write!(f, "Copied {rows} rows, and read them again: they are the same.")
        }
    }
}

impl Store {
    /// Copies everything into another database: an empty one, unless what it holds is to be replaced. Where it holds
    /// the same already, nothing is done.
    ///
    /// # Errors
    /// Where a database does not do it, or the target holds something else; then it is as it was.
    pub async fn copy_to(&self, target: &Self, replace: bool, progress: Progress) -> Result<CopyReport, CopyError> {
        let reading = self.one_state(DOING).await?;
        let held = target.one_state(DOING).await?;
        let occupied = occupied(&*held).await?;
        if !occupied.is_empty() {
            let (here, there) = (tallies(&*reading).await?, tallies(&*held).await?);
            if here == there {
                return Ok(report(here, true));
            }
            if !replace {
                return Err(CopyError::Occupied(occupied));
            }
        }
        let _ = held.rollback().await;
        let write = target.write.clone();
        write::apart(async move {
            let turn = write.turn().await?;
            let transaction = write::begin_patiently(&turn).await?;
            let done = copy(&reading, &transaction, &progress).await;
            let _ = reading.rollback().await;
            write::end(transaction, done, true).await
        })
        .await
    }
}

/// What is in the tables, in a few words; nothing where nobody has used the database yet.
async fn occupied(db: &impl ConnectionTrait) -> Result<String, StoreError> {
    let mut all = Vec::new();
    for table in TABLES {
        let mut sql = Sql::new("SELECT count(*) FROM ");
        sql.text(table.name);
        if table.name == "meta" {
            // Made with the schema.
            sql.text(" WHERE key NOT IN ('cursor_secret', 'audit_secret', 'key_secret')");
        }
        match count(db, sql).await? {
            0 => {}
            rows => all.push(format!("{} {rows}", table.name)),
        }
    }
    Ok(all.join(", "))
}

async fn count(db: &impl ConnectionTrait, sql: Sql) -> Result<i64, StoreError> {
    rows(db, sql).await.doing(DOING)?.first().map_or(Ok(0), |row| row.try_get_by_index(0)).doing(DOING)
}

/// What is in each table.
async fn tallies(db: &impl ConnectionTrait) -> Result<Vec<(&'static str, Tally)>, StoreError> {
    let mut all = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        all.push((table.name, read(db, table).await?));
    }
    Ok(all)
}

async fn read(db: &impl ConnectionTrait, table: &'static Table) -> Result<Tally, StoreError> {
    let (mut tally, mut last) = (Tally::default(), None);
    loop {
        let some = table.page(db, last.as_deref()).await?;
        let Some(end) = some.last() else { return Ok(tally) };
        last = Some(table.key_of(end));
        for row in &some {
            tally.add(row);
        }
    }
}

async fn copy(source: &DatabaseTransaction, target: &DatabaseTransaction, progress: &Progress) -> Result<CopyReport, CopyError> {
    let mut all = 0;
    for table in TABLES {
        let mut sql = Sql::new("SELECT count(*) FROM ");
        sql.text(table.name);
        all += u64::try_from(count(source, sql).await?).unwrap_or_default();
    }
    // What others point to goes last, and comes first.
    for table in TABLES.iter().rev() {
        let mut sql = Sql::new("DELETE FROM ");
        sql.text(table.name);
        run(target, sql).await.doing(DOING)?;
    }
    let (mut done, mut here) = (0, Vec::with_capacity(TABLES.len()));
    for table in TABLES {
        let (mut tally, mut last) = (Tally::default(), None);
        loop {
            let some = table.page(source, last.as_deref()).await?;
            let Some(end) = some.last() else { break };
            last = Some(table.key_of(end));
            for row in &some {
                tally.add(row);
            }
            done += some.len() as u64;
            table.insert(target, some).await?;
            progress(done, all);
        }
        here.push((table.name, tally));
    }
    for ((name, tally), table) in here.iter().zip(TABLES) {
        if read(target, table).await? != *tally {
            return Err(CopyError::Differs(name));
        }
    }
    write::shout(target).await?;
    Ok(report(here, false))
}

fn report(tallies: Vec<(&'static str, Tally)>, was_there: bool) -> CopyReport {
    let tables = tallies.into_iter().filter(|(_, tally)| tally.rows > 0).map(|(name, tally)| (name, tally.rows, tally.hash())).collect();
    CopyReport { tables, was_there }
}
