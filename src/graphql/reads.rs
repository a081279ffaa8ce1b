//! What a request shows of practices that not everyone may read: noted before the answer leaves, so that an owner can
//! see who read what it shared.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_graphql::Context;

use crate::graph::contact::{ContactIx, ContactNode};
use crate::graph::practice::{PracticeIx, PracticeNode};
use crate::graph::told::Told;
use crate::graph::{View, Viewer};
use crate::store::{ReadNote, Store, StoreError};

use super::view;

/// What one answer shows: contact points, practices that not everyone may read, and whether anything in it is true of
/// this request alone.
#[derive(Default)]
pub struct Reads {
    contacts: Mutex<BTreeSet<ReadNote>>,
    told: Option<Arc<Told>>,
    is_mine: AtomicBool,
}

impl Reads {
    /// Nothing yet, of what that view will tell.
    pub fn of(view: &View) -> Self {
        Self { told: view.told().cloned(), ..Self::default() }
    }

    /// Whether nothing was shown that is meant for this request, or must be noted.
    pub fn is_for_all(&self) -> bool {
        !self.is_mine.load(Ordering::Relaxed) && self.told.is_none() && self.contacts.lock().is_ok_and(|read| read.is_empty())
    }

    /// Notes what was shown to someone of another party.
    pub async fn keep(&self, viewer: &Viewer, store: &Store) -> Result<(), StoreError> {
        let Some(member) = viewer.member() else { return Ok(()) };
        let mut read: Vec<ReadNote> = match self.contacts.lock() {
            Ok(read) => read.iter().cloned().collect(),
            Err(_) => return Err(StoreError::BrokenOff),
        };
        let told = self.told.as_ref().map(|told| told.all()).unwrap_or_default();
        read.extend(told.into_iter().map(|(entry, version)| ReadNote { entry, version, each: false }));
        if read.is_empty() { Ok(()) } else { store.note_reads(member, read).await }
    }
}

/// Says that the answer is of this request alone, and not to be given to another.
pub fn mine(ctx: &Context<'_>) {
    ctx.data_unchecked::<Arc<Reads>>().is_mine.store(true, Ordering::Relaxed);
}

/// A practice whose contents are about to be shown.
pub fn read<'a>(ctx: &Context<'a>, ix: PracticeIx) -> &'a PracticeNode {
    let view = view(ctx);
    view.tell(ix);
    view.practice(ix)
}

/// A contact point that is about to be shown.
pub fn read_contact<'a>(ctx: &Context<'a>, ix: ContactIx) -> &'a ContactNode {
    let view = view(ctx);
    let contact = view.contact(ix);
    if view.viewer_party().map(|(party, _)| party) != Some(contact.party)
        && let Ok(mut contacts) = ctx.data_unchecked::<Arc<Reads>>().contacts.lock()
    {
        contacts.insert(ReadNote { entry: contact.id, version: contact.version, each: true });
    }
    contact
}

/// What a list shows of its rows: those of its page, and all that was looked at where its size or its ends are asked for.
pub struct Looked<R> {
    kept: RefCell<Vec<R>>,
}

impl<R: Copy> Looked<R> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { kept: RefCell::new(Vec::new()) }
    }

    /// A row was looked at, and is in the list.
    pub fn keep(&self, row: R) {
        self.kept.borrow_mut().push(row);
    }

    /// The rows that the answer tells something of.
    pub fn told(self, ctx: &Context<'_>, page: impl Iterator<Item = R>) -> Vec<R> {
        let ahead = ctx.look_ahead();
        let tells_more = ahead.field("totalCount").exists() || ahead.field("pageInfo").exists();
        if tells_more { self.kept.into_inner() } else { page.collect() }
    }
}
