//! What a request shows of practices that not everyone may read: noted before the answer leaves, so that an owner can
//! see who read what it shared.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_graphql::Context;

use crate::graph::Viewer;
use crate::graph::contact::{ContactIx, ContactNode};
use crate::graph::practice::{PracticeIx, PracticeNode};
use crate::store::{ReadNote, Store, StoreError};

use super::view;

/// Versions of practices and contact points that were shown, and whether anything was that is true of one request alone.
#[derive(Default)]
pub struct Reads(Mutex<BTreeSet<ReadNote>>, AtomicBool);

impl Reads {
    /// Whether nothing was shown that is meant for this request, or must be noted.
    pub fn is_for_all(&self) -> bool {
        !self.1.load(Ordering::Relaxed) && self.0.lock().is_ok_and(|read| read.is_empty())
    }

    /// Notes what was shown to someone of another party.
    pub async fn keep(&self, viewer: &Viewer, store: &Store) -> Result<(), StoreError> {
        let Some(member) = viewer.member() else { return Ok(()) };
        let read: Vec<ReadNote> = match self.0.lock() {
            Ok(read) => read.iter().cloned().collect(),
            Err(_) => return Err(StoreError::BrokenOff),
        };
        if read.is_empty() { Ok(()) } else { store.note_reads(member, read).await }
    }
}

/// Says that the answer is of this request alone, and not to be given to another.
pub fn mine(ctx: &Context<'_>) {
    ctx.data_unchecked::<Arc<Reads>>().1.store(true, Ordering::Relaxed);
}

/// A practice whose contents are about to be shown.
pub fn read<'a>(ctx: &Context<'a>, ix: PracticeIx) -> &'a PracticeNode {
    let view = view(ctx);
    let practice = view.practice(ix);
    if view.is_restricted(ix)
        && !view.is_owner(ix)
        && let Ok(mut reads) = ctx.data_unchecked::<Arc<Reads>>().0.lock()
    {
        reads.insert(ReadNote { entry: practice.id, version: practice.version, daily: false });
    }
    practice
}

/// A contact point that is about to be shown.
pub fn read_contact<'a>(ctx: &Context<'a>, ix: ContactIx) -> &'a ContactNode {
    let view = view(ctx);
    let contact = view.contact(ix);
    if view.viewer_party().map(|(party, _)| party) != Some(contact.party)
        && let Ok(mut reads) = ctx.data_unchecked::<Arc<Reads>>().0.lock()
    {
        reads.insert(ReadNote { entry: contact.id, version: contact.version, daily: true });
    }
    contact
}
