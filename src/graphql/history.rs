//! The life of a practice: its versions and what happened to it. For its owner, and for the secretariat as far as
//! something was submitted to it.

use async_graphql::{Context, SimpleObject};

use crate::domain::contribution::{Disclosed, EventKind, GoodPracticeStatus, Happened};
use crate::domain::text::Language;
use crate::graph::View;
use crate::graph::order::SortKey;
use crate::graph::page::{Listing, PageArguments};
use crate::graph::practice::PracticeIx;
use crate::store::{EventRow, VersionRow};

use super::audience::Audience;
use super::error::Fault;
use super::loaders::loaders;
use super::object::object;
use super::page::{KeyOf, bind, connection, paged};
use super::party::Party;
use super::resolve::row;
use super::scalar::DateTime;
use super::view;

/// One version.
#[derive(Debug, Clone)]
pub struct GoodPracticeVersion(VersionRow);

object! {
    /// What a practice said after one edit.
    impl GoodPracticeVersion {
        /// Its number, from 1.
        async fn version(&self) -> i32 {
            i32::try_from(self.0.version).unwrap_or(i32::MAX)
        }

        /// The language that the edit was written in.
        async fn language(&self) -> Language {
            self.0.language
        }

        /// Its title in that language.
        async fn title(&self) -> &str {
            &self.0.title
        }

        /// Its summary in that language.
        async fn summary(&self) -> &str {
            &self.0.summary
        }

        /// The whole story in Markdown, in that language, else in English, else in the language of the original; null where there is none.
        async fn body(&self, ctx: &Context<'_>) -> Option<Result<String, Fault>> {
            loaders(ctx).body(self.0.id, Some(self.0.version), self.0.language).await.transpose()
        }

        /// Whom it was shown to, or was to be shown to.
        async fn audience(&self, ctx: &Context<'_>) -> Audience {
            Audience::kept(view(ctx), &self.0.audience)
        }

        /// Where this version stands; one that a newer publication replaced stands where it stood last.
        async fn status(&self) -> GoodPracticeStatus {
            self.0.status
        }

        /// When it was written.
        async fn recorded_at(&self) -> DateTime {
            DateTime(self.0.recorded_at)
        }
    }
}

connection! {
    /// Versions of a practice, latest first.
    GoodPracticeVersionConnection,
    /// A version in the list.
    GoodPracticeVersionEdge: VersionRow => GoodPracticeVersion, |row| GoodPracticeVersion(row.clone())
}

/// Something that happened to a practice.
#[derive(Debug, Clone, SimpleObject)]
pub struct Event {
    /// What happened to it.
    kind: EventKind,
    /// When it happened.
    at: DateTime,
    /// The party that did it; null where the viewer may not know.
    by: Option<Party>,
    /// The version that it was done to, or that it made.
    version: Option<i32>,
    /// Remarks of the secretariat, or the reason of a withdrawal.
    note: Option<String>,
}

row! { Event }

/// An event with the party that it names.
#[derive(Debug, Clone)]
pub struct EventOf {
    row: EventRow,
    by: Option<Party>,
}

impl EventOf {
    fn event(&self) -> Event {
        Event {
            kind: self.row.kind,
            at: DateTime(self.row.at),
            by: self.by.clone(),
            version: self.row.version.and_then(|version| i32::try_from(version).ok()),
            note: self.row.note.clone(),
        }
    }
}

connection! {
    /// What happened to a practice, latest first.
    EventConnection,
    /// An event in the list.
    EventEdge: EventOf => Event, |row| row.event()
}

/// Whether the viewer is the secretariat rather than the owner; none where he is neither.
fn is_guest(view: &View, practice: PracticeIx) -> Option<bool> {
    view.is_trusted(practice).then(|| !view.is_owner(practice))
}

