//! Good practices: something that worked, told so that another party can take it over.

pub mod content;

use serde::{Deserialize, Serialize};

use super::date::PartialDate;
use super::text::{Citation, Language};
use super::word::words;

words! {
    /// Whom a practice is for.
    pub enum TargetGroup {
        /// Persons who work, or look for work, in another state.
        LabourMigrants = "LABOUR_MIGRANTS",
        /// Students and researchers.
        Students = "STUDENTS",
        /// Persons recognised as refugees.
        Refugees = "REFUGEES",
        /// Persons whose claim for protection is open.
        AsylumSeekers = "ASYLUM_SEEKERS",
        /// Persons who go back to their state of origin.
        Returnees = "RETURNEES",
        /// Persons who were trafficked.
        TraffickedPersons = "TRAFFICKED_PERSONS",
        /// Children on the move without a guardian.
        UnaccompaniedMinors = "UNACCOMPANIED_MINORS",
        /// Migrants who can neither go on nor back.
        StrandedMigrants = "STRANDED_MIGRANTS",
        /// Persons without a nationality.
        StatelessPersons = "STATELESS_PERSONS",
        /// Women and girls, above all.
        Women = "WOMEN",
        /// Children, with or without their families.
        Children = "CHILDREN",
        /// Communities of emigrants and their descendants abroad.
        Diaspora = "DIASPORA",
        /// The communities where migrants live.
        ReceivingCommunities = "RECEIVING_COMMUNITIES",
        /// Families of those who left.
        FamiliesLeftBehind = "FAMILIES_LEFT_BEHIND",
        /// Employers and recruiters.
        Employers = "EMPLOYERS",
        /// Officials of the parties.
        Officials = "OFFICIALS",
    }

    /// What is known of how well a practice works.
    pub enum EvidenceLevel {
        /// Described by its owner.
        Described = "DESCRIBED",
        /// Followed by indicators.
        Monitored = "MONITORED",
        /// Evaluated by someone other than its owner.
        Evaluated = "EVALUATED",
        /// Taken over by another party.
        Replicated = "REPLICATED",
    }
}

/// What a practice says, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeText {
    /// The language.
    pub language: Language,
    /// Its title.
    pub title: String,
    /// Two or three sentences.
    pub summary: String,
    /// The whole story, in Markdown. Kept apart from the entry in the database, as it is long.
    #[serde(default, skip_serializing)]
    pub body: Option<String>,
}

/// A good practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoodPractice {
    /// Its address: chance, and from its first publication on, where everyone may read it and its owner is named, words of
    /// the title that was published first. Then fixed.
    pub slug: String,
    /// In each language that it is told in, the original first; never empty.
    pub texts: Vec<PracticeText>,
    /// The party that shares it, by code.
    pub owner: String,
    /// False where the owner shares it without being named.
    pub attributed: bool,
    /// Where it is practised, by code.
    pub states: Vec<String>,
    /// The parties that take part, by code.
    pub partners: Vec<String>,
    /// The activities that it serves, by reference.
    pub activities: Vec<String>,
    /// The flows that it bears on, by code.
    pub flows: Vec<String>,
    /// The groups that it concerns, by code.
    pub working_groups: Vec<String>,
    /// Whom it is for.
    pub target_groups: Vec<TargetGroup>,
    /// What is known of how well it works.
    pub evidence: EvidenceLevel,
    /// When it began.
    pub started_on: Option<PartialDate>,
    /// When it ended.
    pub ended_on: Option<PartialDate>,
    /// Where all that can be read.
    pub citations: Vec<Citation>,
}
