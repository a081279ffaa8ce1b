//! What is counted, by whom, and since when; and the list of sources.

use async_graphql::{Context, SimpleObject};

use crate::domain::date::PartialDate;
use crate::domain::figure::{Measure, MeasureNature};
use crate::domain::word::Words;
use crate::graph::View;
use crate::graph::order::SortKey;
use crate::graph::page::{Listing, PageArguments};
use crate::graph::snapshot::SourceIx;

use super::error::Fault;
use super::figure::Source;
use super::loaders::loaders;
use super::page::{bind, connection, paged};
use super::view;

/// What a measure counts, and what there is of it here.
#[derive(Debug, Clone, SimpleObject)]
pub struct MeasureInfo {
    /// The measure that this is about.
    measure: Measure,
    /// Its name, in English.
    name: String,
    /// What is counted, in a sentence.
    definition: &'static str,
    /// What one of it is: persons, permits, US dollars.
    unit: &'static str,
    /// Counted at a point in time, or over a period.
    nature: MeasureNature,
    /// The sources that have figures of it here, by code; empty where none has.
    sources: Vec<Source>,
    /// The first day that a figure of it covers, in the newest editions; null where there is none.
    from: Option<PartialDate>,
    /// The last day that a figure of it covers, in the newest editions; null where there is none.
    to: Option<PartialDate>,
    /// How many figures of it there are in the newest editions, broken down ones included.
    observations: i32,
}

/// Steps of reading what there is of all measures.
const SETS: u64 = 20_000;

/// `Query.measures`.
pub async fn measures(ctx: &Context<'_>) -> Result<Vec<MeasureInfo>, Fault> {
    let view = view(ctx);
    view.work().spend(SETS);
    let sets = loaders(ctx).store().newest_sets().await.map_err(|error| Fault::unavailable(&error))?;
    let info = |measure: Measure, definition: &'static str| {
        let of_measure = || sets.all().filter(|set| set.measure == measure && set.is_newest && set.facts > 0);
        let mut sources: Vec<SourceIx> = of_measure().filter_map(|set| view.find_source(&set.source)).collect();
        sources.sort_unstable();
        sources.dedup();
        MeasureInfo {
            measure,
            name: name(measure),
            definition,
            unit: measure.unit(),
            nature: measure.nature(),
            sources: sources.into_iter().map(Source).collect(),
            from: of_measure().filter_map(|set| set.span).map(|(first, _)| first).min().map(PartialDate::day),
            to: of_measure().filter_map(|set| set.span).map(|(_, last)| last).max().map(PartialDate::day),
            observations: i32::try_from(of_measure().map(|set| set.facts).sum::<u64>()).unwrap_or(i32::MAX),
        }
    };
    Ok(Measure::ALL.iter().map(|word| info(word.value, word.meaning)).collect())
}

/// `ASYLUM_APPLICATIONS` as people write it; what is short for something stays in capitals.
fn name(measure: Measure) -> String {
    let words = measure.name().split('_').enumerate().map(|(n, word)| match word {
        "USD" => "(US dollars)".to_owned(),
        "IDP" | "IDPS" if n == 0 => word.replace("IDPS", "IDPs"),
        _ if n == 0 => format!("{}{}", &word[..1], word[1..].to_lowercase()),
        _ => word.to_lowercase(),
    });
    words.collect::<Vec<_>>().join(" ")
}

connection! {
    /// A page of sources.
    SourceConnection,
    /// A source in a list.
    SourceEdge: SourceIx => Source, |row| Source(*row)
}

/// `Query.sources`.
pub fn sources(ctx: &Context<'_>, page: &PageArguments) -> Result<SourceConnection, Fault> {
    let list = Listing::ascending(view(ctx).sources());
    let key = |view: &View, source: &SourceIx| SortKey::new().code(&view.source(*source).entry.code).done();
    Ok(SourceConnection(paged(ctx, bind("Query.sources", (), (), ()), page, &list, key, |_| true)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_people_write_them() {
        let names = [Measure::AsylumApplications, Measure::Idps, Measure::IdpReturns, Measure::RemittancesPaidUsd].map(name);
        assert_eq!(names, ["Asylum applications", "IDPs", "IDP returns", "Remittances paid (US dollars)"]);
    }
}
