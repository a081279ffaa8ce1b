//! Figures that stand twice, found with little memory: a filter marks what was seen, and what it thinks to have seen
//! before is looked at closely on another walk over the file.

use std::collections::{HashMap, HashSet};

/// Figures that may stand twice; more are not remembered, so that a file of nothing else costs no more.
const MOST: usize = 100_000;

/// The first walk: every key goes through the filter.
pub(super) struct Filter {
    bits: Vec<u64>,
    /// Keys that were seen before, or look so.
    pub suspects: HashSet<u128>,
}

impl Filter {
    /// For a file of that many bytes, of which a figure takes some sixteen; 32 MiB at most.
    pub fn new(bytes: u64) -> Self {
        let words = (bytes / 16).clamp(1 << 10, 1 << 22).next_power_of_two();
        Self { bits: vec![0; usize::try_from(words).unwrap_or(1 << 10)], suspects: HashSet::new() }
    }

    /// Notes a key.
    pub fn add(&mut self, key: u128) {
        let mut seen = true;
        for part in [key, key >> 42] {
            // A part of a hash is one as well.
            let bit = part as usize;
            let place = (bit >> 6) & (self.bits.len() - 1);
            if let Some(word) = self.bits.get_mut(place) {
                let mark = 1 << (bit & 63);
                seen &= *word & mark != 0;
                *word |= mark;
            }
        }
        if seen && self.suspects.len() < MOST {
            self.suspects.insert(key);
        }
    }
}

/// The second walk: suspects are told apart.
pub(super) struct Search {
    suspects: HashSet<u128>,
    /// Line and row of the first.
    first: HashMap<u128, (u64, u64)>,
}

impl Search {
    /// Among those.
    pub fn new(filter: Filter) -> Self {
        Self { suspects: filter.suspects, first: HashMap::new() }
    }

    /// Line and row of the figure that has this key already; none where it is the first.
    pub fn add(&mut self, key: u128, line: u64, row: u64) -> Option<(u64, u64)> {
        if !self.suspects.contains(&key) {
            return None;
        }
        match self.first.entry(key) {
            std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert((line, row));
                None
            }
        }
    }
}
