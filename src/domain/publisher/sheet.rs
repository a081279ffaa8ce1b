//! Workbooks (xlsx, xls): their sheets as rows of text, held in memory as a whole.
//!
//! `calamine` reads them. Of a workbook made to hurt it asks for memory that the file only claims to need (calamine#684)
//! or panics (#481, #612): what it claims is looked at before, so is what it unpacks to, and a panic ends as a fault.

mod packed;

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Reader, Xls, Xlsx};

use super::fault::{Fault, FaultCode, quoted};

/// A workbook may have so many bytes.
const LARGEST: u64 = 64 << 20;
/// A sheet may have so many cells; UN DESA's largest has about a million.
const MOST_CELLS: usize = 20_000_000;
/// The cells of a workbook may have so many bytes of text: a text that stands once in the file can be that of a million
/// cells. Tests of workbooks that are larger need no large workbooks.
const MOST_TEXT: usize = if cfg!(test) { 16 << 20 } else { 512 << 20 };

/// A sheet: its name, and its rows with their numbers.
pub(super) struct Sheet {
    pub name: String,
    pub rows: Vec<(u64, Vec<String>)>,
}

/// Whether a file that begins so is a workbook.
pub(super) fn is_workbook(start: &[u8]) -> bool {
    is_xls(start) || start.starts_with(b"PK\x03\x04")
}

fn is_xls(start: &[u8]) -> bool {
    start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
}

/// Reads all sheets.
pub(super) fn read(input: &mut dyn Read) -> std::io::Result<Result<Vec<Sheet>, Fault>> {
    let mut bytes = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Ok(Err(broken(&format!("it has more than {} MiB; save the sheet as CSV", LARGEST >> 20))));
    }
    if is_xls(&bytes) && !claims_what_it_has(&bytes) {
        return Ok(Err(broken("it claims more sectors than it has")));
    }
    if !is_xls(&bytes)
        && let Err(why) = packed::check(&bytes)
    {
        return Ok(Err(broken(&why)));
    }
    let sheets = catch_unwind(AssertUnwindSafe(|| if is_xls(&bytes) { old(bytes) } else { new(bytes) }));
    Ok(sheets.unwrap_or_else(|_| Err("its structure is damaged".into())).map_err(|why| broken(&why)))
}

fn broken(why: &str) -> Fault {
    Fault::of_file(FaultCode::NotATable, format!("The workbook cannot be read: {why}."))
}

/// The counts of sectors in the head of a compound file, against its length.
fn claims_what_it_has(bytes: &[u8]) -> bool {
    let number = |at: usize| bytes.get(at..at + 4).and_then(|four| Some(u32::from_le_bytes(four.try_into().ok()?))).unwrap_or(u32::MAX);
    let sectors = (bytes.len() / 512) as u64 + 1;
    [44, 64, 72].iter().all(|at| u64::from(number(*at)) <= sectors)
}

fn old(bytes: Vec<u8>) -> Result<Vec<Sheet>, String> {
    let mut book = Xls::new(Cursor::new(bytes)).map_err(|fault| fault.to_string())?;
    let names = book.sheet_names();
    let mut sheets = Vec::new();
    for name in names {
        let range = book.worksheet_range(&name).map_err(|fault| fault.to_string())?;
        if range.width().saturating_mul(range.height()) > MOST_CELLS {
            return Err(format!("the sheet {name} has too many cells"));
        }
        let first = range.start().map_or(0, |(row, _)| row);
        let left = range.start().map_or(0, |(_, column)| column as usize).min(1_024);
        let cells = |row: &[Data]| std::iter::repeat_n(String::new(), left).chain(row.iter().map(text)).collect();
        sheets.push(Sheet { rows: (u64::from(first) + 1..).zip(range.rows().map(cells)).collect(), name });
    }
    Ok(sheets)
}

/// Cell by cell: a sheet with one cell at its far corner has no room for all between.
fn new(bytes: Vec<u8>) -> Result<Vec<Sheet>, String> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|fault| fault.to_string())?;
    let names = book.sheet_names();
    let mut sheets = Vec::new();
    let (mut count, mut bytes) = (0, 0);
    for name in names {
        // A sheet of charts has no cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else { continue };
        let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
        while let Some(cell) = cells.next_cell().map_err(|fault| fault.to_string())? {
            let ((row, column), value) = (cell.get_position(), text(&Data::from(cell.get_value().clone())));
            if value.is_empty() {
                continue;
            }
            let (row, column) = (u64::from(row) + 1, column as usize);
            if rows.last().is_none_or(|(last, _)| *last != row) {
                rows.push((row, Vec::new()));
            }
            let Some((_, cells)) = rows.last_mut() else { continue };
            count += 1 + column.saturating_sub(cells.len());
            bytes += value.len();
            if count > MOST_CELLS {
                return Err(format!("it has more than {MOST_CELLS} cells; save the sheet as CSV"));
            }
            if bytes > MOST_TEXT {
                return Err(format!("its cells have more than {} MiB of text; save the sheet as CSV", MOST_TEXT >> 20));
            }
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            if let Some(place) = cells.get_mut(column) {
                *place = value;
            }
        }
        sheets.push(Sheet { name, rows });
    }
    Ok(sheets)
}

/// A cell as text: whole numbers without a point, others in the fewest digits that say them, days as 2023-05-10.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.trim().to_owned(),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(day) => serial_day(day.as_f64()).unwrap_or_else(|| day.as_f64().to_string()),
        Data::Error(error) => error.to_string(),
    }
}

/// Days since the end of 1899, as workbooks count them.
fn serial_day(serial: f64) -> Option<String> {
    if !(61.0..100_000.0).contains(&serial) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was looked at above")]
    let days = serial.floor() as i32;
    let day = jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    Some(day.to_string())
}

#[cfg(test)]
mod tests {
    use super::packed::tests::packed;
    use super::*;

    /// A workbook of one sheet, whose shared texts and rows are given as XML.
    fn workbook(texts: &str, rows: &str) -> Vec<u8> {
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let rels = "http://schemas.openxmlformats.org/package/2006/relationships";
        packed(&[
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{rels}\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                )
                .as_bytes(),
            ),
            (
                "xl/workbook.xml",
                format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"A\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>").as_bytes(),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships xmlns=\"{rels}\">\
                     <Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
                )
                .as_bytes(),
            ),
            ("xl/sharedStrings.xml", format!("<sst xmlns=\"{main}\">{texts}</sst>").as_bytes()),
            ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>").as_bytes()),
        ])
    }

    fn refusal(bytes: &[u8]) -> String {
        read(&mut &*bytes).unwrap().err().map(|fault| fault.message).unwrap_or_default()
    }

    #[test]
    fn a_text_that_is_that_of_many_cells_is_counted_for_each() {
        let text = format!("<si><t>{}</t></si>", "x".repeat(30_000));
        let rows = |count: usize| (1..=count).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>")).collect::<Vec<_>>().concat();
        let sheets = read(&mut &*workbook(&text, &rows(3))).unwrap().unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!((sheets[0].rows.len(), sheets[0].rows[0].1[0].len()), (3, 30_000));
        let bomb = workbook(&text, &rows(1_000));
        assert!(bomb.len() < 20_000, "{}", bomb.len());
        assert!(refusal(&bomb).contains("more than 16 MiB of text"), "{}", refusal(&bomb));
    }
}
