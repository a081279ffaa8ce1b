//! What parties do to practices: one transaction each, with version, audit row and revision.
//!
//! The rules are [`Dossier`]'s; here they are asked about what the database holds while nobody else can write. An act
//! that was answered already is not done again: its answer is found under the caller's key.

mod contact;
mod dossier;
pub(super) mod event;
mod face;

use std::sync::Arc;

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;

use super::error::Doing;
use super::row::instant;
use super::sql::{Sql, rows, run};
use super::write::{self, Changes, is_postgres};
use super::{Store, StoreError, connect};
use crate::domain::contact::ContactPoint;
use crate::domain::contribution::{Dossier, EventKind, Refused, Step};
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::practice::{GoodPractice, PracticeText};
use crate::domain::text::Language;
use crate::domain::viewer::Member;

pub use dossier::VersionRow;
pub use event::{EventRow, ReadNote};
pub(super) use event::{Noted, noted};
pub(super) use face::{Which, faces};

/// How long the answer to a call can be found again.
const REMEMBERED: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What someone does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Begins a practice under that id.
    Draft {
        /// A random id.
        id: Id,
        /// What it says.
        practice: Box<GoodPractice>,
    },
    /// Writes a practice anew, in the language of its original; the slug stays.
    Revise {
        /// The practice.
        id: Id,
        /// The version that the caller saw.
        saw: u32,
        /// What it says now; its first text replaces the original's, its slug, owner and language count for nothing.
        practice: Box<GoodPractice>,
        /// Whether the owner is named; as before where none.
        attributed: Option<bool>,
    },
    /// Tells a practice in a further language, or anew in one.
    Translate {
        /// The practice.
        id: Id,
        /// The version that the caller saw.
        saw: u32,
        /// The text.
        text: PracticeText,
    },
    /// Takes a step that writes no text.
    Step {
        /// The practice.
        id: Id,
        /// The version that the caller saw.
        saw: u32,
        /// The step.
        step: Step,
        /// Remarks or a reason.
        note: Option<String>,
    },
    /// Saves an office of the caller's party.
    SaveContact {
        /// Its id; a random one for a new office.
        id: Id,
        /// The version that the caller saw; none for a new office.
        saw: Option<u32>,
        /// The office.
        contact: Box<ContactPoint>,
    },
    /// Erases an office of the caller's party.
    EraseContact {
        /// Its id.
        id: Id,
        /// The version that the caller saw.
        saw: u32,
    },
}

impl Act {
    /// Whether it takes back what is shown: that is done on a disk that is nearly full, too.
    const fn takes_back(&self) -> bool {
        matches!(self, Self::EraseContact { .. } | Self::Step { step: Step::Withdraw, .. })
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::SaveContact { .. } | Self::EraseContact { .. } => Kind::ContactPoint,
            Self::Draft { .. } | Self::Revise { .. } | Self::Translate { .. } | Self::Step { .. } => Kind::GoodPractice,
        }
    }
}

/// A call, and how to know it again.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who.
    pub by: Member,
    /// What.
    pub act: Act,
    /// The caller's key for it, and a digest of all that he asked.
    pub key: Option<(String, String)>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, now or before: of which entry, at which revision.
    Done(Id, u64),
    /// The rules refuse it.
    Refused(Refused),
    /// There is no such practice.
    NotThere,
    /// The key was used for something else.
    KeyReused,
}

