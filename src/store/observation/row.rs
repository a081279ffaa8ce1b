//! A figure as a row: written, read, and what follows from all of them (newest editions, corridors).

use sea_orm::{ConnectionTrait, QueryResult, Value};

use crate::domain::figure::{Observation, Subject};
use crate::domain::flow::{corridor_code, corridor_ends};
use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::store::StoreError;
use crate::store::sql::{column, parse, placeholders, statement, word};

use super::ObservationRow;

/// The columns that [`read`] reads.
pub const COLUMNS: &str = "id, subject, measure, period_start, period_end, value, availability, status, sex, age_group, dimensions, \
     source, edition, retrieved_on, file, sha256, line, raw_value";

/// Rows of one statement: 21 values each, and both engines take at least 32,766.
const ROWS: usize = 500;

/// The id of a figure.
pub fn id(observation: &Observation) -> Id {
    Id::of("Observation", &observation.key())
}

/// What a figure is about, in one word: `C:AFG-DEU`, `R:EAST-MED`, `S:AFG`.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Corridor(origin, destination) => format!("C:{}", corridor_code(origin, destination)),
        Subject::Route(code) => format!("R:{code}"),
        Subject::State(code) => format!("S:{code}"),
    }
}

fn subject_of(text: &str) -> Option<Subject> {
    let (kind, code) = text.split_once(':')?;
    match kind {
        "C" => corridor_ends(code).map(|(origin, destination)| Subject::Corridor(origin.into(), destination.into())),
        "R" => Some(Subject::Route(code.into())),
        "S" => Some(Subject::State(code.into())),
        _ => None,
    }
}

/// Writes figures; [`settle`] has to follow.
pub async fn insert(connection: &impl ConnectionTrait, observations: &[Observation]) -> Result<(), StoreError> {
    for chunk in observations.chunks(ROWS) {
        let mut values = Vec::with_capacity(chunk.len() * 22);
        let mut rows = Vec::with_capacity(chunk.len());
        for observation in chunk {
            let row = row_values(observation)?;
            rows.push(format!("({})", placeholders(values.len() + 1, row.len())));
            values.extend(row);
        }
        let sql = format!(
            "INSERT INTO observation (id, subject, origin, destination, measure, period_start, period_end, value, availability, status, sex, age_group, \
             dimensions, is_total, is_newest, source, edition, retrieved_on, file, sha256, line, raw_value) VALUES {}",
            rows.join(",")
        );
        connection.execute_raw(statement(&sql, values)).await?;
    }
    Ok(())
}

fn row_values(o: &Observation) -> Result<Vec<Value>, StoreError> {
    let (origin, destination) = match &o.subject {
        Subject::Corridor(origin, destination) => (Some(origin.clone()), Some(destination.clone())),
        Subject::Route(_) | Subject::State(_) => (None, None),
    };
    let dimensions = serde_json::to_string(&o.dimensions).map_err(|error| StoreError::NotWhole(format!("a figure cannot be written: {error}")))?;
    let is_total = o.sex.is_none() && o.age_group.is_none() && o.dimensions.is_empty();
    Ok(vec![
        id(o).to_string().into(),
        subject(&o.subject).into(),
        origin.into(),
        destination.into(),
        o.measure.name().into(),
        o.period_start.to_string().into(),
        o.period_end.to_string().into(),
        o.value.into(),
        o.availability.name().into(),
        o.status.name().into(),
        o.sex.map(Words::name).into(),
        o.age_group.clone().into(),
        dimensions.into(),
        is_total.into(),
        true.into(),
        o.source.clone().into(),
        o.edition.clone().into(),
        o.retrieved_on.map(|day| day.to_string()).into(),
        o.file.clone().into(),
        o.sha256.clone().into(),
        o.line.map(i64::from).into(),
        o.raw_value.clone().into(),
    ])
}

/// Brings up to date what follows from all figures: which edition is the newest, and which corridors there are.
pub async fn settle(connection: &impl ConnectionTrait) -> Result<(), StoreError> {
    let newest = "UPDATE observation SET is_newest = NOT is_newest \
         WHERE is_newest <> (edition = (SELECT MAX(o.edition) FROM observation o WHERE o.source = observation.source))";
    connection.execute_raw(statement(newest, vec![])).await?;
    connection.execute_raw(statement("DELETE FROM corridor", vec![])).await?;
    let corridors = "INSERT INTO corridor (code, origin, destination) \
         SELECT DISTINCT origin || '-' || destination, origin, destination FROM observation WHERE origin IS NOT NULL";
    connection.execute_raw(statement(corridors, vec![])).await?;
    Ok(())
}

/// Reads a figure.
pub fn read(row: &QueryResult) -> Result<ObservationRow, StoreError> {
    let text = |name| column::<String>(row, name);
    let maybe = |name| column::<Option<String>>(row, name);
    let (subject, dimensions) = (text("subject")?, text("dimensions")?);
    let dimensions = if dimensions == "[]" {
        Vec::new()
    } else {
        serde_json::from_str(&dimensions).map_err(|_| StoreError::NotWhole("the dimensions of a figure cannot be read".into()))?
    };
    let line: Option<i64> = column(row, "line")?;
    Ok(ObservationRow {
        id: parse("id", &text("id")?)?,
        observation: Observation {
            subject: subject_of(&subject).ok_or_else(|| StoreError::NotWhole(format!("'{subject}' is no subject of a figure")))?,
            measure: word(&text("measure")?)?,
            period_start: parse("date", &text("period_start")?)?,
            period_end: parse("date", &text("period_end")?)?,
            value: column(row, "value")?,
            availability: word(&text("availability")?)?,
            status: word(&text("status")?)?,
            sex: maybe("sex")?.map(|name| word(&name)).transpose()?,
            age_group: maybe("age_group")?,
            dimensions,
            source: text("source")?,
            edition: text("edition")?,
            retrieved_on: maybe("retrieved_on")?.map(|day| parse("date", &day)).transpose()?,
            file: maybe("file")?,
            sha256: maybe("sha256")?,
            line: line.and_then(|line| u32::try_from(line).ok()),
            raw_value: maybe("raw_value")?,
        },
    })
}
