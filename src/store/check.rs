//! What the doctor looks at: whether the database is whole, and whether what it says fits together.

use std::fmt;

use sea_orm::ConnectionTrait;

use super::contribution::{Which, chain, faces, piece};
use super::error::Doing;
use super::material::stored;
use super::reference::{Codes, references};
use super::row::CATALOGUE;
use super::series::check as series;
use super::sql::{Sql, rows};
use super::{Store, StoreError, write};
use crate::domain::audit::AuditKeys;
use crate::domain::entry::{Kind, Stored};

const DOING: &str = "be looked at";

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(String);

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was found, at most so much of one sort.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

/// Of one sort of fault, so many are shown: the first tell what is wrong, the rest how much.
const SHOWN: usize = 20;

impl Findings {
    fn all(&mut self, found: impl IntoIterator<Item = String>) {
        let mut found = found.into_iter();
        self.0.extend(found.by_ref().take(SHOWN).map(Finding));
        let more = found.count();
        if more > 0 {
            self.0.push(Finding(format!("… and {more} more of these")));
        }
    }
}

impl Store {
    /// Looks at everything; an empty list where all is well.
    ///
    /// # Errors
    /// Where the database cannot even be looked at.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let reading = self.one_state(DOING).await?;
        let found = look(&*reading, &self.contributing.keys).await;
        let _ = reading.rollback().await;
        found
    }
}

async fn look(db: &impl ConnectionTrait, keys: &AuditKeys) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Findings::default();
    engine(db, &mut findings).await?;
    let steps = texts(db, "SELECT version FROM seaql_migrations ORDER BY version").await?;
    if steps != silkroutes_migrations::steps() {
        findings.all([format!("the schema has the steps {}, not those of this version", steps.join(", "))]);
    }
    let entries = entries(db, &mut findings).await?;
    names(db, &entries, &mut findings).await?;
    figures(db, &mut findings).await?;
    let masterless = "SELECT id || ' acts for ' || party FROM api_key WHERE revoked_at IS NULL AND party NOT IN (SELECT code FROM entry WHERE kind IN ('State', 'Organisation'))";
    findings.all(texts(db, masterless).await?.into_iter().map(|key| format!("the API key {key}, which is not there: it is good for nothing")));
    log(db, &mut findings).await?;
    events(db, keys, &mut findings).await?;
    Ok(findings.0)
}

/// What the engine itself can say.
async fn engine(db: &impl ConnectionTrait, findings: &mut Findings) -> Result<(), StoreError> {
    if write::is_postgres(db) {
        let unsure = "SELECT conrelid::regclass || ': the rule ' || conname || ' was not checked' FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace \
             UNION ALL SELECT indrelid::regclass || ': the index ' || indexrelid::regclass || ' is not valid' FROM pg_index JOIN pg_class c ON c.oid = indexrelid \
             WHERE NOT indisvalid AND c.relnamespace = current_schema()::regnamespace \
             UNION ALL SELECT table_name || '.' || column_name || ' does not sort by its bytes (its collation is not C)' FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name <> 'seaql_migrations' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'";
        findings.all(texts(db, unsure).await?);
        return Ok(());
    }
    findings.all(texts(db, "PRAGMA integrity_check").await?.into_iter().filter(|line| line != "ok").map(|line| format!("SQLite: {line}")));
    let broken = texts(db, "SELECT \"table\" || ' points to ' || parent || ', where it is not' FROM pragma_foreign_key_check").await?;
    findings.all(broken.into_iter().map(|line| format!("a row of {line}")));
    Ok(())
}

/// What happened must be told as it was written, and of every contribution there must be its versions.
async fn events(db: &impl ConnectionTrait, keys: &AuditKeys, findings: &mut Findings) -> Result<(), StoreError> {
    findings.all(chain::proof(db, keys).await?.findings);
    findings.all(piece::look(db).await?);
    if let Err(StoreError::Damaged { what, of }) = faces(db, Which::All).await {
        findings.all([format!("{what} of {of} cannot be read")]);
    }
    Ok(())
}

