//! Headers: a layout is known by the names of its columns, wherever they stand, and never by a line number.

use super::fact::{Origin, Yield};
use super::fault::{Fault, FaultCode, quoted};
use super::record::Record;

/// What reads the rows of a table whose header was recognised.
pub(super) trait Rows: Send {
    /// Reads one row.
    fn row(&mut self, record: &Record, out: &mut Yield);
    /// What is known only after the last row, such as sums.
    fn end(&mut self, _out: &mut Yield) {}
    /// Where its figures come from; asked after the last row.
    fn origin(&self) -> Origin;
    /// Whether bytes that are no UTF-8 are Windows-1252.
    fn windows_1252(&self) -> bool {
        false
    }
    /// Forgets what was summed up, for another walk over the same file.
    fn rewind(&mut self) {}
}

/// Why a header is not that of a layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// How many columns it has that the layout needs: the nearest layout is told.
    pub found: usize,
    /// The name of the layout.
    pub layout: &'static str,
    /// Columns that it needs and the header does not have.
    pub missing: Vec<String>,
    /// Columns of the header that it does not know.
    pub unexpected: Vec<String>,
    /// What else is wrong.
    pub note: Option<String>,
}

impl Mismatch {
    /// As a fault of the file.
    pub fn fault(&self, line: u64) -> Fault {
        let list = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let mut message = format!("The columns are not those of {}.", self.layout);
        if !self.missing.is_empty() {
            message.extend([" Missing: ", &list(&self.missing), "."]);
        }
        if !self.unexpected.is_empty() {
            message.extend([" Unexpected: ", &list(&self.unexpected), "."]);
        }
        if let Some(note) = &self.note {
            message.push(' ');
            message.push_str(note);
        }
        Fault::of_file(FaultCode::HeaderMismatch, message).at(line)
    }
}

/// A row that may be a header, and the rows above it.
pub(super) struct Header<'a> {
    /// The names of the columns, as written but for blanks around and in a row.
    pub names: &'a [String],
    /// What stands above: preambles say where a file comes from.
    pub above: &'a [Vec<String>],
    /// Columns that the layout that takes it does not know: told, and not read.
    pub unknown: std::cell::RefCell<Vec<String>>,
}

/// A column that a layout knows: its names, the usual one first.
pub(super) type Names = &'static [&'static str];

impl Header<'_> {
    /// The column of one of these names; exactly so written, else whatever the case.
    pub fn find(&self, names: Names) -> Option<usize> {
        let exact = self.names.iter().position(|column| names.contains(&column.as_str()));
        exact.or_else(|| self.names.iter().position(|column| names.iter().any(|name| name.eq_ignore_ascii_case(column))))
    }

    /// Whether a column has one of these names.
    pub fn has(&self, names: Names) -> bool {
        self.find(names).is_some()
    }

    /// The name of a column.
    pub fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// Compares with what a layout needs and knows.
    pub fn compare(&self, layout: &'static str, needed: &[Names], known: &dyn Fn(&str) -> bool) -> Result<(), Mismatch> {
        let (there, missing): (Vec<Names>, Vec<Names>) = needed.iter().partition(|names| self.has(names));
        let is_needed = |column: &String| needed.iter().any(|names| names.iter().any(|name| name.eq_ignore_ascii_case(column)));
        let unexpected: Vec<String> = self.names.iter().filter(|column| !column.is_empty() && !is_needed(column) && !known(column)).cloned().collect();
        let twice = needed.iter().flat_map(|names| names.iter()).find(|name| self.names.iter().filter(|column| column == name).count() > 1);
        let note = twice.map(|name| format!("Two columns are called {}: one may be.", quoted(name)));
        if missing.is_empty() && note.is_none() {
            *self.unknown.borrow_mut() = unexpected;
            return Ok(());
        }
        let missing = missing.iter().filter_map(|names| names.first().map(|name| (*name).to_owned())).collect();
        Err(Mismatch { found: there.len(), layout, missing, unexpected, note })
    }

    /// The cell to the right of the one that is so called, somewhere above.
    pub fn above(&self, label: &str) -> Option<&str> {
        self.above.iter().find_map(|row| {
            let mut cells = row.iter().skip_while(|cell| !cell.trim_end_matches(':').eq_ignore_ascii_case(label));
            cells.next()?;
            cells.next().map(String::as_str)
        })
    }
}

/// The name of a column without blanks around it, and with one blank where there are more or a line ends.
pub(super) fn tidy(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