/// The versions of a practice.
pub async fn versions(ctx: &Context<'_>, practice: PracticeIx, page: &PageArguments) -> Option<Result<GoodPracticeVersionConnection, Fault>> {
    let view = view(ctx);
    let node = view.practice(practice);
    // For all others there is no version to look back at; and the catalogue keeps one, which is the practice itself.
    let Some(is_guest) = is_guest(view, practice).filter(|_| node.kept) else {
        return Some(page_of(ctx, "GoodPractice.versions", node.id, &[], page, |_, _| Vec::new()).map(GoodPracticeVersionConnection));
    };
    let rows = match loaders(ctx).versions(node.id, view.revision()).await {
        Ok(rows) => rows,
        Err(fault) => return Some(Err(fault)),
    };
    let mut rows = rows.to_vec();
    if is_guest {
        // A text that was never submitted is its owner's alone, whatever became of it since.
        let events = match loaders(ctx).events(node.id, view.revision()).await {
            Ok(events) => events,
            Err(fault) => return Some(Err(fault)),
        };
        let disclosed = Disclosed::of(rows.iter().map(|row| row.version), events.iter().map(happened));
        rows.retain(|row| row.version <= node.version && disclosed.version(row.version));
    }
    let key: KeyOf<VersionRow> = |_, row| SortKey::new().signed(-i64::from(row.version)).done();
    Some(page_of(ctx, "GoodPractice.versions", node.id, &rows, page, key).map(GoodPracticeVersionConnection))
}

const fn happened(event: &EventRow) -> Happened {
    (event.kind, event.version)
}

/// What the secretariat learns of events, latest first. Who read it is its owner's to know, and so is what it did before
/// a submission, behind the last one, and why it took something back.
fn told_to_guests(versions: &[VersionRow], events: Vec<EventRow>, newest: u32) -> Vec<EventRow> {
    let disclosed = Disclosed::of(versions.iter().map(|row| row.version), events.iter().map(happened));
    let mut learnt = disclosed.events(events.iter().rev().map(happened));
    learnt.reverse();
    let rows = events.into_iter().zip(learnt).filter(|(row, learnt)| *learnt && row.version.is_some_and(|version| version <= newest));
    rows.map(|(row, _)| EventRow { note: row.note.filter(|_| Disclosed::note(row.kind)), ..row }).collect()
}

/// What happened to a practice.
pub async fn events(ctx: &Context<'_>, practice: PracticeIx, page: &PageArguments) -> Option<Result<EventConnection, Fault>> {
    let view = view(ctx);
    let node = view.practice(practice);
    let Some(is_guest) = is_guest(view, practice) else {
        return Some(page_of(ctx, "GoodPractice.history", node.id, &[], page, |_, _| Vec::new()).map(EventConnection));
    };
    let rows = match loaders(ctx).events(node.id, view.revision()).await {
        Ok(rows) => rows,
        Err(fault) => return Some(Err(fault)),
    };
    let mut rows = rows.to_vec();
    if is_guest {
        rows = match loaders(ctx).versions(node.id, view.revision()).await {
            Ok(versions) => told_to_guests(&versions, rows, node.version),
            Err(fault) => return Some(Err(fault)),
        };
    }
    let party = |code: &str| view.parties_of(&[code.to_owned()]).ok().and_then(|found| found.first().copied()).map(Party::from);
    let rows: Vec<EventOf> = rows.iter().map(|row| EventOf { row: row.clone(), by: party(&row.party) }).collect();
    let key: KeyOf<EventOf> = |_, row| SortKey::new().signed(-row.row.seq).done();
    Some(page_of(ctx, "GoodPractice.history", node.id, &rows, page, key).map(EventConnection))
}

fn page_of<R: Clone>(
    ctx: &Context<'_>,
    list: &'static str,
    of: crate::domain::id::Id,
    rows: &[R],
    page: &PageArguments,
    key: KeyOf<R>,
) -> Result<super::page::Paged<R>, Fault> {
    paged(ctx, bind(list, of, (), ()), page, &Listing::ascending(rows), key, |_| true)
}
