//! Silk Routes flows: routes and corridors.

use async_graphql::{Context, ID, InputObject, SimpleObject};

use crate::domain::date::PartialDate;
use crate::domain::document::ProvisionKind;
use crate::domain::figure::Measure;
use crate::domain::flow::{FlowKind, FlowShape, TransportMode};
use crate::domain::series::Interval;
use crate::domain::text::Language;
use crate::graph::View;
use crate::graph::flow::{FlowFilter, FlowIx};
use crate::graph::page::{Listing, PageArguments};

use super::document::{ActivityConnection, ActivityFilterInput, activities_of};
use super::error::Fault;
use super::figure::{ObservationConnection, ObservationFilterInput, ObservationOrder, observations_of};
use super::group::WorkingGroup;
use super::object::object;
use super::page::{SORTED, bind, connection, kept, paged, resolved};
use super::party::{Citation, FlowPoint, State, citations};
use super::practice::{GoodPracticeConnection, GoodPracticeFilterInput, GoodPracticeOrder, practices_of};
use super::resolve::{Rows, row};
use super::scalar::Given;
use super::series::{Series, series};
use super::view;
use super::word::{FlowOrderField, OrderDirection};

/// A flow of the graph.
#[derive(Debug, Clone, Copy)]
pub struct Flow(pub FlowIx);

object! {
    /// A movement along the Silk Routes: a named route, or a corridor between two points for which there are figures.
    impl Flow {
        /// Opaque, and the same on every installation.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(view(ctx).flow(self.0).id.to_string())
        }

        /// The code that it is known by: 'AFG-TUR-WEST' for a route, 'PAK-SAU' for a corridor.
        async fn code<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).flow(self.0).code
        }

        /// Its name; a corridor is named after its two ends.
        async fn name(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Language::En", desc = "The language to read it in; English where it is not there, else the language it was written in.")] language: Language,
        ) -> String {
            view(ctx).flow_name(self.0, language).into_owned()
        }

        /// What is known of it, in the catalogue's own words; null for corridors.
        async fn summary<'a>(&self, ctx: &Context<'a>) -> Option<&'a str> {
            view(ctx).flow(self.0).route.as_ref().map(|route| route.summary.as_str())
        }

        /// Route or corridor.
        async fn shape(&self, ctx: &Context<'_>) -> FlowShape {
            view(ctx).flow(self.0).shape()
        }

        /// Who moves along it, or why; eight at most, and not said of corridors.
        async fn kinds(&self, ctx: &Context<'_>) -> Vec<FlowKind> {
            view(ctx).flow(self.0).kinds().to_vec()
        }

        /// Where all that can be read; a few at most.
        async fn citations(&self, ctx: &Context<'_>) -> Rows<Citation> {
            citations(view(ctx).flow(self.0).route.as_ref().map_or(&[], |route| &route.citations))
        }

        /// From origins to destinations, in order; routes may branch, and legs of one ordinal stand side by side; a corridor has one leg.
        async fn legs(&self, ctx: &Context<'_>) -> Rows<FlowLeg> {
            let legs = &view(ctx).flow(self.0).legs;
            legs.iter().map(|leg| FlowLeg { ordinal: i32::try_from(leg.ordinal).unwrap_or(i32::MAX), from: FlowPoint(leg.from), to: FlowPoint(leg.to), modes: leg.modes.clone() }).collect()
        }

        /// States where it starts, by code.
        async fn origins(&self, ctx: &Context<'_>) -> Rows<State> {
            view(ctx).flow(self.0).origins.iter().copied().map(State).collect()
        }

        /// States that it passes through, by code.
        async fn transits(&self, ctx: &Context<'_>) -> Rows<State> {
            view(ctx).flow(self.0).transits.iter().copied().map(State).collect()
        }

        /// States where it ends, by code.
        async fn destinations(&self, ctx: &Context<'_>) -> Rows<State> {
            view(ctx).flow(self.0).destinations.iter().copied().map(State).collect()
        }

        /// For a route: the corridors between its states, by code; for a corridor: none.
        paged fn corridors(&self, ctx, page) -> FlowConnection {
            let flow = view(ctx).flow(self.0);
            flows_of(ctx, ("Flow.corridors", flow.id), &flow.corridors, Given(None), None, &page)
        }

        /// For a corridor: the routes that run through both its states in this order, by code; for a route: none.
        async fn routes(&self, ctx: &Context<'_>) -> Rows<Flow> {
            view(ctx).flow(self.0).routes.iter().copied().map(Self).collect()
        }

        /// The groups that look at it, by code; not said of corridors.
        async fn working_groups(&self, ctx: &Context<'_>) -> Rows<WorkingGroup> {
            view(ctx).flow(self.0).groups.iter().copied().map(WorkingGroup).collect()
        }

        /// The activities that it raises, in the order of the Declaration; not said of corridors.
        paged fn activities(&self, ctx, page,
            #[graphql(desc = "Only activities for which all of this holds.")] filter: Given<Box<ActivityFilterInput>>,
        ) -> ActivityConnection {
            let flow = view(ctx).flow(self.0);
            activities_of(ctx, ("Flow.activities", flow.id), &flow.activities, filter, &page)
        }

        /// The practices that bear on it.
        paged fn good_practices(&self, ctx, page,
            #[graphql(desc = "Only practices for which all of this holds.")] filter: Given<Box<GoodPracticeFilterInput>>,
            #[graphql(desc = "The order; newest publication first where none is given, best answer first with `text`.")] order_by: Option<GoodPracticeOrder>,
        ) -> GoodPracticeConnection {
            let flow = view(ctx).flow(self.0);
            practices_of(ctx, ("Flow.goodPractices", flow.id), &flow.practices, filter, order_by, &page)
        }

        /// The figures counted for it; latest period first where no order is given.
        paged fn observations(&self, ctx, page,
            #[graphql(desc = "Only figures for which all of this holds; totals of the newest edition where it asks for nothing else.")] filter: Given<Box<ObservationFilterInput>>,
            #[graphql(desc = "The order; latest period first where none is given.")] order_by: Option<ObservationOrder>,
        ) -> ObservationConnection {
            Box::pin(observations_of(ctx, self.0, filter, order_by, &page)).await
        }

        /// The figures of one measure through time, totals of the newest edition. For a route: of the route where a source counts it, else null. Null where no source has it in such intervals.
        async fn series(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "What to count.")] measure: Measure,
            #[graphql(default_with = "Interval::Year", desc = "How long the periods are; figures over other lengths are left out.")] interval: Interval,
            #[graphql(desc = "Only periods that begin on its first day or later.")] from: Option<PartialDate>,
            #[graphql(desc = "Only periods that end on its last day or earlier.")] to: Option<PartialDate>,
            #[graphql(desc = "Of this source (code); else of the one that has most of the periods.")] source: Option<String>,
        ) -> Result<Option<Series>, Fault> {
            let subject = view(ctx).flow(self.0).subject();
            Box::pin(series(ctx, subject, measure, interval, (from, to), source)).await
        }
    }
}

