//! UN DESA's international migrant stock: by destination, or by destination and origin, a column a year, as workbook
//! (years stand three times, under "both sexes", "males", "females") and as long table (`2020_males`). Until 2019, the
//! names of the other columns stand a row above the years.
//!
//! The figures are estimates for 1 July. A table without origins is about the states of destination.

use super::fact::{Origin, Yield, day, figure as figure_of, source, year_number};
use super::header::{Header, Mismatch, Names, Rows};
use super::number::Numbers;
use super::place::{self, Place};
use super::record::Record;
use crate::domain::figure::{Measure, ObservationStatus, Sex, Subject, ValueAvailability};

const LAYOUT: &str = "UN DESA's migrant stock, a column a year";
const DESTINATION: Names = &["Location code of destination", "Location code", "Country code", "Code"];
const ORIGIN: Names = &["Location code of origin"];
const TYPE: Names = &["Data type", "Type of data", "Type of data of destination", "Type of data (a)"];
const OTHERS: &[&str] = &[
    "Index",
    "Notes",
    "Coverage",
    "Notes of destination",
    "Sort order",
    "Major area, region, country or area",
    "Major area, region, country or area of destination",
    "Region, subregion, country or area",
    "Region, subregion, country or area of destination",
    "Region, development group, country or area",
    "Region, development group, country or area of destination",
    "Region, development group, country or area of origin",
];
const COUNTS: Numbers = Numbers { marks: &[("..", ValueAvailability::NotAvailable)], thousands: false, exponent: false, decimals: false };

struct Table {
    destination: usize,
    origin: Option<usize>,
    /// Column, its name for people, year and sex.
    columns: Vec<(usize, String, i16, Option<Sex>)>,
    edition: Option<String>,
}

/// Whether a header is that of a table of migrant stock.
pub(super) fn table(header: &Header<'_>) -> Result<Box<dyn Rows>, Mismatch> {
    let Some(above) = header.above.last().filter(|_| !header.has(TYPE)) else { return of_one_row(header) };
    // A cell that reaches over two rows has its text in the upper one.
    let upper = |column: usize| above.get(column).cloned().unwrap_or_default();
    let names: Vec<String> = header.names.iter().enumerate().map(|(column, name)| if name.is_empty() { upper(column) } else { name.clone() }).collect();
    let both = Header { names: &names, above: header.above, unknown: std::cell::RefCell::default() };
    let table = of_one_row(&both)?;
    header.unknown.replace(both.unknown.take());
    Ok(table)
}

fn of_one_row(header: &Header<'_>) -> Result<Box<dyn Rows>, Mismatch> {
    let years: Vec<_> = header.names.iter().enumerate().filter_map(|(column, name)| year_of(name).map(|(year, sex)| (column, year, sex))).collect();
    let known = |name: &str| OTHERS.contains(&name) || year_of(name).is_some() || ORIGIN.contains(&name);
    let mut needed = vec![DESTINATION, TYPE];
    // Without its code, an origin would be lost and its figures taken for those of the destination.
    if header.has(&["Location code of destination"]) || header.names.iter().any(|name| name.ends_with("of origin")) {
        needed.push(ORIGIN);
    }
    let misfit = |found: usize, note: &str| Mismatch { found, layout: LAYOUT, missing: Vec::new(), unexpected: Vec::new(), note: Some(note.to_owned()) };
    if years.is_empty() && header.has(DESTINATION) && header.has(TYPE) {
        // Until 2019, so were the files by origin.
        let turned = if header.has(&["Year"]) { " Here the years stand in rows and the origins in columns, which is not read." } else { "" };
        return Err(misfit(1, &format!("One column a year is wanted, such as 2020 or 2020_total.{turned}")));
    }
    header.compare(LAYOUT, &needed, &known)?;
    let labels = labels(header, years.first().map_or(0, |(column, ..)| *column));
    if labels.iter().any(|(_, label)| !is_stock(label)) {
        return Err(misfit(2, "The columns of years count something else than migrants at mid-year."));
    }
    let mut columns: Vec<(usize, String, i16, Option<Sex>)> = Vec::new();
    for (column, year, sex) in years {
        let label = labels.iter().rev().find(|(start, _)| *start <= column).map_or("", |(_, label)| label);
        let sex = sex.or_else(|| sex_of(label));
        if columns.iter().any(|(_, _, y, s)| (*y, *s) == (year, sex)) {
            return Err(misfit(2, &format!("The year {year} stands twice; above the years it must say which is of both sexes, of males, of females.")));
        }
        let name = match sex {
            None => header.name(column).to_owned(),
            Some(Sex::Female) => format!("{year} (females)"),
            Some(Sex::Male) => format!("{year} (males)"),
        };
        columns.push((column, name, year, sex));
    }
    let edition = edition(header).or_else(|| columns.iter().map(|(_, _, year, _)| *year).max().map(|year| year.to_string()));
    Ok(Box::new(Table { destination: header.find(DESTINATION).unwrap_or_default(), origin: header.find(ORIGIN), columns, edition }))
}

