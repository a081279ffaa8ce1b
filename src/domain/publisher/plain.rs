//! Our own plain CSV: one figure a row, columns by name (docs/FIGURES.md). The names of the catalogue's tables of figures
//! are understood as well.

use jiff::civil::Date;

use super::fact::{Origin, Yield, bad_period, figure as figure_of, with};
use super::fault::{FaultCode, quoted};
use super::header::{Header, Mismatch, Names, Rows};
use super::number::{Figure, Numbers, Wrong};
use super::place::{self, Place};
use super::record::Record;
use crate::domain::date::PartialDate;
use crate::domain::figure::{Measure, MeasureNature, ObservationStatus, Sex, Source, Subject, ValueAvailability};
use crate::domain::suggest;
use crate::domain::word::Words;

const LAYOUT: &str = "our plain CSV";
const MEASURE: Names = &["measure"];
const VALUE: Names = &["value"];
const SOURCE: Names = &["source", "source_code"];
const ORIGIN: Names = &["origin", "origin_iso3"];
const DESTINATION: Names = &["destination", "destination_iso3"];
const STATE: Names = &["state", "state_iso3"];
const ROUTE: Names = &["route", "flow_code"];
const PERIOD: Names = &["period"];
const START: Names = &["period_start"];
const END: Names = &["period_end"];
/// Further columns: how settled, why missing, of whom; and once for all, whose figures they are.
const FURTHER: [&str; 9] = ["status", "availability", "sex", "age_group", "edition", "source_name", "publisher", "url", "licence"];
/// A column of this beginning is a dimension: `dimension.border`.
const DIMENSION: &str = "dimension.";
/// The API writes numbers as text; so long a word is no word of a list.
const NUMBERS: Numbers = Numbers { marks: &[], thousands: false, exponent: false, decimals: false };

struct Plain {
    measure: usize,
    value: usize,
    source: usize,
    corridor: Option<(usize, usize)>,
    state: Option<usize>,
    route: Option<usize>,
    /// One column for the period, or two.
    period: [Option<usize>; 2],
    further: [Option<usize>; 9],
    dimensions: Vec<(String, usize)>,
    /// Of the first row; all rows have the same.
    origin: Option<Origin>,
}

/// Whether a header is that of our plain CSV.
pub(super) fn table(header: &Header<'_>) -> Result<Box<dyn Rows>, Mismatch> {
    let known = |name: &str| {
        let all = [MEASURE, VALUE, SOURCE, ORIGIN, DESTINATION, STATE, ROUTE, PERIOD, START, END];
        all.iter().any(|names| names.contains(&name)) || FURTHER.contains(&name) || name.starts_with(DIMENSION) || name == "unit" || name == "note"
    };
    let mut needed = vec![MEASURE, VALUE, SOURCE];
    if !header.has(STATE) && !header.has(ROUTE) {
        needed.extend([ORIGIN, DESTINATION]);
    }
    needed.extend(if header.has(PERIOD) { vec![PERIOD] } else { vec![START, END] });
    header.compare(LAYOUT, &needed, &known)?;
    let at = |names| header.find(names).unwrap_or_default();
    let dimensions = header.names.iter().enumerate().filter_map(|(column, name)| Some((name.strip_prefix(DIMENSION)?.to_owned(), column)));
    let mut dimensions: Vec<_> = dimensions.collect();
    dimensions.sort();
    Ok(Box::new(Plain {
        measure: at(MEASURE),
        value: at(VALUE),
        source: at(SOURCE),
        corridor: header.find(ORIGIN).zip(header.find(DESTINATION)),
        state: header.find(STATE),
        route: header.find(ROUTE),
        period: if header.has(PERIOD) { [header.find(PERIOD), None] } else { [header.find(START), header.find(END)] },
        further: FURTHER.map(|name| header.names.iter().position(|column| column == name)),
        dimensions,
        origin: None,
    }))
}

