//! Practices: made last, as they point at everything and only lists of practices point back. A snapshot that follows
//! another one differs in them alone, so they can also be added one by one.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::audience::AudienceLevel;
use crate::domain::contribution::Sight;
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::party::GoodPracticeRole;
use crate::domain::text::Language;
use crate::graph::index::Table;
use crate::graph::material::PracticeFace;
use crate::graph::order::{Keys, Sorted};
use crate::graph::party::{Party, PartyLinks};
use crate::graph::practice::{AudienceNode, PracticeIx, PracticeNode, ShortText, publication, publication_key, title_key, update, update_key};
use crate::graph::search::Gatherer;
use crate::graph::snapshot::{Glance, NodeRef, Orders, Snapshot};

use super::link::{of_declaration, party};
use super::{Frame, Links};

/// Some practices, ready to be added.
#[derive(Debug, Default)]
pub struct Part {
    /// With what they say at length.
    nodes: Vec<(PracticeNode, Bodies)>,
    /// Where each stands among titles.
    titles: Keys,
    broken: Vec<String>,
}

/// What a practice says at length; it is searched, and not kept.
type Bodies = Vec<(Language, String)>;

impl Frame {
    /// Makes nodes of those practices.
    #[must_use]
    pub fn part(&self, mut practices: Vec<PracticeFace>) -> Part {
        practices.sort_by(|a, b| (&a.entry.slug, a.face.version).cmp(&(&b.entry.slug, b.face.version)));
        let mut part = Part { nodes: Vec::with_capacity(practices.len()), ..Part::default() };
        for practice in practices {
            if let Some((node, bodies)) = node(&self.0, practice, &mut part.broken) {
                part.titles.push(&title_key(&node));
                part.nodes.push((node, bodies));
            }
        }
        part
    }
}

/// The practices that were added, and what their lists are made of.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    table: Table<PracticeNode>,
    glances: Vec<Glance>,
    titles: Keys,
    texts: Gatherer<PracticeNode>,
}

impl Gathered {
    /// Adds a part, and enters each of its practices in the lists of all that it names, which are to be sorted.
    pub fn add(&mut self, part: Part, snapshot: &mut Snapshot, broken: &mut Vec<String>) {
        let Part { nodes, titles, broken: of_part } = part;
        broken.extend(of_part);
        self.titles.append(&titles);
        for (node, bodies) in nodes {
            // Codes are found by their order.
            if self.table.codes().next_back().is_some_and(|last| *last > *node.slug) {
                broken.push(format!("{} {} is kept under another code", Kind::GoodPractice, node.slug));
            }
            let ix = PracticeIx::nth(self.table.len());
            link(snapshot, &node, |list| {
                if list.last() != Some(&ix) {
                    list.push(ix);
                }
            });
            gather(&mut self.texts, ix, &node, &bodies);
            self.glances.push(glance(&node));
            self.table.append_sorted(Arc::clone(&node.slug), node);
        }
    }

    /// Puts them into the graph, and all lists of them in their orders; those of others oldest publication first.
    pub fn settle(self, snapshot: &mut Snapshot) {
        let Self { table, glances, titles, texts } = self;
        let Snapshot { by_id, faces, orders, practice_texts, .. } = snapshot;
        let Orders { practices_by_publication, practices_by_update, practices_by_title, .. } = orders;
        // Half of it on a thread of its own: at a million practices each half takes some tenths of a second.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                *practices_by_title = Sorted::new(table.all(), |ix| titles.nth(ix.get()));
                *practice_texts = texts.finish();
                by_id.reserve(table.len());
                for (ix, node) in table.iter() {
                    enter_face(by_id, faces, &glances, node.id, ix);
                }
            });
            *practices_by_publication = Sorted::new(table.all(), |ix| publication(&table[ix]));
            // Most never changed: what is nearly in order is soon sorted.
            *practices_by_update = Sorted::new(&practices_by_publication.rows, |ix| update(&table[ix]));
        });
        let order = std::mem::take(&mut snapshot.orders.practices_by_publication);
        let (odd, even): (Vec<_>, Vec<_>) = lists(snapshot).into_iter().enumerate().partition(|(n, _)| n % 2 == 1);
        let sort = |some: Vec<(usize, &mut Vec<PracticeIx>)>| {
            for (_, list) in some {
                order.sort(list);
                list.shrink_to_fit();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| sort(odd));
            sort(even);
        });
        snapshot.orders.practices_by_publication = order;
        (snapshot.practices, snapshot.glances) = (table, glances);
    }
}

