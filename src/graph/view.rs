//! The only way into the graph: one snapshot, seen by one viewer, on one day.
//!
//! What the viewer may not see does not exist here: no list, edge, count, search or id leads to it. What is hidden are
//! practices and who owns them; it is decided in [`View::sees`] and [`View::owner`], and nowhere else. A practice that
//! looks different to its owner, the secretariat and its audience has a node for each look, of which a viewer sees one.

use std::sync::Arc;

use jiff::civil::Date;

use crate::domain::audience::AudienceLevel;
use crate::domain::contribution::{GoodPracticeStatus, TaskKind};
use crate::domain::document::{DECLARATION_2013, Provision, ProvisionKind};
use crate::domain::id::Id;
use crate::domain::subject;
use crate::domain::viewer::{Role, Viewer};

use super::code::{UnknownCode, find_all};
use super::contact::{ContactIx, ContactNode};
use super::document::{DocumentIx, DocumentNode, ProvisionIx, ProvisionNode};
use super::flow::{FlowIx, FlowNode};
use super::group::{GroupIx, GroupNode};
use super::index::Ix;
use super::meeting::{MeetingIx, MeetingNode};
use super::order::Sorted;
use super::party::{AreaIx, AreaNode, OrganisationIx, OrganisationNode, Party, Point, StateIx, StateNode, standing};
use super::practice::{AudienceNode, PracticeIx, PracticeNode};
use super::seal::Seal;
use super::search::Hits;
use super::snapshot::{Glance, NodeRef, Snapshot, SourceIx, SourceNode};
use super::told::Told;

/// One snapshot, seen by one viewer, on one day.
#[derive(Debug, Clone)]
pub struct View {
    snapshot: Arc<Snapshot>,
    viewer: Viewer,
    /// The viewer in this snapshot; none for anonymous readers.
    me: Option<Me>,
    /// What its answers tell of restricted practices; none for anonymous readers, who see none.
    told: Option<Arc<Told>>,
    today: Date,
}

/// What a member is in a snapshot.
#[derive(Debug, Clone)]
struct Me {
    party: Party,
    is_secretariat: bool,
    takes_part: bool,
    /// Where the party has a place today; sorted.
    groups: Vec<GroupIx>,
}

impl Me {
    fn of(viewer: &Viewer, snapshot: &Snapshot, today: Date) -> Option<Self> {
        let member = viewer.member()?;
        let (party, links, participation) = if let Some(ix) = snapshot.states.find(&member.party) {
            let state = &snapshot.states[ix];
            (Party::State(ix), &state.links, &state.entry.participation)
        } else {
            let ix = snapshot.organisations.find(&member.party)?;
            let organisation = &snapshot.organisations[ix];
            (Party::Organisation(ix), &organisation.links, &organisation.entry.participation)
        };
        let (takes_part, groups) = standing(participation.as_ref(), links, today);
        Some(Self { party, is_secretariat: member.role == Role::Secretariat, takes_part, groups })
    }

    fn sees(&self, practice: &PracticeNode) -> bool {
        if self.party == practice.owner {
            practice.sight.owner
        } else if self.is_secretariat {
            practice.sight.secretariat
        } else {
            practice.sight.audience && self.is_among(&practice.audience)
        }
    }

    fn is_among(&self, audience: &AudienceNode) -> bool {
        match audience.level {
            AudienceLevel::Owner => false,
            // Each level holds the one before it: whoever was named and has left since reads no more.
            AudienceLevel::NamedParties | AudienceLevel::Group if !self.takes_part => false,
            AudienceLevel::NamedParties | AudienceLevel::Group => {
                audience.parties.contains(&self.party) || audience.groups.iter().any(|group| self.groups.binary_search(group).is_ok())
            }
            AudienceLevel::Participants => self.takes_part,
            AudienceLevel::Public => true,
        }
    }
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
    /// A contact point that the viewer sees.
    contact: contacts[ContactIx] -> ContactNode;
    /// A practice that the viewer sees.
    practice: practices[PracticeIx] -> PracticeNode;
}

