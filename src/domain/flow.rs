//! Silk Routes flows: named routes, and corridors that figures make.

use serde::{Deserialize, Serialize};

use super::text::{Citation, Localized};
use super::word::words;

words! {
    /// What a flow is drawn along.
    pub enum FlowShape {
        /// A named movement, over one leg or several.
        Route = "ROUTE",
        /// One origin, one destination, made by the figures that are counted for it; the code is such as 'PAK-SAU'.
        Corridor = "CORRIDOR",
    }

    /// Who moves along a flow, or why; a flow may be of several kinds.
    pub enum FlowKind {
        /// Persons who move for different reasons along the same way.
        Mixed = "MIXED",
        /// Persons who move for work.
        Labour = "LABOUR",
        /// Persons who move to study.
        Students = "STUDENTS",
        /// Members of families who join each other.
        Family = "FAMILY",
        /// Persons who seek protection.
        Protection = "PROTECTION",
        /// Refugees who are resettled.
        Resettlement = "RESETTLEMENT",
        /// Movement outside the rules of the states concerned.
        Irregular = "IRREGULAR",
        /// Return to the state of origin.
        Return = "RETURN",
    }

    /// What a state is to a flow.
    pub enum FlowRole {
        /// The flow starts there.
        Origin = "ORIGIN",
        /// The flow passes through.
        Transit = "TRANSIT",
        /// The flow ends there.
        Destination = "DESTINATION",
    }

    /// How a leg is travelled.
    pub enum TransportMode {
        /// On foot, by road or by rail.
        Land = "LAND",
        /// By ship or boat.
        Sea = "SEA",
        /// On board an aircraft.
        Air = "AIR",
    }
}

/// What statistics put in the place of a state: code and name. Each is an end of flows, as its publisher means it.
pub const SPECIAL_POINTS: &[(&str, &str)] = &[
    ("ANT", "Netherlands Antilles (until 2010)"),
    ("CHI", "Channel Islands"),
    ("CRB", "CRB (a code of UNHCR)"),
    ("CSK", "Czechoslovakia (until 1993)"),
    ("CUR", "CUR (a code of UNHCR)"),
    ("OTHER", "Other"),
    ("RNC", "Recognised non-citizens"),
    ("SCG", "Serbia and Montenegro (until 2006)"),
    ("STATELESS", "Stateless"),
    ("SUN", "Soviet Union (until 1991)"),
    ("TIB", "Tibetan"),
    ("UNKNOWN", "Unknown"),
    ("XKX", "Kosovo (S/RES/1244 (1999))"),
    ("YUG", "Yugoslavia (until 1992)"),
];

/// One step of a route. Legs of the same ordinal stand side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Its place on the way, from 1; branches share one.
    pub ordinal: u32,
    /// The code of the point where it starts.
    pub from: String,
    /// The code of the point where it ends.
    pub to: String,
    /// How it is travelled.
    pub modes: Vec<TransportMode>,
}

/// A route of the catalogue. (A corridor is no entry: it exists where figures do.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Such as `AFG-TUR-WEST`; never of the form `AFG-TUR`, which is a corridor's.
    pub code: String,
    /// Its name.
    pub name: Localized,
    /// What is known of it, in the catalogue's own words.
    pub summary: String,
    /// Who moves along it.
    pub kinds: Vec<FlowKind>,
    /// Its steps, in order.
    pub legs: Vec<Leg>,
    /// States where it starts; from the legs where the entry lists none.
    pub origins: Vec<String>,
    /// States that it passes through; from the legs where the entry lists none.
    pub transits: Vec<String>,
    /// States where it ends; from the legs where the entry lists none.
    pub destinations: Vec<String>,
    /// The groups that look at it, by code.
    pub working_groups: Vec<String>,
    /// The activities that it raises, by reference.
    pub activities: Vec<String>,
    /// Where all that can be read.
    pub citations: Vec<Citation>,
}

/// The code of the corridor between two points: `AFG-DEU`.
#[must_use]
pub fn corridor_code(origin: &str, destination: &str) -> String {
    format!("{origin}-{destination}")
}

/// Origin and destination of a corridor's code; none where the code is not of that form.
#[must_use]
pub fn corridor_ends(code: &str) -> Option<(&str, &str)> {
    let (origin, destination) = code.split_once('-')?;
    let point = |p: &str| p.len() == 3 && p.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (point(origin) && point(destination)).then_some((origin, destination))
}
