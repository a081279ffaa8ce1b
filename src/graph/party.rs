//! Parties in the graph: states, organisations, areas, and what links them to the rest.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::domain::id::Id;
use crate::domain::party::{self, GoodPracticeRole, OrganisationKind, ParticipationStatus, Region};
use crate::domain::text::{Language, Localized, fold};

use super::flow::FlowIx;
use super::group::{GroupIx, MemberEdge};
use super::index::Ix;
use super::meeting::MeetingIx;
use super::order::SortKey;
use super::practice::PracticeIx;
use super::snapshot::Snapshot;
use super::view::View;

/// The position of a state.
pub type StateIx = Ix<StateNode>;
/// The position of an organisation.
pub type OrganisationIx = Ix<OrganisationNode>;
/// The position of an area.
pub type AreaIx = Ix<AreaNode>;

/// A state or an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A state.
    State(StateIx),
    /// An organisation.
    Organisation(OrganisationIx),
}

/// One end of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// A state.
    State(StateIx),
    /// An area that is no state, or what statistics put in a state's place.
    Area(AreaIx),
}

/// What links a party to the rest of the graph.
#[derive(Debug, Clone, Default)]
pub struct PartyLinks {
    /// Its places in groups, by group and role.
    pub groups: Vec<MemberEdge<GroupIx>>,
    /// Practices in which it has any role, oldest publication first.
    pub practices: Vec<PracticeIx>,
    /// Practices that it owns, likewise.
    pub owned: Vec<PracticeIx>,
    /// Practices that are practised there, likewise.
    pub practised: Vec<PracticeIx>,
    /// Practices that it takes part in, likewise.
    pub partnered: Vec<PracticeIx>,
    /// Whether it owns one that it is not to be named for.
    pub veiled: bool,
    /// Meetings that it hosted or came to.
    pub meetings: Vec<MeetingIx>,
}

impl PartyLinks {
    /// The practices in which it has that role.
    pub(super) const fn of_role(&mut self, role: GoodPracticeRole) -> &mut Vec<PracticeIx> {
        match role {
            GoodPracticeRole::Owner => &mut self.owned,
            GoodPracticeRole::Practised => &mut self.practised,
            GoodPracticeRole::Partner => &mut self.partnered,
        }
    }
}

/// A state.
#[derive(Debug, Clone)]
pub struct StateNode {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: party::State,
    /// Its links.
    pub links: PartyLinks,
    /// Flows in which it has a role, with its roles.
    pub flows: Vec<StateFlow>,
    /// Its names in all languages, accents and case folded away.
    folded: Vec<String>,
}

/// A flow of a state, and what the state is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateFlow {
    /// The flow.
    pub flow: FlowIx,
    /// The flow starts there.
    pub origin: bool,
    /// The flow passes through.
    pub transit: bool,
    /// The flow ends there.
    pub destination: bool,
}

impl StateNode {
    pub(super) fn new(id: Id, entry: party::State) -> Self {
        let folded = fold_names(&entry.name);
        Self { id, entry, links: PartyLinks::default(), flows: Vec::new(), folded }
    }
}

/// An organisation.
#[derive(Debug, Clone)]
pub struct OrganisationNode {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: party::Organisation,
    /// The state that it belongs to.
    pub state: Option<StateIx>,
    /// Its links.
    pub links: PartyLinks,
    /// Its names in all languages, accents and case folded away.
    folded: Vec<String>,
}

impl OrganisationNode {
    pub(super) fn new(id: Id, entry: party::Organisation) -> Self {
        let folded = fold_names(&entry.name);
        Self { id, entry, state: None, links: PartyLinks::default(), folded }
    }
}

/// An area that is no state.
#[derive(Debug, Clone)]
pub struct AreaNode {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Localized,
}

fn fold_names(name: &Localized) -> Vec<String> {
    name.iter().map(|(_, text)| fold(text)).collect()
}

/// Which states to keep; every field that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct StateFilter {
    /// One of these.
    pub states: Option<Vec<StateIx>>,
    /// In one of these regions.
    pub regions: Option<Vec<Region>>,
    /// Taking part, today, in one of these ways.
    pub participation: Option<Vec<ParticipationStatus>>,
    /// With a place, today, in one of these groups.
    pub groups: Option<Vec<GroupIx>>,
    /// With this in one of its names, accents and case apart.
    pub name_contains: Option<String>,
}

