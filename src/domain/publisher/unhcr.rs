//! UNHCR's refugee population statistics: population and asylum applications, as the API and the Data Finder give them.
//!
//! `SRB` is Serbia and Kosovo together. Codes are UNHCR's own in `coo` and `coa`, and ISO in the columns that say so:
//! where both stand, they must mean the same.

mod applications;

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::fact::{Origin, Yield, figure as figure_of, source, year, year_number};
use super::fault::{FaultCode, quoted};
use super::header::{Header, Mismatch, Names, Rows};
use super::number::{Figure, Numbers, Wrong};
use super::place::{self, Place, Places};
use super::record::Record;
use crate::domain::figure::{Measure, Subject, ValueAvailability};

pub(super) use applications::applications;

const LAYOUT: &str = "UNHCR's population table";
const YEAR: Names = &["year", "Year"];
const ORIGIN: [Names; 2] = [&["Country of origin (ISO)", "coo_iso", "Country of Origin ISO", "origin_iso"], &["coo"]];
const ASYLUM: [Names; 2] = [&["Country of asylum (ISO)", "coa_iso", "Country of Asylum ISO", "asylum_iso"], &["coa"]];
/// Columns without figures that both tables may have.
const OTHERS: &[&str] = &["coo_name", "coa_name", "coo_id", "coa_id", "Country of origin", "Country of asylum", "coo", "coa", "", "page", "id", "X"];

/// Columns that part what this layout takes for one figure: with them, a row is a part of it, or of another time.
const PARTS: &[&str] = &["month", "quarter", "pop_type", "Population type", "sex", "gender", "age", "age_group", "location", "accommodation_type"];

/// What is counted, in the order of the API.
const MEASURES: &[(Measure, Names)] = &[
    (Measure::Refugees, &["Refugees under UNHCR's mandate", "refugees", "Refugees", "Refugees (incl. refugee-like situations)"]),
    (Measure::AsylumSeekers, &["asylum_seekers", "Asylum-seekers", "Asylum-seekers (pending cases)"]),
    (Measure::RefugeeReturns, &["returned_refugees", "Returned refugees"]),
    (Measure::Idps, &["idps", "IDPs of concern to UNHCR", "IDPs protected/assisted by UNHCR, incl. people in IDP-like situations", "IDPs"]),
    (Measure::IdpReturns, &["returned_idps", "Returned IDPs", "Returned IDPss"]),
    (Measure::StatelessPersons, &["stateless", "Stateless persons", "Persons under UNHCR's statelessness mandate"]),
    (Measure::OthersOfConcern, &["ooc", "Others of concern", "Others of concern to UNHCR"]),
    (Measure::OthersInNeed, &["oip", "Other people in need of international protection", "vda", "Venezuelans displaced abroad"]),
    (Measure::HostCommunity, &["hst", "Host Community"]),
];

/// `NA` is where the API has nothing, as R writes it: mostly, what was not yet counted in that year.
const NOT_COUNTED: &str = "NA";
pub(super) const NUMBERS: Numbers = Numbers {
    marks: &[("-", ValueAvailability::NotAvailable), ("NA", ValueAvailability::NotAvailable), ("*", ValueAvailability::Redacted)],
    thousands: false,
    exponent: true,
    decimals: false,
};

/// The two ends of a row.
pub(super) struct Ends {
    origin: [Option<usize>; 2],
    asylum: [Option<usize>; 2],
    names: [String; 2],
}

impl Ends {
    pub(super) fn of(header: &Header<'_>) -> Self {
        let origin = ORIGIN.map(|names| header.find(names));
        let asylum = ASYLUM.map(|names| header.find(names));
        let name = |columns: [Option<usize>; 2]| columns.into_iter().flatten().next().map_or_else(String::new, |column| header.name(column).to_owned());
        Self { names: [name(origin), name(asylum)], origin, asylum }
    }

