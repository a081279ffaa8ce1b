//! From the text of a file to entries with named fields, each with its place. What the fields mean is not known here.

use toml::de::{DeTable, DeValue};

use super::form::quoted;
use crate::domain::suggest;

/// What was written for a field.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A text; every cell of a table is one.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Flag(bool),
    /// A list.
    List(Vec<Found>),
    /// Fields of their own.
    Fields(Fields),
    /// Something that no field is: says what.
    Other(&'static str),
}

/// A value and the byte of the file where it stands.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The byte.
    pub at: usize,
    /// The value.
    pub value: Value,
}

/// Fields by name, in the order of the file.
pub(super) type Fields = Vec<(String, Found)>;

/// One entry, unread.
#[derive(Debug)]
pub(super) struct Raw {
    /// The byte where it begins.
    pub at: usize,
    /// The line where it begins.
    pub line: u32,
    /// Its fields.
    pub fields: Fields,
    /// Why its fields cannot be trusted.
    pub fault: Option<String>,
}

/// Why a file cannot be read as a whole.
#[derive(Debug)]
pub(super) struct Broken {
    /// The byte where this shows.
    pub at: usize,
    /// The column or field.
    pub field: Option<String>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Value {
    /// What it is, as part of a sentence.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Fields(_) => "a table",
            Self::Other(what) => what,
        }
    }
}

/// The line of a byte, from 1.
pub(super) fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    u32::try_from(before.split(|b| *b == b'\n').count()).unwrap_or(u32::MAX)
}

/// Reads a table: a line of column names, then one entry a line.
///
/// A row is a line: a quotation mark that was not closed spoils its own row, and not all that follow.
pub(super) fn table(text: &str, needed: &[&'static str], optional: &[&'static str]) -> Result<Vec<Raw>, Vec<Broken>> {
    let mut at = 0;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        if !line.trim().is_empty() {
            lines.push((at, number, line));
        }
        at += line.len() + 1;
    }
    let mut lines = lines.into_iter();
    let Some((at, _, header)) = lines.next() else {
        let message = format!("is empty: the first line names the columns: {}.", needed.join(","));
        return Err(vec![Broken { at: 0, field: None, message }]);
    };
    let columns = columns(at, header, needed, optional)?;
    Ok(lines.map(|(at, line, text)| row(at, line, text, &columns)).collect())
}

fn columns(at: usize, line: &str, needed: &[&'static str], optional: &[&'static str]) -> Result<Vec<String>, Vec<Broken>> {
    let columns = cells(line).map_err(|message| vec![Broken { at, field: None, message }])?;
    if columns.len() == 1 && line.contains([';', '\t']) {
        let message = "the cells must be separated by commas: save it as CSV with commas.".into();
        return Err(vec![Broken { at, field: None, message }]);
    }
    let known: Vec<&str> = needed.iter().chain(optional).copied().collect();
    let mut missing: Vec<_> = needed.iter().filter(|name| !columns.iter().any(|column| column == *name)).collect();
    if !columns.iter().any(|column| known.contains(&column.as_str())) {
        let message = format!("the first line must name the columns: {}.", needed.join(","));
        return Err(vec![Broken { at, field: None, message }]);
    }
    let mut broken = Vec::new();
    let mut strange = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        if columns.iter().take(i).any(|earlier| earlier == column) {
            let other = missing.pop().map(|other| format!(" Is one of them {other}, which is missing?")).unwrap_or_default();
            let message = format!("is the name of two columns: only one may have it.{other}");
            broken.push(Broken { at: at + i, field: Some(column.clone()), message });
        } else if !known.contains(&column.as_str()) {
            strange.push((at + i, column.clone()));
        }
    }
    let missing = missing.into_iter().map(|name| (*name, "every row needs it".to_owned())).collect();
    broken.extend(misfits("column", strange, missing, &known, at));
    if broken.is_empty() { Ok(columns) } else { Err(broken) }
}

fn row(at: usize, line: u32, text: &str, columns: &[String]) -> Raw {
    let (cells, fault) = match cells(text) {
        Ok(cells) if cells == columns => (cells, Some("names the columns again: remove it.".to_owned())),
        Ok(cells) if cells.len() == columns.len() => (cells, None),
        Ok(cells) => {
            let (have, want) = (cells.len(), columns.len());
            let message = format!("has {have} cells where the header has {want}: a text with a comma stands in \"…\".");
            (cells, Some(message))
        }
        // Good enough to know whose row it is: the code comes first and has no quotation marks.
        Err(message) => (text.split(',').map(|cell| cell.trim().to_owned()).collect(), Some(message)),
    };
    let fields = columns.iter().zip(cells).enumerate().filter(|(_, (_, cell))| !cell.is_empty());
    let fields = fields.map(|(i, (name, cell))| (name.clone(), Found { at: at + i, value: Value::Text(cell) })).collect();
    Raw { at, line, fields, fault }
}

