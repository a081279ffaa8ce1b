//! A snapshot that follows another one, changed in what parties contributed since.

use crate::domain::entry::{Entry, Stored};
use crate::graph::material::Patch;
use crate::graph::snapshot::Snapshot;

use super::{Broken, WrittenContact, contacts};

impl Snapshot {
    /// This snapshot as of a later revision. Costs what it changes, and a copy of the lists of positions.
    ///
    /// # Errors
    /// Where an entry names what is not there.
    pub fn patched(&self, patch: Patch) -> Result<Self, Broken> {
        let Patch { revision, practices, contacts } = patch;
        let mut next = self.clone();
        next.revision = revision;
        let mut broken = Vec::new();
        for (id, faces) in practices {
            next.show(id, faces, &mut broken);
        }
        if let Some(all) = contacts {
            contacts::replace(&mut next, all.into_iter().filter_map(contact).collect(), &mut broken);
        }
        if broken.is_empty() { Ok(next) } else { Err(Broken(broken)) }
    }
}

fn contact(stored: Stored) -> Option<WrittenContact> {
    match stored.entry {
        Entry::ContactPoint(entry) => Some((stored.id, entry, stored.version, stored.updated_at)),
        _ => None,
    }
}
