//! From entries to a graph: each becomes a node, then each code that it names becomes an edge, both ways.
//!
//! Everything but practices first ([`Building::new`]): tables in the order of their codes, then links, concept by concept
//! ([`link`]), then what is derived from links. Practices, of which there may be a million, come in parts, so that all of
//! them are never held twice: a part is made on any thread ([`Frame::part`]) and added in its turn ([`Building::add`]).
//! Last their lists in their orders ([`Building::finish`]).

mod contacts;
mod link;
mod patch;
mod practices;

use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::domain::contact::ContactPoint;
use crate::domain::document::{DECLARATION_2013, Provision, ProvisionKind};
use crate::domain::entry::{Entry, Kind, Stored};
use crate::domain::flow::SPECIAL_POINTS;
use crate::domain::id::Id;
use crate::domain::text::{Language, Localized};

use super::document::{DocumentNode, ProvisionNode};
use super::flow::FlowNode;
use super::group::GroupNode;
use super::index::{Ix, Table};
use super::material::Material;
use super::meeting::{MeetingNode, meeting_key};
use super::order::Sorted;
use super::party::{AreaNode, OrganisationNode, Point, StateNode};
use super::seal::Seal;
use super::search::Gatherer;
use super::snapshot::{NodeRef, Orders, Snapshot, SourceNode};
use practices::Gathered;

pub use practices::Part;

/// Entries that name what is not there: the database is broken, or was edited by hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database is not whole: {}", .0.join("; "))]
pub struct Broken(pub Vec<String>);

/// Looks codes up while links of an entry are made, and remembers what was not there.
struct Links<'a> {
    broken: &'a mut Vec<String>,
    kind: Kind,
    code: &'a str,
}

