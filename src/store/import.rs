//! A catalogue comes into the database: compared entry by entry, written as a whole or not at all.
//!
//! The catalogue rules over what it wrote itself. What was changed through the API since is kept as it is and
//! reported; what the catalogue no longer has is kept and reported, too, unless it is to be pruned. Loading the same
//! catalogue twice changes nothing, not even the revision.

mod compare;
mod figures;
mod prune;
mod report;

use jiff::Timestamp;
use sea_orm::{DatabaseTransaction, EntityTrait};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::entity::entry;
use super::error::Doing;
use super::row::{Written, insert_bodies, insert_entries, midnight};
use super::sql::{Sql, run};
use super::write::{self, Changes};
use super::{Store, StoreError};
use crate::domain::catalogue::Catalogue;
use crate::domain::figure::Observation;
use crate::domain::id::Id;

use compare::Comparison;

pub(super) use figures::add as add_figures;
pub use report::{FigureReport, ImportReport, Name};

/// How to load a catalogue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Remove what the catalogue no longer has.
    pub prune: bool,
    /// Do everything, and take it back.
    pub dry_run: bool,
}

/// What an import works on; its own, as it may outlive its caller.
struct Load {
    entries: Vec<Written>,
    figures: Vec<Observation>,
    report: ImportReport,
    options: ImportOptions,
    at: Timestamp,
    tell: UnboundedSender<usize>,
}

impl Store {
    /// Loads a catalogue, in one transaction that ends well even where the caller vanishes. `progress` hears how
    /// many entries and figures of all are done.
    ///
    /// # Errors
    /// Where the database does not do it; then nothing has changed.
    pub async fn import(
        &self,
        catalogue: &Catalogue,
        options: ImportOptions,
        progress: &(dyn Fn(usize, usize) + Send + Sync),
    ) -> Result<ImportReport, StoreError> {
        let (tell, mut told) = unbounded_channel();
        let load = Load {
            entries: catalogue.entries.iter().map(Written::of).collect::<Result<_, _>>()?,
            figures: catalogue.observations.clone(),
            report: ImportReport::of(catalogue.edition),
            options,
            at: (self.clock)(),
            tell,
        };
        let all = load.entries.len() + load.figures.len();
        let write = self.write.clone();
        let work = write::apart(async move {
            let turn = write.turn().await?;
            let transaction = write::begin(&turn).await?;
            let done = load.run(&transaction).await;
            write::end(transaction, done, !options.dry_run).await
        });
        tokio::pin!(work);
        let mut done = 0;
        loop {
            tokio::select! {
                biased;
                Some(more) = told.recv() => {
                    done += more;
                    progress(done, all);
                }
                answer = &mut work => return answer,
            }
        }
    }
}

impl Load {
    async fn run(mut self, transaction: &DatabaseTransaction) -> Result<ImportReport, StoreError> {
        let last = write::revision(transaction).await?;
        let revision = last + 1;
        let mut changes = Changes::default();
        let entries = std::mem::take(&mut self.entries);
        let comparison = compare::compare(transaction, &entries, &mut self.report).await?;
        self.tell(self.report.unchanged + self.report.kept_changed.len());
        self.add(transaction, &comparison, revision, &mut changes).await?;
        self.update(transaction, &comparison, revision, &mut changes).await?;
        let named = prune::prune(transaction, &entries, comparison.gone, self.options.prune, &mut self.report, &mut changes).await?;
        let figures = std::mem::take(&mut self.figures);
        self.report.figures = figures::replace(transaction, &figures, self.options.prune, &named, &mut changes).await?;
        self.tell(figures.len());
        self.keep_edition(transaction).await?;
        let has_changed = changes.log(transaction, revision, self.at).await?;
        self.report.revision = if has_changed && !self.options.dry_run { revision } else { last };
        self.report.sort();
        Ok(self.report)
    }

    /// Nobody need listen.
    fn tell(&self, more: usize) {
        let _ = self.tell.send(more);
    }

    async fn add(&mut self, transaction: &DatabaseTransaction, comparison: &Comparison<'_>, revision: u64, changes: &mut Changes) -> Result<(), StoreError> {
        let day = midnight(self.report.edition);
        let rows = comparison.new.iter().map(|written| written.row(revision, Some(day.clone()), day.clone())).collect();
        insert_entries(transaction, rows, |more| self.tell(more)).await?;
        insert_bodies(transaction, comparison.new.iter().map(|written| (*written, written.id))).await?;
        for written in &comparison.new {
            changes.note(written.id, written.kind);
            self.report.added.push(Name::of(written));
        }
        Ok(())
    }

    async fn update(&mut self, transaction: &DatabaseTransaction, comparison: &Comparison<'_>, revision: u64, changes: &mut Changes) -> Result<(), StoreError> {
        for (written, id, version) in &comparison.changed {
            let mut row = written.row(revision, None, midnight(self.report.edition));
            row.id = sea_orm::ActiveValue::Unchanged(id.to_string());
            // When it was published does not change.
            row.published_at = sea_orm::ActiveValue::NotSet;
            row.version = sea_orm::ActiveValue::Set(version + 1);
            entry::Entity::update(row).exec(transaction).await.doing("update an entry")?;
            remove_bodies(transaction, *id).await?;
            insert_bodies(transaction, std::iter::once((*written, *id))).await?;
            changes.note(*id, written.kind);
            self.report.updated.push(Name::of(written));
            self.tell(1);
        }
        Ok(())
    }

    async fn keep_edition(&self, transaction: &DatabaseTransaction) -> Result<(), StoreError> {
        let mut sql = Sql::new("INSERT INTO meta (key, value) VALUES ('catalogue_edition', ");
        sql.bind(self.report.edition.to_string()).text(") ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE meta.value <> excluded.value");
        run(transaction, sql).await.doing("note the edition of the catalogue").map(|_| ())
    }
}

async fn remove_bodies(transaction: &DatabaseTransaction, id: Id) -> Result<(), StoreError> {
    let mut sql = Sql::new("DELETE FROM practice_body WHERE entry_id = ");
    sql.bind(id.to_string());
    run(transaction, sql).await.doing("replace the bodies of a practice").map(|_| ())
}
