//! More than can be done is refused at once: so many operations run, so many wait, and whoever would wait too long is
//! told to come again while that costs next to nothing.
//!
//! An operation mostly reads memory and runs through without a pause, so that those who wait would never be seen waiting:
//! they would sit unread in their sockets. Hence each steps aside once before it runs, its place in hand;
//! meanwhile whoever came at the same time is read, counted, and refused if there are too many. Answers that are kept pass by all this.
//!
//! Writes wait for the one who writes, not for processors, and have a line of their own, of which nobody has all:
//! [`Gate::enter_to_write`].

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::places::{Place, Places};
use super::rate::Who;
use super::refusal::{Refusal, code};
use super::settings::Settings;
use crate::sync::{AtomicU64, AtomicUsize};

/// Where the settings leave it open, so many run at once for each thread: a few, as some wait for the database.
const FOR_EACH_THREAD: usize = 4;

/// The way to the executor.
pub(super) struct Gate {
    places: Semaphore,
    count: usize,
    waiting: AtomicUsize,
    queue: usize,
    patience: Duration,
    /// How long an operation holds its place, of late, in microseconds.
    usual: AtomicU64,
    writes: Places,
}

/// A place at the executor.
pub(super) struct Turn<'a> {
    gate: &'a Gate,
    since: Instant,
    _permit: SemaphorePermit<'a>,
}

struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    /// As the settings say, on a runtime of so many threads.
    pub fn new(settings: &Settings, threads: usize) -> Self {
        let count = if settings.executions == 0 { threads.max(1) * FOR_EACH_THREAD } else { settings.executions };
        Self {
            places: Semaphore::new(count),
            count,
            waiting: AtomicUsize::new(0),
            queue: settings.queue,
            patience: settings.queue_time.0,
            usual: AtomicU64::new(0),
            writes: Places::new(settings.writes, settings.writes - settings.writes / 4),
        }
    }

    /// A place, after a wait that is bounded.
    ///
    /// # Errors
    /// At once, where too many wait, or the wait would be too long.
    pub async fn enter(&self) -> Result<Turn<'_>, Refusal> {
        let ahead = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(&self.waiting);
        if ahead >= self.queue || self.wait(ahead) > self.patience {
            let message = "More operations are waiting than can be run soon; try again.";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, message).retry_after(1));
        }
        self.place(Some(waiting)).await
    }

    /// A place, however long it takes, for what goes on with work that has begun.
    pub async fn join(&self) -> Result<Turn<'_>, Refusal> {
        self.place(None).await
    }

    async fn place(&self, waiting: Option<Waiting<'_>>) -> Result<Turn<'_>, Refusal> {
        // It is never closed.
        let stopping = |_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, "The server is stopping.");
        let permit = self.places.acquire().await.map_err(stopping)?;
        let place = Turn { gate: self, since: Instant::now(), _permit: permit };
        drop(waiting);
        // With the place in hand, so that all others wait for one instead of for the processor: whoever came meanwhile is
        // read, and refused if there are too many, ahead of operations that each run through at once.
        yield_now().await;
        Ok(place)
    }

    /// A place in the line of writes, of which one client has three quarters at most. Whoever goes away gives it back,
    /// unless his turn had come: then there is one more write than there are places, at most.
    ///
    /// # Errors
    /// At once, where there is none for him.
    pub fn enter_to_write(&self, who: &Who) -> Result<Place, Refusal> {
        self.writes.take(who).map_err(|_| {
            let message = "More writes are waiting than can be carried out soon; nothing was written, try again.";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, message).retry_after(1)
        })
    }

    /// How long so many ahead will take.
    fn wait(&self, ahead: usize) -> Duration {
        let all = self.usual.load(Ordering::Relaxed).saturating_mul(ahead as u64);
        Duration::from_micros(all / self.count.max(1) as u64)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let took = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        let usual = self.gate.usual.load(Ordering::Relaxed);
        // Two at once may lose one of their times, which is of no weight.
        self.gate.usual.store(usual - usual / 8 + took / 8, Ordering::Relaxed);
    }
}

#[cfg(all(test, feature = "interleavings"))]
mod interleavings;

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(executions: usize, queue: usize) -> Gate {
        Gate::new(&Settings { executions, queue, ..Settings::default() }, 2)
    }

    #[tokio::test]
    async fn so_many_run_so_many_wait_and_one_more_is_refused_at_once() {
        let gate = gate(1, 2);
        let running = gate.enter().await.unwrap();
        let (mut first, mut second) = (Box::pin(gate.enter()), Box::pin(gate.enter()));
        for waiting in [&mut first, &mut second] {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        let refusal = gate.enter().await.err().unwrap();
        assert_eq!((refusal.code(), refusal.status(super::super::accept::Format::Json)), (code::OVERLOADED, StatusCode::SERVICE_UNAVAILABLE));
        drop(second);
        let third = gate.enter();
        drop(running);
        drop(first.await.unwrap());
        drop(third.await.unwrap());
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0, "who goes away waits no more");
    }

    #[tokio::test]
    async fn whoever_would_wait_too_long_is_refused_however_few_wait() {
        let gate = gate(1, 1_000);
        gate.usual.store(1_000_000, Ordering::Relaxed);
        let running = gate.enter().await.unwrap();
        let mut next = Box::pin(gate.enter());
        assert!(futures_util::poll!(&mut next).is_pending(), "nobody is ahead of him");
        assert_eq!(gate.enter().await.err().unwrap().code(), code::OVERLOADED, "a second is too long");
        drop(running);
        drop(next.await.unwrap());
        assert!(gate.usual.load(Ordering::Relaxed) < 1_000_000, "and short ones shorten the wait");
    }
}
