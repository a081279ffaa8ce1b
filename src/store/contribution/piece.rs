//! Versions in pieces. What a version says is kept piece by piece, each under the hash of its text and once for a
//! practice; the row of a version names its pieces. So an edit stores what it changed, and not all that was said before.
//!
//! The pieces are: what the practice names and cites; of each language, title and summary; and each body. They belong to
//! their practice and go with it. They are not shared between practices: how much one stores would tell of another.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use serde::{Deserialize, Serialize};

use crate::domain::id::Id;
use crate::domain::practice::{GoodPractice, PracticeText};
use crate::domain::text::Language;
use crate::store::StoreError;
use crate::store::error::Doing;
use crate::store::sql::{Sql, rows, run};

use super::quota::ROW;

const DOING: &str = "read the versions of practices";
/// Of the hash, so many bytes name a piece: nobody finds two texts with one name.
const NAME: usize = 24;
/// Names of one statement.
const CHUNK: usize = 5_000;

/// A text under the hash of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub name: String,
    pub text: String,
}

impl Piece {
    fn of(text: String) -> Self {
        Self { name: name(&text), text }
    }
}

/// The name of a text.
pub(super) fn name(text: &str) -> String {
    let hash = blake3::hash(text.as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(hash.as_bytes().get(..NAME).unwrap_or_default())
}

/// What the row of a version says itself, and the names of its pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pieces {
    pub slug: String,
    pub attributed: bool,
    /// What it names and cites.
    facts: String,
    /// In each language, the original first.
    texts: Vec<Telling>,
}

/// A language, its title and summary, and its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Telling(Language, String, Option<String>);

impl Telling {
    fn of(text: &PracticeText, pieces: &mut Vec<Piece>) -> Self {
        let mut keep = |text: String| {
            let piece = Piece::of(text);
            let name = piece.name.clone();
            pieces.push(piece);
            name
        };
        let told = keep(serde_json::json!([text.title, text.summary]).to_string());
        Self(text.language, told, text.body.clone().map(keep))
    }
}

impl Pieces {
    /// Of a practice.
    pub fn of(practice: &GoodPractice) -> Result<(Self, Vec<Piece>), StoreError> {
        let mut pieces = Vec::new();
        let texts = practice.texts.iter().map(|text| Telling::of(text, &mut pieces)).collect();
        let mut all = Self { slug: practice.slug.clone(), attributed: practice.attributed, facts: String::new(), texts };
        all.state(practice, &mut pieces)?;
        Ok((all, pieces))
    }

    /// Names and cites what this practice does.
    pub fn state(&mut self, practice: &GoodPractice, pieces: &mut Vec<Piece>) -> Result<(), StoreError> {
        let facts = GoodPractice { slug: String::new(), texts: Vec::new(), attributed: false, ..practice.clone() };
        let facts = serde_json::to_string(&facts).map_err(|_| StoreError::Damaged { what: "the content", of: "a practice".into() })?;
        let piece = Piece::of(facts);
        self.attributed = practice.attributed;
        self.facts.clone_from(&piece.name);
        pieces.push(piece);
        Ok(())
    }

    /// The language that it was written in.
    pub fn original(&self) -> Language {
        self.texts.first().map_or(Language::En, |text| text.0)
    }

    /// Tells it in a language, for the first time or anew.
    pub fn tell(&mut self, text: &PracticeText, pieces: &mut Vec<Piece>) {
        let telling = Telling::of(text, pieces);
        match self.texts.iter_mut().find(|known| known.0 == text.language) {
            Some(known) => *known = telling,
            None => self.texts.push(telling),
        }
    }

    /// The name of title and summary in that language, else in the original.
    pub fn told_in(&self, language: Language) -> Option<&str> {
        self.texts.iter().find(|text| text.0 == language).or_else(|| self.texts.first()).map(|text| text.1.as_str())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let texts = self.texts.iter().flat_map(|Telling(_, told, body)| [Some(told.as_str()), body.as_deref()]);
        std::iter::once(self.facts.as_str()).chain(texts.flatten())
    }

