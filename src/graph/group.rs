//! Working groups in the graph, and the edges that say who has which place in them.

use jiff::civil::Date;

use crate::domain::date::{self, PartialDate};
use crate::domain::group::{WorkingGroup, WorkingGroupKind, WorkingGroupRole};
use crate::domain::id::Id;
use crate::domain::word::Words;

use super::document::ProvisionIx;
use super::flow::FlowIx;
use super::index::Ix;
use super::meeting::MeetingIx;
use super::order::SortKey;
use super::party::{Party, StateIx, holds};
use super::practice::PracticeIx;
use super::view::View;

/// The position of a working group.
pub type GroupIx = Ix<GroupNode>;

/// A place in a group, seen from either end: role and dates live on the edge.
#[derive(Debug, Clone)]
pub struct MemberEdge<N> {
    /// The other end.
    pub node: N,
    /// What the party is there.
    pub role: WorkingGroupRole,
    /// Unknown counts as always.
    pub since: Option<PartialDate>,
    /// Unknown counts as still.
    pub until: Option<PartialDate>,
    /// What the sources say of it.
    pub note: Option<std::sync::Arc<str>>,
}

impl<N> MemberEdge<N> {
    /// Whether it is in force on that day.
    #[must_use]
    pub fn in_force(&self, on: Date) -> bool {
        date::in_force(self.since, self.until, on)
    }

    /// The sort key of the edge, given the code of its other end.
    #[must_use]
    pub fn key(&self, code: &str) -> Vec<u8> {
        SortKey::new().code(code).signed(role_rank(self.role)).date(self.since).date(self.until).done()
    }
}

/// The place of a role among roles, as they are defined.
#[must_use]
pub fn role_rank(role: WorkingGroupRole) -> i64 {
    WorkingGroupRole::ALL.iter().zip(0..).find(|(word, _)| word.value == role).map_or(0, |(_, n)| n)
}

/// A working group.
#[derive(Debug, Clone)]
pub struct GroupNode {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: WorkingGroup,
    /// The group that it is part of.
    pub parent: Option<GroupIx>,
    /// The states that it looks at.
    pub focus_states: Vec<StateIx>,
    /// Who has a place in it, by code and role.
    pub members: Vec<MemberEdge<Party>>,
    /// The thematic areas that it works on.
    pub areas: Vec<ProvisionIx>,
    /// Activities that it has taken up, that its areas hold, or that its flows raise.
    pub activities: Vec<ProvisionIx>,
    /// The flows that name it.
    pub flows: Vec<FlowIx>,
    /// Its meetings.
    pub meetings: Vec<MeetingIx>,
    /// The practices that concern it, oldest publication first.
    pub practices: Vec<PracticeIx>,
}

impl GroupNode {
    pub(super) const fn new(id: Id, entry: WorkingGroup) -> Self {
        Self {
            id,
            entry,
            parent: None,
            focus_states: Vec::new(),
            members: Vec::new(),
            areas: Vec::new(),
            activities: Vec::new(),
            flows: Vec::new(),
            meetings: Vec::new(),
            practices: Vec::new(),
        }
    }
}

/// Which groups to keep; every field that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct GroupFilter {
    /// One of these.
    pub groups: Option<Vec<GroupIx>>,
    /// Of one of these kinds.
    pub kinds: Option<Vec<WorkingGroupKind>>,
    /// In which one of these has a place today.
    pub members: Option<Vec<Party>>,
}

impl GroupFilter {
    /// Whether it keeps that group.
    #[must_use]
    pub fn keeps(&self, view: &View, ix: GroupIx) -> bool {
        let group = view.group(ix);
        holds(self.groups.as_deref(), |all| all.binary_search(&ix).is_ok())
            && holds(self.kinds.as_deref(), |all| all.contains(&group.entry.kind))
            && holds(self.members.as_deref(), |all| group.members.iter().any(|e| e.in_force(view.today()) && all.contains(&e.node)))
    }
}

impl View {
    /// The sort key of a group in lists by code.
    #[must_use]
    pub fn group_key(&self, ix: GroupIx) -> Vec<u8> {
        SortKey::new().code(&self.group(ix).entry.code).done()
    }

    /// Who chairs a group on a day: chairs, then co-chairs, each by code.
    #[must_use]
    pub fn chairs(&self, group: GroupIx, on: Date) -> Vec<Party> {
        let chairs_as = |role| self.group(group).members.iter().filter(move |e| e.role == role && e.in_force(on)).map(|e| e.node);
        let mut chairs = Vec::new();
        for party in chairs_as(WorkingGroupRole::Chair).chain(chairs_as(WorkingGroupRole::CoChair)) {
            if !chairs.contains(&party) {
                chairs.push(party);
            }
        }
        chairs
    }
}
