//! One figure as the database hands it over: a JSON list of its columns, as the driver costs more per column than
//! the parser.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Deserialize;

use super::ObservationRow;
use crate::domain::figure::{Observation, Subject};
use crate::domain::flow::corridor_ends;
use crate::domain::word::Words;

/// A figure `o` as a JSON list, with what [`Record`] has in its order. A value is text, as JSON from SQLite has 15
/// digits of a number alone; a whole one, as nearly all are, goes the short way.
pub(in crate::store) const RECORD: &str = "json_array(o.seq, o.id, o.subject, o.measure, o.period_start, o.period_end, \
     CASE WHEN o.value IS NULL THEN NULL WHEN o.value = CAST(o.value AS bigint) THEN CAST(CAST(o.value AS bigint) AS text) ELSE format('%!.17g', o.value) END, \
     o.availability, o.status, o.sex, o.age_group, o.dimensions, o.source, o.edition, o.retrieved_on, o.file, o.sha256, o.line, o.raw_value)";

type Text<'a> = Cow<'a, str>;

/// One row; [`RECORD`] says what stands where.
#[derive(Debug, Deserialize)]
struct Record<'a>(
    i64,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Option<Text<'a>>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Option<Text<'a>>,
    Option<String>,
    #[serde(borrow)] Text<'a>,
    String,
    String,
    #[serde(borrow)] Option<Text<'a>>,
    Option<String>,
    Option<String>,
    Option<u32>,
    Option<String>,
);

/// The rows of a `group_concat` of [`RECORD`]s; none where one is not what this program wrote.
pub(in crate::store) fn read(records: Option<String>) -> Option<Vec<ObservationRow>> {
    let Some(records) = records else { return Some(Vec::new()) };
    let json = format!("[{records}]");
    let records: Vec<Record<'_>> = serde_json::from_str(&json).ok()?;
    records.into_iter().map(row).collect()
}

fn row(record: Record<'_>) -> Option<ObservationRow> {
    let Record(
        seq,
        id,
        subject,
        measure,
        start,
        end,
        value,
        availability,
        status,
        sex,
        age_group,
        dimensions,
        source,
        edition,
        retrieved_on,
        file,
        sha256,
        line,
        raw_value,
    ) = record;
    Some(ObservationRow {
        id: id.parse().ok()?,
        seq,
        observation: Observation {
            subject: subject_of(&subject)?,
            measure: Words::parse(&measure)?,
            period_start: day(&start)?,
            period_end: day(&end)?,
            value: option(value, |value| value.parse().ok())?,
            availability: Words::parse(&availability)?,
            status: Words::parse(&status)?,
            sex: option(sex, Words::parse)?,
            age_group,
            dimensions: if dimensions.is_empty() { Vec::new() } else { serde_json::from_str(&dimensions).ok()? },
            source,
            edition,
            retrieved_on: option(retrieved_on, day)?,
            file,
            sha256,
            line,
            raw_value,
        },
    })
}

#[expect(clippy::option_option, reason = "outside: whether it can be read; inside: whether it is there")]
fn option<T>(text: Option<Text<'_>>, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    text.map_or(Some(None), |text| read(&text).map(Some))
}

/// `C:AFG-DEU`, `R:EAST-MED` or `S:AFG`.
fn subject_of(text: &str) -> Option<Subject> {
    let (kind, code) = text.split_once(':')?;
    match kind {
        "C" => {
            let (origin, destination) = corridor_ends(code).or_else(|| code.split_once('-'))?;
            Some(Subject::Corridor(origin.to_owned(), destination.to_owned()))
        }
        "R" => Some(Subject::Route(code.to_owned())),
        "S" => Some(Subject::State(code.to_owned())),
        _ => None,
    }
}

/// `2024-12-31`; the general parser takes ten times as long.
fn day(text: &str) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return text.parse().ok() };
    let number = |digits: &[u8]| digits.iter().try_fold(0_i16, |n, d| d.is_ascii_digit().then(|| n * 10 + i16::from(d - b'0')));
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
