//! Meetings in the graph.

use crate::domain::date::{PartialDate, period_overlaps};
use crate::domain::id::Id;
use crate::domain::meeting::{Meeting, MeetingKind};

use super::document::{DocumentIx, ProvisionIx};
use super::group::GroupIx;
use super::index::Ix;
use super::order::SortKey;
use super::party::{Party, holds, meets};
use super::view::View;

/// The position of a meeting.
pub type MeetingIx = Ix<MeetingNode>;

/// A meeting.
#[derive(Debug, Clone)]
pub struct MeetingNode {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: Meeting,
    /// Who hosted it.
    pub hosts: Vec<Party>,
    /// Who is known to have come, hosts apart.
    pub participants: Vec<Party>,
    /// Whose meeting it was.
    pub groups: Vec<GroupIx>,
    /// The areas that it was about.
    pub areas: Vec<ProvisionIx>,
    /// The activities that it was about.
    pub activities: Vec<ProvisionIx>,
    /// The documents that it adopted.
    pub documents: Vec<DocumentIx>,
}

impl MeetingNode {
    pub(super) const fn new(id: Id, entry: Meeting) -> Self {
        Self { id, entry, hosts: Vec::new(), participants: Vec::new(), groups: Vec::new(), areas: Vec::new(), activities: Vec::new(), documents: Vec::new() }
    }
}

/// Which meetings to keep; every field that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct MeetingFilter {
    /// Of one of these kinds.
    pub kinds: Option<Vec<MeetingKind>>,
    /// Not over before this.
    pub from: Option<PartialDate>,
    /// Begun by the end of this.
    pub to: Option<PartialDate>,
    /// Of one of these groups.
    pub groups: Option<Vec<GroupIx>>,
    /// Hosted by one of these.
    pub hosts: Option<Vec<Party>>,
    /// About one of these.
    pub activities: Option<Vec<ProvisionIx>>,
}

impl MeetingFilter {
    /// Whether it keeps that meeting.
    #[must_use]
    pub fn keeps(&self, view: &View, ix: MeetingIx) -> bool {
        let meeting = view.meeting(ix);
        holds(self.kinds.as_deref(), |all| all.contains(&meeting.entry.kind))
            && (self.from.is_none() && self.to.is_none() || period_overlaps(meeting.entry.starts_on, meeting.entry.ends_on, self.from, self.to))
            && holds(self.groups.as_deref(), |all| meets(all, &meeting.groups))
            && holds(self.hosts.as_deref(), |all| meets(all, &meeting.hosts))
            && holds(self.activities.as_deref(), |all| meets(all, &meeting.activities))
    }
}

impl View {
    /// The sort key of a meeting: its first day (unknown ones first), then its code.
    #[must_use]
    pub fn meeting_key(&self, ix: MeetingIx) -> Vec<u8> {
        meeting_key(self.meeting(ix))
    }
}

pub(super) fn meeting_key(meeting: &MeetingNode) -> Vec<u8> {
    SortKey::new().date(meeting.entry.starts_on).code(&meeting.entry.code).done()
}
