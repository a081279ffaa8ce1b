//! Links between everything but practices: each code that an entry names becomes an edge, both ways.

use std::mem::take;

use crate::domain::document::{DECLARATION_2013, Provision, ProvisionKind};
use crate::domain::entry::Kind;
use crate::domain::flow::corridor_ends;
use crate::domain::group::{Membership, WorkingGroupRole};
use crate::graph::document::ProvisionIx;
use crate::graph::flow::{FlowIx, Leg};
use crate::graph::group::{GroupIx, MemberEdge};
use crate::graph::index::{Table, insert_sorted};
use crate::graph::party::{Party, Point, StateFlow, StateIx};
use crate::graph::snapshot::Snapshot;

use super::{Links, point};

/// Links every table but the practices.
pub(super) fn all(snapshot: &mut Snapshot, broken: &mut Vec<String>) {
    organisations(snapshot, broken);
    provisions(snapshot, broken);
    groups(snapshot, broken);
    flows(snapshot, broken);
    meetings(snapshot, broken);
    documents(snapshot, broken);
}

/// Runs `make` for every row of a table with its entry taken out, so that others can be linked meanwhile.
macro_rules! each {
    ($snapshot:ident.$table:ident, $kind:expr, $broken:ident, |$ix:ident, $entry:ident, $links:ident| $body:block) => {
        for $ix in $snapshot.$table.all().to_vec() {
            let $entry = $snapshot.$table[$ix].entry.clone();
            let code = $snapshot.$table.code_of($ix);
            let mut $links = Links { broken: $broken, kind: $kind, code: &code };
            $body
        }
    };
}

/// A party by its code.
pub(super) fn party(snapshot: &Snapshot, links: &mut Links<'_>, code: &str) -> Option<Party> {
    let state = snapshot.states.find(code).map(Party::State);
    state.or_else(|| links.find(&snapshot.organisations, "party", code).map(Party::Organisation))
}

fn organisations(snapshot: &mut Snapshot, broken: &mut Vec<String>) {
    each!(snapshot.organisations, Kind::Organisation, broken, |ix, entry, links| {
        if let Some(state) = entry.state.as_deref().and_then(|code| links.find(&snapshot.states, "state", code)) {
            snapshot.organisations.link(ix).state = Some(state);
        }
    });
}

/// Provisions of a document by reference.
fn references(snapshot: &Snapshot, links: &mut Links<'_>, document: &str, all: &[String]) -> Vec<ProvisionIx> {
    let mut found = Vec::with_capacity(all.len());
    found.extend(all.iter().filter_map(|r| links.find(&snapshot.provisions, "provision", &Provision::entry_code(document, r))));
    found.sort_unstable();
    found.dedup();
    found
}

/// Provisions of the Declaration by reference.
pub(super) fn of_declaration(snapshot: &Snapshot, links: &mut Links<'_>, all: &[String]) -> Vec<ProvisionIx> {
    references(snapshot, links, DECLARATION_2013, all)
}

fn provisions(snapshot: &mut Snapshot, broken: &mut Vec<String>) {
    each!(snapshot.provisions, Kind::Provision, broken, |ix, entry, links| {
        if let Some(document) = links.find(&snapshot.documents, "document", &entry.document) {
            snapshot.documents.link(document).provisions.push(ix);
        }
        let parent = entry.parent.as_ref().and_then(|p| references(snapshot, &mut links, &entry.document, std::slice::from_ref(p)).first().copied());
        let goals = references(snapshot, &mut links, &entry.document, &entry.goals);
        for &goal in &goals {
            let goal = snapshot.provisions.link(goal);
            match entry.kind {
                ProvisionKind::ThematicArea => insert_sorted(&mut goal.areas, ix),
                ProvisionKind::Activity => insert_sorted(&mut goal.activities, ix),
                _ => {}
            }
        }
        let node = snapshot.provisions.link(ix);
        node.parent = parent;
        node.goals = goals;
    });
    for ix in snapshot.provisions.all().to_vec() {
        if snapshot.provisions[ix].entry.kind == ProvisionKind::Activity {
            place_activity(snapshot, ix);
        }
    }
}

/// Finds the area of an activity above it, and makes it a part of the activity just above.
fn place_activity(snapshot: &mut Snapshot, ix: ProvisionIx) {
    let mut above = snapshot.provisions[ix].parent;
    // A circle of parents cannot be longer than there are provisions.
    for _ in 0..snapshot.provisions.len() {
        let Some(parent) = above else { return };
        if snapshot.provisions[parent].entry.kind == ProvisionKind::ThematicArea {
            snapshot.provisions.link(ix).area = Some(parent);
            insert_sorted(&mut snapshot.provisions.link(parent).activities, ix);
            break;
        }
        above = snapshot.provisions[parent].parent;
    }
    if let Some(parent) = snapshot.provisions[ix].parent.filter(|&p| snapshot.provisions[p].entry.kind == ProvisionKind::Activity) {
        insert_sorted(&mut snapshot.provisions.link(parent).parts, ix);
    }
}