impl StateFilter {
    /// Whether it keeps that state.
    #[must_use]
    pub fn keeps(&self, view: &View, ix: StateIx) -> bool {
        let state = view.state(ix);
        holds(self.states.as_deref(), |all| all.binary_search(&ix).is_ok())
            && holds(self.regions.as_deref(), |all| all.contains(&state.entry.region))
            && holds(self.participation.as_deref(), |all| view.participates_as(state.entry.participation.as_ref(), all))
            && holds(self.groups.as_deref(), |all| state.links.groups.iter().any(|e| e.in_force(view.today()) && all.contains(&e.node)))
            && holds(self.name_contains.as_deref(), |text| state.folded.iter().any(|name| name.contains(text)))
    }
}

/// Which organisations to keep; every field that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct OrganisationFilter {
    /// One of these.
    pub organisations: Option<Vec<OrganisationIx>>,
    /// Of one of these kinds.
    pub kinds: Option<Vec<OrganisationKind>>,
    /// Taking part, today, in one of these ways.
    pub participation: Option<Vec<ParticipationStatus>>,
    /// With this in one of its names, accents and case apart.
    pub name_contains: Option<String>,
}

impl OrganisationFilter {
    /// Whether it keeps that organisation.
    #[must_use]
    pub fn keeps(&self, view: &View, ix: OrganisationIx) -> bool {
        let organisation = view.organisation(ix);
        holds(self.organisations.as_deref(), |all| all.binary_search(&ix).is_ok())
            && holds(self.kinds.as_deref(), |all| all.contains(&organisation.entry.kind))
            && holds(self.participation.as_deref(), |all| view.participates_as(organisation.entry.participation.as_ref(), all))
            && holds(self.name_contains.as_deref(), |text| organisation.folded.iter().any(|name| name.contains(text)))
    }
}

/// Whether a party takes part in the partnership on a day, and the groups where it has a place then; sorted.
///
/// It takes part by itself, or by a place in a group. Whoever left, or has yet to come, has no place in any, whatever
/// the list of a group says.
pub(super) fn standing(participation: Option<&party::Participation>, links: &PartyLinks, on: Date) -> (bool, Vec<GroupIx>) {
    if participation.is_some_and(|participation| !participation.in_force(on)) {
        return (false, Vec::new());
    }
    let mut groups: Vec<GroupIx> = links.groups.iter().filter(|edge| edge.in_force(on)).map(|edge| edge.node).collect();
    groups.sort_unstable();
    groups.dedup();
    (participation.is_some() || !groups.is_empty(), groups)
}

/// A condition that was not set holds; one that was set is asked.
pub(super) fn holds<T>(condition: Option<T>, ask: impl FnOnce(T) -> bool) -> bool {
    condition.is_none_or(ask)
}

impl Snapshot {
    /// Whether there is a party of that code.
    #[must_use]
    pub fn has_party(&self, code: &str) -> bool {
        self.states.find(code).is_some() || self.organisations.find(code).is_some()
    }
}

impl View {
    /// Whether a party takes part today in one of those ways.
    fn participates_as(&self, participation: Option<&party::Participation>, ways: &[ParticipationStatus]) -> bool {
        participation.is_some_and(|participation| ways.contains(&participation.status) && participation.in_force(self.today()))
    }

    /// Whether a party takes part in the partnership today.
    #[must_use]
    pub fn takes_part(&self, party: Party) -> bool {
        let participation = match party {
            Party::State(ix) => &self.state(ix).entry.participation,
            Party::Organisation(ix) => &self.organisation(ix).entry.participation,
        };
        standing(participation.as_ref(), self.party_links(party), self.today()).0
    }

    /// The code of a party: ISO 3166-1 alpha-3, or an acronym.
    #[must_use]
    pub fn party_code(&self, party: Party) -> &str {
        match party {
            Party::State(ix) => &self.state(ix).entry.iso3,
            Party::Organisation(ix) => &self.organisation(ix).entry.code,
        }
    }

