//! Documents and their provisions in the graph: goals, thematic areas, activities.

use crate::domain::document::{Document, Provision, ProvisionKind};
use crate::domain::id::Id;
use crate::domain::text::fold;

use super::flow::FlowIx;
use super::group::GroupIx;
use super::index::Ix;
use super::meeting::MeetingIx;
use super::order::SortKey;
use super::party::holds;
use super::practice::PracticeIx;
use super::view::View;

/// The position of a document.
pub type DocumentIx = Ix<DocumentNode>;
/// The position of a provision of any kind.
pub type ProvisionIx = Ix<ProvisionNode>;

/// A document.
#[derive(Debug, Clone)]
pub struct DocumentNode {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: Document,
    /// The meeting that adopted it.
    pub meeting: Option<MeetingIx>,
    /// Its provisions, in order.
    pub provisions: Vec<ProvisionIx>,
}

/// A provision.
#[derive(Debug, Clone)]
pub struct ProvisionNode {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: Provision,
    /// The document that it stands in.
    pub document: DocumentIx,
    /// The passage that it is part of.
    pub parent: Option<ProvisionIx>,
    /// For an activity: the thematic area that it stands in.
    pub area: Option<ProvisionIx>,
    /// Activities that are part of this one.
    pub parts: Vec<ProvisionIx>,
    /// The priority goals that it serves.
    pub goals: Vec<ProvisionIx>,
    /// For a goal: the thematic areas that serve it.
    pub areas: Vec<ProvisionIx>,
    /// For an area: its activities. For a goal: the activities that serve it.
    pub activities: Vec<ProvisionIx>,
    /// The groups that work on it.
    pub groups: Vec<GroupIx>,
    /// The flows that raise it.
    pub flows: Vec<FlowIx>,
    /// The practices that serve it (for an area: that serve one of its activities), oldest publication first.
    pub practices: Vec<PracticeIx>,
    /// The meetings that were about it.
    pub meetings: Vec<MeetingIx>,
}

impl ProvisionNode {
    pub(super) const fn new(id: Id, entry: Provision, document: DocumentIx) -> Self {
        Self {
            id,
            entry,
            document,
            parent: None,
            area: None,
            parts: Vec::new(),
            goals: Vec::new(),
            areas: Vec::new(),
            activities: Vec::new(),
            groups: Vec::new(),
            flows: Vec::new(),
            practices: Vec::new(),
            meetings: Vec::new(),
        }
    }
}

/// Which activities to keep; every field that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct ActivityFilter {
    /// One of these.
    pub activities: Option<Vec<ProvisionIx>>,
    /// In one of these thematic areas.
    pub areas: Option<Vec<ProvisionIx>>,
    /// Serving one of these goals.
    pub goals: Option<Vec<ProvisionIx>>,
    /// With one of these keywords, folded.
    pub keywords: Option<Vec<String>>,
    /// Worked on by one of these groups.
    pub groups: Option<Vec<GroupIx>>,
    /// Found by full text: these, sorted.
    pub found: Option<Vec<ProvisionIx>>,
    /// True: no practice serves it. False: some practice does.
    pub without_practices: Option<bool>,
}

impl ActivityFilter {
    /// Whether it keeps that activity.
    #[must_use]
    pub fn keeps(&self, view: &View, ix: ProvisionIx) -> bool {
        let activity = view.provision(ix);
        holds(self.activities.as_deref(), |all| all.binary_search(&ix).is_ok())
            && holds(self.areas.as_deref(), |all| activity.area.is_some_and(|area| all.contains(&area)))
            && holds(self.goals.as_deref(), |all| activity.goals.iter().any(|goal| all.contains(goal)))
            && holds(self.keywords.as_deref(), |all| activity.entry.keywords.iter().any(|k| all.contains(&fold(k))))
            && holds(self.groups.as_deref(), |all| activity.groups.iter().any(|group| all.contains(group)))
            && holds(self.found.as_deref(), |all| all.binary_search(&ix).is_ok())
            && holds(self.without_practices, |without| view.sees_any(&activity.practices) != without)
    }
}

impl View {
    /// The sort key of a document in lists by code.
    #[must_use]
    pub fn document_key(&self, ix: DocumentIx) -> Vec<u8> {
        SortKey::new().code(&self.document(ix).entry.code).done()
    }

    /// The sort key of a provision: its document, then its place in it.
    #[must_use]
    pub fn provision_key(&self, ix: ProvisionIx) -> Vec<u8> {
        let entry = &self.provision(ix).entry;
        SortKey::new().code(&entry.document).signed(i64::from(entry.ordinal)).code(&entry.reference).done()
    }

    /// Whether a provision is of that kind.
    #[must_use]
    pub fn is_kind(&self, ix: ProvisionIx, kind: ProvisionKind) -> bool {
        self.provision(ix).entry.kind == kind
    }
}
