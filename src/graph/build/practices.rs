//! Practices: made last, as they point at everything and only lists of practices point back.

use std::mem::take;

use crate::domain::entry::{Kind, Stored};
use crate::domain::party::GoodPracticeRole;
use crate::domain::practice::GoodPractice;
use crate::graph::index::Table;
use crate::graph::party::{Party, PartyLinks};
use crate::graph::practice::{PracticeIx, PracticeNode, ShortText};
use crate::graph::search::Gatherer;
use crate::graph::snapshot::Snapshot;

use super::link::{of_declaration, party};
use super::{Links, label};

/// Adds the practices' nodes and the index of their texts.
pub(super) fn add(snapshot: &mut Snapshot, practices: Vec<(Stored, GoodPractice)>, broken: &mut Vec<String>) {
    let mut gatherer = Gatherer::default();
    let mut nodes = Vec::with_capacity(practices.len());
    for (n, (stored, entry)) in practices.into_iter().enumerate() {
        for text in &entry.texts {
            gatherer.text(text.language, &text.title, 3.0);
            gatherer.text(text.language, &text.summary, 2.0);
            gatherer.text(text.language, text.body.as_deref().unwrap_or_default(), 1.0);
        }
        gatherer.document(PracticeIx::nth(n));
        let entry_label = label(Kind::GoodPractice, &entry.slug);
        let mut links = Links { broken: take(broken), entry: &entry_label };
        if let Some(owner) = party(snapshot, &mut links, &entry.owner) {
            nodes.push(node(snapshot, &mut links, &stored, entry, owner));
        }
        *broken = links.broken;
    }
    snapshot.practices = Table::new(nodes, |node| node.slug.to_string());
    snapshot.practice_texts = gatherer.finish();
}

fn node(snapshot: &Snapshot, links: &mut Links<'_>, stored: &Stored, entry: GoodPractice, owner: Party) -> PracticeNode {
    let mut partners: Vec<Party> = entry.partners.iter().filter_map(|code| party(snapshot, links, code)).collect();
    partners.sort_unstable();
    partners.dedup();
    PracticeNode {
        id: stored.id,
        slug: entry.slug.into(),
        texts: entry.texts.into_iter().map(|t| ShortText { language: t.language, title: t.title.into(), summary: t.summary.into() }).collect(),
        owner,
        attributed: entry.attributed,
        states: links.find_all(&snapshot.states, "state", &entry.states).into(),
        partners: partners.into(),
        activities: of_declaration(snapshot, links, &entry.activities).into(),
        flows: links.find_all(&snapshot.flows, "flow", &entry.flows).into(),
        groups: links.find_all(&snapshot.groups, "working group", &entry.working_groups).into(),
        target_groups: entry.target_groups.into(),
        evidence: entry.evidence,
        started_on: entry.started_on,
        ended_on: entry.ended_on,
        citations: entry.citations.into(),
        published_at: stored.published_at,
        updated_at: stored.updated_at,
    }
}

/// Gives everyone the list of its practices, oldest publication first.
pub(super) fn link(snapshot: &mut Snapshot) {
    for ix in snapshot.orders.practices_by_publication.rows.clone() {
        let node = &snapshot.practices[ix];
        for &activity in &node.activities {
            if let Some(area) = snapshot.provisions[activity].area {
                push_once(&mut snapshot.provisions.link(area).practices, ix);
            }
            snapshot.provisions.link(activity).practices.push(ix);
        }
        for &flow in &node.flows {
            snapshot.flows.link(flow).practices.push(ix);
        }
        for &group in &node.groups {
            snapshot.groups.link(group).practices.push(ix);
        }
        let roles = std::iter::once((node.owner, GoodPracticeRole::Owner))
            .chain(node.states.iter().map(|&state| (Party::State(state), GoodPracticeRole::Practised)))
            .chain(node.partners.iter().map(|&partner| (partner, GoodPracticeRole::Partner)));
        for (party, role) in roles {
            // An owner that is not to be named is no link of the party's either: it would name it.
            if role == GoodPracticeRole::Owner && !node.attributed {
                continue;
            }
            let links: &mut PartyLinks = match party {
                Party::State(p) => &mut snapshot.states.link(p).links,
                Party::Organisation(p) => &mut snapshot.organisations.link(p).links,
            };
            links.add_practice(role, ix);
        }
    }
}

fn push_once(list: &mut Vec<PracticeIx>, ix: PracticeIx) {
    if list.last() != Some(&ix) {
        list.push(ix);
    }
}
