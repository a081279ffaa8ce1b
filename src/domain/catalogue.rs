//! The catalogue: the files that people edit and review, read into entries or into *all* of their faults.
//!
//! Pure: whoever calls hands over paths and texts. Two passes. The first reads every file, one record at a time, and
//! collects on a desk what is wrong, which codes exist and which are mentioned; the second sees whether every
//! mentioned code exists. One mistake makes one fault: an entry with a fault still exists for those that name it,
//! and so do the entries of a file that cannot be read.
//!
//! | file | what it holds |
//! |---|---|
//! | `folder` | which files there are, and what each looks like |
//! | `sheet` | from CSV and TOML to fields with their places |
//! | `record`, `field`, `list`, `form` | one entry's fields: texts, words, dates, codes, lists |
//! | `desk`, `resolve` | what the first pass leaves to the second |
//! | `party` to `figure` | one concept each |
//!
//! To add a field: read it in the concept's file; in a CSV table name its column in the layout there too.
//! To add a concept: its file, with a `Layout`; a line in `folder::LAYOUTS`; a line in [`read`].

mod desk;
mod document;
mod field;
mod figure;
mod flow;
mod folder;
mod form;
mod group;
mod list;
mod meeting;
mod party;
mod practice;
mod record;
mod resolve;
mod sheet;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::civil::Date;

use self::desk::Desk;
use self::folder::Folder;
use super::entry::Entry;
use super::figure::Observation;
use super::text::Language;

/// What the files say, once they are without a fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    /// The day of the edition.
    pub edition: Date,
    /// Every entry, kind by kind in the order of [`Kind`](super::entry::Kind), each kind in the order of its file.
    pub entries: Vec<Entry>,
    /// Every figure, with the file and the line that it stands in.
    pub observations: Vec<Observation>,
}

/// One mistake in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path of the file in the catalogue.
    pub file: String,
    /// The code of the entry, or its line (`line 12`) where it has none that can be read.
    pub entry: Option<String>,
    /// The field; `legs[2].from` for the second of a list.
    pub field: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for part in [&self.entry, &self.field].into_iter().flatten() {
            write!(f, ": {part}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Reads the files of a catalogue: the path of each in it, with forward slashes, and its text.
///
/// # Errors
/// Every fault of every file, sorted by file and place.
pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Catalogue, Vec<Fault>> {
    let mut desk = Desk::default();
    let folder = Folder::sort(files, &mut desk);
    let edition = folder.edition(&mut desk);
    let language = edition.as_ref().map_or(Language::En, |edition| edition.language);
    let desk = &mut desk;

    let mut entries = Vec::new();
    entries.extend(folder.read(&party::STATES, desk, party::state).into_iter().map(Entry::State));
    entries.extend(folder.read(&party::AREAS, desk, party::area).into_iter().map(Entry::Area));
    let organisations = folder.read(&party::ORGANISATIONS, desk, |record| party::organisation(record, language));
    entries.extend(organisations.into_iter().map(Entry::Organisation));
    let groups = folder.read(&group::WORKING_GROUPS, desk, |record| group::working_group(record, language));
    entries.extend(groups.into_iter().map(Entry::WorkingGroup));
    entries.extend(folder.read(&document::DOCUMENTS, desk, document::document).into_iter().map(Entry::Document));
    entries.extend(folder.read(&document::PROVISIONS, desk, document::provision).into_iter().map(Entry::Provision));
    let routes = folder.read(&flow::ROUTES, desk, |record| flow::route(record, language));
    entries.extend(routes.into_iter().map(Entry::Route));
    entries.extend(folder.read(&meeting::MEETINGS, desk, meeting::meeting).into_iter().map(Entry::Meeting));
    let sources = folder.read(&figure::SOURCES, desk, figure::source);
    let editions = figure::Editions::new(edition.as_ref().map(|edition| edition.day), &sources);
    entries.extend(sources.into_iter().map(Entry::Source));
    entries.extend(practice::all(&folder, desk, language).into_iter().map(Entry::GoodPractice));

    let mut observations = folder.read(&figure::FLOW_FIGURES, desk, |record| figure::of_flow(record, &editions));
    observations.extend(folder.read(&figure::ROUTE_FIGURES, desk, |record| figure::of_route(record, &editions)));

    resolve::resolve(desk);
    match (desk.faults(), edition) {
        (faults, Some(edition)) if faults.is_empty() => Ok(Catalogue { edition: edition.day, entries, observations }),
        (faults, _) => Err(faults),
    }
}
