//! Pages of figures: one statement a level of a query brings the series of its subjects; filter, order and page are
//! cut here, by the same few lines for every engine.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::ConnectionTrait;

use super::{ObservationKey, ObservationPage, ObservationQuery, ObservationRow, rule};
use crate::domain::fact::{Breakdown, Period, SeriesHash, index_of_id, subject_of};
use crate::domain::figure::{Observation, Subject};
use crate::domain::id::Id;
use crate::store::cache::Caches;
use crate::store::error::Doing;
use crate::store::row::MOST_PARAMETERS;
use crate::store::series::point::{Point, Raw, decode};
use crate::store::series::set::{FigureSet, Sets};
use crate::store::sql::{Sql, rows};
use crate::store::write::revision;
use crate::store::{Store, StoreError};

const DOING: &str = "read figures";
/// Subjects a statement: bounds what one statement may answer.
const SUBJECTS: usize = 100;

impl Store {
    /// What figures there are, as of that revision or a later one.
    ///
    /// # Errors
    /// Where the database does not answer.
    async fn sets(&self, caches: &Caches, revision: u64) -> Result<Arc<Sets>, StoreError> {
        if let Some(sets) = caches.sets.load_full().filter(|sets| sets.revision >= revision) {
            return Ok(sets);
        }
        let reading = self.one_state(DOING).await?;
        let sets = Sets::read(&*reading).await.map(Arc::new);
        // Nothing was written: what becomes of the transaction cannot matter.
        let _ = reading.rollback().await;
        let sets = sets?;
        if self.may_keep(caches, &sets.mark) {
            caches.sets.store(Some(Arc::clone(&sets)));
        }
        Ok(sets)
    }

