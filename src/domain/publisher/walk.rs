//! One walk over a file: from its bytes to the rows of the layout that its header tells.

use std::io::{self, BufRead, BufReader, Read};

use sha2::{Digest, Sha256};

use super::Publisher;
use super::fact::Yield;
use super::fault::{Fault, FaultCode, quoted};
use super::header::{Header, Mismatch, Rows, tidy};
use super::record::{LONGEST_CELL, Lines, Next, Record};
use super::sheet::{self, Sheet};

/// A preamble may have so many rows; the longest known has 14.
const LONGEST_PREAMBLE: usize = 64;

/// What came of a walk.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Why the file as a whole cannot be read, or not to its end.
    pub lost: Option<Fault>,
    /// How many rows of data there are.
    pub rows: u64,
    /// Columns that the layout does not know.
    pub unknown: Vec<String>,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The name of the sheet, of a workbook.
    pub sheet: Option<String>,
}

/// Looks at what a row gave; `false` ends the walk.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&mut Yield) -> bool;

/// Walks over a file. The rows of an earlier walk go on with what they learned there.
pub(super) fn walk(
    publisher: Publisher,
    input: &mut dyn Read,
    rows: &mut Option<Box<dyn Rows>>,
    leave: &dyn Fn(u64) -> bool,
    visit: Visit<'_>,
) -> io::Result<Walked> {
    let mut hashed = Hashed { input, hasher: Sha256::new() };
    let mut buffered = BufReader::with_capacity(1 << 16, &mut hashed);
    let mut walker = Walker { publisher, rows, leave, visit, walked: Walked::default(), out: Yield::default() };
    let start = beginning(&mut buffered)?;
    match start {
        Start::Refused(fault) => walker.walked.lost = Some(fault),
        Start::Workbook => match sheet::read(&mut buffered)? {
            Ok(sheets) => walker.sheets(sheets),
            Err(fault) => walker.walked.lost = Some(fault),
        },
        Start::Text => {
            let mut lines = Lines::new(&mut buffered);
            walker.text(&mut lines)?;
        }
    }
    let mut came_to = walker.walked;
    // The checksum is that of the whole file, wherever the walk ended.
    io::copy(&mut buffered, &mut io::sink())?;
    drop(buffered);
    came_to.sha256 = data_encoding::HEXLOWER.encode(&hashed.hasher.finalize());
    Ok(came_to)
}

/// Counts what is read towards the checksum.
struct Hashed<'a> {
    input: &'a mut dyn Read,
    hasher: Sha256,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// What a file is, by its first bytes.
enum Start {
    Text,
    Workbook,
    Refused(Fault),
}

fn beginning(input: &mut impl BufRead) -> io::Result<Start> {
    let start = input.fill_buf()?;
    let refused = |code, message: &str| Ok(Start::Refused(Fault::of_file(code, message)));
    if sheet::is_workbook(start) {
        return Ok(Start::Workbook);
    }
    let utf16 = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) || start.iter().take(64).any(|byte| *byte == 0);
    if utf16 {
        return refused(FaultCode::NotUtf8, "The file is in UTF-16: save it as CSV in UTF-8.");
    }
    if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    let start = input.fill_buf()?.trim_ascii_start();
    match start.first() {
        Some(b'<') => refused(FaultCode::NotATable, "This is a page or a document with marks (HTML, XML), not a table: the download went wrong."),
        Some(b'{') => refused(FaultCode::NotATable, "This is JSON: download the table as CSV."),
        _ => Ok(Start::Text),
    }
}

struct Walker<'a> {
    publisher: Publisher,
    rows: &'a mut Option<Box<dyn Rows>>,
    leave: &'a dyn Fn(u64) -> bool,
    visit: Visit<'a>,
    walked: Walked,
    out: Yield,
}

/// The columns of the table, once its header is found.
struct Found {
    names: Vec<String>,
    unknown: Vec<String>,
}

/// The search for a header.
#[derive(Default)]
struct Search {
    above: Vec<Vec<String>>,
    nearest: Option<(Mismatch, u64)>,
}

impl Search {
    /// Whether that row is a header of the publisher.
    fn look(&mut self, publisher: Publisher, record: &Record) -> Option<(Box<dyn Rows>, Found)> {
        let names: Vec<String> = record.cells().map(tidy).collect();
        for layout in publisher.layouts() {
            let header = Header { names: &names, above: &self.above, unknown: std::cell::RefCell::default() };
            match layout(&header) {
                Ok(rows) => {
                    let unknown = header.unknown.take();
                    return Some((rows, Found { names, unknown }));
                }
                Err(mismatch) if self.nearest.as_ref().is_none_or(|(nearest, _)| mismatch.found > nearest.found) => {
                    self.nearest = Some((mismatch, record.line));
                }
                Err(_) => {}
            }
        }
        self.above.push(names);
        None
    }

    /// There is no header: what was expected and what was found.
    fn fault(self) -> Fault {
        match self.nearest {
            None => Fault::of_file(FaultCode::EmptyFile, "The file is empty."),
            Some((mut mismatch, line)) => {
                let semicolons = self.above.iter().flatten().any(|name| name.matches(';').count() > 2);
                let tabs = self.above.len() > 1 && mismatch.found == 0;
                if semicolons {
                    mismatch.note = Some("The cells are parted by semicolons: save the file as CSV with commas.".into());
                } else if tabs && mismatch.note.is_none() {
                    mismatch.note = Some(format!("The first row is {}.", quoted(&self.above.first().map(|row| row.join(",")).unwrap_or_default())));
                }
                mismatch.fault(line)
            }
        }
    }
}

