//! Which blocks may stand in one sum.
//!
//! Sources count differently, and what they count may overlap: so a sum is of one source, of figures about one kind of
//! subject, over periods of one length that do not overlap; a stock is never added up over time. Where a question
//! leaves open which, the rules here choose, always in the same way, and the descriptions in the schema tell them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{BlockKind, FigureDimension, Head};
use crate::domain::date::PartialDate;
use crate::domain::fact::{Breakdown, Period};
use crate::domain::figure::{MeasureNature, Sex};

/// What a question asks of blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Question {
    /// Whether the measure is a stock.
    pub is_stock: bool,
    /// At most three, each once.
    pub group_by: Vec<FigureDimension>,
    /// Only periods that lie between.
    pub from: Option<PartialDate>,
    /// Only periods that lie between.
    pub to: Option<PartialDate>,
    /// Only of these sources.
    pub sources: Option<Vec<String>>,
    /// Only of one of these sexes.
    pub sexes: Option<Vec<Sex>>,
    /// Only of one of these age groups.
    pub age_groups: Option<Vec<String>>,
    /// Only about these kinds of subject, where filters or dimensions say so.
    pub kinds: Option<Vec<BlockKind>>,
}

impl Question {
    /// Whether it groups by that.
    #[must_use]
    pub fn by(&self, dimension: FigureDimension) -> bool {
        self.group_by.contains(&dimension)
    }

    /// For a measure of that nature.
    #[must_use]
    pub fn of(nature: MeasureNature) -> Self {
        Self { is_stock: nature == MeasureNature::Stock, ..Self::default() }
    }
}

/// A block that is there, and what its numbers stand for.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The block.
    pub head: Head,
    /// Its source, by code.
    pub source: &'a str,
    /// What it tells apart.
    pub breakdown: &'a Breakdown,
}

/// How long a period is, as calendars count: only equals are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Length {
    /// One day.
    Day,
    /// Some other number of days.
    Days(u64),
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// Half of a calendar year.
    Half,
    /// A calendar year.
    Year,
}

impl Length {
    /// Of that period.
    #[must_use]
    pub fn of(period: Period) -> Self {
        let (start, end) = (period.start(), period.end());
        if start == end {
            return Self::Day;
        }
        let months = (i32::from(end.year()) - i32::from(start.year())) * 12 + i32::from(end.month()) - i32::from(start.month()) + 1;
        let is_whole = start.day() == 1 && end == end.last_of_month();
        let begins = |every: i8| (start.month() - 1) % every == 0;
        match months {
            1 if is_whole => Self::Month,
            3 if is_whole && begins(3) => Self::Quarter,
            6 if is_whole && begins(6) => Self::Half,
            12 if is_whole && begins(12) => Self::Year,
            _ => Self::Days(period.length()),
        }
    }
}

/// The blocks that answer a question.
#[must_use]
pub fn choose<'a>(question: &Question, offers: &[Offer<'a>]) -> Vec<Offer<'a>> {
    let mut by_source: BTreeMap<&str, Vec<Offer<'a>>> = BTreeMap::new();
    for offer in offers.iter().filter(|offer| fits(question, offer)) {
        by_source.entry(offer.source).or_default().push(*offer);
    }
    for offers in by_source.values_mut() {
        let kinds = kinds(question, offers);
        offers.retain(|offer| kinds.contains(&offer.head.kind));
        let periods = if question.is_stock { stocks(question, offers) } else { flows(offers) };
        offers.retain(|offer| periods.contains(&offer.head.period));
    }
    if question.by(FigureDimension::Source) {
        return by_source.into_values().flatten().collect();
    }
    by_source.into_values().rev().max_by_key(|offers| coverage(offers)).unwrap_or_default()
}