impl Store {
    /// An id and a suffix that nobody can guess and that tell nothing.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn chance(&self) -> Result<(Id, [u8; 8]), StoreError> {
        let (mut id, mut suffix) = ([0; 16], [0; 8]);
        #[expect(clippy::disallowed_methods, reason = "ids and slugs of contributions must not be guessed; no answer depends on which they are")]
        getrandom::fill(&mut id).and_then(|()| getrandom::fill(&mut suffix)).map_err(|_| StoreError::NoChance)?;
        Ok((Id::from_bytes(id), suffix))
    }

    /// Does what a call asks, or says why not; then nothing has changed. Once its turn has come it comes to an
    /// end, even where its caller goes away; whoever goes away before has asked for nothing.
    ///
    /// # Errors
    /// Where the database does not do it.
    pub async fn contribute(&self, call: Call) -> Result<Outcome, StoreError> {
        let (turn, at, longest) = (self.write.turn().await?, (self.clock)(), self.write.longest);
        let (erases, erasing) = (matches!(call.act, Act::EraseContact { .. }), Arc::clone(&self.erasing));
        let done = write::apart(async move {
            let written = async {
                let transaction = if call.act.takes_back() { write::begin_in_reserve(&turn).await? } else { write::begin(&turn).await? };
                let done = answer(&transaction, call, at).await;
                let keep = matches!(done, Ok(Outcome::Done(..)));
                write::end(transaction, done, keep).await
            };
            let done = write::within(longest, Box::pin(written)).await;
            if erases && matches!(done, Ok(Outcome::Done(..))) {
                erasing.ask();
            }
            done
        })
        .await;
        // At once where nobody reads; else it is tried until it is done, and nobody waits for that.
        if erases && matches!(done, Ok(Outcome::Done(..))) && !is_postgres(&self.write.database) {
            let _ = self.take_out_erased().await;
        }
        done
    }
}

async fn answer(transaction: &DatabaseTransaction, call: Call, at: Timestamp) -> Result<Outcome, StoreError> {
    if let Some((key, digest)) = &call.key
        && let Some(answered) = answered(transaction, &call.by, key, at).await?
    {
        let (known, outcome) = answered;
        return Ok(if known == *digest { outcome } else { Outcome::KeyReused });
    }
    let revision = write::revision(transaction).await? + 1;
    let id = match perform(transaction, &call, revision, at).await? {
        Ok(id) => id,
        Err(outcome) => return Ok(outcome),
    };
    let mut changes = Changes::default();
    changes.note(id, call.act.kind());
    changes.log(transaction, revision, at).await?;
    if let Some((key, digest)) = &call.key {
        remember(transaction, &call.by, key, digest, id, revision, at).await?;
    }
    Ok(Outcome::Done(id, revision))
}

/// Does it, unless it cannot be done.
async fn perform(transaction: &DatabaseTransaction, call: &Call, revision: u64, at: Timestamp) -> Result<Result<Id, Outcome>, StoreError> {
    let by = &call.by;
    let (id, saw) = match &call.act {
        Act::Draft { id, practice } => {
            let dossier = Dossier::begun(&practice.owner, &by.subject, at);
            dossier::begin(transaction, *id, practice, revision, at).await?;
            dossier::keep(transaction, *id, &dossier).await?;
            dossier::add_version(transaction, *id, &dossier, practice, original(practice), at).await?;
            event::note(transaction, *id, EventKind::Drafted, by, Some(dossier.version), None, at).await?;
            return Ok(Ok(*id));
        }
        Act::SaveContact { id, saw, contact } => return contact::save(transaction, by, *id, *saw, contact, revision, at).await,
        Act::EraseContact { id, saw } => return contact::erase(transaction, by, *id, *saw).await,
        Act::Revise { id, saw, .. } | Act::Translate { id, saw, .. } | Act::Step { id, saw, .. } => (*id, *saw),
    };
    let Some(mut dossier) = dossier::open(transaction, id).await? else { return Ok(Err(Outcome::NotThere)) };
    let step = match &call.act {
        Act::Step { step, .. } => step.clone(),
        Act::Translate { .. } => Step::Translate,
        Act::Revise { .. } | Act::Draft { .. } | Act::SaveContact { .. } | Act::EraseContact { .. } => Step::Revise,
    };
    let before = dossier.version;
    let kind = match dossier.step(step, by, saw, at) {
        Ok(kind) => kind,
        Err(refused) => return Ok(Err(Outcome::Refused(refused))),
    };
    if dossier.version == before {
        dossier::touch_entry(transaction, id, &dossier, revision, at).await?;
    } else {
        let old = dossier::version(transaction, id, before).await?;
        let (practice, language) = rewritten(old, &call.act);
        dossier::add_version(transaction, id, &dossier, &practice, language, at).await?;
        dossier::replace_entry(transaction, id, &practice, &dossier, revision, at).await?;
    }
    dossier::keep(transaction, id, &dossier).await?;
    dossier::mark_versions(transaction, id, &dossier).await?;
    let note = match &call.act {
        Act::Step { note, .. } => note.as_deref(),
        _ => None,
    };
    event::note(transaction, id, kind, by, Some(dossier.version), note, at).await?;
    Ok(Ok(id))
}

