//! Practices: made last, as they point at everything and only lists of practices point back. A snapshot that follows
//! another one differs in them alone, so they can also be added one by one.

use std::mem::take;

use crate::domain::audience::AudienceLevel;
use crate::domain::contribution::Sight;
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::party::GoodPracticeRole;
use crate::domain::practice::GoodPractice;
use crate::graph::index::Table;
use crate::graph::material::PracticeFace;
use crate::graph::order::Sorted;
use crate::graph::party::{Party, PartyLinks};
use crate::graph::practice::{AudienceNode, PracticeIx, PracticeNode, ShortText, publication_key, title_key, update_key};
use crate::graph::search::Gatherer;
use crate::graph::snapshot::{Glance, NodeRef, Snapshot};

use super::link::{of_declaration, party};
use super::{Links, label};

/// Adds the practices' nodes and the index of their texts.
pub(super) fn add(snapshot: &mut Snapshot, practices: Vec<PracticeFace>, broken: &mut Vec<String>) {
    let mut gatherer = Gatherer::default();
    let mut nodes = Vec::with_capacity(practices.len());
    for (n, practice) in practices.into_iter().enumerate() {
        gather(&mut gatherer, PracticeIx::nth(n), &practice.entry);
        nodes.extend(node(snapshot, practice, broken));
    }
    snapshot.glances = nodes.iter().map(glance).collect();
    snapshot.practices = Table::new(nodes, |node| node.slug.to_string());
    snapshot.practice_texts = gatherer.finish();
}

fn gather(gatherer: &mut Gatherer<PracticeNode>, ix: PracticeIx, entry: &GoodPractice) {
    for text in &entry.texts {
        gatherer.text(text.language, &text.title, 3.0);
        gatherer.text(text.language, &text.summary, 2.0);
        gatherer.text(text.language, text.body.as_deref().unwrap_or_default(), 1.0);
    }
    gatherer.document(ix);
}

fn node(snapshot: &Snapshot, practice: PracticeFace, broken: &mut Vec<String>) -> Option<PracticeNode> {
    let PracticeFace { id, entry, face, kept } = practice;
    let entry_label = label(Kind::GoodPractice, &entry.slug);
    let mut links = Links { broken: take(broken), entry: &entry_label };
    let parties = |links: &mut Links<'_>, codes: &[String]| {
        let mut found: Vec<Party> = codes.iter().filter_map(|code| party(snapshot, links, code)).collect();
        found.sort_unstable();
        found.dedup();
        found.into_boxed_slice()
    };
    let owner = party(snapshot, &mut links, &entry.owner);
    let node = owner.map(|owner| PracticeNode {
        id,
        partners: parties(&mut links, &entry.partners),
        slug: entry.slug.into(),
        texts: entry.texts.into_iter().map(|t| ShortText { language: t.language, title: t.title.into(), summary: t.summary.into() }).collect(),
        owner,
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
    });
    *broken = links.broken;
    node
}

fn glance(node: &PracticeNode) -> Glance {
    let is_public = node.sight.audience && node.audience.level == AudienceLevel::Public;
    match node.sight {
        Sight { owner: true, secretariat: true, .. } if is_public => Glance::Everyone,
        _ if is_public => Glance::Public,
        _ => Glance::Restricted,
    }
}

/// Gives everyone the list of its practices, oldest publication first.
pub(super) fn link(snapshot: &mut Snapshot) {
    for ix in snapshot.orders.practices_by_publication.rows.clone() {
        link_one(snapshot, ix, &|list, ix| {
            if list.last() != Some(&ix) {
                list.push(ix);
            }
        });
    }
}

/// Enters a practice in the lists of all that it names.
fn link_one(snapshot: &mut Snapshot, ix: PracticeIx, enter: &dyn Fn(&mut Vec<PracticeIx>, PracticeIx)) {
    let node = snapshot.practices.share(ix);
    for &activity in &node.activities {
        if let Some(area) = snapshot.provisions[activity].area {
            enter(&mut snapshot.provisions.link(area).practices, ix);
        }
        enter(&mut snapshot.provisions.link(activity).practices, ix);
    }
    for &flow in &node.flows {
        enter(&mut snapshot.flows.link(flow).practices, ix);
    }
    for &group in &node.groups {
        enter(&mut snapshot.groups.link(group).practices, ix);
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
        enter(&mut links.practices, ix);
        enter(links.of_role(role), ix);
    }
}

/// By id, and where a practice has several faces, all of them.
pub(super) fn faces(snapshot: &mut Snapshot) {
    for ix in snapshot.practices.all().to_vec() {
        enter_face(snapshot, ix);
    }
}

fn enter_face(snapshot: &mut Snapshot, ix: PracticeIx) {
    let id = snapshot.practices[ix].id;
    match snapshot.by_id.insert(id, NodeRef::GoodPractice(ix)) {
        Some(NodeRef::GoodPractice(other)) if snapshot.glances[other.get()] != Glance::Gone => {
            snapshot.faces.entry(id).or_insert_with(|| vec![other]).push(ix);
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
        let entry = face.entry.clone();
        let Some(node) = node(self, face, broken) else { return };
        self.glances.push(glance(&node));
        let ix = self.practices.push(&entry.slug, node);
        self.practice_texts.add(|gatherer| gather(gatherer, ix, &entry));
        let nodes = &self.practices;
        let insert = |order: &mut Sorted<PracticeNode>, key: fn(&PracticeNode) -> Vec<u8>| order.insert(ix, |ix| key(&nodes[ix]));
        insert(&mut self.orders.practices_by_publication, publication_key);
        insert(&mut self.orders.practices_by_update, update_key);
        insert(&mut self.orders.practices_by_title, title_key);
        let order = self.orders.practices_by_publication.clone();
        link_one(self, ix, &|list, ix| order.insert_into(list, ix));
        enter_face(self, ix);
    }
}
