//! The end of every write of figures: each touched set is read once, in the order of its series; what a file no longer
//! has is taken out; and blocks, counts and corridors are made of what is left.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use sea_orm::DatabaseTransaction;

use super::block::{Cell, encode, number_of};
use super::point::{Point, decode};
use super::writer::Writer;
use crate::domain::fact::{Period, subject_of};
use crate::domain::figure::Subject;
use crate::domain::flow::corridor_code;
use crate::graph::figures::BlockKind;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::row::MOST_PARAMETERS;
use crate::store::sql::{Sql, rows, run};

const DOING: &str = "put figures side by side";
/// Series that are read at once.
const SERIES: i64 = 4_000;
/// Subjects and points: what one set's figures come to.
type Columns = BTreeMap<(BlockKind, Period), Vec<Cell>>;

/// What a look at the touched sets came to.
#[derive(Debug, Default)]
pub(in crate::store) struct Finished {
    /// What the touched sets speak of.
    pub subjects: BTreeSet<Subject>,
    /// Corridors that were not known.
    pub corridors: usize,
}

impl Writer<'_> {
    /// Takes out the points that `is_gone`, and makes everything that follows from series.
    pub async fn finish(&mut self, is_gone: &(dyn Fn(&Point) -> bool + Send + Sync)) -> Result<Finished, StoreError> {
        let mut places = Places::of(&self.sets.places);
        let mut finished = Finished::default();
        for set in std::mem::take(&mut self.touched) {
            let (mut facts, mut span) = (0, None);
            let mut sql = Sql::new("DELETE FROM figure_block WHERE set_id = ");
            sql.bind(set);
            run(self.transaction(), sql).await.doing(DOING)?;
            // One breakdown after the other: a file of any size has many, and few figures in each.
            for breakdown in self.breakdowns_of(set).await? {
                let columns = self.columns((set, breakdown), is_gone, &mut places, &mut finished.subjects).await?;
                for ((kind, period), mut cells) in columns {
                    facts += cells.len() as u64;
                    let (first, last) = span.unwrap_or((period.start(), period.end()));
                    span = Some((period.start().min(first), period.end().max(last)));
                    self.insert_block((set, breakdown, kind, period), &mut cells).await?;
                }
            }
            if let Some(set) = self.sets.by_id.get_mut(&set) {
                (set.facts, set.span) = (facts, span);
            }
        }
        places.keep(self.transaction(), self.sets.places.len()).await?;
        finished.corridors = note_corridors(self.transaction(), &finished.subjects).await?;
        Ok(finished)
    }

    async fn breakdowns_of(&self, set: i64) -> Result<Vec<i64>, StoreError> {
        let mut sql = Sql::new("SELECT DISTINCT breakdown_id FROM series WHERE set_id = ");
        sql.bind(set).text(" ORDER BY breakdown_id");
        let found = rows(self.transaction(), sql).await.doing(DOING)?;
        found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>().doing(DOING)
    }

    async fn insert_block(&self, (set, breakdown, kind, period): (i64, i64, BlockKind, Period), cells: &mut [Cell]) -> Result<(), StoreError> {
        let (bytes, series) = encode(kind, cells);
        let mut sql = Sql::new("INSERT INTO figure_block (set_id, breakdown_id, kind, period, facts, cells, series) VALUES (");
        sql.bind(set).text(", ").bind(breakdown).text(", ").bind(number_of(kind)).text(", ");
        sql.bind(i64::try_from(period.code()).unwrap_or(i64::MAX)).text(", ").bind(i64::try_from(cells.len()).unwrap_or(i64::MAX)).text(", ");
        sql.bind(bytes).text(", ").bind(series).text(")");
        run(self.transaction(), sql).await.doing(DOING).map(|_| ())
    }

    /// The figures of a set and breakdown, by kind of subject and period.
    async fn columns(
        &mut self,
        (set, breakdown): (i64, i64),
        is_gone: &(dyn Fn(&Point) -> bool + Send + Sync),
        places: &mut Places,
        subjects: &mut BTreeSet<Subject>,
    ) -> Result<Columns, StoreError> {
        let mut columns = Columns::new();
        let mut last = 0_i64;
        loop {
            let mut sql = Sql::new("SELECT id, subject, points FROM series WHERE set_id = ");
            sql.bind(set).text(" AND breakdown_id = ").bind(breakdown).text(" AND id > ").bind(last).text(" ORDER BY id LIMIT ").bind(SERIES);
            let found = rows(self.transaction(), sql).await.doing(DOING)?;
            if found.is_empty() {
                return Ok(columns);
            }
            let mut changed = Vec::new();
            for row in found {
                last = row.try_get_by_index(0).doing(DOING)?;
                let text: String = row.try_get_by_index(1).doing(DOING)?;
                let damaged = || StoreError::Damaged { what: "the figures", of: text.clone() };
                let mut points = decode(&row.try_get_by_index::<Vec<u8>>(2).doing(DOING)?).ok_or_else(damaged)?;
                let before = points.len();
                points.retain(|point| !is_gone(point));
                if points.len() < before {
                    self.tally.removed += before - points.len();
                    changed.push((last, points.clone()));
                    if points.is_empty() {
                        continue;
                    }
                }
                let subject = subject_of(&text).ok_or_else(damaged)?;
                let (kind, origin, destination) = places.number_ends(&subject).ok_or(StoreError::TooManyPlaces)?;
                let series = u32::try_from(last).map_err(|_| damaged())?;
                subjects.insert(subject);
                for point in &points {
                    columns.entry((kind, point.period)).or_default().push(Cell::of(origin, destination, series, point));
                }
            }
            self.replace(changed).await?;
        }
    }
}

