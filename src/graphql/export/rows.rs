//! From an answer to rows, and from a row to cells.

use std::sync::Arc;

use async_graphql::{Name, Value};

use super::cite::Cited;
use super::list::{Cites, Column, Found};
use super::rewrite::{COUNT, PAGE};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A number.
    Number(serde_json::Number),
    /// Yes or no.
    Boolean(bool),
}

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The rows as they were answered, each with whose figure it is.
    pub rows: Vec<(Value, Option<Cited>)>,
    /// The values of [`Plan::constants`](super::Plan::constants).
    pub constants: Vec<Cell>,
    /// Behind which row the list goes on; none where it does not.
    pub next: Option<String>,
    /// How many rows the list has, where it was counted.
    pub total: Option<u64>,
}

/// Takes an answer apart. `beside` is what `figures` say of their sources.
pub(super) fn read(found: &Found, mut data: Value, beside: &[Cited]) -> Page {
    let constants = found.constants.iter().map(|column| cell(&data, column)).collect();
    let shared = match found.cites {
        Some(Cites::Above(depth)) => object(&mut data, found.path.get(..depth).unwrap_or_default()).and_then(Cited::taken_from),
        Some(Cites::Beside) => together(beside),
        Some(Cites::InRow { .. }) | None => None,
    };
    let mut page = Page { rows: Vec::new(), constants, next: None, total: None };
    let Some((key, path)) = found.path.split_last() else { return page };
    let Some(list) = object(&mut data, path).and_then(|holder| holder.get_mut(key)) else { return page };
    let rows = match (list, &found.rows) {
        (Value::List(rows), None) => std::mem::take(rows),
        (Value::Object(connection), Some(key)) => {
            if found.is_paged
                && let Some(Value::Object(info)) = connection.get(PAGE)
                && info.get("hasNextPage") == Some(&Value::Boolean(true))
                && let Some(Value::String(cursor)) = info.get("endCursor")
            {
                page.next = Some(cursor.clone());
            }
            if let Some(Value::Number(total)) = connection.get(COUNT) {
                page.total = total.as_u64();
            }
            match connection.get_mut(key) {
                Some(Value::List(rows)) => std::mem::take(rows),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    };
    let own = |row: &mut Value| match found.cites {
        Some(Cites::InRow { .. }) => object(row, found.node.as_slice()).and_then(Cited::taken_from),
        _ => shared.clone(),
    };
    page.rows = rows.into_iter().filter(|row| *row != Value::Null).map(|mut row| (own(&mut row), row)).map(|(cited, row)| (row, cited)).collect();
    page
}

/// The object at those keys.
fn object<'v>(value: &'v mut Value, keys: &[Name]) -> Option<&'v mut async_graphql::indexmap::IndexMap<Name, Value>> {
    let Value::Object(here) = value else { return None };
    match keys.split_first() {
        None => Some(here),
        Some((key, rest)) => object(here.get_mut(key)?, rest),
    }
}

/// Where the figures of a sum are of several sources, each row names all of them.
fn together(cited: &[Cited]) -> Option<Cited> {
    let join = |texts: Vec<&str>| Arc::from(texts.join("; "));
    match cited {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(Cited {
            source: join(many.iter().map(|one| &*one.source).collect()),
            unit: many.first().map(|one| Arc::clone(&one.unit)).unwrap_or_default(),
            licence: Some(join(many.iter().filter_map(|one| one.licence.as_deref()).collect())),
            citation: join(many.iter().map(|one| &*one.citation).collect()),
        }),
    }
}

/// The cell of a row in a column: several values, of a list or in one, share it.
pub(super) fn cell(row: &Value, column: &Column) -> Cell {
    let mut cells = Vec::new();
    gather(row, &column.keys, &mut cells);
    if cells.len() < 2 {
        return cells.pop().unwrap_or(Cell::Empty);
    }
    let texts = cells.into_iter().map(|cell| match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text,
        Cell::Number(number) => written(&number),
        Cell::Boolean(boolean) => boolean.to_string(),
    });
    Cell::Text(texts.collect::<Vec<_>>().join("; "))
}

fn gather(value: &Value, keys: &[Name], cells: &mut Vec<Cell>) {
    match (value, keys.split_first()) {
        (Value::List(values), _) => values.iter().for_each(|value| gather(value, keys, cells)),
        (Value::Object(object), Some((key, rest))) => {
            if let Some(value) = object.get(key) {
                gather(value, rest, cells);
            }
        }
        (Value::String(text), None) => cells.push(Cell::Text(text.clone())),
        (Value::Enum(name), None) => cells.push(Cell::Text(name.to_string())),
        (Value::Number(number), None) => cells.push(Cell::Number(number.clone())),
        (Value::Boolean(boolean), None) => cells.push(Cell::Boolean(*boolean)),
        (Value::Null, _) => cells.push(Cell::Empty),
        _ => {}
    }
}

/// A number without a fraction has no point: `1234`, not `1234.0`.
#[must_use]
pub fn written(number: &serde_json::Number) -> String {
    let text = number.to_string();
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

impl Column {
    /// The cell of a row.
    #[must_use]
    pub fn cell(&self, row: &Value) -> Cell {
        cell(row, self)
    }
}
