//! Adding figures up by group.
//!
//! Every dimension of a group hangs on the block (year, source, sex, age group), on the origin, or on the destination.
//! So the group of a figure is a number: what the block says, plus what its origin says, plus what its destination
//! says, each looked up in a short table; and a sum over millions is two look-ups and an addition each. Only working
//! groups are different, as a figure may count in several.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::work::Work;
use super::{Block, Marks};
use crate::domain::figure::ValueAvailability;

/// What a group came to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    value: f64,
    known: u32,
    missing: u32,
    /// A bit for each word met, as [`bit`] has it: of values, then of what is missing.
    words: [u8; 2],
}

const AVAILABILITIES: [ValueAvailability; 6] = [
    ValueAvailability::Reported,
    ValueAvailability::Rounded,
    ValueAvailability::NotAvailable,
    ValueAvailability::NotApplicable,
    ValueAvailability::Redacted,
    ValueAvailability::Suppressed,
];

const fn bit(word: ValueAvailability) -> u8 {
    match word {
        ValueAvailability::Reported => 1,
        ValueAvailability::Rounded => 2,
        ValueAvailability::NotAvailable => 4,
        ValueAvailability::NotApplicable => 8,
        ValueAvailability::Redacted => 16,
        ValueAvailability::Suppressed => 32,
    }
}

impl Sum {
    fn add(&mut self, value: Option<f64>, word: ValueAvailability) {
        if let Some(value) = value {
            self.value += value;
            self.known += 1;
            self.words[0] |= bit(word);
        } else {
            self.missing += 1;
            self.words[1] |= bit(word);
        }
    }

    /// The sum of what is known; none where nothing is, and where a part of it is held back: what is left would be
    /// taken for the whole.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        (self.known > 0 && !self.is_held_back()).then_some(self.value)
    }

    const fn is_held_back(&self) -> bool {
        self.words[1] & bit(ValueAvailability::Suppressed) > 0
    }

    /// How many figures are in it, known or not.
    #[must_use]
    pub const fn observations(&self) -> u32 {
        self.known + self.missing
    }

    /// How many of them have no value.
    #[must_use]
    pub const fn missing(&self) -> u32 {
        self.missing
    }

    /// Of a sum: rounded where a part of it is. Suppressed where any part is; else of nothing known: why, where all
    /// parts say the same.
    #[must_use]
    pub fn availability(&self) -> ValueAvailability {
        if self.is_held_back() {
            return ValueAvailability::Suppressed;
        }
        if self.known > 0 {
            return if self.words[0] & bit(ValueAvailability::Rounded) > 0 { ValueAvailability::Rounded } else { ValueAvailability::Reported };
        }
        let mut met = AVAILABILITIES.into_iter().filter(|word| self.words[1] & bit(*word) > 0);
        match (met.next(), met.next()) {
            (Some(only), None) => only,
            _ => ValueAvailability::NotAvailable,
        }
    }
}

/// What a place says of the group of a figure, by its number.
#[derive(Debug, Clone, Default)]
pub struct Table(Vec<u32>);

/// The figure is in no group.
const NONE: u32 = u32::MAX;

impl Table {
    /// One that says nothing of that many places.
    #[must_use]
    pub fn zeros(places: usize) -> Self {
        Self(vec![0; places])
    }

    /// Adds what a place says; `None` puts its figures in no group.
    pub fn add(&mut self, place: usize, says: Option<u32>) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = match says {
                Some(more) if *slot != NONE => slot.saturating_add(more),
                _ => NONE,
            };
        }
    }

    fn at(&self, place: u16) -> u32 {
        self.0.get(usize::from(place)).copied().unwrap_or(NONE)
    }
}

/// How blocks of one kind are read.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// By origin, or by what a figure is about.
    pub origins: Table,
    /// By destination; not read where there is none.
    pub destinations: Table,
    /// Only figures of these pairs of places.
    pub pairs: Option<FxHashSet<(u16, u16)>>,
    /// For each place the further groups that it counts in, and how far apart their numbers are.
    pub several: Option<(Vec<Vec<u32>>, u32)>,
}

