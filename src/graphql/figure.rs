//! Figures of flows and states, and the sources that published them.

mod all;

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, SimpleObject, Union};

use crate::domain::date::PartialDate;
use crate::domain::figure::{Measure, MeasureNature, ObservationStatus, Sex, Subject, ValueAvailability};
use crate::graph::View;
use crate::graph::flow::FlowIx;
use crate::graph::page::{Page, PageArguments, PageRequest};
use crate::graph::snapshot::SourceIx;
use crate::store::{ObservationKey, ObservationOrder as StoreOrder, ObservationQuery, ObservationRow, Window};

use super::error::Fault;
use super::flow::Flow;
use super::loaders::loaders;
use super::object::object;
use super::page::{KeyOf, Paged, bind, connection, counts};
use super::party::State;
use super::resolve::{One, row};
use super::scalar::{Date, Given, Url};
use super::view;
use super::word::{ObservationOrderField, OrderDirection};

/// A source of figures.
#[derive(Debug, Clone, Copy)]
pub struct Source(pub SourceIx);

object! {
    /// Who published a figure, when, and under which terms.
    impl Source {
        /// Opaque, and the same on every installation.
        async fn id(&self, ctx: &Context<'_>) -> ID {
            ID(view(ctx).source(self.0).id.to_string())
        }

        /// The code that it is known by.
        async fn code<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).source(self.0).entry.code
        }

        /// What was published.
        async fn name<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).source(self.0).entry.name
        }

        /// By whom it was published.
        async fn publisher<'a>(&self, ctx: &Context<'a>) -> &'a str {
            &view(ctx).source(self.0).entry.publisher
        }

        /// Where; null where it is not on the web.
        async fn url(&self, ctx: &Context<'_>) -> Option<Url> {
            view(ctx).source(self.0).entry.url.clone().map(Url)
        }

        /// Under which terms, as far as stated.
        async fn licence<'a>(&self, ctx: &Context<'a>) -> Option<&'a str> {
            view(ctx).source(self.0).entry.licence.as_deref()
        }

        /// When it was last fetched.
        async fn retrieved_on(&self, ctx: &Context<'_>) -> Option<Date> {
            view(ctx).source(self.0).entry.retrieved_on.map(Date)
        }

        /// The editions whose figures are here, newest first; a handful at most.
        async fn editions(&self, ctx: &Context<'_>) -> Vec<String> {
            view(ctx).source(self.0).editions.clone()
        }
    }
}

/// What a figure is about: a corridor or route, or one state as a whole.
#[derive(Debug, Clone, Copy, Union)]
pub enum ObservationSubject {
    /// A corridor or route.
    Flow(Flow),
    /// A state as a whole.
    State(State),
}

row! { ObservationSubject: Flow, State }

/// What else a publisher distinguishes, such as the type of applicant.
#[derive(Debug, Clone, SimpleObject)]
pub struct DimensionValue {
    /// The publisher's name of the dimension.
    dimension: String,
    /// The publisher's code in it.
    code: String,
    /// What the code means.
    label: String,
}

/// Where a figure stands in what was published.
#[derive(Debug, Clone, SimpleObject)]
pub struct Provenance {
    /// The edition of the source.
    edition: String,
    /// When it was fetched.
    retrieved_on: Option<Date>,
    /// The file that it came in.
    file: Option<String>,
    /// The SHA-256 of that file, in hexadecimal.
    sha256: Option<String>,
    /// The line of the file, from 1.
    line: Option<i32>,
    /// The cell as it was written.
    raw_value: Option<String>,
}

/// A figure whose subject and source are in the graph.
#[derive(Debug, Clone)]
pub struct Observation {
    row: Arc<ObservationRow>,
    /// Where it stands in the list that it was found in.
    key: ObservationKey,
    subject: ObservationSubject,
    source: SourceIx,
}

impl Observation {
    /// The figure, where the viewer sees what it is about.
    pub fn of(view: &View, row: Arc<ObservationRow>) -> Option<Self> {
        Finder::new(view).find(row)
    }
}

/// What a figure is about, and whose it is.
type Place = (ObservationSubject, SourceIx);

/// Puts figures into the graph. Those of one subject and source stand together, so that both are looked for once.
pub struct Finder<'a> {
    view: &'a View,
    last: Option<(Arc<ObservationRow>, Option<Place>)>,
}

impl<'a> Finder<'a> {
    /// For what this view shows.
    pub const fn new(view: &'a View) -> Self {
        Self { view, last: None }
    }

