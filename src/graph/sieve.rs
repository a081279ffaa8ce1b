//! The practices of a list that exist for its reader: those that he sees and that a filter keeps, counted as work.
//!
//! A filter may be asked of the same practices by list after list of one operation. What it said of a practice is
//! remembered, two bits each, so that it is asked once and every further list tests a bit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::practice::{PracticeFilter, PracticeIx, PracticeNode};
use super::search::Hits;
use super::view::View;
use super::work::Meter;

/// A filter, and what it said already.
#[derive(Debug)]
pub struct Sieve {
    filter: PracticeFilter,
    /// Steps of asking it once.
    weight: u64,
    /// Of each practice two bits, from the lowest: whether it was asked, and whether it is kept.
    said: Box<[AtomicU64]>,
}

/// Practices of which a word of bits tells.
const IN_A_WORD: usize = 32;

impl Sieve {
    /// Nothing was asked yet.
    #[must_use]
    pub fn new(filter: PracticeFilter, view: &View) -> Self {
        let words = view.snapshot().practices.len().div_ceil(IN_A_WORD);
        Self { weight: filter.weight(), filter, said: (0..words).map(|_| AtomicU64::new(0)).collect() }
    }

    /// What full text found, with scores; sorted by position.
    #[must_use]
    pub fn found(&self) -> Option<&Arc<Hits<PracticeNode>>> {
        self.filter.found.as_ref()
    }

    fn keeps(&self, view: &View, ix: PracticeIx, meter: &Meter<'_>) -> bool {
        let Some(word) = self.said.get(ix.get() / IN_A_WORD) else { return false };
        let (asked, kept) = (1 << (ix.get() % IN_A_WORD * 2), 2 << (ix.get() % IN_A_WORD * 2));
        // A bit says all that there is to say, whoever set it: nothing else must be seen with it.
        let said = word.load(Ordering::Relaxed);
        if said & asked > 0 {
            return said & kept > 0;
        }
        let keeps = meter.step(self.weight) && self.filter.keeps(view, ix);
        word.fetch_or(if keeps { asked | kept } else { asked }, Ordering::Relaxed);
        keeps
    }
}

/// One list that is walked.
#[derive(Debug)]
pub struct Walk<'a> {
    view: &'a View,
    sieve: Option<&'a Sieve>,
    meter: Meter<'a>,
}

impl<'a> Walk<'a> {
    /// Through a sieve, or all that is seen.
    #[must_use]
    pub fn new(view: &'a View, sieve: Option<&'a Sieve>) -> Self {
        Self { view, sieve, meter: view.work().meter() }
    }

    /// Whether a practice is in the list; none is once the operation is over.
    #[must_use]
    pub fn keeps(&self, ix: PracticeIx) -> bool {
        self.meter.sees(self.view.sees(ix), 1) && self.sieve.is_none_or(|sieve| sieve.keeps(self.view, ix, &self.meter))
    }
}
