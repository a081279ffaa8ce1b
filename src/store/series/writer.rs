//! Writes series: points go in, what is there is compared, and at the end blocks, sets and corridors follow.
//!
//! The one way in which figures are written: by the import of a publisher's file, by the catalogue, and by data for
//! measuring. What differs is the *rule* for a figure that is there already ([`Rule`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::point::{Point, decode, encode};
use super::set::{FigureSet, FileRow, Sets, keep, keep_breakdown, keep_file, rank};
use crate::domain::fact::{Breakdown, SeriesHash};
use crate::domain::figure::Measure;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::row::MOST_PARAMETERS;
use crate::store::sql::{Sql, rows, run};

const DOING: &str = "add figures";
/// Subjects whose series are looked up at once.
const SUBJECTS: usize = 500;
const SERIES_COLUMNS: usize = 6;

/// A series, by its numbers and its subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::store) struct Key {
    pub subject: Arc<str>,
    pub set: i64,
    pub breakdown: i64,
}

/// A figure is there already, and another of its period comes.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Outcome {
    /// It says the same, in the same file.
    Unchanged,
    /// The new one takes its place.
    Replaced,
    /// It stays; the new one is not taken.
    Kept,
    /// It came in the same file: that is one figure twice.
    Twice,
}

/// What to do with a figure that is there already.
pub(in crate::store) type Rule<'a> = &'a (dyn Fn(&Point, &Point, &HashMap<u32, FileRow>) -> Outcome + Send + Sync);

/// What became of points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::store) struct Tally {
    pub added: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub removed: usize,
}

/// One figure twice: where both stand.
#[derive(Debug, Clone)]
pub(in crate::store) struct Double {
    pub key: Key,
    pub first: Point,
    pub second: Point,
}

/// Points of many series on their way in.
pub(in crate::store) type Batch = Vec<(Key, Vec<Point>)>;

/// Writes series in one transaction.
pub(in crate::store) struct Writer<'t> {
    transaction: &'t DatabaseTransaction,
    /// What there is, with what this transaction adds.
    pub sets: Sets,
    by_name: HashMap<(Arc<str>, Measure, Arc<str>), i64>,
    breakdown_ids: HashMap<Breakdown, i64>,
    files: HashMap<FileRow, u32>,
    next_series: i64,
    /// Sets whose blocks are to be made anew.
    pub touched: BTreeSet<i64>,
    /// Sets of this transaction that had no series before, and none yet.
    empty: BTreeSet<i64>,
    pub tally: Tally,
}

impl<'t> Writer<'t> {
    /// Begins.
    pub async fn new(transaction: &'t DatabaseTransaction) -> Result<Self, StoreError> {
        let sets = Sets::read(transaction).await?;
        let next_series = largest(transaction, "series").await? + 1;
        Ok(Self {
            transaction,
            by_name: sets.by_id.values().map(|set| ((Arc::clone(&set.source), set.measure, Arc::clone(&set.edition)), set.id)).collect(),
            breakdown_ids: sets.breakdowns.iter().map(|(id, breakdown)| (breakdown.clone(), *id)).collect(),
            files: sets.files.iter().map(|(id, file)| (file.clone(), *id)).collect(),
            sets,
            next_series,
            touched: BTreeSet::new(),
            empty: BTreeSet::new(),
            tally: Tally::default(),
        })
    }

    /// The set of that name; made where there is none, as one of the catalogue.
    pub fn set(&mut self, source: &str, measure: Measure, edition: &str) -> i64 {
        let name = (Arc::from(source), measure, Arc::from(edition));
        if let Some(id) = self.by_name.get(&name) {
            return *id;
        }
        let id = self.sets.by_id.last_key_value().map_or(1, |(id, _)| id + 1);
        let set = FigureSet { id, source: Arc::clone(&name.0), measure, edition: Arc::clone(&name.2), is_cited: true, is_newest: false, facts: 0, span: None };
        self.sets.by_id.insert(id, set);
        self.by_name.insert(name, id);
        self.empty.insert(id);
        self.touched.insert(id);
        id
    }

    /// The number of a breakdown; kept where it is new.
    pub async fn breakdown(&mut self, breakdown: &Breakdown) -> Result<i64, StoreError> {
        if let Some(id) = self.breakdown_ids.get(breakdown) {
            return Ok(*id);
        }
        let id = self.sets.breakdowns.last_key_value().map_or(1, |(id, _)| id + 1);
        keep_breakdown(self.transaction, id, breakdown).await?;
        self.sets.breakdowns.insert(id, breakdown.clone());
        self.breakdown_ids.insert(breakdown.clone(), id);
        Ok(id)
    }

