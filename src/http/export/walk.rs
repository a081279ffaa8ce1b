//! The pages of a list, one after the other, on one snapshot: each is charged, timed and looked at like an operation of
//! its own, and asked for only when the one before has gone out.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Response, Value, Variables};
use axum::http::{HeaderMap, StatusCode};
use jiff::civil::Date;
use jiff::tz::Offset;
use tokio::time::Instant;

use crate::graph::{Snapshot, Stop, View, Viewer};
use crate::graphql::export::{Carry, Page, Plan};
use crate::graphql::{Call, RateLimit};
use crate::store::StoreError;

use super::super::Shared;
use super::super::operation::in_time;
use super::super::rate::{Left, Ticket};
use super::super::refusal::{Refusal, code};
use super::super::request_id::RequestId;
use super::super::shed::Way;
use super::super::{revision, work};

/// A list that is walked through.
pub struct Walk {
    shared: Arc<Shared>,
    plan: Arc<Plan>,
    variables: Variables,
    snapshot: Arc<Snapshot>,
    carry: Arc<Carry>,
    viewer: Viewer,
    headers: HeaderMap,
    ticket: Ticket,
    next: Option<String>,
    rows: u64,
    most: u64,
    until: Instant,
    /// The revision that the figures of the first page are at least of.
    since: u64,
    /// The revision up to which nothing was withdrawn.
    looked_at: u64,
    /// The day of the whole file (UTC).
    day: Date,
    /// The request that it is made for.
    id: RequestId,
}

/// Why there is no further page.
pub enum Failed {
    /// It was refused.
    Refused(Refusal),
    /// It was run, and answered with errors.
    Answered(Box<Response>),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failed {
    /// For the log.
    pub fn reason(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.message().to_owned(),
            Self::Answered(response) => response.errors.first().map(|error| error.message.clone()).unwrap_or_default(),
        }
    }
}

fn unread(fault: &StoreError) -> Refusal {
    tracing::error!(%fault, "a read from the database failed");
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "The database does not answer at the moment. Try again.")
}

impl Walk {
    /// A walk that begins now, for at most so many rows.
    pub fn new(shared: Arc<Shared>, plan: Plan, variables: Variables, viewer: Viewer, headers: HeaderMap, ticket: Ticket, most: u64, id: RequestId) -> Self {
        let (snapshot, until) = (shared.follower.current(), Instant::now() + shared.settings.export_time.0);
        let (looked_at, day) = (snapshot.revision(), Offset::UTC.to_datetime((shared.clock)()).date());
        let carry = Arc::default();
        Self {
            shared,
            plan: Arc::new(plan),
            variables,
            snapshot,
            carry,
            viewer,
            headers,
            ticket,
            next: None,
            rows: 0,
            most,
            until,
            since: 0,
            looked_at,
            day,
            id,
        }
    }

    /// How the operation becomes a file.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The day that it is of.
    pub const fn day(&self) -> Date {
        self.day
    }

    /// When it is broken off.
    pub const fn until(&self) -> Instant {
        self.until
    }

    /// How many rows were met.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The first page. A list that is too long is refused before anything goes out.
    pub async fn first(&mut self, ticket: &mut Ticket) -> Result<Page, Failed> {
        let left = ticket.take(self.plan.charge().cost)?;
        self.since = self.snapshot.revision();
        let (page, again) = self.page(None, left, ticket.again()).await.inspect_err(|failed| {
            if matches!(failed, Failed::Refused(refusal) if refusal.code() == code::OVERLOADED) {
                ticket.give_back(left.cost);
            }
        })?;
        ticket.resume(&again);
        if page.total.is_some_and(|total| total > self.most) {
            return Err(self.too_long(page.total.unwrap_or_default()).into());
        }
        self.take(page)
    }

