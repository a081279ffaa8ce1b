//! Contributions of earlier versions of this program, which kept each version whole: taken apart into pieces, and counted.
//!
//! Done with the schema, in its transaction, and by a node of this version. A node of the version before that runs on
//! beside it finds versions that it cannot read, and says so; it writes none over them.

use sea_orm::DatabaseTransaction;

use super::dossier::{keep_version, outline};
use super::piece::{self, IN_PIECES, Pieces, Row};
use super::quota::{self, ROW};
use crate::domain::contact::ContactPoint;
use crate::domain::contribution::Dossier;
use crate::domain::entry::Kind;
use crate::domain::practice::GoodPractice;
use crate::domain::word::Words;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::sql::{Sql, rows, run};

const DOING: &str = "carry contributions over";
/// Versions or practices that are held at once.
const SOME: i64 = 50;

/// Takes all versions apart that are whole; does nothing where there are none.
pub(in crate::store) async fn carry(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    let mut sql = Sql::new("SELECT 1 FROM practice_version WHERE bodies <> ");
    sql.bind(IN_PIECES).text(" LIMIT 1");
    let has_whole = !rows(transaction, sql).await.doing(DOING)?.is_empty();
    if has_whole {
        take_apart(transaction).await?;
        outlines(transaction).await?;
    }
    if rows(transaction, Sql::new("SELECT 1 FROM holding LIMIT 1")).await.doing(DOING)?.is_empty() {
        recount(transaction).await?;
    }
    Ok(())
}

async fn take_apart(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    loop {
        let mut sql = Sql::new("SELECT entry_id, version, content, bodies FROM practice_version WHERE bodies <> ");
        sql.bind(IN_PIECES).text(" LIMIT ").bind(SOME);
        let some = rows(transaction, sql).await.doing(DOING)?;
        if some.is_empty() {
            return Ok(());
        }
        for row in some {
            let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
            let id = text(0)?.parse().map_err(|_| StoreError::Damaged { what: "the id", of: "a version".into() })?;
            let number = u32::try_from(row.try_get_by_index::<i64>(1).doing(DOING)?).map_err(|_| piece::damaged(id))?;
            let Some(Row::Whole(practice)) = Row::of(&text(2)?, &text(3)?) else { return Err(piece::damaged(id)) };
            let (version, new) = Pieces::of(&practice)?;
            piece::keep(transaction, id, new).await?;
            keep_version(transaction, id, number, &version).await?;
        }
    }
}

/// Of the entries that parties write, leaves the outline, as their texts are in their versions.
async fn outlines(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    let mut last = String::new();
    loop {
        let mut sql = Sql::new("SELECT e.id, e.content FROM entry e JOIN dossier d ON d.entry_id = e.id WHERE e.id > ");
        sql.bind(last.clone()).text(" ORDER BY e.id LIMIT ").bind(SOME);
        let some = rows(transaction, sql).await.doing(DOING)?;
        if some.is_empty() {
            break;
        }
        for row in some {
            let (id, content): (String, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
            let damaged = || StoreError::Damaged { what: "the content", of: format!("the practice {id}") };
            let practice: GoodPractice = serde_json::from_str(&content).map_err(|_| damaged())?;
            let mut sql = Sql::new("UPDATE entry SET content = ");
            sql.bind(serde_json::to_string(&outline(&practice)).map_err(|_| damaged())?).text(" WHERE id = ").bind(id.clone());
            run(transaction, sql).await.doing(DOING)?;
            last = id;
        }
    }
    run(transaction, Sql::new("DELETE FROM practice_body WHERE entry_id IN (SELECT entry_id FROM dossier)")).await.doing(DOING).map(|_| ())
}

/// Counts what each party stores.
pub(in crate::store) async fn recount(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    run(transaction, Sql::new("DELETE FROM holding")).await.doing(DOING)?;
    for row in rows(transaction, Sql::new("SELECT entry_id, content FROM dossier")).await.doing(DOING)? {
        let (id, content): (String, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        let damaged = || StoreError::Damaged { what: "the dossier", of: format!("the practice {id}") };
        let dossier: Dossier = serde_json::from_str(&content).map_err(|_| damaged())?;
        let mut bytes = 0;
        for (table, column) in [("practice_piece", "text"), ("practice_version", "content")] {
            let mut sql = Sql::new(&format!("SELECT CAST(coalesce(sum(octet_length({column}) + "));
            sql.bind(i64::try_from(ROW).unwrap_or_default()).text("), 0) AS bigint) FROM ").text(table).text(" WHERE entry_id = ").bind(id.clone());
            bytes += rows(transaction, sql).await.doing(DOING)?.first().map_or(Ok(0_i64), |row| row.try_get_by_index(0)).doing(DOING)?;
        }
        quota::count(transaction, &dossier.owner, bytes).await?;
    }
    let mut sql = Sql::new("INSERT INTO holding (party, bytes) SELECT party, CAST(sum(coalesce(octet_length(note), 0) + ");
    sql.bind(i64::try_from(ROW).unwrap_or_default()).text(") AS bigint) FROM event WHERE kind <> 'READ_RESTRICTED' GROUP BY party");
    sql.text(" ON CONFLICT (party) DO UPDATE SET bytes = holding.bytes + excluded.bytes");
    run(transaction, sql).await.doing(DOING)?;
    let mut sql = Sql::new("SELECT content FROM entry WHERE kind = ");
    sql.bind(Kind::ContactPoint.name());
    for row in rows(transaction, sql).await.doing(DOING)? {
        let content: String = row.try_get_by_index(0).doing(DOING)?;
        let contact: ContactPoint = serde_json::from_str(&content).map_err(|_| StoreError::Damaged { what: "the content", of: "a contact point".into() })?;
        quota::count(transaction, &contact.party, i64::try_from(content.len() as u64 + ROW).unwrap_or_default()).await?;
    }
    Ok(())
}
