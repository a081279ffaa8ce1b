//! Figures of all flows and states, one by one.

use async_graphql::Context;

use crate::domain::flow::FlowShape;
use crate::graph::View;
use crate::graph::page::{Page, PageArguments};
use crate::graph::party::Point;
use crate::store::About;

use super::super::error::Fault;
use super::super::loaders::loaders;
use super::super::page::{Paged, bind, counts};
use super::super::scalar::Given;
use super::super::view;
use super::{Finder, Observation, ObservationConnection, ObservationFilterInput, ObservationOrder, READ, ROW};

/// `Query.observations`.
pub async fn all_observations(
    ctx: &Context<'_>,
    filter: Given<Box<ObservationFilterInput>>,
    order_by: Option<ObservationOrder>,
    page: &PageArguments,
) -> Result<ObservationConnection, Fault> {
    let view = view(ctx);
    let order = order_by.unwrap_or_default();
    let binding = bind("Query.observations", (), order, &filter);
    let request = page.check(view.seal(), binding)?;
    let filter = filter.0.map_or_else(ObservationFilterInput::default, |filter| *filter);
    let about = about(view, &filter)?;
    let query = filter.query(order, request, counts(ctx));
    if !view.work().spend(READ) {
        return Err(Fault::too_much());
    }
    let found = loaders(ctx).store().all_observations(&query, &about).await.map_err(|error| Fault::unavailable(&error))?;
    view.work().spend(ROW * found.page.rows.len() as u64);
    let keyed = found.page.rows.into_iter().zip(found.keys);
    let mut finder = Finder::new(view);
    let rows = keyed.filter_map(|(row, key)| Some(Observation { key, ..finder.find(row)? })).collect();
    let page = Page { rows, has_next: found.page.has_next, has_previous: found.page.has_previous, total: found.page.total };
    Ok(ObservationConnection(Paged::new(page, binding, |_, o| o.key.to_bytes())))
}

/// The subjects that a filter is about; of routes, those that it may match.
fn about(view: &View, filter: &ObservationFilterInput) -> Result<About, Fault> {
    let codes = |given: &Given<Vec<String>>| -> Result<Option<Vec<String>>, Fault> {
        let Some(codes) = &given.0 else { return Ok(None) };
        let states = view.states_of(codes)?;
        Ok(Some(states.into_iter().map(|state| view.state(state).entry.iso3.clone()).collect()))
    };
    if let Some(sources) = &filter.sources.0 {
        view.sources_of(sources)?;
    }
    let mut routes = Vec::new();
    for flow in view.flows().iter().filter(|flow| view.flow(**flow).shape() == FlowShape::Route) {
        if filter.may_match(view, *flow)? {
            routes.push(view.flow(*flow).code.clone());
        }
    }
    let corridors = filter.flows.0.as_ref().map(|codes| view.flows_of(codes)).transpose()?.map(|flows| {
        let point = |point: Point| view.point_code(point).to_owned();
        let ends = |flow| {
            let flow = view.flow(flow);
            let leg = flow.legs.first().filter(|_| flow.shape() == FlowShape::Corridor)?;
            Some((point(leg.from), point(leg.to)))
        };
        flows.into_iter().filter_map(ends).collect()
    });
    Ok(About { routes, corridors, states: codes(&filter.states)?, origins: codes(&filter.origins)?, destinations: codes(&filter.destinations)? })
}