impl View {
    /// That snapshot, for that viewer, on that day.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, viewer: Viewer, today: Date) -> Self {
        let me = Me::of(&viewer, &snapshot, today);
        let told = viewer.member().map(|_| Arc::default());
        Self { snapshot, viewer, me, told, today }
    }

    /// The same request on a later snapshot.
    #[must_use]
    pub fn on(&self, snapshot: Arc<Snapshot>) -> Self {
        Self { me: Me::of(&self.viewer, &snapshot, self.today), snapshot, ..self.clone() }
    }

    /// What its answers tell of restricted practices.
    #[must_use]
    pub const fn told(&self) -> Option<&Arc<Told>> {
        self.told.as_ref()
    }

    /// Who reads.
    #[must_use]
    pub const fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// Whether the viewer acts for a party that takes part in the partnership.
    #[must_use]
    pub fn is_participant(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.takes_part)
    }

    /// The party that the viewer acts for, and the groups where it has a place today.
    #[must_use]
    pub fn viewer_party(&self) -> Option<(Party, &[GroupIx])> {
        self.me.as_ref().map(|me| (me.party, me.groups.as_slice()))
    }

    /// The revision that it shows.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.snapshot.revision
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

    /// Whether the viewer sees this face of a practice.
    #[must_use]
    pub fn sees(&self, practice: PracticeIx) -> bool {
        match (self.snapshot.glances[practice.get()], &self.me) {
            (Glance::Everyone, _) | (Glance::Public, None) => true,
            (Glance::Gone, _) | (Glance::Restricted, None) => false,
            (Glance::Public | Glance::Restricted, Some(me)) => me.sees(self.practice(practice)),
        }
    }

    /// Whether not everyone may read this face.
    #[must_use]
    pub fn is_restricted(&self, practice: PracticeIx) -> bool {
        self.snapshot.glances[practice.get()] == Glance::Restricted
    }

    /// Whether the viewer is of the party that owns a practice.
    #[must_use]
    pub fn is_owner(&self, practice: PracticeIx) -> bool {
        self.me.as_ref().is_some_and(|me| me.party == self.practice(practice).owner)
    }

    /// Whether the viewer owns a practice or is the secretariat: who may know all of what it shows.
    #[must_use]
    pub fn is_trusted(&self, practice: PracticeIx) -> bool {
        self.me.as_ref().is_some_and(|me| me.is_secretariat || me.party == self.practice(practice).owner)
    }

    /// The owner of a practice, where the viewer may know it.
    #[must_use]
    pub fn owner(&self, practice: PracticeIx) -> Option<Party> {
        let node = self.practice(practice);
        (node.attributed || self.is_trusted(practice)).then_some(node.owner)
    }

    /// The groups and parties that a practice is shared with, as far as the viewer may know: those that he is of, or
    /// all of them for its owner and the secretariat.
    #[must_use]
    pub fn audience(&self, practice: PracticeIx) -> (AudienceLevel, Vec<GroupIx>, Vec<Party>) {
        let AudienceNode { level, groups, parties } = &self.practice(practice).audience;
        if self.is_trusted(practice) {
            return (*level, groups.to_vec(), parties.to_vec());
        }
        let (party, own) = self.viewer_party().map_or((None, &[][..]), |(party, own)| (Some(party), own));
        (*level, groups.iter().copied().filter(|group| own.contains(group)).collect(), parties.iter().copied().filter(|other| Some(*other) == party).collect())
    }

    /// Those of a list that the viewer may see.
    pub fn visible_practices<'a>(&'a self, list: &'a [PracticeIx]) -> impl Iterator<Item = PracticeIx> + 'a {
        list.iter().copied().filter(|&ix| self.sees(ix))
    }

    /// Whether all practices and contact points that are seen here are seen there, too: in a later graph, by the same
    /// viewer. Tells nothing of what is hidden: what is not seen here does not count.
    pub fn is_still_seen_in(&self, later: &Self) -> bool {
        let practices = self.visible_practices(self.snapshot.practices.all()).map(|ix| self.practice(ix).id);
        let contacts = self.contacts();
        practices.chain(contacts.iter().map(|&ix| self.contact(ix).id)).all(|id| later.node(id).is_some())
    }

    /// The face of a practice that the viewer sees, of those that have its id.
    fn face(&self, any: PracticeIx) -> Option<PracticeIx> {
        match self.snapshot.faces.get(&self.practice(any).id) {
            None => self.sees(any).then_some(any),
            Some(faces) => faces.iter().copied().find(|&ix| self.sees(ix)),
        }
    }

    /// Whatever has that id and may be seen.
    #[must_use]
    pub fn node(&self, id: Id) -> Option<NodeRef> {
        match self.snapshot.by_id.get(&id).copied()? {
            NodeRef::GoodPractice(any) => self.face(any).map(NodeRef::GoodPractice),
            NodeRef::ContactPoint(ix) if !self.sees_contact(ix) => None,
            other => Some(other),
        }
    }
}

