//! Eurostat's asylum and enforcement statistics: the old Data Explorer's CSV, and both forms of SDMX-CSV.
//!
//! A place is a code (`EL`, `UK`, `XK`) or an English label, or both in one cell (`EL: Greece`), as the download was asked
//! for. Kosovo is an entry of its
//! own, not part of Serbia. Figures are rounded to five. Of the total over all citizenships, which has no origin, the
//! state that reports is the subject.

mod period;

use jiff::civil::Date;

use super::fact::{Origin, Yield, figure as figure_of, source, with};
use super::fault::{FaultCode, quoted};
use super::header::{Header, Mismatch, Names, Rows};
use super::number::{Figure, Numbers, Wrong};
use super::place::{self, Place};
use super::record::Record;
use crate::domain::fact::Fact;
use crate::domain::figure::{Measure, ObservationStatus, Sex, Subject, ValueAvailability};

pub(super) use period::day_of;

const SDMX: &str = "Eurostat's SDMX-CSV";
const EXPLORER: &str = "Eurostat's old Data Explorer";
/// Columns of SDMX-CSV that are no dimension.
const ATTRIBUTES: &[&str] = &[
    "DATAFLOW",
    "LAST UPDATE",
    "STRUCTURE",
    "STRUCTURE_ID",
    "STRUCTURE_NAME",
    "freq",
    "unit",
    "citizen",
    "geo",
    "sex",
    "age",
    "TIME_PERIOD",
    "OBS_VALUE",
    "OBS_FLAG",
    "CONF_STATUS",
];
const FLAGS: Names = &["OBS_FLAG", "Flag and Footnotes"];
const CONFIDENTIAL: Names = &["CONF_STATUS"];

/// The labels of the flags that count.
const FLAG_WORDS: [(char, &str); 8] = [
    ('p', "provisional"),
    ('e', "estimated"),
    ('s', "eurostat estimate"),
    ('f', "forecast"),
    ('b', "break in time series"),
    ('c', "confidential"),
    ('z', "not applicable"),
    ('m', "missing value"),
];

/// Tables that are taken: code, measure, what it is.
const TABLES: &[(&str, Measure, &str)] = &[
    ("ASYAPPCTZ", Measure::AsylumApplications, "Asylum applicants"),
    ("EIRFS", Measure::RefusalsOfEntry, "Third-country nationals refused entry at the external borders"),
    ("EIPRE", Measure::FoundIrregularlyPresent, "Third-country nationals found to be irregularly present"),
    ("EIORD", Measure::OrderedToLeave, "Third-country nationals ordered to leave"),
    ("EIRTN", Measure::Returns, "Third-country nationals returned following an order to leave"),
];
/// Codes and labels of all together.
const TOTALS: &[&str] = &["TOTAL", "Total", "T", "TRTN", "Total number of persons returned"];
/// The column that tells sorts of applicants apart, as files of different years call it.
const APPLICANTS: &[&str] = &["asyl_app", "applicant"];
/// Of applicants, the first applications are the total, as everywhere here; all of them are a dimension.
const FIRST: &[&str] = &["NASY_APP", "FRST", "First time applicant", "First-time applicant"];
const PERSONS: &[&str] = &["PER", "NR", "Person", "Persons", "Number"];

const COUNTS: Numbers = Numbers { marks: &[(":", ValueAvailability::NotAvailable)], thousands: false, exponent: false, decimals: false };
const EXPLORER_COUNTS: Numbers = Numbers { thousands: true, ..COUNTS };

/// The rows of any of the three forms.
struct Table {
    numbers: Numbers,
    is_explorer: bool,
    /// Whether a cell holds a code and its label: `AF: Afghanistan`.
    has_both: bool,
    time: usize,
    value: usize,
    geo: usize,
    citizen: usize,
    flags: [Option<usize>; 2],
    sex: Option<usize>,
    age: Option<usize>,
    unit: Option<usize>,
    /// The code of the table, where a column names it.
    flow: Option<usize>,
    updated: Option<usize>,
    /// Name, column and label's column of each further dimension.
    dimensions: Vec<(String, usize, Option<usize>)>,
    /// Known from the header or from the first row.
    counts: Option<&'static (&'static str, Measure, &'static str)>,
    edition: Option<Date>,
}

/// Whether a header is that of SDMX-CSV.
pub(super) fn sdmx(header: &Header<'_>) -> Result<Box<dyn Rows>, Mismatch> {
    if !header.names.iter().any(|name| name.starts_with("geo: ")) {
        return sdmx_of(header, false);
    }
    let names: Vec<String> = header.names.iter().map(|name| name.split_once(": ").map_or(name.as_str(), |(code, _)| code).to_owned()).collect();
    let codes = Header { names: &names, above: header.above, unknown: std::cell::RefCell::default() };
    let table = sdmx_of(&codes, true)?;
    header.unknown.replace(codes.unknown.take());
    Ok(table)
}

