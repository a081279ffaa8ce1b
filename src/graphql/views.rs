//! What a request sees: one [`View`], and for a mutation a further one behind each root field that wrote, so that its
//! payload shows what it did. Root fields of a mutation run one after the other, each to its last leaf.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::graph::View;

/// The views of one request.
pub struct Views {
    first: View,
    later: Box<[OnceLock<View>]>,
    current: AtomicUsize,
}

impl Views {
    /// One view, with room for so many later ones.
    pub fn new(first: View, room: usize) -> Self {
        Self { first, later: (0..room).map(|_| OnceLock::new()).collect(), current: AtomicUsize::new(0) }
    }

    /// What is seen now.
    pub fn current(&self) -> &View {
        match self.current.load(Ordering::Acquire).checked_sub(1) {
            None => &self.first,
            Some(n) => self.later.get(n).and_then(OnceLock::get).unwrap_or(&self.first),
        }
    }

    /// From now on that is seen.
    pub fn go_on(&self, view: View) {
        let n = self.current.load(Ordering::Acquire);
        if self.later.get(n).is_some_and(|room| room.set(view).is_ok()) {
            self.current.store(n + 1, Ordering::Release);
        }
    }
}
