//! Orders: sort keys whose byte order is the order of a list, and lists sorted once for every reader.

use std::sync::LazyLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use jiff::Timestamp;

use crate::domain::date::PartialDate;
use crate::domain::id::Id;

use super::index::Ix;

/// The root collation of CLDR: the same on every machine, engine and locale.
static COLLATOR: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| CollatorBorrowed::try_new(CollatorPreferences::default(), CollatorOptions::default()).ok());

/// A sort key under construction.
#[derive(Debug, Default)]
pub struct SortKey(Vec<u8>);

impl SortKey {
    /// An empty key.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::with_capacity(48))
    }

    /// Then by that text, as people sort it.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        if let Some(collator) = &*COLLATOR {
            let Ok(()) = collator.write_sort_key_to(text, &mut self.0);
        } else {
            self.0.extend_from_slice(text.as_bytes());
        }
        // Sort keys hold no zero: a text comes before every longer one that begins with it.
        self.0.push(0);
        self
    }

    /// Then by that code, byte by byte.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        self.0.extend_from_slice(code.as_bytes());
        self.0.push(0);
        self
    }

    /// Then by that instant; an unknown one comes first.
    #[must_use]
    pub fn instant(self, instant: Option<Timestamp>) -> Self {
        self.signed(microseconds(instant))
    }

    /// Then by that date; an unknown one comes first, a coarse one before a finer one that begins the same.
    #[must_use]
    pub fn date(mut self, date: Option<PartialDate>) -> Self {
        let text = date.map(|date| date.to_string()).unwrap_or_default();
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        self
    }

    /// Then by that number.
    #[must_use]
    pub fn signed(mut self, number: i64) -> Self {
        self.0.extend_from_slice(&(number.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        self
    }

    /// Then by that score, which is never negative.
    #[must_use]
    pub fn score(mut self, score: f32) -> Self {
        self.0.extend_from_slice(&score.max(0.0).to_bits().to_be_bytes());
        self
    }

    /// Last by identity, so that no two rows are equal.
    #[must_use]
    pub fn id(mut self, id: Id) -> Vec<u8> {
        self.0.extend_from_slice(id.as_bytes());
        self.0
    }

    /// The key, where what it says is unique already.
    #[must_use]
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// An instant as it is sorted by; an unknown one comes first.
pub(super) fn microseconds(instant: Option<Timestamp>) -> i64 {
    instant.map_or(i64::MIN, Timestamp::as_microsecond)
}

/// Many keys, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Keys {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Keys {
    pub fn push(&mut self, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
    }

    /// Goes on with all of the others.
    pub fn append(&mut self, others: &Self) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(&others.bytes);
        self.ends.extend(others.ends.iter().map(|end| begin + end));
    }

    pub fn nth(&self, n: usize) -> &[u8] {
        let begin = n.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[begin..self.ends[n]]
    }
}

/// All rows of a table in one order, and the place of each in it.
#[derive(Debug)]
pub struct Sorted<T> {
    /// Positions, ascending.
    pub rows: Vec<Ix<T>>,
    rank: Vec<u32>,
}

impl<T> Clone for Sorted<T> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), rank: self.rank.clone() }
    }
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), rank: Vec::new() }
    }
}

impl<T> Sorted<T> {
    /// Sorts those rows by their keys.
    pub fn new<K: Ord>(all: &[Ix<T>], key: impl Fn(Ix<T>) -> K) -> Self {
        let mut keyed: Vec<(K, Ix<T>)> = all.iter().map(|&ix| (key(ix), ix)).collect();
        keyed.sort_unstable();
        let mut sorted = Self { rows: keyed.into_iter().map(|(_, ix)| ix).collect(), rank: Vec::new() };
        sorted.rank();
        sorted
    }

    fn rank(&mut self) {
        self.rank.resize(self.rows.len(), 0);
        for (n, ix) in self.rows.iter().enumerate() {
            self.rank[ix.get()] = u32::try_from(n).unwrap_or(u32::MAX);
        }
    }

    /// Adds one row, the next behind all positions.
    pub(super) fn insert(&mut self, ix: Ix<T>, key: impl Fn(Ix<T>) -> Vec<u8>) {
        let own = key(ix);
        let at = self.rows.partition_point(|other| key(*other) < own);
        self.rows.insert(at, ix);
        self.rank();
    }

    /// Adds a row to some of the rows, which stand in this order.
    pub(super) fn insert_into(&self, some: &mut Vec<Ix<T>>, ix: Ix<T>) {
        let at = some.partition_point(|other| self.rank[other.get()] < self.rank[ix.get()]);
        if some.get(at) != Some(&ix) {
            some.insert(at, ix);
        }
    }

    /// The place of a row in this order.
    pub fn place(&self, ix: Ix<T>) -> u32 {
        self.rank.get(ix.get()).copied().unwrap_or(u32::MAX)
    }

    /// Sorts some of the rows the same way.
    pub fn sort(&self, some: &mut [Ix<T>]) {
        // Places are sorted, not rows by their places: a look into the table of places is made once for each row.
        let mut places: Vec<u32> = some.iter().map(|ix| self.rank[ix.get()]).collect();
        places.sort_unstable();
        for (row, place) in some.iter_mut().zip(places) {
            *row = self.rows[place as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_sorts_as_people_sort_it() {
        let mut names = ["Zypern", "Österreich", "Albania", "albania", "Åland Islands", "Türkiye", "Turkmenistan", "Oman"];
        names.sort_by_key(|name| SortKey::new().text(name).done());
        assert_eq!(names, ["Åland Islands", "albania", "Albania", "Oman", "Österreich", "Türkiye", "Turkmenistan", "Zypern"]);
    }

    #[test]
    fn numbers_scores_and_dates_keep_their_order() {
        let signed = |n| SortKey::new().signed(n).done();
        assert!(signed(-5) < signed(-1) && signed(-1) < signed(0) && signed(0) < signed(7));
        let score = |n| SortKey::new().score(n).done();
        assert!(score(0.0) < score(0.5) && score(0.5) < score(12.25));
        let date = |text: Option<&str>| SortKey::new().date(text.map(|t| t.parse().expect("date"))).done();
        assert!(date(None) < date(Some("2016")) && date(Some("2016")) < date(Some("2016-01")) && date(Some("2016-12")) < date(Some("2017")));
    }
}
