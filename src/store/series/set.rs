//! Sets: the figures of one measure in one edition of a source; which is the newest; and what breakdowns there are.
//!
//! Both are few, hundreds beside millions of figures, and are read as a whole and kept for as long as the revision
//! lasts. Queries choose sets and breakdowns here, by plain rules in Rust, and ask the database by their numbers.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::domain::fact::Breakdown;
use crate::domain::figure::Measure;
use crate::domain::word::Words;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::mark::Mark;
use crate::store::sql::{Sql, rows, run};

const DOING: &str = "read what figures there are";

/// The figures of one measure in one edition of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureSet {
    /// Its number.
    pub(in crate::store) id: i64,
    /// The source, by code.
    pub source: Arc<str>,
    /// What they count.
    pub measure: Measure,
    /// The edition of the source.
    pub edition: Arc<str>,
    /// All of them are cited in the catalogue.
    pub(in crate::store) is_cited: bool,
    /// Of this source and measure, the edition that is read where none is named.
    pub is_newest: bool,
    /// How many there are.
    pub facts: u64,
    /// The first and the last day that they cover; none where there are none.
    pub span: Option<(Date, Date)>,
}

/// A file that figures came in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::store) struct FileRow {
    pub source: Arc<str>,
    pub edition: Arc<str>,
    pub name: Option<String>,
    /// None for a file of the catalogue.
    pub sha256: Option<String>,
    pub retrieved_on: Option<Date>,
}

/// All sets, breakdowns and files of one revision.
#[derive(Debug, Default)]
pub struct Sets {
    /// Of this revision.
    pub(in crate::store) revision: u64,
    /// The line of the log that tells it from the same number of another history.
    pub(in crate::store) mark: Mark,
    /// Every set, by number.
    pub(in crate::store) by_id: BTreeMap<i64, FigureSet>,
    /// Every breakdown, by number.
    pub(in crate::store) breakdowns: BTreeMap<i64, Breakdown>,
    /// Every file, by number.
    pub(in crate::store) files: HashMap<u32, FileRow>,
    /// The codes of points and routes, by number.
    pub(in crate::store) places: Vec<Arc<str>>,
}

impl Sets {
    /// As the database has them; all statements on one connection, best in one transaction.
    pub(in crate::store) async fn read(db: &impl ConnectionTrait) -> Result<Self, StoreError> {
        let mark = Mark::newest(db).await?;
        Ok(Self {
            revision: mark.revision,
            mark,
            by_id: sets(db).await?,
            breakdowns: breakdowns(db).await?,
            files: files(db).await?,
            places: places(db).await?,
        })
    }

    /// Every set.
    pub fn all(&self) -> impl Iterator<Item = &FigureSet> {
        self.by_id.values()
    }

    /// The editions of each source that has figures; first those that are read where none is named, then the others,
    /// newest first.
    pub(in crate::store) fn editions(&self) -> Vec<(String, Vec<String>)> {
        let mut by_source: BTreeMap<&str, BTreeMap<&str, bool>> = BTreeMap::new();
        for set in self.by_id.values() {
            *by_source.entry(&set.source).or_default().entry(&set.edition).or_default() |= !set.is_cited;
        }
        let in_order = |editions: BTreeMap<&str, bool>| {
            let mut editions: Vec<_> = editions.into_iter().map(|(edition, of_a_file)| (of_a_file, edition)).collect();
            editions.sort_unstable_by(|one, other| other.cmp(one));
            editions.into_iter().map(|(_, edition)| edition.to_owned()).collect()
        };
        by_source.into_iter().map(|(source, editions)| (source.to_owned(), in_order(editions))).collect()
    }
}

/// Which set of a source and measure is the newest: one of a publisher's file before one that the catalogue cites;
/// then by edition.
pub(super) fn rank(set: &FigureSet) -> (bool, &str) {
    (!set.is_cited, &set.edition)
}

fn damaged(what: &'static str, of: &dyn ToString) -> StoreError {
    StoreError::Damaged { what, of: of.to_string() }
}

async fn sets(db: &impl ConnectionTrait) -> Result<BTreeMap<i64, FigureSet>, StoreError> {
    let mut all = BTreeMap::new();
    let sql = Sql::new("SELECT id, source, measure, edition, is_cited, is_newest, facts, first_day, last_day FROM figure_set ORDER BY id");
    for row in rows(db, sql).await.doing(DOING)? {
        let id = row.try_get_by_index(0).doing(DOING)?;
        let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
        let day = |n: usize| -> Result<Option<Date>, StoreError> {
            let text: Option<String> = row.try_get_by_index(n).doing(DOING)?;
            text.map(|text| text.parse().map_err(|_| damaged("a day", &format!("the figures {id}")))).transpose()
        };
        let facts: i64 = row.try_get_by_index(6).doing(DOING)?;
        let measure = text(2)?;
        let set = FigureSet {
            id,
            source: text(1)?.into(),
            measure: Measure::parse(&measure).ok_or_else(|| damaged("the measure", &format!("the figures {id}")))?,
            edition: text(3)?.into(),
            is_cited: row.try_get_by_index(4).doing(DOING)?,
            is_newest: row.try_get_by_index(5).doing(DOING)?,
            facts: u64::try_from(facts).unwrap_or_default(),
            span: day(7)?.zip(day(8)?),
        };
        all.insert(id, set);
    }
    Ok(all)
}

