//! Whether what a power cut left is as it must be: it opens, passes what the doctor looks at, makes a graph, and holds
//! all that was acknowledged.

use std::fs;
use std::path::Path;

use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use silkroutes::store::{Follower, Store};

use super::disk::Contents;

/// What must hold of one file.
#[derive(Debug, Clone)]
pub struct Duty {
    pub database: String,
    /// What holds of it wherever it is there: that it is whole.
    pub whole: Vec<String>,
    /// What was acknowledged; where that is anything, it must be there.
    pub promised: Vec<String>,
}

/// So many expressions are asked at once.
const TOGETHER: usize = 100;

/// Puts the contents into an empty folder and looks; what is wrong.
pub async fn look(folder: &Path, contents: &Contents, duties: &[Duty]) -> Result<(), String> {
    for old in fs::read_dir(folder).expect("readable").flatten() {
        let _ = fs::remove_file(old.path());
    }
    for (name, bytes) in contents {
        fs::write(folder.join(name), bytes.as_slice()).expect("written");
    }
    for duty in duties {
        look_at(&folder.join(&duty.database), duty).await.map_err(|fault| format!("{}: {fault}", duty.database))?;
    }
    Ok(())
}

/// Looks at a database as it was left.
pub async fn look_at(file: &Path, duty: &Duty) -> Result<(), String> {
    if !file.exists() {
        return if duty.promised.is_empty() { Ok(()) } else { Err("it is not there".into()) };
    }
    let url = format!("sqlite://{}", file.display());
    let store = Store::open(&url).await.map_err(|fault| format!("it does not open: {fault}"))?;
    let found = doctor(&store).await;
    store.close().await;
    found?;
    hold(&url, &duty.whole).await.map_err(|fault| format!("it is not whole: {fault}"))?;
    hold(&url, &duty.promised).await.map_err(|fault| format!("what was acknowledged is lost: {fault}"))
}

/// What `silkroutes doctor` looks at.
async fn doctor(store: &Store) -> Result<(), String> {
    let findings = store.check().await.map_err(|fault| format!("it cannot be looked at: {fault}"))?;
    if let Some(first) = findings.first() {
        return Err(format!("{} findings, the first: {first}", findings.len()));
    }
    Follower::new(store.clone()).await.map_err(|fault| format!("it makes no graph: {fault}")).map(drop)
}

/// Whether all of it is so, for whoever looks from outside; what is not.
pub async fn hold(url: &str, holds: &[String]) -> Result<(), String> {
    if holds.is_empty() {
        return Ok(());
    }
    let db = Database::connect(url).await.map_err(|fault| fault.to_string())?;
    let mut broken = Vec::new();
    for some in holds.chunks(TOGETHER) {
        if !is_true(&db, &some.join(" AND ")).await? {
            for one in some {
                if !is_true(&db, one).await? {
                    broken.push(one.clone());
                }
            }
        }
    }
    db.close().await.map_err(|fault| fault.to_string())?;
    let count = broken.len();
    broken.into_iter().next().map_or(Ok(()), |first| Err(format!("{count} of {}, the first: {first}", holds.len())))
}

async fn is_true(db: &sea_orm::DatabaseConnection, expression: &str) -> Result<bool, String> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, format!("SELECT CAST(({expression}) AS INTEGER)"))).await;
    let value = row.map_err(|fault| fault.to_string())?.ok_or("no answer")?.try_get_by_index::<i32>(0);
    value.map(|value| value == 1).map_err(|fault| fault.to_string())
}
