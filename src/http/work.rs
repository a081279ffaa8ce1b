//! Where work is done: short operations where they were read; whatever may be long (operations, large texts that are
//! read, large answers that are written and packed, files) on threads of its own, so that those that listen are never
//! held up, and look for what came in, refuse what is too much and tell how they are within a moment.
//!
//! An operation mostly reads memory and runs through without a pause. Short is what is known to be: a document that was
//! seen to run through in a moment each time, of a small price; or one that nobody saw yet, that is short and asks for next
//! to nothing. How far apart the pauses of a document are is seen each time it is run, and remembered with it.
//!
//! There is a thread for each place that long work can have ([`shed`](super::shed)), more than there are processors: the
//! system shares them out, so that nobody's work waits for another's to pause. They give way to the threads that listen.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::graph::Stop;
use crate::graphql::limit::Inspected;
use crate::graphql::{Call, Outcome, Prepared};

use super::Shared;
use super::refusal::{Refusal, code};
use super::request_id::{self, RequestId};

/// Bytes of a request from which on reading it is long work.
pub(super) const LARGE: usize = 4 * 1024;

/// Bytes of a document that nobody saw yet from which on looking at it is long work: a tenth of a millisecond, for which
/// next to nothing is charged.
pub(super) const LARGE_UNSEEN: usize = 512;

/// Whatever runs for longer without a pause is long.
const LONG: Duration = Duration::from_millis(1);

/// Points of cost from which on an operation counts as long, whatever was seen.
const COSTLY: u64 = 20;

/// The same where its document was never run.
const COSTLY_UNSEEN: u64 = 5;

/// By how much threads for long work give way to others: a third of what the others get, where all are busy.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// For each processor so many places at the executor, where the settings leave it open: a few, as some wait for the database.
const FOR_EACH_PROCESSOR: usize = 4;

/// Threads for long work.
pub struct Threads {
    runtime: Option<Runtime>,
    places: usize,
}

impl Threads {
    /// For so many operations at once, or as many as suit so many processors where that is 0; and after so many steps each
    /// looks what the database has answered.
    ///
    /// # Errors
    /// Where the system gives none.
    pub fn new(executions: usize, processors: usize, steps: u32) -> std::io::Result<Self> {
        let most = processors.max(1) * FOR_EACH_PROCESSOR;
        let places = if executions == 0 { most } else { executions };
        let mut builder = Builder::new_multi_thread();
        // Two at least: with one alone, whatever was begun would hold up whatever goes on.
        builder.worker_threads(places.clamp(2, most)).thread_name("operations").enable_all().event_interval(steps).on_thread_start(give_way);
        Ok(Self { runtime: Some(builder.build()?), places })
    }

    /// How many operations may run at once, on each of the two ways to the executor.
    pub(super) const fn places(&self) -> usize {
        self.places
    }
}

/// Elsewhere than on Linux this is said of a whole process alone.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(fault) = rustix::process::nice(NICE) {
        tracing::debug!(%fault, "threads for long work do not give way to others");
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Dropped as it is, it would wait for its threads, which must not be done on one of them.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What runs elsewhere ends with whoever waits for it: at its next pause, and where it looks at its switch.
struct Elsewhere<T> {
    task: JoinHandle<T>,
    stop: Stop,
}

impl<T> Drop for Elsewhere<T> {
    fn drop(&mut self) {
        self.stop.set();
        self.task.abort();
    }
}

/// Whether an operation may be long, of a document that is large or not.
pub(super) fn is_long(prepared: &Prepared, charge: &Inspected, is_large: bool) -> bool {
    let seen = prepared.longest_step();
    if seen.is_zero() { is_large || charge.cost >= COSTLY_UNSEEN } else { seen > LONG || charge.cost >= COSTLY }
}

/// Does what may be long on threads for that; `stop` is set when nobody waits for it any more.
///
/// # Errors
/// Where the server stops meanwhile.
pub(super) async fn elsewhere<T: Send + 'static>(shared: &Shared, stop: Stop, work: impl Future<Output = T> + Send + 'static) -> Result<T, Refusal> {
    let stopping = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, "The server is stopping.");
    let runtime = shared.threads.runtime.as_ref().ok_or_else(stopping)?;
    let mut elsewhere = Elsewhere { task: runtime.spawn(work), stop };
    (&mut elsewhere.task).await.map_err(|fault| match fault.try_into_panic() {
        // As if it had run here: the net around every request knows what to say.
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => stopping(),
    })
}

/// Runs an operation, here, and notes its longest step with its document. (In a box, as it is large and would be moved.)
pub(super) async fn run(shared: &Arc<Shared>, call: Call, id: RequestId) -> Outcome {
    let prepared = Arc::clone(&call.prepared);
    let mut work: Pin<Box<dyn Future<Output = Outcome> + Send + '_>> = Box::pin(shared.api.execute(call));
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
