//! Working groups: platforms of the states of one sub-region, or for one theme.

use serde::{Deserialize, Serialize};

use super::date::PartialDate;
use super::text::{Citation, Localized};
use super::word::words;

words! {
    /// What a working group is formed around.
    pub enum WorkingGroupKind {
        /// Formed around a sub-region.
        Regional = "REGIONAL",
        /// Formed around a theme.
        Thematic = "THEMATIC",
        /// Formed around the practice of one profession.
        Practitioners = "PRACTITIONERS",
    }

    /// Every participating state may attend every group: what is fixed is who chairs it, which states it looks at, and who came.
    pub enum WorkingGroupRole {
        /// Leads the group.
        Chair = "CHAIR",
        /// Leads the group together with the chair.
        CoChair = "CO_CHAIR",
        /// A state that the group looks at.
        Focus = "FOCUS",
        /// Takes part in the group's work.
        Participant = "PARTICIPANT",
    }
}

/// A party's place in a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Membership {
    /// The party's code.
    pub party: String,
    /// What it is there.
    pub role: WorkingGroupRole,
    /// Unknown counts as always.
    pub since: Option<PartialDate>,
    /// Unknown counts as still.
    pub until: Option<PartialDate>,
    /// What the sources say of it.
    pub note: Option<String>,
}

/// A working group (Declaration, 4 d).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkingGroup {
    /// Such as `SILK-ROUTES`.
    pub code: String,
    /// Its name.
    pub name: Localized,
    /// What it is formed around.
    pub kind: WorkingGroupKind,
    /// What it does, in the catalogue's own words.
    pub summary: String,
    /// When it was set up.
    pub established_on: Option<PartialDate>,
    /// What that date rests on.
    pub established_note: Option<String>,
    /// The group that it is part of, by code.
    pub parent: Option<String>,
    /// Who chairs and takes part; focus states are in [`WorkingGroup::focus_states`].
    pub members: Vec<Membership>,
    /// The states that it looks at, by code.
    pub focus_states: Vec<String>,
    /// The thematic areas that it works on, by numeral.
    pub areas: Vec<String>,
    /// The activities that it has taken up itself, by reference.
    pub activities: Vec<String>,
    /// Where all that can be read.
    pub citations: Vec<Citation>,
}
