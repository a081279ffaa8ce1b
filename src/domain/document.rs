//! Documents of the partnership and their numbered passages ("provisions").

use serde::{Deserialize, Serialize};

use super::date::PartialDate;
use super::text::{Citation, Language};
use super::word::words;

words! {
    /// What sort of document it is.
    pub enum DocumentKind {
        /// A ministerial declaration.
        Declaration = "DECLARATION",
        /// A programme of work, such as a call for action.
        Programme = "PROGRAMME",
        /// A strategy of several years.
        Strategy = "STRATEGY",
        /// A short paper of facts on one matter.
        FactSheet = "FACT_SHEET",
        /// A policy of one state.
        NationalPolicy = "NATIONAL_POLICY",
        /// A study by researchers or an organisation.
        Study = "STUDY",
    }

    /// What a passage of a document does.
    pub enum ProvisionKind {
        /// Says why the document was adopted.
        Recital = "RECITAL",
        /// Says what the parties bind themselves to.
        Commitment = "COMMITMENT",
        /// A priority goal (1 a to f of the Declaration).
        PriorityGoal = "PRIORITY_GOAL",
        /// A task given to officials, groups or the secretariat.
        Mandate = "MANDATE",
        /// A thematic area of cooperation (I to VI).
        ThematicArea = "THEMATIC_AREA",
        /// An activity of a thematic area, or a part of one.
        Activity = "ACTIVITY",
    }
}

/// The code of the Declaration of 2013, which the partnership rests on.
pub const DECLARATION_2013: &str = "DECLARATION-2013";

/// A document that the partnership rests on or works with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Such as `DECLARATION-2013`.
    pub code: String,
    /// What sort it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// What it says, in the catalogue's own words.
    pub summary: String,
    /// When it was adopted or published.
    pub adopted_on: Option<PartialDate>,
    /// The meeting that adopted it, by code.
    pub meeting: Option<String>,
    /// The languages that it is known to exist in.
    pub languages: Vec<Language>,
    /// Where it can be read.
    pub citations: Vec<Citation>,
}

/// One numbered passage of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provision {
    /// The document's code.
    pub document: String,
    /// As the document numbers it: `IV.a.ii`, `1.d`, `R.1`.
    pub reference: String,
    /// What it does.
    pub kind: ProvisionKind,
    /// The reference of the passage that it is part of.
    pub parent: Option<String>,
    /// Its place in the document, from 1.
    pub ordinal: u32,
    /// A title in the catalogue's own words.
    pub title: String,
    /// What it says, in the catalogue's own words.
    pub summary: String,
    /// The priority goals that it serves, by reference in the same document.
    pub goals: Vec<String>,
    /// Words that a reader may look for.
    pub keywords: Vec<String>,
}

impl Provision {
    /// The code of an entry: a reference is unique in its document alone.
    #[must_use]
    pub fn entry_code(document: &str, reference: &str) -> String {
        format!("{document}/{reference}")
    }
}
