//! What parties do to practices: one transaction each, with version, audit row and revision.
//!
//! The rules are [`Dossier`]'s; here they are asked about what the database holds while nobody else can write. An act
//! that was answered already is not done again: its answer is found under the caller's key.

mod carry;
pub(super) mod chain;
mod contact;
mod dossier;
mod event;
mod face;
pub(super) mod piece;
mod quota;

use std::sync::Arc;

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;

use chain::Happening;
use piece::Pieces;
use quota::ROW;

use super::error::Doing;
use super::row::instant;
use super::sql::{Sql, rows, run};
use super::write::{self, Changes, is_postgres};
use super::{Store, StoreError, connect};
use crate::domain::audit::AuditKeys;
use crate::domain::contact::ContactPoint;
use crate::domain::contribution::{Dossier, EventKind, Refused, Step, UserErrorCode};
use crate::domain::entry::Kind;
use crate::domain::id::Id;
use crate::domain::practice::{GoodPractice, PracticeText};
use crate::domain::viewer::Member;

pub(super) use carry::carry;
pub use chain::Proof;
pub use dossier::VersionRow;
pub use event::{EventRow, ReadNote};
pub(super) use event::{Noted, noted};
pub(super) use face::{Which, faces};
pub use quota::Storage;

/// How long the answer to a call can be found again.
const REMEMBERED: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What holds for all that parties contribute.
#[derive(Debug, Clone)]
pub struct Terms {
    /// How many bytes one party may store.
    pub party_bytes: u64,
    /// What the chain of events is sealed with.
    pub keys: AuditKeys,
}

impl Default for Terms {
    /// 256 MiB: a thousand practices that are told in ten languages at full length.
    fn default() -> Self {
        Self { party_bytes: 256 << 20, keys: AuditKeys::default() }
    }
}

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
    /// It is done, now or before: of which entry, at which revision; and what the party stores, where little room is left.
    Done(Id, u64, Option<Storage>),
    /// The rules refuse it.
    Refused(Refused),
    /// There is no such practice.
    NotThere,
    /// The key was used for something else.
    KeyReused,
}

impl Store {
    /// The same database, on these terms.
    #[must_use]
    pub fn on_terms(mut self, terms: Terms) -> Self {
        self.contributing = Arc::new(terms);
        self
    }

