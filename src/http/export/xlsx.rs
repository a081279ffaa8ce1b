//! A workbook, written while it goes out: a sheet of rows, and a sheet that says what they are and whose.
//!
//! Our own few lines of XML in a ZIP archive that needs no going back, as the libraries for workbooks (`rust_xlsxwriter`
//! and others) have the whole of it in memory or in a file before the first byte leaves. Texts stand in their cells
//! (`inlineStr`): a table of shared texts would have to be known at the end.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::graphql::export::{Cell, Page, written};

use super::table::{Sources, Table, harmless};

/// Rows of a sheet, the names apart.
pub const MOST_ROWS: u64 = 1_048_575;
/// Characters of a cell, as Excel counts them.
const MOST_TEXT: usize = 32_767;
/// Characters of a sheet's name, likewise.
const MOST_NAME: usize = 31;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

const PARTS: [(&str, &str); 4] = [
    (
        "[Content_Types].xml",
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
         <Override PartName=\"/xl/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml\"/>\
         <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>\
         <Override PartName=\"/xl/worksheets/sheet2.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>\
         </Types>",
    ),
    (
        "_rels/.rels",
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" \
         Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         <Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet2.xml\"/>\
         <Relationship Id=\"rId3\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/>\
         </Relationships>",
    ),
    (
        "xl/styles.xml",
        "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
         <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>\
         <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
         <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
         <cellXfs count=\"2\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
         <xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/></cellXfs>\
         <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>",
    ),
];

/// What the archive has written and the client not yet taken.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl io::Write for Sink {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A workbook.
pub struct Xlsx {
    table: Table,
    name: String,
    day: Date,
    sources: Sources,
    sink: Sink,
    archive: Option<ZipWriter<StreamWriter<Sink>>>,
    /// The rows of the sheet so far, from 1.
    row: u64,
}

impl Xlsx {
    pub fn new(table: Table, name: &str, day: Date) -> Self {
        let sink = Sink::default();
        let archive = Some(ZipWriter::new_stream(sink.clone()));
        Self { table, name: name.to_owned(), day, sources: Sources::default(), sink, archive, row: 0 }
    }

    pub fn head(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        for (path, text) in PARTS {
            self.part(path, text)?;
        }
        let name = escaped(&sheet_name(&self.name));
        self.part(
            "xl/workbook.xml",
            &format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>\
                 <sheet name=\"{name}\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"About\" sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>"
            ),
        )?;
        let frozen = "<sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
                      </sheetView></sheetViews>";
        self.part("xl/worksheets/sheet1.xml", &format!("<worksheet xmlns=\"{MAIN}\">{frozen}<sheetData>"))?;
        let names: Vec<Cell> = self.table.names().map(|name| Cell::Text(name.to_owned())).collect();
        self.row += 1;
        let line = line(self.row, &names, true)?;
        self.write(&line)?;
        out.append(&mut self.sink.take());
        Ok(())
    }

    pub fn rows(&mut self, page: &Page, out: &mut Vec<u8>) -> io::Result<()> {
        let mut text = String::new();
        for cells in self.table.rows(page) {
            self.row += 1;
            text.push_str(&line(self.row, &cells, false)?);
        }
        self.sources.note(page);
        self.write(&text)?;
        out.append(&mut self.sink.take());
        Ok(())
    }

    pub fn end(&mut self, rows: u64, out: &mut Vec<u8>) -> io::Result<()> {
        self.write("</sheetData></worksheet>")?;
        self.part("xl/worksheets/sheet2.xml", &format!("<worksheet xmlns=\"{MAIN}\"><sheetData>"))?;
        let about = self.about(rows)?;
        self.write(&about)?;
        self.write("</sheetData></worksheet>")?;
        if let Some(archive) = self.archive.take() {
            archive.finish().map_err(io::Error::other)?;
        }
        out.append(&mut self.sink.take());
        Ok(())
    }

    /// What the file is, and whose.
    fn about(&self, rows: u64) -> io::Result<String> {
        let mut lines = vec![
            ["File".to_owned(), self.name.clone()],
            ["Made by".to_owned(), "Silkroutes".to_owned()],
            ["Made on".to_owned(), self.day.to_string()],
            ["Rows".to_owned(), rows.to_string()],
            ["Empty cells".to_owned(), "Nothing is known there, which is not zero.".to_owned()],
            ["Apostrophes".to_owned(), "A text that begins like a formula has one in front, so that it is none.".to_owned()],
        ];
        for cited in self.sources.all() {
            lines.push([format!("Source {}", cited.source), cited.citation.to_string()]);
            lines.push([format!("Licence of {}", cited.source), cited.licence.as_deref().unwrap_or("not stated").to_owned()]);
            lines.push([format!("Unit of {}", cited.source), cited.unit.to_string()]);
        }
        lines.dedup();
        let mut text = String::new();
        for (n, cells) in (1..).zip(lines) {
            text.push_str(&line(n, &cells.map(Cell::Text), false)?);
        }
        Ok(text)
    }

    fn part(&mut self, path: &str, text: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.archive()?.start_file(path, options).map_err(io::Error::other)?;
        self.write(DECLARATION)?;
        self.write(text)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.archive()?.write_all(text.as_bytes())
    }

    fn archive(&mut self) -> io::Result<&mut ZipWriter<StreamWriter<Sink>>> {
        self.archive.as_mut().ok_or_else(|| io::Error::other("the workbook is closed"))
    }
}

