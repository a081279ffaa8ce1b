//! The World Bank's World Development Indicators: personal remittances, in the downloads' form (CSV and workbook, a
//! column a year) and in that of the `DataBank`.
//!
//! Amounts are floating-point there. Kosovo is an entry of its own, not part of Serbia.

use super::fact::{Origin, Yield, figure as figure_of, source, year, year_number};
use super::header::{Header, Mismatch, Names, Rows};
use super::number::Numbers;
use super::place::{self, Place};
use super::record::Record;
use crate::domain::figure::{Measure, Subject, ValueAvailability};

const LAYOUT: &str = "the World Bank's indicators, a column a year";
const COUNTRY: Names = &["Country Code"];
const INDICATOR: Names = &["Indicator Code", "Series Code"];
const OTHERS: &[&str] = &["Country Name", "Indicator Name", "Series Name"];
const AMOUNTS: Numbers = Numbers { marks: &[("..", ValueAvailability::NotAvailable)], thousands: false, exponent: true, decimals: true };

/// Indicators that are taken: code, measure, source, what it is.
const INDICATORS: [(&str, Measure, &str, &str); 2] = [
    ("BX.TRF.PWKR.CD.DT", Measure::RemittancesReceivedUsd, "WB-WDI-RECEIVED", "Personal remittances, received (current US$, BX.TRF.PWKR.CD.DT)"),
    ("BM.TRF.PWKR.CD.DT", Measure::RemittancesPaidUsd, "WB-WDI-PAID", "Personal remittances, paid (current US$, BM.TRF.PWKR.CD.DT)"),
];

struct Table {
    country: usize,
    indicator: usize,
    /// The column of each year and the year.
    years: Vec<(usize, String)>,
    /// Of the first row that is taken; a file holds one.
    taken: Option<&'static (&'static str, Measure, &'static str, &'static str)>,
    edition: Option<String>,
}

/// Whether a header is that of a table of indicators.
pub(super) fn table(header: &Header<'_>) -> Result<Box<dyn Rows>, Mismatch> {
    let years: Vec<_> = header.names.iter().enumerate().filter_map(|(column, name)| Some((column, year_of(name)?))).collect();
    let known = |name: &str| OTHERS.contains(&name) || year_of(name).is_some();
    header.compare(LAYOUT, &[COUNTRY, INDICATOR], &known)?;
    if years.is_empty() {
        let note = Some("One column a year is wanted.".to_owned());
        return Err(Mismatch { found: 2, layout: LAYOUT, missing: vec!["2020".into()], unexpected: Vec::new(), note });
    }
    let edition = header.above("Last Updated Date").and_then(day);
    let at = |names| header.find(names).unwrap_or_default();
    Ok(Box::new(Table { country: at(COUNTRY), indicator: at(INDICATOR), years, taken: None, edition }))
}

/// `2020`, or `2020 [YR2020]`.
fn year_of(name: &str) -> Option<String> {
    let (year, rest) = name.split_at_checked(4)?;
    year_number(year).ok()?;
    (rest.is_empty() || rest == format!(" [YR{year}]")).then(|| year.to_owned())
}

/// `2021-09-15`; a workbook gives the day so, too.
fn day(text: &str) -> Option<String> {
    text.trim().parse::<jiff::civil::Date>().ok().map(|day| day.to_string())
}

impl Rows for Table {
    fn row(&mut self, record: &Record, out: &mut Yield) {
        let country = out.take("Country Code", place::WORLD_BANK.find(record.cell(self.country)));
        let code = record.cell(self.indicator).trim();
        let Some(found) = INDICATORS.iter().find(|(known, ..)| *known == code) else {
            out.skip("rows of an indicator that is not taken");
            return;
        };
        if self.taken.get_or_insert(found).0 != found.0 {
            out.skip("rows of a second indicator: a file holds one");
            return;
        }
        if country == Some(Place::Aggregate) {
            out.skip("rows of several states together (World, regions, income groups)");
            return;
        }
        for (column, name) in &self.years {
            let raw = record.cell(*column);
            let figure = out.take(name, AMOUNTS.read(raw));
            let period = out.take(name, year(name, found.1));
            if let (Some(Place::Point(country)), Some(figure), Some(period)) = (country, figure, period) {
                out.facts.push(figure_of(Subject::State(country.to_owned()), found.1, period, figure, record.line, raw));
            }
        }
    }

    fn origin(&self) -> Origin {
        let (_, _, code, name) = *self.taken.unwrap_or(&INDICATORS[0]);
        let name = format!("World Development Indicators: {name}; Kosovo is counted by itself, not in Serbia");
        Origin { source: source(code, &name, "World Bank", "https://data.worldbank.org/", "CC BY 4.0"), edition: self.edition.clone() }
    }
}
