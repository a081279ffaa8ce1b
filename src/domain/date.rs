//! Calendar dates of the precision that is known: a year, a month, or a day.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 8601 date of the precision that is known: `2016`, `2016-05` or `2016-05-03`.
///
/// Ordered by its first day; where that is the same, the coarser comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartialDate {
    year: i16,
    /// 0 where only the year is known.
    month: i8,
    /// 0 where no day is known.
    day: i8,
}

/// The text was no date of any precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date: write 2016, 2016-05 or 2016-05-03")]
pub struct NotADate;

impl PartialDate {
    /// A year alone.
    #[must_use]
    pub const fn year(year: i16) -> Self {
        Self { year, month: 0, day: 0 }
    }

    /// A day.
    #[must_use]
    pub fn day(date: Date) -> Self {
        Self { year: date.year(), month: date.month(), day: date.day() }
    }

    /// The first day that it may mean.
    #[must_use]
    pub fn first_day(self) -> Date {
        Date::new(self.year, self.month.max(1), self.day.max(1)).unwrap_or(Date::MIN)
    }

    /// The last day that it may mean.
    #[must_use]
    pub fn last_day(self) -> Date {
        let first = self.first_day();
        match (self.month, self.day) {
            (0, _) => first.last_of_year(),
            (_, 0) => first.last_of_month(),
            _ => first,
        }
    }

    /// Whether some day that it may mean lies between the two (inclusive; `None` is unbounded).
    #[must_use]
    pub fn overlaps(self, from: Option<Self>, to: Option<Self>) -> bool {
        from.is_none_or(|from| self.last_day() >= from.first_day()) && to.is_none_or(|to| self.first_day() <= to.last_day())
    }
}

/// Whether what began and ended so (unknown: always, still) is in force on a day; on its first day and its last it is.
#[must_use]
pub fn in_force(since: Option<PartialDate>, until: Option<PartialDate>, on: Date) -> bool {
    since.is_none_or(|since| since.first_day() <= on) && until.is_none_or(|until| until.last_day() >= on)
}

/// Whether a period with a start and an end (either may be unknown) overlaps `from..to`.
///
/// An unknown start is taken from the end and the reverse; a period that knows neither overlaps nothing
/// that is bounded.
#[must_use]
pub fn period_overlaps(start: Option<PartialDate>, end: Option<PartialDate>, from: Option<PartialDate>, to: Option<PartialDate>) -> bool {
    let (Some(start), Some(end)) = (start.or(end), end.or(start)) else { return from.is_none() && to.is_none() };
    from.is_none_or(|from| end.last_day() >= from.first_day()) && to.is_none_or(|to| start.first_day() <= to.last_day())
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.month > 0 {
            write!(f, "-{:02}", self.month)?;
        }
        if self.day > 0 {
            write!(f, "-{:02}", self.day)?;
        }
        Ok(())
    }
}

impl FromStr for PartialDate {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let number =
            |part: &str| -> Result<i16, NotADate> { if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().map_err(|_| NotADate) } else { Err(NotADate) } };
        let two = |part: &str| -> Result<i8, NotADate> {
            match (part.len(), number(part)?) {
                (2, n @ 1..=31) => i8::try_from(n).map_err(|_| NotADate),
                _ => Err(NotADate),
            }
        };
        let mut parts = text.split('-');
        let year = match parts.next() {
            Some(year) if year.len() == 4 => number(year)?,
            _ => return Err(NotADate),
        };
        let month = parts.next().map(two).transpose()?;
        let day = parts.next().map(two).transpose()?;
        if parts.next().is_some() || year == 0 {
            return Err(NotADate);
        }
        Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).map_err(|_| NotADate)?;
        Ok(Self { year, month: month.unwrap_or(0), day: day.unwrap_or(0) })
    }
}

impl Serialize for PartialDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> PartialDate {
        text.parse().expect(text)
    }

    #[test]
    fn every_precision_reads_back() {
        for text in ["2016", "2016-05", "2016-05-03", "0001", "9999-12-31", "2024-02-29"] {
            assert_eq!(date(text).to_string(), text);
        }
        for text in ["", "16", "2016-5", "2016-13", "2016-02-30", "2023-02-29", "2016-05-03-01", "2016-", "+016", "0000", "２０１６", "2016-05-3"] {
            assert_eq!(text.parse::<PartialDate>(), Err(NotADate), "{text}");
        }
    }

    #[test]
    fn a_year_overlaps_every_day_in_it() {
        assert!(date("2016").overlaps(Some(date("2016-05-01")), Some(date("2016-05-31"))));
        assert!(date("2016-05-03").overlaps(Some(date("2016")), Some(date("2016"))));
        assert!(!date("2015").overlaps(Some(date("2016")), None));
        assert!(!date("2017-01-01").overlaps(None, Some(date("2016"))));
        assert_eq!(date("2024-02").last_day(), jiff::civil::date(2024, 2, 29));
    }

    #[test]
    fn the_coarser_comes_first() {
        assert!(date("2016") < date("2016-01") && date("2016-01") < date("2016-01-01"));
    }
}