impl Walker<'_> {
    fn text(&mut self, lines: &mut Lines<impl BufRead>) -> io::Result<()> {
        let (mut record, mut search) = (Record::default(), Search::default());
        let found = loop {
            match lines.next(&mut record)? {
                Next::Row => {}
                Next::End => break None,
                Next::Broken(fault) | Next::Lost(fault) => {
                    self.walked.lost = Some(fault);
                    return Ok(());
                }
            }
            if let Some((rows, found)) = search.look(self.publisher, &record) {
                break Some(self.begin(rows, found));
            }
            if search.above.len() >= LONGEST_PREAMBLE {
                break None;
            }
        };
        let Some(names) = found else {
            self.walked.lost = Some(search.fault());
            return Ok(());
        };
        lines.windows_1252 = self.rows.as_ref().is_some_and(|rows| rows.windows_1252());
        loop {
            let go_on = match lines.next(&mut record)? {
                Next::End => break,
                Next::Row => self.row(&record, &names, true),
                Next::Broken(fault) => {
                    self.next_row(fault.line.unwrap_or_default());
                    self.out.faults.push(Fault { row: Some(self.walked.rows), ..fault });
                    (self.visit)(&mut self.out)
                }
                Next::Lost(fault) => {
                    self.walked.lost = Some(fault);
                    return Ok(());
                }
            };
            if !go_on {
                return Ok(());
            }
        }
        self.end();
        Ok(())
    }

    /// The first sheet that has a header is the table.
    fn sheets(&mut self, sheets: Vec<Sheet>) {
        let mut record = Record::default();
        let mut nearest: Option<Search> = None;
        for sheet in sheets {
            let mut search = Search::default();
            let mut rows = sheet.rows.into_iter();
            for (line, cells) in rows.by_ref().take(LONGEST_PREAMBLE) {
                record.fill(line, cells.iter().map(String::as_str));
                if let Some((table, found)) = search.look(self.publisher, &record) {
                    let names = self.begin(table, found);
                    self.walked.sheet = Some(sheet.name);
                    for (line, cells) in rows {
                        record.fill(line, cells.iter().map(String::as_str));
                        if record.cells().any(|cell| !cell.is_empty()) && !self.row(&record, &names, false) {
                            return;
                        }
                    }
                    self.end();
                    return;
                }
            }
            let found = |search: &Search| search.nearest.as_ref().map_or(0, |(mismatch, _)| mismatch.found);
            if nearest.as_ref().is_none_or(|nearest| found(&search) > found(nearest)) {
                nearest = Some(search);
            }
        }
        self.walked.lost = Some(nearest.unwrap_or_default().fault());
    }

    fn begin(&mut self, rows: Box<dyn Rows>, found: Found) -> Vec<String> {
        self.walked.unknown = found.unknown;
        match self.rows {
            Some(known) => known.rewind(),
            None => *self.rows = Some(rows),
        }
        found.names
    }

    fn next_row(&mut self, line: u64) {
        self.walked.rows += 1;
        self.out.start(line, self.walked.rows);
    }

    /// Looks at every cell of a row and, if all are sound, has it read.
    fn row(&mut self, record: &Record, names: &[String], is_text: bool) -> bool {
        if is_footer(record) {
            return true;
        }
        self.next_row(record.line);
        if (self.leave)(self.walked.rows) {
            return true;
        }
        let (have, want) = (record.len(), names.len());
        let beyond = record.cells().skip(want).any(|cell| !cell.is_empty());
        if (is_text && have < want) || beyond {
            let message = format!("The row has {have} cells where the header has {want}: a text with a comma stands in \"…\".");
            self.out.wrong(names.first().map_or("", String::as_str), (FaultCode::WrongCellCount, message));
        }
        for (column, cell) in record.cells().enumerate() {
            if let Some(wrong) = unsound(cell) {
                self.out.wrong(names.get(column).map_or("", String::as_str), wrong);
            }
        }
        if self.out.faults.is_empty()
            && let Some(rows) = self.rows
        {
            rows.row(record, &mut self.out);
        }
        (self.visit)(&mut self.out)
    }

    fn end(&mut self) {
        if let Some(rows) = self.rows {
            self.out.start(0, 0);
            rows.end(&mut self.out);
            (self.visit)(&mut self.out);
        }
    }
}

/// What the World Bank writes below its tables.
fn is_footer(record: &Record) -> bool {
    let first = record.cell(0);
    (first.starts_with("Data from database:") || first.starts_with("Last Updated:")) && record.cells().skip(1).all(str::is_empty)
}

/// Why a cell cannot be what it seems.
fn unsound(cell: &str) -> Option<super::number::Wrong> {
    if cell.len() > LONGEST_CELL {
        return Some((FaultCode::CellTooLong, format!("A cell of {} bytes, {}: at most {LONGEST_CELL} are read.", cell.len(), quoted(cell))));
    }
    let hidden = cell.chars().find(|c| match c {
        '\t' | '\n' | '\r' => false,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' => true,
        c => c.is_control(),
    });
    hidden.map(|c| (FaultCode::ControlCharacter, format!("{} holds a character that is not seen, U+{:04X}: take it out.", quoted(cell), u32::from(c))))
}
