//! The figures of a catalogue, and the corridors that they make.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use crate::domain::catalogue::Catalogue;
use crate::domain::figure::Observation;
use crate::domain::id::Id;
use crate::store::StoreError;
use crate::store::observation::row;
use crate::store::sql::{column, parse, statement};
use crate::store::write::Writing;

use super::{ImportOptions, ImportReport};

/// The sources of a catalogue whose figures changed are noted in the change log under their own kind.
const SOURCE: &str = "Source";

/// Brings the figures in: those of the editions that the catalogue holds, and no others.
pub(super) async fn import(
    writing: &Writing,
    catalogue: &Catalogue,
    options: ImportOptions,
    report: &mut ImportReport,
    told: &(dyn Fn(usize) + Send + Sync),
) -> Result<(), StoreError> {
    let mut held = held(writing, catalogue).await?;
    let mut touched: Vec<&str> = Vec::new();
    for (n, observation) in catalogue.observations.iter().enumerate() {
        match held.remove(&row::id(observation)) {
            Some(before) if same(&before, observation) => report.figures_unchanged += 1,
            before => {
                if before.is_some() {
                    delete(writing, row::id(observation)).await?;
                    report.figures_updated += 1;
                } else {
                    report.figures_added += 1;
                }
                row::insert(&writing.transaction, std::slice::from_ref(observation)).await?;
                touched.push(&observation.source);
            }
        }
        told(catalogue.entries.len() + n + 1);
    }
    report.figures_removed = held.len();
    if options.prune {
        for id in held.into_keys() {
            delete(writing, id).await?;
        }
    }
    touched.sort_unstable();
    touched.dedup();
    for source in touched {
        writing.note(SOURCE, Id::of(SOURCE, source)).await?;
    }
    if report.figures_added + report.figures_updated > 0 || (options.prune && report.figures_removed > 0) {
        row::settle(&writing.transaction).await?;
    }
    Ok(())
}

/// Whether a figure says what it said: where its line in the file moved to is no news.
fn same(before: &Observation, now: &Observation) -> bool {
    let told = |o: &Observation| Observation { line: None, ..o.clone() };
    told(before) == told(now)
}

async fn held(writing: &Writing, catalogue: &Catalogue) -> Result<HashMap<Id, Observation>, StoreError> {
    let mut editions: Vec<(&str, &str)> = catalogue.observations.iter().map(|o| (o.source.as_str(), o.edition.as_str())).collect();
    editions.sort_unstable();
    editions.dedup();
    let mut held = HashMap::new();
    for (source, edition) in editions {
        let sql = format!("SELECT {} FROM observation WHERE source = $1 AND edition = $2", row::COLUMNS);
        for found in writing.transaction.query_all_raw(statement(&sql, vec![source.into(), edition.into()])).await? {
            let id: String = column(&found, "id")?;
            held.insert(parse("id", &id)?, row::read(&found)?.observation);
        }
    }
    Ok(held)
}

async fn delete(writing: &Writing, id: Id) -> Result<(), StoreError> {
    writing.transaction.execute_raw(statement("DELETE FROM observation WHERE id = $1", vec![id.to_string().into()])).await?;
    Ok(())
}
