//! Pages of figures: for every subject of a level one page, in one statement.

mod page;
pub(super) mod row;

use std::sync::Arc;

use crate::domain::date::PartialDate;
use crate::domain::figure::{Measure, Observation, Sex};
use crate::domain::id::Id;

/// What orders figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObservationOrder {
    /// By value (missing ones smallest) rather than by period.
    pub by_value: bool,
    /// From the last to the first.
    pub descending: bool,
}

/// Where a figure stands in its list: durable, and unique in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ObservationKey {
    /// Last day, first day, id.
    Period(String, String, Id),
    /// The bits of the value (none where there is none), id.
    Value(Option<u64>, Id),
}

impl ObservationKey {
    /// The key as bytes, for a cursor.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The key that such bytes are of.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window {
    /// Only what comes behind this.
    pub after: Option<ObservationKey>,
    /// Only what comes ahead of this.
    pub before: Option<ObservationKey>,
    /// How many at most.
    pub limit: usize,
    /// Counted from the end.
    pub backward: bool,
}

/// Which figures, in which order; every field that is set must hold, and an empty list matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObservationQuery {
    /// Counting one of these.
    pub measures: Option<Vec<Measure>>,
    /// Not over before this.
    pub from: Option<PartialDate>,
    /// Begun by the end of this.
    pub to: Option<PartialDate>,
    /// Of one sex alone, one of these.
    pub sexes: Option<Vec<Sex>>,
    /// Of one age group alone, one of these.
    pub age_groups: Option<Vec<String>>,
    /// With one of these dimensions.
    pub dimensions: Option<Vec<String>>,
    /// From one of these sources.
    pub sources: Option<Vec<String>>,
    /// From one of these editions, newest or not.
    pub editions: Option<Vec<String>>,
    /// The order.
    pub order: ObservationOrder,
    /// The part of the list.
    pub window: Window,
    /// Whether the whole list is counted.
    pub count: bool,
}

/// A figure with its id.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationRow {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub observation: Observation,
}

impl ObservationRow {
    /// Where it stands by period.
    #[must_use]
    pub fn period_key(&self) -> ObservationKey {
        ObservationKey::Period(self.observation.period_end.to_string(), self.observation.period_start.to_string(), self.id)
    }

    /// Where it stands by value.
    #[must_use]
    pub fn value_key(&self) -> ObservationKey {
        ObservationKey::Value(self.observation.value.map(f64::to_bits), self.id)
    }
}

/// A page of the figures of one subject.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObservationPage {
    /// Its rows, in the order of the list.
    pub rows: Vec<Arc<ObservationRow>>,
    /// Whether the list goes on behind it.
    pub has_next: bool,
    /// Whether the list goes on ahead of it.
    pub has_previous: bool,
    /// The size of the whole list; only counted where it was asked for.
    pub total: Option<usize>,
}
