//! Which figures are closed: small ones, and those that would give them away.
//!
//! The rule is made so that it can be proved. For every closed figure there is another world with another number in
//! its place, in which one person more or fewer was counted, or one was of another sex, age, month or whatever else a
//! publisher tells apart; and every figure that would then be another is closed, too. Answers are made of open figures
//! alone, so the two worlds are answered alike, and no arithmetic on answers can tell which of them is ours.
//!
//! A figure lies on *axes*: time (a month within a year that is there, too), sex, age group, each dimension of the
//! publisher. Beside it stand its totals, one along each axis. What is closed with a small figure ([`Pattern`]):
//!
//! | the figure lies on | the change | closed with it |
//! |---|---|---|
//! | no axis: a total | one person more or fewer | all of its subject in that time |
//! | time alone | a person moves in time | all of its subject within the longer period; that stays |
//! | others | a person moves along the last of them | all that is told apart by it in that time; totals stay |
//!
//! A figure of a state as a whole may be the total of corridors to it or from it: what is closed for a corridor is
//! closed for both of its ends. What is left of a total when a part is taken away counts as a figure, too. All
//! editions and sources of a measure are closed alike, so that one cannot be asked for what another does not say.
//! Which figures are closed follows from which are small, from nothing else: repeating a question changes nothing.
//!
//! Roads not taken. *A partner of each figure in its row and column* closes less, but that a partner is enough depends
//! on the other numbers of the table, on what groups overlap, and on which cells are known to be 0; and whoever knows
//! how partners are chosen learns more. *Totals that hold closed figures* cannot be told where anything may be
//! filtered for: two totals make a difference.

mod pattern;
mod table;

use std::collections::BTreeMap;

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{BlockKind, Head};
use crate::domain::fact::{Breakdown, Period};

use pattern::{Axes, Pattern};
use table::{Cell, Table};

/// One figure: the number of its block among the heads, its places, its value.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Which of the heads it stands under.
    pub layer: u32,
    /// Where it starts, or what it is about.
    pub origin: u16,
    /// Where it ends; 0 where it has no end.
    pub destination: u16,
    /// How many; none where there is no value.
    pub value: Option<f64>,
}

/// The closed figures of each block, by their places.
pub type Closed = FxHashMap<u32, FxHashSet<(u16, u16)>>;

/// What figures are about: the kind and the places.
type Subject = (BlockKind, u16, u16);

/// A state's own figure: place, measure and edition, breakdown, period.
type OfState = (u16, i64, i64, Period);

/// The first and last day of a period.
type Span = (Date, Date);

/// Closes figures of one measure, all its editions and sources together; below that number they are small.
#[must_use]
pub fn close(below: f64, heads: &[Head], breakdowns: &BTreeMap<i64, Breakdown>, mut figures: Vec<Figure>) -> Closed {
    let spans: FxHashMap<Period, Span> = heads.iter().map(|head| (head.period, (head.period.start(), head.period.end()))).collect();
    let work = Work { below, heads, spans, axes: Axes::of(breakdowns) };
    figures.sort_unstable_by_key(|figure| (work.subject(figure), figure.layer));
    work.close(&figures)
}

struct Work<'a> {
    below: f64,
    heads: &'a [Head],
    spans: FxHashMap<Period, Span>,
    axes: Axes<'a>,
}

/// The patterns of each subject.
type Patterns<'a> = FxHashMap<Subject, Vec<Pattern<'a>>>;

