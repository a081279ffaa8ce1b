//! Blocks are read: which there are of a measure, and those that a question chose, as of one moment.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sea_orm::ConnectionTrait;

use super::block::{decode, kind_of, number_of};
use super::set::Sets;
use crate::domain::fact::{Breakdown, Period};
use crate::domain::figure::Measure;
use crate::graph::figures::choice::Offer;
use crate::graph::figures::{Block, Head};
use crate::store::cache::Caches;
use crate::store::error::Doing;
use crate::store::sql::{Sql, rows};
use crate::store::write::revision;
use crate::store::{Store, StoreError};

const DOING: &str = "read figures to sum";
/// Blocks a statement.
const BLOCKS: usize = 50;

/// Blocks that were chosen, and what their numbers stand for.
#[derive(Debug)]
pub struct Reading {
    /// Sets, breakdowns and places.
    pub sets: Arc<Sets>,
    /// The blocks, in the order of the choice.
    pub blocks: Vec<(Head, Arc<Block>)>,
}

/// Blocks that were read of late, each known by the revision that it is of.
pub(in crate::store) type BlockCache = Cache<(u64, Head), Arc<Block>, Bytes>;

/// Weighs a block by its bytes.
#[derive(Debug, Clone)]
pub(in crate::store) struct Bytes;

impl Weighter<(u64, Head), Arc<Block>> for Bytes {
    fn weight(&self, _: &(u64, Head), block: &Arc<Block>) -> u64 {
        200 + 15 * block.len() as u64
    }
}

/// Room for two or three million figures.
const CACHED_BYTES: u64 = 48 << 20;

/// An empty cache.
pub(in crate::store) fn block_cache() -> BlockCache {
    Cache::with_weighter(4_096, CACHED_BYTES, Bytes)
}

impl Store {
    /// Reads the blocks that `choose` takes out of all blocks of a measure, newest editions only; all as of one moment.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn blocks(&self, measure: Measure, choose: impl for<'a> FnOnce(&[Offer<'a>]) -> Vec<Offer<'a>> + Send) -> Result<Reading, StoreError> {
        self.make_ready(Some(&[measure])).await?;
        let caches = self.caches();
        let reading = self.state_of_figures(DOING).await?;
        let found = self.read_blocks(&caches, &*reading, measure, choose).await;
        // Nothing was written: what becomes of the transaction cannot matter.
        let _ = reading.rollback().await;
        found
    }

    async fn read_blocks(
        &self,
        caches: &Caches,
        db: &impl ConnectionTrait,
        measure: Measure,
        choose: impl for<'a> FnOnce(&[Offer<'a>]) -> Vec<Offer<'a>> + Send,
    ) -> Result<Reading, StoreError> {
        let revision = revision(db).await?;
        let sets = if let Some(sets) = caches.sets.load_full().filter(|sets| sets.revision == revision) {
            sets
        } else {
            let sets = Arc::new(Sets::read(db).await?);
            if self.may_keep(caches, &sets.mark) {
                caches.sets.store(Some(Arc::clone(&sets)));
            }
            sets
        };
        let may_keep = self.may_keep(caches, &sets.mark);
        let of_measure: Vec<i64> = sets.all().filter(|set| set.measure == measure && set.is_newest).map(|set| set.id).collect();
        let heads = heads(db, &of_measure).await?;
        let offers: Vec<Offer<'_>> = heads.iter().filter_map(|head| offer(&sets, *head)).collect();
        let chosen: Vec<Head> = choose(&offers).into_iter().map(|offer| offer.head).collect();
        let veil = self.veil(caches, db, &sets, chosen.iter().map(|head| head.set)).await?;
        // What only its owner sees is kept for nobody.
        let is_private = |head: &Head| self.sight.is_private(&sets, head.set);
        let kept = |head: &Head| if is_private(head) { None } else { caches.blocks.get(&(revision, *head)) };
        let mut found: HashMap<Head, Arc<Block>> = chosen.iter().filter_map(|head| Some((*head, kept(head)?))).collect();
        let missing: Vec<Head> = chosen.iter().filter(|head| !found.contains_key(head)).copied().collect();
        for some in missing.chunks(BLOCKS) {
            for (head, mut block) in cells(db, some).await? {
                veil.over_block(&head, &mut block);
                let block = Arc::new(block);
                if may_keep && !is_private(&head) {
                    caches.blocks.insert((revision, head), Arc::clone(&block));
                }
                found.insert(head, block);
            }
        }
        let blocks = chosen.into_iter().filter_map(|head| Some((head, Arc::clone(found.get(&head)?)))).collect();
        Ok(Reading { sets, blocks })
    }
}

