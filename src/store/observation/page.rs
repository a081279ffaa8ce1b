//! Cutting pages in SQL: a limited select for each subject, all in one statement.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Value};

use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::store::sql::{column, parse, placeholders, statement};
use crate::store::{Store, StoreError};

use super::{ObservationKey, ObservationPage, ObservationQuery, ObservationRow, row};

/// Subjects of one statement: SQLite joins at most 500 selects.
const SUBJECTS: usize = 100;
/// Keys of one statement.
const KEYS: usize = 500;

impl Store {
    /// For each subject a page of its figures.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn observations(&self, query: &ObservationQuery, subjects: &[String]) -> Result<HashMap<String, ObservationPage>, StoreError> {
        let mut pages = HashMap::with_capacity(subjects.len());
        for chunk in subjects.chunks(SUBJECTS) {
            let mut found: HashMap<String, Vec<Arc<ObservationRow>>> = HashMap::new();
            let sql = Sql::pages(query, chunk);
            for found_row in self.read.query_all_raw(statement(&sql.text, sql.values)).await? {
                let subject: String = column(&found_row, "subject")?;
                found.entry(subject).or_default().push(Arc::new(row::read(&found_row)?));
            }
            for subject in chunk {
                pages.insert(subject.clone(), page(query, found.remove(subject).unwrap_or_default()));
            }
            self.complete(query, chunk, &mut pages).await?;
        }
        Ok(pages)
    }

    /// What a page cannot tell of itself: the size of the list, and whether something lies behind the key it began at.
    async fn complete(&self, query: &ObservationQuery, subjects: &[String], pages: &mut HashMap<String, ObservationPage>) -> Result<(), StoreError> {
        if query.count {
            for (subject, count) in self.count(query, subjects, None).await? {
                if let Some(page) = pages.get_mut(&subject) {
                    page.total = usize::try_from(count).ok();
                }
            }
            for page in pages.values_mut() {
                page.total = page.total.or(Some(0));
            }
        }
        if let Some(after) = &query.window.after {
            for (subject, count) in self.count(query, subjects, Some((after, false))).await? {
                if let Some(page) = pages.get_mut(&subject) {
                    page.has_previous |= count > 0;
                }
            }
        }
        if let Some(before) = &query.window.before {
            for (subject, count) in self.count(query, subjects, Some((before, true))).await? {
                if let Some(page) = pages.get_mut(&subject) {
                    page.has_next |= count > 0;
                }
            }
        }
        Ok(())
    }

    /// How many figures each subject has: all, or those not behind (`false`) or not ahead of (`true`) a key.
    async fn count(&self, query: &ObservationQuery, subjects: &[String], beyond: Option<(&ObservationKey, bool)>) -> Result<Vec<(String, i64)>, StoreError> {
        let mut sql = Sql::new("SELECT subject, COUNT(*) AS count FROM observation WHERE subject IN (");
        sql.list(subjects.iter().map(|subject| subject.as_str().into()));
        sql.text.push(')');
        sql.conditions(query);
        if let Some((key, forward)) = beyond {
            sql.text.push_str(" AND NOT (");
            // Not behind `after` is ahead of it or it: what has to lie there for a page ahead. Likewise for `before`.
            sql.beyond(query, key, !forward);
            sql.text.push(')');
        }
        sql.text.push_str(" GROUP BY subject");
        let rows = self.read.query_all_raw(statement(&sql.text, sql.values)).await?;
        rows.iter().map(|row| Ok((column(row, "subject")?, column(row, "count")?))).collect()
    }

    /// Figures by their ids.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn observations_by_id(&self, ids: &[Id]) -> Result<HashMap<Id, ObservationRow>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(KEYS) {
            let sql = format!("SELECT {} FROM observation WHERE id IN ({})", row::COLUMNS, placeholders(1, chunk.len()));
            for found_row in self.read.query_all_raw(statement(&sql, chunk.iter().map(|id| id.to_string().into()).collect())).await? {
                let id: String = column(&found_row, "id")?;
                found.insert(parse("id", &id)?, row::read(&found_row)?);
            }
        }
        Ok(found)
    }
}

/// A page from one row more than it holds.
fn page(query: &ObservationQuery, mut rows: Vec<Arc<ObservationRow>>) -> ObservationPage {
    let window = &query.window;
    let more = rows.len() > window.limit;
    rows.truncate(window.limit);
    if window.backward {
        rows.reverse();
    }
    ObservationPage { rows, has_next: more && !window.backward, has_previous: more && window.backward, total: None }
}