    /// The figure, where the viewer sees what it is about.
    pub fn find(&mut self, row: Arc<ObservationRow>) -> Option<Observation> {
        let known = self.last.as_ref().filter(|(last, _)| {
            let (last, new) = (&last.observation, &row.observation);
            last.subject == new.subject && last.source == new.source
        });
        let found = if let Some((_, found)) = known {
            *found
        } else {
            let found = self.look(&row);
            self.last = Some((Arc::clone(&row), found));
            found
        };
        found.map(|(subject, source)| Observation { key: row.period_key(), row, subject, source })
    }

    fn look(&self, row: &ObservationRow) -> Option<Place> {
        let view = self.view;
        let subject = match &row.observation.subject {
            Subject::Corridor(origin, destination) => ObservationSubject::Flow(Flow(view.find_flow(&crate::domain::flow::corridor_code(origin, destination))?)),
            Subject::Route(code) => ObservationSubject::Flow(Flow(view.find_flow(code)?)),
            Subject::State(code) => ObservationSubject::State(State(view.find_state(code)?)),
        };
        Some((subject, view.find_source(&row.observation.source)?))
    }
}

object! {
    /// One figure: what a source counted of a flow or a state in a period.
    impl Observation {
        /// Opaque; of what the catalogue cites, the same on every installation.
        async fn id(&self) -> ID {
            ID(self.row.id.to_string())
        }

        /// What the figure is about: a corridor or route, or one state as a whole.
        async fn subject(&self) -> One<ObservationSubject> {
            One(self.subject)
        }

        /// What it counts.
        async fn measure(&self) -> Measure {
            self.row.observation.measure
        }

        /// Counted at a point in time, or over a period.
        async fn nature(&self) -> MeasureNature {
            self.row.observation.measure.nature()
        }

        /// First day that the figure covers.
        async fn period_start(&self) -> Date {
            Date(self.row.observation.period_start)
        }

        /// Last day that the figure covers; the first day again for a stock.
        async fn period_end(&self) -> Date {
            Date(self.row.observation.period_end)
        }

        /// Null where there is no figure; `availability` says why. Missing is never zero.
        async fn value(&self) -> Option<f64> {
            self.row.observation.value
        }

        /// Whether there is a figure, and if not, why.
        async fn availability(&self) -> ValueAvailability {
            self.row.observation.availability
        }

        /// What one of it is: persons, permits, US dollars.
        async fn unit(&self) -> &str {
            self.row.observation.measure.unit()
        }

        /// How settled it is.
        async fn status(&self) -> ObservationStatus {
            self.row.observation.status
        }

        /// Null for both sexes together.
        async fn sex(&self) -> Option<Sex> {
            self.row.observation.sex
        }

        /// The publisher's age group; null for all ages.
        async fn age_group(&self) -> Option<&str> {
            self.row.observation.age_group.as_deref()
        }

        /// What else the publisher distinguishes, such as applicant type, border or reason; empty for the total.
        async fn dimensions(&self) -> Vec<DimensionValue> {
            let all = self.row.observation.dimensions.iter();
            all.map(|d| DimensionValue { dimension: d.dimension.clone(), code: d.code.clone(), label: d.label.clone() }).collect()
        }

        /// Who published it.
        async fn source(&self) -> One<Source> {
            One(Source(self.source))
        }

        /// Where it stands in what was published.
        async fn provenance(&self) -> Provenance {
            let o = &self.row.observation;
            Provenance {
                edition: o.edition.clone(),
                retrieved_on: o.retrieved_on.map(Date),
                file: o.file.clone(),
                sha256: o.sha256.clone(),
                line: o.line.and_then(|line| i32::try_from(line).ok()),
                raw_value: o.raw_value.clone(),
            }
        }
    }
}

connection! {
    /// A page of figures.
    ObservationConnection,
    /// A figure in a list.
    ObservationEdge: Observation => Observation, |row| row.clone()
}

pub use all::all_observations;

/// Which figures to list; every field that is given must hold. Totals only, and the newest edition only, unless `sexes`, `ageGroups`, `dimensions` or `editions` ask for more. A field left out asks nothing; an empty list matches nothing; null is an error.
#[derive(Debug, Clone, Default, Hash, InputObject)]
#[graphql(name = "ObservationFilter")]
pub struct ObservationFilterInput {
    /// Counting one of these.
    measures: Given<Vec<Measure>>,
    /// About one of these flows (codes); of a route, what sources count of the route as a whole.
    flows: Given<Vec<String>>,
    /// About one of these states (ISO 3166-1 alpha-3): as a whole, or at either end of a corridor.
    states: Given<Vec<String>>,
    /// About a corridor that starts in one of these states.
    origins: Given<Vec<String>>,
    /// About a corridor that ends in one of these states.
    destinations: Given<Vec<String>>,
    /// Not over before this; a partial date keeps what overlaps it.
    from: Given<PartialDate>,
    /// Begun by the end of this; a partial date keeps what overlaps it.
    to: Given<PartialDate>,
    /// Of one sex alone, one of these.
    sexes: Given<Vec<Sex>>,
    /// Of one age group alone, one of these, as the publisher writes them.
    age_groups: Given<Vec<String>>,
    /// With one of these dimensions: the publisher's name of it (`applicant`), or the name and one code (`applicant=FRST`).
    dimensions: Given<Vec<String>>,
    /// From one of these sources (codes).
    sources: Given<Vec<String>>,
    /// From one of these editions, newest or not.
    editions: Given<Vec<String>>,
}

