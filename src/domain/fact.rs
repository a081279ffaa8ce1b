//! Facts as publishers' files state them, the series that they belong to, and the ids of both.
//!
//! A figure ([`Observation`]) is a fact with its source and file. A *series* is what stays the same while time goes
//! on: subject, measure, source, edition and breakdown. So a figure is a series and a period, and its id says so:
//! eleven bytes of the hash of the series, and the period, masked by five further bytes of that hash. Whoever has an
//! id finds the series by an index on the hash and then the period in it: no index of ten million ids is needed.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::figure::{Dimension, Measure, Observation, ObservationStatus, Sex, Subject, ValueAvailability};
use super::id::Id;
use super::word::Words;

/// One figure of a publisher's file; what all figures of the file share is said once, with the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is about.
    pub subject: Subject,
    /// What it counts.
    pub measure: Measure,
    /// The days that it covers.
    pub period: Period,
    /// What the publisher tells apart; nothing for the total.
    pub breakdown: Breakdown,
    /// None where there is no figure; never zero for "missing".
    pub value: Option<f64>,
    /// Whether there is a figure, and if not, why.
    pub availability: ValueAvailability,
    /// How settled it is.
    pub status: ObservationStatus,
    /// The source says that it counts in another way from here on: not to be compared with the period before.
    pub is_break: bool,
    /// The line of the file, from 1.
    pub line: Option<u32>,
    /// The cell as it was written.
    pub raw_value: Option<String>,
}

/// What a publisher tells apart within a measure: nothing for the total.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Breakdown {
    /// None for both sexes together.
    pub sex: Option<Sex>,
    /// The publisher's age group; none for all ages.
    pub age_group: Option<String>,
    /// What else the publisher distinguishes; empty for the total.
    pub dimensions: Vec<Dimension>,
}

impl Breakdown {
    /// Whether nothing is told apart.
    #[must_use]
    pub const fn is_total(&self) -> bool {
        self.sex.is_none() && self.age_group.is_none() && self.dimensions.is_empty()
    }
}

/// The first and the last day that a figure covers; the same day for a stock.
///
/// As one number of 40 bits, the last day stands ahead of the length, so that numbers sort as periods are listed: by
/// their end, then by their start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period(u64);

/// Bits for the length of a period, in days.
const LENGTH_BITS: u32 = 18;
const LONGEST: u64 = (1 << LENGTH_BITS) - 1;

impl Period {
    /// From the first to the last day. Both ends are put in order; a period of more than seven centuries is cut.
    #[must_use]
    pub fn new(start: Date, end: Date) -> Self {
        let (start, end) = (day_number(start), day_number(end));
        let length = end.saturating_sub(start).min(LONGEST);
        Self((end << LENGTH_BITS) | (LONGEST - length))
    }

    /// A calendar year.
    #[must_use]
    pub fn year(year: i16) -> Self {
        let first = Date::new(year, 1, 1).unwrap_or(Date::ZERO);
        Self::new(first, first.last_of_year())
    }

    /// One day, as of a stock.
    #[must_use]
    pub fn day(day: Date) -> Self {
        Self::new(day, day)
    }

    /// The first day.
    #[must_use]
    pub fn start(self) -> Date {
        day_of(self.end_number().saturating_sub(self.length()))
    }

    /// The last day.
    #[must_use]
    pub fn end(self) -> Date {
        day_of(self.end_number())
    }

    /// How many days lie between the first and the last; 0 for one day.
    #[must_use]
    pub const fn length(self) -> u64 {
        LONGEST - (self.0 & LONGEST)
    }

    const fn end_number(self) -> u64 {
        self.0 >> LENGTH_BITS
    }

    /// As a number that sorts as periods do.
    #[must_use]
    pub const fn code(self) -> u64 {
        self.0
    }

    /// The period of that number; none where it is none of a period.
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        let period = Self(code);
        let fits = period.end_number() <= day_number(Date::MAX) && period.length() <= period.end_number();
        fits.then_some(period)
    }
}

/// Days since the first of January of the year 0, which no figure is older than.
fn day_number(day: Date) -> u64 {
    let since = day.since((jiff::Unit::Day, Date::ZERO)).map_or(0, |span| span.get_days());
    u64::try_from(since).unwrap_or(0)
}

fn day_of(number: u64) -> Date {
    let days = i32::try_from(number).unwrap_or(i32::MAX);
    Date::ZERO.checked_add(jiff::Span::new().days(days)).unwrap_or(Date::MAX)
}

/// What figures of a subject are kept under: `C:AFG-DEU`, `R:EAST-MED` or `S:AFG`.
#[must_use]
pub fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Corridor(origin, destination) => format!("C:{origin}-{destination}"),
        Subject::Route(code) => format!("R:{code}"),
        Subject::State(code) => format!("S:{code}"),
    }
}

/// The subject that is kept under a text.
#[must_use]
pub fn subject_of(text: &str) -> Option<Subject> {
    let (kind, code) = text.split_once(':')?;
    match kind {
        "C" => {
            let (origin, destination) = code.split_once('-')?;
            Some(Subject::Corridor(origin.to_owned(), destination.to_owned()))
        }
        "R" => Some(Subject::Route(code.to_owned())),
        "S" => Some(Subject::State(code.to_owned())),
        _ => None,
    }
}

