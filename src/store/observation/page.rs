//! Pages of figures: one statement a level of a query, one row a subject, the page in it as JSON.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::QueryResult;

use super::{ObservationKey, ObservationPage, ObservationQuery, ObservationRow, RECORD, read};
use crate::domain::id::Id;
use crate::domain::word::Words;
use crate::store::error::Doing;
use crate::store::row::MOST_PARAMETERS;
use crate::store::sql::{Sql, rows};
use crate::store::{Store, StoreError};

const DOING: &str = "read figures";
/// Subjects a statement: bounds what one statement may answer.
const SUBJECTS: usize = 100;

impl Store {
    /// One page of the figures of each subject (`C:AFG-DEU`, `R:EAST-MED`, `S:AFG`); an empty one where it has none.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn observations(&self, query: &ObservationQuery, subjects: &[String]) -> Result<HashMap<String, ObservationPage>, StoreError> {
        let mut pages = HashMap::with_capacity(subjects.len());
        if asks_for_nothing(query) {
            pages.extend(subjects.iter().map(|subject| (subject.clone(), ObservationPage { total: query.count.then_some(0), ..ObservationPage::default() })));
            return Ok(pages);
        }
        let revision = self.revision().await?;
        let query = Arc::new(query.clone());
        let mut unknown = Vec::new();
        for subject in subjects {
            match self.pages.get(&(revision, Arc::clone(&query), subject.clone())) {
                Some(page) => _ = pages.insert(subject.clone(), page),
                None => unknown.push(subject),
            }
        }
        for some in unknown.chunks(SUBJECTS) {
            for row in rows(&self.read, statement(&query, some)?).await.doing(DOING)? {
                let (subject, revision, page) = page(&query, some, &row)?;
                self.pages.insert((revision, Arc::clone(&query), subject.clone()), page.clone());
                pages.insert(subject, page);
            }
        }
        Ok(pages)
    }

    /// Figures by their ids; nothing under an id that is none of a figure.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn observations_by_id(&self, ids: &[Id]) -> Result<HashMap<Id, ObservationRow>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for some in ids.chunks(MOST_PARAMETERS) {
            let mut sql = Sql::new("SELECT group_concat(");
            sql.text(RECORD).text(") FROM observation o WHERE o.id IN (SELECT value FROM ").list(&some).text(")");
            for row in rows(&self.read, sql).await.doing(DOING)? {
                found.extend(read(row.try_get_by_index(0).doing(DOING)?).ok_or_else(|| damaged("some id"))?.into_iter().map(|row| (row.id, row)));
            }
        }
        Ok(found)
    }
}

fn damaged(of: &str) -> StoreError {
    StoreError::Damaged { what: "a figure", of: of.to_owned() }
}

/// An empty list matches nothing.
fn asks_for_nothing(query: &ObservationQuery) -> bool {
    let texts = [&query.age_groups, &query.dimensions, &query.sources, &query.editions, &query.origins, &query.destinations];
    let is_empty = |list: &Option<Vec<String>>| list.as_ref().is_some_and(Vec::is_empty);
    query.measures.as_ref().is_some_and(Vec::is_empty) || query.sexes.as_ref().is_some_and(Vec::is_empty) || texts.into_iter().any(is_empty)
}

/// One row a subject: its number in the list, the revision, the page, and where asked for the count, whether rows
/// lie behind the page's far key, and whether ahead of its near one.
fn statement(query: &ObservationQuery, subjects: &[&String]) -> Result<Sql, StoreError> {
    let (order, window) = (query.order, &query.window);
    let matching = matching(query);
    let mut sql = Sql::new("SELECT s.key, (SELECT coalesce(max(revision), 0) FROM change), (SELECT group_concat(record) FROM (SELECT ");
    sql.text(RECORD).text(" AS record FROM observation o WHERE ").part(&matching);
    for (key, is_after) in [(&window.after, true), (&window.before, false)] {
        if let Some(key) = key {
            // Behind a key are greater rows in a list that ascends, and smaller ones in a list that descends.
            compare(sql.text(" AND "), query, key, is_after != order.descending, false)?;
        }
    }
    let direction = if order.descending == window.backward { "ASC" } else { "DESC" };
    let nulls = if direction == "ASC" { "NULLS FIRST" } else { "NULLS LAST" };
    let by = if order.by_value { format!("o.value {direction} {nulls}") } else { format!("o.period_end {direction}, o.period_start {direction}") };
    // One more than asked for tells whether there are more.
    sql.text(&format!(" ORDER BY {by}, o.seq {direction} LIMIT ")).bind(i64::try_from(window.limit + 1).unwrap_or(i64::MAX)).text(") r), ");
    if query.count {
        sql.text("(SELECT count(*) FROM observation o WHERE ").part(&matching).text("), ");
    } else {
        sql.text("NULL, ");
    }
    for (key, is_after) in [(&window.before, false), (&window.after, true)] {
        match key {
            None => _ = sql.text("FALSE"),
            Some(key) => {
                sql.text("EXISTS (SELECT 1 FROM observation o WHERE ").part(&matching);
                compare(sql.text(" AND "), query, key, is_after == order.descending, true)?;
                sql.text(")");
            }
        }
        sql.text(if is_after { " FROM " } else { ", " });
    }
    sql.list(&subjects).text(" s");
    Ok(sql)
}