impl Reading {
    /// The source of a block, by code.
    #[must_use]
    pub fn source(&self, head: &Head) -> &str {
        self.sets.by_id.get(&head.set).map_or("", |set| &set.source)
    }

    /// What a block tells apart.
    #[must_use]
    pub fn breakdown(&self, head: &Head) -> Option<&Breakdown> {
        self.sets.breakdowns.get(&head.breakdown)
    }

    /// The codes of places, by number.
    #[must_use]
    pub fn places(&self) -> &[Arc<str>] {
        &self.sets.places
    }
}

fn offer(sets: &Sets, head: Head) -> Option<Offer<'_>> {
    Some(Offer { head, source: &sets.by_id.get(&head.set)?.source, breakdown: sets.breakdowns.get(&head.breakdown)? })
}

/// What blocks these sets have: one row in all, as the driver costs more per row than the database.
pub(in crate::store) async fn heads(db: &impl ConnectionTrait, sets: &[i64]) -> Result<Vec<Head>, StoreError> {
    let mut sql = Sql::new("SELECT ");
    sql.joined(&Sql::new("set_id || ' ' || breakdown_id || ' ' || kind || ' ' || period || ' ' || facts"), "\n");
    sql.text(" FROM figure_block WHERE set_id IN (SELECT value FROM ").numbers("l", &sets).text(")");
    let found = rows(db, sql).await.doing(DOING)?;
    let lines: Option<String> = found.first().map_or(Ok(None), |row| row.try_get_by_index(0)).doing(DOING)?;
    let head = |line: &str| {
        let mut numbers = line.split(' ').map(str::parse::<i64>);
        let mut next = || numbers.next()?.ok();
        let (set, breakdown, kind, period, facts) = (next()?, next()?, next()?, next()?, next()?);
        Some(Head { set, breakdown, kind: kind_of(kind)?, period: Period::from_code(u64::try_from(period).ok()?)?, facts: u64::try_from(facts).ok()? })
    };
    let mut heads = lines.as_deref().unwrap_or_default().lines().map(|line| head(line).ok_or_else(damaged)).collect::<Result<Vec<_>, _>>()?;
    heads.sort_unstable();
    Ok(heads)
}

async fn cells(db: &impl ConnectionTrait, heads: &[Head]) -> Result<Vec<(Head, Block)>, StoreError> {
    let bytes = columns(db, heads, "b.cells").await?;
    bytes.into_iter().map(|(head, bytes)| Ok((head, decode(head.kind, &bytes).ok_or_else(damaged)?))).collect()
}

/// One column of these blocks.
pub(in crate::store) async fn columns(db: &impl ConnectionTrait, heads: &[Head], column: &str) -> Result<Vec<(Head, Vec<u8>)>, StoreError> {
    let wanted: Vec<(i64, i64, i64, u64)> = heads.iter().map(|head| (head.set, head.breakdown, number_of(head.kind), head.period.code())).collect();
    let mut sql = Sql::new("SELECT w.key, ");
    sql.text(column).text(" FROM ").tuples("w", &wanted).text(
        " CROSS JOIN figure_block b WHERE b.set_id = CAST(w.value ->> 0 AS bigint) AND b.breakdown_id = CAST(w.value ->> 1 AS bigint) \
         AND b.kind = CAST(w.value ->> 2 AS bigint) AND b.period = CAST(w.value ->> 3 AS bigint)",
    );
    let mut all = Vec::with_capacity(heads.len());
    for row in rows(db, sql).await.doing(DOING)? {
        let at: i64 = row.try_get_by_index(0).doing(DOING)?;
        let head = usize::try_from(at).ok().and_then(|at| heads.get(at)).ok_or_else(damaged)?;
        all.push((*head, row.try_get_by_index(1).doing(DOING)?));
    }
    Ok(all)
}

fn damaged() -> StoreError {
    StoreError::Damaged { what: "a block", of: "figures".to_owned() }
}
