//! What came of an import, for the one who asked for it.

use std::fmt;

use jiff::civil::Date;

use crate::domain::entry::Kind;
use crate::store::row::Written;

/// What people call an entry: its kind and its code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The kind.
    pub kind: Kind,
    /// The code, unique among its kind.
    pub code: String,
}

impl Name {
    pub(in crate::store) fn of(written: &Written) -> Self {
        Self { kind: written.kind, code: written.code.clone() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.code)
    }
}

/// What came of the figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FigureReport {
    /// Were not there yet.
    pub added: usize,
    /// Say something else now.
    pub updated: usize,
    /// Are as they were.
    pub unchanged: usize,
    /// No longer in the catalogue, and kept.
    pub kept_removed: usize,
    /// No longer in the catalogue, and removed.
    pub removed: usize,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// The edition of the catalogue.
    pub edition: Date,
    /// The revision of the database now.
    pub revision: u64,
    /// Were not there yet.
    pub added: Vec<Name>,
    /// Say something else now.
    pub updated: Vec<Name>,
    /// Are as they were.
    pub unchanged: usize,
    /// No longer in the catalogue, and kept: nobody asked to prune, or what was changed through the API names them.
    pub kept_removed: Vec<Name>,
    /// No longer in the catalogue, and removed.
    pub removed: Vec<Name>,
    /// Changed through the API, and so kept, though the catalogue says otherwise or no longer has them.
    pub kept_changed: Vec<Name>,
    /// What came of the figures.
    pub figures: FigureReport,
}

impl ImportReport {
    pub(super) const fn of(edition: Date) -> Self {
        let figures = FigureReport { added: 0, updated: 0, unchanged: 0, kept_removed: 0, removed: 0 };
        Self {
            edition,
            revision: 0,
            added: Vec::new(),
            updated: Vec::new(),
            unchanged: 0,
            kept_removed: Vec::new(),
            removed: Vec::new(),
            kept_changed: Vec::new(),
            figures,
        }
    }

    pub(super) fn sort(&mut self) {
        for names in [&mut self.added, &mut self.updated, &mut self.kept_removed, &mut self.removed, &mut self.kept_changed] {
            names.sort_unstable();
        }
    }

    /// Whether the database is another than before.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        let figures = self.figures;
        !(self.added.is_empty() && self.updated.is_empty() && self.removed.is_empty()) || figures.added + figures.updated + figures.removed > 0
    }
}

impl fmt::Display for ImportReport {
    /// A line of numbers, then a line for each entry that is not as the catalogue has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { edition, added, updated, unchanged, removed, figures, .. } = self;
        write!(f, "Catalogue of {edition}: {} new, {} changed, {unchanged} unchanged, {} removed.", entries(added.len()), updated.len(), removed.len())?;
        write!(f, "\nFigures: {} new, {} changed, {} unchanged, {} removed.", figures.added, figures.updated, figures.unchanged, figures.removed)?;
        for name in &self.kept_removed {
            write!(f, "\n{name}: no longer in the catalogue; kept, --prune removes it unless something needs it.")?;
        }
        for name in &self.kept_changed {
            write!(f, "\n{name}: changed through the API; kept as it is, not as the catalogue has it.")?;
        }
        match figures.kept_removed {
            0 => Ok(()),
            1 => write!(f, "\nOne figure is no longer in the catalogue; kept, --prune removes it."),
            count => write!(f, "\n{count} figures are no longer in the catalogue; kept, --prune removes them."),
        }
    }
}

fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}