/// What figures of the subject `s.value` must be, whatever the page.
fn matching(query: &ObservationQuery) -> Sql {
    let mut sql = Sql::new("o.subject = s.value");
    let is_total = query.sexes.is_none() && query.age_groups.is_none() && query.dimensions.is_none();
    if is_total {
        sql.text(" AND o.is_total = TRUE");
    } else {
        sql.text(" AND o.is_total = FALSE");
        let sexes = query.sexes.as_ref().map(|all| all.iter().map(|sex| sex.name().to_owned()).collect());
        one_of(&mut sql, "o.sex", sexes.as_ref(), " AND o.sex IS NULL");
        one_of(&mut sql, "o.age_group", query.age_groups.as_ref(), " AND o.age_group IS NULL");
        match &query.dimensions {
            None => _ = sql.text(" AND o.dimensions = ''"),
            Some(wanted) => {
                let pieces: Vec<_> = wanted.iter().map(|wanted| piece(wanted)).collect();
                sql.text(" AND EXISTS (SELECT 1 FROM ").list(&pieces).text(" d WHERE instr(o.dimensions, d.value) > 0)");
            }
        }
    }
    one_of(&mut sql, "o.edition", query.editions.as_ref(), " AND o.is_newest = TRUE");
    let measures = query.measures.as_ref().map(|all| all.iter().map(|measure| measure.name().to_owned()).collect());
    one_of(&mut sql, "o.measure", measures.as_ref(), "");
    one_of(&mut sql, "o.source", query.sources.as_ref(), "");
    one_of(&mut sql, "o.origin", query.origins.as_ref(), "");
    one_of(&mut sql, "o.destination", query.destinations.as_ref(), "");
    if let Some(from) = query.from {
        sql.text(" AND o.period_end >= ").bind(from.first_day().to_string());
    }
    if let Some(to) = query.to {
        sql.text(" AND o.period_start <= ").bind(to.last_day().to_string());
    }
    sql
}

/// A column is one of a list, or `otherwise` where there is no list. `= TRUE` keeps the planner from walking along
/// another index than that of the order.
fn one_of(sql: &mut Sql, column: &str, list: Option<&Vec<String>>, otherwise: &str) {
    match list {
        None => _ = sql.text(otherwise),
        Some(list) => _ = sql.text(" AND (").text(column).text(" IN (SELECT value FROM ").list(list).text(")) = TRUE"),
    }
}

/// What the JSON of a figure's dimensions has in it where one of them is `wanted` (a name, or `name=code`). It can
/// be found nowhere else: inside a text, quotes are escaped.
fn piece(wanted: &str) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    match wanted.split_once('=') {
        None => format!("\"dimension\":{}", quoted(wanted)),
        Some((name, code)) => format!("\"dimension\":{},\"code\":{}", quoted(name), quoted(code)),
    }
}

/// A figure stands above (or below) a key, or at it; what has no value stands below what has.
fn compare(sql: &mut Sql, query: &ObservationQuery, key: &ObservationKey, is_above: bool, or_at: bool) -> Result<(), StoreError> {
    let strict = if is_above { ">" } else { "<" };
    let last = if or_at { format!("{strict}=") } else { strict.to_owned() };
    match (key, query.order.by_value) {
        (ObservationKey::Period { end, start, seq }, false) => {
            sql.text("(o.period_end, o.period_start, o.seq) ")
                .text(&last)
                .text(" (")
                .bind(end.clone())
                .text(", ")
                .bind(start.clone())
                .text(", ")
                .bind(*seq)
                .text(")");
        }
        (ObservationKey::Value { value: None, seq }, true) => {
            let (unlike, with) = if is_above { ("o.value IS NOT NULL", " OR ") } else { ("o.value IS NULL", " AND ") };
            sql.text("(").text(unlike).text(with).text("o.seq ").text(&last).text(" ").bind(*seq).text(")");
        }
        (ObservationKey::Value { value: Some(value), seq }, true) => {
            sql.text(if is_above { "(" } else { "(o.value IS NULL OR " });
            sql.text("(o.value, o.seq) ").text(&last).text(" (").bind(*value).text(", ").bind(*seq).text("))");
        }
        _ => return Err(StoreError::OtherOrder),
    }
    Ok(())
}

/// The subject, the revision and the page of one row of [`statement`].
fn page(query: &ObservationQuery, subjects: &[&String], row: &QueryResult) -> Result<(String, u64, ObservationPage), StoreError> {
    let number: i64 = row.try_get_by_index(0).doing(DOING)?;
    let subject = usize::try_from(number).ok().and_then(|n| subjects.get(n)).ok_or_else(|| damaged("a page"))?;
    let revision: i64 = row.try_get_by_index(1).doing(DOING)?;
    let records = row.try_get_by_index(2).doing(DOING)?;
    let total: Option<i64> = row.try_get_by_index(3).doing(DOING)?;
    let goes_on_behind: bool = row.try_get_by_index(4).doing(DOING)?;
    let goes_on_ahead: bool = row.try_get_by_index(5).doing(DOING)?;
    let mut rows: Vec<_> = read(records).ok_or_else(|| damaged(subject))?.into_iter().map(Arc::new).collect();
    let has_more = rows.len() > query.window.limit;
    rows.truncate(query.window.limit);
    let backward = query.window.backward;
    if backward {
        rows.reverse();
    }
    let page = ObservationPage {
        rows,
        has_next: goes_on_behind || (has_more && !backward),
        has_previous: goes_on_ahead || (has_more && backward),
        total: total.and_then(|total| usize::try_from(total).ok()),
    };
    Ok(((*subject).clone(), u64::try_from(revision).unwrap_or_default(), page))
}