    /// What figures there are now.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn newest_sets(&self) -> Result<Arc<Sets>, StoreError> {
        let caches = self.caches();
        self.sets(&caches, self.revision().await?).await
    }

    /// One page of the figures of each subject (`C:AFG-DEU`, `R:EAST-MED`, `S:AFG`); an empty one where it has none.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn observations(&self, query: &ObservationQuery, subjects: &[String]) -> Result<HashMap<String, ObservationPage>, StoreError> {
        self.make_ready(query.measures.as_deref()).await?;
        let mut pages = HashMap::with_capacity(subjects.len());
        // What the graph shows is what is asked for: so a page that is kept costs no statement. Looked at ahead of the
        // caches, which are new ones by the time that the graph shows another history.
        let shown = self.shown.load_full().map(|mark| mark.revision);
        let caches = self.caches();
        let revision = match shown {
            Some(shown) => shown,
            None => self.revision().await?,
        };
        let query = Arc::new(query.clone());
        let mut unknown = Vec::new();
        for subject in subjects {
            let kept = if self.sight.is_common() { caches.pages.get(&(revision, Arc::clone(&query), subject.clone())) } else { None };
            match kept {
                Some(page) => _ = pages.insert(subject.clone(), page),
                None => unknown.push(subject),
            }
        }
        if !self.read_pages(&caches, &query, revision, &unknown, &mut pages).await? && unknown.len() < subjects.len() {
            // Kept ones are of what the graph shows, and the others are newer: all of one state, then.
            let all: Vec<&String> = subjects.iter().collect();
            self.read_pages(&caches, &query, revision, &all, &mut pages).await?;
        }
        Ok(pages)
    }

    /// Reads pages as of that revision or a later one; whether all are of that one.
    async fn read_pages(
        &self,
        caches: &Caches,
        query: &Arc<ObservationQuery>,
        revision: u64,
        subjects: &[&String],
        pages: &mut HashMap<String, ObservationPage>,
    ) -> Result<bool, StoreError> {
        let mut is_of_it = true;
        for some in subjects.chunks(SUBJECTS) {
            let (sets, found) = self.series_of(caches, query, revision, some).await?;
            is_of_it &= sets.revision == revision;
            let may_keep = self.sight.is_common() && self.may_keep(caches, &sets.mark);
            let mut by_subject = some.iter().map(|_| Vec::new()).collect::<Vec<_>>();
            for series in found {
                if let Some(of_subject) = by_subject.get_mut(series.subject) {
                    of_subject.push(series);
                }
            }
            for (subject, series) in some.iter().zip(by_subject) {
                let page = cut(query, &sets, subject, &series)?;
                if may_keep {
                    caches.pages.insert((sets.revision, Arc::clone(query), (*subject).clone()), page.clone());
                }
                pages.insert((*subject).clone(), page);
            }
        }
        Ok(is_of_it)
    }

    /// The series of those subjects that a query reads, with the sets of the same moment.
    async fn series_of(&self, caches: &Caches, query: &ObservationQuery, at_least: u64, subjects: &[&String]) -> Result<(Arc<Sets>, Vec<Found>), StoreError> {
        if !self.sight.is_on() && self.replica.is_none() {
            // Older sets do not know a source that came since, and would find nothing of it.
            let sets = self.sets(caches, at_least).await?;
            let (revision, found) = series(&self.read, query, &sets, subjects).await?;
            if revision == sets.revision {
                return Ok((sets, found));
            }
        }
        // Something was written meanwhile, is held back, or comes from a replica: as of one moment.
        let reading = self.state_of_figures(DOING).await?;
        let both = async {
            let now = revision(&*reading).await?;
            let sets = match caches.sets.load_full().filter(|sets| sets.revision == now) {
                Some(sets) => sets,
                None => Arc::new(Sets::read(&*reading).await?),
            };
            let (_, mut found) = series(&*reading, query, &sets, subjects).await?;
            let veil = self.veil(caches, &*reading, &sets, found.iter().map(|series| series.set)).await?;
            for series in found.iter_mut().filter(|series| veil.covers(series.set)) {
                let subject = subjects.get(series.subject).map_or("", |subject| subject.as_str());
                veil.over_points(series.set, series.breakdown, subject, &mut series.points);
                series.is_veiled = true;
            }
            Ok((sets, found))
        };
        let both: Result<_, StoreError> = both.await;
        let _ = reading.rollback().await;
        let (sets, found) = both?;
        if self.may_keep(caches, &sets.mark) {
            caches.sets.store(Some(Arc::clone(&sets)));
        }
        Ok((sets, found))
    }

    /// Figures by their ids; nothing under an id that is none of a figure.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn observations_by_id(&self, ids: &[Id]) -> Result<HashMap<Id, ObservationRow>, StoreError> {
        self.make_ready(None).await?;
        let (caches, mut found) = (self.caches(), HashMap::with_capacity(ids.len()));
        for some in ids.chunks(MOST_PARAMETERS) {
            let reading = self.state_of_figures(DOING).await?;
            let read = by_id(self, &caches, &*reading, some, &mut found).await;
            let _ = reading.rollback().await;
            read?;
        }
        Ok(found)
    }
}

/// A series as it was found: its subject by its place in the question.
struct Found {
    subject: usize,
    set: i64,
    breakdown: i64,
    points: Vec<Point>,
    is_veiled: bool,
}

/// One row in all: the driver costs more per row than the database. The revision first, then a line a series.
async fn series(db: &impl ConnectionTrait, query: &ObservationQuery, sets: &Sets, subjects: &[&String]) -> Result<(u64, Vec<Found>), StoreError> {
    let (of_sets, of_breakdowns) = (rule::sets(sets, query), rule::breakdowns(sets, query));
    let wanted: Vec<Option<&&String>> = subjects.iter().map(|subject| Some(subject).filter(|subject| runs_between(query, subject))).collect();
    if of_sets.is_empty() || of_breakdowns.is_empty() || wanted.iter().all(Option::is_none) {
        return Ok((sets.revision, Vec::new()));
    }
    let mut sql = Sql::new("SELECT (SELECT coalesce(max(revision), 0) FROM change), (SELECT ");
    sql.part(&lines()).text(" FROM ").texts("w", &wanted).text(" CROSS JOIN series s WHERE s.subject = w.value AND s.set_id IN (SELECT value FROM ");
    sql.numbers("l", &of_sets).text(") AND s.breakdown_id IN (SELECT value FROM ").numbers("l", &of_breakdowns).text("))");
    let found = rows(db, sql).await.doing(DOING)?;
    let Some(row) = found.first() else { return Ok((sets.revision, Vec::new())) };
    let (revision, lines): (i64, Option<String>) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
    let found = lines.as_deref().unwrap_or_default().lines().map(|line| read(line).ok_or_else(|| damaged("some series")));
    Ok((u64::try_from(revision).unwrap_or_default(), found.collect::<Result<_, _>>()?))
}