    /// The next page; none behind the last.
    pub async fn next(&mut self) -> Result<Option<Page>, Failed> {
        let Some(after) = self.next.take() else { return Ok(None) };
        if Instant::now() > self.until {
            let message = format!("The file took longer than {}; ask for fewer rows.", self.shared.settings.export_time);
            return Err(Refusal::new(StatusCode::GATEWAY_TIMEOUT, code::TIMEOUT, message).into());
        }
        let left = self.ticket.take_in_time(self.plan.next_cost()).await?;
        if self.viewer.member().is_some() {
            // A credential may have ended since; and a node that does not hear of it may not go on.
            revision::may_answer(&self.shared, &self.headers).await?;
            self.viewer = self.shared.auth.viewer(&self.headers, &self.shared.follower.current(), (self.shared.clock)()).await?;
        }
        let (page, again) = self.page(Some(&after), left, self.ticket.again()).await?;
        self.ticket.resume(&again);
        if self.is_withdrawn() {
            let message = "Something was withdrawn while the file was made; ask for it again.";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, message).into());
        }
        // The graph is one snapshot; figures are read as they are now, and must be those of the first page.
        if self.shared.store.figures_changed_since(self.since).await.map_err(|fault| unread(&fault))? {
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "Figures changed while the file was made; ask for it again.").into());
        }
        self.take(page).map(Some)
    }

    /// Whether anything that the reader saw when the file began is not for him any more.
    fn is_withdrawn(&mut self) -> bool {
        let current = self.shared.follower.current();
        if current.era() != self.snapshot.era() {
            // The database went back: what the file began with may never have been.
            return true;
        }
        if current.revision() == self.looked_at {
            return false;
        }
        self.looked_at = current.revision();
        let view = |snapshot| View::new(snapshot, self.viewer.clone(), self.day);
        !view(Arc::clone(&self.snapshot)).is_still_seen_in(&view(current))
    }

    fn take(&mut self, mut page: Page) -> Result<Page, Failed> {
        self.rows += page.rows.len() as u64;
        if self.rows > self.most {
            return Err(self.too_long(self.rows).into());
        }
        self.next = page.next.take();
        Ok(page)
    }

    fn too_long(&self, rows: u64) -> Refusal {
        let message =
            format!("The list has {rows} rows, and a file of this form at most {}: ask for fewer with a filter, or page by page with `first`.", self.most);
        Refusal::document(code::LIMIT_ANSWER, message)
    }

    /// Does what may be long for this file where that is done.
    pub async fn elsewhere<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T, Refusal> {
        let turn = self.shared.gate.join(self.ticket.who()).await?;
        let work = async move {
            let _turn = turn;
            work.await
        };
        work::elsewhere(&self.shared, Stop::default(), work).await
    }

    /// A page; what it cost beyond what is charged beforehand is taken by the ticket.
    async fn page(&self, after: Option<&str>, left: Left, mut ticket: Ticket) -> Result<(Page, Ticket), Failed> {
        let (shared, stop) = (&self.shared, Stop::default());
        let now = (shared.clock)();
        let full_at = now.saturating_add(Duration::from_secs(left.reset)).unwrap_or(now);
        let call = Call {
            prepared: self.plan.page(after),
            operation: None,
            variables: self.variables.clone(),
            charge: self.plan.charge(),
            rate: RateLimit::new(left.limit, left.cost, left.remaining, full_at),
            follower: Arc::clone(&shared.follower),
            snapshot: Arc::clone(&self.snapshot),
            viewer: self.viewer.clone(),
            today: self.day,
            store: Arc::clone(&shared.store),
            carry: Some(Arc::clone(&self.carry)),
            stop: stop.clone(),
        };
        let (own, plan, carry, id) = (Arc::clone(shared), Arc::clone(&self.plan), Arc::clone(&self.carry), self.id);
        let run = async {
            // Only what has not begun is refused where too many wait.
            let who = self.ticket.who();
            let turn = if after.is_none() { shared.gate.enter(Way::Long, who).await? } else { shared.gate.join(who).await? };
            let work = async move {
                let _turn = turn;
                let mut outcome = work::run(&own, call, id).await;
                ticket.take_beyond(outcome.cost.saturating_sub(plan.charge().cost));
                if !outcome.response.errors.is_empty() {
                    return Err(Failed::Answered(Box::new(outcome.response)));
                }
                let data = std::mem::replace(&mut outcome.response.data, Value::Null);
                Ok((plan.rows(data, &carry), ticket))
            };
            work::elsewhere(shared, stop, work).await
        };
        in_time(shared.settings.answer_time, run).await??
    }
}
