//! CSV as RFC 4180 has it: a line of names, commas, lines that end in CR LF, quotation marks around what needs them.

use std::borrow::Cow;

use crate::graphql::export::{Cell, Page, written};

use super::table::{Table, harmless};

/// By this Excel knows UTF-8; other tools take it for a part of the first name, so it is there on demand only.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A CSV file.
pub struct Csv {
    table: Table,
    mark: bool,
}

impl Csv {
    pub fn new(table: Table, mark: bool) -> Self {
        Self { table, mark }
    }

    pub fn head(&self, out: &mut Vec<u8>) {
        if self.mark {
            out.extend_from_slice(MARK);
        }
        line(self.table.names().map(|name| Cell::Text(name.to_owned())), out);
    }

    pub fn rows(&self, page: &Page, out: &mut Vec<u8>) {
        for cells in self.table.rows(page) {
            line(cells.into_iter(), out);
        }
    }
}

fn line(cells: impl Iterator<Item = Cell>, out: &mut Vec<u8>) {
    let start = out.len();
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => quoted(&harmless_where_split(&harmless(&text)), out),
            Cell::Number(number) => out.extend_from_slice(written(&number).as_bytes()),
            Cell::Boolean(boolean) => out.extend_from_slice(if boolean { b"true" } else { b"false" }),
        }
    }
    // An empty line would be taken for no row at all.
    if out.len() == start {
        out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(b"\r\n");
}

/// Where a tool splits lines at semicolons or tabs, as spreadsheets do in many languages, quotation marks within do not
/// hold a cell together: what then begins like a formula gets an apostrophe, too.
fn harmless_where_split(text: &str) -> Cow<'_, str> {
    if !text.contains([';', '\t']) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for part in text.split_inclusive([';', '\t']) {
        safe.push_str(&harmless(part));
    }
    safe.into()
}

/// Semicolons and tabs, too, for tools that know quotation marks.
fn quoted(text: &str, out: &mut Vec<u8>) {
    let needs = |byte| matches!(byte, b',' | b';' | b'\t' | b'"' | b'\r' | b'\n');
    if !text.bytes().any(needs) && !text.starts_with(' ') && !text.ends_with(' ') {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Number;

    fn written_line(cells: Vec<Cell>) -> String {
        let mut out = Vec::new();
        line(cells.into_iter(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_is_what_rfc_4180_says_and_a_number_stays_one() {
        let text = |text: &str| Cell::Text(text.into());
        let float = |number| Cell::Number(Number::from_f64(number).unwrap());
        let cells = vec![text("a,b"), text("say \"x\""), text("two\r\nlines"), text("x;=1"), text("=1+1"), float(-12.0), float(-0.5), Cell::Empty];
        assert_eq!(written_line(cells), "\"a,b\",\"say \"\"x\"\"\",\"two\r\nlines\",\"x;'=1\",'=1+1,-12,-0.5,\r\n");
        assert_eq!(written_line(vec![Cell::Boolean(true), text("=\"x\"")]), "true,\"'=\"\"x\"\"\"\r\n");
        assert_eq!(written_line(vec![Cell::Empty]), "\"\"\r\n");
    }
}
