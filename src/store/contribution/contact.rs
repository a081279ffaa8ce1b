//! Contact points: written by their party, erased for good.

use jiff::Timestamp;
use sea_orm::{ActiveValue, ConnectionTrait, DatabaseConnection, DatabaseTransaction};

use super::Outcome;
use crate::domain::contact::ContactPoint;
use crate::domain::contribution::Refused;
use crate::domain::entry::{Entry, Kind};
use crate::domain::id::Id;
use crate::domain::viewer::Member;
use crate::domain::word::Words;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::follow::{CHANGES, in_time};
use crate::store::row::{API, Written, insert_entries, instant};
use crate::store::sql::{Sql, rows, run};
use crate::store::write::is_postgres;

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
) -> Result<Result<Id, Outcome>, StoreError> {
    let written = Written { id, ..Written::of(&Entry::ContactPoint(contact.clone()))? };
    let Some(saw) = saw else {
        let mut row = written.row(revision, None, instant(at));
        row.digest = ActiveValue::Set(None);
        row.origin = ActiveValue::Set(API.to_owned());
        insert_entries(transaction, vec![row], |_| {}).await?;
        return Ok(Ok(id));
    };
    if let Some(refused) = check(transaction, by, id, saw).await? {
        return Ok(Err(refused));
    }
    let mut sql = Sql::new("UPDATE entry SET content = ");
    sql.bind(written.content).text(", version = ").bind(i64::from(saw) + 1).text(", revision = ").bind(i64::try_from(revision).unwrap_or(i64::MAX));
    sql.text(", updated_at = ").bind(instant(at)).text(" WHERE id = ").bind(id.to_string());
    run(transaction, sql).await.doing(DOING)?;
    Ok(Ok(id))
}

/// Erases an office. That it was read stays noted, by its id, which says nothing any more.
pub(super) async fn erase(transaction: &DatabaseTransaction, by: &Member, id: Id, saw: u32) -> Result<Result<Id, Outcome>, StoreError> {
    if let Some(refused) = check(transaction, by, id, saw).await? {
        return Ok(Err(refused));
    }
    let mut sql = Sql::new("DELETE FROM entry WHERE id = ");
    sql.bind(id.to_string());
    run(transaction, sql).await.doing("erase a contact point")?;
    Ok(Ok(id))
}

/// Why it cannot be written, if it cannot.
async fn check(transaction: &DatabaseTransaction, by: &Member, id: Id, saw: u32) -> Result<Option<Outcome>, StoreError> {
    let mut sql = Sql::new("SELECT version, content FROM entry WHERE kind = ");
    sql.bind(Kind::ContactPoint.name()).text(" AND id = ").bind(id.to_string());
    let found = rows(transaction, sql).await.doing(DOING)?;
    let Some(row) = found.first() else { return Ok(Some(Outcome::NotThere)) };
    let (version, content): (i64, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
    let contact: ContactPoint = serde_json::from_str(&content).map_err(|_| StoreError::Damaged { what: "the content", of: format!("contact point {id}") })?;
    if contact.party != by.party {
        // Whoever may know that it is there was refused before: to all others it is not.
        return Ok(Some(Outcome::NotThere));
    }
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    Ok((version != saw).then(|| Outcome::Refused(Refused::version_conflict(version, saw))))
}

/// Takes what was erased out of the write-ahead log of SQLite, too; free pages are overwritten as they come
/// (`secure_delete`). In PostgreSQL the dead row goes at once rather than with the next `VACUUM`; of its log and of
/// backups docs/OPERATING.md speaks.
pub(super) async fn scrub(write: &DatabaseConnection) {
    let scrub = if is_postgres(write) { "VACUUM entry" } else { "PRAGMA wal_checkpoint(TRUNCATE)" };
    let scrubbed = in_time(CHANGES, async { write.execute_unprepared(scrub).await.doing("take out what was erased") });
    if let Err(fault) = scrubbed.await {
        tracing::warn!(%fault, "what was erased may stay in the database's files for a while");
    }
}
