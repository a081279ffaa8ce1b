//! A statement and its parameters, built side by side so that they cannot part; no value is ever written into SQL.
//!
//! Both engines are spoken to from here. A statement is written down once, in words that both understand; where they
//! do not, a method of [`Sql`] stands for the thought, and the engine's own words are put in when the statement is
//! run ([`Sql::statement`]). No other file knows which engine it is, but for `connect` and what it opens.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

/// A statement being built.
#[derive(Debug, Clone)]
pub(super) struct Sql {
    text: String,
    /// Where in the text something is put in, in order.
    places: Vec<(usize, Place)>,
    values: Vec<Value>,
}

/// What is put in.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A parameter.
    Value,
    /// A parameter that is a list, as a table.
    List(Element),
    /// The words of SQLite, the words of PostgreSQL.
    Either(&'static str, &'static str),
}

/// What a list holds.
#[derive(Debug, Clone, Copy)]
enum Element {
    Text,
    Number,
    Tuple,
}

impl Sql {
    /// Begins with that text.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), places: Vec::new(), values: Vec::new() }
    }

    /// Goes on with that text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a parameter.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.places.push((self.text.len(), Place::Value));
        self.values.push(value.into());
        self
    }

    /// Goes on with another statement or part of one.
    pub fn part(&mut self, part: &Self) -> &mut Self {
        let begin = self.text.len();
        self.text.push_str(&part.text);
        self.places.extend(part.places.iter().map(|(at, place)| (begin + at, *place)));
        self.values.extend(part.values.iter().cloned());
        self
    }

    /// Goes on with words that the engines do not share.
    pub fn either(&mut self, sqlite: &'static str, postgres: &'static str) -> &mut Self {
        self.places.push((self.text.len(), Place::Either(sqlite, postgres)));
        self
    }

    /// Goes on with a list of texts, as a table of that name with the columns `key` (from 0) and `value`. One parameter,
    /// so that a statement has one shape whatever the length of its lists.
    pub fn texts(&mut self, name: &str, values: &impl serde::Serialize) -> &mut Self {
        self.list(name, Element::Text, values)
    }

    /// The same of whole numbers.
    pub fn numbers(&mut self, name: &str, values: &impl serde::Serialize) -> &mut Self {
        self.list(name, Element::Number, values)
    }

    /// The same of tuples: `value ->> 0` is the first part of one, to be cast where it is a number.
    pub fn tuples(&mut self, name: &str, values: &impl serde::Serialize) -> &mut Self {
        self.list(name, Element::Tuple, values)
    }

    fn list(&mut self, name: &str, element: Element, values: &impl serde::Serialize) -> &mut Self {
        // Lists of strings, numbers and words have no way to fail.
        let json = serde_json::to_string(values).unwrap_or_else(|_| "[]".to_owned());
        self.places.push((self.text.len(), Place::List(element)));
        self.values.push(json.into());
        self.text(" ").text(name)
    }

    /// Goes on with an expression of every row, joined into one text; the driver costs more per row than the database.
    pub fn joined(&mut self, expression: &Self, separator: &str) -> &mut Self {
        self.either("group_concat(", "string_agg(").part(expression).text(", '").text(separator).text("')")
    }

    /// Goes on with columns of every row as a list of lists in JSON; none where there is no row.
    pub fn json_rows(&mut self, columns: &str) -> &mut Self {
        self.either("json_group_array(json_array(", "json_agg(json_build_array(").text(columns).either("))", "))::text")
    }

    /// Goes on with bytes as hexadecimal digits, of whatever case.
    pub fn hex(&mut self, column: &str) -> &mut Self {
        self.either("hex(", "encode(").text(column).either(")", ", 'hex')")
    }

    /// In the words of an engine.
    fn statement(self, backend: DbBackend) -> Statement {
        let Self { text, places, values } = self;
        let mut written = String::with_capacity(text.len() + 8 * places.len());
        let (mut done, mut number) = (0, 0);
        for (at, place) in places {
            written.push_str(text.get(done..at).unwrap_or_default());
            done = at;
            if let Place::Either(sqlite, postgres) = place {
                written.push_str(if backend == DbBackend::Postgres { postgres } else { sqlite });
                continue;
            }
            number += 1;
            let parameter = if backend == DbBackend::Postgres { format!("${number}") } else { "?".to_owned() };
            match place {
                Place::List(element) if backend == DbBackend::Postgres => written.push_str(&unrolled(&parameter, element)),
                Place::List(_) => written.extend(["json_each(", &parameter, ")"]),
                Place::Value | Place::Either(..) => written.push_str(&parameter),
            }
        }
        written.push_str(text.get(done..).unwrap_or_default());
        Statement::from_sql_and_values(backend, written, values)
    }
}

/// A list as PostgreSQL reads it.
fn unrolled(parameter: &str, element: Element) -> String {
    let (value, function) = match element {
        Element::Text => ("value", "json_array_elements_text"),
        Element::Number => ("CAST(value AS bigint) AS value", "json_array_elements_text"),
        Element::Tuple => ("value", "json_array_elements"),
    };
    format!("(SELECT number - 1 AS key, {value} FROM {function}({parameter}::json) WITH ORDINALITY AS list (value, number))")
}

/// All rows of a statement.
pub(super) async fn rows(db: &impl ConnectionTrait, sql: Sql) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(sql.statement(db.get_database_backend())).await
}

/// Runs a statement; how many rows it touched.
pub(super) async fn run(db: &impl ConnectionTrait, sql: Sql) -> Result<u64, DbErr> {
    Ok(db.execute_raw(sql.statement(db.get_database_backend())).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_is_said_in_the_words_of_each_engine() {
        let mut part = Sql::new("b = ");
        part.bind("x");
        let mut sql = Sql::new("SELECT ");
        sql.joined(&Sql::new("a || 'ü'"), ",").text(", ").hex("c").text(" FROM t WHERE a = ").bind(1_i64).text(" AND ").part(&part);
        sql.text(" AND d IN (SELECT value FROM ").numbers("l", &[1, 2]).text(")");
        let sqlite = sql.clone().statement(DbBackend::Sqlite);
        assert_eq!(sqlite.sql, "SELECT group_concat(a || 'ü', ','), hex(c) FROM t WHERE a = ? AND b = ? AND d IN (SELECT value FROM json_each(?) l)");
        let postgres = sql.statement(DbBackend::Postgres);
        assert_eq!(
            postgres.sql,
            "SELECT string_agg(a || 'ü', ','), encode(c, 'hex') FROM t WHERE a = $1 AND b = $2 AND d IN (SELECT value FROM \
             (SELECT number - 1 AS key, CAST(value AS bigint) AS value FROM json_array_elements_text($3::json) WITH ORDINALITY AS list (value, number)) l)"
        );
        assert_eq!(sqlite.values, postgres.values);
    }
}
