//! What a file says once it is understood: figures, and what was passed over and why.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::fault::{Fault, FaultCode};
use super::number::{Figure, Wrong};
use crate::domain::fact::{Breakdown, Fact, Period};
use crate::domain::figure::{Dimension, Measure, MeasureNature, ObservationStatus, Source, Subject, ValueAvailability};

/// A figure of everybody: no sex, age group or dimension.
pub(super) fn figure(subject: Subject, measure: Measure, period: (Date, Date), figure: Figure, line: u64, raw: &str) -> Fact {
    let (value, availability) = match figure {
        Figure::Value(value) => (Some(value), ValueAvailability::Reported),
        Figure::Missing(why) => (None, why),
    };
    Fact {
        subject,
        measure,
        period: Period::new(period.0, period.1),
        breakdown: Breakdown::default(),
        value,
        availability,
        status: ObservationStatus::Final,
        is_break: false,
        line: Some(u32::try_from(line).unwrap_or(u32::MAX)),
        raw_value: Some(raw.to_owned()),
    }
}

/// The figure with a further dimension, which makes it a part of the total.
pub(super) fn with(mut fact: Fact, dimension: &str, code: &str, label: &str) -> Fact {
    fact.breakdown.dimensions.push(Dimension { dimension: dimension.to_owned(), code: code.to_owned(), label: label.to_owned() });
    fact
}

/// A hash of what makes it one figure of its source and edition: two with the same are the same figure twice.
pub(super) fn key(fact: &Fact) -> u128 {
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: &str| {
        // With its length ahead, no text can be taken for the end of one and the start of another.
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    match &fact.subject {
        Subject::Corridor(origin, destination) => ["C", origin, destination].map(&mut part),
        Subject::Route(code) => ["R", code, ""].map(&mut part),
        Subject::State(code) => ["S", code, ""].map(&mut part),
    };
    part(fact.breakdown.age_group.as_deref().unwrap_or_default());
    for dimension in &fact.breakdown.dimensions {
        part(&dimension.dimension);
        part(&dimension.code);
    }
    let sex = fact.breakdown.sex.map_or(0, |sex| sex as u8 + 1);
    hasher.update(&[fact.measure as u8, sex]);
    hasher.update(&fact.period.code().to_le_bytes());
    let mut low = [0; 16];
    low.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(low)
}

/// What one row gave.
#[derive(Debug, Default)]
pub(super) struct Yield {
    /// Its figures.
    pub facts: Vec<Fact>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// What of it was passed over; the reason and how often.
    pub skipped: BTreeMap<&'static str, u64>,
    line: u64,
    row: u64,
}

impl Yield {
    /// For the next row.
    pub fn start(&mut self, line: u64, row: u64) {
        self.facts.clear();
        self.faults.clear();
        (self.line, self.row) = (line, row);
    }

    /// The line and the row that it is of.
    pub const fn place(&self) -> (u64, u64) {
        (self.line, self.row)
    }

    /// Something is wrong in that column.
    pub fn wrong(&mut self, column: &str, (code, message): Wrong) {
        self.faults.push(Fault { code, line: Some(self.line), other_line: None, row: Some(self.row), column: Some(column.to_owned()), message });
    }

    /// The value, or a fault in that column.
    pub fn take<T>(&mut self, column: &str, read: Result<T, Wrong>) -> Option<T> {
        read.map_err(|wrong| self.wrong(column, wrong)).ok()
    }

    /// Something was passed over on purpose.
    pub fn skip(&mut self, why: &'static str) {
        *self.skipped.entry(why).or_default() += 1;
    }
}

/// Where figures come from, as a layout knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub source: Source,
    /// The edition that the file itself names.
    pub edition: Option<String>,
}

/// A source of that name and home.
pub(super) fn source(code: &str, name: &str, publisher: &str, url: &str, licence: &str) -> Source {
    Source { code: code.into(), name: name.into(), publisher: publisher.into(), url: Some(url.into()), licence: Some(licence.into()), retrieved_on: None }
}

/// The period of a year, for a measure counted over it or at the end of it.
pub(super) fn year(text: &str, measure: Measure) -> Result<(Date, Date), Wrong> {
    let year = year_number(text)?;
    let end = day(year, 12, 31)?;
    Ok(if measure.nature() == MeasureNature::Stock { (end, end) } else { (day(year, 1, 1)?, end) })
}

/// A year that figures of migration can be of.
pub(super) fn year_number(text: &str) -> Result<i16, Wrong> {
    let text = text.trim_matches([' ', '\t']);
    let year = text.parse::<i16>().ok().filter(|year| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) && (1900..=2100).contains(year));
    year.ok_or_else(|| bad_period(text, "a year from 1900 to 2100 in four digits is wanted"))
}

/// A fault of a period.
pub(super) fn bad_period(text: &str, wanted: &str) -> Wrong {
    (FaultCode::BadPeriod, format!("{} is no period of this layout: {wanted}.", super::fault::quoted(text)))
}

/// A day; the caller's numbers are in their ranges.
pub(super) fn day(year: i16, month: i8, day: i8) -> Result<Date, Wrong> {
    Date::new(year, month, day).map_err(|_| bad_period(&format!("{year}-{month}-{day}"), "a day of the calendar is wanted"))
}