    /// Origin and asylum, or faults.
    pub(super) fn read(&self, record: &Record, out: &mut Yield) -> Option<(&'static str, &'static str)> {
        let origin = out.take(&self.names[0], end(record, self.origin));
        let asylum = out.take(&self.names[1], end(record, self.asylum));
        origin.zip(asylum)
    }
}

/// The point in the ISO column, in UNHCR's own, or in both if they agree.
fn end(record: &Record, [iso, own]: [Option<usize>; 2]) -> Result<&'static str, Wrong> {
    let cell = |column: Option<usize>| column.map(|column| record.cell(column).trim()).filter(|cell| !cell.is_empty());
    let point = |places: &Places, code: &str| match places.find(code)? {
        Place::Point(point) => Ok(point),
        Place::Aggregate => Err((FaultCode::UnknownCode, format!("{code} is several states together, which this layout does not have."))),
    };
    // Of what has no code of ISO, R says so in the ISO column.
    let iso = cell(iso).filter(|code| *code != NOT_COUNTED || cell(own).is_none());
    match (iso, cell(own)) {
        (Some(iso), None) => point(&place::UNHCR_ISO, iso),
        (None, Some(own)) => point(&place::UNHCR, own),
        (Some(iso), Some(own)) => match (point(&place::UNHCR_ISO, iso)?, point(&place::UNHCR, own)?) {
            (by_iso, by_own) if by_iso == by_own => Ok(by_iso),
            (by_iso, by_own) => {
                Err((FaultCode::UnknownCode, format!("The ISO code {iso} means {by_iso} and UNHCR's own code {own} means {by_own}: both must mean the same.")))
            }
        },
        (None, None) => Err((FaultCode::UnknownCode, "A code is wanted; UNK where the state is not known.".into())),
    }
}

/// The rows of the population table.
struct Population {
    year: usize,
    year_name: String,
    ends: Ends,
    /// Measure, column and its name.
    measures: Vec<(Measure, usize, String)>,
    /// In which years a column has a number.
    counted: BTreeSet<(usize, i16)>,
    /// Whether all rows were seen once, so that `counted` is known.
    is_known: bool,
    edition: Option<String>,
}

/// Whether a header is that of the population table.
pub(super) fn population(header: &Header<'_>) -> Result<Box<dyn Rows>, Mismatch> {
    let known = |name: &str| {
        OTHERS.iter().any(|other| other.eq_ignore_ascii_case(name))
            || MEASURES.iter().any(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    };
    let measures: Vec<_> =
        MEASURES.iter().filter_map(|(measure, names)| header.find(names).map(|column| (*measure, column, header.name(column).to_owned()))).collect();
    let mut needed: Vec<Names> = vec![YEAR];
    for [iso, own] in [ORIGIN, ASYLUM] {
        // One of the two will do.
        needed.push(if header.has(own) && !header.has(iso) { own } else { iso });
    }
    // Where refugees are not there and something is that nobody knows, it may be they under another name.
    let strange = header.names.iter().any(|name| !name.is_empty() && !known(name) && !needed.iter().any(|names| names.contains(&name.as_str())));
    if measures.is_empty() || (strange && !header.has(MEASURES[0].1)) {
        needed.push(MEASURES[0].1);
    }
    header.compare(LAYOUT, &needed, &known)?;
    if let Some(part) = header.names.iter().find(|name| PARTS.iter().any(|part| part.eq_ignore_ascii_case(name))) {
        let note =
            Some(format!("The column {} parts figures in a way that this layout does not have: one row for a year and two states is wanted.", quoted(part)));
        return Err(Mismatch { found: needed.len(), layout: LAYOUT, missing: Vec::new(), unexpected: vec![part.clone()], note });
    }
    let year = header.find(YEAR).unwrap_or_default();
    Ok(Box::new(Population {
        year,
        year_name: header.name(year).to_owned(),
        ends: Ends::of(header),
        measures,
        counted: BTreeSet::new(),
        is_known: false,
        edition: edition(header),
    }))
}

/// The day of "Last updated" or, without one, of "Date extracted" in a preamble.
pub(super) fn edition(header: &Header<'_>) -> Option<String> {
    let updated = header.above("Last updated").and_then(long_day);
    let extracted = || header.above("Date extracted").and_then(|text| super::eurostat::day_of(text.split(' ').next()?));
    updated.or_else(extracted).map(|day| day.to_string())
}

/// `13 June 2024`.
fn long_day(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let mut parts = text.split_whitespace();
    let (day, month, year) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?.parse().ok()?);
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    Date::new(year, month, day).ok()
}