/// One block with what it says of the groups of its figures, and how it is read.
#[derive(Debug)]
pub struct Part<'a> {
    /// What the block says itself.
    pub outer: u64,
    /// The block.
    pub block: &'a Block,
    /// How it is read.
    pub plan: &'a Plan,
}

/// Groups below this number are kept in a row, others in a map.
const DENSE: u64 = 1 << 20;

/// Sums by group: the number of a group is what the block says times `inner`, plus what its places say. In the order
/// of these numbers.
#[must_use]
pub fn sums(parts: &mut [Part<'_>], inner: u64, work: &Work) -> Vec<(u64, Sum)> {
    parts.sort_by_key(|part| part.outer);
    let mut all = Vec::new();
    if inner <= DENSE {
        let mut row = vec![Sum::default(); usize::try_from(inner).unwrap_or(0)];
        for parts in parts.chunk_by(|one, other| one.outer == other.outer) {
            let base = parts.first().map_or(0, |part| part.outer) * inner;
            for part in parts.iter().take_while(|part| is_next(part, work)) {
                add(part, |group, value, word| {
                    if let Some(sum) = usize::try_from(group).ok().and_then(|group| row.get_mut(group)) {
                        sum.add(value, word);
                    }
                });
            }
            for (group, sum) in (0..).zip(&mut row) {
                if sum.observations() > 0 {
                    all.push((base + group, std::mem::take(sum)));
                }
            }
        }
        return all;
    }
    for parts in parts.chunk_by(|one, other| one.outer == other.outer) {
        let base = parts.first().map_or(0, |part| part.outer) * inner;
        let mut map: FxHashMap<u32, Sum> = FxHashMap::default();
        for part in parts.iter().take_while(|part| is_next(part, work)) {
            add(part, |group, value, word| map.entry(group).or_default().add(value, word));
        }
        let first = all.len();
        all.extend(map.into_iter().map(|(group, sum)| (base + u64::from(group), sum)));
        if let Some(new) = all.get_mut(first..) {
            new.sort_unstable_by_key(|(group, _)| *group);
        }
    }
    all
}

/// Counts a block as work; false once the operation is over.
fn is_next(part: &Part<'_>, work: &Work) -> bool {
    /// So many figures are added up in a step.
    const IN_A_STEP: u64 = 2;
    work.spend(1 + part.block.values.len() as u64 / IN_A_STEP)
}

/// Hands each figure of a block with its group to `take`.
fn add(part: &Part<'_>, mut take: impl FnMut(u32, Option<f64>, ValueAvailability)) {
    let Part { block, plan, .. } = part;
    let has_ends = !block.destinations.is_empty();
    for (at, (&origin, &value)) in block.origins.iter().zip(&block.values).enumerate() {
        let destination = if has_ends { block.destinations.get(at).copied().unwrap_or(0) } else { 0 };
        let (one, two) = (plan.origins.at(origin), if has_ends { plan.destinations.at(destination) } else { 0 });
        if one == NONE || two == NONE || plan.pairs.as_ref().is_some_and(|pairs| !pairs.contains(&(origin, destination))) {
            continue;
        }
        let mark = match &block.marks {
            Marks::All(mark) => *mark,
            Marks::Each(marks) => match marks.get(at) {
                Some(mark) => *mark,
                None => continue,
            },
        };
        let value = mark.has_value.then_some(value);
        let Some((several, stride)) = &plan.several else {
            take(one + two, value, mark.availability);
            continue;
        };
        let groups = |place: u16| several.get(usize::from(place)).map_or(&[][..], Vec::as_slice);
        let (first, second) = (groups(origin), if has_ends { groups(destination) } else { &[] });
        for group in first.iter().chain(second.iter().filter(|group| !first.contains(group))) {
            take(one + two + group * stride, value, mark.availability);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::Mark;
    use super::*;
    use crate::domain::figure::ObservationStatus;

    fn block(cells: &[(u16, u16, Option<f64>)]) -> Block {
        let mark = |value: &Option<f64>| Mark {
            has_value: value.is_some(),
            availability: if value.is_some() { ValueAvailability::Reported } else { ValueAvailability::Redacted },
            status: ObservationStatus::Final,
        };
        Block {
            origins: cells.iter().map(|cell| cell.0).collect(),
            destinations: cells.iter().map(|cell| cell.1).collect(),
            values: cells.iter().map(|cell| cell.2.unwrap_or(0.0)).collect(),
            marks: Marks::Each(cells.iter().map(|cell| mark(&cell.2)).collect()),
        }
    }

    proptest! {
        #[test]
        fn sums_are_those_that_a_child_would_make(
            blocks in prop::collection::vec(prop::collection::vec((0_u16..5, 0_u16..5, prop::option::of(0_u32..100)), 0..30), 1..4),
            skipped in 0_usize..5,
            is_wide in any::<bool>(),
        ) {
            // Groups by destination and origin, without one origin, a block each year.
            let inner = if is_wide { DENSE * 2 } else { 25 };
            let mut plan = Plan { origins: Table::zeros(5), destinations: Table::zeros(5), ..Plan::default() };
            for place in 0..5 {
                plan.origins.add(place, (place != skipped).then(|| u32::try_from(place).unwrap()));
                plan.destinations.add(place, Some(u32::try_from(place * 5).unwrap()));
            }
            let mut expected: BTreeMap<u64, (u32, u32, u32)> = BTreeMap::new();
            for (year, cells) in (0_u64..).zip(&blocks) {
                for (origin, destination, value) in cells.iter().filter(|cell| usize::from(cell.0) != skipped) {
                    let group = expected.entry(year * inner + u64::from(destination * 5 + origin)).or_default();
                    *group = (group.0 + value.unwrap_or(0), group.1 + 1, group.2 + u32::from(value.is_none()));
                }
            }
            let blocks: Vec<Block> = blocks.iter().map(|cells| block(&cells.iter().map(|(o, d, v)| (*o, *d, v.map(f64::from))).collect::<Vec<_>>())).collect();
            let mut parts: Vec<Part<'_>> = (0..).zip(&blocks).map(|(outer, block)| Part { outer, block, plan: &plan }).collect();
            let found: BTreeMap<u64, Sum> = sums(&mut parts, inner, &Work::default()).into_iter().collect();
            prop_assert_eq!(found.len(), expected.len());
            for (group, (value, observations, missing)) in expected {
                let sum = found[&group];
                prop_assert_eq!((sum.observations(), sum.missing()), (observations, missing));
                prop_assert_eq!(sum.value(), (observations > missing).then(|| f64::from(value)));
            }
        }
    }

    #[test]
    fn a_figure_counts_once_in_each_of_several_groups() {
        let block = block(&[(0, 1, Some(5.0)), (1, 2, Some(7.0))]);
        let plan = Plan { origins: Table::zeros(3), destinations: Table::zeros(3), pairs: None, several: Some((vec![vec![0], vec![0, 1], vec![]], 1)) };
        let found = sums(&mut [Part { outer: 0, block: &block, plan: &plan }], 2, &Work::default());
        assert_eq!(found.iter().map(|(group, sum)| (*group, sum.value())).collect::<Vec<_>>(), [(0, Some(12.0)), (1, Some(12.0))]);
    }

    #[test]
    fn a_sum_of_what_is_held_back_in_part_is_held_back() {
        let mut sum = Sum::default();
        sum.add(Some(7.0), ValueAvailability::Reported);
        sum.add(None, ValueAvailability::NotAvailable);
        assert_eq!((sum.value(), sum.availability()), (Some(7.0), ValueAvailability::Reported));
        sum.add(None, ValueAvailability::Suppressed);
        assert_eq!((sum.value(), sum.availability(), sum.observations(), sum.missing()), (None, ValueAvailability::Suppressed, 3, 2));
    }

    #[test]
    fn missing_is_never_zero_and_says_why() {
        let block = block(&[(0, 0, None)]);
        let plan = Plan { origins: Table::zeros(1), destinations: Table::zeros(1), ..Plan::default() };
        let (_, sum) = sums(&mut [Part { outer: 0, block: &block, plan: &plan }], 1, &Work::default())[0];
        assert_eq!((sum.value(), sum.availability(), sum.observations(), sum.missing()), (None, ValueAvailability::Redacted, 1, 1));
    }
}
