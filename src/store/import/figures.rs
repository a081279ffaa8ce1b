//! Figures come in: each under its id, the newest edition of each source marked, the corridors that they make noted.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait};

use super::report::FigureReport;
use crate::domain::figure::{Observation, Subject};
use crate::domain::flow::corridor_code;
use crate::domain::id::Id;
use crate::store::StoreError;
use crate::store::entity::observation;
use crate::store::error::Doing;
use crate::store::material::editions;
use crate::store::observation::{ObservationRow, RECORD, read};
use crate::store::row::{MOST_PARAMETERS, figure_id, figure_row, insert_figures};
use crate::store::sql::{Sql, rows, run};
use crate::store::write::Changes;

/// The newest edition of each source, so far.
#[derive(Debug, Default)]
pub(in crate::store) struct Ledger(BTreeMap<String, String>);

impl Ledger {
    /// As the database has it.
    pub async fn read(db: &impl ConnectionTrait) -> Result<Self, StoreError> {
        let newest = editions(db).await?.into_iter().filter_map(|(source, editions)| Some((source, editions.into_iter().next()?)));
        Ok(Self(newest.collect()))
    }

    /// With these figures added.
    fn with(&self, figures: &[&Observation]) -> Self {
        let mut newest = self.0.clone();
        for figure in figures {
            match newest.get_mut(&figure.source) {
                Some(edition) if *edition < figure.edition => edition.clone_from(&figure.edition),
                Some(_) => {}
                None => _ = newest.insert(figure.source.clone(), figure.edition.clone()),
            }
        }
        Self(newest)
    }

    fn is_newest(&self, figure: &Observation) -> bool {
        self.0.get(&figure.source) == Some(&figure.edition)
    }

    /// Marks the figures of what is the newest edition now, and of what was it before.
    async fn mark(&self, before: &Self, transaction: &DatabaseTransaction) -> Result<(), StoreError> {
        for source in self.0.keys().chain(before.0.keys()).collect::<BTreeSet<_>>() {
            let (now, before) = (self.0.get(source), before.0.get(source));
            if now != before {
                mark(transaction, source, before, false).await?;
                mark(transaction, source, now, true).await?;
            }
        }
        Ok(())
    }
}

async fn mark(transaction: &DatabaseTransaction, source: &str, edition: Option<&String>, is_newest: bool) -> Result<(), StoreError> {
    let Some(edition) = edition else { return Ok(()) };
    let mut sql = Sql::new("UPDATE observation SET is_newest = ");
    sql.bind(is_newest).text(" WHERE source = ").bind(source).text(" AND edition = ").bind(edition.clone()).text(" AND is_newest <> ").bind(is_newest);
    run(transaction, sql).await.doing("mark the newest figures").map(|_| ())
}

/// Adds figures that are not there yet.
pub(in crate::store) async fn add(
    transaction: &DatabaseTransaction,
    figures: &[&Observation],
    before: &Ledger,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let now = before.with(figures);
    let rows: Vec<_> = figures.iter().map(|figure| figure_row(figure, now.is_newest(figure))).collect();
    insert_figures(transaction, &rows, |_| {}).await?;
    now.mark(before, transaction).await?;
    let corridors: BTreeSet<(String, &str, &str)> = figures
        .iter()
        .filter_map(|figure| match &figure.subject {
            Subject::Corridor(origin, destination) => Some((corridor_code(origin, destination), origin.as_str(), destination.as_str())),
            Subject::Route(_) | Subject::State(_) => None,
        })
        .collect();
    for some in corridors.into_iter().collect::<Vec<_>>().chunks(MOST_PARAMETERS / 3) {
        let mut sql = Sql::new("INSERT INTO corridor (code, origin, destination) SELECT value ->> 0, value ->> 1, value ->> 2 FROM ");
        sql.list(&some).text(" WHERE TRUE ON CONFLICT (code) DO NOTHING");
        run(transaction, sql).await.doing("note the corridors of figures")?;
    }
    for figure in figures {
        changes.note_figures_of(&figure.source);
    }
    Ok(())
}

