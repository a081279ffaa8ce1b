//! Flows in the graph: routes of the catalogue, and corridors that figures make.

use std::borrow::Cow;

use crate::domain::flow::{FlowKind, FlowShape, Route, TransportMode, corridor_code};
use crate::domain::id::Id;
use crate::domain::text::Language;

use super::document::ProvisionIx;
use super::group::GroupIx;
use super::index::Ix;
use super::order::SortKey;
use super::party::{Point, StateIx, holds, meets, point_name};
use super::practice::PracticeIx;
use super::snapshot::Snapshot;
use super::view::View;

/// The position of a flow.
pub type FlowIx = Ix<FlowNode>;

/// One step of a flow.
#[derive(Debug, Clone)]
pub struct Leg {
    /// Its place on the way, from 1; branches share one.
    pub ordinal: u32,
    /// Where it starts.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
    /// How it is travelled.
    pub modes: Vec<TransportMode>,
}

/// A route or a corridor.
#[derive(Debug, Clone)]
pub struct FlowNode {
    /// Its id.
    pub id: Id,
    /// Its code.
    pub code: String,
    /// What the entry says; none for a corridor.
    pub route: Option<Route>,
    /// Its steps; a corridor has one.
    pub legs: Vec<Leg>,
    /// States where it starts.
    pub origins: Vec<StateIx>,
    /// States that it passes through.
    pub transits: Vec<StateIx>,
    /// States where it ends.
    pub destinations: Vec<StateIx>,
    /// For a route: the corridors between its states.
    pub corridors: Vec<FlowIx>,
    /// For a corridor: the routes that run through both its states in this order.
    pub routes: Vec<FlowIx>,
    /// The groups that look at it.
    pub groups: Vec<GroupIx>,
    /// The activities that it raises.
    pub activities: Vec<ProvisionIx>,
    /// The practices that bear on it, oldest publication first.
    pub practices: Vec<PracticeIx>,
}

impl FlowNode {
    pub(super) fn route(id: Id, route: Route) -> Self {
        let code = route.code.clone();
        Self { route: Some(route), ..Self::empty(id, code) }
    }

    pub(super) fn corridor(origin: &str, destination: &str) -> Self {
        let code = corridor_code(origin, destination);
        Self::empty(Id::of("Flow", &code), code)
    }

    const fn empty(id: Id, code: String) -> Self {
        Self {
            id,
            code,
            route: None,
            legs: Vec::new(),
            origins: Vec::new(),
            transits: Vec::new(),
            destinations: Vec::new(),
            corridors: Vec::new(),
            routes: Vec::new(),
            groups: Vec::new(),
            activities: Vec::new(),
            practices: Vec::new(),
        }
    }

    /// Route or corridor.
    #[must_use]
    pub const fn shape(&self) -> FlowShape {
        if self.route.is_some() { FlowShape::Route } else { FlowShape::Corridor }
    }

    /// Who moves along it; not said of corridors.
    #[must_use]
    pub fn kinds(&self) -> &[FlowKind] {
        self.route.as_ref().map_or(&[], |route| &route.kinds)
    }

    /// What its figures are kept under.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.shape() {
            FlowShape::Route => format!("R:{}", self.code),
            FlowShape::Corridor => format!("C:{}", self.code),
        }
    }

    /// Whether its legs lead from one point to the other.
    pub(super) fn leads(&self, from: Point, to: Point) -> bool {
        let mut reached = vec![from];
        let mut at = 0;
        while let Some(&here) = reached.get(at) {
            for leg in self.legs.iter().filter(|leg| leg.from == here) {
                if leg.to == to {
                    return true;
                }
                if !reached.contains(&leg.to) {
                    reached.push(leg.to);
                }
            }
            at += 1;
        }
        false
    }
}

/// Which flows to keep; every field that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct FlowFilter {
    /// One of these.
    pub flows: Option<Vec<FlowIx>>,
    /// Routes alone, or corridors alone.
    pub shape: Option<FlowShape>,
    /// Of one of these kinds.
    pub kinds: Option<Vec<FlowKind>>,
    /// With one of these states in any role.
    pub states: Option<Vec<StateIx>>,
    /// Starting in one of these.
    pub origins: Option<Vec<StateIx>>,
    /// Passing through one of these.
    pub transits: Option<Vec<StateIx>>,
    /// Ending in one of these.
    pub destinations: Option<Vec<StateIx>>,
    /// Looked at by one of these.
    pub groups: Option<Vec<GroupIx>>,
    /// Raising one of these.
    pub activities: Option<Vec<ProvisionIx>>,
}

impl FlowFilter {
    /// Whether it keeps that flow.
    #[must_use]
    pub fn keeps(&self, view: &View, ix: FlowIx) -> bool {
        let flow = view.flow(ix);
        holds(self.flows.as_deref(), |all| all.binary_search(&ix).is_ok())
            && holds(self.shape, |shape| flow.shape() == shape)
            && holds(self.kinds.as_deref(), |all| flow.kinds().iter().any(|kind| all.contains(kind)))
            && holds(self.states.as_deref(), |all| [&flow.origins, &flow.transits, &flow.destinations].iter().any(|has| meets(all, has)))
            && holds(self.origins.as_deref(), |all| meets(all, &flow.origins))
            && holds(self.transits.as_deref(), |all| meets(all, &flow.transits))
            && holds(self.destinations.as_deref(), |all| meets(all, &flow.destinations))
            && holds(self.groups.as_deref(), |all| meets(all, &flow.groups))
            && holds(self.activities.as_deref(), |all| meets(all, &flow.activities))
    }
}

impl View {
    /// The name of a flow; a corridor is named after its two ends.
    #[must_use]
    pub fn flow_name(&self, ix: FlowIx, language: Language) -> Cow<'_, str> {
        flow_name(self.snapshot(), ix, language)
    }

    /// The sort key of a flow by English name.
    #[must_use]
    pub fn flow_name_key(&self, ix: FlowIx) -> Vec<u8> {
        flow_name_key(self.snapshot(), ix)
    }

    /// The sort key of a flow in lists by code.
    #[must_use]
    pub fn flow_key(&self, ix: FlowIx) -> Vec<u8> {
        SortKey::new().code(&self.flow(ix).code).done()
    }
}

fn flow_name(snapshot: &Snapshot, ix: FlowIx, language: Language) -> Cow<'_, str> {
    let flow = &snapshot.flows[ix];
    match (&flow.route, flow.legs.first()) {
        (Some(route), _) => Cow::Borrowed(route.name.get(language)),
        (None, Some(leg)) => Cow::Owned(format!("{} – {}", point_name(snapshot, leg.from, language), point_name(snapshot, leg.to, language))),
        (None, None) => Cow::Borrowed(&flow.code),
    }
}

pub(super) fn flow_name_key(snapshot: &Snapshot, ix: FlowIx) -> Vec<u8> {
    SortKey::new().text(&flow_name(snapshot, ix, Language::En)).code(&snapshot.flows[ix].code).done()
}
