//! Which codes an entry names, and of which kinds they may be.

use std::collections::HashSet;

use crate::domain::document::{DECLARATION_2013, Provision};
use crate::domain::entry::{Entry, Kind};
use crate::domain::flow::SPECIAL_POINTS;

/// A code that an entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The kinds that it may be of.
    pub kinds: &'static [Kind],
    /// The code.
    pub code: String,
}

const STATE: &[Kind] = &[Kind::State];
const PARTY: &[Kind] = &[Kind::State, Kind::Organisation];
const POINT: &[Kind] = &[Kind::State, Kind::Area];
const GROUP: &[Kind] = &[Kind::WorkingGroup];
const DOCUMENT: &[Kind] = &[Kind::Document];
const PROVISION: &[Kind] = &[Kind::Provision];
const MEETING: &[Kind] = &[Kind::Meeting];
/// A route, or a corridor, which no entry makes.
const FLOW: &[Kind] = &[Kind::Route];

/// Every code that an entry names.
pub(super) fn references(entry: &Entry) -> Vec<Reference> {
    let mut all = Vec::new();
    let mut name = |kinds: &'static [Kind], codes: &mut dyn Iterator<Item = &String>| all.extend(codes.map(|code| Reference { kinds, code: code.clone() }));
    let mut passages: Vec<(&str, &String)> = Vec::new();
    let declaration = |references| -> Vec<_> { of(DECLARATION_2013, references) };
    match entry {
        Entry::State(_) | Entry::Area(_) | Entry::Source(_) => {}
        Entry::Organisation(e) => name(STATE, &mut e.state.iter()),
        Entry::WorkingGroup(e) => {
            name(GROUP, &mut e.parent.iter());
            name(PARTY, &mut e.members.iter().map(|membership| &membership.party));
            name(STATE, &mut e.focus_states.iter());
            passages.extend(declaration(&e.areas));
            passages.extend(declaration(&e.activities));
        }
        Entry::Document(e) => name(MEETING, &mut e.meeting.iter()),
        Entry::Provision(e) => {
            name(DOCUMENT, &mut std::iter::once(&e.document));
            passages.extend(e.parent.iter().chain(&e.goals).map(|reference| (e.document.as_str(), reference)));
        }
        Entry::Route(e) => {
            name(POINT, &mut e.legs.iter().flat_map(|leg| [&leg.from, &leg.to]));
            name(POINT, &mut e.origins.iter().chain(&e.transits).chain(&e.destinations));
            name(GROUP, &mut e.working_groups.iter());
            passages.extend(declaration(&e.activities));
        }
        Entry::Meeting(e) => {
            name(STATE, &mut e.place_state.iter());
            name(PARTY, &mut e.hosts.iter().chain(&e.participants));
            name(GROUP, &mut e.working_groups.iter());
            passages.extend(declaration(&e.areas));
            passages.extend(declaration(&e.activities));
        }
        Entry::ContactPoint(e) => {
            name(PARTY, &mut std::iter::once(&e.party));
            name(STATE, &mut e.posted_to.iter());
            passages.extend(declaration(&e.activities));
        }
        Entry::GoodPractice(e) => {
            name(PARTY, &mut std::iter::once(&e.owner).chain(&e.partners));
            name(STATE, &mut e.states.iter());
            name(FLOW, &mut e.flows.iter());
            name(GROUP, &mut e.working_groups.iter());
            passages.extend(declaration(&e.activities));
        }
    }
    all.extend(passages.into_iter().map(|(document, reference)| Reference { kinds: PROVISION, code: Provision::entry_code(document, reference) }));
    all
}

fn of<'a>(document: &'static str, references: &'a [String]) -> Vec<(&'static str, &'a String)> {
    references.iter().map(|reference| (document, reference)).collect()
}

/// The codes that there are.
#[derive(Debug, Default)]
pub(super) struct Codes {
    entries: HashSet<(Kind, String)>,
    corridors: HashSet<String>,
}

impl Codes {
    /// There is an entry of that kind and code.
    pub fn add(&mut self, kind: Kind, code: &str) {
        self.entries.insert((kind, code.to_owned()));
    }

    /// There is a corridor of that code.
    pub fn add_corridor(&mut self, code: String) {
        self.corridors.insert(code);
    }

    /// Whether there is what an entry names.
    pub fn has(&self, reference: &Reference) -> bool {
        let Reference { kinds, code } = reference;
        kinds.iter().any(|kind| self.entries.contains(&(*kind, code.clone())))
            || (*kinds == FLOW && self.corridors.contains(code))
            || (*kinds == POINT && SPECIAL_POINTS.iter().any(|(special, _)| special == code))
    }

    /// Whether there is a point of that code.
    pub fn has_point(&self, code: &str) -> bool {
        self.has(&Reference { kinds: POINT, code: code.to_owned() })
    }

    /// Whether there is an entry of that kind and code.
    pub fn has_entry(&self, kind: Kind, code: &str) -> bool {
        self.entries.contains(&(kind, code.to_owned()))
    }
}
