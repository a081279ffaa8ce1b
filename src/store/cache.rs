//! What was read of late, and is kept for as long as it is true. All of it is of one history of the database: where the
//! database goes back to an earlier state, all is forgotten at once ([`Store::forget`]).
//!
//! Whoever reads takes hold of the caches ahead of his transaction and keeps to them: what he read of a state that is
//! gone then goes into caches that are gone, too.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use super::Store;
use super::contribution::{Noted, noted};
use super::mark::Mark;
use super::observation::{PageCache, page_cache};
use super::series::read::{BlockCache, block_cache};
use super::series::set::Sets;
use super::series::veil::Known;

/// What was read of one history.
#[derive(Debug)]
pub(super) struct Caches {
    /// Pages of figures.
    pub pages: PageCache,
    /// Who is known to have read what.
    pub noted: Noted,
    /// What figures there are, as of the revision that it says.
    pub sets: ArcSwapOption<Sets>,
    /// Blocks of figures.
    pub blocks: BlockCache,
    /// Which figures are held back.
    pub hidden: Mutex<Known>,
    /// As of when some of it was read that the graph had not seen.
    pub ahead: Ahead,
}

/// Marks that something was read at ahead of the graph. Revisions alone do not tell what they are of: the database may go
/// back behind them, and on to the same numbers by another way, before whoever follows has seen them. So he is to find
/// out whether each is of the log that he follows, and all is forgotten where one is not.
#[derive(Debug, Default)]
pub(super) struct Ahead(crate::sync::Mutex<BTreeSet<Mark>>);

/// More are not remembered, and what is read at them is not kept.
const MOST_AHEAD: usize = 64;

impl Ahead {
    /// Whether what was read at a mark may be kept; `shown` is how far the graph is.
    pub fn may_keep(&self, mark: &Mark, shown: impl Fn() -> Option<Arc<Mark>>) -> bool {
        // What is of an earlier revision is not asked for again.
        if shown().is_some_and(|shown| *shown == *mark || mark.revision < shown.revision) {
            return true;
        }
        let mut marks = self.lock();
        if marks.len() >= MOST_AHEAD && !marks.contains(mark) {
            return false;
        }
        marks.insert(mark.clone());
        drop(marks);
        // Looked at again behind that: whoever shows another mark meanwhile looks here again, too.
        shown().is_none_or(|shown| *shown == *mark || mark.revision > shown.revision)
    }

    /// Those that nobody has compared yet.
    pub fn marks(&self) -> BTreeSet<Mark> {
        self.lock().clone()
    }

    /// These are of the log that is followed.
    pub fn seen(&self, seen: &BTreeSet<Mark>) {
        self.lock().retain(|mark| !seen.contains(mark));
    }

    fn lock(&self) -> crate::sync::MutexGuard<'_, BTreeSet<Mark>> {
        // A set of marks cannot be left half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Caches {
    /// Empty ones.
    pub fn new() -> Self {
        Self { pages: page_cache(), noted: noted(), sets: ArcSwapOption::default(), blocks: block_cache(), hidden: Mutex::default(), ahead: Ahead::default() }
    }
}

impl Store {
    /// What is kept now.
    pub(super) fn caches(&self) -> Arc<Caches> {
        self.caches.load_full()
    }

    /// Whether what was read at a mark may be kept in these.
    pub(super) fn may_keep(&self, caches: &Caches, mark: &Mark) -> bool {
        caches.ahead.may_keep(mark, || self.shown.load_full())
    }

    /// Forgets all that was read: it was of a history that did not come to pass.
    pub(super) fn forget(&self) {
        self.caches.store(Arc::new(Caches::new()));
    }
}
