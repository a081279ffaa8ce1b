//! From bytes to rows of cells, one row at a time and with little memory, whatever the file's size.
//!
//! The lines are cut here and the cells by `csv_core`: the reader above it closes a quotation mark that nobody closed
//! and reads on to the end of the file (rust-csv#252, #289), counts lines past empty ones wrongly, and has no limits.

use std::io::{self, BufRead};

use super::fault::{Fault, FaultCode, quoted};

/// A cell may have so many bytes.
pub(super) const LONGEST_CELL: usize = 4_096;
/// A row may have so many bytes, and no more of a file is held at once.
const LONGEST_ROW: usize = 1 << 20;
/// A row may have so many cells.
const MOST_CELLS: usize = 4_096;

/// One row: its line in the file and its cells.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The line where it begins, from 1.
    pub line: u64,
    text: String,
    ends: Vec<usize>,
}

impl Record {
    /// The cell of that column; nothing beyond the last.
    pub fn cell(&self, column: usize) -> &str {
        let start = column.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        start.zip(self.ends.get(column)).and_then(|(start, end)| self.text.get(start..*end)).unwrap_or_default()
    }

    /// How many cells it has.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Its cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.cell(column))
    }

    /// Makes it a row of those cells.
    pub fn fill<'a>(&mut self, line: u64, cells: impl Iterator<Item = &'a str>) {
        self.line = line;
        self.text.clear();
        self.ends.clear();
        for cell in cells {
            self.text.push_str(cell);
            self.ends.push(self.text.len());
        }
    }
}

/// What came of asking for the next row.
#[derive(Debug)]
pub(super) enum Next {
    /// A row.
    Row,
    /// There is none.
    End,
    /// This row cannot be read; the next may be.
    Broken(Fault),
    /// Nothing that follows can be read.
    Lost(Fault),
}

/// Where the cutting of a line stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    Closed,
}

/// The rows of a text file.
pub(super) struct Lines<R> {
    input: R,
    /// The number of the line that comes next.
    line: u64,
    separator: u8,
    /// Bytes that are no UTF-8 are Windows-1252: a layout said so.
    pub windows_1252: bool,
    raw: Vec<u8>,
    cells: Vec<u8>,
    core: csv_core::Reader,
}

impl<R: BufRead> Lines<R> {
    /// Rows of that input, whose cells are parted by commas.
    pub fn new(input: R) -> Self {
        Self { input, line: 1, separator: b',', windows_1252: false, raw: Vec::new(), cells: Vec::new(), core: csv_core::Reader::new() }
    }

    /// Reads the next row that is not empty.
    pub fn next(&mut self, record: &mut Record) -> io::Result<Next> {
        loop {
            let start = self.line;
            match self.cut()? {
                Cut::End => return Ok(Next::End),
                Cut::Broken(fault) => return Ok(Next::Broken(fault)),
                Cut::Lost(fault) => return Ok(Next::Lost(fault)),
                Cut::Line if self.raw.iter().all(u8::is_ascii_whitespace) => {}
                Cut::Line => return Ok(self.take_apart(start, record)),
            }
        }
    }

