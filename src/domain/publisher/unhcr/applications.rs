//! UNHCR's asylum applications: the total are first applications of persons, summed over procedures and stages; every
//! row is kept beside it with its type, procedure, stage and unit as dimensions.

use std::collections::BTreeMap;

use super::{ASYLUM, Ends, NUMBERS, ORIGIN, OTHERS, YEAR, edition, origin_of};
use crate::domain::fact::Fact;
use crate::domain::figure::{Measure, Subject};
use crate::domain::publisher::fact::{Origin, Yield, figure as figure_of, with, year};
use crate::domain::publisher::fault::{FaultCode, quoted};
use crate::domain::publisher::header::{Header, Mismatch, Names, Rows};
use crate::domain::publisher::number::Figure;
use crate::domain::publisher::record::Record;

const LAYOUT: &str = "UNHCR's table of asylum applications";
const TYPE: Names = &["app_type", "Application type"];
const UNIT: Names = &["app_pc", "Cases / Persons", "Cases/Persons"];
const APPLIED: Names = &["applied", "Applications", "Total applications"];
const PROCEDURE: Names = &["procedure_type", "Authority", "Procedure type"];
const STAGE: Names = &["dec_level", "Stage of procedure", "Decision level"];

/// The publisher's name of a dimension, and what its codes mean.
type Dimension = (&'static str, &'static [(&'static str, &'static str)]);

const DIMENSIONS: [Dimension; 4] = [
    (
        "app_type",
        &[
            ("N", "New"),
            ("R", "Repeat"),
            ("A", "Appeal"),
            ("NR", "New and repeat"),
            ("RA", "Repeat and appeal"),
            ("J", "Judicial review"),
            ("SP", "Subsidiary protection"),
            ("V", "Various or unknown"),
            ("FA", "First instance and appeal"),
            ("NA", "Not said"),
        ],
    ),
    ("procedure_type", &[("G", "Government"), ("U", "UNHCR"), ("J", "Joint")]),
    (
        "dec_level",
        &[
            ("FI", "First instance"),
            ("AR", "Administrative review"),
            ("RA", "Repeat or reopened"),
            ("FA", "First instance and appeal"),
            ("EO", "US Executive Office of Immigration Review"),
            ("IN", "US Citizenship and Immigration Services"),
            ("JR", "Judicial review"),
            ("SP", "Subsidiary protection"),
            ("TA", "Temporary asylum"),
            ("BL", "Backlog"),
            ("TR", "Temporary protection"),
            ("NA", "New applications"),
        ],
    ),
    ("app_pc", &[("P", "Persons"), ("C", "Cases")]),
];

/// The sum of a corridor and year so far.
struct Sum {
    fact: Fact,
    cells: String,
}

struct Applications {
    year: usize,
    ends: Ends,
    columns: [Option<usize>; 4],
    applied: usize,
    sums: BTreeMap<(String, String, String), Sum>,
    edition: Option<String>,
}

/// Whether a header is that of the table of applications.
pub(in crate::domain::publisher) fn applications(header: &Header<'_>) -> Result<Box<dyn Rows>, Mismatch> {
    let known = |name: &str| {
        let all = [YEAR, TYPE, UNIT, APPLIED, PROCEDURE, STAGE, OTHERS, ORIGIN[0], ASYLUM[0]];
        all.iter().any(|names| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
    };
    let side = |[iso, own]: [Names; 2]| if header.has(own) && !header.has(iso) { own } else { iso };
    header.compare(LAYOUT, &[YEAR, side(ORIGIN), side(ASYLUM), TYPE, UNIT, APPLIED], &known)?;
    Ok(Box::new(Applications {
        year: header.find(YEAR).unwrap_or_default(),
        ends: Ends::of(header),
        columns: [TYPE, PROCEDURE, STAGE, UNIT].map(|names| header.find(names)),
        applied: header.find(APPLIED).unwrap_or_default(),
        sums: BTreeMap::new(),
        edition: edition(header),
    }))
}

impl Rows for Applications {
    fn row(&mut self, record: &Record, out: &mut Yield) {
        let year_cell = record.cell(self.year);
        let period = out.take("Year", year(year_cell, Measure::AsylumApplications));
        let ends = self.ends.read(record, out);
        let raw = record.cell(self.applied);
        let figure = out.take("applied", NUMBERS.read(raw));
        let mut codes: Vec<(&str, &str, &str)> = Vec::new();
        for ((name, known), column) in DIMENSIONS.iter().zip(self.columns) {
            let Some(column) = column else { continue };
            let code = record.cell(column).trim();
            // The Data Finder writes `N / New`.
            let code = code.split_once(" / ").map_or(code, |(code, _)| code);
            match known.iter().find(|(known, _)| *known == code) {
                Some((code, label)) => codes.push((*name, *code, *label)),
                // The publisher adds to its lists; a code that looks like one is kept, without a meaning.
                None if (1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase()) => codes.push((*name, code, code)),
                None => {
                    let right = known.iter().map(|(code, _)| *code).collect::<Vec<_>>().join(", ");
                    out.wrong(name, (FaultCode::UnknownCode, format!("{} is none of {right}.", quoted(code))));
                }
            }
        }
        let (Some(period), Some((origin, asylum)), Some(figure)) = (period, ends, figure) else { return };
        if !out.faults.is_empty() {
            return;
        }
        let subject = Subject::Corridor(origin.to_owned(), asylum.to_owned());
        let fact = figure_of(subject, Measure::AsylumApplications, period, figure, record.line, raw);
        let has = |name: &str, wanted: &str| codes.iter().any(|(dimension, code, _)| *dimension == name && *code == wanted);
        if has("app_type", "N") && has("app_pc", "P") {
            self.add((year_cell.trim().to_owned(), origin.to_owned(), asylum.to_owned()), &fact, figure);
        }
        codes.sort_unstable();
        out.facts.push(codes.into_iter().fold(fact, |fact, (name, code, label)| with(fact, name, code, label)));
    }

    fn end(&mut self, out: &mut Yield) {
        out.facts.extend(std::mem::take(&mut self.sums).into_values().map(|Sum { mut fact, cells }| {
            fact.raw_value = Some(cells);
            fact
        }));
    }

    fn origin(&self) -> Origin {
        origin_of(self.edition.as_ref())
    }

    fn rewind(&mut self) {
        self.sums.clear();
    }
}

impl Applications {
    /// Adds a row to the sum of its corridor and year: the line of the first row stays, the cells stand side by side.
    fn add(&mut self, key: (String, String, String), fact: &Fact, figure: Figure) {
        let sum = self.sums.entry(key).or_insert_with(|| Sum { fact: Fact { value: None, ..fact.clone() }, cells: String::new() });
        if !sum.cells.is_empty() {
            sum.cells.push_str(" + ");
        }
        sum.cells.push_str(fact.raw_value.as_deref().unwrap_or_default().trim());
        if let Figure::Value(value) = figure {
            sum.fact.value = Some(sum.fact.value.unwrap_or_default() + value);
            sum.fact.availability = fact.availability;
        }
    }
}
