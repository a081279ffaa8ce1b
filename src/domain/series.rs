//! Figures of one source through time: which periods make a line, how it changes, and where it must not be drawn on.

use std::collections::BTreeMap;

use super::date::PartialDate;
use super::fact::Period;
use super::figure::{Measure, MeasureNature, Observation, ObservationStatus, ValueAvailability};
use super::word::words;

words! {
    /// How long the periods of a series are.
    pub enum Interval {
        /// Calendar months, named `2016-05`.
        Month = "MONTH",
        /// Calendar quarters; each is named by its first month.
        Quarter = "QUARTER",
        /// Calendar years, named `2016`.
        Year = "YEAR",
    }
}

/// One point of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// How many intervals lie before it, since the year 0: the next point has the next number.
    pub number: i32,
    /// What was counted there.
    pub value: Option<f64>,
    /// Whether there is a value, and if not, why.
    pub availability: ValueAvailability,
    /// How settled it is.
    pub status: ObservationStatus,
    /// Whether the source marks a break here.
    pub is_break: bool,
}

/// Where a source changed what it counts: no line is drawn through the start of that interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The number of the first interval in the new way.
    pub number: i32,
    /// What changed.
    pub note: &'static str,
}

impl Interval {
    /// The number of the interval that a period is, or (for a stock) that it ends in; none where it is another length.
    #[must_use]
    pub fn number(self, nature: MeasureNature, period: Period) -> Option<i32> {
        let (start, end) = (period.start(), period.end());
        let month = |day: jiff::civil::Date| i32::from(day.year()) * 12 + i32::from(day.month()) - 1;
        let months = self.months();
        let number = month(end).div_euclid(months);
        let is_whole = start.day() == 1 && end == end.last_of_month() && month(end) - month(start) + 1 == months && month(start).rem_euclid(months) == 0;
        (nature == MeasureNature::Stock || is_whole).then_some(number)
    }

    const fn months(self) -> i32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }

    /// The interval of that number as a date.
    #[must_use]
    pub fn date(self, number: i32) -> PartialDate {
        let months = number * self.months();
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        let text = if self == Self::Year { format!("{year:04}") } else { format!("{year:04}-{month:02}") };
        text.parse().unwrap_or_else(|_| PartialDate::year(1))
    }

    /// The number of the interval in which that year begins.
    #[must_use]
    pub const fn first_of(self, year: i16) -> i32 {
        year as i32 * 12 / self.months()
    }
}

/// The points of figures of one source. Of a stock that is counted several times in an interval, the last counts.
#[must_use]
pub fn points<'a>(interval: Interval, nature: MeasureNature, figures: impl Iterator<Item = (&'a Observation, bool)>) -> Vec<Point> {
    let mut by_number: BTreeMap<i32, (Period, &Observation, bool)> = BTreeMap::new();
    for (figure, is_break) in figures {
        let period = Period::new(figure.period_start, figure.period_end);
        let Some(number) = interval.number(nature, period) else { continue };
        let last = by_number.entry(number).or_insert((period, figure, is_break));
        // A break on the way to the last count of an interval is a break before it.
        let is_broken = last.2 || is_break;
        *last = if last.0 < period { (period, figure, is_broken) } else { (last.0, last.1, is_broken) };
    }
    let point = |(number, (_, figure, is_break)): (i32, (Period, &Observation, bool))| Point {
        number,
        value: figure.value,
        availability: figure.availability,
        status: figure.status,
        is_break,
    };
    by_number.into_iter().map(point).collect()
}

/// How much each point changed since the one before: only where that is the interval before, both are known, and the
/// source counted both in the same way.
#[must_use]
pub fn changes(points: &[Point], breaks: &[Break]) -> Vec<Option<f64>> {
    let change = |[before, after]: &[Point; 2]| {
        let is_broken = breaks.iter().any(|b| b.number > before.number && b.number <= after.number);
        if after.number != before.number + 1 || is_broken {
            return None;
        }
        Some(after.value? - before.value?)
    };
    std::iter::once(None).chain(points.array_windows().map(change)).take(points.len()).collect()
}

/// The values at the end of a line that are one stretch: known, without a gap, and counted in the same way.
#[must_use]
pub fn last_stretch(points: &[Point], breaks: &[Break]) -> Vec<(i32, f64)> {
    let since = breaks.iter().map(|b| b.number).max().unwrap_or(i32::MIN);
    let mut stretch: Vec<(i32, f64)> = Vec::new();
    for point in points.iter().rev() {
        let Some(value) = point.value else { break };
        if point.number < since || stretch.last().is_some_and(|(later, _)| *later != point.number + 1) {
            break;
        }
        stretch.push((point.number, value));
    }
    stretch.reverse();
    stretch
}

