//! Contact points: written by their party, erased for good.

use jiff::Timestamp;
use sea_orm::{ActiveValue, DatabaseTransaction};

use super::{Done, Outcome};
use crate::domain::contact::ContactPoint;
use crate::domain::contribution::Refused;
use crate::domain::entry::{Entry, Kind};
use crate::domain::id::Id;
use crate::domain::viewer::Member;
use crate::domain::word::Words;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::row::{API, Written, insert_entries, instant};
use crate::store::sql::{Sql, rows, run};

const DOING: &str = "write a contact point";

/// Saves an office; its version.
pub(super) async fn save(
    transaction: &DatabaseTransaction,
    by: &Member,
    id: Id,
    saw: Option<u32>,
    contact: &ContactPoint,
    revision: u64,
    at: Timestamp,
) -> Result<Result<Done, Outcome>, StoreError> {
    let written = Written { id, ..Written::of(&Entry::ContactPoint(contact.clone()))? };
    let Some(saw) = saw else {
        let mut row = written.row(revision, None, instant(at));
        row.digest = ActiveValue::Set(None);
        row.origin = ActiveValue::Set(API.to_owned());
        insert_entries(transaction, vec![row], |_| {}).await?;
        return Ok(Ok(Done::adding(id, written.content.len() as u64)));
    };
    let before = match check(transaction, by, id, saw).await? {
        Ok(before) => before,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut done = Done::adding(id, written.content.len() as u64);
    done.added -= before;
    let mut sql = Sql::new("UPDATE entry SET content = ");
    sql.bind(written.content).text(", version = ").bind(i64::from(saw) + 1).text(", revision = ").bind(i64::try_from(revision).unwrap_or(i64::MAX));
    sql.text(", updated_at = ").bind(instant(at)).text(" WHERE id = ").bind(id.to_string());
    run(transaction, sql).await.doing(DOING)?;
    Ok(Ok(done))
}

/// Erases an office, and the keys of the calls that wrote it. That it was read stays noted, by its id, which says nothing
/// any more.
pub(super) async fn erase(transaction: &DatabaseTransaction, by: &Member, id: Id, saw: u32) -> Result<Result<Done, Outcome>, StoreError> {
    let before = match check(transaction, by, id, saw).await? {
        Ok(before) => before,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut sql = Sql::new("DELETE FROM entry WHERE id = ");
    sql.bind(id.to_string());
    run(transaction, sql).await.doing("erase a contact point")?;
    // The callers' keys for what they wrote of it may say something of it, too.
    let mut sql = Sql::new("DELETE FROM answered WHERE entry_id = ");
    sql.bind(id.to_string());
    run(transaction, sql).await.doing("forget the calls that wrote it")?;
    let done = Done::adding(id, 0);
    Ok(Ok(Done { added: done.added - before, always: true, ..done }))
}

/// How many bytes it has now; or why it cannot be written.
async fn check(transaction: &DatabaseTransaction, by: &Member, id: Id, saw: u32) -> Result<Result<i64, Outcome>, StoreError> {
    let mut sql = Sql::new("SELECT version, content FROM entry WHERE kind = ");
    sql.bind(Kind::ContactPoint.name()).text(" AND id = ").bind(id.to_string());
    let found = rows(transaction, sql).await.doing(DOING)?;
    let Some(row) = found.first() else { return Ok(Err(Outcome::NotThere)) };
    let (version, content): (i64, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
    let contact: ContactPoint = serde_json::from_str(&content).map_err(|_| StoreError::Damaged { what: "the content", of: format!("contact point {id}") })?;
    if contact.party != by.party {
        // Whoever may know that it is there was refused before: to all others it is not.
        return Ok(Err(Outcome::NotThere));
    }
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    if version != saw {
        return Ok(Err(Outcome::Refused(Refused::version_conflict(version, saw))));
    }
    Ok(Ok(i64::try_from(content.len()).unwrap_or(i64::MAX)))
}
