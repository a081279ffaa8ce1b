//! Figures by group: the question that a page of figures cannot answer.

mod arrange;

use std::sync::Arc;

use async_graphql::{Context, InputObject, SimpleObject};

use crate::domain::date::PartialDate;
use crate::domain::figure::{Measure, Sex, ValueAvailability};
use crate::domain::flow::FlowShape;
use crate::domain::word::words;
use crate::graph::View;
use crate::graph::figures::choice::{Question, choose};
use crate::graph::figures::{BlockKind, FigureDimension};
use crate::graph::order::SortKey;
use crate::graph::page::{Listing, PageArguments, cut};
use crate::store::Reading;

use super::error::Fault;
use super::export::Carry;
use super::export::cite::Cited;
use super::loaders::loaders;
use super::object::object;
use super::page::{Paged, SORTED, bind, connection, counts};
use super::resolve::{Rows, row};
use super::scalar::Given;
use super::view;
use super::word::OrderDirection;

pub use arrange::{Group, Groups, Wanted};

words! {
    /// What groups of figures can be ordered by.
    pub enum FigureOrderField {
        /// The sum; a group of which nothing is known counts as the smallest.
        Value = "VALUE",
        /// The codes of the group, in the order of `groupBy`.
        Key = "KEY",
    }
}

/// Which figures to add up; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error. Without `sexes` and `ageGroups` (here or in `groupBy`) totals alone are added up, and always those of the newest edition.
#[derive(Debug, Clone, Default, Hash, InputObject)]
#[graphql(name = "FigureFilter")]
pub struct FigureFilterInput {
    /// Of corridors that start in one of these (ISO 3166-1 alpha-3, or what stands in its place: UNKNOWN, STATELESS, OTHER).
    origins: Given<Vec<String>>,
    /// Of corridors that end in one of these.
    destinations: Given<Vec<String>>,
    /// Of these flows (codes): corridors alone, or routes alone, as the two overlap.
    flows: Given<Vec<String>>,
    /// Of periods that begin on its first day or later: a period must lie wholly within, as half of a year's figure is nobody's.
    from: Given<PartialDate>,
    /// Of periods that end on its last day or earlier.
    to: Given<PartialDate>,
    /// Of these sources (codes); of several the one that covers the question best is taken, unless `groupBy` has SOURCE.
    sources: Given<Vec<String>>,
    /// Of one sex alone, one of these; both are added up unless `groupBy` has SEX.
    sexes: Given<Vec<Sex>>,
    /// Of one of these age groups, as the publisher writes them; they are added up unless `groupBy` has `AGE_GROUP`.
    age_groups: Given<Vec<String>>,
}

/// Which groups to keep, by their sums; a group of which nothing is known is not kept.
#[derive(Debug, Clone, Copy, Default, InputObject)]
pub struct FigureHaving {
    /// Only sums of so much or more.
    at_least: Option<f64>,
    /// Only sums of so much or less.
    at_most: Option<f64>,
}

/// How to order groups of figures.
#[derive(Debug, Clone, Copy, Hash, InputObject)]
pub struct FigureOrder {
    /// What the list is ordered by.
    field: FigureOrderField,
    /// Which way the list runs.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// One part of what a group stands for.
#[derive(Debug, Clone, SimpleObject)]
pub struct FigureKey {
    /// What was grouped by.
    dimension: FigureDimension,
    /// The code: ISO 3166-1 alpha-3, a year, the code of a source, route, group or region, a sex, an age group.
    code: String,
    /// The name of what the code stands for, in English.
    label: String,
}

row! { FigureKey }

/// A group of figures.
#[derive(Debug, Clone)]
pub struct FigureGroup {
    group: Group,
    groups: Arc<Groups>,
}

object! {
    /// Figures that were added up: of one source, over periods of one length, and never a stock over time.
    impl FigureGroup {
        /// What the group stands for, in the order of `groupBy`; three at most.
        async fn keys(&self) -> Rows<FigureKey> {
            self.groups.keys(&self.group).map(|(dimension, code, label)| FigureKey { dimension, code: code.to_owned(), label: label.to_owned() }).collect()
        }

        /// The sum of what is known; null where nothing is, and where a part is SUPPRESSED. Stocks are never summed over time.
        async fn value(&self) -> Option<f64> {
            self.group.sum.value()
        }

        /// Whether there is a sum, and if not, why: the reason of the figures where they give the same one. ROUNDED where a part is, SUPPRESSED where a part is.
        async fn availability(&self) -> ValueAvailability {
            self.group.sum.availability()
        }

        /// How many figures are in the group, whether they have a value or not.
        async fn observations(&self) -> i32 {
            i32::try_from(self.group.sum.observations()).unwrap_or(i32::MAX)
        }