/// UNHCR as a source.
pub(super) fn origin_of(edition: Option<&String>) -> Origin {
    let source = source(
        "UNHCR-RPS",
        "Refugee Population Statistics Database (population, asylum applications); SRB is Serbia and Kosovo (S/RES/1244 (1999)) together",
        "UNHCR",
        "https://www.unhcr.org/refugee-statistics/",
        "CC BY 4.0",
    );
    Origin { source, edition: edition.cloned() }
}

impl Rows for Population {
    fn row(&mut self, record: &Record, out: &mut Yield) {
        let year_cell = record.cell(self.year);
        let number = out.take(&self.year_name, year_number(year_cell));
        let ends = self.ends.read(record, out);
        for (measure, column, name) in &self.measures {
            let raw = record.cell(*column);
            let Some(figure) = out.take(name, NUMBERS.read(raw)) else { continue };
            let (Some(number), Some((origin, asylum))) = (number, ends) else { continue };
            if matches!(figure, Figure::Value(_)) && !self.is_known {
                self.counted.insert((*column, number));
            }
            if raw.trim() == NOT_COUNTED && self.is_known && !self.counted.contains(&(*column, number)) {
                out.skip("cells NA of a column that has no figure in that year");
                continue;
            }
            let Some(subject) = subject(*measure, origin, asylum, figure) else {
                out.skip("cells without a figure that the row has no room for: of one state in a row about two, or the reverse");
                continue;
            };
            if let Some(period) = out.take(&self.year_name, year(year_cell, *measure)) {
                out.facts.push(figure_of(subject, *measure, period, figure, record.line, raw));
            }
        }
    }

    fn origin(&self) -> Origin {
        origin_of(self.edition.as_ref())
    }

    fn rewind(&mut self) {
        self.is_known = true;
    }
}

/// What a figure of a row is about; none where the row has no room for it.
fn subject(measure: Measure, origin: &str, asylum: &str, figure: Figure) -> Option<Subject> {
    let corridor = |from: &str, to: &str| Subject::Corridor(from.to_owned(), to.to_owned());
    let state = || Subject::State(asylum.to_owned());
    let meaningless = matches!(origin, "UNKNOWN" | "STATELESS");
    let is_some = !matches!(figure, Figure::Missing(_) | Figure::Value(0.0));
    match measure {
        // A row about one state has no room for those who crossed a border, unless it has some.
        Measure::Refugees | Measure::AsylumSeekers | Measure::RefugeeReturns if origin == asylum && !is_some => None,
        // They go back: from asylum to origin.
        Measure::RefugeeReturns => Some(corridor(asylum, origin)),
        Measure::Idps | Measure::IdpReturns | Measure::HostCommunity => match () {
            () if origin == asylum => Some(state()),
            () if !is_some => None,
            () if meaningless => Some(state()),
            () => Some(corridor(origin, asylum)),
        },
        // Counted where they live, in rows whose origin says that they belong to no state.
        Measure::StatelessPersons => match () {
            () if origin == "STATELESS" => Some(state()),
            () if !is_some => None,
            () if meaningless || origin == asylum => Some(state()),
            () => Some(corridor(origin, asylum)),
        },
        Measure::OthersOfConcern | Measure::OthersInNeed if origin == asylum => Some(state()),
        _ => Some(corridor(origin, asylum)),
    }
}
