//! What is closed with a small figure of a subject, and the axes that figures lie on.

use std::collections::BTreeMap;

use crate::domain::fact::Breakdown;

use super::Span;

/// What figures of one subject are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Axis<'a> {
    /// A period within a longer one that is there, too.
    Time,
    /// Sex.
    Sex,
    /// The age group. Groups may overlap: nothing is taken to be apart.
    Age,
    /// A dimension of the publisher, by name. Its codes may overlap.
    Dimension(&'a str),
}

/// A breakdown, by its axes.
#[derive(Debug, Clone, Default)]
pub(super) struct Told<'a> {
    /// Coarsest first, time apart; beside each the breakdown that is the total along it, where there is such a one.
    pub axes: Vec<(Axis<'a>, Option<i64>)>,
    /// Every breakdown that is a total of this one, along whatever axes.
    pub totals: Vec<i64>,
}

impl<'a> Told<'a> {
    fn of(breakdown: &'a Breakdown, id: i64, all: &BTreeMap<i64, Breakdown>) -> Self {
        let mut axes: Vec<Axis<'a>> = breakdown.sex.map(|_| Axis::Sex).into_iter().collect();
        axes.extend(breakdown.age_group.as_ref().map(|_| Axis::Age));
        axes.extend(breakdown.dimensions.iter().map(|dimension| Axis::Dimension(&dimension.dimension)));
        let is_wider = |other: &Breakdown| {
            (other.sex.is_none() || other.sex == breakdown.sex)
                && (other.age_group.is_none() || other.age_group == breakdown.age_group)
                && other
                    .dimensions
                    .iter()
                    .all(|dimension| breakdown.dimensions.iter().any(|own| (&own.dimension, &own.code) == (&dimension.dimension, &dimension.code)))
        };
        let totals: Vec<i64> = all.iter().filter(|(other, wider)| **other != id && is_wider(wider)).map(|(other, _)| *other).collect();
        let tells = |other: &Breakdown, axis: &Axis<'_>| match axis {
            Axis::Time => false,
            Axis::Sex => other.sex.is_some(),
            Axis::Age => other.age_group.is_some(),
            Axis::Dimension(name) => other.dimensions.iter().any(|dimension| dimension.dimension == *name),
        };
        let along = |axis: &Axis<'a>| {
            totals.iter().copied().find(|total| all.get(total).is_some_and(|wider| axes.iter().all(|own| tells(wider, own) == (own != axis))))
        };
        Self { axes: axes.iter().map(|axis| (*axis, along(axis))).collect(), totals: totals.clone() }
    }

    fn tells(&self, axis: Axis<'_>) -> bool {
        self.axes.iter().any(|(other, _)| *other == axis)
    }

    /// What it tells apart, whatever the codes.
    pub fn table(&self) -> Vec<Axis<'a>> {
        self.axes.iter().map(|(axis, _)| *axis).collect()
    }
}

/// Every breakdown, by number.
pub(super) struct Axes<'a>(BTreeMap<i64, Told<'a>>);

impl<'a> Axes<'a> {
    pub fn of(breakdowns: &'a BTreeMap<i64, Breakdown>) -> Self {
        Self(breakdowns.iter().map(|(id, breakdown)| (*id, Told::of(breakdown, *id, breakdowns))).collect())
    }

    pub fn told(&self, breakdown: i64) -> Option<&Told<'a>> {
        self.0.get(&breakdown)
    }
}

/// Figures of one subject that are closed together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern<'a> {
    /// Everything that touches a time: a person more or fewer.
    Everything(Span),
    /// Everything that does not hold all of a time that it touches: a person moves within that time.
    Within(Span),
    /// What touches a time and is told apart by an axis: a person moves along it.
    Along(Axis<'a>, Span),
}

/// Whether two times have a day in common.
fn touches(one: Span, other: Span) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

/// Whether one time holds all of the other.
pub(super) fn holds(one: Span, other: Span) -> bool {
    one.0 <= other.0 && one.1 >= other.1
}

impl Pattern<'_> {
    /// Whether it closes a figure of that time and breakdown.
    pub fn closes(&self, time: Span, told: &Told<'_>) -> bool {
        match self {
            Self::Everything(span) => touches(time, *span),
            Self::Within(whole) => touches(time, *whole) && !holds(time, *whole),
            Self::Along(axis, span) => touches(time, *span) && told.tells(*axis),
        }
    }
}
