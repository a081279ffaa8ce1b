//! NDJSON: each row as the answer has it, an object a line, with what stands above the list and whose the figures are.

use std::io;

use async_graphql::{Name, Value};

use crate::graphql::export::{Cell, Page};

use super::table::Table;

/// An NDJSON file.
pub struct Ndjson {
    table: Table,
}

impl Ndjson {
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    pub fn rows(&self, page: Page, out: &mut Vec<u8>) -> io::Result<()> {
        for (row, cited) in page.rows {
            let Value::Object(mut members) = row else { continue };
            for (name, cell) in self.table.constants() {
                members.insert(Name::new(name), value(cell.clone()));
            }
            for (name, cell) in self.table.cells_of(cited.as_ref()) {
                members.insert(Name::new(name), value(cell));
            }
            serde_json::to_writer(&mut *out, &members)?;
            out.push(b'\n');
        }
        Ok(())
    }
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => Value::String(text),
        Cell::Number(number) => Value::Number(number),
        Cell::Boolean(boolean) => Value::Boolean(boolean),
    }
}