    /// The name of a party.
    #[must_use]
    pub fn party_name(&self, party: Party, language: Language) -> &str {
        match party {
            Party::State(ix) => self.state(ix).entry.name.get(language),
            Party::Organisation(ix) => self.organisation(ix).entry.name.get(language),
        }
    }

    /// What links a party to the rest.
    #[must_use]
    pub fn party_links(&self, party: Party) -> &PartyLinks {
        match party {
            Party::State(ix) => &self.state(ix).links,
            Party::Organisation(ix) => &self.organisation(ix).links,
        }
    }

    /// The id of a party.
    #[must_use]
    pub fn party_id(&self, party: Party) -> Id {
        match party {
            Party::State(ix) => self.state(ix).id,
            Party::Organisation(ix) => self.organisation(ix).id,
        }
    }

    /// The sort key of a party in lists by code.
    #[must_use]
    pub fn party_key(&self, party: Party) -> Vec<u8> {
        SortKey::new().code(self.party_code(party)).done()
    }

    /// The sort key of a state by English name.
    #[must_use]
    pub fn state_name_key(&self, ix: StateIx) -> Vec<u8> {
        let entry = &self.state(ix).entry;
        name_key(&entry.name, &entry.iso3)
    }

    /// The sort key of an organisation by English name.
    #[must_use]
    pub fn organisation_name_key(&self, ix: OrganisationIx) -> Vec<u8> {
        let entry = &self.organisation(ix).entry;
        name_key(&entry.name, &entry.code)
    }

    /// The code of a point.
    #[must_use]
    pub fn point_code(&self, point: Point) -> &str {
        match point {
            Point::State(ix) => &self.state(ix).entry.iso3,
            Point::Area(ix) => &self.area(ix).code,
        }
    }

    /// The name of a point.
    #[must_use]
    pub fn point_name(&self, point: Point, language: Language) -> &str {
        point_name(self.snapshot(), point, language)
    }
}

pub(super) fn point_name(snapshot: &Snapshot, point: Point, language: Language) -> &str {
    match point {
        Point::State(ix) => snapshot.states[ix].entry.name.get(language),
        Point::Area(ix) => snapshot.areas[ix].name.get(language),
    }
}

/// The sort key of whatever has a name and a code.
pub(super) fn name_key(name: &Localized, code: &str) -> Vec<u8> {
    SortKey::new().text(name.get(Language::En)).code(code).done()
}

impl View {
    /// Practices of a party by roles (any, where none is named), oldest publication first; as far as the viewer may
    /// know of the role.
    #[must_use]
    pub fn practices_of_party(&self, party: Party, roles: Option<&[GoodPracticeRole]>) -> Cow<'_, [PracticeIx]> {
        let links = self.party_links(party);
        let list = match roles {
            None => Cow::Borrowed(links.practices.as_slice()),
            Some([GoodPracticeRole::Owner]) => Cow::Borrowed(links.owned.as_slice()),
            Some([GoodPracticeRole::Practised]) => Cow::Borrowed(links.practised.as_slice()),
            Some([GoodPracticeRole::Partner]) => Cow::Borrowed(links.partnered.as_slice()),
            Some(roles) => Cow::Owned(links.practices.iter().copied().filter(|&ix| roles.iter().any(|role| self.has_role(party, *role, ix))).collect()),
        };
        if !links.veiled {
            return list;
        }
        let roles = roles.unwrap_or(&[GoodPracticeRole::Owner, GoodPracticeRole::Practised, GoodPracticeRole::Partner]);
        Cow::Owned(list.iter().copied().filter(|&ix| roles.iter().any(|role| self.has_role(party, *role, ix))).collect())
    }

    fn has_role(&self, party: Party, role: GoodPracticeRole, ix: PracticeIx) -> bool {
        let practice = self.practice(ix);
        match role {
            GoodPracticeRole::Owner => self.owner(ix) == Some(party),
            GoodPracticeRole::Practised => practice.states.iter().any(|&state| Party::State(state) == party),
            GoodPracticeRole::Partner => practice.partners.contains(&party),
        }
    }
}
