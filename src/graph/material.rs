//! What a snapshot is built from: the database's rows, as the store hands them over.

use crate::domain::contribution::Face;
use crate::domain::entry::Stored;
use crate::domain::id::Id;
use crate::domain::practice::GoodPractice;

/// Everything that one revision of the graph is built from, but for practices: they come in parts.
#[derive(Debug, Default)]
pub struct Material {
    /// The revision of the change log that this is the state of.
    pub revision: u64,
    /// Every entry.
    pub entries: Vec<Stored>,
    /// Origin and destination of each corridor that has figures.
    pub corridors: Vec<(String, String)>,
    /// The editions that the database holds of each source (by code), newest first.
    pub editions: Vec<(String, Vec<String>)>,
}

/// What parties contributed since a revision of the graph: all that a snapshot has to be changed in.
#[derive(Debug, Default)]
pub struct Patch {
    /// The revision that it leads to.
    pub revision: u64,
    /// Practices that were touched, with all of their faces.
    pub practices: Vec<(Id, Vec<PracticeFace>)>,
    /// All contact points, where one of them was touched: they are few, and nothing points at them.
    pub contacts: Option<Vec<Stored>>,
}

/// A practice as some see it.
#[derive(Debug, Clone)]
pub struct PracticeFace {
    /// The id of the practice.
    pub id: Id,
    /// What it says; the bodies included, for the search index alone.
    pub entry: GoodPractice,
    /// To whom, and where it stands.
    pub face: Face,
    /// Whether its bodies are kept by version; those of the catalogue are not.
    pub kept: bool,
}