fn sdmx_of(header: &Header<'_>, has_both: bool) -> Result<Box<dyn Rows>, Mismatch> {
    const FLOW: Names = &["DATAFLOW", "STRUCTURE_ID"];
    let known = |name: &str| ATTRIBUTES.contains(&name) || is_dimension(name) || (header.has(&["STRUCTURE_NAME"]) && is_label(header, name));
    header.compare(SDMX, &[FLOW, &["citizen"], &["geo"], &["TIME_PERIOD"], &["OBS_VALUE"]], &known).map_err(|mismatch| {
        // The last dimension stands in one cell with the name of the periods, which are columns.
        let is_tsv = header.names.iter().any(|name| name.contains("\\TIME_PERIOD") || name.contains("\\time"));
        let note = "This is Eurostat's TSV: download the table as SDMX-CSV, which has one figure a row.";
        if is_tsv { Mismatch { note: Some(note.to_owned()), ..mismatch } } else { mismatch }
    })?;
    let dimensions = header.names.iter().enumerate().filter(|(_, name)| is_dimension(name) && !ATTRIBUTES.contains(&name.as_str()));
    let dimensions = dimensions.map(|(column, name)| (name.clone(), column, Some(column + 1).filter(|next| is_label(header, header.name(*next)))));
    Ok(Box::new(Table {
        has_both,
        flow: header.find(FLOW),
        updated: header.find(&["LAST UPDATE"]),
        dimensions: dimensions.collect(),
        ..Table::of(header, COUNTS, ["TIME_PERIOD", "OBS_VALUE", "geo", "citizen"])
    }))
}

/// Whether a header is that of the old Data Explorer.
pub(super) fn explorer(header: &Header<'_>) -> Result<Box<dyn Rows>, Mismatch> {
    const OWN: &[&str] = &["TIME", "GEO", "CITIZEN", "SEX", "AGE", "UNIT", "Value", "Flag and Footnotes"];
    const TOLD: [(&str, &str); 3] = [("ASYL_APP", "ASYAPPCTZ"), ("INDIC_MG", ""), ("REASON", "EIRFS")];
    let is_further = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') && !OWN.contains(&name);
    header.compare(EXPLORER, &[&["TIME"], &["GEO"], &["CITIZEN"], &["Value"]], &|name| OWN.contains(&name) || is_further(name))?;
    let told = TOLD.iter().find(|(column, _)| header.names.iter().any(|name| name == column));
    let Some((_, code)) = told else {
        let missing = vec!["ASYL_APP, INDIC_MG or REASON".to_owned()];
        let note = Some("One of them tells which table it is.".to_owned());
        return Err(Mismatch { found: 4, layout: EXPLORER, missing, unexpected: Vec::new(), note });
    };
    let dimensions = header.names.iter().enumerate().filter(|(_, name)| is_further(name)).map(|(column, name)| (name.to_ascii_lowercase(), column, None));
    Ok(Box::new(Table {
        is_explorer: true,
        counts: TABLES.iter().find(|(known, ..)| known == code),
        dimensions: dimensions.collect(),
        ..Table::of(header, EXPLORER_COUNTS, ["TIME", "Value", "GEO", "CITIZEN"])
    }))
}

/// In SDMX-CSV, dimensions have short names in small letters; labels beside them are words.
fn is_dimension(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
}

fn is_label(header: &Header<'_>, name: &str) -> bool {
    header.has(&["STRUCTURE_NAME"]) && !name.is_empty() && !is_dimension(name) && !ATTRIBUTES.contains(&name)
}