/// A name that Excel takes for a sheet, beside the one that is called `About`: 31 characters at most, none of those that
/// it has for itself, no apostrophe at either end, and not the one that is kept for its list of changes.
fn sheet_name(name: &str) -> String {
    const TAKEN: [&str; 2] = ["about", "history"];
    let mut short = String::new();
    for letter in name.chars() {
        let letter = if matches!(letter, '[' | ']' | ':' | '*' | '?' | '/' | '\\') || letter.is_control() { '_' } else { letter };
        if short.encode_utf16().count() + letter.len_utf16() > MOST_NAME {
            break;
        }
        short.push(letter);
    }
    let short = short.trim().trim_matches('\'').trim();
    match TAKEN.iter().any(|taken| short.eq_ignore_ascii_case(taken)) {
        _ if short.is_empty() => "Rows".to_owned(),
        true => format!("{short}_rows"),
        false => short.to_owned(),
    }
}

/// A row of a sheet.
fn line(row: u64, cells: &[Cell], is_bold: bool) -> io::Result<String> {
    let mut out = format!("<row r=\"{row}\">");
    let style = if is_bold { " s=\"1\"" } else { "" };
    for (n, cell) in cells.iter().enumerate() {
        let place = format!("{}{row}", letters(n));
        // Writing to a text cannot fail.
        let _ = match cell {
            Cell::Empty => Ok(()),
            Cell::Number(number) => write!(out, "<c r=\"{place}\"{style}><v>{}</v></c>", written(number)),
            Cell::Boolean(boolean) => write!(out, "<c r=\"{place}\"{style} t=\"b\"><v>{}</v></c>", u8::from(*boolean)),
            Cell::Text(text) => {
                let text = harmless(text);
                if text.encode_utf16().count() > MOST_TEXT {
                    return Err(io::Error::other(format!(
                        "A text of the list is longer than a cell of a workbook holds ({MOST_TEXT} characters): ask for csv or ndjson."
                    )));
                }
                write!(out, "<c r=\"{place}\"{style} t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>", escaped(&text))
            }
        };
    }
    out.push_str("</row>");
    Ok(out)
}

/// The letters of a column, from 0: A, …, Z, AA, …
fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + u8::try_from(column % 26).unwrap_or(0));
        column /= 26;
        if column == 0 {
            break;
        }
        column -= 1;
    }
    letters.into_iter().rev().map(char::from).collect()
}

/// A text for XML. What XML cannot hold is written as workbooks write it, `_x0001_`, and what looks like that is marked.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' => out.push(letter),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "_x{:04X}_", u32::from(letter));
            }
            '_' if is_mark(text.get(at..).unwrap_or_default()) => out.push_str("_x005F_"),
            letter => out.push(letter),
        }
    }
    out
}

fn is_mark(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.starts_with(b"_x") && bytes.get(6) == Some(&b'_') && bytes.get(2..6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(letters(column), name);
        }
    }

    #[test]
    fn every_name_becomes_one_that_excel_takes() {
        for (name, sheet) in [
            ("Figures", "Figures"),
            ("history", "history_rows"),
            ("HISTORY", "HISTORY_rows"),
            ("About", "About_rows"),
            ("histories", "histories"),
            ("", "Rows"),
            ("''", "Rows"),
            ("'it's'", "it's"),
            ("a[b]:c*d?e/f\\g", "a_b__c_d_e_f_g"),
            (&"x".repeat(40), &"x".repeat(31)),
            (&format!("{}'y", "x".repeat(30)), &"x".repeat(30)),
            // Excel counts it as two.
            (&"😀".repeat(20), &"😀".repeat(15)),
        ] {
            assert_eq!(sheet_name(name), sheet, "{name}");
        }
    }

    #[test]
    fn no_text_breaks_the_sheet() {
        assert_eq!(escaped("<a & b>\u{1}\r_x000D_ _x_"), "&lt;a &amp; b&gt;_x0001__x000D__x005F_x000D_ _x_");
        assert!(line(2, &[Cell::Text("é".repeat(MOST_TEXT))], false).is_ok());
        let fault = line(2, &[Cell::Text("é".repeat(MOST_TEXT + 1))], false).unwrap_err().to_string();
        assert!(fault.contains("32767"), "{fault}");
        let cells = [Cell::Empty, Cell::Text("=1+1".into()), Cell::Number((-3).into()), Cell::Boolean(true)];
        let row = "<row r=\"2\"><c r=\"B2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">'=1+1</t></is></c><c r=\"C2\"><v>-3</v></c><c r=\"D2\" t=\"b\"><v>1</v></c></row>";
        assert_eq!(line(2, &cells, false).unwrap(), row);
    }
}
