//! Who asks, and what that lets him do. A party acts through offices; no person is named here.

use std::sync::Arc;

use jiff::Timestamp;

use super::word::words;

words! {
    /// What someone may do.
    pub enum Role {
        /// Reads what is public. Anyone.
        Reader = "READER",
        /// Drafts, submits and withdraws for a party, and reads what is shared with it.
        FocalPoint = "FOCAL_POINT",
        /// Reviews and publishes at the request of parties.
        Secretariat = "SECRETARIAT",
    }
}

/// Someone who proved to act for a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The code of the party that he acts for: of a state or an organisation of the catalogue.
    pub party: String,
    /// What he may do for it; never [`Role::Reader`].
    pub role: Role,
    /// Which office (or opaque holder) of the party it is; [`subject`](super::subject) says which are one pair of eyes.
    pub subject: String,
    /// Until when the proof holds.
    pub expires_at: Option<Timestamp>,
}

/// Who reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Viewer {
    /// Someone who did not say.
    #[default]
    Anonymous,
    /// Someone who proved to act for a party.
    Member(Arc<Member>),
}

impl Viewer {
    /// Someone who did not say.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self::Anonymous
    }

    /// Whoever proved to act for a party.
    #[must_use]
    pub fn member(&self) -> Option<&Member> {
        match self {
            Self::Anonymous => None,
            Self::Member(member) => Some(member),
        }
    }

    /// What he may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.member().map_or(Role::Reader, |member| member.role)
    }
}