fn gather(gatherer: &mut Gatherer<PracticeNode>, ix: PracticeIx, node: &PracticeNode, bodies: &Bodies) {
    for text in &node.texts {
        gatherer.text(text.language, &text.title, 3.0);
        gatherer.text(text.language, &text.summary, 2.0);
    }
    for (language, body) in bodies {
        gatherer.text(*language, body, 1.0);
    }
    gatherer.document(ix);
}

/// The node of a practice, and its bodies.
fn node(snapshot: &Snapshot, practice: PracticeFace, broken: &mut Vec<String>) -> Option<(PracticeNode, Bodies)> {
    let PracticeFace { id, entry, face, kept } = practice;
    let slug: Arc<str> = entry.slug.into();
    let mut links = Links { broken, kind: Kind::GoodPractice, code: &slug };
    let parties = |links: &mut Links<'_>, codes: &[String]| {
        let mut found: Vec<Party> = codes.iter().filter_map(|code| party(snapshot, links, code)).collect();
        found.sort_unstable();
        found.dedup();
        found.into_boxed_slice()
    };
    let mut bodies = Bodies::new();
    let texts = entry.texts.into_iter().map(|text| {
        bodies.extend(text.body.map(|body| (text.language, body)));
        ShortText { language: text.language, title: text.title.into(), summary: text.summary.into() }
    });
    let texts = texts.collect();
    let node = PracticeNode {
        id,
        owner: party(snapshot, &mut links, &entry.owner)?,
        partners: parties(&mut links, &entry.partners),
        texts,
        attributed: entry.attributed,
        states: links.find_all(&snapshot.states, "state", &entry.states).into(),
        activities: of_declaration(snapshot, &mut links, &entry.activities).into(),
        flows: links.find_all(&snapshot.flows, "flow", &entry.flows).into(),
        groups: links.find_all(&snapshot.groups, "working group", &entry.working_groups).into(),
        target_groups: entry.target_groups.into(),
        evidence: entry.evidence,
        started_on: entry.started_on,
        ended_on: entry.ended_on,
        citations: entry.citations.into(),
        published_at: face.published_at,
        updated_at: face.updated_at,
        version: face.version,
        status: face.status,
        audience: AudienceNode {
            level: face.audience.level,
            groups: links.find_all(&snapshot.groups, "working group", &face.audience.working_groups).into(),
            parties: parties(&mut links, &face.audience.parties),
        },
        sight: face.sight,
        hands: face.hands.iter().map(|hand| hand.as_str().into()).collect(),
        kept,
        slug,
    };
    Some((node, bodies))
}

fn glance(node: &PracticeNode) -> Glance {
    let is_public = node.sight.audience && node.audience.level == AudienceLevel::Public;
    match node.sight {
        Sight { owner: true, secretariat: true, .. } if is_public => Glance::Everyone,
        _ if is_public => Glance::Public,
        _ => Glance::Restricted,
    }
}