fn groups(snapshot: &mut Snapshot, broken: &mut Vec<String>) {
    each!(snapshot.groups, Kind::WorkingGroup, broken, |ix, entry, links| {
        let focus = links.find_all(&snapshot.states, "state", &entry.focus_states);
        let focused = focus.iter().map(|&s| Membership {
            party: snapshot.states[s].entry.iso3.clone(),
            role: WorkingGroupRole::Focus,
            since: None,
            until: None,
            note: None,
        });
        let memberships: Vec<Membership> = entry.members.iter().cloned().chain(focused).collect();
        for membership in memberships {
            if let Some(party) = party(snapshot, &mut links, &membership.party) {
                add_member(snapshot, ix, party, &membership);
            }
        }
        let parent = entry.parent.as_deref().and_then(|code| links.find(&snapshot.groups, "working group", code));
        let areas = of_declaration(snapshot, &mut links, &entry.areas);
        let activities = of_declaration(snapshot, &mut links, &entry.activities);
        for &area in &areas {
            insert_sorted(&mut snapshot.provisions.link(area).groups, ix);
        }
        let node = snapshot.groups.link(ix);
        node.parent = parent;
        node.focus_states = focus;
        node.areas = areas;
        node.activities = activities;
    });
    sort_members(snapshot);
}

fn add_member(snapshot: &mut Snapshot, group: GroupIx, party: Party, membership: &Membership) {
    let note = membership.note.as_deref().map(std::sync::Arc::from);
    let edge = MemberEdge { node: party, role: membership.role, since: membership.since, until: membership.until, note };
    let back = MemberEdge { node: group, role: edge.role, since: edge.since, until: edge.until, note: edge.note.clone() };
    snapshot.groups.link(group).members.push(edge);
    match party {
        Party::State(ix) => snapshot.states.link(ix).links.groups.push(back),
        Party::Organisation(ix) => snapshot.organisations.link(ix).links.groups.push(back),
    }
}

fn sort_members(snapshot: &mut Snapshot) {
    let party_code = |snapshot: &Snapshot, party: Party| match party {
        Party::State(ix) => snapshot.states[ix].entry.iso3.clone(),
        Party::Organisation(ix) => snapshot.organisations[ix].entry.code.clone(),
    };
    for ix in snapshot.groups.all().to_vec() {
        let mut members = take(&mut snapshot.groups.link(ix).members);
        members.sort_by_cached_key(|edge| edge.key(&party_code(snapshot, edge.node)));
        members.dedup_by(|a, b| a.node == b.node && a.role == b.role && a.since == b.since && a.until == b.until);
        snapshot.groups.link(ix).members = members;
    }
    let sort = |groups: &Table<_>, edges: &mut Vec<MemberEdge<GroupIx>>| {
        edges.sort_by_cached_key(|edge| edge.key(&groups.code_of(edge.node)));
        edges.dedup_by(|a, b| a.node == b.node && a.role == b.role && a.since == b.since && a.until == b.until);
    };
    for ix in snapshot.states.all().to_vec() {
        sort(&snapshot.groups, &mut snapshot.states.link(ix).links.groups);
    }
    for ix in snapshot.organisations.all().to_vec() {
        sort(&snapshot.groups, &mut snapshot.organisations.link(ix).links.groups);
    }
}

fn flows(snapshot: &mut Snapshot, broken: &mut Vec<String>) {
    for ix in snapshot.flows.all().to_vec() {
        let code = snapshot.flows.code_of(ix);
        let mut links = Links { broken, kind: Kind::Route, code: &code };
        if let Some(route) = snapshot.flows[ix].route.clone() {
            let legs: Vec<Leg> = route
                .legs
                .iter()
                .filter_map(|leg| {
                    let mut end = |code: &str| {
                        let found = point(snapshot, code);
                        if found.is_none() {
                            links.miss("point", code);
                        }
                        found
                    };
                    Some(Leg { ordinal: leg.ordinal, from: end(&leg.from)?, to: end(&leg.to)?, modes: leg.modes.clone() })
                })
                .collect();
            let groups = links.find_all(&snapshot.groups, "working group", &route.working_groups);
            let activities = of_declaration(snapshot, &mut links, &route.activities);
            for &group in &groups {
                insert_sorted(&mut snapshot.groups.link(group).flows, ix);
            }
            for &activity in &activities {
                insert_sorted(&mut snapshot.provisions.link(activity).flows, ix);
            }
            let states = |codes: &[String]| -> Vec<StateIx> {
                let mut found: Vec<_> = codes.iter().filter_map(|code| snapshot.states.find(code)).collect();
                found.sort_unstable();
                found.dedup();
                found
            };
            let (origins, transits, destinations) = (states(&route.origins), states(&route.transits), states(&route.destinations));
            let node = snapshot.flows.link(ix);
            (node.legs, node.groups, node.activities) = (legs, groups, activities);
            (node.origins, node.transits, node.destinations) = (origins, transits, destinations);
            node.legs.sort_by_key(|leg| leg.ordinal);
        } else if let Some((origin, destination)) = corridor_ends(&snapshot.flows[ix].code).map(|(o, d)| (o.to_owned(), d.to_owned())) {
            match (point(snapshot, &origin), point(snapshot, &destination)) {
                (Some(from), Some(to)) => corridor(snapshot, ix, from, to),
                _ => links.broken.push(format!("{} {code} has an end which is not there", Kind::Route)),
            }
        }
    }
}