/// One step of a flow.
#[derive(Debug, Clone, SimpleObject)]
pub struct FlowLeg {
    /// Its place on the way, from 1; legs that stand side by side share one.
    ordinal: i32,
    /// Where it starts.
    from: FlowPoint,
    /// Where it ends.
    to: FlowPoint,
    /// How it is travelled; three at most, and not said of corridors.
    modes: Vec<TransportMode>,
}

row! { FlowLeg }

connection! {
    /// A page of flows.
    FlowConnection,
    /// A flow in a list.
    FlowEdge: FlowIx => Flow, |row| Flow(*row)
}

/// Which flows to list; every field that is given must hold. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
#[graphql(name = "FlowFilter")]
pub struct FlowFilterInput {
    /// With one of these codes.
    codes: Given<Vec<String>>,
    /// Routes alone, or corridors alone.
    shape: Given<FlowShape>,
    /// Of one of these kinds.
    kinds: Given<Vec<FlowKind>>,
    /// With one of these states (ISO 3166-1 alpha-3) in any role.
    states: Given<Vec<String>>,
    /// Starting in one of these states.
    origins: Given<Vec<String>>,
    /// Passing through one of these states.
    transits: Given<Vec<String>>,
    /// Ending in one of these states.
    destinations: Given<Vec<String>>,
    /// Looked at by one of these groups (codes).
    working_groups: Given<Vec<String>>,
    /// Raising one of these activities (references).
    activities: Given<Vec<String>>,
}

impl FlowFilterInput {
    /// Codes found, or what may have been meant.
    pub fn resolve(self, view: &View) -> Result<FlowFilter, Fault> {
        let states = |given: Given<Vec<String>>| given.0.map(|codes| view.states_of(&codes)).transpose();
        Ok(FlowFilter {
            flows: self.codes.0.map(|codes| view.flows_of(&codes)).transpose()?,
            shape: self.shape.0,
            kinds: self.kinds.0,
            states: states(self.states)?,
            origins: states(self.origins)?,
            transits: states(self.transits)?,
            destinations: states(self.destinations)?,
            groups: self.working_groups.0.map(|codes| view.groups_of(&codes)).transpose()?,
            activities: self.activities.0.map(|codes| view.provisions_of(ProvisionKind::Activity, &codes)).transpose()?,
        })
    }
}

/// How to order flows.
#[derive(Debug, Clone, Copy, Hash, InputObject)]
pub struct FlowOrder {
    /// What the list is ordered by.
    field: FlowOrderField,
    /// Which way the list runs.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

impl Default for FlowOrder {
    fn default() -> Self {
        Self { field: FlowOrderField::Code, direction: OrderDirection::Asc }
    }
}

impl FlowOrder {
    /// Whether names are what counts.
    pub fn by_name(self) -> bool {
        self.field == FlowOrderField::Name
    }

    /// Whether the list runs from the last to the first.
    pub fn descending(self) -> bool {
        self.direction == OrderDirection::Desc
    }
}

/// Flows that stand by code, in the order asked for.
pub fn flow_listing<'a>(view: &View, order: FlowOrder, by_code: &'a [FlowIx]) -> Listing<'a, FlowIx> {
    let mut rows = std::borrow::Cow::Borrowed(by_code);
    if order.by_name() {
        view.work().spend(SORTED * rows.len() as u64);
        view.flows_by_name().sort(rows.to_mut());
    }
    Listing { rows, descending: order.descending() }
}

/// A list of flows, given by code.
pub fn flows_of(
    ctx: &Context<'_>,
    (list, of): (&'static str, impl std::hash::Hash),
    rows: &[FlowIx],
    filter: Given<Box<FlowFilterInput>>,
    order_by: Option<FlowOrder>,
    page: &PageArguments,
) -> Result<FlowConnection, Fault> {
    let view = view(ctx);
    let order = order_by.unwrap_or_default();
    let binding = bind(list, of, order, &filter);
    let filter = resolved(view, filter, |filter| filter.resolve(view))?;
    let key = if order.by_name() { |view: &View, ix: &FlowIx| view.flow_name_key(*ix) } else { |view: &View, ix: &FlowIx| view.flow_key(*ix) };
    let keep = kept(view, filter.as_deref(), |filter, ix| filter.keeps(view, *ix));
    Ok(FlowConnection(paged(ctx, binding, page, &flow_listing(view, order, rows), key, keep)?))
}
