//! All figures of one subject: which of them are small, what is closed with each, and what that closes.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::fact::Period;

use super::Span;
use super::pattern::{Axes, Axis, Pattern, Told, holds};

/// One figure of the subject.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub layer: u32,
    pub set: i64,
    pub breakdown: i64,
    pub period: Period,
    pub span: Span,
    pub value: Option<f64>,
}

/// Of one edition: breakdown and period.
type Key = (i64, i64, Period);

impl Cell {
    const fn key(&self) -> Key {
        (self.set, self.breakdown, self.period)
    }
}

/// The figures of one subject.
pub(super) struct Table {
    cells: Vec<Cell>,
    values: FxHashMap<Key, f64>,
    /// The longer period that each lies in.
    wholes: FxHashMap<Period, Whole>,
}

/// The longest period that holds another.
#[derive(Debug, Clone, Copy)]
enum Whole {
    None,
    One(Period, Span),
    /// Two that are not within each other.
    Several,
}

impl Table {
    pub fn of(cells: Vec<Cell>) -> Self {
        let values = cells.iter().filter_map(|cell| Some(((cell.set, cell.breakdown, cell.period), cell.value?))).collect();
        let mut periods: Vec<(Period, Span)> = cells.iter().map(|cell| (cell.period, cell.span)).collect();
        periods.sort_unstable_by_key(|(period, _)| *period);
        periods.dedup_by_key(|(period, _)| *period);
        let wholes = periods.iter().map(|(period, span)| (*period, whole(&periods, *period, *span))).collect();
        Self { cells, values, wholes }
    }

    fn whole(&self, cell: &Cell) -> Whole {
        self.wholes.get(&cell.period).copied().unwrap_or(Whole::None)
    }