        /// How many of them have no value: the sum is of the others.
        async fn missing(&self) -> i32 {
            i32::try_from(self.group.sum.missing()).unwrap_or(i32::MAX)
        }
    }
}

connection! {
    /// A page of groups of figures.
    FigureGroupConnection,
    /// A group in a list.
    FigureGroupEdge: FigureGroup => FigureGroup, |row| row.clone()
}

/// Dimensions of corridors alone.
const OF_CORRIDORS: [FigureDimension; 4] =
    [FigureDimension::Origin, FigureDimension::Destination, FigureDimension::OriginRegion, FigureDimension::DestinationRegion];

impl FigureFilterInput {
    /// The question and the places that it is about; codes found, or what may have been meant.
    fn resolve(self, view: &View, measure: Measure, group_by: Vec<FigureDimension>) -> Result<(Question, Wanted), Fault> {
        if let Some(codes) = &self.sources.0 {
            view.sources_of(codes)?;
        }
        let points = |codes: Option<Vec<String>>| codes.map(|codes| view.points_of(&codes)).transpose();
        let wanted = Wanted {
            origins: points(self.origins.0)?,
            destinations: points(self.destinations.0)?,
            flows: self.flows.0.map(|codes| view.flows_of(&codes)).transpose()?,
        };
        let kinds = kinds(view, &group_by, &wanted)?;
        let (from, to) = (self.from.0, self.to.0);
        if let (Some(from), Some(to)) = (from, to)
            && from.first_day() > to.last_day()
        {
            return Err(Fault::input(format!("`from` is {from} and `to` is {to}: nothing lies between. Give the earlier date as `from`.")));
        }
        let question = Question {
            group_by,
            from,
            to,
            sources: self.sources.0,
            sexes: self.sexes.0,
            age_groups: self.age_groups.0,
            kinds,
            ..Question::of(measure.nature())
        };
        Ok((question, wanted))
    }
}

/// The one kind of subject that a question is about, where its dimensions or its filter say so; a question about two
/// kinds at once is an error, as no figure is of both.
fn kinds(view: &View, group_by: &[FigureDimension], wanted: &Wanted) -> Result<Option<Vec<BlockKind>>, Fault> {
    let mut said: Vec<(BlockKind, String)> = Vec::new();
    for dimension in group_by {
        match dimension {
            FigureDimension::State => said.push((BlockKind::State, format!("{dimension} in `groupBy`"))),
            FigureDimension::Route => said.push((BlockKind::Route, format!("{dimension} in `groupBy`"))),
            of if OF_CORRIDORS.contains(of) => said.push((BlockKind::Corridor, format!("{dimension} in `groupBy`"))),
            _ => {}
        }
    }
    for (name, is_given) in [("`origins`", wanted.origins.is_some()), ("`destinations`", wanted.destinations.is_some())] {
        if is_given {
            said.push((BlockKind::Corridor, name.to_owned()));
        }
    }
    for flow in wanted.flows.iter().flatten() {
        let flow = view.flow(*flow);
        let kind = if flow.shape() == FlowShape::Route { BlockKind::Route } else { BlockKind::Corridor };
        said.push((kind, format!("{} in `flows`", flow.code)));
    }
    let name = |kind: BlockKind| match kind {
        BlockKind::Corridor => "corridors",
        BlockKind::Route => "routes",
        BlockKind::State => "states as a whole",
    };
    let Some((first, by)) = said.first() else { return Ok(None) };
    match said.iter().find(|(kind, _)| kind != first) {
        None => Ok(Some(vec![*first])),
        Some((other, but)) => {
            Err(Fault::input(format!("{by} asks for figures of {}, and {but} for figures of {}: no figure is of both. Ask twice.", name(*first), name(*other))))
        }
    }
}

/// One to three dimensions, each once.
fn check(group_by: &[FigureDimension]) -> Result<(), Fault> {
    if group_by.is_empty() || group_by.len() > 3 {
        return Err(Fault::input(format!("`groupBy` has {} dimensions: give one to three, such as [DESTINATION, YEAR].", group_by.len())));
    }
    match group_by.iter().enumerate().find(|(n, dimension)| group_by.iter().take(*n).any(|other| other == *dimension)) {
        Some((_, twice)) => Err(Fault::input(format!("`groupBy` has {twice} twice: give each dimension once."))),
        None => Ok(()),
    }
}

/// What is left open is answered by one source; this reads its blocks and adds them up, away from the threads that
/// serve others.
pub async fn groups(ctx: &Context<'_>, measure: Measure, question: Question, wanted: Wanted) -> Result<(Arc<Reading>, Groups), Fault> {
    /// Steps of choosing blocks and naming what stands in them, whatever they hold.
    const SUMMED: u64 = 30_000;
    if !view(ctx).work().spend(SUMMED) {
        return Err(Fault::too_much());
    }
    let store = loaders(ctx).store();
    let reading = store.blocks(measure, |offers| choose(&question, offers)).await.map_err(|error| Fault::unavailable(&error))?;
    let (view, reading) = (view(ctx).clone(), Arc::new(reading));
    let work = {
        let reading = Arc::clone(&reading);
        move || arrange::groups(&view, &question, &wanted, &reading)
    };
    let groups = tokio::task::spawn_blocking(work).await.map_err(|_| Fault::internal("a sum was broken off"))??;
    if super::view(ctx).work().spend(SORTED * groups.all().len() as u64) { Ok((reading, groups)) } else { Err(Fault::too_much()) }
}

/// `Query.figures`.
pub async fn figures(
    ctx: &Context<'_>,
    measure: Measure,
    group_by: Vec<FigureDimension>,
    filter: Given<Box<FigureFilterInput>>,
    having: Option<FigureHaving>,
    order_by: Option<FigureOrder>,
    page: &PageArguments,
) -> Result<FigureGroupConnection, Fault> {
    check(&group_by)?;
    let view = view(ctx);
    let order = order_by.unwrap_or(FigureOrder { field: FigureOrderField::Key, direction: OrderDirection::Asc });
    let bounds = having.map(|having| (having.at_least.map(f64::to_bits), having.at_most.map(f64::to_bits)));
    let binding = bind("Query.figures", (measure, &group_by), order, (&filter, bounds));
    let request = page.check(view.seal(), binding)?;
    let (question, wanted) = filter.0.map_or_else(FigureFilterInput::default, |filter| *filter).resolve(view, measure, group_by)?;
    let by_value = order.field == FigureOrderField::Value;
    // The pages of a file are cut from one sum.
    let carry = ctx.data_opt::<Arc<Carry>>();
    let groups = if let Some(groups) = carry.and_then(|carry| carry.groups()) {
        groups
    } else {
        let (reading, mut groups) = groups(ctx, measure, question, wanted).await?;
        if let Some(FigureHaving { at_least, at_most }) = having {
            groups.keep(|value| at_least.is_none_or(|least| value >= least) && at_most.is_none_or(|most| value <= most));
        }
        if by_value {
            groups.sort_by_value();
        }
        let groups = Arc::new(groups);
        if let Some(carry) = carry {
            carry.keep(&groups, cited(view, &reading, measure));
        }
        groups
    };
    let list = Listing { rows: groups.all().into(), descending: order.direction == OrderDirection::Desc };
    let key: fn(&Groups, &Group) -> Vec<u8> = if by_value { value_key } else { own_key };
    let page = cut(&list, |group| key(&groups, group), |_| true, &request, counts(ctx));
    let of_row = if by_value {
        |_: &View, row: &FigureGroup| value_key(&row.groups, &row.group)
    } else {
        |_: &View, row: &FigureGroup| own_key(&row.groups, &row.group)
    };
    let rows = page.rows.iter().map(|group| FigureGroup { group: *group, groups: Arc::clone(&groups) }).collect();
    let page = crate::graph::page::Page { rows, has_next: page.has_next, has_previous: page.has_previous, total: page.total };
    Ok(FigureGroupConnection(Paged::new(page, binding, of_row)))
}

/// Whose figures were added up.
fn cited(view: &View, reading: &Reading, measure: Measure) -> Vec<Cited> {
    let mut codes: Vec<&str> = reading.blocks.iter().map(|(head, _)| reading.source(head)).collect();
    codes.sort_unstable();
    codes.dedup();
    let sources = codes.into_iter().filter_map(|code| view.find_source(code)).map(|source| view.source(source));
    sources.map(|source| Cited::of(&source.entry, source.editions.first().map(String::as_str), measure.unit())).collect()
}

fn own_key(groups: &Groups, group: &Group) -> Vec<u8> {
    groups.keys(group).fold(SortKey::new(), |key, (_, code, _)| key.code(code)).done()
}

fn value_key(groups: &Groups, group: &Group) -> Vec<u8> {
    let sortable = group.sum.value().map_or(i64::MIN, |value| {
        // As bytes of a signed number: those of a negative value run the other way.
        let bits = value.to_bits().cast_signed();
        if bits < 0 { bits ^ i64::MAX } else { bits }
    });
    groups.keys(group).fold(SortKey::new().signed(sortable), |key, (_, code, _)| key.code(code)).done()
}