/// What [`read`] reads, a line a series.
fn lines() -> Sql {
    let mut line = Sql::new("w.key || ' ' || s.set_id || ' ' || s.breakdown_id || ' ' || ");
    line.hex("s.points");
    let mut lines = Sql::new("");
    lines.joined(&line, "\n");
    lines
}

fn read(line: &str) -> Option<Found> {
    let mut parts = line.split(' ');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (subject, set, breakdown) = (usize::try_from(number()?).ok()?, number()?, number()?);
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(parts.next()?.as_bytes()).ok()?;
    Some(Found { subject, set, breakdown, points: decode(&bytes)?, is_veiled: false })
}

fn damaged(of: &str) -> StoreError {
    StoreError::Damaged { what: "a figure", of: of.to_owned() }
}

/// Whether a subject has the ends that are asked for; only corridors have ends.
fn runs_between(query: &ObservationQuery, subject: &str) -> bool {
    if query.origins.is_none() && query.destinations.is_none() {
        return true;
    }
    let Some(Subject::Corridor(origin, destination)) = subject_of(subject) else { return false };
    query.origins.as_ref().is_none_or(|all| all.contains(&origin)) && query.destinations.as_ref().is_none_or(|all| all.contains(&destination))
}

/// What figures of one series share, looked up once.
pub(in crate::store) struct Series<'a> {
    subject: Subject,
    set: &'a FigureSet,
    breakdown: &'a Breakdown,
    hash: SeriesHash,
    is_veiled: bool,
}

impl<'a> Series<'a> {
    /// Of those numbers; none where they are not there.
    pub fn of(sets: &'a Sets, subject: &str, set: i64, breakdown: i64) -> Option<Self> {
        let (set, breakdown) = (sets.by_id.get(&set)?, sets.breakdowns.get(&breakdown)?);
        let hash = SeriesHash::of(subject, set.measure, &set.source, &set.edition, breakdown);
        Some(Self { subject: subject_of(subject)?, set, breakdown, hash, is_veiled: false })
    }

    /// The same, behind a veil or not: then nothing is told of a figure but what it says.
    pub const fn veiled(mut self, is_veiled: bool) -> Self {
        self.is_veiled = is_veiled;
        self
    }

    /// The id of its figure of that period.
    pub fn id(&self, period: Period) -> Id {
        self.hash.id(period)
    }

    /// A figure of it in full.
    pub fn row(&self, sets: &Sets, point: &Point) -> Option<ObservationRow> {
        let file = sets.files.get(&point.file)?;
        Some(ObservationRow {
            id: self.id(point.period),
            is_break: point.is_break,
            observation: Observation {
                subject: self.subject.clone(),
                measure: self.set.measure,
                period_start: point.period.start(),
                period_end: point.period.end(),
                value: point.value,
                availability: point.availability,
                status: point.status,
                sex: self.breakdown.sex,
                age_group: self.breakdown.age_group.clone(),
                dimensions: self.breakdown.dimensions.clone(),
                source: self.set.source.to_string(),
                edition: self.set.edition.to_string(),
                retrieved_on: file.retrieved_on,
                file: file.name.clone(),
                sha256: file.sha256.clone().filter(|_| !self.is_veiled),
                line: Some(point.line).filter(|line| *line > 0),
                raw_value: point.raw.cell(point.value).filter(|_| !self.is_veiled || point.raw == Raw::Usual),
            },
        })
    }
}

/// Where a figure stands in a list of that order.
pub(super) const fn key_of(by_value: bool, period: Period, value: Option<f64>, id: Id) -> ObservationKey {
    if by_value { ObservationKey::Value { value, id } } else { ObservationKey::Period { period, id } }
}