/// What waits for the viewer.
impl View {
    /// The practices that wait for the viewer's own action, with what that is; what waits longest first.
    #[must_use]
    pub fn tasks(&self) -> Vec<(PracticeIx, TaskKind)> {
        let Some(member) = self.viewer.member() else { return Vec::new() };
        let waits = |ix: PracticeIx| {
            let practice = self.practice(ix);
            match practice.status {
                GoodPracticeStatus::Submitted => {
                    let hands = practice.hands.iter().map(AsRef::as_ref);
                    let is_mine = member.role == Role::Secretariat && !subject::is_among(hands, self.party_code(practice.owner), member);
                    is_mine.then_some(TaskKind::ReviewSubmission)
                }
                GoodPracticeStatus::Draft if self.is_owner(ix) => Some(TaskKind::FinishDraft),
                GoodPracticeStatus::ChangesRequested if self.is_owner(ix) => Some(TaskKind::AnswerRemarks),
                _ => None,
            }
        };
        let open = self.snapshot.glances.iter().enumerate().filter(|(_, glance)| !matches!(glance, Glance::Everyone | Glance::Gone));
        let seen = open.map(|(n, _)| PracticeIx::nth(n)).filter(|&ix| self.sees(ix));
        let mut tasks: Vec<_> = seen.filter_map(|ix| Some((ix, waits(ix)?))).collect();
        tasks.sort_by_cached_key(|(ix, _)| self.update_key(*ix));
        tasks
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

    /// The state or area of that code, or what statistics put in its place.
    #[must_use]
    pub fn find_point(&self, code: &str) -> Option<Point> {
        self.find_state(code).map(Point::State).or_else(|| self.snapshot.areas.find(code).map(Point::Area))
    }

    /// The practice of that slug.
    #[must_use]
    pub fn find_practice(&self, slug: &str) -> Option<PracticeIx> {
        self.snapshot.practices.find(slug).and_then(|any| self.face(any))
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

    /// States and areas by code.
    ///
    /// # Errors
    /// Where a code is unknown.
    pub fn points_of(&self, codes: &[String]) -> Result<Vec<Point>, UnknownCode> {
        let known = || self.snapshot.states.codes().chain(self.snapshot.areas.codes());
        codes.iter().map(|code| self.find_point(code).ok_or_else(|| UnknownCode::new("state or area", code, known()))).collect()
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

    /// Every source, by code.
    #[must_use]
    pub fn sources(&self) -> &[SourceIx] {
        self.snapshot.sources.all()
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
        let is_common = |ix: PracticeIx| matches!(self.snapshot.glances[ix.get()], Glance::Everyone | Glance::Public);
        self.snapshot.practice_texts.find(question, |ix| self.sees(ix), is_common)
    }

    /// Activities that hold every word of a question, with scores.
    #[must_use]
    pub fn search_activities(&self, question: &str) -> Hits<ProvisionNode> {
        let is_activity = |ix: Ix<ProvisionNode>| self.is_kind(ix, ProvisionKind::Activity);
        self.snapshot.activity_texts.find(question, is_activity, is_activity)
    }
}