async fn breakdowns(db: &impl ConnectionTrait) -> Result<BTreeMap<i64, Breakdown>, StoreError> {
    let mut all = BTreeMap::new();
    for row in rows(db, Sql::new("SELECT id, sex, age_group, dimensions FROM breakdown ORDER BY id")).await.doing(DOING)? {
        let id: i64 = row.try_get_by_index(0).doing(DOING)?;
        let sex: Option<String> = row.try_get_by_index(1).doing(DOING)?;
        let dimensions: String = row.try_get_by_index(3).doing(DOING)?;
        let broken = || damaged("what figures are told apart by", &id);
        let breakdown = Breakdown {
            sex: sex.map(|sex| Words::parse(&sex).ok_or_else(broken)).transpose()?,
            age_group: row.try_get_by_index(2).doing(DOING)?,
            dimensions: if dimensions.is_empty() { Vec::new() } else { serde_json::from_str(&dimensions).map_err(|_| broken())? },
        };
        all.insert(id, breakdown);
    }
    Ok(all)
}

async fn files(db: &impl ConnectionTrait) -> Result<HashMap<u32, FileRow>, StoreError> {
    let mut all = HashMap::new();
    for row in rows(db, Sql::new("SELECT id, source, edition, name, sha256, retrieved_on FROM figure_file ORDER BY id")).await.doing(DOING)? {
        let id: i64 = row.try_get_by_index(0).doing(DOING)?;
        let day: Option<String> = row.try_get_by_index(5).doing(DOING)?;
        let (source, edition): (String, String) = (row.try_get_by_index(1).doing(DOING)?, row.try_get_by_index(2).doing(DOING)?);
        let file = FileRow {
            source: source.into(),
            edition: edition.into(),
            name: row.try_get_by_index(3).doing(DOING)?,
            sha256: row.try_get_by_index(4).doing(DOING)?,
            retrieved_on: day.map(|day| day.parse().map_err(|_| damaged("the day", &format!("the file {id}")))).transpose()?,
        };
        all.insert(u32::try_from(id).map_err(|_| damaged("the number", &format!("the file {id}")))?, file);
    }
    Ok(all)
}

/// Numbers count up from 0 without a gap.
async fn places(db: &impl ConnectionTrait) -> Result<Vec<Arc<str>>, StoreError> {
    let found = rows(db, Sql::new("SELECT code FROM place ORDER BY id")).await.doing(DOING)?;
    found.iter().map(|row| Ok(row.try_get_by_index::<String>(0)?.into())).collect::<Result<_, _>>().doing(DOING)
}

/// Writes a set that is new or has changed.
pub(super) async fn keep(transaction: &DatabaseTransaction, set: &FigureSet) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO figure_set (id, source, measure, edition, is_cited, is_newest, facts, first_day, last_day) VALUES (");
    sql.bind(set.id).text(", ").bind(set.source.to_string()).text(", ").bind(set.measure.name()).text(", ").bind(set.edition.to_string()).text(", ");
    sql.bind(set.is_cited).text(", ").bind(set.is_newest).text(", ").bind(i64::try_from(set.facts).unwrap_or(i64::MAX)).text(", ");
    sql.bind(set.span.map(|(first, _)| first.to_string())).text(", ").bind(set.span.map(|(_, last)| last.to_string()));
    sql.text(
        ") ON CONFLICT (id) DO UPDATE SET is_cited = excluded.is_cited, is_newest = excluded.is_newest, facts = excluded.facts, \
         first_day = excluded.first_day, last_day = excluded.last_day",
    );
    run(transaction, sql).await.doing("note what figures there are").map(|_| ())
}

/// Writes a breakdown.
pub(super) async fn keep_breakdown(transaction: &DatabaseTransaction, id: i64, breakdown: &Breakdown) -> Result<(), StoreError> {
    let dimensions = match breakdown.dimensions.as_slice() {
        [] => String::new(),
        // Three texts each: nothing that JSON could not hold.
        some => serde_json::to_string(some).unwrap_or_default(),
    };
    let mut sql = Sql::new("INSERT INTO breakdown (id, sex, age_group, dimensions) VALUES (");
    sql.bind(id).text(", ").bind(breakdown.sex.map(Words::name)).text(", ").bind(breakdown.age_group.clone()).text(", ").bind(dimensions).text(")");
    run(transaction, sql).await.doing("note what figures are told apart by").map(|_| ())
}

/// Writes a file.
pub(super) async fn keep_file(transaction: &DatabaseTransaction, id: u32, file: &FileRow) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO figure_file (id, source, edition, name, sha256, retrieved_on) VALUES (");
    sql.bind(i64::from(id)).text(", ").bind(file.source.to_string()).text(", ").bind(file.edition.to_string()).text(", ");
    sql.bind(file.name.clone()).text(", ").bind(file.sha256.clone()).text(", ").bind(file.retrieved_on.map(|day| day.to_string())).text(")");
    run(transaction, sql).await.doing("note the file of figures").map(|_| ())
}
