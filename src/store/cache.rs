//! What was read of late, and is kept for as long as it is true. All of it is of one history of the database: where the
//! database goes back to an earlier state, all is forgotten at once ([`Store::forget`]).
//!
//! Whoever reads takes hold of the caches ahead of his transaction and keeps to them: what he read of a state that is
//! gone then goes into caches that are gone, too.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use super::Store;
use super::contribution::{Noted, noted};
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
}

impl Caches {
    /// Empty ones.
    pub fn new() -> Self {
        Self { pages: page_cache(), noted: noted(), sets: ArcSwapOption::default(), blocks: block_cache(), hidden: Mutex::default() }
    }
}

impl Store {
    /// What is kept now.
    pub(super) fn caches(&self) -> Arc<Caches> {
        self.caches.load_full()
    }

    /// Forgets all that was read: it was of a history that did not come to pass.
    pub(super) fn forget(&self) {
        self.caches.store(Arc::new(Caches::new()));
    }
}
