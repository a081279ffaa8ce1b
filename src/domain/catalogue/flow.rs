//! Routes.

use super::desk::Wanted;
use super::folder::{Layout, Shape};
use super::form::{Form, SUMMARY, TITLE};
use super::record::Record;
use crate::domain::entry::Kind;
use crate::domain::flow::{Leg, Route};
use crate::domain::text::{Language, Localized};

/// `flows.toml`.
pub(super) const ROUTES: Layout = Layout { file: "flows.toml", kind: Some(Kind::Route), key: "code", shape: Shape::Tree("route") };

/// One `[[route]]`.
pub(super) fn route(record: &mut Record<'_, '_>, language: Language) -> Option<Route> {
    let code = record.key("code", Form::Route, &["route"]);
    let name = record.text("name", TITLE);
    let summary = record.text("summary", SUMMARY);
    let kinds = record.words("kinds", 1);
    let written = record.count("legs");
    let mut legs = record.records("legs", 1, label, leg);
    let all_read = legs.len() == written;
    // Stable: branches keep the order of the file.
    legs.sort_by_key(|leg| leg.ordinal);
    let points = points(&legs);
    // Where a leg is at fault, any state or area will do: its points are not known.
    let on_legs = if all_read && written > 0 { Wanted::LegPoint(points.clone()) } else { Wanted::Point };
    let mut origins = record.codes("origins", &on_legs, 0);
    let mut transits = record.codes("transits", &on_legs, 0);
    let mut destinations = record.codes("destinations", &on_legs, 0);
    if origins.is_empty() {
        origins = points.iter().filter(|point| legs.iter().all(|leg| leg.to != **point)).cloned().collect();
    }
    if destinations.is_empty() {
        destinations = points.iter().filter(|point| legs.iter().all(|leg| leg.from != **point)).cloned().collect();
    }
    if transits.is_empty() {
        let rest = points.iter().filter(|point| !origins.contains(point) && !destinations.contains(point));
        transits = rest.cloned().collect();
    }
    for (field, ends) in [("origins", &origins), ("destinations", &destinations)] {
        if ends.is_empty() && all_read && written > 0 {
            record.lack(field, "the legs go in a circle and do not tell them");
        }
    }
    let working_groups = record.codes("working_groups", &Wanted::WorkingGroup, 0);
    let activities = record.codes("activities", &Wanted::Activity, 0);
    let citations = record.citations(1);
    Some(Route {
        code: code?,
        name: Localized::new((language, name?), []),
        summary: summary?,
        kinds,
        legs,
        origins,
        transits,
        destinations,
        working_groups,
        activities,
        citations,
    })
}

fn leg(record: &mut Record<'_, '_>) -> Option<Leg> {
    let ordinal = record.ordinal("ordinal");
    let (from, to) = (record.code("from", &Wanted::Point), record.code("to", &Wanted::Point));
    let modes = record.words("modes", 0);
    Some(Leg { ordinal: ordinal?, from: from?, to: to?, modes })
}

fn label(leg: &Leg) -> String {
    format!("{}: {} to {}", leg.ordinal, leg.from, leg.to)
}

/// Every point that the legs touch, in their order.
fn points(legs: &[Leg]) -> Vec<String> {
    let mut points: Vec<String> = Vec::new();
    for point in legs.iter().flat_map(|leg| [&leg.from, &leg.to]) {
        if !points.contains(point) {
            points.push(point.clone());
        }
    }
    points
}