/// The hash of a series: the same on every installation and engine. Changing this function changes every figure's
/// id: it is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesHash([u8; 16]);

impl SeriesHash {
    /// Of what stays the same while time goes on.
    #[must_use]
    pub fn of(subject: &str, measure: Measure, source: &str, edition: &str, breakdown: &Breakdown) -> Self {
        let sex = breakdown.sex.map_or("", Words::name);
        let age = breakdown.age_group.as_deref().unwrap_or("");
        let mut key = format!("{subject}|{measure}|{sex}|{age}|{source}|{edition}");
        for d in &breakdown.dimensions {
            // Writing to a String cannot fail.
            let _ = write!(key, "|{}={}", d.dimension, d.code);
        }
        Self(*Id::of("Series", &key).as_bytes())
    }

    /// What the index of series holds: the first eight bytes.
    #[must_use]
    pub fn index(&self) -> i64 {
        index_of(&self.0)
    }

    /// The id of the figure of that period.
    #[must_use]
    pub fn id(&self, period: Period) -> Id {
        let mut bytes = self.0;
        let code = period.code().to_be_bytes();
        for (byte, of_period) in bytes.iter_mut().skip(11).zip(code.iter().skip(3)) {
            *byte ^= of_period;
        }
        Id::from_bytes(bytes)
    }

    /// The period that an id names, where it is the id of a figure of this series.
    #[must_use]
    pub fn period_in(&self, id: Id) -> Option<Period> {
        if self.0.get(..11) != id.as_bytes().get(..11) {
            return None;
        }
        let masked = self.0.iter().zip(id.as_bytes()).skip(11);
        Period::from_code(masked.fold(0, |code, (hash, byte)| (code << 8) | u64::from(hash ^ byte)))
    }
}

/// Where the index of series finds what may be the series of a figure's id.
#[must_use]
pub fn index_of_id(id: Id) -> i64 {
    index_of(id.as_bytes())
}

fn index_of(bytes: &[u8; 16]) -> i64 {
    bytes.first_chunk().map_or(0, |first| i64::from_be_bytes(*first))
}

impl Observation {
    /// What it says beside its source and file.
    #[must_use]
    pub fn fact(&self) -> Fact {
        Fact {
            subject: self.subject.clone(),
            measure: self.measure,
            period: Period::new(self.period_start, self.period_end),
            breakdown: Breakdown { sex: self.sex, age_group: self.age_group.clone(), dimensions: self.dimensions.clone() },
            value: self.value,
            availability: self.availability,
            status: self.status,
            is_break: false,
            line: self.line,
            raw_value: self.raw_value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_period_comes_back_from_its_number_and_from_an_id(year in 1_i16..=9999, month in 1_i8..=12, day in 1_i8..=28, length in 0_i32..=9000) {
            let start = date(year, month, day);
            let end = start.checked_add(jiff::Span::new().days(length)).unwrap_or(start);
            let period = Period::new(start, end);
            prop_assert_eq!((period.start(), period.end()), (start, end));
            prop_assert_eq!(Period::from_code(period.code()), Some(period));
            prop_assert!(period.code() < 1 << 40);
            let series = SeriesHash::of("S:AFG", Measure::Refugees, "X", "1", &Breakdown::default());
            prop_assert_eq!(series.period_in(series.id(period)), Some(period));
            prop_assert_eq!(index_of_id(series.id(period)), series.index());
        }

        #[test]
        fn numbers_sort_as_periods_are_listed(one in (1900_i16..2100, 1_i8..=12, 0_i32..800), two in (1900_i16..2100, 1_i8..=12, 0_i32..800)) {
            let make = |(year, month, length): (i16, i8, i32)| { let start = date(year, month, 1); (start, start.checked_add(jiff::Span::new().days(length)).unwrap()) };
            let (one, two) = (make(one), make(two));
            prop_assert_eq!(Period::new(one.0, one.1).cmp(&Period::new(two.0, two.1)), (one.1, one.0).cmp(&(two.1, two.0)));
        }
    }

    #[test]
    fn an_id_of_another_series_is_none_of_this_one() {
        let of = |source| SeriesHash::of("S:AFG", Measure::Refugees, source, "1", &Breakdown::default());
        let id = of("X").id(Period::year(2020));
        assert_eq!(of("Y").period_in(id), None);
        assert_eq!(of("X").period_in(id), Some(Period::year(2020)));
        assert_ne!(id, of("X").id(Period::day(date(2020, 12, 31))));
    }

    #[test]
    fn ids_of_figures_are_fixed_for_ever() {
        let series = SeriesHash::of("C:AFG-DEU", Measure::Refugees, "UNHCR-RPS", "2025.12.1", &Breakdown::default());
        assert_eq!(series.id(Period::day(date(2024, 12, 31))).to_string(), "juC9Bc61SQgL-5uxbzI3nQ");
    }
}
