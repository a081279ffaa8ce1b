//! What `silkroutes doctor` looks at: whether the database is whole.

use sea_orm::ConnectionTrait;

use crate::domain::id::Id;
use crate::graph::Snapshot;

use super::sql::{column, statement};
use super::{Store, StoreError};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// What is wrong with it; none where it is well.
    pub wrong: Option<String>,
}

impl Store {
    /// Looks at everything.
    ///
    /// # Errors
    /// Where the database does not answer at all.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let graph = match self.material().await {
            Ok(material) => Snapshot::build(material, &[0; 64]).err().map(|broken| broken.to_string()),
            Err(error) => Some(error.to_string()),
        };
        Ok(vec![
            Finding { what: "file", wrong: self.pragma("PRAGMA integrity_check", |text| text != "ok").await? },
            Finding { what: "foreign keys", wrong: self.pragma("PRAGMA foreign_key_check", |_| true).await? },
            Finding { what: "entries and the codes that they name", wrong: graph },
            Finding { what: "ids", wrong: self.ids().await? },
            Finding { what: "corridors and figures", wrong: self.corridors().await? },
            Finding { what: "cursor key", wrong: self.secret().await.err().map(|error| error.to_string()) },
        ])
    }

    async fn pragma(&self, sql: &str, is_wrong: impl Fn(&str) -> bool) -> Result<Option<String>, StoreError> {
        let rows = self.read.query_all_raw(statement(sql, vec![])).await?;
        let texts = rows.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<Vec<_>, _>>()?;
        let wrong: Vec<String> = texts.into_iter().filter(|text| is_wrong(text)).take(5).collect();
        Ok((!wrong.is_empty()).then(|| wrong.join("; ")))
    }

    /// The id of what the catalogue made is the hash of its kind and code.
    async fn ids(&self) -> Result<Option<String>, StoreError> {
        let rows = self.read.query_all_raw(statement("SELECT id, kind, code FROM entry WHERE digest IS NOT NULL", vec![])).await?;
        for row in rows {
            let (id, kind, code): (String, String, String) = (column(&row, "id")?, column(&row, "kind")?, column(&row, "code")?);
            if Id::of(&kind, &code).to_string() != id {
                return Ok(Some(format!("{kind} {code} has another id than its code gives")));
            }
        }
        Ok(None)
    }

    async fn corridors(&self) -> Result<Option<String>, StoreError> {
        let without = "SELECT code FROM corridor c WHERE NOT EXISTS (SELECT 1 FROM observation o WHERE o.subject = 'C:' || c.code) LIMIT 1";
        let row = self.read.query_one_raw(statement(without, vec![])).await?;
        row.map(|row| column::<String>(&row, "code")).transpose().map(|code| code.map(|code| format!("corridor {code} has no figure")))
    }
}