/// Makes the figures of the catalogue what it says; corridors that are `named` stay without figures, too.
pub(super) async fn replace(
    transaction: &DatabaseTransaction,
    figures: &[Observation],
    prune: bool,
    named: &BTreeSet<String>,
    changes: &mut Changes,
) -> Result<FigureReport, StoreError> {
    let mut report = FigureReport::default();
    let before = Ledger::read(transaction).await?;
    let mut existing = of_the_catalogue(transaction).await?;
    let (mut new, mut seen) = (Vec::new(), HashSet::new());
    for figure in figures {
        let id = figure_id(figure);
        if !seen.insert(id) {
            // The catalogue's reader finds doubles; of others, the first counts.
            continue;
        }
        match existing.remove(&id) {
            None => new.push(figure),
            Some(row) if row.observation == *figure => report.unchanged += 1,
            Some(row) => {
                update(transaction, &row, figure, before.is_newest(figure)).await?;
                changes.note_figures_of(&figure.source);
                report.updated += 1;
            }
        }
    }
    // What a publisher's file brought is not the catalogue's to change.
    let taken = taken(transaction, &new).await?;
    report.unchanged += taken.len();
    new.retain(|figure| !taken.contains(&figure_id(figure)));
    report.added = new.len();
    add(transaction, &new, &before, changes).await?;
    if prune {
        report.removed = existing.len();
        remove(transaction, existing, named, changes).await?;
    } else {
        report.kept_removed = existing.len();
    }
    Ok(report)
}

/// The figures that came with a catalogue: those without the checksum of a publisher's file.
async fn of_the_catalogue(db: &impl ConnectionTrait) -> Result<HashMap<Id, ObservationRow>, StoreError> {
    const DOING: &str = "compare the catalogue with its figures";
    let mut all = HashMap::new();
    for (source, editions) in editions(db).await? {
        for edition in editions {
            let mut sql = Sql::new("SELECT group_concat(");
            sql.text(RECORD)
                .text(") FROM observation o WHERE o.source = ")
                .bind(source.clone())
                .text(" AND o.edition = ")
                .bind(edition)
                .text(" AND o.sha256 IS NULL");
            for row in rows(db, sql).await.doing(DOING)? {
                let found = read(row.try_get_by_index(0).doing(DOING)?).ok_or_else(|| StoreError::Damaged { what: "a figure", of: source.clone() })?;
                all.extend(found.into_iter().map(|row| (row.id, row)));
            }
        }
    }
    Ok(all)
}

/// Which of these ids have a figure.
async fn taken(db: &impl ConnectionTrait, figures: &[&Observation]) -> Result<HashSet<Id>, StoreError> {
    const DOING: &str = "compare the catalogue with its figures";
    let mut taken = HashSet::new();
    let ids: Vec<Id> = figures.iter().map(|figure| figure_id(figure)).collect();
    for some in ids.chunks(MOST_PARAMETERS) {
        let mut sql = Sql::new("SELECT id FROM observation WHERE id IN (SELECT value FROM ");
        sql.list(&some).text(")");
        for row in rows(db, sql).await.doing(DOING)? {
            let id: String = row.try_get_by_index(0).doing(DOING)?;
            taken.insert(id.parse().map_err(|_| StoreError::Damaged { what: "the id", of: format!("the figure {id}") })?);
        }
    }
    Ok(taken)
}

async fn update(transaction: &DatabaseTransaction, row: &ObservationRow, figure: &Observation, is_newest: bool) -> Result<(), StoreError> {
    let mut new = figure_row(figure, is_newest);
    new.seq = Unchanged(row.seq);
    new.is_newest = Set(is_newest);
    observation::Entity::update(new).exec(transaction).await.doing("update a figure").map(|_| ())
}

async fn remove(
    transaction: &DatabaseTransaction,
    gone: HashMap<Id, ObservationRow>,
    named: &BTreeSet<String>,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    const DOING: &str = "remove figures that are no longer in the catalogue";
    if gone.is_empty() {
        return Ok(());
    }
    let before = Ledger::read(transaction).await?;
    for some in gone.keys().map(ToString::to_string).collect::<Vec<_>>().chunks(MOST_PARAMETERS) {
        let mut sql = Sql::new("DELETE FROM observation WHERE id IN (SELECT value FROM ");
        sql.list(&some).text(")");
        run(transaction, sql).await.doing(DOING)?;
    }
    Ledger::read(transaction).await?.mark(&before, transaction).await?;
    let mut sql = Sql::new(
        "DELETE FROM corridor WHERE NOT EXISTS (SELECT 1 FROM observation o WHERE o.subject = 'C:' || corridor.code) AND code NOT IN (SELECT value FROM ",
    );
    sql.list(named).text(")");
    run(transaction, sql).await.doing(DOING)?;
    for row in gone.values() {
        changes.note_figures_of(&row.observation.source);
    }
    Ok(())
}
