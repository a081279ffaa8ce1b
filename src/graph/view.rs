//! The only way into the graph: one snapshot, seen by one viewer, on one day.
//!
//! What the viewer may not see does not exist here: no list, edge, count, search or id leads to it. Today the
//! catalogue is public and everyone sees all of it; what will be hidden passes through [`View::sees`],
//! [`View::owner`] and [`View::node`], and through nothing else.

use std::sync::Arc;

use jiff::civil::Date;

use crate::domain::document::{DECLARATION_2013, Provision, ProvisionKind};
use crate::domain::id::Id;
use crate::domain::viewer::Viewer;

use super::code::{UnknownCode, find_all};
use super::document::{DocumentIx, DocumentNode, ProvisionIx, ProvisionNode};
use super::flow::{FlowIx, FlowNode};
use super::group::{GroupIx, GroupNode};
use super::index::Ix;
use super::meeting::{MeetingIx, MeetingNode};
use super::order::Sorted;
use super::party::{AreaIx, AreaNode, OrganisationIx, OrganisationNode, Party, StateIx, StateNode};
use super::practice::{PracticeIx, PracticeNode};
use super::seal::Seal;
use super::search::Hits;
use super::snapshot::{NodeRef, Snapshot, SourceIx, SourceNode};

/// One snapshot, seen by one viewer, on one day.
#[derive(Debug, Clone)]
pub struct View {
    snapshot: Arc<Snapshot>,
    viewer: Viewer,
    today: Date,
}

