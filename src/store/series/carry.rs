//! Figures of earlier versions, which kept each in a row of the table `observation`, carried over to series.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sea_orm::{DatabaseTransaction, QueryResult};

use super::point::{Point, Raw};
use super::set::FileRow;
use super::writer::{Key, Outcome, Writer};
use crate::domain::fact::{Breakdown, Period};
use crate::domain::figure::Measure;
use crate::domain::word::Words;
use crate::store::StoreError;
use crate::store::connect::tables;
use crate::store::error::Doing;
use crate::store::sql::{Sql, rows, run};

const DOING: &str = "carry its figures over";
/// Rows that are carried at once.
const ROWS: i64 = 100_000;

/// Carries the rows of the table over and drops it; does nothing where there is no such table.
pub(in crate::store) async fn carry(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    if !tables(transaction).await.doing(DOING)?.iter().any(|name| name == "observation") {
        return Ok(());
    }
    let mut writer = Writer::new(transaction).await?;
    let before = writer.sets.by_id.clone();
    let mut last = 0_i64;
    loop {
        let mut sql = Sql::new(
            "SELECT seq, subject, measure, period_start, period_end, value, availability, status, sex, age_group, dimensions, source, edition, \
             retrieved_on, file, sha256, line, raw_value FROM observation WHERE seq > ",
        );
        sql.bind(last).text(" ORDER BY seq LIMIT ").bind(ROWS);
        let found = rows(transaction, sql).await.doing(DOING)?;
        let Some(end) = found.last() else { break };
        last = end.try_get_by_index(0).doing(DOING)?;
        let mut batch: BTreeMap<Key, Vec<Point>> = BTreeMap::new();
        for row in &found {
            let (key, point) = one(&mut writer, row).await?;
            batch.entry(key).or_default().push(point);
        }
        let sorted = batch.into_iter().map(|(key, mut points)| {
            points.sort_by_key(|point| point.period);
            (key, points)
        });
        let batch = sorted.collect();
        writer.put(batch, &|_, _, _| Outcome::Replaced).await?;
    }
    writer.finish(&|_| false).await?;
    writer.keep_sets(&before).await?;
    run(transaction, Sql::new("DROP TABLE observation")).await.doing(DOING).map(|_| ())
}

/// One row of the table.
async fn one(writer: &mut Writer<'_>, row: &QueryResult) -> Result<(Key, Point), StoreError> {
    let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
    let option = |n: usize| row.try_get_by_index::<Option<String>>(n).doing(DOING);
    let seq: i64 = row.try_get_by_index(0).doing(DOING)?;
    let damaged = || StoreError::Damaged { what: "a figure", of: format!("row {seq}") };
    let day = |text: String| text.parse::<Date>().map_err(|_| damaged());
    let measure = Measure::parse(&text(2)?).ok_or_else(damaged)?;
    let dimensions = text(10)?;
    let breakdown = Breakdown {
        sex: option(8)?.map(|sex| Words::parse(&sex).ok_or_else(damaged)).transpose()?,
        age_group: option(9)?,
        dimensions: if dimensions.is_empty() { Vec::new() } else { serde_json::from_str(&dimensions).map_err(|_| damaged())? },
    };
    let (source, edition) = (text(11)?, text(12)?);
    let file = FileRow {
        source: source.as_str().into(),
        edition: edition.as_str().into(),
        name: option(14)?,
        sha256: option(15)?,
        retrieved_on: option(13)?.map(day).transpose()?,
    };
    let value: Option<f64> = row.try_get_by_index(5).doing(DOING)?;
    let line: Option<i64> = row.try_get_by_index(16).doing(DOING)?;
    let set = writer.set(&source, measure, &edition);
    if file.sha256.is_some()
        && let Some(set) = writer.sets.by_id.get_mut(&set)
    {
        set.is_cited = false;
    }
    let key = Key { subject: text(1)?.into(), set, breakdown: writer.breakdown(&breakdown).await? };
    let point = Point {
        period: Period::new(day(text(3)?)?, day(text(4)?)?),
        value,
        availability: Words::parse(&text(6)?).ok_or_else(damaged)?,
        status: Words::parse(&text(7)?).ok_or_else(damaged)?,
        is_break: false,
        file: writer.file(&file).await?,
        line: line.and_then(|line| u32::try_from(line).ok()).unwrap_or(0),
        raw: Raw::of(option(17)?, value),
    };
    Ok((key, point))
}