    /// Reads the bytes of one row, which may run over lines inside of quotation marks.
    fn cut(&mut self) -> io::Result<Cut> {
        self.raw.clear();
        let start = self.line;
        let (mut state, mut opened, mut stray) = (State::CellStart, start, None);
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => continue,
                Err(fault) => return Err(fault),
            };
            if chunk.is_empty() {
                return Ok(match state {
                    State::Quoted => Cut::Lost(unclosed(opened, "the file ends before it is closed")),
                    _ if self.raw.is_empty() => Cut::End,
                    _ => stray.map_or(Cut::Line, Cut::Broken),
                });
            }
            let mut used = 0;
            let mut done = false;
            for &byte in chunk {
                used += 1;
                if byte == b'\n' {
                    self.line += 1;
                    if state != State::Quoted {
                        done = true;
                        break;
                    }
                }
                state = match (state, byte) {
                    (State::CellStart, b'"') => {
                        opened = self.line;
                        State::Quoted
                    }
                    (State::Quoted, b'"') | (State::Closed, b'\r') => State::Closed,
                    (State::Quoted, _) | (State::Closed, b'"') => State::Quoted,
                    (_, byte) if byte == self.separator => State::CellStart,
                    (State::Closed, _) => {
                        stray.get_or_insert_with(|| unclosed(opened, "text follows where it is closed; inside of \"…\" a quotation mark is written twice"));
                        State::Plain
                    }
                    (State::CellStart | State::Plain, _) => State::Plain,
                };
                self.raw.push(byte);
            }
            self.input.consume(used);
            if done {
                return Ok(stray.map_or(Cut::Line, Cut::Broken));
            }
            if self.raw.len() > LONGEST_ROW {
                return Ok(Cut::Lost(if state == State::Quoted {
                    unclosed(opened, "a megabyte follows without its end")
                } else {
                    Fault::of_file(FaultCode::CellTooLong, format!("A row of more than {LONGEST_ROW} bytes: lines end with a line feed.")).at(start)
                }));
            }
        }
    }

    /// From the bytes of a row to its cells.
    fn take_apart(&mut self, line: u64, record: &mut Record) -> Next {
        if self.raw.last() == Some(&b'\r') {
            self.raw.pop();
        }
        self.core.reset();
        self.cells.resize(self.raw.len() + 8, 0);
        record.ends.resize(MOST_CELLS.min(self.raw.split(|byte| *byte == self.separator).count() + 1), 0);
        let (mut read, mut written, mut ended) = (0, 0, 0);
        let count = loop {
            let (result, r, w, e) = {
                let input = self.raw.get(read..).unwrap_or_default();
                let (Some(output), Some(ends)) = (self.cells.get_mut(written..), record.ends.get_mut(ended..)) else { break None };
                self.core.read_record(input, output, ends)
            };
            (read, written, ended) = (read + r, written + w, ended + e);
            match result {
                // Asking again with nothing left tells it that the row is at its end.
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::Record => break Some(ended),
                _ => break None,
            }
        };
        let Some(count) = count else {
            record.ends.clear();
            return Next::Broken(Fault::of_file(FaultCode::WrongCellCount, format!("A row of more than {MOST_CELLS} cells.")).at(line));
        };
        record.ends.truncate(count);
        self.decode(line, written, record)
    }

    fn decode(&self, line: u64, written: usize, record: &mut Record) -> Next {
        record.line = line;
        record.text.clear();
        let bytes = self.cells.get(..written).unwrap_or_default();
        if let Ok(text) = std::str::from_utf8(bytes)
            && record.ends.iter().all(|end| text.is_char_boundary(*end))
        {
            record.text.push_str(text);
            return Next::Row;
        }
        let mut start = 0;
        for (column, end) in record.ends.iter_mut().enumerate() {
            let cell = bytes.get(start..*end).unwrap_or_default();
            start = *end;
            match std::str::from_utf8(cell) {
                Ok(text) => record.text.push_str(text),
                Err(_) if self.windows_1252 => record.text.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0),
                Err(_) => {
                    let message = format!(
                        "Cell {} holds bytes that are no UTF-8: {}. Save the file as CSV in UTF-8.",
                        column + 1,
                        quoted(&String::from_utf8_lossy(cell))
                    );
                    return Next::Broken(Fault::of_file(FaultCode::NotUtf8, message).at(line));
                }
            }
            *end = record.text.len();
        }
        Next::Row
    }
}

/// How the cutting of a row ended.
enum Cut {
    Line,
    End,
    Broken(Fault),
    Lost(Fault),
}

fn unclosed(line: u64, why: &str) -> Fault {
    Fault::of_file(FaultCode::UnclosedQuote, format!("A quotation mark that opens here is not closed as it should be: {why}.")).at(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(io::BufReader::with_capacity(7, bytes));
        let (mut record, mut all) = (Record::default(), Vec::new());
        loop {
            match lines.next(&mut record).expect("no fault of the system") {
                Next::Row => all.push(format!("{}:{}", record.line, record.cells().collect::<Vec<_>>().join("|"))),
                Next::End => return all,
                Next::Broken(fault) => all.push(fault.to_string()),
                Next::Lost(fault) => {
                    all.push(fault.to_string());
                    return all;
                }
            }
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        assert_eq!(read(b"a,b\r\n\r\n\n1,\"x\ny\"\n2,\"\"\"z\"\",\"\n,"), ["1:a|b", "4:1|x\ny", "6:2|\"z\",", "7:|"]);
        assert_eq!(read(b""), Vec::<String>::new());
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_told_with_the_line_where_it_opened() {
        let told = read(b"a,b\n1,\"x\n2,y\n");
        assert_eq!(told[0], "1:a|b");
        assert!(told[1].starts_with("line 2: unclosed_quote: "), "{told:?}");
        let told = read(b"a,b\n1,\"x,\"y\n2,z\n");
        assert!(told[1].starts_with("line 2: unclosed_quote: ") && told[2] == "3:2|z", "the next row can be read: {told:?}");
        let mut endless = b"a\n\"".to_vec();
        endless.resize(3 << 20, b'x');
        assert!(read(&endless)[1].contains("megabyte"));
    }

    #[test]
    fn bytes_that_are_no_text_are_told_unless_the_layout_is_older_than_utf8() {
        assert!(read(b"a\nS\xe3o\n")[1].starts_with("line 2: not_utf8: "));
        let mut lines = Lines::new(&b"S\xe3o,b\nT\xc3\xbcrkiye,c\n"[..]);
        lines.windows_1252 = true;
        let mut record = Record::default();
        lines.next(&mut record).expect("read");
        assert_eq!((record.cell(0), record.cell(1)), ("São", "b"));
        lines.next(&mut record).expect("read");
        assert_eq!((record.cell(0), record.cell(1), record.cell(2)), ("Türkiye", "c", ""));
    }
}
