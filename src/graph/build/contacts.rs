//! Contact points: they point at others, and nothing points back. So they are replaced all together.

use crate::domain::entry::Kind;
use crate::graph::contact::ContactNode;
use crate::graph::index::Table;
use crate::graph::order::SortKey;
use crate::graph::snapshot::{NodeRef, Snapshot};

use super::link::{of_declaration, party};
use super::{Links, WrittenContact};

/// Adds the nodes, by the code of the party and the name of the office.
pub(super) fn add(snapshot: &mut Snapshot, mut contacts: Vec<WrittenContact>, broken: &mut Vec<String>) {
    contacts.sort_by_cached_key(|(id, entry, ..)| SortKey::new().code(&entry.party).text(&entry.office).id(*id));
    let mut nodes = Vec::with_capacity(contacts.len());
    for (id, entry, version, updated_at) in contacts {
        let code = entry.code.clone();
        let mut links = Links { broken, kind: Kind::ContactPoint, code: &code };
        let posted_to = entry.posted_to.as_deref().and_then(|code| links.find(&snapshot.states, "state", code));
        let activities = of_declaration(snapshot, &mut links, &entry.activities);
        if let Some(party) = party(snapshot, &mut links, &entry.party) {
            nodes.push(ContactNode { id, entry, party, posted_to, activities, version, updated_at });
        }
    }
    snapshot.contacts = Table::new(nodes, |node| node.entry.code.as_str().into());
}

/// Puts others in the place of all that there are.
pub(super) fn replace(snapshot: &mut Snapshot, contacts: Vec<WrittenContact>, broken: &mut Vec<String>) {
    for (_, old) in snapshot.contacts.iter() {
        snapshot.by_id.remove(&old.id);
    }
    add(snapshot, contacts, broken);
    snapshot.by_id.extend(snapshot.contacts.iter().map(|(ix, node)| (node.id, NodeRef::ContactPoint(ix))));
}
