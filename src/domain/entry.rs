//! The concepts under one roof: what the catalogue holds and the database keeps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contact::ContactPoint;
use super::document::{Document, Provision};
use super::figure::Source;
use super::flow::Route;
use super::group::WorkingGroup;
use super::id::Id;
use super::meeting::Meeting;
use super::party::{Area, Organisation, State};
use super::practice::GoodPractice;
use super::word::words;

words! {
    /// The kinds of entry. The name is part of every id: it is fixed.
    pub enum Kind {
        /// A state.
        State = "State",
        /// An area that is no state.
        Area = "Area",
        /// An organisation.
        Organisation = "Organisation",
        /// A working group.
        WorkingGroup = "WorkingGroup",
        /// A document.
        Document = "Document",
        /// A passage of a document.
        Provision = "Provision",
        /// A route.
        Route = "Flow",
        /// A meeting.
        Meeting = "Meeting",
        /// A source of figures.
        Source = "Source",
        /// A good practice.
        GoodPractice = "GoodPractice",
        /// An office that answers.
        ContactPoint = "ContactPoint",
    }
}

/// One thing that people write and review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "each variant is the concept of its name")]
pub enum Entry {
    State(State),
    Area(Area),
    Organisation(Organisation),
    WorkingGroup(WorkingGroup),
    Document(Document),
    Provision(Provision),
    Route(Route),
    Meeting(Meeting),
    Source(Source),
    GoodPractice(GoodPractice),
    ContactPoint(ContactPoint),
}

impl Entry {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::State(_) => Kind::State,
            Self::Area(_) => Kind::Area,
            Self::Organisation(_) => Kind::Organisation,
            Self::WorkingGroup(_) => Kind::WorkingGroup,
            Self::Document(_) => Kind::Document,
            Self::Provision(_) => Kind::Provision,
            Self::Route(_) => Kind::Route,
            Self::Meeting(_) => Kind::Meeting,
            Self::Source(_) => Kind::Source,
            Self::GoodPractice(_) => Kind::GoodPractice,
            Self::ContactPoint(_) => Kind::ContactPoint,
        }
    }

    /// The code that is unique among its kind.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::State(e) => e.iso3.clone(),
            Self::Area(e) => e.iso3.clone(),
            Self::Organisation(e) => e.code.clone(),
            Self::WorkingGroup(e) => e.code.clone(),
            Self::Document(e) => e.code.clone(),
            Self::Provision(e) => Provision::entry_code(&e.document, &e.reference),
            Self::Route(e) => e.code.clone(),
            Self::Meeting(e) => e.code.clone(),
            Self::Source(e) => e.code.clone(),
            Self::GoodPractice(e) => e.slug.clone(),
            Self::ContactPoint(e) => e.code.clone(),
        }
    }

    /// Its id, where it is the catalogue's.
    #[must_use]
    pub fn catalogue_id(&self) -> Id {
        Id::of(super::word::Words::name(self.kind()), &self.code())
    }

    /// Reads an entry of a known kind from its JSON form.
    ///
    /// # Errors
    /// Where the text is not the JSON form of such an entry.
    pub fn from_json(kind: Kind, json: &str) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            Kind::State => Self::State(serde_json::from_str(json)?),
            Kind::Area => Self::Area(serde_json::from_str(json)?),
            Kind::Organisation => Self::Organisation(serde_json::from_str(json)?),
            Kind::WorkingGroup => Self::WorkingGroup(serde_json::from_str(json)?),
            Kind::Document => Self::Document(serde_json::from_str(json)?),
            Kind::Provision => Self::Provision(serde_json::from_str(json)?),
            Kind::Route => Self::Route(serde_json::from_str(json)?),
            Kind::Meeting => Self::Meeting(serde_json::from_str(json)?),
            Kind::Source => Self::Source(serde_json::from_str(json)?),
            Kind::GoodPractice => Self::GoodPractice(serde_json::from_str(json)?),
            Kind::ContactPoint => Self::ContactPoint(serde_json::from_str(json)?),
        })
    }
}

/// An entry as it is kept: with its id and the marks of its life.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its id.
    pub id: Id,
    /// What it says.
    pub entry: Entry,
    /// How often it was written.
    pub version: u32,
    /// When it was published here; for the catalogue, the day of its edition.
    pub published_at: Option<Timestamp>,
    /// When it last changed; for the catalogue, the day of the edition that changed it.
    pub updated_at: Timestamp,
}
