//! Figures of all subjects, page by page: blocks say which figures there are and where each stands in the list, and
//! only those of the page are read in full.
//!
//! In a list by period, blocks are read from the period on at which the page begins, until it is full. A list by
//! value, and a count of what a filter leaves, read every block that may hold something.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use sea_orm::ConnectionTrait;

use super::page::{Series, key_of};
use super::{ObservationKey, ObservationPage, ObservationQuery, rule};
use crate::domain::fact::Period;
use crate::domain::id::Id;
use crate::graph::figures::{Block, BlockKind, Head};
use crate::store::cache::Caches;
use crate::store::error::Doing;
use crate::store::series::block;
use crate::store::series::point::decode;
use crate::store::series::read::{columns, heads};
use crate::store::series::set::Sets;
use crate::store::series::veil::Veil;
use crate::store::sql::{Sql, rows};
use crate::store::{Store, StoreError};

const DOING: &str = "read figures";
/// Blocks that are held at once.
const BLOCKS: usize = 16;

/// Which subjects figures are to be about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// These routes, by code.
    pub routes: Vec<String>,
    /// These corridors alone, by their ends; then no state as a whole.
    pub corridors: Option<Vec<(String, String)>>,
    /// These states alone, as a whole or at either end of a corridor.
    pub states: Option<Vec<String>>,
    /// Corridors from these alone; then no state as a whole.
    pub origins: Option<Vec<String>>,
    /// Corridors to these alone; then no state as a whole.
    pub destinations: Option<Vec<String>>,
}

/// A page of figures of all subjects, each with the key of its place in this list.
#[derive(Debug, Default)]
pub struct AllPage {
    /// The page.
    pub page: ObservationPage,
    /// The keys of its rows.
    pub keys: Vec<ObservationKey>,
}

impl Store {
    /// One page of the figures of all subjects.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn all_observations(&self, query: &ObservationQuery, about: &About) -> Result<AllPage, StoreError> {
        self.make_ready(query.measures.as_deref()).await?;
        let caches = self.caches();
        let reading = self.state_of_figures(DOING).await?;
        let page = page(self, &caches, &*reading, query, about).await;
        // Nothing was written: what becomes of the transaction cannot matter.
        let _ = reading.rollback().await;
        page
    }
}

/// [`About`] in the numbers of places.
#[derive(Debug)]
struct Places {
    routes: FxHashSet<u16>,
    corridors: Option<FxHashSet<(u16, u16)>>,
    states: Option<FxHashSet<u16>>,
    origins: Option<FxHashSet<u16>>,
    destinations: Option<FxHashSet<u16>>,
    veil: Veil,
}

impl Places {
    fn of(sets: &Sets, about: &About, veil: Veil) -> Self {
        let numbers: FxHashMap<&str, u16> = sets.places.iter().map(AsRef::as_ref).zip(0..).collect();
        let number = |code: &String| numbers.get(code.as_str()).copied();
        let all = |codes: &Option<Vec<String>>| codes.as_ref().map(|codes| codes.iter().filter_map(number).collect());
        Self {
            routes: about.routes.iter().filter_map(number).collect(),
            corridors: about.corridors.as_ref().map(|pairs| pairs.iter().filter_map(|(one, other)| Some((number(one)?, number(other)?))).collect()),
            states: all(&about.states),
            origins: all(&about.origins),
            destinations: all(&about.destinations),
            veil,
        }
    }

    fn keeps(&self, kind: BlockKind, origin: u16, destination: u16) -> bool {
        match kind {
            BlockKind::Route => self.routes.contains(&origin),
            BlockKind::State => {
                self.corridors.is_none()
                    && self.origins.is_none()
                    && self.destinations.is_none()
                    && self.states.as_ref().is_none_or(|all| all.contains(&origin))
            }
            BlockKind::Corridor => {
                self.corridors.as_ref().is_none_or(|all| all.contains(&(origin, destination)))
                    && self.states.as_ref().is_none_or(|all| all.contains(&origin) || all.contains(&destination))
                    && self.origins.as_ref().is_none_or(|all| all.contains(&origin))
                    && self.destinations.as_ref().is_none_or(|all| all.contains(&destination))
            }
        }
    }

    /// Whether it keeps all of a kind without a look.
    fn keeps_all(&self, kind: BlockKind) -> bool {
        let is_open = self.corridors.is_none() && self.states.is_none() && self.origins.is_none() && self.destinations.is_none();
        is_open && kind != BlockKind::Route
    }
}

/// A figure that may be on the page.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    key: ObservationKey,
    period: Period,
    series: u32,
}