/// `2020`, `2020_total`, `2020_males`, `2020_females`.
fn year_of(name: &str) -> Option<(i16, Option<Sex>)> {
    let (year, rest) = name.split_at_checked(4)?;
    let year = year_number(year).ok()?;
    match rest {
        "" | "_total" | "_both" => Some((year, None)),
        "_males" | "_male" => Some((year, Some(Sex::Male))),
        "_females" | "_female" => Some((year, Some(Sex::Female))),
        _ => None,
    }
}

/// What stands above the years in the nearest row that says something there: where it begins, and what.
fn labels(header: &Header<'_>, first: usize) -> Vec<(usize, String)> {
    const NEAR: usize = 4;
    let rows = header.above.iter().rev().take(NEAR);
    let row =
        rows.map(|row| row.iter().enumerate().skip(first).filter(|(_, cell)| !cell.is_empty()).map(|(at, cell)| (at, cell.to_lowercase())).collect::<Vec<_>>());
    row.into_iter().find(|labels| labels.first().is_some_and(|(at, _)| *at == first)).unwrap_or_default()
}

fn is_stock(label: &str) -> bool {
    label.contains("migrant stock") && !["percentage", "rate of change", "population", "refugee", "thousands"].iter().any(|word| label.contains(word))
}

fn sex_of(label: &str) -> Option<Sex> {
    match () {
        () if label.contains("both sexes") => None,
        () if label.contains("female") => Some(Sex::Female),
        () if label.contains("male") => Some(Sex::Male),
        () => None,
    }
}

/// `2020`, of `POP/DB/MIG/Stock/Rev.2020`.
fn edition(header: &Header<'_>) -> Option<String> {
    let revision = header.above.iter().flatten().find_map(|cell| cell.split_once("/Rev."))?.1;
    revision.get(..4).filter(|year| year_number(year).is_ok()).map(str::to_owned)
}

impl Rows for Table {
    fn row(&mut self, record: &Record, out: &mut Yield) {
        let code = record.cell(self.destination).trim_start_matches('0');
        if code.trim().is_empty() && self.columns.iter().all(|(column, ..)| record.cell(*column).is_empty()) {
            out.skip("rows without a figure");
            return;
        }
        let destination = out.take("Location code of destination", place::UNDESA.find(code));
        let origin = self.origin.map(|column| out.take("Location code of origin", place::UNDESA.find(record.cell(column).trim_start_matches('0'))));
        let is_aggregate = destination == Some(Place::Aggregate) || origin == Some(Some(Place::Aggregate));
        if is_aggregate {
            out.skip("rows of several states together (World, regions, income groups)");
            return;
        }
        let subject = match (destination, origin) {
            (Some(Place::Point(destination)), None) => Some(Subject::State(destination.to_owned())),
            (Some(Place::Point(destination)), Some(Some(Place::Point(origin)))) => Some(Subject::Corridor(origin.to_owned(), destination.to_owned())),
            _ => None,
        };
        for (column, name, year, sex) in &self.columns {
            let raw = record.cell(*column);
            let figure = out.take(name, COUNTS.read(raw));
            let day = out.take(name, day(*year, 7, 1));
            if let (Some(subject), Some(figure), Some(day)) = (&subject, figure, day) {
                let mut fact = figure_of(subject.clone(), Measure::MigrantStock, (day, day), figure, record.line, raw);
                fact.breakdown.sex = *sex;
                fact.status = ObservationStatus::Estimated;
                out.facts.push(fact);
            }
        }
    }

    fn origin(&self) -> Origin {
        // Totals of destinations and figures of pairs come in files of their own, and may be of different editions.
        let (code, what) = if self.origin.is_some() { ("UNDESA-IMS", "by destination and origin") } else { ("UNDESA-IMS-TOTAL", "by destination") };
        let name = format!("International Migrant Stock, {what}, at 1 July; Kosovo (S/RES/1244 (1999)) is not told from Serbia");
        let url = "https://www.un.org/development/desa/pd/content/international-migrant-stock";
        Origin { source: source(code, &name, "UN DESA, Population Division", url, "CC BY 3.0 IGO"), edition: self.edition.clone() }
    }
}
