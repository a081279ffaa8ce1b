//! Contact points in the graph: for participants alone.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::domain::contact::{ContactFunction, ContactPoint};
use crate::domain::id::Id;

use super::document::ProvisionIx;
use super::index::Ix;
use super::order::SortKey;
use super::party::{Party, StateIx, holds};
use super::view::View;

/// The position of a contact point.
pub type ContactIx = Ix<ContactNode>;

/// An office that answers.
#[derive(Debug, Clone)]
pub struct ContactNode {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: ContactPoint,
    /// The party that it belongs to.
    pub party: Party,
    /// Where it sits abroad.
    pub posted_to: Option<StateIx>,
    /// What it works on, in the order of the Declaration.
    pub activities: Vec<ProvisionIx>,
    /// Counts the edits.
    pub version: u32,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which contact points to keep; every field that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct ContactFilter {
    /// Of one of these parties.
    pub parties: Option<Vec<Party>>,
    /// With one of these functions.
    pub functions: Option<Vec<ContactFunction>>,
    /// Posted to one of these states.
    pub posted_to: Option<Vec<StateIx>>,
    /// Working on one of these.
    pub activities: Option<Vec<ProvisionIx>>,
}

impl ContactFilter {
    /// Whether it keeps that contact point.
    #[must_use]
    pub fn keeps(&self, view: &View, ix: ContactIx) -> bool {
        let contact = view.contact(ix);
        holds(self.parties.as_deref(), |all| all.contains(&contact.party))
            && holds(self.functions.as_deref(), |all| all.contains(&contact.entry.function))
            && holds(self.posted_to.as_deref(), |all| contact.posted_to.is_some_and(|state| all.contains(&state)))
            && holds(self.activities.as_deref(), |all| contact.activities.iter().any(|activity| all.contains(activity)))
    }
}

impl View {
    /// Whether the viewer may see a contact point: those who take part see all, others those of their own party, which
    /// may have left.
    #[must_use]
    pub fn sees_contact(&self, ix: ContactIx) -> bool {
        self.is_participant() || self.viewer_party().is_some_and(|(party, _)| party == self.contact(ix).party)
    }

    /// The contact points that the viewer may see.
    #[must_use]
    pub fn contacts(&self) -> Cow<'_, [ContactIx]> {
        let all = self.snapshot().contacts.all();
        match self.viewer_party() {
            None => Cow::Borrowed(&[]),
            Some(_) if self.is_participant() => Cow::Borrowed(all),
            Some(_) => all.iter().copied().filter(|&ix| self.sees_contact(ix)).collect(),
        }
    }

    /// The sort key of a contact point: the code of its party, the name of its office, its id.
    #[must_use]
    pub fn contact_key(&self, ix: ContactIx) -> Vec<u8> {
        let contact = self.contact(ix);
        SortKey::new().code(self.party_code(contact.party)).text(&contact.entry.office).id(contact.id)
    }
}