/// What has been seen of the list.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "how the list runs, and what lies beyond its keys: four facts apart")]
struct Scan {
    by_value: bool,
    descending: bool,
    backward: bool,
    limit: usize,
    after: Option<ObservationKey>,
    before: Option<ObservationKey>,
    kept: Vec<Candidate>,
    /// Something stands at or ahead of `after`.
    ahead: bool,
    /// Something stands at or behind `before`.
    behind: bool,
    total: usize,
}

impl Scan {
    fn order(&self, one: &ObservationKey, other: &ObservationKey) -> Ordering {
        let order = one.compare(other).unwrap_or(Ordering::Equal);
        if self.descending { order.reverse() } else { order }
    }

    fn block(&mut self, places: &Places, head: &Head, block: &Block, series: &[u32]) {
        for (at, (&origin, &series)) in block.origins.iter().zip(series).enumerate() {
            let destination = block.destinations.get(at).copied().unwrap_or(0);
            if !places.keeps(head.kind, origin, destination) {
                continue;
            }
            self.total += 1;
            let key = key_of(self.by_value, head.period, block.value(at), number(head.period, series));
            if self.after.is_some_and(|after| self.order(&key, &after) != Ordering::Greater) {
                self.ahead = true;
            } else if self.before.is_some_and(|before| self.order(&key, &before) != Ordering::Less) {
                self.behind = true;
            } else {
                self.kept.push(Candidate { key, period: head.period, series });
            }
        }
        if self.kept.len() > 50_000 {
            self.shrink();
        }
    }

    /// Keeps one more than the page, from the end that it is counted from.
    fn shrink(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_unstable_by(|one, other| if self.backward { self.order(&other.key, &one.key) } else { self.order(&one.key, &other.key) });
        kept.truncate(self.limit + 1);
        self.kept = kept;
    }

    fn is_full(&self) -> bool {
        self.kept.len() > self.limit
    }
}

/// In the place of an id: unique among all figures of this database, and at hand.
fn number(period: Period, series: u32) -> Id {
    let mut bytes = [0; 16];
    bytes[4..12].copy_from_slice(&period.code().to_be_bytes());
    bytes[12..].copy_from_slice(&series.to_be_bytes());
    Id::from_bytes(bytes)
}

async fn page(store: &Store, caches: &Caches, db: &impl ConnectionTrait, query: &ObservationQuery, about: &About) -> Result<AllPage, StoreError> {
    let sets = Sets::read(db).await?;
    let of_sets = rule::sets(&sets, query);
    let veil = store.veil(caches, db, &sets, of_sets.iter().copied()).await?;
    let places = Arc::new(Places::of(&sets, about, veil));
    let breakdowns = rule::breakdowns(&sets, query);
    let (from, to) = (query.from.map(crate::domain::date::PartialDate::first_day), query.to.map(crate::domain::date::PartialDate::last_day));
    let mut heads = heads(db, &of_sets).await?;
    heads.retain(|head| {
        breakdowns.binary_search(&head.breakdown).is_ok() && from.is_none_or(|from| head.period.end() >= from) && to.is_none_or(|to| head.period.start() <= to)
    });
    let (window, by_value) = (&query.window, query.order.by_value);
    for key in [&window.after, &window.before].into_iter().flatten() {
        if matches!(key, ObservationKey::Value { .. }) != by_value {
            return Err(StoreError::OtherOrder);
        }
    }
    let mut scan = Scan {
        by_value,
        descending: query.order.descending,
        backward: window.backward,
        limit: window.limit,
        after: window.after,
        before: window.before,
        kept: Vec::new(),
        ahead: false,
        behind: false,
        total: 0,
    };
    let mut count = 0;
    if by_value {
        scan = read(db, scan, &places, &heads).await?;
        count = scan.total;
    } else {
        if query.count {
            let (open, closed): (Vec<Head>, Vec<Head>) = heads.iter().partition(|head| places.keeps_all(head.kind));
            count = usize::try_from(open.iter().map(|head| head.facts).sum::<u64>()).unwrap_or(usize::MAX);
            count += read(db, Scan { after: None, before: None, limit: 0, kept: Vec::new(), ..scan_like(&scan) }, &places, &closed).await?.total;
        }
        scan = by_period(db, scan, &places, heads).await?;
    }
    scan.shrink();
    let has_more = scan.is_full();
    scan.kept.truncate(scan.limit);
    if scan.backward {
        scan.kept.reverse();
    }
    let rows = full(db, &sets, &places.veil, &scan.kept).await?;
    let page = ObservationPage {
        rows,
        has_next: scan.behind || (has_more && !scan.backward),
        has_previous: scan.ahead || (has_more && scan.backward),
        total: query.count.then_some(count),
    };
    Ok(AllPage { page, keys: scan.kept.iter().map(|candidate| candidate.key).collect() })
}