/// The cells of a line, trimmed.
///
/// Not the `csv` crate: that reads on over the lines until a quotation mark is closed.
fn cells(line: &str) -> Result<Vec<String>, String> {
    let mut cells = Vec::new();
    let mut rest = line.trim();
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let Some((cell, next)) = rest.split_once(',') else {
                cells.push(rest.to_owned());
                return Ok(cells);
            };
            cells.push(cell.trim().to_owned());
            rest = next.trim_start();
            continue;
        };
        let (cell, after) = closed(quoted)?;
        cells.push(cell.trim().to_owned());
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if after.trim().is_empty() => return Ok(cells),
            None => return Err("has text behind a closed quotation mark: inside of \"…\" it is written twice.".into()),
        }
    }
}

/// The text up to the quotation mark that closes it, and what follows.
fn closed(mut text: &str) -> Result<(String, &str), String> {
    let mut cell = String::new();
    while let Some((part, after)) = text.split_once('"') {
        cell.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                text = next;
            }
            None => return Ok((cell, after)),
        }
    }
    Err("has a quotation mark that is not closed: \"…\" around a cell, \"\" inside of it.".into())
}

/// Reads a file of `[[array]]` entries.
pub(super) fn tree(text: &str, array: &'static str) -> Result<Vec<Raw>, Vec<Broken>> {
    let root = fields(text, 0).map_err(|broken| vec![broken])?;
    let right = format!("write [[{array}]] above each entry.");
    let mut entries = Vec::new();
    for (name, Found { at, value }) in root {
        let items = match value {
            Value::List(items) if name == array => items,
            value => {
                let what = if name == array { value.what() } else { "out of place" };
                // One is enough: what follows it is out of place for the same reason.
                return Err(vec![Broken { at, field: Some(name), message: format!("is {what} here: {right}") }]);
            }
        };
        for Found { at, value } in items {
            let Value::Fields(fields) = value else {
                return Err(vec![Broken { at, field: Some(name), message: format!("is {} here: {right}", value.what()) }]);
            };
            entries.push(Raw { at, line: line_of(text, at), fields, fault: None });
        }
    }
    Ok(entries)
}

/// Reads the fields of one TOML text that begins at that byte of its file.
pub(super) fn fields(text: &str, offset: usize) -> Result<Fields, Broken> {
    match DeTable::parse(text) {
        Ok(table) => Ok(fields_of(table.into_inner(), offset)),
        Err(fault) => {
            let message = format!("cannot be read as TOML: {}.", fault.message().trim().replace('\n', "; "));
            Err(Broken { at: offset + fault.span().map_or(0, |span| span.start), field: None, message })
        }
    }
}

fn fields_of(table: DeTable<'_>, offset: usize) -> Fields {
    let mut fields: Fields = table
        .into_iter()
        .map(|(name, value)| {
            let at = offset + name.span().start;
            (name.into_inner().into_owned(), Found { at, value: value_of(value.into_inner(), offset) })
        })
        .collect();
    // The parser hands them over by name.
    fields.sort_by_key(|(_, found)| found.at);
    fields
}

fn value_of(value: DeValue<'_>, offset: usize) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("a number too large"),
        },
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Datetime(_) => Value::Other("a date without quotation marks"),
        DeValue::Array(items) => {
            Value::List(items.into_iter().map(|item| Found { at: offset + item.span().start, value: value_of(item.into_inner(), offset) }).collect())
        }
        DeValue::Table(table) => Value::Fields(fields_of(table, offset)),
    }
}

/// Faults for names that are not known and for names that are missing. A strange name and a missing one are taken
/// for one mistake, the nearest first: it was misspelt.
pub(super) fn misfits(what: &str, strange: Vec<(usize, String)>, mut missing: Vec<(&'static str, String)>, known: &[&str], start: usize) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut unpaired = Vec::new();
    let meant = |name: &str, wanted: &str| format!("is no {what} here, and {wanted} is missing. Did you mean {wanted}, not {}?", quoted(name));
    for (at, name) in strange {
        let near = suggest::near(&name, missing.iter().map(|(wanted, _)| *wanted)).first().map(|near| (*near).to_owned());
        match near.and_then(|near| missing.iter().position(|(wanted, _)| *wanted == near)) {
            Some(i) => {
                let message = meant(&name, missing.remove(i).0);
                broken.push(Broken { at, field: Some(name), message });
            }
            None => unpaired.push((at, name)),
        }
    }
    for (at, name) in unpaired {
        let message = match suggest::did_you_mean(&name, known.iter().copied()) {
            _ if !missing.is_empty() => meant(&name, missing.remove(0).0),
            none if none.is_empty() => format!("is no {what} here: there are {}.", known.join(", ")),
            near => format!("is no {what} here.{near}"),
        };
        broken.push(Broken { at, field: Some(name), message });
    }
    broken.extend(missing.into_iter().map(|(name, hint)| Broken { at: start, field: Some(name.to_owned()), message: format!("is missing: {hint}.") }));
    broken
}