/// The page of one subject.
fn cut(query: &ObservationQuery, sets: &Sets, subject: &str, found: &[Found]) -> Result<ObservationPage, StoreError> {
    let from = query.from.map(crate::domain::date::PartialDate::first_day);
    let to = query.to.map(crate::domain::date::PartialDate::last_day);
    let fits = |period: Period| from.is_none_or(|from| period.end() >= from) && to.is_none_or(|to| period.start() <= to);
    let mut list = Vec::new();
    for series in found {
        let of = Series::of(sets, subject, series.set, series.breakdown).ok_or_else(|| damaged(subject))?;
        list.extend(
            series
                .points
                .iter()
                .filter(|point| fits(point.period))
                .map(|point| (key_of(query.order.by_value, point.period, point.value, of.id(point.period)), series, point)),
        );
    }
    let in_order = |one: &ObservationKey, other: &ObservationKey| {
        let order = one.compare(other)?;
        Some(if query.order.descending { order.reverse() } else { order })
    };
    list.sort_unstable_by(|one, other| in_order(&one.0, &other.0).unwrap_or(Ordering::Equal));
    let passed = |key: &Option<ObservationKey>, is_passed: fn(Ordering) -> bool, otherwise: usize| match key {
        None => Ok(otherwise),
        Some(key) => match list.first().map(|(first, ..)| first.compare(key)) {
            Some(None) => Err(StoreError::OtherOrder),
            _ => Ok(list.partition_point(|(one, ..)| in_order(one, key).is_some_and(is_passed))),
        },
    };
    let start = passed(&query.window.after, |order| order != Ordering::Greater, 0)?;
    let end = passed(&query.window.before, |order| order == Ordering::Less, list.len())?.max(start);
    let mut bounds = start..end;
    if query.window.backward {
        bounds.start = end.saturating_sub(query.window.limit).max(start);
    } else {
        bounds.end = start.saturating_add(query.window.limit).min(end);
    }
    let row = |(_, series, point): &(ObservationKey, &Found, &Point)| {
        let of = Series::of(sets, subject, series.set, series.breakdown)?.veiled(series.is_veiled);
        of.row(sets, point).map(Arc::new)
    };
    let rows = list.get(bounds.clone()).unwrap_or_default().iter().map(|one| row(one).ok_or_else(|| damaged(subject)));
    Ok(ObservationPage {
        rows: rows.collect::<Result<_, _>>()?,
        has_next: bounds.end < list.len(),
        has_previous: bounds.start > 0,
        total: query.count.then_some(list.len()),
    })
}

async fn by_id(store: &Store, caches: &Caches, db: &impl ConnectionTrait, ids: &[Id], found: &mut HashMap<Id, ObservationRow>) -> Result<(), StoreError> {
    let hashes: Vec<i64> = ids.iter().map(|id| index_of_id(*id)).collect();
    let mut sql = Sql::new("SELECT set_id, breakdown_id, subject, points FROM series WHERE hash IN (SELECT value FROM ");
    sql.numbers("l", &hashes).text(")");
    let rows = rows(db, sql).await.doing(DOING)?;
    if rows.is_empty() {
        return Ok(());
    }
    let sets = Sets::read(db).await?;
    let of_sets = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<i64>, _>>().doing(DOING)?;
    let veil = store.veil(caches, db, &sets, of_sets).await?;
    for row in rows {
        let subject: String = row.try_get_by_index(2).doing(DOING)?;
        let points: Vec<u8> = row.try_get_by_index(3).doing(DOING)?;
        let broken = || damaged(&subject);
        let (set, breakdown): (i64, i64) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        let series = Series::of(&sets, &subject, set, breakdown).ok_or_else(broken)?.veiled(veil.covers(set));
        let mut points = decode(&points).ok_or_else(broken)?;
        veil.over_points(set, breakdown, &subject, &mut points);
        for id in ids {
            let point = series.hash.period_in(*id).and_then(|period| points.iter().find(|point| point.period == period));
            if let Some(point) = point {
                found.insert(*id, series.row(&sets, point).ok_or_else(broken)?);
            }
        }
    }
    Ok(())
}
