//! The tables of one revision of the graph. Immutable; reached through a [`View`](super::View) alone.

use rustc_hash::FxHashMap;

use crate::domain::figure::Source;
use crate::domain::id::Id;

use super::contact::{ContactIx, ContactNode};
use super::document::{DocumentIx, DocumentNode, ProvisionIx, ProvisionNode};
use super::flow::{FlowIx, FlowNode};
use super::group::{GroupIx, GroupNode};
use super::index::{Ix, Table};
use super::meeting::{MeetingIx, MeetingNode};
use super::order::Sorted;
use super::party::{AreaNode, OrganisationIx, OrganisationNode, StateIx, StateNode};
use super::practice::{PracticeIx, PracticeNode};
use super::seal::Seal;
use super::search::Index;

/// The position of a source.
pub type SourceIx = Ix<SourceNode>;

/// A source of figures.
#[derive(Debug, Clone)]
pub struct SourceNode {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: Source,
    /// The editions whose figures are here, newest first.
    pub editions: Vec<String>,
}

/// Anything that has an id and lives in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the concept of its name")]
pub enum NodeRef {
    State(StateIx),
    Organisation(OrganisationIx),
    WorkingGroup(GroupIx),
    Document(DocumentIx),
    Provision(ProvisionIx),
    Flow(FlowIx),
    Meeting(MeetingIx),
    Source(SourceIx),
    GoodPractice(PracticeIx),
    ContactPoint(ContactIx),
}

/// Whether a face can be told to be seen, or not, without asking who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glance {
    /// Everyone sees it, its owner and the secretariat included.
    Everyone,
    /// Anonymous readers see it; its owner or the secretariat another face.
    Public,
    /// Anonymous readers do not see it.
    Restricted,
    /// It was replaced: nobody does.
    Gone,
}

/// Lists sorted once for every reader.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    pub states_by_name: Sorted<StateNode>,
    pub organisations_by_name: Sorted<OrganisationNode>,
    pub flows_by_name: Sorted<FlowNode>,
    pub meetings_by_start: Sorted<MeetingNode>,
    pub practices_by_publication: Sorted<PracticeNode>,
    pub practices_by_update: Sorted<PracticeNode>,
    pub practices_by_title: Sorted<PracticeNode>,
}

/// One revision of the graph.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) revision: u64,
    pub(super) era: u64,
    pub(super) seal: Seal,
    pub(super) states: Table<StateNode>,
    pub(super) areas: Table<AreaNode>,
    pub(super) organisations: Table<OrganisationNode>,
    pub(super) groups: Table<GroupNode>,
    pub(super) documents: Table<DocumentNode>,
    pub(super) provisions: Table<ProvisionNode>,
    /// Activities of the Declaration and their parts, in its order.
    pub(super) activities: Vec<ProvisionIx>,
    pub(super) flows: Table<FlowNode>,
    pub(super) meetings: Table<MeetingNode>,
    pub(super) sources: Table<SourceNode>,
    pub(super) practices: Table<PracticeNode>,
    pub(super) contacts: Table<ContactNode>,
    /// Who sees each practice, in a byte; in the order of the table.
    pub(super) glances: Vec<Glance>,
    /// The faces of each practice that has several.
    pub(super) faces: FxHashMap<Id, Vec<PracticeIx>>,
    /// Faces that were replaced, and are still in the tables.
    pub(super) gone: usize,
    pub(super) by_id: FxHashMap<Id, NodeRef>,
    pub(super) orders: Orders,
    pub(super) practice_texts: Index<PracticeNode>,
    pub(super) activity_texts: Index<ProvisionNode>,
}

impl Snapshot {
    /// The revision of the change log that it shows.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// How often the database had gone back to an earlier state before this was read. Two snapshots of one era and one
    /// revision are the same; of two eras, nothing of one may be taken for the other's.
    #[must_use]
    pub const fn era(&self) -> u64 {
        self.era
    }

    /// The same, of that era.
    #[must_use]
    pub const fn of_era(mut self, era: u64) -> Self {
        self.era = era;
        self
    }

    /// How many nodes it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many replaced faces it still carries; many of them are a reason to build it anew.
    #[must_use]
    pub const fn gone(&self) -> usize {
        self.gone
    }

    /// How many areas it knows; they have no id.
    #[must_use]
    pub fn areas(&self) -> usize {
        self.areas.len()
    }

    /// How many corridors it holds, which no entry tells of.
    #[must_use]
    pub fn corridors(&self) -> usize {
        self.flows.iter().filter(|(_, flow)| flow.route.is_none()).count()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}