impl Links<'_> {
    /// Notes that the entry names what is not there.
    fn miss(&mut self, what: &str, code: &str) {
        let Self { kind, code: of, .. } = self;
        self.broken.push(format!("{kind} {of} names the {what} '{code}', which is not there"));
    }

    fn find<T>(&mut self, table: &Table<T>, what: &str, code: &str) -> Option<Ix<T>> {
        let found = table.find(code);
        if found.is_none() {
            self.miss(what, code);
        }
        found
    }

    fn find_all<T>(&mut self, table: &Table<T>, what: &str, codes: &[String]) -> Vec<Ix<T>> {
        let mut found: Vec<_> = codes.iter().filter_map(|code| self.find(table, what, code)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// A graph that has everything but practices, for those who make parts of them.
#[derive(Debug, Clone)]
pub struct Frame(Arc<Snapshot>);

/// A graph in the making.
#[derive(Debug)]
pub struct Building {
    /// All but practices; they are in lists of what they name already.
    snapshot: Snapshot,
    practices: Gathered,
    broken: Vec<String>,
}

impl Building {
    /// Begins with all but practices.
    #[must_use]
    pub fn new(material: Material, secret: &[u8; 64]) -> Self {
        let Material { revision, entries, corridors, editions } = material;
        let (mut snapshot, contacts) = tables(entries, &corridors, revision, Seal::new(*secret));
        let mut broken = Vec::new();
        link::all(&mut snapshot, &mut broken);
        for (code, editions) in editions {
            if let Some(ix) = snapshot.sources.find(&code) {
                snapshot.sources.link(ix).editions = editions;
            }
        }
        contacts::add(&mut snapshot, contacts, &mut broken);
        if broken.is_empty() {
            link::derive(&mut snapshot);
            snapshot.orders = orders(&snapshot);
            snapshot.activity_texts = activity_texts(&snapshot);
            snapshot.by_id = by_id(&snapshot);
        }
        Self { snapshot, practices: Gathered::default(), broken }
    }

    /// What parts are made with.
    #[must_use]
    pub fn frame(&self) -> Frame {
        Frame(Arc::new(self.snapshot.clone()))
    }

    /// Adds a part, all of whose practices stand behind those that were added before, by their slugs.
    pub fn add(&mut self, part: Part) {
        self.practices.add(part, &mut self.snapshot, &mut self.broken);
    }

    /// The graph.
    ///
    /// # Errors
    /// Where an entry names what is not there.
    pub fn finish(self) -> Result<Snapshot, Broken> {
        if !self.broken.is_empty() {
            return Err(Broken(self.broken));
        }
        let mut snapshot = self.snapshot;
        self.practices.settle(&mut snapshot);
        Ok(snapshot)
    }
}

/// A contact point with its id, its version, and when it last changed.
type WrittenContact = (Id, ContactPoint, u32, Timestamp);

/// Nodes without links, in tables; practices wait, as they only point at others.
fn tables(entries: Vec<Stored>, corridors: &[(String, String)], revision: u64, seal: Seal) -> (Snapshot, Vec<WrittenContact>) {
    let (mut states, mut organisations, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    let (mut documents, mut provisions, mut flows) = (Vec::new(), Vec::new(), Vec::new());
    let (mut meetings, mut sources, mut contacts) = (Vec::new(), Vec::new(), Vec::new());
    let mut areas = Vec::new();
    for stored in entries {
        let id = stored.id;
        match stored.entry {
            Entry::State(entry) => states.push(StateNode::new(id, entry)),
            Entry::Area(entry) => areas.push(AreaNode { code: entry.iso3, name: entry.name }),
            Entry::Organisation(entry) => organisations.push(OrganisationNode::new(id, entry)),
            Entry::WorkingGroup(entry) => groups.push(GroupNode::new(id, entry)),
            Entry::Document(entry) => documents.push(DocumentNode { id, entry, meeting: None, provisions: Vec::new() }),
            Entry::Provision(entry) => provisions.push((id, entry)),
            Entry::Route(entry) => flows.push(FlowNode::route(id, entry)),
            Entry::Meeting(entry) => meetings.push(MeetingNode::new(id, entry)),
            Entry::Source(entry) => sources.push(SourceNode { id, entry, editions: Vec::new() }),
            Entry::ContactPoint(entry) => contacts.push((id, entry, stored.version, stored.updated_at)),
            // They come in parts.
            Entry::GoodPractice(_) => {}
        }
    }
    // A catalogue that has one of them as an entry of its own is right.
    let special = SPECIAL_POINTS
        .iter()
        .filter(|(code, _)| !areas.iter().any(|area: &AreaNode| area.code == *code) && !states.iter().any(|state: &StateNode| state.entry.iso3 == *code));
    let special: Vec<_> = special.map(|(code, name)| AreaNode { code: (*code).into(), name: Localized::english(*name) }).collect();
    areas.extend(special);
    flows.extend(corridors.iter().map(|(origin, destination)| FlowNode::corridor(origin, destination)));
    states.sort_by(|a, b| a.entry.iso3.cmp(&b.entry.iso3));
    areas.sort_by(|a, b| a.code.cmp(&b.code));
    organisations.sort_by(|a, b| a.entry.code.cmp(&b.entry.code));
    groups.sort_by(|a, b| a.entry.code.cmp(&b.entry.code));
    documents.sort_by(|a, b| a.entry.code.cmp(&b.entry.code));
    provisions.sort_by(|a, b| (&a.1.document, a.1.ordinal, &a.1.reference).cmp(&(&b.1.document, b.1.ordinal, &b.1.reference)));
    flows.sort_by(|a, b| a.code.cmp(&b.code));
    meetings.sort_by(|a, b| a.entry.code.cmp(&b.entry.code));
    sources.sort_by(|a, b| a.entry.code.cmp(&b.entry.code));
    let documents = Table::new(documents, |d| d.entry.code.as_str().into());
    // A provision without its document is reported when links are made; until then any document will do.
    let provisions = provisions.into_iter().map(|(id, entry)| {
        let document = documents.find(&entry.document).unwrap_or_else(|| Ix::nth(0));
        ProvisionNode::new(id, entry, document)
    });
    let provisions = Table::new(provisions.collect(), |p| Provision::entry_code(&p.entry.document, &p.entry.reference).into());
    let snapshot = Snapshot {
        revision,
        era: 0,
        seal,
        states: Table::new(states, |s| s.entry.iso3.as_str().into()),
        areas: Table::new(areas, |a| a.code.as_str().into()),
        organisations: Table::new(organisations, |o| o.entry.code.as_str().into()),
        groups: Table::new(groups, |g| g.entry.code.as_str().into()),
        activities: provisions
            .iter()
            .filter(|(_, p)| p.entry.kind == ProvisionKind::Activity && p.entry.document == DECLARATION_2013)
            .map(|(ix, _)| ix)
            .collect(),
        documents,
        provisions,
        flows: Table::new(flows, |f| f.code.as_str().into()),
        meetings: Table::new(meetings, |m| m.entry.code.as_str().into()),
        sources: Table::new(sources, |s| s.entry.code.as_str().into()),
        practices: Table::default(),
        contacts: Table::default(),
        glances: Vec::new(),
        faces: FxHashMap::default(),
        gone: 0,
        by_id: FxHashMap::default(),
        orders: Orders::default(),
        practice_texts: Gatherer::default().finish(),
        activity_texts: Gatherer::default().finish(),
    };
    (snapshot, contacts)
}

/// A point of a leg, by code.
fn point(snapshot: &Snapshot, code: &str) -> Option<Point> {
    snapshot.states.find(code).map(Point::State).or_else(|| snapshot.areas.find(code).map(Point::Area))
}

/// Every order but those of practices.
fn orders(snapshot: &Snapshot) -> Orders {
    let name = super::party::name_key;
    Orders {
        states_by_name: Sorted::new(snapshot.states.all(), |ix| name(&snapshot.states[ix].entry.name, &snapshot.states[ix].entry.iso3)),
        organisations_by_name: Sorted::new(snapshot.organisations.all(), |ix| {
            name(&snapshot.organisations[ix].entry.name, &snapshot.organisations[ix].entry.code)
        }),
        flows_by_name: Sorted::new(snapshot.flows.all(), |ix| super::flow::flow_name_key(snapshot, ix)),
        meetings_by_start: Sorted::new(snapshot.meetings.all(), |ix| meeting_key(&snapshot.meetings[ix])),
        ..Orders::default()
    }
}

fn activity_texts(snapshot: &Snapshot) -> super::search::Index<ProvisionNode> {
    let mut gatherer = Gatherer::default();
    for (ix, node) in snapshot.provisions.iter().filter(|(_, node)| node.entry.kind == ProvisionKind::Activity) {
        gatherer.text(Language::En, &node.entry.title, 3.0);
        gatherer.text(Language::En, &node.entry.summary, 1.0);
        for keyword in &node.entry.keywords {
            gatherer.text(Language::En, keyword, 2.0);
        }
        gatherer.document(ix);
    }
    gatherer.finish()
}

fn by_id(snapshot: &Snapshot) -> FxHashMap<Id, NodeRef> {
    let mut all = FxHashMap::default();
    all.extend(snapshot.states.iter().map(|(ix, n)| (n.id, NodeRef::State(ix))));
    all.extend(snapshot.organisations.iter().map(|(ix, n)| (n.id, NodeRef::Organisation(ix))));
    all.extend(snapshot.groups.iter().map(|(ix, n)| (n.id, NodeRef::WorkingGroup(ix))));
    all.extend(snapshot.documents.iter().map(|(ix, n)| (n.id, NodeRef::Document(ix))));
    all.extend(snapshot.provisions.iter().map(|(ix, n)| (n.id, NodeRef::Provision(ix))));
    all.extend(snapshot.flows.iter().map(|(ix, n)| (n.id, NodeRef::Flow(ix))));
    all.extend(snapshot.meetings.iter().map(|(ix, n)| (n.id, NodeRef::Meeting(ix))));
    all.extend(snapshot.contacts.iter().map(|(ix, n)| (n.id, NodeRef::ContactPoint(ix))));
    all.extend(snapshot.sources.iter().map(|(ix, n)| (n.id, NodeRef::Source(ix))));
    all
}
