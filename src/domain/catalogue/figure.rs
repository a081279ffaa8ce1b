//! Sources, and the figures that are cited from them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::desk::Wanted;
use super::folder::{Layout, Shape};
use super::form::{Form, NOTE, TITLE, quoted};
use super::record::Record;
use crate::domain::entry::Kind;
use crate::domain::figure::{Measure, MeasureNature, Observation, Source, Subject, ValueAvailability};
use crate::domain::word::Words;

/// `sources.csv`.
pub(super) const SOURCES: Layout = Layout {
    file: "sources.csv",
    kind: Some(Kind::Source),
    key: "code",
    shape: Shape::Table { needed: &["code", "name", "publisher", "url"], optional: &["licence", "retrieved_on"] },
};

/// `flow_figures.csv`.
pub(super) const FLOW_FIGURES: Layout = Layout {
    file: "flow_figures.csv",
    kind: None,
    key: "",
    shape: Shape::Table {
        needed: &["origin_iso3", "destination_iso3", "measure", "period_start", "period_end", "value", "status", "source_code"],
        optional: &[],
    },
};

/// `route_figures.csv`.
pub(super) const ROUTE_FIGURES: Layout = Layout {
    file: "route_figures.csv",
    kind: None,
    key: "",
    shape: Shape::Table { needed: &["flow_code", "measure", "period_start", "period_end", "value", "status", "source_code"], optional: &[] },
};

/// One row of `sources.csv`.
pub(super) fn source(record: &mut Record<'_, '_>) -> Option<Source> {
    let code = record.key("code", Form::Code, &["source"]);
    let (name, publisher) = (record.text("name", TITLE), record.text("publisher", TITLE));
    let url = record.url("url");
    let licence = record.text_if_any("licence", NOTE);
    let retrieved_on = record.day_if_any("retrieved_on");
    Some(Source { code: code?, name: name?, publisher: publisher?, url: Some(url?), licence, retrieved_on })
}

/// When each source was fetched. That day is its edition; a source without one has the catalogue's.
pub(super) struct Editions {
    catalogue: Option<Date>,
    retrieved: BTreeMap<String, Date>,
}

impl Editions {
    /// From the day of the catalogue and the sources that were read.
    pub fn new(catalogue: Option<Date>, sources: &[Source]) -> Self {
        let retrieved = sources.iter().filter_map(|source| Some((source.code.clone(), source.retrieved_on?)));
        Self { catalogue, retrieved: retrieved.collect() }
    }
}

/// One row of `flow_figures.csv`.
pub(super) fn of_flow(record: &mut Record<'_, '_>, editions: &Editions) -> Option<Observation> {
    let origin = record.code("origin_iso3", &Wanted::Point);
    let destination = record.code("destination_iso3", &Wanted::Point);
    let subject = origin.zip(destination).map(|(origin, destination)| Subject::Corridor(origin, destination));
    figure(record, subject, editions)
}

/// One row of `route_figures.csv`.
pub(super) fn of_route(record: &mut Record<'_, '_>, editions: &Editions) -> Option<Observation> {
    let subject = record.code("flow_code", &Wanted::Route).map(Subject::Route);
    figure(record, subject, editions)
}

fn figure(record: &mut Record<'_, '_>, subject: Option<Subject>, editions: &Editions) -> Option<Observation> {
    let measure = record.word("measure");
    let period = period(record, measure);
    let value = record.parsed("value", "a whole number from 1 is wanted", |text| Ok((count(text)?, text.to_owned())));
    let status = record.word("status");
    let source = record.code("source_code", &Wanted::Source);
    let (source, (period_start, period_end), (value, raw_value)) = (source?, period?, value?);
    let retrieved_on = editions.retrieved.get(&source).copied();
    let edition = retrieved_on.or(editions.catalogue).map(|day| day.to_string()).unwrap_or_default();
    let figure = Observation {
        subject: subject?,
        measure: measure?,
        period_start,
        period_end,
        value: Some(value),
        availability: ValueAvailability::Reported,
        status: status?,
        sex: None,
        age_group: None,
        dimensions: Vec::new(),
        source,
        edition,
        retrieved_on,
        file: Some(record.file().to_owned()),
        sha256: None,
        line: Some(record.line()),
        raw_value: Some(raw_value),
    };
    let by = format!("line {}", record.line());
    if let Some(other) = record.desk().take("figure", &figure.key(), &by) {
        record.fault_of_all(format!("is the same figure as {other}: same ends, measure, period and source. Keep one."));
    }
    Some(figure)
}

fn period(record: &mut Record<'_, '_>, measure: Option<Measure>) -> Option<(Date, Date)> {
    let at = record.at("period_end");
    let (start, end) = (record.day("period_start"), record.day("period_end"));
    let (start, end) = (start?, end?);
    if start > end {
        record.fault(at, "period_end", format!("{end} is before {start} (period_start): one of the two is wrong."));
    } else if let Some(measure) = measure
        && measure.nature() == MeasureNature::Stock
        && start != end
    {
        let name = measure.name();
        record.fault(at, "period_end", format!("{name} is counted at a point in time: its period starts and ends on the same day."));
    }
    Some((start, end))
}

/// A count, written in digits alone, small enough to be exact as a double.
fn count(text: &str) -> Result<f64, String> {
    const MOST: f64 = 9_007_199_254_740_992.0;
    let digits = text.len() <= 16 && text.bytes().all(|b| b.is_ascii_digit());
    let count = text.parse::<f64>().ok().filter(|count| digits && (1.0..=MOST).contains(count));
    count.ok_or_else(|| format!("{} will not do: a whole number from 1 is wanted, in digits alone.", quoted(text)))
}