    /// An id and an address that nobody can guess and that tell nothing.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn chance(&self) -> Result<(Id, [u8; 10]), StoreError> {
        let (mut id, mut suffix) = ([0; 16], [0; 10]);
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
        let terms = Arc::clone(&self.contributing);
        let done = write::apart(async move {
            let written = async {
                let transaction = if call.act.takes_back() { write::begin_in_reserve(&turn).await? } else { write::begin(&turn).await? };
                let done = answer(&transaction, call, &terms, at).await;
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
            let _ = Box::pin(self.take_out_erased()).await;
        }
        done
    }
}

async fn answer(transaction: &DatabaseTransaction, call: Call, terms: &Terms, at: Timestamp) -> Result<Outcome, StoreError> {
    if let Some((key, digest)) = &call.key
        && let Some(answered) = answered(transaction, &call.by, key, at).await?
    {
        let (known, outcome) = answered;
        return Ok(if known == *digest { outcome } else { Outcome::KeyReused });
    }
    let revision = write::revision(transaction).await? + 1;
    let done = match perform(transaction, &call, terms, revision, at).await? {
        Ok(done) => done,
        Err(outcome) => return Ok(outcome),
    };
    let storage = match count(transaction, &call.by, &done, terms).await? {
        Ok(storage) => storage,
        Err(refused) => return Ok(Outcome::Refused(refused)),
    };
    let mut changes = Changes::default();
    changes.note(done.id, call.act.kind());
    changes.log(transaction, revision, at).await?;
    if let Some((key, digest)) = &call.key {
        remember(transaction, &call.by, key, digest, done.id, revision, at).await?;
    }
    Ok(Outcome::Done(done.id, revision, storage))
}

/// What was done.
struct Done {
    id: Id,
    /// How many bytes were added; what was erased is taken off.
    added: i64,
    /// Whether it is done however much the party stores: it takes something back, or is the secretariat's review.
    always: bool,
}

impl Done {
    fn adding(id: Id, bytes: u64) -> Self {
        // And its row in the log.
        Self { id, added: i64::try_from(bytes + ROW).unwrap_or(i64::MAX), always: false }
    }
}

/// Counts what a party stores now, unless it may not; what it is, where little room is left.
async fn count(transaction: &DatabaseTransaction, by: &Member, done: &Done, terms: &Terms) -> Result<Result<Option<Storage>, Refused>, StoreError> {
    let before = quota::used(transaction, &by.party).await?;
    let storage = Storage { used: before.saturating_add_signed(done.added), allowed: terms.party_bytes };
    if storage.used > storage.allowed && !done.always {
        let message = format!(
            "Your party stores {before} bytes of the {} that it may, and this would add {}. Erase contact points, or ask the operator for room (contributions.party_bytes); \
             withdrawing, narrowing and erasing are always done.",
            storage.allowed, done.added
        );
        return Ok(Err(Refused::new(UserErrorCode::Forbidden, message)));
    }
    quota::count(transaction, &by.party, done.added).await?;
    storage.tell(by, done.added);
    Ok(Ok(Some(storage).filter(Storage::is_short)))
}

/// Does it, unless it cannot be done.
async fn perform(transaction: &DatabaseTransaction, call: &Call, terms: &Terms, revision: u64, at: Timestamp) -> Result<Result<Done, Outcome>, StoreError> {
    let by = &call.by;
    let happening = |entry, kind, dossier: &Dossier, note| Happening { entry, kind, by, version: Some(dossier.version), note, at };
    let (id, saw) = match &call.act {
        Act::Draft { id, practice } => {
            let dossier = Dossier::begun(&practice.owner, &by.subject, at);
            dossier::begin(transaction, *id, practice, revision, at).await?;
            dossier::keep(transaction, *id, &dossier).await?;
            let (version, new) = Pieces::of(practice)?;
            let bytes = piece::keep(transaction, *id, new).await? + dossier::add_version(transaction, *id, &dossier, &version, version.original(), at).await?;
            chain::note(transaction, &terms.keys, &[happening(*id, EventKind::Drafted, &dossier, None)]).await?;
            return Ok(Ok(Done::adding(*id, bytes)));
        }
        Act::SaveContact { id, saw, contact } => return contact::save(transaction, by, *id, *saw, contact, revision, at).await,
        Act::EraseContact { id, saw } => return contact::erase(transaction, by, *id, *saw).await,
        Act::Revise { id, saw, .. } | Act::Translate { id, saw, .. } | Act::Step { id, saw, .. } => (*id, *saw),
    };
    let Some((mut dossier, taken_over)) = dossier::open(transaction, id).await? else { return Ok(Err(Outcome::NotThere)) };
    let (step, note) = match &call.act {
        Act::Step { step, note, .. } => (step.clone(), note.as_deref()),
        Act::Translate { .. } => (Step::Translate, None),
        Act::Revise { .. } | Act::Draft { .. } | Act::SaveContact { .. } | Act::EraseContact { .. } => (Step::Revise, None),
    };
    let before = dossier.clone();
    let kind = match dossier.step(step, by, saw, at) {
        Ok(kind) => kind,
        Err(refused) => return Ok(Err(Outcome::Refused(refused))),
    };
    let bytes = if dossier.version == before.version { 0 } else { edit(transaction, id, &before, &dossier, &call.act, at).await? };
    if kind == EventKind::Published {
        dossier::settle_address(transaction, id, &dossier).await?;
    }
    dossier::touch_entry(transaction, id, &dossier, revision, at).await?;
    dossier::keep(transaction, id, &dossier).await?;
    dossier::mark_versions(transaction, id, &dossier).await?;
    chain::note(transaction, &terms.keys, &[happening(id, kind, &dossier, note)]).await?;
    let noted = note.map_or(0, str::len) as u64;
    Ok(Ok(Done { always: is_always_done(kind, &before, &dossier), ..Done::adding(id, taken_over + bytes + noted) }))
}

/// Whether a step is done however much a party stores: it takes something back, or is the secretariat's. None of these
/// can be repeated for ever without one that is not.
fn is_always_done(kind: EventKind, before: &Dossier, after: &Dossier) -> bool {
    let audience = |dossier: &Dossier| dossier.published.as_ref().map(|published| published.audience.clone());
    match kind {
        EventKind::Withdrawn | EventKind::Published | EventKind::ChangesRequested => true,
        EventKind::AudienceChanged => audience(before) != audience(after),
        EventKind::Drafted | EventKind::Revised | EventKind::Translated | EventKind::Submitted | EventKind::ReadRestricted => false,
    }
}

/// Keeps what an edit says anew; how many bytes that takes.
async fn edit(transaction: &DatabaseTransaction, id: Id, before: &Dossier, after: &Dossier, act: &Act, at: Timestamp) -> Result<u64, StoreError> {
    let (mut version, mut pieces) = dossier::version(transaction, id, before.version).await?;
    let language = match act {
        Act::Revise { practice, attributed, .. } => {
            let language = version.original();
            let (slug, owner) = (version.slug.clone(), before.owner.clone());
            let practice = GoodPractice { slug, owner, attributed: attributed.unwrap_or(version.attributed), ..(**practice).clone() };
            version.state(&practice, &mut pieces)?;
            if let Some(text) = practice.texts.first() {
                version.tell(&PracticeText { language, ..text.clone() }, &mut pieces);
            }
            dossier::replace_entry(transaction, id, &practice).await?;
            language
        }
        Act::Translate { text, .. } => {
            version.tell(text, &mut pieces);
            text.language
        }
        Act::Draft { .. } | Act::Step { .. } | Act::SaveContact { .. } | Act::EraseContact { .. } => version.original(),
    };
    Ok(piece::keep(transaction, id, pieces).await? + dossier::add_version(transaction, id, after, &version, language, at).await?)
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
    Ok(Some((digest, Outcome::Done(id, u64::try_from(revision).unwrap_or_default(), None))))
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
