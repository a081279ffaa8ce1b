//! From dossiers and versions to the faces that a snapshot is made of.

use sea_orm::ConnectionTrait;

use super::piece;
use crate::domain::contribution::Dossier;
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::graph::material::PracticeFace;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::sql::{Sql, rows};

const DOING: &str = "read what parties contributed";
/// Practices of one statement.
const CHUNK: usize = 500;

/// Which practices' faces.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Which<'a> {
    All,
    These(&'a [Id]),
    /// Those with a slug behind the first, up to the second.
    Between(&'a str, &'a str),
}

/// The faces of those practices that were changed through the API. Of one that was not, there are none.
pub(in crate::store) async fn faces(db: &impl ConnectionTrait, which: Which<'_>) -> Result<Vec<PracticeFace>, StoreError> {
    let dossiers = dossiers(db, which).await?;
    let mut faces = Vec::with_capacity(dossiers.len());
    for some in dossiers.chunks(CHUNK) {
        let looks: Vec<_> = some.iter().flat_map(|(id, dossier)| dossier.faces().into_iter().map(|face| (*id, face))).collect();
        let mut keys: Vec<(Id, u32)> = looks.iter().map(|(id, face)| (*id, face.version)).collect();
        keys.dedup();
        let versions = piece::practices(db, &keys).await?;
        for (id, face) in looks {
            let entry = versions.get(&(id, face.version)).cloned().ok_or_else(|| piece::damaged(id))?;
            faces.push(PracticeFace { id, entry, face, kept: true });
        }
    }
    Ok(faces)
}

async fn dossiers(db: &impl ConnectionTrait, which: Which<'_>) -> Result<Vec<(Id, Dossier)>, StoreError> {
    let mut sql = Sql::new("SELECT d.entry_id, d.content FROM dossier d");
    match which {
        Which::All => {}
        Which::These(ids) => {
            sql.text(" WHERE d.entry_id IN (SELECT value FROM ").texts("l", &ids).text(")");
        }
        Which::Between(after, to) => {
            sql.text(" JOIN entry e ON e.id = d.entry_id WHERE e.kind = ").bind(Kind::GoodPractice.name());
            sql.text(" AND e.code > ").bind(after).text(" AND e.code <= ").bind(to);
        }
    }
    let mut all = Vec::new();
    for row in rows(db, sql).await.doing(DOING)? {
        let (id, content): (String, String) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        let damaged = |what| StoreError::Damaged { what, of: format!("the practice {id}") };
        all.push((id.parse().map_err(|_| damaged("the id"))?, serde_json::from_str(&content).map_err(|_| damaged("the dossier"))?));
    }
    Ok(all)
}
