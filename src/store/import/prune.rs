//! What the catalogue no longer has: kept and reported, or removed where nothing that stays names it.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::report::{ImportReport, Name};
use crate::domain::entry::{Entry, Kind};
use crate::domain::id::Id;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::material::stored;
use crate::store::reference::{Codes, references};
use crate::store::row::{API, MOST_PARAMETERS, Written};
use crate::store::sql::{Sql, rows, run};
use crate::store::write::Changes;

const DOING: &str = "remove what is no longer in the catalogue";

/// Removes or keeps what is gone from the catalogue. Answers the corridors that something that stays names: they
/// stay, too.
pub(super) async fn prune(
    transaction: &DatabaseTransaction,
    entries: &[Written],
    gone: Vec<(Id, Kind, String)>,
    is_wanted: bool,
    report: &mut ImportReport,
    changes: &mut Changes,
) -> Result<BTreeSet<String>, StoreError> {
    if !is_wanted {
        report.kept_removed.extend(gone.into_iter().map(|(_, kind, code)| Name { kind, code }));
        return Ok(BTreeSet::new());
    }
    let (needed, corridors) = needed(transaction, entries, &gone).await?;
    let mut removed = Vec::new();
    for (id, kind, code) in gone {
        if needed.contains(&id) {
            report.kept_removed.push(Name { kind, code });
        } else {
            changes.note(id, kind);
            report.removed.push(Name { kind, code });
            removed.push(id);
        }
    }
    for some in removed.chunks(MOST_PARAMETERS) {
        // Bodies and wording go along: their tables say so.
        let mut sql = Sql::new("DELETE FROM entry WHERE id IN (SELECT value FROM ");
        sql.texts("l", &some).text(")");
        run(transaction, sql).await.doing(DOING)?;
    }
    Ok(corridors)
}

/// What is gone from the catalogue, but is named by what was changed through the API, or by what is so named: without
/// it the graph would have loose ends. And the corridors that are so named.
async fn needed(db: &impl ConnectionTrait, entries: &[Written], gone: &[(Id, Kind, String)]) -> Result<(BTreeSet<Id>, BTreeSet<String>), StoreError> {
    let mut codes = Codes::default();
    for written in entries {
        codes.add(written.kind, &written.code);
    }
    let gone: HashMap<(Kind, &str), Id> = gone.iter().map(|(id, kind, code)| ((*kind, code.as_str()), *id)).collect();
    let mut of = Sql::new("origin = ");
    of.bind(API);
    let mut staying = read(db, of).await?;
    let (mut needed, mut corridors) = (BTreeSet::new(), BTreeSet::new());
    while !staying.is_empty() {
        let mut next = Vec::new();
        for reference in staying.iter().flat_map(references).filter(|reference| !codes.has(reference)) {
            for kind in reference.kinds {
                if let Some(id) = gone.get(&(*kind, reference.code.as_str()))
                    && needed.insert(*id)
                {
                    next.push(id.to_string());
                }
            }
            if reference.kinds.contains(&Kind::Route) {
                corridors.insert(reference.code);
            }
        }
        let mut of = Sql::new("id IN (SELECT value FROM ");
        of.texts("l", &next).text(")");
        staying = read(db, of).await?;
    }
    Ok((needed, corridors))
}

async fn read(db: &impl ConnectionTrait, of: Sql) -> Result<Vec<Entry>, StoreError> {
    let mut sql = Sql::new("SELECT id, kind, code, content, published_at, updated_at, version FROM entry WHERE ");
    sql.part(&of);
    rows(db, sql).await.doing(DOING)?.iter().map(|row| Ok(stored(row)?.entry)).collect()
}
