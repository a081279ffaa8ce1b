//! What the first pass leaves behind: faults, the codes that exist, the codes that are mentioned.
//!
//! A code may exist although it was not read: its file is missing, or broken, or its entry's code has a fault.
//! The [`Shelf`] of a kind remembers this, so that the second pass does not blame those who mention it.

use std::collections::{BTreeMap, BTreeSet};

use super::Fault;
use crate::domain::document::ProvisionKind;
use crate::domain::entry::Kind;

/// Where something stands.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// The file.
    pub file: &'a str,
    /// The byte in it; for the order of faults alone.
    pub at: usize,
    /// The entry's code, or its line.
    pub entry: Option<String>,
    /// The field.
    pub field: Option<String>,
}

/// A code that one entry says of another.
#[derive(Debug)]
pub(super) struct Mention<'a> {
    /// Where it says so.
    pub place: Place<'a>,
    /// The code.
    pub code: String,
    /// What must have that code.
    pub wanted: Wanted,
}

/// What a code must be the code of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A state.
    State,
    /// A state or an organisation.
    Party,
    /// A state or an area.
    Point,
    /// One of the points that these legs touch.
    LegPoint(Vec<String>),
    /// A working group.
    WorkingGroup,
    /// A document.
    Document,
    /// A route.
    Route,
    /// A meeting.
    Meeting,
    /// A source.
    Source,
    /// An activity of the Declaration, as a whole.
    Activity,
    /// A thematic area of the Declaration.
    ThematicArea,
    /// A priority goal of this document.
    Goal(Option<String>),
    /// Any provision of this document.
    Provision(Option<String>),
}

/// The codes of one kind.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Those that were read.
    pub codes: BTreeSet<String>,
    /// The file is not there: any code may exist.
    pub missing: bool,
    /// Texts that could not be read as a whole: a code that stands in one may exist.
    pub broken: Vec<String>,
    /// Entries whose code cannot be used: each hides a code that may exist.
    pub lost: Vec<Lost>,
}

/// Why a code cannot be used.
#[derive(Debug)]
pub(super) enum Lost {
    /// It was written so, which is no code.
    Malformed(String),
    /// There is none.
    Unwritten,
    /// Another entry has it too; so perhaps nothing is lost.
    Repeated,
}

/// As much of a provision as others need to name it.
#[derive(Debug)]
pub(super) struct Passage {
    /// None where it cannot be read.
    pub document: Option<String>,
    /// Its number.
    pub reference: String,
    /// None where it cannot be read.
    pub kind: Option<ProvisionKind>,
    /// What it is part of.
    pub parent: Option<String>,
}

/// An entry that is part of another of its family.
#[derive(Debug)]
pub(super) struct Descent<'a> {
    /// Where it says so.
    pub place: Place<'a>,
    /// The groups, or the provisions of one document.
    pub family: String,
    /// The code of the part.
    pub child: String,
    /// The code of the whole.
    pub parent: String,
}

/// Where the first pass puts what it finds.
#[derive(Debug, Default)]
pub(super) struct Desk<'a> {
    found: Vec<(&'a str, usize, Fault)>,
    shelves: BTreeMap<Kind, Shelf>,
    taken: BTreeMap<(String, String), String>,
    /// Every code that an entry says of another.
    pub mentions: Vec<Mention<'a>>,
    /// Every provision.
    pub passages: Vec<Passage>,
    /// Every entry that is part of another.
    pub descents: Vec<Descent<'a>>,
}

impl<'a> Desk<'a> {
    /// Notes a fault.
    pub fn fault(&mut self, place: Place<'a>, message: impl Into<String>) {
        let Place { file, at, entry, field } = place;
        self.found.push((file, at, Fault { file: file.to_owned(), entry, field, message: message.into() }));
    }

    /// Notes a fault of a file as a whole.
    pub fn file_fault(&mut self, file: &'a str, message: impl Into<String>) {
        self.fault(Place { file, at: 0, entry: None, field: None }, message);
    }

    /// All faults, by file and place.
    pub fn faults(&mut self) -> Vec<Fault> {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        found.into_iter().map(|(_, _, fault)| fault).collect()
    }

    /// The codes of that kind.
    pub fn shelf(&mut self, kind: Kind) -> &mut Shelf {
        self.shelves.entry(kind).or_default()
    }

    /// The codes of that kind, to read; none where no file of that kind was seen.
    pub fn shelf_of(&self, kind: Kind) -> Option<&Shelf> {
        self.shelves.get(&kind)
    }

    /// Takes a value that only one may have; says who has it where it is taken.
    pub fn take(&mut self, space: &str, value: &str, by: &str) -> Option<String> {
        use std::collections::btree_map::Entry;
        match self.taken.entry((space.to_owned(), value.to_owned())) {
            Entry::Occupied(taken) => Some(taken.get().clone()),
            Entry::Vacant(free) => {
                free.insert(by.to_owned());
                None
            }
        }
    }
}