/// Enters a practice in the lists of all that it names.
fn link(snapshot: &mut Snapshot, node: &PracticeNode, enter: impl Fn(&mut Vec<PracticeIx>)) {
    for &activity in &node.activities {
        if let Some(area) = snapshot.provisions[activity].area {
            enter(&mut snapshot.provisions.link(area).practices);
        }
        enter(&mut snapshot.provisions.link(activity).practices);
    }
    for &flow in &node.flows {
        enter(&mut snapshot.flows.link(flow).practices);
    }
    for &group in &node.groups {
        enter(&mut snapshot.groups.link(group).practices);
    }
    let roles = std::iter::once((node.owner, GoodPracticeRole::Owner))
        .chain(node.states.iter().map(|&state| (Party::State(state), GoodPracticeRole::Practised)))
        .chain(node.partners.iter().map(|&partner| (partner, GoodPracticeRole::Partner)));
    for (party, role) in roles {
        let links: &mut PartyLinks = match party {
            Party::State(p) => &mut snapshot.states.link(p).links,
            Party::Organisation(p) => &mut snapshot.organisations.link(p).links,
        };
        // Who may not know the owner is kept from it by `View::has_role`.
        links.veiled |= role == GoodPracticeRole::Owner && !node.attributed;
        enter(&mut links.practices);
        enter(links.of_role(role));
    }
}

/// Every list of practices that something in the graph has.
fn lists(snapshot: &mut Snapshot) -> Vec<&mut Vec<PracticeIx>> {
    let Snapshot { provisions, flows, groups, states, organisations, .. } = snapshot;
    let mut lists: Vec<_> = provisions.link_all().map(|node| &mut node.practices).collect();
    lists.extend(flows.link_all().map(|node| &mut node.practices));
    lists.extend(groups.link_all().map(|node| &mut node.practices));
    let parties = states.link_all().map(|node| &mut node.links).chain(organisations.link_all().map(|node| &mut node.links));
    lists.extend(parties.flat_map(|PartyLinks { practices, owned, practised, partnered, .. }| [practices, owned, practised, partnered]));
    lists
}

/// By id, and where a practice has several faces, all of them.
fn enter_face(by_id: &mut FxHashMap<Id, NodeRef>, faces: &mut FxHashMap<Id, Vec<PracticeIx>>, glances: &[Glance], id: Id, ix: PracticeIx) {
    match by_id.insert(id, NodeRef::GoodPractice(ix)) {
        Some(NodeRef::GoodPractice(other)) if glances[other.get()] != Glance::Gone => {
            faces.entry(id).or_insert_with(|| vec![other]).push(ix);
        }
        _ => {}
    }
}

impl Snapshot {
    /// Puts other faces of a practice in the place of those that it has.
    pub(super) fn show(&mut self, id: Id, faces: Vec<PracticeFace>, broken: &mut Vec<String>) {
        self.retire(id);
        for face in faces {
            self.add_face(face, broken);
        }
    }

    fn retire(&mut self, id: Id) {
        let old = match (self.faces.remove(&id), self.by_id.remove(&id)) {
            (Some(several), _) => several,
            (None, Some(NodeRef::GoodPractice(one))) => vec![one],
            (None, _) => Vec::new(),
        };
        for ix in old {
            self.glances[ix.get()] = Glance::Gone;
            self.gone += 1;
        }
    }

    fn add_face(&mut self, face: PracticeFace, broken: &mut Vec<String>) {
        let id = face.id;
        let Some((node, bodies)) = node(self, face, broken) else { return };
        self.glances.push(glance(&node));
        self.practice_texts.add(|gatherer| gather(gatherer, PracticeIx::nth(self.practices.len()), &node, &bodies));
        let ix = self.practices.push(Arc::clone(&node.slug), node);
        let nodes = &self.practices;
        let insert = |order: &mut Sorted<PracticeNode>, key: fn(&PracticeNode) -> Vec<u8>| order.insert(ix, |ix| key(&nodes[ix]));
        insert(&mut self.orders.practices_by_publication, publication_key);
        insert(&mut self.orders.practices_by_update, update_key);
        insert(&mut self.orders.practices_by_title, title_key);
        let (order, node) = (std::mem::take(&mut self.orders.practices_by_publication), self.practices.share(ix));
        link(self, &node, |list| order.insert_into(list, ix));
        self.orders.practices_by_publication = order;
        enter_face(&mut self.by_id, &mut self.faces, &self.glances, id, ix);
    }
}