    /// The number of a file; kept where it is new.
    pub async fn file(&mut self, file: &FileRow) -> Result<u32, StoreError> {
        match self.files.get(file) {
            Some(id) => Ok(*id),
            None => self.new_file(file).await,
        }
    }

    /// The number of a file that is imported now, though it was before.
    pub async fn new_file(&mut self, file: &FileRow) -> Result<u32, StoreError> {
        let id = self.sets.files.keys().max().map_or(1, |id| id + 1);
        keep_file(self.transaction, id, file).await?;
        self.sets.files.insert(id, file.clone());
        self.files.insert(file.clone(), id);
        Ok(id)
    }

    /// Lets go of files that no figure came in any more.
    pub async fn forget_files(&mut self, ids: &BTreeSet<u32>) -> Result<(), StoreError> {
        self.sets.files.retain(|id, _| !ids.contains(id));
        let mut sql = Sql::new("DELETE FROM figure_file WHERE id IN (SELECT value FROM ");
        sql.numbers("l", ids).text(")");
        run(self.transaction, sql).await.doing(DOING).map(|_| ())
    }

    /// Puts points into their series. The points of each stand in the order of their periods, one of each.
    pub async fn put(&mut self, mut batch: Batch, rule: Rule<'_>) -> Result<Option<Double>, StoreError> {
        batch.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for some in batch.chunk_by_mut(|one, other| one.0.subject == other.0.subject).collect::<Vec<_>>().chunks_mut(SUBJECTS) {
            let existing = self.existing(some).await?;
            for (key, points) in some.iter_mut().flat_map(|of_subject| of_subject.iter_mut()) {
                let points = std::mem::take(points);
                match existing.get(key) {
                    None => {
                        self.touched.insert(key.set);
                        self.tally.added += points.len();
                        new.push((key.clone(), encode(&points)));
                    }
                    Some((id, bytes)) => {
                        let before = decode(bytes).ok_or_else(|| damaged(key))?;
                        match self.merge(before, points, rule) {
                            Ok(Some(merged)) => {
                                self.touched.insert(key.set);
                                changed.push((*id, merged));
                            }
                            Ok(None) => {}
                            Err(both) => {
                                let (first, second) = *both;
                                return Ok(Some(Double { key: key.clone(), first, second }));
                            }
                        }
                    }
                }
            }
            self.insert(std::mem::take(&mut new)).await?;
            self.replace(std::mem::take(&mut changed)).await?;
        }
        // What was empty is no longer, once its first batch is in.
        self.empty.clear();
        Ok(None)
    }

    /// The series that are there of these.
    async fn existing(&self, some: &[&mut [(Key, Vec<Point>)]]) -> Result<FxHashMap<Key, (i64, Vec<u8>)>, StoreError> {
        let wanted: BTreeSet<i64> =
            some.iter().flat_map(|of_subject| of_subject.iter().map(|(key, _)| key.set)).filter(|set| !self.empty.contains(set)).collect();
        let mut found = FxHashMap::default();
        if wanted.is_empty() {
            return Ok(found);
        }
        let subjects: Vec<&str> = some.iter().filter_map(|of_subject| of_subject.first().map(|(key, _)| &*key.subject)).collect();
        let mut sql = Sql::new("SELECT s.id, s.set_id, s.breakdown_id, s.subject, s.points FROM ");
        // `CROSS JOIN` holds SQLite to this order: by sets, it would read every series of theirs for each subject.
        sql.texts("w", &subjects).text(" CROSS JOIN series s WHERE s.subject = w.value AND s.set_id IN (SELECT value FROM ").numbers("l", &wanted).text(")");
        for row in rows(self.transaction, sql).await.doing(DOING)? {
            let key = Key {
                subject: row.try_get_by_index::<String>(3).doing(DOING)?.into(),
                set: row.try_get_by_index(1).doing(DOING)?,
                breakdown: row.try_get_by_index(2).doing(DOING)?,
            };
            found.insert(key, (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(4).doing(DOING)?));
        }
        Ok(found)
    }

    /// The points of a series with new ones; none where it is as it was.
    fn merge(&mut self, before: Vec<Point>, new: Vec<Point>, rule: Rule<'_>) -> Result<Option<Vec<Point>>, Box<(Point, Point)>> {
        let mut merged = Vec::with_capacity(before.len() + new.len());
        let (mut before, mut has_changed) = (before.into_iter().peekable(), false);
        for point in new {
            while let Some(earlier) = before.next_if(|other| other.period < point.period) {
                merged.push(earlier);
            }
            let Some(same) = before.next_if(|other| other.period == point.period) else {
                self.tally.added += 1;
                has_changed = true;
                merged.push(point);
                continue;
            };
            match rule(&same, &point, &self.sets.files) {
                Outcome::Twice => return Err(Box::new((same, point))),
                Outcome::Unchanged => self.tally.unchanged += 1,
                Outcome::Kept => {
                    self.tally.unchanged += 1;
                    merged.push(same);
                    continue;
                }
                Outcome::Replaced => self.tally.updated += 1,
            }
            has_changed |= same != point;
            merged.push(point);
        }
        merged.extend(before);
        Ok(has_changed.then_some(merged))
    }

