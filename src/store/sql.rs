//! A statement and its parameters, built side by side so that they cannot part; no value is ever written into SQL.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

/// A statement being built.
#[derive(Debug, Clone)]
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Begins with that text.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Goes on with that text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a parameter.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.text.push('?');
        self.values.push(value.into());
        self
    }

    /// Goes on with another statement or part of one.
    pub fn part(&mut self, part: &Self) -> &mut Self {
        self.text.push_str(&part.text);
        self.values.extend(part.values.iter().cloned());
        self
    }

    /// Goes on with the values of a list, as a table with the columns `key` (from 0) and `value`.
    pub fn list(&mut self, values: &impl serde::Serialize) -> &mut Self {
        // Lists of strings, numbers and words have no way to fail.
        let json = serde_json::to_string(values).unwrap_or_else(|_| "[]".to_owned());
        self.text("json_each(").bind(json).text(")")
    }

    fn statement(self) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, self.text, self.values)
    }
}

/// All rows of a statement.
pub(super) async fn rows(db: &impl ConnectionTrait, sql: Sql) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(sql.statement()).await
}

/// Runs a statement; how many rows it touched.
pub(super) async fn run(db: &impl ConnectionTrait, sql: Sql) -> Result<u64, DbErr> {
    Ok(db.execute_raw(sql.statement()).await?.rows_affected())
}