/// How well a source covers what was asked: periods first, then figures, then how far it reaches. Of equals the first
/// by code is taken.
fn coverage(offers: &[Offer<'_>]) -> (usize, u64, Option<Period>) {
    let periods: BTreeSet<Period> = offers.iter().map(|offer| offer.head.period).collect();
    (periods.len(), offers.iter().map(|offer| offer.head.facts).sum(), periods.last().copied())
}

/// Breakdown, source and period are those that are asked for. A period must lie wholly within: half a year's figure
/// is nobody's.
fn fits(question: &Question, offer: &Offer<'_>) -> bool {
    let Breakdown { sex, age_group, dimensions } = offer.breakdown;
    let sexes = question.sexes.as_ref();
    let ages = question.age_groups.as_ref();
    let tells_sex = sexes.is_some() || question.by(FigureDimension::Sex);
    let tells_age = ages.is_some() || question.by(FigureDimension::AgeGroup);
    let period = offer.head.period;
    dimensions.is_empty()
        && sex.map_or(!tells_sex, |sex| tells_sex && sexes.is_none_or(|sexes| sexes.contains(&sex)))
        && age_group.as_ref().map_or(!tells_age, |age| tells_age && ages.is_none_or(|ages| ages.contains(age)))
        && question.sources.as_ref().is_none_or(|sources| sources.iter().any(|source| source == offer.source))
        && question.from.is_none_or(|from| period.start() >= from.first_day())
        && question.to.is_none_or(|to| period.end() <= to.last_day())
        && question.kinds.as_ref().is_none_or(|kinds| kinds.contains(&offer.head.kind))
}

/// Corridors and states as a whole are apart in a source and add up; routes overlap with both, and are taken where
/// there is nothing else, or where they are asked for.
fn kinds(question: &Question, offers: &[Offer<'_>]) -> Vec<BlockKind> {
    if let Some(kinds) = &question.kinds {
        return kinds.clone();
    }
    let has_others = offers.iter().any(|offer| offer.head.kind != BlockKind::Route);
    if has_others { vec![BlockKind::Corridor, BlockKind::State] } else { vec![BlockKind::Route] }
}

/// The last day that there is, or the last of each year where years stand apart.
fn stocks(question: &Question, offers: &[Offer<'_>]) -> BTreeSet<Period> {
    let mut latest: BTreeMap<i16, Period> = BTreeMap::new();
    for offer in offers {
        let period = offer.head.period;
        let year = if question.by(FigureDimension::Year) { period.end().year() } else { 0 };
        latest.entry(year).and_modify(|last| *last = period.max(*last)).or_insert(period);
    }
    latest.into_values().collect()
}

/// Periods of the one length that covers most days (of equals the longest), latest first, without overlap.
fn flows(offers: &[Offer<'_>]) -> BTreeSet<Period> {
    let mut by_length: BTreeMap<Length, BTreeSet<Period>> = BTreeMap::new();
    for offer in offers {
        by_length.entry(Length::of(offer.head.period)).or_default().insert(offer.head.period);
    }
    let apart = by_length.into_iter().map(|(length, periods)| {
        let mut chosen = BTreeSet::new();
        let (mut ahead, mut days) = (Date::MAX, 0);
        for period in periods.into_iter().rev() {
            if period.end() < ahead || chosen.is_empty() {
                ahead = period.start();
                days += period.length() + 1;
                chosen.insert(period);
            }
        }
        (days, length, chosen)
    });
    apart.max_by_key(|(days, length, _)| (*days, *length)).map(|(.., chosen)| chosen).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn head(kind: BlockKind, period: Period, facts: u64) -> Head {
        Head { set: 1, breakdown: 1, kind, period, facts }
    }

    static TOTAL: Breakdown = Breakdown { sex: None, age_group: None, dimensions: Vec::new() };

    fn offers(all: &[(&'static str, BlockKind, Period, u64)]) -> Vec<Offer<'static>> {
        all.iter().map(|&(source, kind, period, facts)| Offer { head: head(kind, period, facts), source, breakdown: &TOTAL }).collect()
    }

    fn chosen(question: &Question, all: &[(&'static str, BlockKind, Period, u64)]) -> Vec<(&'static str, BlockKind, Period)> {
        choose(question, &offers(all)).iter().map(|offer| (offer.source, offer.head.kind, offer.head.period)).collect()
    }

    fn month(year: i16, month: i8) -> Period {
        let first = date(year, month, 1);
        Period::new(first, first.last_of_month())
    }

    #[test]
    fn one_source_answers_unless_sources_are_told_apart() {
        let all = [
            ("A", BlockKind::Corridor, Period::year(2020), 5),
            ("B", BlockKind::Corridor, Period::year(2020), 5),
            ("B", BlockKind::Corridor, Period::year(2021), 5),
        ];
        assert!(chosen(&Question::default(), &all).iter().all(|(source, ..)| *source == "B"), "it covers more periods");
        assert!(
            chosen(&Question { to: Some(PartialDate::year(2020)), ..Question::default() }, &all).iter().all(|(source, ..)| *source == "A"),
            "of equals the first"
        );
        assert_eq!(chosen(&Question { group_by: vec![FigureDimension::Source], ..Question::default() }, &all).len(), 3);
        assert_eq!(chosen(&Question { sources: Some(vec!["A".into()]), ..Question::default() }, &all).len(), 1);
    }

    #[test]
    fn a_stock_is_never_added_up_over_time() {
        let day = |year, month, day| Period::day(date(year, month, day));
        let all = [
            ("A", BlockKind::Corridor, day(2020, 6, 30), 5),
            ("A", BlockKind::Corridor, day(2020, 12, 31), 5),
            ("A", BlockKind::Corridor, day(2021, 6, 30), 5),
        ];
        let stock = Question { is_stock: true, ..Question::default() };
        assert_eq!(chosen(&stock, &all), [("A", BlockKind::Corridor, day(2021, 6, 30))]);
        let by_year = Question { group_by: vec![FigureDimension::Year], ..stock };
        assert_eq!(chosen(&by_year, &all).iter().map(|(.., period)| *period).collect::<Vec<_>>(), [day(2020, 12, 31), day(2021, 6, 30)]);
    }

    #[test]
    fn months_and_years_are_never_added_up() {
        let mut all: Vec<_> = (1..=12).map(|m| ("A", BlockKind::Corridor, month(2020, m), 5)).collect();
        all.push(("A", BlockKind::Corridor, Period::year(2020), 5));
        assert_eq!(chosen(&Question::default(), &all), [("A", BlockKind::Corridor, Period::year(2020))], "of equals the longest");
        let first_half = Question { to: Some("2020-06".parse().unwrap()), ..Question::default() };
        assert_eq!(chosen(&first_half, &all).len(), 6, "a year is not half a year");
        all.push(("A", BlockKind::Corridor, month(2021, 1), 5));
        assert_eq!(chosen(&Question::default(), &all).len(), 13, "months cover more days");
    }

    #[test]
    fn periods_that_overlap_are_never_added_up() {
        let until = |month: i8, day: i8| Period::new(date(2022, 1, 1), date(2022, month, day));
        let all = [("A", BlockKind::Route, until(6, 30), 1), ("A", BlockKind::Route, until(10, 31), 1)];
        assert_eq!(chosen(&Question::default(), &all), [("A", BlockKind::Route, until(10, 31))]);
    }

    #[test]
    fn routes_are_never_added_to_corridors() {
        let year = Period::year(2020);
        let all = [("A", BlockKind::Route, year, 9), ("A", BlockKind::Corridor, year, 1), ("A", BlockKind::State, year, 1)];
        assert_eq!(chosen(&Question::default(), &all).iter().map(|(_, kind, _)| *kind).collect::<Vec<_>>(), [BlockKind::Corridor, BlockKind::State]);
        assert_eq!(chosen(&Question { kinds: Some(vec![BlockKind::Route]), ..Question::default() }, &all).len(), 1);
        assert_eq!(chosen(&Question::default(), &all[..1]).len(), 1);
    }

    #[test]
    fn totals_alone_unless_sex_or_age_are_asked_for() {
        let women = Breakdown { sex: Some(Sex::Female), ..Breakdown::default() };
        let total = offers(&[("A", BlockKind::State, Period::year(2020), 1)]).remove(0);
        let offers = [Offer { breakdown: &women, ..total }, total];
        let is_total = |question: &Question| choose(question, &offers).iter().map(|offer| offer.breakdown.is_total()).collect::<Vec<_>>();
        assert_eq!(is_total(&Question::default()), [true]);
        assert_eq!(is_total(&Question { sexes: Some(vec![Sex::Female]), ..Question::default() }), [false]);
        assert_eq!(is_total(&Question { group_by: vec![FigureDimension::Sex], ..Question::default() }), [false]);
        assert_eq!(is_total(&Question { sexes: Some(vec![]), ..Question::default() }), Vec::<bool>::new());
        assert_eq!(is_total(&Question { group_by: vec![FigureDimension::AgeGroup], ..Question::default() }), Vec::<bool>::new());
    }
}