impl Plain {
    fn further<'a>(&self, record: &'a Record, index: usize) -> Option<&'a str> {
        let column = self.further.get(index).copied().flatten()?;
        Some(record.cell(column).trim()).filter(|cell| !cell.is_empty())
    }

    fn word<T: Words>(&self, record: &Record, index: usize, out: &mut Yield) -> Option<T> {
        let cell = self.further(record, index)?;
        out.take(FURTHER.get(index).copied().unwrap_or_default(), word(cell))
    }

    fn subject(&self, record: &Record, out: &mut Yield) -> Option<Subject> {
        let cell = |column: usize| Some(record.cell(column).trim()).filter(|cell| !cell.is_empty());
        let ends = self.corridor.map(|(origin, destination)| (cell(origin), cell(destination)));
        let state = self.state.and_then(cell);
        let route = self.route.and_then(cell);
        let point = |code: &str| match place::OWN.find(code)? {
            Place::Point(point) => Ok(point.to_owned()),
            Place::Aggregate => Err((FaultCode::UnknownCode, format!("{} is no point.", quoted(code)))),
        };
        match (ends, state, route) {
            (Some((Some(origin), Some(destination))), None, None) => {
                let origin = out.take("origin", point(origin));
                let destination = out.take("destination", point(destination));
                Some(Subject::Corridor(origin?, destination?))
            }
            (None | Some((None, None)), Some(state), None) => out.take("state", point(state)).map(Subject::State),
            (None | Some((None, None)), None, Some(route)) => {
                let sound = route.len() <= 64 && route.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
                let code = if sound { Ok(route.to_owned()) } else { Err((FaultCode::UnknownCode, format!("{} is no code of a route.", quoted(route)))) };
                out.take("route", code).map(Subject::Route)
            }
            _ => {
                let wanted = "A row is about origin and destination, or about a state, or about a route: one of the three is wanted.";
                out.wrong("origin", (FaultCode::UnknownCode, wanted.into()));
                None
            }
        }
    }

    fn period(&self, record: &Record, measure: Measure, out: &mut Yield) -> Option<(Date, Date)> {
        let [start, end] = self.period;
        let (start_cell, end_cell) = (record.cell(start?).trim(), record.cell(end.or(start)?).trim());
        let date = |text: &str| text.parse::<PartialDate>().map_err(|_| bad_period(text, "2023, 2023-06 or 2023-06-30 is wanted"));
        let from = out.take("period", date(start_cell))?.first_day();
        let to = out.take("period", date(end_cell))?.last_day();
        let is_stock = measure.nature() == MeasureNature::Stock;
        match () {
            () if from > to => out.wrong("period", bad_period(end_cell, "its end comes before its start")),
            // A stock of a year or a month is that of its last day.
            () if is_stock && end.is_none() => return Some((to, to)),
            () if is_stock && from != to => out.wrong("period", bad_period(end_cell, "a stock starts and ends on one day")),
            () => return Some((from, to)),
        }
        None
    }

    /// Whose figures they are; the first row says it for all.
    fn identify(&mut self, record: &Record, out: &mut Yield) {
        let code = record.cell(self.source).trim();
        let sound = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if !sound {
            out.wrong("source", (FaultCode::UnknownCode, format!("{} is no code of a source: capital letters, digits and hyphens.", quoted(code))));
            return;
        }
        let edition = self.further(record, 4).map(str::to_owned);
        if let Some(edition) = edition.as_deref().filter(|edition| !super::is_edition(edition)) {
            out.wrong("edition", (FaultCode::UnknownCode, format!("{} is no edition: up to 40 letters, digits, points and hyphens.", quoted(edition))));
            return;
        }
        let text = |index: usize| self.further(record, index).map(str::to_owned);
        let source = Source {
            code: code.to_owned(),
            name: text(5).unwrap_or_else(|| code.to_owned()),
            publisher: text(6).unwrap_or_else(|| code.to_owned()),
            url: text(7).filter(|url| url.starts_with("https://") || url.starts_with("http://")),
            licence: text(8),
            retrieved_on: None,
        };
        let first = self.origin.get_or_insert_with(|| Origin { source, edition: edition.clone() });
        if first.source.code != code || first.edition != edition {
            let message = format!("A file holds one source and one edition: {} here, {} above.", quoted(code), quoted(&first.source.code));
            out.wrong("source", (FaultCode::UnknownCode, message));
        }
    }
}

fn word<T: Words>(cell: &str) -> Result<T, Wrong> {
    T::parse(cell).ok_or_else(|| {
        let near = suggest::did_you_mean(cell, T::ALL.iter().map(|word| word.name));
        (FaultCode::UnknownCode, format!("{} is no {}.{near}", quoted(cell), T::NAME))
    })
}

impl Rows for Plain {
    fn row(&mut self, record: &Record, out: &mut Yield) {
        self.identify(record, out);
        let measure: Option<Measure> = out.take("measure", word(record.cell(self.measure).trim()));
        let subject = self.subject(record, out);
        let raw = record.cell(self.value);
        let Some(measure) = measure else { return };
        let numbers = Numbers { decimals: measure.unit() == "US dollars", ..NUMBERS };
        let figure = out.take("value", numbers.read(raw));
        let period = self.period(record, measure, out);
        let availability: Option<ValueAvailability> = self.word(record, 1, out);
        let status: Option<ObservationStatus> = self.word(record, 0, out);
        let sex: Option<Sex> = self.word(record, 2, out);
        let (Some(subject), Some(period), Some(figure)) = (subject, period, figure) else { return };
        let mut fact = figure_of(subject, measure, period, figure, record.line, raw);
        if let Some(availability) = availability {
            let has = matches!(availability, ValueAvailability::Reported | ValueAvailability::Rounded);
            if has != matches!(figure, Figure::Value(_)) {
                out.wrong("availability", (FaultCode::UnknownCode, format!("{} does not fit the value {}.", availability.name(), quoted(raw))));
            }
            fact.availability = availability;
        }
        fact.status = status.unwrap_or(ObservationStatus::Final);
        fact.breakdown.sex = sex;
        fact.breakdown.age_group = self.further(record, 3).map(str::to_owned);
        for (name, column) in &self.dimensions {
            let code = record.cell(*column).trim();
            if !code.is_empty() {
                fact = with(fact, name, code, code);
            }
        }
        if out.faults.is_empty() {
            out.facts.push(fact);
        }
    }

    fn origin(&self) -> Origin {
        self.origin.clone().unwrap_or_else(|| Origin { source: super::fact::source("PLAIN", "PLAIN", "PLAIN", "", ""), edition: None })
    }
}
