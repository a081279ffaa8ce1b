//! Meetings of the partnership.

use serde::{Deserialize, Serialize};

use super::date::PartialDate;
use super::text::Citation;
use super::word::words;

words! {
    /// What sort of meeting it is.
    pub enum MeetingKind {
        /// Ministers meet and adopt declarations.
        MinisterialConference = "MINISTERIAL_CONFERENCE",
        /// Senior officials steer the dialogue.
        SeniorOfficialsMeeting = "SENIOR_OFFICIALS_MEETING",
        /// A working group meets.
        WorkingGroupMeeting = "WORKING_GROUP_MEETING",
        /// Experts meet on a theme.
        ThematicExpertMeeting = "THEMATIC_EXPERT_MEETING",
        /// Prepares a conference.
        PreparatoryMeeting = "PREPARATORY_MEETING",
        /// States that support the chair meet.
        FriendsOfChairMeeting = "FRIENDS_OF_CHAIR_MEETING",
        /// The reference group of a programme meets.
        ReferenceGroupMeeting = "REFERENCE_GROUP_MEETING",
        /// A consultation of another form.
        Consultation = "CONSULTATION",
    }
}

/// A meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// Such as `MC-5`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What sort it is.
    pub kind: MeetingKind,
    /// Its first day, as far as known.
    pub starts_on: Option<PartialDate>,
    /// Its last day, as far as known.
    pub ends_on: Option<PartialDate>,
    /// The town.
    pub place: Option<String>,
    /// The state that the town is in, by code.
    pub place_state: Option<String>,
    /// What it was about, in the catalogue's own words.
    pub note: Option<String>,
    /// Whether it was held online.
    pub online: bool,
    /// The parties that hosted it, by code.
    pub hosts: Vec<String>,
    /// The parties that are known to have come, by code.
    pub participants: Vec<String>,
    /// The groups whose meeting it was, by code.
    pub working_groups: Vec<String>,
    /// The thematic areas that it was about, by numeral.
    pub areas: Vec<String>,
    /// The activities that it was about, by reference.
    pub activities: Vec<String>,
    /// Where that can be read.
    pub citations: Vec<Citation>,
}
