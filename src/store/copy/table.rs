//! The tables as a copy sees them: columns, keys, and a page of rows at a time.
//!
//! Every table of the schema stands here; a test holds the list against the databases themselves.

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Value};

use super::DOING;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::row::MOST_PARAMETERS;
use crate::store::sql::{Sql, rows, run};

/// What a column holds; any may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Column {
    Text,
    Number,
    Flag,
    Bytes,
}

use Column::{Bytes, Flag, Number, Text};

/// A table.
#[derive(Debug)]
pub(in crate::store) struct Table {
    pub name: &'static str,
    /// The first so many columns tell rows apart.
    pub key: usize,
    pub columns: &'static [(&'static str, Column)],
    /// Rows that are held at once.
    page: i64,
}

const fn table(name: &'static str, key: usize, columns: &'static [(&'static str, Column)]) -> Table {
    Table { name, key, columns, page: 1_000 }
}

/// What is pointed to comes before what points.
pub(in crate::store) const TABLES: &[Table] = &[
    table("meta", 1, &[("key", Text), ("value", Text)]),
    table(
        "entry",
        1,
        &[
            ("id", Text),
            ("kind", Text),
            ("code", Text),
            ("content", Text),
            ("digest", Text),
            ("origin", Text),
            ("version", Number),
            ("revision", Number),
            ("published_at", Text),
            ("updated_at", Text),
        ],
    ),
    table("practice_body", 2, &[("entry_id", Text), ("language", Text), ("ordinal", Number), ("body", Text)]),
    table("official_text", 2, &[("entry_id", Text), ("language", Text), ("ordinal", Number), ("text", Text)]),
    table("dossier", 1, &[("entry_id", Text), ("content", Text)]),
    table(
        "practice_version",
        2,
        &[
            ("entry_id", Text),
            ("version", Number),
            ("language", Text),
            ("content", Text),
            ("bodies", Text),
            ("status", Text),
            ("audience", Text),
            ("recorded_at", Text),
        ],
    ),
    Table { page: 100, ..table("practice_piece", 2, &[("entry_id", Text), ("name", Text), ("text", Text)]) },
    table(
        "event",
        1,
        &[
            ("seq", Number),
            ("at", Text),
            ("entry_id", Text),
            ("kind", Text),
            ("party", Text),
            ("subject", Text),
            ("version", Number),
            ("note", Text),
            ("hash", Text),
            ("seal", Text),
        ],
    ),
    table("holding", 1, &[("party", Text), ("bytes", Number)]),
    table("answered", 2, &[("subject", Text), ("key", Text), ("digest", Text), ("entry_id", Text), ("revision", Number), ("at", Text)]),
    table("change", 2, &[("revision", Number), ("entry_id", Text), ("kind", Text), ("at", Text)]),
    table(
        "api_key",
        1,
        &[
            ("id", Text),
            ("digest", Text),
            ("party", Text),
            ("role", Text),
            ("subject", Text),
            ("note", Text),
            ("created_at", Text),
            ("expires_at", Text),
            ("revoked_at", Text),
            ("last_used_at", Text),
        ],
    ),
    table("corridor", 1, &[("code", Text), ("origin", Text), ("destination", Text)]),
    table("figure_file", 1, &[("id", Number), ("source", Text), ("edition", Text), ("name", Text), ("sha256", Text), ("retrieved_on", Text)]),
    table(
        "figure_set",
        1,
        &[
            ("id", Number),
            ("source", Text),
            ("measure", Text),
            ("edition", Text),
            ("is_cited", Flag),
            ("is_newest", Flag),
            ("facts", Number),
            ("first_day", Text),
            ("last_day", Text),
        ],
    ),
    table("breakdown", 1, &[("id", Number), ("sex", Text), ("age_group", Text), ("dimensions", Text)]),
    table("place", 1, &[("id", Number), ("code", Text)]),
    table("series", 1, &[("id", Number), ("hash", Number), ("set_id", Number), ("breakdown_id", Number), ("subject", Text), ("points", Bytes)]),
    Table {
        // Megabytes each, at times.
        page: 20,
        ..table(
            "figure_block",
            4,
            &[("set_id", Number), ("breakdown_id", Number), ("kind", Number), ("period", Number), ("facts", Number), ("cells", Bytes), ("series", Bytes)],
        )
    },
];

/// A row, column by column.
pub(super) type Row = Vec<Value>;

impl Table {
    /// The rows behind a key, in the order of keys: bytes of texts, numbers; so that both engines have one order.
    pub async fn page(&self, db: &impl ConnectionTrait, behind: Option<&[Value]>) -> Result<Vec<Row>, StoreError> {
        let names = |columns: &[(&str, Column)]| columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let key = names(self.columns.get(..self.key).unwrap_or_default());
        let mut sql = Sql::new("SELECT ");
        sql.text(&names(self.columns)).text(" FROM ").text(self.name);
        if let Some(behind) = behind {
            sql.text(" WHERE (").text(&key).text(") > (");
            for (n, value) in behind.iter().enumerate() {
                sql.text(if n == 0 { "" } else { ", " }).bind(value.clone());
            }
            sql.text(")");
        }
        sql.text(" ORDER BY ").text(&key).text(" LIMIT ").bind(self.page);
        rows(db, sql).await.doing(DOING)?.iter().map(|row| self.row(row)).collect()
    }

    fn row(&self, row: &QueryResult) -> Result<Row, StoreError> {
        let value = |(at, (_, column)): (usize, &(&str, Column))| {
            Ok(match column {
                Text => row.try_get_by_index::<Option<String>>(at)?.into(),
                Number => row.try_get_by_index::<Option<i64>>(at)?.into(),
                Flag => row.try_get_by_index::<Option<bool>>(at)?.into(),
                Bytes => row.try_get_by_index::<Option<Vec<u8>>>(at)?.into(),
            })
        };
        self.columns.iter().enumerate().map(value).collect::<Result<_, _>>().doing(DOING)
    }

    /// What tells a row apart.
    pub fn key_of(&self, row: &Row) -> Vec<Value> {
        row.iter().take(self.key).cloned().collect()
    }

    /// Puts rows in.
    pub async fn insert(&self, target: &DatabaseTransaction, some: Vec<Row>) -> Result<(), StoreError> {
        let columns = self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let mut some = some.into_iter().peekable();
        while some.peek().is_some() {
            let mut sql = Sql::new("INSERT INTO ");
            sql.text(self.name).text(" (").text(&columns).text(") VALUES ");
            for (n, row) in some.by_ref().take(MOST_PARAMETERS / self.columns.len()).enumerate() {
                sql.text(if n == 0 { "(" } else { ", (" });
                for (n, value) in row.into_iter().enumerate() {
                    sql.text(if n == 0 { "" } else { ", " }).bind(value);
                }
                sql.text(")");
            }
            run(target, sql).await.doing(DOING)?;
        }
        Ok(())
    }
}

/// How many rows there are, and what all of them say.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub rows: u64,
    hasher: blake3::Hasher,
}

impl Tally {
    /// One more row; rows come in the order of their keys.
    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        for value in row {
            match value {
                Value::String(Some(text)) => self.part(1, text.as_bytes()),
                Value::BigInt(Some(number)) => self.part(2, &number.to_le_bytes()),
                Value::Bool(Some(flag)) => self.part(3, &[u8::from(*flag)]),
                Value::Bytes(Some(bytes)) => self.part(4, bytes),
                _ => self.part(0, &[]),
            }
        }
    }

    /// With its sort and length ahead, none can be taken for another.
    fn part(&mut self, sort: u8, bytes: &[u8]) {
        self.hasher.update(&[sort]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    }

    /// The hash of all rows.
    pub fn hash(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

impl PartialEq for Tally {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.hasher.finalize() == other.hasher.finalize()
    }
}