impl<'a> Work<'a> {
    fn head(&self, layer: u32) -> Option<&'a Head> {
        self.heads.get(usize::try_from(layer).ok()?)
    }

    fn subject(&self, figure: &Figure) -> Subject {
        let kind = self.head(figure.layer).map_or(BlockKind::Route, |head| head.kind);
        (kind, figure.origin, figure.destination)
    }

    fn table(&self, figures: &[Figure]) -> Table {
        let cell = |figure: &Figure| {
            let head = self.head(figure.layer)?;
            let span = *self.spans.get(&head.period)?;
            Some(Cell { layer: figure.layer, set: head.set, breakdown: head.breakdown, period: head.period, span, value: figure.value })
        };
        Table::of(figures.iter().filter_map(cell).collect())
    }

    fn close(&self, figures: &[Figure]) -> Closed {
        let subjects: Vec<&[Figure]> = figures.chunk_by(|one, other| self.subject(one) == self.subject(other)).collect();
        let named = || subjects.iter().filter_map(|figures| Some((self.subject(figures.first()?), *figures)));
        let states: FxHashSet<u16> = named().filter(|((kind, ..), _)| *kind == BlockKind::State).map(|((_, place, _), _)| place).collect();
        let mut patterns = Patterns::default();
        // What a state's figures leave over is told to its corridors.
        let mut of_states: FxHashMap<u16, Vec<Pattern<'a>>> = FxHashMap::default();
        for (subject, figures) in named() {
            if self.is_harmless(figures) {
                continue;
            }
            let found = self.table(figures).patterns(self.below, &self.axes);
            let leftovers = || found.iter().filter(|(_, is_leftover)| *is_leftover).map(|(pattern, _)| pattern.clone());
            if subject.0 == BlockKind::State && found.iter().any(|(_, is_leftover)| *is_leftover) {
                of_states.entry(subject.1).or_default().extend(leftovers());
            }
            let all: Vec<Pattern<'a>> = found.into_iter().map(|(pattern, _)| pattern).collect();
            spread(&mut patterns, &states, subject, &all);
        }
        for (subject, _) in named().filter(|((kind, ..), _)| *kind == BlockKind::Corridor && !of_states.is_empty()) {
            let told: Vec<Pattern<'a>> = [subject.1, subject.2].iter().filter_map(|end| of_states.get(end)).flatten().cloned().collect();
            spread(&mut patterns, &states, subject, &told);
        }
        for (state, span) in self.left_by_corridors(&subjects) {
            patterns.entry((BlockKind::State, state, 0)).or_default().push(Pattern::Everything(span));
        }
        let all: FxHashMap<Subject, &[Figure]> = named().collect();
        let mut closed = Closed::default();
        let mut next: Vec<Subject> = patterns.keys().copied().collect();
        while let Some(subject) = next.pop() {
            let (Some(known), Some(figures)) = (patterns.get_mut(&subject), all.get(&subject)) else { continue };
            known.sort_unstable();
            known.dedup();
            let table = self.table(figures);
            let found = table.closed(known, &self.axes);
            let more = table.alone(&found, &self.axes);
            for layer in found.iter().filter_map(|at| table.layer(*at)) {
                closed.entry(layer).or_default().insert((subject.1, subject.2));
            }
            next.extend(spread(&mut patterns, &states, subject, &more));
        }
        closed
    }

    /// Whether a look is enough: no figure of the subject is small, and none can be part of another.
    fn is_harmless(&self, figures: &[Figure]) -> bool {
        let is_large = |figure: &Figure| figure.value.is_none_or(|value| value <= 0.0 || value >= self.below);
        // In the order of their blocks: of one edition and breakdown, period after period.
        let is_apart = |[one, other]: &[Figure; 2]| {
            let heads = self.head(one.layer).zip(self.head(other.layer));
            heads.is_some_and(|(one, other)| {
                let spans = self.spans.get(&one.period).zip(self.spans.get(&other.period));
                one.breakdown == other.breakdown && (one.set != other.set || spans.is_some_and(|(one, other)| one.1 < other.0))
            })
        };
        figures.iter().all(is_large) && figures.array_windows().all(is_apart)
    }

    /// States whose own figure is more than one of its corridors, or than all of them together, by a small number.
    fn left_by_corridors(&self, subjects: &[&[Figure]]) -> Vec<(u16, Span)> {
        let all = || subjects.iter().flat_map(|figures| figures.iter()).filter_map(|figure| Some((self.head(figure.layer)?, figure, figure.value?)));
        let totals: FxHashMap<OfState, f64> = all()
            .filter(|(head, ..)| head.kind == BlockKind::State)
            .map(|(head, figure, value)| ((figure.origin, head.set, head.breakdown, head.period), value))
            .collect();
        if totals.is_empty() {
            return Vec::new();
        }
        let is_small = |left: f64| left > 0.0 && left < self.below;
        let mut left = Vec::new();
        let mut sums: FxHashMap<(OfState, bool), f64> = FxHashMap::default();
        for (head, figure, value) in all().filter(|(head, ..)| head.kind == BlockKind::Corridor) {
            for (place, is_end) in [(figure.origin, false), (figure.destination, true)] {
                let key = (place, head.set, head.breakdown, head.period);
                let Some(total) = totals.get(&key) else { continue };
                *sums.entry((key, is_end)).or_default() += value;
                if is_small(total - value) {
                    left.push(key);
                }
            }
        }
        left.extend(sums.iter().filter(|((key, _), sum)| totals.get(key).is_some_and(|total| is_small(total - *sum))).map(|((key, _), _)| *key));
        left.iter().filter_map(|(place, .., period)| Some((*place, *self.spans.get(period)?))).collect()
    }
}

/// Notes patterns of a subject; those of a corridor count for what its ends have as a whole, too. Who has more now.
fn spread<'a>(patterns: &mut Patterns<'a>, states: &FxHashSet<u16>, (kind, origin, destination): Subject, found: &[Pattern<'a>]) -> Vec<Subject> {
    let mut about = vec![(kind, origin, destination)];
    if kind == BlockKind::Corridor {
        about.extend([origin, destination].into_iter().filter(|end| states.contains(end)).map(|end| (BlockKind::State, end, 0)));
    }
    about.retain(|subject| {
        let new: Vec<Pattern<'a>> = found.iter().filter(|pattern| patterns.get(subject).is_none_or(|known| !known.contains(pattern))).cloned().collect();
        let has_more = !new.is_empty();
        if has_more {
            patterns.entry(*subject).or_default().extend(new);
        }
        has_more
    });
    about
}

#[cfg(test)]
mod tests;