/// What a practice says after an edit, and in which language that was written.
fn rewritten(mut old: GoodPractice, act: &Act) -> (GoodPractice, Language) {
    match act {
        Act::Revise { practice, attributed, .. } => {
            let language = original(&old);
            let mut texts = std::mem::take(&mut old.texts);
            if let (Some(first), Some(new)) = (texts.first_mut(), practice.texts.first()) {
                *first = PracticeText { language, ..new.clone() };
            }
            let (slug, owner) = (old.slug, old.owner);
            (GoodPractice { slug, owner, texts, attributed: attributed.unwrap_or(old.attributed), ..(**practice).clone() }, language)
        }
        Act::Translate { text, .. } => {
            match old.texts.iter_mut().find(|known| known.language == text.language) {
                Some(known) => *known = text.clone(),
                None => old.texts.push(text.clone()),
            }
            (old, text.language)
        }
        Act::Draft { .. } | Act::Step { .. } | Act::SaveContact { .. } | Act::EraseContact { .. } => {
            let language = original(&old);
            (old, language)
        }
    }
}

/// The language that a practice was written in.
fn original(practice: &GoodPractice) -> Language {
    practice.texts.first().map_or(Language::En, |text| text.language)
}

const ANSWERED: &str = "look whether a call was answered already";

async fn answered(transaction: &DatabaseTransaction, by: &Member, key: &str, at: Timestamp) -> Result<Option<(String, Outcome)>, StoreError> {
    let mut old = Sql::new("DELETE FROM answered WHERE at < ");
    old.bind(instant(at.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN)));
    run(transaction, old).await.doing(ANSWERED)?;
    let mut sql = Sql::new("SELECT digest, entry_id, revision FROM answered WHERE subject = ");
    // An earlier version kept keys as they are.
    sql.bind(caller(by)).text(" AND key IN (").bind(key).text(", ").bind(hidden(transaction, key).await?).text(")");
    let found = rows(transaction, sql).await.doing(ANSWERED)?;
    let Some(row) = found.first() else { return Ok(None) };
    let (digest, id, revision): (String, String, i64) =
        (row.try_get_by_index(0).doing(ANSWERED)?, row.try_get_by_index(1).doing(ANSWERED)?, row.try_get_by_index(2).doing(ANSWERED)?);
    let id = id.parse().map_err(|_| StoreError::Damaged { what: "the entry", of: "an answered call".into() })?;
    Ok(Some((digest, Outcome::Done(id, u64::try_from(revision).unwrap_or_default()))))
}

async fn remember(transaction: &DatabaseTransaction, by: &Member, key: &str, digest: &str, id: Id, revision: u64, at: Timestamp) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO answered (subject, key, digest, entry_id, revision, at) VALUES (");
    sql.bind(caller(by)).text(", ").bind(hidden(transaction, key).await?).text(", ").bind(digest).text(", ").bind(id.to_string()).text(", ");
    sql.bind(i64::try_from(revision).unwrap_or(i64::MAX)).text(", ").bind(instant(at)).text(")");
    run(transaction, sql).await.doing("remember an answered call").map(|_| ())
}

/// A key as it is kept: it may be made of what is erased later, and says nothing of it then.
async fn hidden(db: &DatabaseTransaction, key: &str) -> Result<String, StoreError> {
    Ok(blake3::keyed_hash(&connect::key_secret(db).await?, key.as_bytes()).to_hex().to_string())
}

/// Keys are each caller's own.
fn caller(by: &Member) -> String {
    format!("{}/{}", by.party, by.subject)
}
