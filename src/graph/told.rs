//! Of which practices that not everyone may read an answer tells something, so that their owners can learn who read
//! them.
//!
//! A row, a count, an end of a page, a related practice, a refusal: whatever would be another answer if the practice
//! were not there tells of it, and whoever makes that answer says so ([`View::tell`]). A filter that keeps a practice
//! tells what it says; one that does not keep it answers as if it were not there.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::domain::id::Id;

use super::practice::PracticeIx;
use super::view::View;

/// The versions that one request was told of.
#[derive(Debug, Default)]
pub struct Told(Mutex<BTreeSet<(Id, u32)>>);

impl Told {
    fn note(&self, practice: Id, version: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((practice, version));
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> BTreeSet<(Id, u32)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl View {
    /// Whether an owner is to learn that this viewer was told something of this face: it is another party's, and not
    /// everyone may read it.
    #[must_use]
    pub fn is_noted(&self, practice: PracticeIx) -> bool {
        self.is_restricted(practice) && !self.is_owner(practice)
    }

    /// Says that the answer tells something of a face.
    pub fn tell(&self, practice: PracticeIx) {
        if self.is_noted(practice)
            && let Some(told) = self.told()
        {
            let node = self.practice(practice);
            told.note(node.id, node.version);
        }
    }

    /// Whether the viewer sees one of these. Where it takes a restricted one to say yes, that is told.
    #[must_use]
    pub fn sees_any(&self, list: &[PracticeIx]) -> bool {
        if self.visible_practices(list).any(|ix| !self.is_noted(ix)) {
            return true;
        }
        self.visible_practices(list).inspect(|&ix| self.tell(ix)).count() > 0
    }
}
