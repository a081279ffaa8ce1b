//! What a snapshot is built from: the database's rows, as the store hands them over.

use crate::domain::entry::Stored;

/// Everything that one revision of the graph is built from.
#[derive(Debug, Default)]
pub struct Material {
    /// The revision of the change log that this is the state of.
    pub revision: u64,
    /// Every entry; the bodies of practices included, for the search index alone.
    pub entries: Vec<Stored>,
    /// Origin and destination of each corridor that has figures.
    pub corridors: Vec<(String, String)>,
    /// The editions that the database holds of each source (by code), newest first.
    pub editions: Vec<(String, Vec<String>)>,
}