/// What is known of a break that a source marks without a word.
const MARKED: &str = "The source marks a break here: from this period on it counts in another way.";

/// Where publishers say that they changed what they count, and where they mark it at the figures; in order.
#[must_use]
pub fn breaks(publisher: &str, measure: Measure, interval: Interval, points: &[Point]) -> Vec<Break> {
    let known: &[(&str, Measure, i16, &str)] = &[
        ("UNHCR", Measure::Refugees, 2007, "From 2007 on, UNHCR counts persons in refugee-like situations with refugees."),
        ("UNHCR", Measure::OthersInNeed, 2022, "In 2022 UNHCR made this group, of which before only persons displaced from one state were counted."),
    ];
    let is_of = |(by, of, ..): &&(&str, Measure, i16, &str)| *of == measure && publisher.contains(*by);
    let told = known.iter().filter(is_of).map(|(.., year, note)| Break { number: interval.first_of(*year), note });
    let marked = points.iter().filter(|point| point.is_break).map(|point| Break { number: point.number, note: MARKED });
    // Of one that is told and marked, the words stay: they come first.
    let mut all: Vec<Break> = told.chain(marked).collect();
    all.sort_by_key(|b| b.number);
    all.dedup_by_key(|b| b.number);
    all
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn point(number: i32, value: Option<f64>) -> Point {
        Point { number, value, availability: ValueAvailability::Reported, status: ObservationStatus::Final, is_break: false }
    }

    #[test]
    fn a_period_belongs_to_the_interval_that_it_is() {
        let flow =
            |interval: Interval, start, end| interval.number(MeasureNature::Flow, Period::new(start, end)).map(|number| interval.date(number).to_string());
        assert_eq!(flow(Interval::Year, date(2023, 1, 1), date(2023, 12, 31)).as_deref(), Some("2023"));
        assert_eq!(flow(Interval::Year, date(2023, 1, 1), date(2023, 10, 31)), None);
        assert_eq!(flow(Interval::Year, date(2022, 7, 1), date(2023, 6, 30)), None);
        assert_eq!(flow(Interval::Month, date(2024, 2, 1), date(2024, 2, 29)).as_deref(), Some("2024-02"));
        assert_eq!(flow(Interval::Quarter, date(2024, 4, 1), date(2024, 6, 30)).as_deref(), Some("2024-04"));
        assert_eq!(flow(Interval::Quarter, date(2024, 5, 1), date(2024, 7, 31)), None);
        let stock = Interval::Year.number(MeasureNature::Stock, Period::day(date(2020, 7, 1)));
        assert_eq!(stock, Some(2020));
        assert_eq!(Interval::Quarter.first_of(2007), 2007 * 4);
    }

    #[test]
    fn a_change_is_not_told_across_gaps_and_breaks() {
        let points = [point(2005, Some(1.0)), point(2006, Some(4.0)), point(2007, Some(9.0)), point(2009, Some(9.5)), point(2010, None)];
        let broken = [Break { number: 2007, note: "" }];
        assert_eq!(changes(&points, &broken), [None, Some(3.0), None, None, None]);
        assert_eq!(changes(&points, &[]), [None, Some(3.0), Some(5.0), None, None]);
        assert_eq!(changes(&[], &[]), []);
    }

    #[test]
    fn what_is_trained_on_is_one_stretch() {
        let points = [point(2004, Some(0.0)), point(2006, Some(1.0)), point(2007, Some(2.0)), point(2008, Some(3.0))];
        assert_eq!(last_stretch(&points, &[]), [(2006, 1.0), (2007, 2.0), (2008, 3.0)]);
        assert_eq!(last_stretch(&points, &[Break { number: 2007, note: "" }]), [(2007, 2.0), (2008, 3.0)]);
        assert_eq!(last_stretch(&[point(2008, None)], &[]), []);
    }

    #[test]
    fn breaks_are_those_of_the_publisher() {
        assert_eq!(breaks("UNHCR", Measure::Refugees, Interval::Quarter, &[])[0].number, 2007 * 4);
        assert!(breaks("Eurostat", Measure::Refugees, Interval::Year, &[]).is_empty());
        let marked = |number| Point { is_break: true, ..point(number, Some(1.0)) };
        let all = breaks("UNHCR", Measure::Refugees, Interval::Year, &[point(2006, Some(1.0)), marked(2007), marked(2009)]);
        assert_eq!(all.iter().map(|b| b.number).collect::<Vec<_>>(), [2007, 2009], "one that is told and marked is one");
        assert_eq!((all[0].note.starts_with("From 2007 on"), all[1].note), (true, MARKED));
    }
}
