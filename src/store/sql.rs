//! Statements and values: what every file of this slab says in the same way.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::{DbBackend, QueryResult, Statement, TryGetable, Value};

use super::StoreError;

/// A statement with its values bound; placeholders are `$1`, `$2`…, which both engines understand.
pub fn statement(sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// `$from, $from+1, …`: so many placeholders.
pub fn placeholders(from: usize, count: usize) -> String {
    let mut list = String::with_capacity(count * 4);
    for n in from..from + count {
        // Writing to a String cannot fail.
        let _ = write!(list, "{}${n}", if n == from { "" } else { "," });
    }
    list
}

/// A column of a row.
pub fn column<T: TryGetable>(row: &QueryResult, name: &str) -> Result<T, StoreError> {
    row.try_get::<T>("", name).map_err(StoreError::from)
}

/// An instant as it is kept: RFC 3339, UTC, microseconds, of fixed width.
pub fn instant(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// Midnight, UTC.
pub fn midnight(day: Date) -> Result<Timestamp, StoreError> {
    jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| StoreError::NotWhole(format!("{day} is no day in time")))
}

/// Reads what was kept as text.
pub fn parse<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::NotWhole(format!("'{text}' is no {what}")))
}

/// Reads a word of a closed list.
pub fn word<T: crate::domain::word::Words>(name: &str) -> Result<T, StoreError> {
    T::parse(name).ok_or_else(|| StoreError::NotWhole(format!("'{name}' is no {}", T::NAME)))
}