/// How to order figures.
#[derive(Debug, Clone, Copy, Hash, InputObject)]
pub struct ObservationOrder {
    /// What the list is ordered by.
    field: ObservationOrderField,
    /// Which way the list runs.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

impl Default for ObservationOrder {
    fn default() -> Self {
        Self { field: ObservationOrderField::Period, direction: OrderDirection::Desc }
    }
}

impl ObservationFilterInput {
    /// As the store is asked, whatever the subjects.
    fn query(self, order: ObservationOrder, request: PageRequest, count: bool) -> ObservationQuery {
        let key = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| ObservationKey::from_bytes(&bytes));
        ObservationQuery {
            measures: self.measures.0,
            from: self.from.0,
            to: self.to.0,
            sexes: self.sexes.0,
            age_groups: self.age_groups.0,
            dimensions: self.dimensions.0,
            sources: self.sources.0,
            editions: self.editions.0,
            origins: None,
            destinations: None,
            order: StoreOrder { by_value: order.field == ObservationOrderField::Value, descending: order.direction == OrderDirection::Desc },
            window: Window { after: key(request.after), before: key(request.before), limit: request.limit, backward: request.backward },
            count,
        }
    }

    /// Whether it can match anything of this flow, as far as its code and ends tell.
    fn may_match(&self, view: &View, flow: FlowIx) -> Result<bool, Fault> {
        let node = view.flow(flow);
        let meets = |given: &Given<Vec<String>>, has: &[&[crate::graph::party::StateIx]]| -> Result<bool, Fault> {
            let Some(codes) = &given.0 else { return Ok(true) };
            let wanted = view.states_of(codes)?;
            Ok(has.iter().any(|states| states.iter().any(|state| wanted.contains(state))))
        };
        let flows = match &self.flows.0 {
            None => true,
            Some(codes) => view.flows_of(codes)?.contains(&flow),
        };
        if let Some(codes) = &self.sources.0 {
            view.sources_of(codes)?;
        }
        Ok(flows
            & meets(&self.states, &[&node.origins, &node.transits, &node.destinations])?
            & meets(&self.origins, &[&node.origins])?
            & meets(&self.destinations, &[&node.destinations])?)
    }
}

/// Steps of asking the database for figures of one subject,
pub(super) const READ: u64 = 400;
/// and for each that it gives.
pub(super) const ROW: u64 = 100;

/// The figures of a flow.
pub async fn observations_of(
    ctx: &Context<'_>,
    flow: FlowIx,
    filter: Given<Box<ObservationFilterInput>>,
    order_by: Option<ObservationOrder>,
    page: &PageArguments,
) -> Result<ObservationConnection, Fault> {
    let view = view(ctx);
    let node = view.flow(flow);
    let order = order_by.unwrap_or_default();
    let binding = bind("Flow.observations", node.id, order, &filter);
    let request = page.check(view.seal(), binding)?;
    let filter = filter.0.map_or_else(ObservationFilterInput::default, |filter| *filter);
    if !view.work().spend(READ) {
        return Err(Fault::too_much());
    }
    let possible = filter.may_match(view, flow)?;
    let query = filter.query(order, request, counts(ctx));
    let found = if possible { loaders(ctx).observations(Arc::new(query), node.subject()).await? } else { None };
    let (rows, has_next, has_previous, total) = match found.as_deref() {
        Some(page) => (page.rows.as_slice(), page.has_next, page.has_previous, page.total),
        None => (&[][..], false, false, None),
    };
    view.work().spend(ROW * rows.len() as u64);
    let mut finder = Finder::new(view);
    let rows = rows.iter().filter_map(|row| finder.find(Arc::clone(row))).collect();
    let by_value = order.field == ObservationOrderField::Value;
    let key: KeyOf<Observation> = if by_value { |_, o| o.row.value_key().to_bytes() } else { |_, o| o.row.period_key().to_bytes() };
    Ok(ObservationConnection(Paged::new(Page { rows, has_next, has_previous, total }, binding, key)))
}