fn corridor(snapshot: &mut Snapshot, ix: FlowIx, from: Point, to: Point) {
    let state = |point| match point {
        Point::State(ix) => vec![ix],
        Point::Area(_) => Vec::new(),
    };
    let node = snapshot.flows.link(ix);
    node.legs = vec![Leg { ordinal: 1, from, to, modes: Vec::new() }];
    (node.origins, node.destinations) = (state(from), state(to));
}

fn meetings(snapshot: &mut Snapshot, broken: &mut Vec<String>) {
    each!(snapshot.meetings, Kind::Meeting, broken, |ix, entry, links| {
        let mut parties = |codes: &[String]| {
            let mut found: Vec<Party> = codes.iter().filter_map(|code| party(snapshot, &mut links, code)).collect();
            found.sort_unstable();
            found.dedup();
            found
        };
        let (hosts, participants) = (parties(&entry.hosts), parties(&entry.participants));
        let groups = links.find_all(&snapshot.groups, "working group", &entry.working_groups);
        let areas = of_declaration(snapshot, &mut links, &entry.areas);
        let activities = of_declaration(snapshot, &mut links, &entry.activities);
        for &party in hosts.iter().chain(&participants) {
            match party {
                Party::State(p) => insert_sorted(&mut snapshot.states.link(p).links.meetings, ix),
                Party::Organisation(p) => insert_sorted(&mut snapshot.organisations.link(p).links.meetings, ix),
            }
        }
        for &group in &groups {
            insert_sorted(&mut snapshot.groups.link(group).meetings, ix);
        }
        for &about in areas.iter().chain(&activities) {
            insert_sorted(&mut snapshot.provisions.link(about).meetings, ix);
        }
        let node = snapshot.meetings.link(ix);
        (node.hosts, node.participants, node.groups) = (hosts, participants, groups);
        (node.areas, node.activities) = (areas, activities);
    });
}

fn documents(snapshot: &mut Snapshot, broken: &mut Vec<String>) {
    each!(snapshot.documents, Kind::Document, broken, |ix, entry, links| {
        if let Some(meeting) = entry.meeting.as_deref().and_then(|code| links.find(&snapshot.meetings, "meeting", code)) {
            snapshot.documents.link(ix).meeting = Some(meeting);
            insert_sorted(&mut snapshot.meetings.link(meeting).documents, ix);
        }
    });
}

/// What follows from links: a group's activities, the roles of states in flows, the corridors of routes.
pub(super) fn derive(snapshot: &mut Snapshot) {
    for ix in snapshot.groups.all().to_vec() {
        let mut activities = snapshot.groups[ix].activities.clone();
        for &area in &snapshot.groups[ix].areas {
            activities.extend(&snapshot.provisions[area].activities);
        }
        for &flow in &snapshot.groups[ix].flows {
            activities.extend(&snapshot.flows[flow].activities);
        }
        activities.sort_unstable();
        activities.dedup();
        for &activity in &activities {
            insert_sorted(&mut snapshot.provisions.link(activity).groups, ix);
        }
        snapshot.groups.link(ix).activities = activities;
    }
    let routes: Vec<FlowIx> = snapshot.flows.iter().filter(|(_, flow)| flow.route.is_some()).map(|(ix, _)| ix).collect();
    for ix in snapshot.flows.all().to_vec() {
        roles(snapshot, ix);
        let flow = &snapshot.flows[ix];
        if let (None, Some(leg)) = (&flow.route, flow.legs.first().cloned()) {
            for &route in &routes {
                if snapshot.flows[route].leads(leg.from, leg.to) {
                    snapshot.flows.link(route).corridors.push(ix);
                    snapshot.flows.link(ix).routes.push(route);
                }
            }
        }
    }
}

fn roles(snapshot: &mut Snapshot, flow: FlowIx) {
    let node = &snapshot.flows[flow];
    let mut states: Vec<StateIx> = [&node.origins, &node.transits, &node.destinations].into_iter().flatten().copied().collect();
    states.sort_unstable();
    states.dedup();
    for state in states {
        let node = &snapshot.flows[flow];
        let edge =
            StateFlow { flow, origin: node.origins.contains(&state), transit: node.transits.contains(&state), destination: node.destinations.contains(&state) };
        snapshot.states.link(state).flows.push(edge);
    }
}
