//! Figures to be summed: blocks of them as the store hands them over, the choice of those that may stand in one sum,
//! and the sum. Pure; the database is read elsewhere.
//!
//! | file | what |
//! |---|---|
//! | [`choice`] | which blocks may be added up: one source, one kind of subject, one length of period, no stock over time |
//! | [`sum`] | adding them up by group |
//! | [`suppress`] | which are closed, as they are small or would give small ones away |

pub mod choice;
pub mod sum;
pub mod suppress;

use crate::domain::fact::Period;
use crate::domain::figure::{ObservationStatus, ValueAvailability};
use crate::domain::word::words;

words! {
    /// What figures can be grouped by.
    pub enum FigureDimension {
        /// Where a corridor starts: a state, or what statistics put in its place. Figures of corridors alone have one.
        Origin = "ORIGIN",
        /// Where a corridor ends. Figures of corridors alone have one.
        Destination = "DESTINATION",
        /// The state or area that a figure is about as a whole, such as persons displaced within it. Figures of corridors are not about one state: group them by ORIGIN or DESTINATION.
        State = "STATE",
        /// The route that a source counts as such. What is counted for corridors is not laid upon routes: nobody knows which way people took.
        Route = "ROUTE",
        /// The year of the last day that a figure covers.
        Year = "YEAR",
        /// The source. Without it, all of an answer is from one source.
        Source = "SOURCE",
        /// Sex, where the source tells it; figures that do not are left out.
        Sex = "SEX",
        /// The publisher's age group, where the source tells it; figures that do not are left out.
        AgeGroup = "AGE_GROUP",
        /// The region of the origin; what is no state counts as OTHER.
        OriginRegion = "ORIGIN_REGION",
        /// The region of the destination; what is no state counts as OTHER.
        DestinationRegion = "DESTINATION_REGION",
        /// A working group in which the state, or one end of the corridor, has a place today, or that looks at the route. A figure counts in each such group, once: groups do not add up to the whole.
        WorkingGroup = "WORKING_GROUP",
    }
}

/// What the figures of a block are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockKind {
    /// Corridors: two places each.
    Corridor,
    /// Routes, by code.
    Route,
    /// States and areas as a whole.
    State,
}

/// What is known of a block without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Head {
    /// The measure and edition, by the store's number.
    pub set: i64,
    /// The breakdown, by the store's number.
    pub breakdown: i64,
    /// What its figures are about.
    pub kind: BlockKind,
    /// The period of them all.
    pub period: Period,
    /// How many there are.
    pub facts: u64,
}

/// The words of one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Whether there is a value.
    pub has_value: bool,
    /// If not, why.
    pub availability: ValueAvailability,
    /// How settled it is.
    pub status: ObservationStatus,
}

/// The words of a block's figures.
#[derive(Debug, Clone, PartialEq)]
pub enum Marks {
    /// All the same.
    All(Mark),
    /// One each.
    Each(Vec<Mark>),
}

/// All figures of one measure, edition, breakdown and period, side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Where they start, or what they are about: numbers of places.
    pub origins: Vec<u16>,
    /// Where they end; empty unless they are about corridors.
    pub destinations: Vec<u16>,
    /// How many; 0 where there is no value.
    pub values: Vec<f64>,
    /// Whether there is a value, each.
    pub marks: Marks,
}

impl Block {
    /// How many figures it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.origins.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// The words of one figure.
    #[must_use]
    pub fn mark(&self, at: usize) -> Option<Mark> {
        match &self.marks {
            Marks::All(mark) => Some(*mark),
            Marks::Each(marks) => marks.get(at).copied(),
        }
    }

    /// The value of one figure; none where there is none.
    #[must_use]
    pub fn value(&self, at: usize) -> Option<f64> {
        self.mark(at).filter(|mark| mark.has_value).and_then(|_| self.values.get(at).copied())
    }
}
