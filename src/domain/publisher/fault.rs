//! What is wrong in a publisher's file: where, what, and what would be right.

use std::fmt;

/// What sort of mistake it is; the names are fixed, programs read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is what its name says; the message says the rest")]
pub enum FaultCode {
    NumberOutOfRange,
    NotANumber,
    NotAnInteger,
    NegativeCount,
    DuplicateKey,
    EmptyFile,
    CellTooLong,
    BadPeriod,
    ControlCharacter,
    UnclosedQuote,
    NotUtf8,
    HeaderMismatch,
    UnknownCode,
    WrongCellCount,
    NotATable,
}

impl FaultCode {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NumberOutOfRange => "number_out_of_range",
            Self::NotANumber => "not_a_number",
            Self::NotAnInteger => "not_an_integer",
            Self::NegativeCount => "negative_count",
            Self::DuplicateKey => "duplicate_key",
            Self::EmptyFile => "empty_file",
            Self::CellTooLong => "cell_too_long",
            Self::BadPeriod => "bad_period",
            Self::ControlCharacter => "control_character",
            Self::UnclosedQuote => "unclosed_quote",
            Self::NotUtf8 => "not_utf8",
            Self::HeaderMismatch => "header_mismatch",
            Self::UnknownCode => "unknown_code",
            Self::WrongCellCount => "wrong_cell_count",
            Self::NotATable => "not_a_table",
        }
    }
}

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What sort it is.
    pub code: FaultCode,
    /// The line of the file, from 1; of a workbook, the row of its sheet.
    pub line: Option<u64>,
    /// The other line, where two contradict each other.
    pub other_line: Option<u64>,
    /// The row of data after the header, from 1; none where the file as a whole is meant.
    pub row: Option<u64>,
    /// The column.
    pub column: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Fault {
    /// A fault of the file as a whole.
    pub(super) fn of_file(code: FaultCode, message: impl Into<String>) -> Self {
        Self { code, line: None, other_line: None, row: None, column: None, message: message.into() }
    }

    /// With the line where it shows.
    pub(super) fn at(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(row) = self.row {
                write!(f, " (row {row})")?;
            }
            f.write_str(": ")?;
        }
        if let Some(column) = &self.column {
            write!(f, "{column}: ")?;
        }
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

/// A text of a file as part of a sentence: short, on one line, without what could move the cursor.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

/// Faults, the first ones in full and the others as a number: a file of a gigabyte may have nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first ones.
    pub told: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

impl Faults {
    /// So many are told in full.
    const MOST: usize = 10_000;

    pub(super) fn push(&mut self, fault: Fault) {
        if self.told.len() < Self::MOST { self.told.push(fault) } else { self.more += 1 }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.told.len() as u64 + self.more
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self { told: vec![fault], more: 0 }
    }
}