/// A statement under construction: whatever comes from outside is bound, never written into the text.
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    fn pages(query: &ObservationQuery, subjects: &[String]) -> Self {
        let mut sql = Self::new("");
        for subject in subjects {
            let _ = write!(
                sql.text,
                "{}SELECT * FROM (SELECT {} FROM observation WHERE subject = ",
                if sql.text.is_empty() { "" } else { " UNION ALL " },
                row::COLUMNS
            );
            sql.bind(subject.as_str().into());
            sql.conditions(query);
            for (key, forward) in [(&query.window.after, true), (&query.window.before, false)] {
                if let Some(key) = key {
                    sql.text.push_str(" AND ");
                    sql.beyond(query, key, forward);
                }
            }
            sql.order(query);
            let _ = write!(sql.text, " LIMIT {})", query.window.limit + 1);
        }
        sql
    }

    fn bind(&mut self, value: Value) {
        self.values.push(value);
        let _ = write!(self.text, "${}", self.values.len());
    }

    fn list(&mut self, values: impl Iterator<Item = Value>) {
        for (n, value) in values.enumerate() {
            if n > 0 {
                self.text.push(',');
            }
            self.bind(value);
        }
    }

    fn one_of(&mut self, column: &str, values: impl Iterator<Item = Value>) {
        let _ = write!(self.text, " AND {column} IN (");
        self.list(values);
        self.text.push(')');
    }

    /// Every condition of a query but subject and window.
    fn conditions(&mut self, query: &ObservationQuery) {
        if query.sexes.is_none() && query.age_groups.is_none() && query.dimensions.is_none() {
            self.text.push_str(" AND is_total");
        }
        if query.editions.is_none() {
            self.text.push_str(" AND is_newest");
        }
        if let Some(measures) = &query.measures {
            self.one_of("measure", measures.iter().map(|m| m.name().into()));
        }
        if let Some(sexes) = &query.sexes {
            self.one_of("sex", sexes.iter().map(|s| s.name().into()));
        }
        for (column, values) in [("age_group", &query.age_groups), ("source", &query.sources), ("edition", &query.editions)] {
            if let Some(values) = values {
                self.one_of(column, values.iter().map(|v| v.as_str().into()));
            }
        }
        if let Some(dimensions) = &query.dimensions {
            self.text.push_str(" AND EXISTS (SELECT 1 FROM json_each(dimensions) d WHERE json_extract(d.value, '$.dimension') IN (");
            self.list(dimensions.iter().map(|d| d.as_str().into()));
            self.text.push_str("))");
        }
        if let Some(from) = query.from {
            self.text.push_str(" AND period_end >= ");
            self.bind(from.first_day().to_string().into());
        }
        if let Some(to) = query.to {
            self.text.push_str(" AND period_start <= ");
            self.bind(to.last_day().to_string().into());
        }
    }

    /// Only what lies behind a key in the order of the list (or ahead of it, where not `forward`).
    fn beyond(&mut self, query: &ObservationQuery, key: &ObservationKey, forward: bool) {
        let sign = if forward == query.order.descending { "<" } else { ">" };
        match key {
            ObservationKey::Period(end, start, id) => {
                let _ = write!(self.text, "(period_end, period_start, id) {sign} (");
                self.list([end.as_str().into(), start.as_str().into(), id.to_string().into()].into_iter());
                self.text.push(')');
            }
            ObservationKey::Value(None, id) => {
                // A missing value is the smallest.
                let others = if sign == ">" { " OR value IS NOT NULL" } else { "" };
                let _ = write!(self.text, "((value IS NULL AND id {sign} ");
                self.bind(id.to_string().into());
                let _ = write!(self.text, "){others})");
            }
            ObservationKey::Value(Some(bits), id) => {
                let missing = if sign == "<" { " OR value IS NULL" } else { "" };
                let _ = write!(self.text, "((value, id) {sign} (");
                self.list([f64::from_bits(*bits).into(), id.to_string().into()].into_iter());
                let _ = write!(self.text, "){missing})");
            }
        }
    }

    fn order(&mut self, query: &ObservationQuery) {
        let direction = if query.order.descending == query.window.backward { "ASC" } else { "DESC" };
        // SQLite counts NULL as the smallest, which is our rule; PostgreSQL has to be told.
        let columns = if query.order.by_value { ["value", "id"].as_slice() } else { &["period_end", "period_start", "id"] };
        let terms: Vec<String> = columns.iter().map(|column| format!("{column} {direction}")).collect();
        let _ = write!(self.text, " ORDER BY {}", terms.join(", "));
    }
}
