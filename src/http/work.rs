//! Where operations run: short ones where they were read; long ones on threads of their own, so that those that listen
//! are never held up, and look for what came in, refuse what is too much and tell how they are within a moment.
//!
//! An operation mostly reads memory and runs through without a pause. What may read much is long; and so is what was
//! seen to be: how far apart its pauses are is seen each time a document is run, and remembered with it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::graphql::limit::OperationKind;
use crate::graphql::{Call, Outcome, Prepared};

use super::Shared;
use super::refusal::{Refusal, code};
use super::request_id::{self, RequestId};

/// Whatever runs for longer without a pause is long.
const LONG: Duration = Duration::from_millis(1);

/// Points of cost from which on an operation counts as long, whatever was seen: two thousand records, a microsecond each.
const COSTLY: u64 = 20;

/// Threads for long operations.
pub struct Threads(Option<Runtime>);

impl Threads {
    /// So many; and after so many steps each looks what the database has answered.
    ///
    /// # Errors
    /// Where the system gives none.
    pub fn new(count: usize, steps: u32) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(count.max(1)).thread_name("operations").enable_all().event_interval(steps).build()?;
        Ok(Self(Some(runtime)))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.as_ref().map_or(1, |runtime| runtime.metrics().num_workers())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Dropped as it is, it would wait for its threads, which must not be done on one of them.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What runs elsewhere ends with whoever waits for it.
struct Elsewhere(JoinHandle<Outcome>);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs an operation.
///
/// # Errors
/// Where the server stops meanwhile.
pub(super) async fn run(shared: &Arc<Shared>, call: Call, id: RequestId) -> Result<Outcome, Refusal> {
    let prepared = Arc::clone(&call.prepared);
    // A page of a file is one of many, and its document is made for it.
    let is_long = call.carry.is_some() || call.charge.cost >= COSTLY || prepared.longest_step() > LONG;
    // What writes waits for the database rather than for a processor.
    match &shared.threads.0 {
        Some(threads) if is_long && call.charge.kind == OperationKind::Query => {
            let own = Arc::clone(shared);
            let mut task = Elsewhere(threads.spawn(async move { timed(Box::pin(own.api.execute(call)), &prepared, id).await }));
            (&mut task.0).await.map_err(|fault| match fault.try_into_panic() {
                // As if it had run here: the net around every request knows what to say.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "The server is stopping."),
            })
        }
        _ => Ok(timed(Box::pin(shared.api.execute(call)), &prepared, id).await),
    }
}

/// Notes the longest step of `work` with its document. (In a box, as it is large and would be moved.)
async fn timed(mut work: Pin<Box<impl Future<Output = Outcome>>>, prepared: &Prepared, id: RequestId) -> Outcome {
    let mut longest = Duration::ZERO;
    let outcome = poll_fn(|context| {
        let begun = Instant::now();
        let polled = request_id::during(id, || work.as_mut().poll(context));
        longest = longest.max(begun.elapsed());
        polled
    })
    .await;
    prepared.stepped(longest);
    outcome
}