    /// The bodies, with the names of their pieces.
    pub fn bodies(&self) -> impl Iterator<Item = (Language, &str)> {
        self.texts.iter().filter_map(|text| Some((text.0, text.2.as_deref()?)))
    }

    /// The row's own text.
    pub fn json(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|_| StoreError::Damaged { what: "the content", of: "a practice".into() })
    }

    /// The practice that it is made of; none where a piece is not there, or not what it should be.
    fn practice(&self, id: Id, pieces: &Kept) -> Option<GoodPractice> {
        let text = |name: &str| pieces.get(&(id, name.to_owned()));
        let mut practice: GoodPractice = serde_json::from_str(text(&self.facts)?).ok()?;
        (practice.slug, practice.attributed) = (self.slug.clone(), self.attributed);
        for Telling(language, told, body) in &self.texts {
            let (title, summary) = told_of(text(told)?)?;
            let body = match body {
                Some(body) => Some(text(body)?.clone()),
                None => None,
            };
            practice.texts.push(PracticeText { language: *language, title, summary, body });
        }
        Some(practice)
    }
}

/// Title and summary of a piece.
pub(super) fn told_of(text: &str) -> Option<(String, String)> {
    serde_json::from_str(text).ok()
}

/// The version of a row, by its columns `content` and `bodies`: in pieces, or as a version of this program that knew of
/// none kept it, whole, with its bodies beside it.
pub(super) enum Row {
    Pieces(Pieces),
    Whole(Box<GoodPractice>),
}

impl Row {
    /// None where it is neither.
    pub fn of(content: &str, bodies: &str) -> Option<Self> {
        if bodies == IN_PIECES {
            return serde_json::from_str(content).ok().map(Self::Pieces);
        }
        let mut practice: GoodPractice = serde_json::from_str(content).ok()?;
        let mut bodies: Vec<(Language, String)> = serde_json::from_str(bodies).ok()?;
        for text in &mut practice.texts {
            text.body = bodies.iter_mut().find(|(language, _)| *language == text.language).map(|(_, body)| std::mem::take(body));
        }
        Some(Self::Whole(Box::new(practice)))
    }

    fn read(row: &QueryResult, at: usize, id: Id) -> Result<Self, StoreError> {
        let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
        Self::of(&text(at)?, &text(at + 1)?).ok_or_else(|| damaged(id))
    }
}

/// What stands in `bodies` where a version is in pieces. It is no JSON, so that a node which knows of no pieces refuses
/// such a version, rather than take it for one without bodies and write it on so.
pub(super) const IN_PIECES: &str = "";

pub(super) fn damaged(id: Id) -> StoreError {
    StoreError::Damaged { what: "a version", of: format!("the practice {id}") }
}

/// Pieces by practice and name.
pub(super) type Kept = HashMap<(Id, String), String>;

/// Keeps the pieces that a practice does not have yet; how many bytes that takes.
pub(super) async fn keep(transaction: &DatabaseTransaction, id: Id, pieces: Vec<Piece>) -> Result<u64, StoreError> {
    let mut bytes = 0;
    for Piece { name, text } in pieces {
        let length = text.len() as u64;
        let mut sql = Sql::new("INSERT INTO practice_piece (entry_id, name, text) VALUES (");
        sql.bind(id.to_string()).text(", ").bind(name).text(", ").bind(text).text(") ON CONFLICT (entry_id, name) DO NOTHING");
        if run(transaction, sql).await.doing("keep what a practice says")? > 0 {
            bytes += length + ROW;
        }
    }
    Ok(bytes)
}

/// These pieces; those that are not there are left out.
pub(super) async fn pieces(db: &impl ConnectionTrait, names: &[(Id, String)]) -> Result<Kept, StoreError> {
    let mut kept = Kept::with_capacity(names.len());
    for some in names.chunks(CHUNK) {
        let mut sql = Sql::new("SELECT p.entry_id, p.name, p.text FROM ");
        sql.tuples("k", &some).text(" JOIN practice_piece p ON p.entry_id = k.value ->> 0 AND p.name = k.value ->> 1");
        for row in rows(db, sql).await.doing(DOING)? {
            let text = |n: usize| row.try_get_by_index::<String>(n).doing(DOING);
            let id: Id = text(0)?.parse().map_err(|_| StoreError::Damaged { what: "the id", of: "a piece".into() })?;
            kept.insert((id, text(1)?), text(2)?);
        }
    }
    Ok(kept)
}

