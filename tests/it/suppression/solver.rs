//! Solves for numbers that are not told: whole numbers, none below zero, under equations that are.
//!
//! To show that a number could be another, it finds a second world: from the true one it changes the number by one, and
//! mends every equation that this breaks by changing another number by one, until none is broken. To show that a number
//! is certain, it fills in equations that have one unknown left, again and again.

use std::collections::BTreeMap;

/// A sum of unknowns, each with its sign, that comes to a number.
#[derive(Debug, Clone)]
pub struct Equation {
    pub unknowns: Vec<(usize, i64)>,
    pub comes_to: i64,
}

/// Steps of a search before it gives up.
const STEPS: usize = 40_000;

pub struct Solver<'a> {
    equations: &'a [Equation],
    /// In which equations each unknown is.
    of: Vec<Vec<usize>>,
    /// One world.
    truth: &'a [i64],
}

impl<'a> Solver<'a> {
    pub fn new(equations: &'a [Equation], truth: &'a [i64]) -> Self {
        let mut of = vec![Vec::new(); truth.len()];
        for (at, equation) in equations.iter().enumerate() {
            assert_eq!(equation.unknowns.iter().map(|(unknown, sign)| truth[*unknown] * sign).sum::<i64>(), equation.comes_to, "the truth solves them");
            for (unknown, _) in &equation.unknowns {
                of[*unknown].push(at);
            }
        }
        Self { equations, of, truth }
    }

    /// Another world in which this unknown is another number; its numbers.
    pub fn other_world(&self, unknown: usize) -> Option<Vec<i64>> {
        // Worlds that are near first: a search may lose itself far away.
        for depth in [4, 8, 16, 32, 64] {
            for by in [1, -1] {
                let mut search = Search { solver: self, change: BTreeMap::new(), off: BTreeMap::new(), steps: STEPS };
                if search.set(unknown, by) && search.mend(depth) {
                    let world: Vec<i64> = self.truth.iter().enumerate().map(|(at, value)| value + search.change.get(&at).unwrap_or(&0)).collect();
                    let holds = |equation: &Equation| equation.unknowns.iter().map(|(at, sign)| world[*at] * sign).sum::<i64>() == equation.comes_to;
                    assert!(world.iter().all(|value| *value >= 0) && self.equations.iter().all(holds), "a world that is none");
                    assert_ne!(world[unknown], self.truth[unknown]);
                    return Some(world);
                }
            }
        }
        None
    }
}

struct Search<'s> {
    solver: &'s Solver<'s>,
    change: BTreeMap<usize, i64>,
    /// Equations that do not hold, and by how much.
    off: BTreeMap<usize, i64>,
    steps: usize,
}

impl Search<'_> {
    fn set(&mut self, unknown: usize, by: i64) -> bool {
        if self.change.contains_key(&unknown) || self.solver.truth[unknown] + by < 0 {
            return false;
        }
        self.change.insert(unknown, by);
        self.shift(unknown, by);
        true
    }

    fn unset(&mut self, unknown: usize) {
        if let Some(by) = self.change.remove(&unknown) {
            self.shift(unknown, -by);
        }
    }

    fn shift(&mut self, unknown: usize, by: i64) {
        for at in &self.solver.of[unknown] {
            let sign = self.solver.equations[*at].unknowns.iter().find(|(other, _)| *other == unknown).map_or(0, |(_, sign)| *sign);
            let off = self.off.entry(*at).or_default();
            *off += sign * by;
            if *off == 0 {
                self.off.remove(at);
            }
        }
    }

    fn mend(&mut self, depth: usize) -> bool {
        // The equation with the fewest ways out first.
        let Some((_, at, off)) = self.off.iter().map(|(at, off)| (self.solver.equations[*at].unknowns.len(), *at, *off)).min() else { return true };
        if depth == 0 || self.steps == 0 {
            return false;
        }
        self.steps -= 1;
        for (unknown, sign) in self.solver.equations[at].unknowns.clone() {
            if self.set(unknown, -off.signum() * sign) {
                if self.mend(depth - 1) {
                    return true;
                }
                self.unset(unknown);
            }
        }
        false
    }
}

/// The unknowns that follow, one after the other.
pub fn certain(equations: &[Equation]) -> BTreeMap<usize, i64> {
    let mut known = BTreeMap::new();
    loop {
        let before = known.len();
        for equation in equations {
            let (told, open): (Vec<_>, Vec<_>) = equation.unknowns.iter().partition(|(unknown, _)| known.contains_key(unknown));
            let left = equation.comes_to - told.iter().map(|(unknown, sign)| known[unknown] * sign).sum::<i64>();
            if let [(unknown, sign)] = open[..] {
                known.insert(unknown, left * sign);
            } else if left == 0 && open.iter().all(|(_, sign)| *sign == 1) {
                // Nothing is left for any of them.
                known.extend(open.iter().map(|(unknown, _)| (*unknown, 0)));
            }
        }
        if known.len() == before {
            return known;
        }
    }
}