    async fn insert(&mut self, new: Vec<(Key, Vec<u8>)>) -> Result<(), StoreError> {
        let mut new = new.into_iter().peekable();
        while new.peek().is_some() {
            let mut sql = Sql::new("INSERT INTO series (id, hash, set_id, breakdown_id, subject, points) VALUES ");
            for (n, (key, bytes)) in new.by_ref().take(MOST_PARAMETERS / SERIES_COLUMNS).enumerate() {
                let hash = self.hash(&key).ok_or_else(|| damaged(&key))?;
                sql.text(if n == 0 { "(" } else { ", (" }).bind(self.next_series).text(", ").bind(hash.index()).text(", ").bind(key.set).text(", ");
                sql.bind(key.breakdown).text(", ").bind(key.subject.to_string()).text(", ").bind(bytes).text(")");
                self.next_series += 1;
            }
            run(self.transaction, sql).await.doing(DOING)?;
        }
        Ok(())
    }

    /// Gives series other points, many by one statement; those without any go.
    pub async fn replace(&self, changed: Vec<(i64, Vec<Point>)>) -> Result<(), StoreError> {
        let (gone, changed): (Vec<_>, Vec<_>) = changed.into_iter().partition(|(_, points)| points.is_empty());
        let gone: Vec<i64> = gone.into_iter().map(|(id, _)| id).collect();
        if !gone.is_empty() {
            let mut sql = Sql::new("DELETE FROM series WHERE id IN (SELECT value FROM ");
            sql.numbers("l", &gone).text(")");
            run(self.transaction, sql).await.doing(DOING)?;
        }
        for some in changed.chunks(MOST_PARAMETERS / 2) {
            // Both engines call the columns of such a list so.
            let mut sql = Sql::new("UPDATE series SET points = v.column2 FROM (VALUES ");
            for (n, (id, points)) in some.iter().enumerate() {
                sql.text(if n == 0 { "(" } else { ", (" }).bind(*id).text(", ").bind(encode(points)).text(")");
            }
            sql.text(") AS v WHERE series.id = v.column1");
            run(self.transaction, sql).await.doing(DOING)?;
        }
        Ok(())
    }

    fn hash(&self, key: &Key) -> Option<SeriesHash> {
        let (set, breakdown) = (self.sets.by_id.get(&key.set)?, self.sets.breakdowns.get(&key.breakdown)?);
        Some(SeriesHash::of(&key.subject, set.measure, &set.source, &set.edition, breakdown))
    }

    /// Marks the newest set of each source and measure, and keeps every set that has changed; one without figures
    /// goes, unless a publisher's file says that there are none.
    pub async fn keep_sets(&mut self, before: &BTreeMap<i64, FigureSet>) -> Result<(), StoreError> {
        let gone: Vec<i64> = self.sets.by_id.values().filter(|set| set.facts == 0 && set.is_cited).map(|set| set.id).collect();
        for id in &gone {
            self.sets.by_id.remove(id);
            let mut sql = Sql::new("DELETE FROM figure_set WHERE id = ");
            sql.bind(*id);
            run(self.transaction, sql).await.doing(DOING)?;
        }
        let mut newest: HashMap<(Arc<str>, Measure), i64> = HashMap::new();
        for set in self.sets.by_id.values() {
            let first = newest.entry((Arc::clone(&set.source), set.measure)).or_insert(set.id);
            if self.sets.by_id.get(first).is_some_and(|other| rank(other) < rank(set)) {
                *first = set.id;
            }
        }
        for set in self.sets.by_id.values_mut() {
            set.is_newest = newest.get(&(Arc::clone(&set.source), set.measure)) == Some(&set.id);
            if before.get(&set.id) != Some(set) {
                keep(self.transaction, set).await?;
            }
        }
        Ok(())
    }

    /// The transaction that it writes in.
    pub const fn transaction(&self) -> &'t DatabaseTransaction {
        self.transaction
    }
}

fn damaged(key: &Key) -> StoreError {
    StoreError::Damaged { what: "the figures", of: key.subject.to_string() }
}

/// The largest number in a table; 0 where it is empty.
async fn largest(db: &impl ConnectionTrait, table: &str) -> Result<i64, StoreError> {
    let found = rows(db, Sql::new(&format!("SELECT coalesce(max(id), 0) FROM {table}"))).await.doing(DOING)?;
    found.first().map_or(Ok(0), |row| row.try_get_by_index(0)).doing(DOING)
}
