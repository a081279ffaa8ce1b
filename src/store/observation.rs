//! Figures by the page: which are asked for, and what a page of a subject is.

mod all;
mod page;
mod rule;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::domain::date::PartialDate;
use crate::domain::fact::Period;
use crate::domain::figure::{Measure, Observation, Sex};
use crate::domain::id::Id;

pub use all::{About, AllPage};

/// Which figures to list, how, and which page of them.
///
/// Totals only, and of the newest edition only, unless `sexes`, `age_groups`, `dimensions` or `editions` ask for
/// more. `None` asks nothing; an empty list matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the API's filter says what each means")]
pub struct ObservationQuery {
    pub measures: Option<Vec<Measure>>,
    pub from: Option<PartialDate>,
    pub to: Option<PartialDate>,
    pub sexes: Option<Vec<Sex>>,
    pub age_groups: Option<Vec<String>>,
    /// Names of dimensions, or `name=code` for one code of a dimension.
    pub dimensions: Option<Vec<String>>,
    pub sources: Option<Vec<String>>,
    pub editions: Option<Vec<String>>,
    pub origins: Option<Vec<String>>,
    pub destinations: Option<Vec<String>>,
    pub order: ObservationOrder,
    pub window: Window,
    /// Whether to count all that match, on whatever page.
    pub count: bool,
}

/// How figures are ordered: by their period, or by value where what has no value is smallest; then by their id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ObservationOrder {
    pub by_value: bool,
    pub descending: bool,
}

/// Which page: that many rows from the start, or from the end, of what lies between two keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Window {
    pub after: Option<ObservationKey>,
    pub before: Option<ObservationKey>,
    pub limit: usize,
    pub backward: bool,
}

/// One figure as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationRow {
    /// Its id; it makes every order total.
    pub id: Id,
    /// What it says.
    pub observation: Observation,
    /// Whether the source counts in another way from here on.
    pub is_break: bool,
}

/// One page of the figures of a subject.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObservationPage {
    /// Its rows, in the order of the list, whichever end they were counted from.
    pub rows: Vec<Arc<ObservationRow>>,
    /// Whether the list goes on behind it.
    pub has_next: bool,
    /// Whether the list goes on ahead of it.
    pub has_previous: bool,
    /// How many rows the whole list has; only counted where it was asked for.
    pub total: Option<usize>,
}

/// Where a figure stands in a list; made of what it says, so that a page goes on where the last one ended whatever
/// came or went between the two.
#[derive(Debug, Clone, Copy)]
pub enum ObservationKey {
    /// In a list by period.
    #[expect(missing_docs, reason = "the columns of the order")]
    Period { period: Period, id: Id },
    /// In a list by value.
    #[expect(missing_docs, reason = "the columns of the order")]
    Value { value: Option<f64>, id: Id },
}

impl ObservationRow {
    /// Where it stands in a list by period.
    #[must_use]
    pub fn period_key(&self) -> ObservationKey {
        let o = &self.observation;
        ObservationKey::Period { period: Period::new(o.period_start, o.period_end), id: self.id }
    }

    /// Where it stands in a list by value.
    #[must_use]
    pub const fn value_key(&self) -> ObservationKey {
        ObservationKey::Value { value: self.observation.value, id: self.id }
    }
}

impl ObservationKey {
    /// Which of two comes first in a list that ascends; none where they are of different orders.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Period { period, id }, Self::Period { period: other, id: other_id }) => Some((period, id).cmp(&(other, other_id))),
            (Self::Value { value, id }, Self::Value { value: other, id: other_id }) => Some(value.partial_cmp(other)?.then(id.cmp(other_id))),
            _ => None,
        }
    }

    /// Its bytes, for a cursor.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Period { period, id } => [b"p", &id.as_bytes()[..], &period.code().to_be_bytes()].concat(),
            Self::Value { value: None, id } => [b"n", &id.as_bytes()[..]].concat(),
            Self::Value { value: Some(value), id } => [b"v", &id.as_bytes()[..], &value.to_be_bytes()].concat(),
        }
    }

    /// The key of those bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk()?;
        let id = Id::from_bytes(*id);
        match (tag, rest) {
            (b'p', period) => Some(Self::Period { period: Period::from_code(u64::from_be_bytes(period.try_into().ok()?))?, id }),
            (b'n', []) => Some(Self::Value { value: None, id }),
            (b'v', value) => Some(Self::Value { value: Some(f64::from_be_bytes(value.try_into().ok()?)).filter(|value| !value.is_nan()), id }),
            _ => None,
        }
    }
}

// By their bytes: a key is the same key where it makes the same cursor.
impl PartialEq for ObservationKey {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for ObservationKey {}

impl Hash for ObservationKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_bytes().hash(state);
    }
}

/// Pages that were read of late. A page is known by the revision that it is the state of, so that one that has
/// grown old is never found again: what is lost with the cache is time alone.
pub(super) type PageCache = Cache<PageKey, ObservationPage, Rows>;

/// Of which revision, of which query, of which subject.
pub(super) type PageKey = (u64, Arc<ObservationQuery>, String);

/// Weighs a page by its rows, of some 600 bytes each, and itself.
#[derive(Debug, Clone)]
pub(super) struct Rows;

impl Weighter<PageKey, ObservationPage> for Rows {
    fn weight(&self, _: &PageKey, page: &ObservationPage) -> u64 {
        page.rows.len() as u64 + 1
    }
}

/// Room for so many rows: some 10 MB at most, and nothing until figures are asked for.
const CACHED_ROWS: u64 = 16_384;

/// An empty cache.
pub(super) fn page_cache() -> PageCache {
    Cache::with_weighter(1_024, CACHED_ROWS, Rows)
}