/// Reads one node of each kind by its position.
macro_rules! nodes {
    ($($(#[$doc:meta])* $name:ident: $table:ident[$ix:ty] -> $node:ty;)+) => {
        impl View { $($(#[$doc])* #[must_use] pub fn $name(&self, ix: $ix) -> &$node { &self.snapshot.$table[ix] })+ }
    };
}

nodes! {
    /// A state.
    state: states[StateIx] -> StateNode;
    /// An area.
    area: areas[AreaIx] -> AreaNode;
    /// An organisation.
    organisation: organisations[OrganisationIx] -> OrganisationNode;
    /// A working group.
    group: groups[GroupIx] -> GroupNode;
    /// A document.
    document: documents[DocumentIx] -> DocumentNode;
    /// A provision.
    provision: provisions[ProvisionIx] -> ProvisionNode;
    /// A flow.
    flow: flows[FlowIx] -> FlowNode;
    /// A meeting.
    meeting: meetings[MeetingIx] -> MeetingNode;
    /// A source.
    source: sources[SourceIx] -> SourceNode;
    /// A practice that the viewer sees.
    practice: practices[PracticeIx] -> PracticeNode;
}

impl View {
    /// That snapshot, for that viewer, on that day.
    #[must_use]
    pub const fn new(snapshot: Arc<Snapshot>, viewer: Viewer, today: Date) -> Self {
        Self { snapshot, viewer, today }
    }

    /// The day of the request (UTC), for what is in force "today".
    #[must_use]
    pub const fn today(&self) -> Date {
        self.today
    }

    /// The tables, for what this slab names and sorts alike before there is a view and in one.
    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The key of this installation's cursors.
    #[must_use]
    pub fn seal(&self) -> &Seal {
        &self.snapshot.seal
    }

    /// Whether the viewer may see a practice.
    #[must_use]
    pub const fn sees(&self, _practice: PracticeIx) -> bool {
        match self.viewer {
            Viewer::Anonymous | Viewer::Member(_) => true,
        }
    }

    /// The owner of a practice, where the viewer may know it.
    #[must_use]
    pub fn owner(&self, practice: PracticeIx) -> Option<Party> {
        let practice = self.practice(practice);
        practice.attributed.then_some(practice.owner)
    }

    /// Those of a list that the viewer may see.
    pub fn visible_practices<'a>(&'a self, list: &'a [PracticeIx]) -> impl Iterator<Item = PracticeIx> + 'a {
        list.iter().copied().filter(|&ix| self.sees(ix))
    }

    /// Whatever has that id and may be seen.
    #[must_use]
    pub fn node(&self, id: Id) -> Option<NodeRef> {
        self.snapshot.by_id.get(&id).copied().filter(|node| match node {
            NodeRef::GoodPractice(ix) => self.sees(*ix),
            _ => true,
        })
    }
}

/// Finding by code.
impl View {
    /// The state of that code.
    #[must_use]
    pub fn find_state(&self, iso3: &str) -> Option<StateIx> {
        self.snapshot.states.find(iso3)
    }

    /// The organisation of that code.
    #[must_use]
    pub fn find_organisation(&self, code: &str) -> Option<OrganisationIx> {
        self.snapshot.organisations.find(code)
    }

    /// The group of that code.
    #[must_use]
    pub fn find_group(&self, code: &str) -> Option<GroupIx> {
        self.snapshot.groups.find(code)
    }

    /// The document of that code.
    #[must_use]
    pub fn find_document(&self, code: &str) -> Option<DocumentIx> {
        self.snapshot.documents.find(code)
    }

    /// The provision of that reference in a document.
    #[must_use]
    pub fn find_provision(&self, document: &str, reference: &str) -> Option<ProvisionIx> {
        self.snapshot.provisions.find(&Provision::entry_code(document, reference))
    }

    /// The provision of that kind and reference in the Declaration.
    #[must_use]
    pub fn find_in_declaration(&self, kind: ProvisionKind, reference: &str) -> Option<ProvisionIx> {
        self.find_provision(DECLARATION_2013, reference).filter(|&ix| self.is_kind(ix, kind))
    }

    /// The flow of that code.
    #[must_use]
    pub fn find_flow(&self, code: &str) -> Option<FlowIx> {
        self.snapshot.flows.find(code)
    }

    /// The meeting of that code.
    #[must_use]
    pub fn find_meeting(&self, code: &str) -> Option<MeetingIx> {
        self.snapshot.meetings.find(code)
    }

    /// The source of that code.
    #[must_use]
    pub fn find_source(&self, code: &str) -> Option<SourceIx> {
        self.snapshot.sources.find(code)
    }

    /// The practice of that slug.
    #[must_use]
    pub fn find_practice(&self, slug: &str) -> Option<PracticeIx> {
        self.snapshot.practices.find(slug).filter(|&ix| self.sees(ix))
    }

    /// States by code.
    ///
    /// # Errors
    /// Where a code is unknown; the same for all that follow.
    pub fn states_of(&self, codes: &[String]) -> Result<Vec<StateIx>, UnknownCode> {
        find_all(&self.snapshot.states, "state", codes)
    }

    /// Organisations by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn organisations_of(&self, codes: &[String]) -> Result<Vec<OrganisationIx>, UnknownCode> {
        find_all(&self.snapshot.organisations, "organisation", codes)
    }

    /// Groups by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn groups_of(&self, codes: &[String]) -> Result<Vec<GroupIx>, UnknownCode> {
        find_all(&self.snapshot.groups, "working group", codes)
    }

    /// Flows by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn flows_of(&self, codes: &[String]) -> Result<Vec<FlowIx>, UnknownCode> {
        find_all(&self.snapshot.flows, "flow", codes)
    }

    /// Sources by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn sources_of(&self, codes: &[String]) -> Result<Vec<SourceIx>, UnknownCode> {
        find_all(&self.snapshot.sources, "source", codes)
    }

    /// States and organisations by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn parties_of(&self, codes: &[String]) -> Result<Vec<Party>, UnknownCode> {
        let known = || self.snapshot.states.codes().chain(self.snapshot.organisations.codes());
        codes
            .iter()
            .map(|code| {
                let state = self.find_state(code).map(Party::State);
                state.or_else(|| self.find_organisation(code).map(Party::Organisation)).ok_or_else(|| UnknownCode::new("party", code, known()))
            })
            .collect()
    }

    /// Provisions of one kind in the Declaration, by reference.
    ///
    /// # Errors
    /// Where a reference is unknown.
    pub fn provisions_of(&self, kind: ProvisionKind, references: &[String]) -> Result<Vec<ProvisionIx>, UnknownCode> {
        let what = match kind {
            ProvisionKind::Activity => "activity",
            ProvisionKind::ThematicArea => "thematic area",
            ProvisionKind::PriorityGoal => "priority goal",
            ProvisionKind::Recital | ProvisionKind::Commitment | ProvisionKind::Mandate => "provision",
        };
        let known = || self.of_kind(kind).map(|ix| self.provision(ix).entry.reference.as_str());
        let mut found = references
            .iter()
            .map(|reference| self.find_in_declaration(kind, reference).ok_or_else(|| UnknownCode::new(what, reference, known())))
            .collect::<Result<Vec<_>, _>>()?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

/// Whole lists.
impl View {
    /// Every state, by code.
    #[must_use]
    pub fn states(&self) -> &[StateIx] {
        self.snapshot.states.all()
    }

    /// Every state, by English name.
    #[must_use]
    pub fn states_by_name(&self) -> &Sorted<StateNode> {
        &self.snapshot.orders.states_by_name
    }

    /// Every organisation, by code.
    #[must_use]
    pub fn organisations(&self) -> &[OrganisationIx] {
        self.snapshot.organisations.all()
    }

    /// Every organisation, by English name.
    #[must_use]
    pub fn organisations_by_name(&self) -> &Sorted<OrganisationNode> {
        &self.snapshot.orders.organisations_by_name
    }

    /// Every group, by code.
    #[must_use]
    pub fn groups(&self) -> &[GroupIx] {
        self.snapshot.groups.all()
    }

    /// Every document, by code.
    #[must_use]
    pub fn documents(&self) -> &[DocumentIx] {
        self.snapshot.documents.all()
    }

    /// Provisions of one kind in the Declaration, in its order.
    pub fn of_kind(&self, kind: ProvisionKind) -> impl Iterator<Item = ProvisionIx> + '_ {
        let declaration = self.find_document(DECLARATION_2013);
        declaration.into_iter().flat_map(|ix| &self.document(ix).provisions).copied().filter(move |&ix| self.is_kind(ix, kind))
    }

    /// The activities of the Declaration and their parts, in its order.
    #[must_use]
    pub fn activities(&self) -> &[ProvisionIx] {
        &self.snapshot.activities
    }

    /// Every flow, by code.
    #[must_use]
    pub fn flows(&self) -> &[FlowIx] {
        self.snapshot.flows.all()
    }

    /// Every flow, by English name.
    #[must_use]
    pub fn flows_by_name(&self) -> &Sorted<FlowNode> {
        &self.snapshot.orders.flows_by_name
    }

    /// Every meeting, by its first day.
    #[must_use]
    pub fn meetings(&self) -> &Sorted<MeetingNode> {
        &self.snapshot.orders.meetings_by_start
    }

    /// Practices by publication; those that may not be seen are passed over by [`View::sees`].
    #[must_use]
    pub fn practices_by_publication(&self) -> &Sorted<PracticeNode> {
        &self.snapshot.orders.practices_by_publication
    }

    /// Practices by last change, likewise.
    #[must_use]
    pub fn practices_by_update(&self) -> &Sorted<PracticeNode> {
        &self.snapshot.orders.practices_by_update
    }

    /// Practices by title, likewise.
    #[must_use]
    pub fn practices_by_title(&self) -> &Sorted<PracticeNode> {
        &self.snapshot.orders.practices_by_title
    }

    /// Sorts practices by publication, oldest first.
    pub fn sort_by_publication(&self, list: &mut [PracticeIx]) {
        self.snapshot.orders.practices_by_publication.sort(list);
    }

    /// Practices that hold every word of a question, with scores.
    #[must_use]
    pub fn search_practices(&self, question: &str) -> Hits<PracticeNode> {
        self.snapshot.practice_texts.find(question, |ix| self.sees(ix))
    }

    /// Activities that hold every word of a question, with scores.
    #[must_use]
    pub fn search_activities(&self, question: &str) -> Hits<ProvisionNode> {
        self.snapshot.activity_texts.find(question, |ix: Ix<ProvisionNode>| self.is_kind(ix, ProvisionKind::Activity))
    }
}