fn scan_like(scan: &Scan) -> Scan {
    Scan { kept: Vec::new(), ..*scan }
}

/// Reads periods in the order of the list (or from its end), until the page is full, and as far beyond its keys as it
/// takes to know whether there is anything.
async fn by_period(db: &impl ConnectionTrait, mut scan: Scan, places: &Arc<Places>, mut heads: Vec<Head>) -> Result<Scan, StoreError> {
    heads.sort_unstable_by_key(|head| head.period);
    if scan.descending != scan.backward {
        heads.reverse();
    }
    let periods: Vec<&[Head]> = heads.chunk_by(|one, other| one.period == other.period).collect();
    let period_of = |key: &Option<ObservationKey>| match key {
        Some(ObservationKey::Period { period, .. }) => Some(*period),
        _ => None,
    };
    let (near, far) = if scan.backward { (period_of(&scan.before), period_of(&scan.after)) } else { (period_of(&scan.after), period_of(&scan.before)) };
    let ascends = scan.descending == scan.backward;
    let is_short_of = |period: Period, key: Period| if ascends { period < key } else { period > key };
    let period = |heads: &[Head]| heads.first().map(|head| head.period);
    let start = periods.partition_point(|heads| period(heads).zip(near).is_some_and(|(period, near)| is_short_of(period, near)));
    for heads in periods.iter().skip(start) {
        let is_past = period(heads).zip(far).is_some_and(|(period, far)| is_short_of(far, period));
        let knows_far = far.is_none() || if scan.backward { scan.ahead } else { scan.behind };
        if (scan.is_full() || is_past) && knows_far {
            break;
        }
        // Beyond the far key nothing is for the page; it is read to know whether there is anything.
        scan = read(db, scan, places, heads).await?;
    }
    for heads in periods.iter().take(start).rev() {
        if if scan.backward { scan.behind } else { scan.ahead } {
            break;
        }
        scan = read(db, scan, places, heads).await?;
    }
    Ok(scan)
}

/// Looks at all figures of these blocks.
async fn read(db: &impl ConnectionTrait, mut scan: Scan, places: &Arc<Places>, heads: &[Head]) -> Result<Scan, StoreError> {
    for some in heads.chunks(BLOCKS) {
        let cells = columns(db, some, "b.cells").await?;
        let series: HashMap<Head, Vec<u8>> = columns(db, some, "b.series").await?.into_iter().collect();
        let places = Arc::clone(places);
        // Hundreds of thousands of figures: not on a thread that serves others.
        let work = move || {
            for (head, bytes) in cells {
                let mut block = block::decode(head.kind, &bytes)?;
                places.veil.over_block(&head, &mut block);
                scan.block(&places, &head, &block, &block::decode_series(series.get(&head)?));
            }
            Some(scan)
        };
        let looked = tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::BrokenOff)?;
        scan = looked.ok_or_else(|| StoreError::Damaged { what: "a block", of: "figures".to_owned() })?;
    }
    Ok(scan)
}

/// The figures of a page in full.
async fn full(db: &impl ConnectionTrait, sets: &Sets, veil: &Veil, page: &[Candidate]) -> Result<Vec<Arc<super::ObservationRow>>, StoreError> {
    let wanted: Vec<u32> = page.iter().map(|candidate| candidate.series).collect();
    let mut sql = Sql::new("SELECT id, set_id, breakdown_id, subject, points FROM series WHERE id IN (SELECT value FROM ");
    sql.numbers("l", &wanted).text(")");
    let mut found = HashMap::new();
    for row in rows(db, sql).await.doing(DOING)? {
        let id: i64 = row.try_get_by_index(0).doing(DOING)?;
        let subject: String = row.try_get_by_index(3).doing(DOING)?;
        let (set, breakdown): (i64, i64) = (row.try_get_by_index(1).doing(DOING)?, row.try_get_by_index(2).doing(DOING)?);
        let series = Series::of(sets, &subject, set, breakdown).map(|series| series.veiled(veil.covers(set)));
        let points = decode(&row.try_get_by_index::<Vec<u8>>(4).doing(DOING)?).map(|mut points| {
            veil.over_points(set, breakdown, &subject, &mut points);
            points
        });
        let both = series.zip(points).ok_or_else(|| StoreError::Damaged { what: "a figure", of: subject.clone() })?;
        found.insert(id, both);
    }
    let row = |candidate: &Candidate| {
        let (series, points) = found.get(&i64::from(candidate.series))?;
        series.row(sets, points.iter().find(|point| point.period == candidate.period)?).map(Arc::new)
    };
    page.iter().map(|candidate| row(candidate).ok_or_else(|| StoreError::Damaged { what: "a figure", of: format!("series {}", candidate.series) })).collect()
}
