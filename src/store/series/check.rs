//! What the doctor looks at in figures: whether series can be read, and whether what follows from them follows.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;

use super::block::{decode as decode_block, decode_series, kind_of};
use super::point::decode;
use super::set::{FigureSet, Sets, rank};
use crate::domain::fact::{SeriesHash, subject_of};
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::sql::{Sql, rows};

const DOING: &str = "be looked at";
/// Series or blocks that are read at once.
const SOME: i64 = 2_000;

/// Looks at all figures; `tell` hears what is wrong.
pub(in crate::store) async fn look(db: &impl ConnectionTrait, mut tell: impl FnMut(Vec<String>)) -> Result<(), StoreError> {
    let sets = Sets::read(db).await?;
    tell(newest(&sets));
    let facts = series(db, &sets, &mut tell).await?;
    let differs = |(id, set): (&i64, &FigureSet)| {
        let found = facts.get(id).copied().unwrap_or(0);
        (found != set.facts).then(|| format!("{} of {} {} should have {} figures, and has {found}", set.measure, set.source, set.edition, set.facts))
    };
    tell(sets.by_id.iter().filter_map(differs).collect());
    tell(blocks(db, &facts).await?);
    Ok(())
}

/// Of each source and measure one set is the newest: the one that ranks first.
fn newest(sets: &Sets) -> Vec<String> {
    let first = |set: &FigureSet| {
        let others = sets.all().filter(|other| other.source == set.source && other.measure == set.measure);
        others.max_by(|one, other| rank(one).cmp(&rank(other))).map(|first| first.id)
    };
    let wrong = sets.all().filter(|set| set.is_newest != (first(set) == Some(set.id)));
    wrong.map(|set| format!("the figures of {} {} are marked as newest wrongly", set.source, set.edition)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Reads every series; how many figures each set has.
async fn series(db: &impl ConnectionTrait, sets: &Sets, tell: &mut impl FnMut(Vec<String>)) -> Result<BTreeMap<i64, u64>, StoreError> {
    let (mut facts, mut broken, mut last) = (BTreeMap::new(), Vec::new(), 0_i64);
    loop {
        let mut sql = Sql::new("SELECT id, hash, set_id, breakdown_id, subject, points FROM series WHERE id > ");
        sql.bind(last).text(" ORDER BY id LIMIT ").bind(SOME);
        let found = rows(db, sql).await.doing(DOING)?;
        if found.is_empty() {
            tell(broken);
            return Ok(facts);
        }
        for row in found {
            last = row.try_get_by_index(0).doing(DOING)?;
            let (hash, set, breakdown): (i64, i64, i64) =
                (row.try_get_by_index(1).doing(DOING)?, row.try_get_by_index(2).doing(DOING)?, row.try_get_by_index(3).doing(DOING)?);
            let subject: String = row.try_get_by_index(4).doing(DOING)?;
            let points = decode(&row.try_get_by_index::<Vec<u8>>(5).doing(DOING)?);
            let Some(points) = points.filter(|points| !points.is_empty() && points.is_sorted_by(|one, other| one.period < other.period)) else {
                broken.push(format!("the figures of {subject} (series {last}) cannot be read"));
                continue;
            };
            if points.iter().any(|point| !sets.files.contains_key(&point.file)) {
                broken.push(format!("figures of {subject} (series {last}) came in a file that is not there"));
            }
            *facts.entry(set).or_default() += points.len() as u64;
            match (sets.by_id.get(&set), sets.breakdowns.get(&breakdown), subject_of(&subject)) {
                (Some(set), Some(breakdown), Some(_)) if SeriesHash::of(&subject, set.measure, &set.source, &set.edition, breakdown).index() == hash => {}
                _ => broken.push(format!("the series {last} of {subject} is filed wrongly")),
            }
        }
    }
}

/// Blocks hold as many figures as series do.
async fn blocks(db: &impl ConnectionTrait, facts: &BTreeMap<i64, u64>) -> Result<Vec<String>, StoreError> {
    let (mut broken, mut held): (Vec<String>, BTreeMap<i64, u64>) = (Vec::new(), BTreeMap::new());
    for set in rows(db, Sql::new("SELECT DISTINCT set_id FROM figure_block")).await.doing(DOING)? {
        let set: i64 = set.try_get_by_index(0).doing(DOING)?;
        let mut sql = Sql::new("SELECT kind, facts, cells, series FROM figure_block WHERE set_id = ");
        sql.bind(set);
        for row in rows(db, sql).await.doing(DOING)? {
            let (kind, length): (i64, i64) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
            let (cells, series): (Vec<u8>, Vec<u8>) = (row.try_get_by_index(2).doing(DOING)?, row.try_get_by_index(3).doing(DOING)?);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            match kind_of(kind).and_then(|kind| decode_block(kind, &cells)) {
                Some(block) if block.len() == length && decode_series(&series).len() == length => *held.entry(set).or_default() += block.len() as u64,
                _ => broken.push(format!("a block of the figures {set} cannot be read")),
            }
        }
    }
    if broken.is_empty() && held != *facts {
        broken.push("the blocks of figures are not what the series make them".to_owned());
    }
    Ok(broken)
}
