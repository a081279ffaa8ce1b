//! What waits for the viewer.

use async_graphql::{Context, ID, SimpleObject};

use crate::domain::contribution::TaskKind;
use crate::domain::id::Id;
use crate::graph::page::{Listing, PageArguments};
use crate::graph::practice::PracticeIx;

use super::error::Fault;
use super::page::{KeyOf, bind, connection, paged};
use super::practice::GoodPractice;
use super::reads::Looked;
use super::resolve::row;
use super::scalar::DateTime;
use super::view;

/// Something that waits for the viewer's own action.
#[derive(Debug, Clone, SimpleObject)]
pub struct Task {
    /// Opaque, for a client's cache; a task goes when it is done, and cannot be fetched by it.
    id: ID,
    /// What is to be done.
    kind: TaskKind,
    /// The practice that it is about.
    good_practice: GoodPractice,
    /// Since when it waits.
    since: DateTime,
}

row! { Task }

/// A practice that waits, for what, and since when.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    practice: PracticeIx,
    id: Id,
    kind: TaskKind,
    since: DateTime,
}

impl Waiting {
    fn task(&self) -> Task {
        let id = ID(Id::of("Task", &format!("{} {}", self.kind, self.id)).to_string());
        Task { id, kind: self.kind, good_practice: GoodPractice(self.practice), since: self.since }
    }
}

connection! {
    /// What waits, longest first.
    TaskConnection,
    /// A task in the list.
    TaskEdge: Waiting => Task, |row| row.task()
}

/// What waits for the viewer.
pub fn tasks(ctx: &Context<'_>, page: &PageArguments) -> Result<TaskConnection, Fault> {
    let view = view(ctx);
    let waiting = |(practice, kind): (PracticeIx, TaskKind)| Waiting {
        practice,
        id: view.practice(practice).id,
        kind,
        since: DateTime(view.practice(practice).updated_at),
    };
    let rows: Vec<Waiting> = view.tasks().into_iter().map(waiting).collect();
    let key: KeyOf<Waiting> = |view, row| view.update_key(row.practice);
    let of = view.viewer().member().map(|member| (member.party.clone(), member.subject.clone()));
    let looked = Looked::new();
    let keep = |row: &Waiting| {
        looked.keep(row.practice);
        true
    };
    let paged = paged(ctx, bind("Query.tasks", of, (), ()), page, &Listing::ascending(&rows), key, keep)?;
    for ix in looked.told(ctx, paged.page.rows.iter().map(|row| row.practice)) {
        view.tell(ix);
    }
    Ok(TaskConnection(paged))
}