/// The rows of these versions.
pub(super) async fn heads(db: &impl ConnectionTrait, keys: &[(Id, u32)]) -> Result<Vec<(Id, u32, Row)>, StoreError> {
    let mut sql = Sql::new("SELECT v.entry_id, v.version, v.content, v.bodies FROM ");
    sql.tuples("k", &keys).text(" JOIN practice_version v ON v.entry_id = k.value ->> 0 AND v.version = CAST(k.value ->> 1 AS bigint)");
    let mut all = Vec::with_capacity(keys.len());
    for row in rows(db, sql).await.doing(DOING)? {
        let id: Id = row.try_get_by_index::<String>(0).doing(DOING)?.parse().map_err(|_| StoreError::Damaged { what: "the id", of: "a version".into() })?;
        let version = u32::try_from(row.try_get_by_index::<i64>(1).doing(DOING)?).map_err(|_| damaged(id))?;
        all.push((id, version, Row::read(&row, 2, id)?));
    }
    Ok(all)
}

/// These versions, bodies included.
pub(in crate::store) async fn practices(db: &impl ConnectionTrait, keys: &[(Id, u32)]) -> Result<HashMap<(Id, u32), GoodPractice>, StoreError> {
    let heads = heads(db, keys).await?;
    let mut names = Vec::new();
    for (id, _, row) in &heads {
        if let Row::Pieces(pieces) = row {
            names.extend(pieces.names().map(|name| (*id, name.to_owned())));
        }
    }
    names.sort_unstable();
    names.dedup();
    let kept = pieces(db, &names).await?;
    let whole = |(id, version, row)| {
        let practice = match row {
            Row::Pieces(pieces) => pieces.practice(id, &kept).ok_or_else(|| damaged(id))?,
            Row::Whole(practice) => *practice,
        };
        Ok(((id, version), practice))
    };
    heads.into_iter().map(whole).collect()
}

/// What is wrong with versions and pieces: a version without a piece, a piece that is not what its name says.
pub(in crate::store) async fn look(db: &impl ConnectionTrait) -> Result<Vec<String>, StoreError> {
    const STEP: i64 = 200;
    let mut found = Vec::new();
    let mut last = (String::new(), -1_i64);
    loop {
        let mut sql = Sql::new("SELECT entry_id, version, content, bodies FROM practice_version WHERE (entry_id, version) > (");
        sql.bind(last.0.clone()).text(", ").bind(last.1).text(") ORDER BY entry_id, version LIMIT ").bind(STEP);
        let some = rows(db, sql).await.doing(DOING)?;
        let Some(end) = some.last() else { return Ok(found) };
        last = (end.try_get_by_index(0).doing(DOING)?, end.try_get_by_index(1).doing(DOING)?);
        let (mut versions, mut wanted) = (Vec::new(), Vec::new());
        for row in &some {
            let (id, version): (String, i64) = (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
            match id.parse::<Id>().ok().map(|id| (id, Row::read(row, 2, id))) {
                Some((id, Ok(Row::Pieces(pieces)))) => {
                    wanted.extend(pieces.names().map(|name| (id, name.to_owned())));
                    versions.push((id, version, pieces));
                }
                Some((_, Ok(Row::Whole(_)))) => {}
                _ => found.push(format!("version {version} of the practice {id} cannot be read")),
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        let kept = pieces(db, &wanted).await?;
        found.extend(
            kept.iter().filter(|((_, known), text)| name(text) != *known).map(|((id, _), _)| format!("a text of the practice {id} is not what it was")),
        );
        let broken = versions.into_iter().filter(|(id, _, pieces)| pieces.practice(*id, &kept).is_none());
        found.extend(broken.map(|(id, version, _)| format!("version {version} of the practice {id} cannot be read")));
    }
}
