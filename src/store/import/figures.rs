//! Figures that come with a catalogue: cited one by one, each under the same rules as those of publishers' files, and
//! never in the place of one of those.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::DatabaseTransaction;

use super::report::FigureReport;
use crate::domain::fact::{Period, subject_text};
use crate::domain::figure::Observation;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::series::point::{Point, Raw, decode};
use crate::store::series::set::FileRow;
use crate::store::series::writer::{Batch, Key, Outcome, Writer};
use crate::store::sql::{Sql, rows, run};
use crate::store::write::Changes;

/// Adds figures that are not there yet.
pub(in crate::store) async fn add(transaction: &DatabaseTransaction, figures: &[Observation], changes: &mut Changes) -> Result<(), StoreError> {
    if figures.is_empty() {
        return Ok(());
    }
    let mut writer = Writer::new(transaction).await?;
    let before = writer.sets.by_id.clone();
    let batch = batch(&mut writer, figures).await?;
    if let Some(double) = writer.put(batch, &|_, _, _| Outcome::Twice).await? {
        return Err(StoreError::FigureTwice(double.key.subject.to_string()));
    }
    note(&writer, changes);
    writer.finish(&|_| false).await?;
    writer.keep_sets(&before).await
}

/// Makes the figures of the catalogue what it says; corridors that are `named` stay without figures, too.
pub(super) async fn replace(
    transaction: &DatabaseTransaction,
    figures: &[Observation],
    prune: bool,
    named: &BTreeSet<String>,
    changes: &mut Changes,
) -> Result<FigureReport, StoreError> {
    let mut writer = Writer::new(transaction).await?;
    let before = writer.sets.by_id.clone();
    let cited = cited(&writer).await?;
    let batch = batch(&mut writer, figures).await?;
    let still: HashSet<(&Key, Period)> = batch.iter().flat_map(|(key, points)| points.iter().map(move |point| (key, point.period))).collect();
    let (mut report, mut met_again) = (FigureReport::default(), Vec::new());
    for (id, key, points) in &cited {
        let is_gone = |point: &&Point| is_cited(point, &writer.sets.files) && !still.contains(&(key, point.period));
        let gone = points.iter().filter(is_gone).count();
        if gone > 0 && prune {
            report.removed += gone;
            met_again.push((*id, points.iter().filter(|point| !is_gone(point)).cloned().collect()));
            writer.touched.insert(key.set);
        } else {
            report.kept_removed += gone;
        }
    }
    drop(still);
    writer.replace(met_again).await?;
    let rule = |before: &Point, new: &Point, files: &HashMap<u32, FileRow>| match before {
        // What a publisher's file brought is not the catalogue's to change.
        before if !is_cited(before, files) => Outcome::Kept,
        before if before.says(new) && before.file == new.file => Outcome::Unchanged,
        _ => Outcome::Replaced,
    };
    writer.put(batch, &rule).await?;
    let tally = writer.tally;
    (report.added, report.updated, report.unchanged) = (tally.added, tally.updated, tally.unchanged);
    note(&writer, changes);
    writer.finish(&|_| false).await?;
    writer.keep_sets(&before).await?;
    if report.removed > 0 {
        let mut sql = Sql::new(
            "DELETE FROM corridor WHERE NOT EXISTS (SELECT 1 FROM series s WHERE s.subject = 'C:' || corridor.code) AND code NOT IN (SELECT value FROM ",
        );
        sql.texts("l", named).text(")");
        run(transaction, sql).await.doing("remove figures that are no longer in the catalogue")?;
    }
    Ok(report)
}

/// Whether it came with a catalogue: without the checksum of a publisher's file.
fn is_cited(point: &Point, files: &HashMap<u32, FileRow>) -> bool {
    files.get(&point.file).is_some_and(|file| file.sha256.is_none())
}

/// Notes the sources whose figures changed.
fn note(writer: &Writer<'_>, changes: &mut Changes) {
    for set in writer.sets.all().filter(|set| writer.touched.contains(&set.id)) {
        changes.note_figures_of(&set.source);
    }
}

/// Figures under the numbers of the database; of two that are the same figure, the first counts.
async fn batch(writer: &mut Writer<'_>, figures: &[Observation]) -> Result<Batch, StoreError> {
    let mut all: BTreeMap<Key, BTreeMap<Period, Point>> = BTreeMap::new();
    for figure in figures {
        let file = FileRow {
            source: figure.source.as_str().into(),
            edition: figure.edition.as_str().into(),
            name: figure.file.clone(),
            sha256: figure.sha256.clone(),
            retrieved_on: figure.retrieved_on,
        };
        let fact = figure.fact();
        let set = writer.set(&figure.source, fact.measure, &figure.edition);
        if file.sha256.is_some()
            && let Some(set) = writer.sets.by_id.get_mut(&set)
        {
            set.is_cited = false;
        }
        let key = Key { subject: subject_text(&fact.subject).into(), set, breakdown: writer.breakdown(&fact.breakdown).await? };
        let value = fact.value.filter(|value| value.is_finite());
        let point = Point {
            period: fact.period,
            value,
            availability: fact.availability,
            status: fact.status,
            is_break: fact.is_break,
            file: writer.file(&file).await?,
            line: fact.line.unwrap_or(0),
            raw: Raw::of(fact.raw_value, value),
        };
        all.entry(key).or_default().entry(point.period).or_insert(point);
    }
    Ok(all.into_iter().map(|(key, points)| (key, points.into_values().collect())).collect())
}

/// The series of the sets in which the catalogue cites figures.
async fn cited(writer: &Writer<'_>) -> Result<Vec<(i64, Key, Vec<Point>)>, StoreError> {
    const DOING: &str = "compare the catalogue with its figures";
    let files: HashSet<_> = writer.sets.files.values().filter(|file| file.sha256.is_none()).map(|file| (&*file.source, &*file.edition)).collect();
    let sets: Vec<i64> = writer.sets.all().filter(|set| files.contains(&(&*set.source, &*set.edition))).map(|set| set.id).collect();
    let mut sql = Sql::new("SELECT id, set_id, breakdown_id, subject, points FROM series WHERE set_id IN (SELECT value FROM ");
    sql.numbers("l", &sets).text(") ORDER BY id");
    let mut all = Vec::new();
    for row in rows(writer.transaction(), sql).await.doing(DOING)? {
        let subject: String = row.try_get_by_index(3).doing(DOING)?;
        let points: Vec<u8> = row.try_get_by_index(4).doing(DOING)?;
        let points = decode(&points).ok_or_else(|| StoreError::Damaged { what: "the figures", of: subject.clone() })?;
        let key = Key { subject: subject.into(), set: row.try_get_by_index(1).doing(DOING)?, breakdown: row.try_get_by_index(2).doing(DOING)? };
        all.push((row.try_get_by_index(0).doing(DOING)?, key, points));
    }
    Ok(all)
}