impl Table {
    fn of(header: &Header<'_>, numbers: Numbers, [time, value, geo, citizen]: [&'static str; 4]) -> Self {
        let at = |name: &str| header.names.iter().position(|column| column == name);
        let either = |small: &str, capital: &str| at(small).or_else(|| at(capital));
        Self {
            numbers,
            is_explorer: false,
            has_both: false,
            time: at(time).unwrap_or_default(),
            value: at(value).unwrap_or_default(),
            geo: at(geo).unwrap_or_default(),
            citizen: at(citizen).unwrap_or_default(),
            flags: [header.find(FLAGS), header.find(CONFIDENTIAL)],
            sex: either("sex", "SEX"),
            age: either("age", "AGE"),
            unit: either("unit", "UNIT"),
            flow: None,
            updated: None,
            dimensions: Vec::new(),
            counts: None,
            edition: None,
        }
    }

    /// A cell without blanks around it; its code, where a label stands behind.
    fn cell<'r>(&self, record: &'r Record, column: usize) -> &'r str {
        let cell = record.cell(column).trim();
        if self.has_both { cell.split_once(": ").map_or(cell, |(code, _)| code) } else { cell }
    }

    /// Which table the row is of; all rows are of one.
    fn measure(&mut self, record: &Record, out: &mut Yield) -> Option<Measure> {
        let found = match self.flow {
            // ESTAT:MIGR_ASYAPPCTZA(1.0), ESTAT:MIGR_EIRFS$DEFAULTVIEW(1.0)
            Some(column) => {
                let cell = self.cell(record, column);
                let code = cell.rsplit(':').next().unwrap_or(cell).trim_start_matches("MIGR_");
                let found = TABLES.iter().find(|(known, ..)| code.starts_with(known));
                if found.is_none() {
                    let right: Vec<_> = TABLES.iter().map(|(code, ..)| format!("MIGR_{code}")).collect();
                    out.wrong("DATAFLOW", (FaultCode::UnknownCode, format!("{} is none of the tables that are taken: {}.", quoted(cell), right.join(", "))));
                }
                found?
            }
            None => match self.counts {
                Some(table) => table,
                None => self.by_indicator(record, out)?,
            },
        };
        let first = *self.counts.get_or_insert(found);
        if first.0 != found.0 {
            out.skip("rows of a second table: a file holds one");
            return None;
        }
        Some(found.1)
    }

    /// The Data Explorer names enforcement tables by what they count.
    fn by_indicator(&self, record: &Record, out: &mut Yield) -> Option<&'static (&'static str, Measure, &'static str)> {
        let (_, column, _) = self.dimensions.iter().find(|(name, ..)| name == "indic_mg")?;
        let cell = record.cell(*column);
        let words = cell.to_lowercase();
        let code = [("returned", "EIRTN"), ("ordered to leave", "EIORD"), ("refused entry", "EIRFS"), ("present", "EIPRE")]
            .iter()
            .find(|(word, _)| words.contains(word));
        let found = code.and_then(|(_, code)| TABLES.iter().find(|(known, ..)| known == code));
        if found.is_none() {
            out.wrong(
                "INDIC_MG",
                (
                    FaultCode::UnknownCode,
                    format!("{} is nothing that is taken: persons returned, ordered to leave, refused entry or found present.", quoted(cell)),
                ),
            );
        }
        found
    }

    /// The figure, or why there is none; how settled it is; and whether it is counted in another way from here on.
    fn figure(&self, record: &Record) -> Result<(Figure, ObservationStatus, bool), Wrong> {
        // `: c` and `120 p` are one cell in some downloads.
        let cell = record.cell(self.value).trim();
        let (number, own) = match cell.split_once(' ') {
            Some((number, flags)) if flags.trim().len() <= 3 && flags.trim().bytes().all(|b| b.is_ascii_lowercase()) => (number, flags.trim()),
            _ => (cell, ""),
        };
        let flags = self.flags.map(|column| column.map_or("", |column| self.cell(record, column)));
        let has = |flag: char| own.contains(flag) || self.is_flagged(flags[0], flag) || (flag == 'c' && self.is_flagged(flags[1], flag));
        let figure = match self.numbers.read(number)? {
            Figure::Missing(_) if has('c') => Figure::Missing(ValueAvailability::Redacted),
            Figure::Missing(_) if has('z') || has('m') => Figure::Missing(ValueAvailability::NotApplicable),
            figure => figure,
        };
        let status = match () {
            () if has('p') => ObservationStatus::Provisional,
            () if has('e') || has('s') || has('f') => ObservationStatus::Estimated,
            () => ObservationStatus::Final,
        };
        Ok((figure, status, has('b')))
    }

    /// Whether a cell of flags holds one, as a letter or, in a download of labels, by its words. What the old Data Explorer
    /// writes there may be a footnote that happens to use them.
    fn is_flagged(&self, cell: &str, flag: char) -> bool {
        let cell = cell.to_ascii_lowercase();
        if cell.len() <= 4 {
            return cell.contains(flag);
        }
        !self.is_explorer && FLAG_WORDS.iter().any(|(known, words)| *known == flag && cell.contains(words))
    }

    /// What it is about; none where it is about several together.
    fn subject(&self, record: &Record, measure: Measure, out: &mut Yield) -> Option<Subject> {
        let names = if self.is_explorer { ["GEO", "CITIZEN"] } else { ["geo", "citizen"] };
        let geo = out.take(names[0], place::EUROSTAT.find(self.cell(record, self.geo)));
        let citizen_cell = self.cell(record, self.citizen);
        let citizen = out.take(names[1], place::EUROSTAT.find(citizen_cell));
        match (geo?, citizen?) {
            (Place::Aggregate, _) => {
                out.skip("rows of several states together (EU, EFTA)");
                None
            }
            (Place::Point(geo), Place::Aggregate) if TOTALS.contains(&citizen_cell) => Some(Subject::State(geo.to_owned())),
            (Place::Point(_), Place::Aggregate) => {
                out.skip("rows of several citizenships together");
                None
            }
            // Those who are returned leave the state that reports.
            (Place::Point(geo), Place::Point(citizen)) if measure == Measure::Returns => Some(Subject::Corridor(geo.to_owned(), citizen.to_owned())),
            (Place::Point(geo), Place::Point(citizen)) => Some(Subject::Corridor(citizen.to_owned(), geo.to_owned())),
        }
    }

    /// Sex, age and what else the row is a part of.
    fn split(&self, record: &Record, mut fact: Fact, out: &mut Yield) -> Fact {
        match self.sex.map_or("T", |column| self.cell(record, column)) {
            "T" | "Total" | "TOTAL" | "" => {}
            "F" | "Females" | "Female" => fact.breakdown.sex = Some(Sex::Female),
            "M" | "Males" | "Male" => fact.breakdown.sex = Some(Sex::Male),
            "UNK" | "Unknown" => fact = with(fact, "sex", "UNK", "Unknown"),
            other => out.wrong("sex", (FaultCode::UnknownCode, format!("{} is none of T, F, M, UNK.", quoted(other)))),
        }
        fact.breakdown.age_group = self.age.map(|column| self.cell(record, column)).filter(|age| !age.is_empty() && !TOTALS.contains(age)).map(str::to_owned);
        for (name, column, label) in &self.dimensions {
            let code = self.cell(record, *column);
            let is_base = if APPLICANTS.contains(&name.as_str()) { FIRST.contains(&code) } else { code.is_empty() || TOTALS.contains(&code) };
            if is_base || code.is_empty() {
                continue;
            }
            if self.flow.is_none() && name == "indic_mg" && self.counts.is_some_and(|(known, ..)| *known != "EIRTN") {
                continue;
            }
            let both = record.cell(*column).trim().split_once(": ").filter(|_| self.has_both).map(|(_, label)| label);
            fact = with(fact, name, code, label.map(|label| record.cell(label).trim()).or(both).unwrap_or(code));
        }
        fact.breakdown.dimensions.sort_by(|a, b| a.dimension.cmp(&b.dimension));
        fact
    }
}

