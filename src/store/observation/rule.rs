//! Which sets and breakdowns a query is about: the rules of the filter, in Rust, over the few that there are.

use super::ObservationQuery;
use crate::domain::fact::Breakdown;
use crate::domain::figure::Dimension;
use crate::store::series::set::{FigureSet, Sets};

/// The numbers of the sets that a query reads.
pub(super) fn sets(sets: &Sets, query: &ObservationQuery) -> Vec<i64> {
    sets.all().filter(|set| is_of(query, set)).map(|set| set.id).collect()
}

fn is_of(query: &ObservationQuery, set: &FigureSet) -> bool {
    let among = |list: &Option<Vec<String>>, text: &str| list.as_ref().is_none_or(|list| list.iter().any(|one| one == text));
    query.editions.as_ref().map_or(set.is_newest, |editions| editions.iter().any(|edition| **edition == *set.edition))
        && query.measures.as_ref().is_none_or(|measures| measures.contains(&set.measure))
        && among(&query.sources, &set.source)
}

/// The numbers of the breakdowns that a query reads.
pub(super) fn breakdowns(sets: &Sets, query: &ObservationQuery) -> Vec<i64> {
    sets.breakdowns.iter().filter(|(_, breakdown)| tells(query, breakdown)).map(|(id, _)| *id).collect()
}

/// Totals, unless something is asked for; then only what is told apart by exactly that.
fn tells(query: &ObservationQuery, breakdown: &Breakdown) -> bool {
    query.sexes.as_ref().map_or(breakdown.sex.is_none(), |sexes| breakdown.sex.is_some_and(|sex| sexes.contains(&sex)))
        && query.age_groups.as_ref().map_or(breakdown.age_group.is_none(), |ages| breakdown.age_group.as_ref().is_some_and(|age| ages.contains(age)))
        && query.dimensions.as_ref().map_or(breakdown.dimensions.is_empty(), |wanted| {
            wanted.iter().any(|wanted| breakdown.dimensions.iter().any(|dimension| is_named(dimension, wanted)))
        })
}

/// A dimension is named as `name`, or as `name=code`.
fn is_named(dimension: &Dimension, wanted: &str) -> bool {
    dimension.dimension == wanted || wanted.split_once('=').is_some_and(|(name, code)| dimension.dimension == name && dimension.code == code)
}
