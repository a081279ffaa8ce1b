//! A catalogue into the database: what is new is added, what was edited is updated, the rest stays as it is.
//!
//! An entry remembers the digest of what the catalogue said last, so that loading twice changes nothing. What was
//! changed through the API since is never overwritten, and what the catalogue no longer has is kept unless it is
//! asked to be pruned: both are reported.

mod entries;
mod figures;

use jiff::Timestamp;

use crate::domain::catalogue::Catalogue;

use super::write::uncancelled;
use super::{Store, StoreError};

/// How to bring a catalogue in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Delete what the catalogue no longer has.
    pub prune: bool,
    /// Say what would be done, and leave the database as it is.
    pub dry_run: bool,
}

/// What was done, or would be; entries as "Kind code".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Entries that were not there.
    pub added: Vec<String>,
    /// Entries that the catalogue says something else of.
    pub updated: Vec<String>,
    /// How many entries stand as the catalogue has them.
    pub unchanged: usize,
    /// Entries that the catalogue no longer has, deleted.
    pub pruned: Vec<String>,
    /// Entries that the catalogue no longer has, kept.
    pub removed_but_kept: Vec<String>,
    /// Entries that were changed through the API, kept as they are.
    pub changed_elsewhere: Vec<String>,
    /// Figures that were not there.
    pub figures_added: usize,
    /// Figures of which the catalogue says something else.
    pub figures_updated: usize,
    /// Figures that the catalogue no longer has; deleted where pruned.
    pub figures_removed: usize,
    /// How many figures stand as the catalogue has them.
    pub figures_unchanged: usize,
    /// The revision that it made; none where nothing changed.
    pub revision: Option<u64>,
}

impl ImportReport {
    /// Whether it changes the database.
    #[must_use]
    pub fn changes(&self, options: ImportOptions) -> bool {
        let entries = !self.added.is_empty() || !self.updated.is_empty() || !self.pruned.is_empty();
        entries || self.figures_added + self.figures_updated > 0 || (options.prune && self.figures_removed > 0)
    }
}

/// Told how far it is: steps done, and of how many.
pub type Progress = std::sync::Arc<dyn Fn(usize, usize) + Send + Sync>;

impl Store {
    /// Brings a catalogue in, as a whole or not at all.
    ///
    /// # Errors
    /// Where the database does not answer; it is then as it was.
    pub async fn import(&self, catalogue: &Catalogue, options: ImportOptions, at: Timestamp, progress: Progress) -> Result<ImportReport, StoreError> {
        let (store, catalogue) = (self.clone(), catalogue.clone());
        uncancelled(async move {
            let writing = store.begin(at).await?;
            let mut report = ImportReport::default();
            let all = catalogue.entries.len() + catalogue.observations.len();
            let told = |done: usize| progress(done, all);
            entries::import(&writing, &catalogue, options, &mut report, &told).await?;
            figures::import(&writing, &catalogue, options, &mut report, &told).await?;
            if report.changes(options) && !options.dry_run {
                report.revision = Some(writing.revision);
                writing.commit().await?;
            } else {
                writing.abandon().await?;
            }
            Ok(report)
        })
        .await
    }
}