impl Rows for Table {
    fn row(&mut self, record: &Record, out: &mut Yield) {
        if self.unit.is_some_and(|column| !PERSONS.contains(&self.cell(record, column))) {
            out.skip("rows in another unit than persons");
            return;
        }
        if let Some(day) = self.updated.and_then(|column| day_of(record.cell(column))) {
            self.edition = self.edition.max(Some(day));
        }
        let measure = self.measure(record, out);
        let names = if self.is_explorer { ["TIME", "Value"] } else { ["TIME_PERIOD", "OBS_VALUE"] };
        let period = out.take(names[0], period::read(self.cell(record, self.time)));
        let raw = record.cell(self.value);
        let figure = out.take(names[1], self.figure(record));
        let Some(measure) = measure else { return };
        let subject = self.subject(record, measure, out);
        let (Some(period), Some((figure, status, is_break)), Some(subject)) = (period, figure, subject) else { return };
        let mut fact = figure_of(subject, measure, period, figure, record.line, raw);
        (fact.status, fact.is_break) = (status, is_break);
        if fact.value.is_some_and(|value| value % 5.0 == 0.0) {
            fact.availability = ValueAvailability::Rounded;
        }
        let fact = self.split(record, fact, out);
        if out.faults.is_empty() {
            out.facts.push(fact);
        }
    }

    fn origin(&self) -> Origin {
        let (code, _, name) = self.counts.copied().unwrap_or(("MIGR", Measure::Returns, "Migration statistics"));
        let source = source(
            &format!("ESTAT-{code}"),
            &format!("{name} (MIGR_{code}), rounded to five; Kosovo (S/RES/1244 (1999)) is counted by itself, not in Serbia"),
            "Eurostat",
            "https://ec.europa.eu/eurostat/",
            "CC BY 4.0",
        );
        Origin { source, edition: self.edition.map(|day| day.to_string()) }
    }

    fn windows_1252(&self) -> bool {
        self.is_explorer
    }
}
