//! All practices, some at a time: there may be a million, and a graph that is being made needs each of them once.
//!
//! The database makes the text of one part while the one before is parsed on another thread, and the one before that is
//! taken. A part holds neighbours by slug: those of the catalogue, and the faces of those that parties changed.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::StoreError;
use super::contribution::{Which, faces};
use super::error::Doing;
use super::material::{Chunk, Chunks, Record, first_damaged};
use super::sql::{Sql, rows};
use super::whole::aside;
use crate::domain::contribution::Face;
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::practice::GoodPractice;
use crate::domain::text::Language;
use crate::domain::word::Words;
use crate::graph::material::PracticeFace;

const DOING: &str = "read all practices";

/// Parts that may wait for the one that is being taken.
const AHEAD: usize = 4;

/// What a practice says at length.
type Bodies = Vec<(Id, Language, String)>;

/// Gathers all practices, bodies included, of what `db` reads, which is to be one state: in the order of their slugs, each
/// part prepared, and added, on threads that answer nobody.
///
/// # Errors
/// Where the database does not answer, or holds what this program never wrote.
pub(super) async fn gather<T: Send + 'static, All: Send + 'static>(
    db: &impl ConnectionTrait,
    mut all: All,
    prepare: impl Fn(Vec<PracticeFace>) -> T + Clone + Send + 'static,
    add: fn(&mut All, T),
) -> Result<All, StoreError> {
    let (sender, mut parts) = mpsc::channel::<JoinHandle<Result<T, Unreadable>>>(AHEAD);
    let adding = async {
        while let Some(part) = parts.recv().await {
            let part = match part.await {
                Ok(Ok(part)) => part,
                Ok(Err(Unreadable::Entry)) => return Err(first_damaged(db, Kind::GoodPractice).await),
                Ok(Err(Unreadable::Body)) => return Err(StoreError::Damaged { what: "a body", of: "practices".into() }),
                Err(_) => return Err(StoreError::BrokenOff),
            };
            all = aside(move || {
                add(&mut all, part);
                all
            })
            .await?;
        }
        Ok(all)
    };
    let ((), all) = tokio::try_join!(read(db, prepare, sender), adding)?;
    Ok(all)
}

/// Reads the parts and has them parsed, no more at once than may wait.
async fn read<T: Send + 'static>(
    db: &impl ConnectionTrait,
    prepare: impl Fn(Vec<PracticeFace>) -> T + Clone + Send + 'static,
    parts: mpsc::Sender<JoinHandle<Result<T, Unreadable>>>,
) -> Result<(), StoreError> {
    let (has_bodies, has_faces) = (holds(db, "practice_body").await?, holds(db, "dossier").await?);
    let mut chunks = if has_faces { Chunks::untouched(Kind::GoodPractice) } else { Chunks::of(Kind::GoodPractice) };
    while let Some(chunk) = chunks.next(db).await? {
        let bodies = if has_bodies { Some(bodies(db, &chunk).await?) } else { None };
        let contributed = if has_faces { faces(db, Which::Between(&chunk.after, &chunk.to)).await? } else { Vec::new() };
        let prepare = prepare.clone();
        let part = spawn_blocking(move || {
            let mut all = parse(&chunk, bodies.as_deref())?;
            all.extend(contributed);
            Ok(prepare(all))
        });
        // Where one could not be read, this is not waited for any more.
        let _ = parts.send(part).await;
    }
    Ok(())
}

/// Whether a table has a row: where it has none, no part asks it.
async fn holds(db: &impl ConnectionTrait, table: &str) -> Result<bool, StoreError> {
    Ok(!rows(db, Sql::new(&format!("SELECT 1 FROM {table} LIMIT 1"))).await.doing(DOING)?.is_empty())
}

/// The bodies of a part, as a list in JSON.
async fn bodies(db: &impl ConnectionTrait, chunk: &Chunk) -> Result<String, StoreError> {
    let mut sql = Sql::new("SELECT ");
    sql.json_rows("e.id, b.language, b.body").text(" FROM entry e JOIN practice_body b ON b.entry_id = e.id WHERE e.kind = ").bind(Kind::GoodPractice.name());
    sql.text(" AND e.code > ").bind(chunk.after.as_str()).text(" AND e.code <= ").bind(chunk.to.as_str());
    let found = rows(db, sql).await.doing(DOING)?;
    let json = found.first().map(|row| row.try_get_by_index::<Option<String>>(0)).transpose().doing(DOING)?;
    Ok(json.flatten().unwrap_or_else(|| "[]".to_owned()))
}

/// What cannot be read of a part.
enum Unreadable {
    Entry,
    Body,
}

/// The practices of a part that no party has changed.
fn parse(chunk: &Chunk, bodies: Option<&str>) -> Result<Vec<PracticeFace>, Unreadable> {
    let records = chunk.records().ok_or(Unreadable::Entry)?;
    let bodies: Bodies = bodies.map_or(Ok(Vec::new()), serde_json::from_str).map_err(|_| Unreadable::Body)?;
    let mut bodies: HashMap<(Id, Language), String> = bodies.into_iter().map(|(id, language, body)| ((id, language), body)).collect();
    let face = |(id, version, published_at, updated_at, mut entry): Record<GoodPractice>| {
        if !bodies.is_empty() {
            for text in &mut entry.texts {
                text.body = bodies.remove(&(id, text.language));
            }
        }
        PracticeFace { id, entry, face: Face::public(version, published_at, updated_at), kept: false }
    };
    Ok(records.into_iter().map(face).collect())
}
