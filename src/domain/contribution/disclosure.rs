//! What the secretariat learns of the life of a practice: what was submitted to it, and what it did itself. A text that
//! its owner took back unsubmitted, that it did so, and why, stay the owner's, whatever is submitted later.

use std::collections::BTreeSet;

use super::EventKind;

/// What happened, and to which version.
pub type Happened = (EventKind, Option<u32>);

/// Of one practice, what may be told to the secretariat.
#[derive(Debug, Clone, Default)]
pub struct Disclosed {
    /// Versions that nobody drafted here: the catalogue published them.
    of_the_catalogue: BTreeSet<u32>,
    /// Versions that were ever submitted.
    submitted: BTreeSet<u32>,
}

impl Disclosed {
    /// Of a practice that has those versions, and to which that happened, in any order.
    #[must_use]
    pub fn of(versions: impl IntoIterator<Item = u32>, life: impl IntoIterator<Item = Happened>) -> Self {
        let (mut made, mut submitted) = (BTreeSet::new(), BTreeSet::new());
        for (kind, version) in life {
            match kind {
                EventKind::Drafted | EventKind::Revised | EventKind::Translated => made.extend(version),
                EventKind::Submitted | EventKind::Published => submitted.extend(version),
                EventKind::ChangesRequested | EventKind::Withdrawn | EventKind::AudienceChanged | EventKind::ReadRestricted => {}
            }
        }
        Self { of_the_catalogue: versions.into_iter().filter(|version| !made.contains(version)).collect(), submitted }
    }

    /// Whether the secretariat may look back at that version.
    #[must_use]
    pub fn version(&self, version: u32) -> bool {
        self.submitted.contains(&version) || self.of_the_catalogue.contains(&version)
    }

    /// Which of the events of its life, earliest first, the secretariat learns of: that a version was made which it was
    /// given, and what happened to that from then on. Never what came before, and never who read it.
    #[must_use]
    pub fn events(&self, life: impl IntoIterator<Item = Happened>) -> Vec<bool> {
        let mut given = self.of_the_catalogue.clone();
        let learns = |(kind, version): Happened| {
            let Some(version) = version else { return false };
            match kind {
                EventKind::ReadRestricted => false,
                EventKind::Drafted | EventKind::Revised | EventKind::Translated => self.version(version),
                EventKind::Submitted | EventKind::Published => {
                    given.insert(version);
                    true
                }
                EventKind::ChangesRequested | EventKind::Withdrawn | EventKind::AudienceChanged => given.contains(&version),
            }
        };
        life.into_iter().map(learns).collect()
    }

    /// Whether the secretariat reads the note of such an event: its own remarks, never an owner's reason.
    #[must_use]
    pub const fn note(kind: EventKind) -> bool {
        matches!(kind, EventKind::ChangesRequested)
    }
}