    /// The axes of a figure, coarsest first, each with the key of its total in the same edition.
    fn totals<'a>(&self, cell: &Cell, told: &Told<'a>) -> Vec<(Axis<'a>, Option<Key>)> {
        let in_time = match self.whole(cell) {
            Whole::One(whole, _) => Some((Axis::Time, Some((cell.set, cell.breakdown, whole)))),
            Whole::None | Whole::Several => None,
        };
        let along = told.axes.iter().map(|(axis, total)| (*axis, total.map(|total| (cell.set, total, cell.period))));
        in_time.into_iter().chain(along).collect()
    }

    /// What is closed with each small figure; and whether it is for what it leaves of a total, not for itself.
    pub fn patterns<'a>(&self, below: f64, axes: &Axes<'a>) -> Vec<(Pattern<'a>, bool)> {
        let is_small = |value: f64| value > 0.0 && value < below;
        let leavers = self.leavers(&is_small, axes);
        let mut hot: Vec<(usize, &Cell, &Told<'a>, bool)> = Vec::new();
        for (at, cell) in self.cells.iter().enumerate() {
            let (Some(value), Some(told)) = (cell.value, axes.told(cell.breakdown)) else { continue };
            if is_small(value) || leavers.contains(&at) {
                hot.push((self.totals(cell, told).len(), cell, told, !is_small(value)));
            }
        }
        // Totals first: what is closed for them closes most of what is under them.
        hot.sort_by_key(|(axes, cell, ..)| (*axes, cell.period, cell.breakdown, cell.set));
        let mut found: Vec<(Pattern<'a>, bool)> = Vec::new();
        for (_, cell, told, is_leftover) in hot {
            let same = found.iter().filter(|(_, other)| *other || !is_leftover).find(|(pattern, _)| pattern.closes(cell.span, told));
            if same.is_none() {
                found.push((self.pattern(cell, told), is_leftover));
            }
        }
        found
    }

    /// The figures (by their place) that leave a small number of one of their totals, each or with the others of their
    /// table.
    fn leavers<'a>(&self, is_small: &dyn Fn(f64) -> bool, axes: &Axes<'a>) -> FxHashSet<usize> {
        let mut leavers = FxHashSet::default();
        let mut families: FxHashMap<(Key, Vec<Axis<'a>>), Vec<usize>> = FxHashMap::default();
        let mut look = |at: usize, value: f64, total: f64| {
            if value > 0.0 && is_small(total - value) {
                leavers.insert(at);
            }
        };
        for (at, cell) in self.cells.iter().enumerate() {
            let (Some(value), Some(told)) = (cell.value, axes.told(cell.breakdown)) else { continue };
            for key in self.all_totals(cell, told) {
                if let Some(total) = self.values.get(&key) {
                    look(at, value, *total);
                    families.entry((key, told.table())).or_default().push(at);
                }
            }
        }
        for (at, total) in self.within_each_other() {
            look(at, self.cells.get(at).and_then(|cell| cell.value).unwrap_or(0.0), total);
        }
        for ((key, _), family) in families {
            let Some(total) = self.values.get(&key) else { continue };
            let mut cells: Vec<&Cell> = family.iter().filter_map(|at| self.cells.get(*at)).collect();
            cells.sort_unstable_by_key(|cell| cell.span);
            // Periods that overlap make no sum.
            if cells.array_windows().any(|[one, other]| one.span != other.span && one.span.1 >= other.span.0) {
                continue;
            }
            let sum: f64 = cells.iter().filter_map(|cell| cell.value).sum();
            if is_small(total - sum) {
                leavers.extend(family);
            }
        }
        leavers
    }

    /// Figures within a longer period of any length, each with the figure of that.
    fn within_each_other(&self) -> Vec<(usize, f64)> {
        let mut lines: FxHashMap<(i64, i64), Vec<usize>> = FxHashMap::default();
        for (at, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.value.is_some()) {
            lines.entry((cell.set, cell.breakdown)).or_default().push(at);
        }
        let mut found = Vec::new();
        for line in lines.values() {
            let cells = || line.iter().filter_map(|at| Some((*at, self.cells.get(*at)?)));
            for (at, cell) in cells().filter(|(_, cell)| matches!(self.whole(cell), Whole::One(..) | Whole::Several)) {
                let around = cells().filter(|(other, around)| *other != at && holds(around.span, cell.span));
                found.extend(around.filter_map(|(_, around)| Some((at, around.value?))));
            }
        }
        found
    }

    fn pattern<'a>(&self, cell: &Cell, told: &Told<'a>) -> Pattern<'a> {
        match (told.axes.last(), self.whole(cell)) {
            (Some((axis, _)), _) => Pattern::Along(*axis, cell.span),
            (None, Whole::One(_, whole)) => Pattern::Within(whole),
            (None, Whole::None | Whole::Several) => Pattern::Everything(cell.span),
        }
    }

    /// The figures that are closed, by their places.
    pub fn closed(&self, patterns: &[Pattern<'_>], axes: &Axes<'_>) -> FxHashSet<usize> {
        let mut found: Vec<(usize, usize, &Cell, &Told<'_>)> = Vec::new();
        for (at, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.value.is_some()) {
            let Some(told) = axes.told(cell.breakdown) else { continue };
            if patterns.iter().any(|pattern| pattern.closes(cell.span, told)) {
                found.push((self.totals(cell, told).len(), at, cell, told));
            }
        }
        let mut closed: FxHashMap<Key, usize> = found.iter().map(|(_, at, cell, _)| (cell.key(), *at)).collect();
        // Where a total is 0 for all to see, so are its parts: to close them hides nothing.
        found.sort_by_key(|(axes, ..)| *axes);
        for (.., cell, told) in found.iter().filter(|(.., cell, _)| cell.value == Some(0.0)) {
            let is_told = |total: Key| self.values.get(&total) == Some(&0.0) && !closed.contains_key(&total);
            if self.all_totals(cell, told).any(is_told) {
                closed.remove(&cell.key());
            }
        }
        closed.into_values().collect()
    }

    /// What must be closed besides, as one closed figure stands alone in its table under an open total: the others are
    /// known to be 0, or open. Only where editions do not tell the same things apart: in one, a small figure is less
    /// than its total, and what is told apart with it is closed with it.
    pub fn alone<'a>(&self, closed: &FxHashSet<usize>, axes: &Axes<'a>) -> Vec<Pattern<'a>> {
        let mut families: FxHashMap<(Key, Vec<Axis<'a>>), usize> = FxHashMap::default();
        let cells = || closed.iter().filter_map(|at| self.cells.get(*at));
        for cell in cells() {
            let Some(told) = axes.told(cell.breakdown) else { continue };
            for total in self.all_totals(cell, told) {
                *families.entry((total, told.table())).or_default() += 1;
            }
        }
        let closed: FxHashSet<Key> = cells().map(Cell::key).collect();
        let lonely = |((total, _), parts): ((Key, Vec<Axis<'a>>), usize)| (parts == 1 && !closed.contains(&total)).then_some(total);
        let totals: FxHashSet<Key> = families.into_iter().filter_map(lonely).collect();
        let cells = self.cells.iter().filter(|cell| totals.contains(&cell.key()));
        cells.filter_map(|cell| Some(self.pattern(cell, axes.told(cell.breakdown)?))).collect()
    }

    /// The keys of all totals of a figure, in its own period and in the longer one, in its own edition.
    fn all_totals<'t>(&self, cell: &'t Cell, told: &'t Told<'_>) -> impl Iterator<Item = Key> + use<'t> {
        let whole = match self.whole(cell) {
            Whole::One(whole, _) => Some(whole),
            Whole::None | Whole::Several => None,
        };
        let here = told.totals.iter().map(|total| (cell.set, *total, cell.period));
        let longer = whole.into_iter().flat_map(move |whole| told.totals.iter().chain([&cell.breakdown]).map(move |total| (cell.set, *total, whole)));
        here.chain(longer)
    }

    /// The layer of a figure.
    pub fn layer(&self, at: usize) -> Option<u32> {
        self.cells.get(at).map(|cell| cell.layer)
    }
}

fn whole(periods: &[(Period, Span)], period: Period, span: Span) -> Whole {
    let around = || periods.iter().filter(|(other, around)| *other != period && holds(*around, span));
    let Some((longest, widest)) = around().max_by_key(|(other, _)| other.length()) else { return Whole::None };
    if around().all(|(_, around)| holds(*widest, *around)) { Whole::One(*longest, *widest) } else { Whole::Several }
}