/// Every entry that can be read; what cannot be is found.
async fn entries(db: &impl ConnectionTrait, findings: &mut Findings) -> Result<Vec<Stored>, StoreError> {
    let (mut entries, mut broken, mut other) = (Vec::new(), Vec::new(), Vec::new());
    let sql = Sql::new("SELECT id, kind, code, content, published_at, updated_at, version, origin FROM entry ORDER BY kind, code");
    for row in rows(db, sql).await.doing(DOING)? {
        let name = format!("{} {}", row.try_get_by_index::<String>(1).doing(DOING)?, row.try_get_by_index::<String>(2).doing(DOING)?);
        match stored(&row) {
            Err(StoreError::Damaged { what, of }) => broken.push(format!("{what} of {of} cannot be read")),
            Err(other) => return Err(other),
            Ok(stored) => {
                if format!("{} {}", stored.entry.kind(), stored.entry.code()) != name {
                    other.push(format!("{name} says that it is {} {}", stored.entry.kind(), stored.entry.code()));
                }
                let is_the_catalogues = row.try_get_by_index::<String>(7).doing(DOING)? == CATALOGUE;
                if is_the_catalogues && stored.id != stored.entry.catalogue_id() {
                    other.push(format!("{name} came with the catalogue, but its id is not made of its code"));
                }
                entries.push(stored);
            }
        }
    }
    findings.all(broken);
    findings.all(other);
    Ok(entries)
}

/// Every code that an entry or a figure names must be there.
async fn names(db: &impl ConnectionTrait, entries: &[Stored], findings: &mut Findings) -> Result<(), StoreError> {
    let mut codes = Codes::default();
    for stored in entries {
        codes.add(stored.entry.kind(), &stored.entry.code());
    }
    for code in texts(db, "SELECT code FROM corridor").await? {
        codes.add_corridor(code);
    }
    let loose = entries.iter().flat_map(|stored| {
        let name = format!("{} {}", stored.entry.kind(), stored.entry.code());
        let missing = references(&stored.entry).into_iter().filter(|reference| !codes.has(reference));
        missing.map(move |reference| format!("{name} names {}, which is not there", reference.code)).collect::<Vec<_>>()
    });
    findings.all(loose);
    let sources = texts(db, "SELECT DISTINCT source FROM figure_set").await?;
    findings
        .all(sources.into_iter().filter(|code| !codes.has_entry(Kind::Source, code)).map(|code| format!("figures name the source {code}, which is not there")));
    let subjects = texts(db, "SELECT DISTINCT subject FROM series").await?;
    let is_there = |subject: &str| match subject.split_once(':') {
        Some(("C", code)) => code.split_once('-').is_some_and(|(origin, destination)| codes.has_point(origin) && codes.has_point(destination)),
        Some(("R", code)) => codes.has_entry(Kind::Route, code),
        Some(("S", code)) => codes.has_point(code),
        _ => false,
    };
    findings.all(subjects.into_iter().filter(|subject| !is_there(subject)).map(|subject| format!("figures are about {subject}, which is not there")));
    Ok(())
}

/// Corridors and the marks of figures must be what figures make them.
async fn figures(db: &impl ConnectionTrait, findings: &mut Findings) -> Result<(), StoreError> {
    let unnoted = "SELECT DISTINCT subject FROM series WHERE subject LIKE 'C:%' AND substr(subject, 3) NOT IN (SELECT code FROM corridor)";
    findings.all(texts(db, unnoted).await?.into_iter().map(|subject| format!("there are figures about {subject}, but no such corridor")));
    series::look(db, |found| findings.all(found)).await
}

/// Revisions count up from 1 without a gap, and no entry is ahead of them.
async fn log(db: &impl ConnectionTrait, findings: &mut Findings) -> Result<(), StoreError> {
    let gaps = "SELECT CAST(revision AS text) FROM (SELECT revision, lag(revision, 1, 0) OVER (ORDER BY revision) AS last FROM (SELECT DISTINCT revision FROM change) r) g \
         WHERE revision <> last + 1";
    findings.all(texts(db, gaps).await?.into_iter().map(|revision| format!("the change log lacks what comes before revision {revision}")));
    let ahead = "SELECT kind || ' ' || code FROM entry e WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.revision = e.revision AND c.entry_id = e.id)";
    findings.all(texts(db, ahead).await?.into_iter().map(|name| format!("{name} has a revision that the change log does not know")));
    Ok(())
}

async fn texts(db: &impl ConnectionTrait, sql: &str) -> Result<Vec<String>, StoreError> {
    let found = rows(db, Sql::new(sql)).await.doing(DOING)?;
    found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>().doing(DOING)
}
