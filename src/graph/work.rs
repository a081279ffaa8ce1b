//! What one operation does: counted as it is done, held to what it may do, and ended when nobody waits for it any more.
//!
//! It is counted in *steps* of some ten nanoseconds on a processor of today: a row that is walked over is one, an object
//! that is resolved some fifty. Whatever can be long counts its steps: lists, filters, searches, sorts, sums, resolvers.
//! Only what the viewer sees is counted, or what everybody knows: how much is hidden must not be told by a price.
//!
//! The graph has no clock, so it does not know when time is over: who has one says so by [`Stop`].

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Tells an operation that nobody waits for it any more; one switch, however often it is cloned.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on whatever looks at it ends as soon as it can; there is no way back.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether nobody waits any more.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What an operation has done, and the most that it may do.
#[derive(Debug)]
pub struct Work {
    steps: AtomicU64,
    most: u64,
    stop: Stop,
}

impl Default for Work {
    fn default() -> Self {
        Self::new(u64::MAX, Stop::default())
    }
}

impl Work {
    /// Nothing is done yet, and so many steps may be.
    #[must_use]
    pub const fn new(most: u64, stop: Stop) -> Self {
        Self { steps: AtomicU64::new(0), most, stop }
    }

    /// Counts steps; false where the operation is over, and nothing more is to be done for it.
    pub fn spend(&self, steps: u64) -> bool {
        let before = self.steps.fetch_add(steps, Ordering::Relaxed);
        before.saturating_add(steps) <= self.most && !self.stop.is_set()
    }

    /// So many steps were done; where it was too many, as many as may be.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed).min(self.most)
    }

    /// Whether more was asked than may be done.
    #[must_use]
    pub fn is_too_much(&self) -> bool {
        self.steps.load(Ordering::Relaxed) > self.most
    }

    /// Whether nothing more is to be done: it was too much, or nobody waits any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_too_much() || self.stop.is_set()
    }

    /// A count of its own for a loop of many short steps.
    #[must_use]
    pub const fn meter(&self) -> Meter<'_> {
        Meter { work: self, open: Cell::new(0), since: Cell::new(0), is_over: Cell::new(false) }
    }
}

/// Counts the steps of one loop, and hands them on now and then: what all count on is touched seldom.
#[derive(Debug)]
pub struct Meter<'a> {
    work: &'a Work,
    /// Steps that were not handed on yet.
    open: Cell<u64>,
    /// Rounds since the work was looked at.
    since: Cell<u32>,
    is_over: Cell<bool>,
}

impl Meter<'_> {
    /// So many rounds of a loop are some microseconds.
    const ROUNDS: u32 = 256;

    /// Counts a round of so many steps; false where the loop is to end.
    pub fn step(&self, steps: u64) -> bool {
        self.open.set(self.open.get() + steps);
        self.since.set(self.since.get() + 1);
        if self.since.get() >= Self::ROUNDS {
            self.look();
        }
        !self.is_over.get()
    }

    /// Counts a round about something that the viewer may not see, where he does: whether he does, and the loop goes on.
    pub fn sees(&self, is_seen: bool, steps: u64) -> bool {
        self.step(if is_seen { steps } else { 0 }) && is_seen
    }

    fn look(&self) {
        self.since.set(0);
        if !self.work.spend(self.open.take()) {
            self.is_over.set(true);
        }
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        self.look();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_ends_soon_after_its_work_is_over_and_every_step_is_counted() {
        let work = Work::new(1_000, Stop::default());
        let rounds = {
            let meter = work.meter();
            (0..1_000_000).take_while(|_| meter.step(2)).count()
        };
        assert!((500..500 + Meter::ROUNDS as usize).contains(&rounds), "{rounds}");
        assert!(work.is_too_much() && work.is_over() && !work.spend(0));
        assert_eq!(work.steps(), 1_000, "no more is told than may be");
        let few = Work::default();
        few.meter().step(7);
        assert!(few.spend(3) && !few.is_over());
        assert_eq!(few.steps(), 10, "also of a loop that was short");
    }

    #[test]
    fn what_nobody_waits_for_ends_though_it_was_not_too_much() {
        let stop = Stop::default();
        let work = Work::new(u64::MAX, stop.clone());
        let meter = work.meter();
        assert!((0..10_000).all(|_| meter.step(0)), "what is not counted goes on as well");
        stop.set();
        assert!((0..10_000).take_while(|_| meter.step(0)).count() < 300);
        assert!(work.is_over() && !work.is_too_much());
    }
}