/// Numbers of the codes of points and routes.
struct Places {
    numbers: FxHashMap<String, u16>,
    codes: Vec<String>,
}

impl Places {
    fn of(known: &[std::sync::Arc<str>]) -> Self {
        let codes: Vec<String> = known.iter().map(|code| (**code).to_owned()).collect();
        Self { numbers: (0..).zip(&codes).map(|(number, code)| (code.clone(), number)).collect(), codes }
    }

    /// None where there are more places than two bytes can tell.
    fn number(&mut self, code: &str) -> Option<u16> {
        if let Some(number) = self.numbers.get(code) {
            return Some(*number);
        }
        let number = u16::try_from(self.codes.len()).ok()?;
        self.numbers.insert(code.to_owned(), number);
        self.codes.push(code.to_owned());
        Some(number)
    }

    fn number_ends(&mut self, subject: &Subject) -> Option<(BlockKind, u16, u16)> {
        Some(match subject {
            Subject::Corridor(origin, destination) => (BlockKind::Corridor, self.number(origin)?, self.number(destination)?),
            Subject::Route(code) => (BlockKind::Route, self.number(code)?, 0),
            Subject::State(code) => (BlockKind::State, self.number(code)?, 0),
        })
    }

    /// Writes those that are new.
    async fn keep(&self, transaction: &DatabaseTransaction, known: usize) -> Result<(), StoreError> {
        let new: Vec<(usize, &String)> = self.codes.iter().enumerate().skip(known).collect();
        for some in new.chunks(MOST_PARAMETERS) {
            let mut sql = Sql::new("INSERT INTO place (id, code) SELECT CAST(value ->> 0 AS bigint), value ->> 1 FROM ");
            sql.tuples("l", &some);
            run(transaction, sql).await.doing(DOING)?;
        }
        Ok(())
    }
}

/// Notes the corridors among these subjects; how many were not known.
async fn note_corridors(transaction: &DatabaseTransaction, subjects: &BTreeSet<Subject>) -> Result<usize, StoreError> {
    let corridors: Vec<(String, &str, &str)> = subjects
        .iter()
        .filter_map(|subject| match subject {
            Subject::Corridor(origin, destination) => Some((corridor_code(origin, destination), origin.as_str(), destination.as_str())),
            Subject::Route(_) | Subject::State(_) => None,
        })
        .collect();
    let mut new = 0;
    for some in corridors.chunks(MOST_PARAMETERS) {
        let mut sql = Sql::new("INSERT INTO corridor (code, origin, destination) SELECT value ->> 0, value ->> 1, value ->> 2 FROM ");
        sql.tuples("l", &some).text(" WHERE TRUE ON CONFLICT (code) DO NOTHING");
        new += run(transaction, sql).await.doing("note the corridors of figures")?;
    }
    Ok(usize::try_from(new).unwrap_or(usize::MAX))
}
