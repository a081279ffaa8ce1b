//! More than can be done is refused at once: so many operations run, so many wait, and whoever would wait too long is
//! told to come again while that costs next to nothing.
//!
//! There are two ways in: short operations run where they were read and never wait behind long ones, which run on threads
//! of their own ([`work`](super::work)). On each way one client, an address or a holder of keys, has half of the places at
//! most and all strangers together three quarters, so that nobody holds them all; who holds fewest is let in next.
//!
//! An operation mostly reads memory and runs through without a pause, so that those who wait would never be seen waiting:
//! they would sit unread in their sockets. Hence each steps aside once before it runs, its place in hand;
//! meanwhile whoever came at the same time is read, counted, and refused if there are too many. Answers that are kept pass by all this.
//!
//! Writes wait for the one who writes, not for processors, and have a line of their own, of which nobody has all:
//! [`Gate::enter_to_write`].

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::places::{Place, Places};
use super::rate::Who;
use super::refusal::{Refusal, code};
use super::settings::Settings;
use crate::sync::{AtomicU64, Mutex, MutexGuard};

/// The ways to the executor.
pub(super) struct Gate {
    short: Arc<Line>,
    long: Arc<Line>,
    writes: Places,
}

/// Which way an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is known to be done in a moment.
    Short,
    /// It may take long.
    Long,
}

/// Places on one way, and those who wait for them.
struct Line {
    places: usize,
    each: usize,
    strangers: usize,
    queue: usize,
    patience: Duration,
    /// How long an operation holds its place, of late, in microseconds.
    usual: AtomicU64,
    state: Mutex<State>,
}

/// As few as there are places and places to wait.
#[derive(Default)]
struct State {
    held: Vec<Who>,
    /// In the order in which they came.
    waiting: Vec<Waiter>,
    last: u64,
}

struct Waiter {
    who: Who,
    number: u64,
    called: oneshot::Sender<()>,
}

/// A place at the executor, or in the line for one; given back when it is dropped.
pub(super) struct Turn {
    line: Arc<Line>,
    who: Who,
    /// By which number he waits, if he has to.
    number: Option<u64>,
    /// Since when he runs.
    since: Option<Instant>,
}

impl State {
    fn held_by(&self, who: &Who) -> usize {
        self.held.iter().filter(|other| *other == who).count()
    }

    fn waiting_of(&self, who: &Who) -> usize {
        self.waiting.iter().filter(|waiter| waiter.who == *who).count()
    }
}

impl Line {
    fn new(places: usize, settings: &Settings) -> Arc<Self> {
        Arc::new(Self {
            places,
            each: places.div_ceil(2),
            strangers: (places - places / 4).max(1),
            queue: settings.queue,
            patience: settings.queue_time.0,
            usual: AtomicU64::new(0),
            state: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is held and who waits changes in one step each.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_place(&self, state: &State, who: &Who) -> bool {
        let strangers = || state.held.iter().filter(|other| matches!(other, Who::Stranger(_))).count();
        state.held.len() < self.places && state.held_by(who) < self.each && (!matches!(who, Who::Stranger(_)) || strangers() < self.strangers)
    }

    /// Lets in whoever may run now: of those the one who holds fewest places, of equals the first.
    fn call(&self, state: &mut State) {
        loop {
            let next = state.waiting.iter().enumerate().filter(|(_, waiter)| self.has_place(state, &waiter.who));
            let Some((at, _)) = next.min_by_key(|(_, waiter)| state.held_by(&waiter.who)) else { return };
            let waiter = state.waiting.remove(at);
            state.held.push(waiter.who);
            // Whoever does not hear it any more gives the place back himself.
            let _ = waiter.called.send(());
        }
    }

    /// How long someone will wait: for his own, and from each other as many as he has himself, as they take turns.
    fn wait(&self, state: &State, who: &Who) -> Duration {
        let own = state.waiting_of(who);
        let mut others: Vec<(&Who, usize)> = Vec::new();
        for waiter in state.waiting.iter().filter(|waiter| waiter.who != *who) {
            match others.iter_mut().find(|(other, _)| *other == &waiter.who) {
                Some((_, count)) => *count = (*count + 1).min(own + 1),
                None => others.push((&waiter.who, 1)),
            }
        }
        let others: usize = others.iter().map(|(_, count)| count).sum();
        let usual = self.usual.load(Ordering::Relaxed);
        let share = |ahead: usize, places: usize| usual.saturating_mul(ahead as u64) / places.max(1) as u64;
        Duration::from_micros(share(own, self.each).saturating_add(share(others, self.places)))
    }

    /// A place, or one in the line.
    ///
    /// # Errors
    /// Where the line is full, of him or of all, or would take too long; only where patience is asked for.
    fn ask(self: &Arc<Self>, who: &Who, is_patient: bool) -> Result<(Turn, Option<oneshot::Receiver<()>>), Refusal> {
        let mut state = self.lock();
        let is_full = || state.waiting.len() >= self.queue || state.waiting_of(who) >= self.queue - self.queue / 4;
        if !is_patient && (is_full() || self.wait(&state, who) > self.patience) {
            let message = "More operations are waiting than can be run soon; try again.";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, message).retry_after(1));
        }
        let turn = |number| Turn { line: Arc::clone(self), who: who.clone(), number, since: None };
        if self.has_place(&state, who) {
            state.held.push(who.clone());
            return Ok((turn(None), None));
        }
        state.last += 1;
        let (number, (called, call)) = (state.last, oneshot::channel());
        state.waiting.push(Waiter { who: who.clone(), number, called });
        Ok((turn(Some(number)), Some(call)))
    }
}

impl Gate {
    /// As the settings say, with so many places on each way.
    pub fn new(settings: &Settings, places: usize) -> Self {
        let line = || Line::new(places.max(1), settings);
        Self { short: line(), long: line(), writes: Places::new(settings.writes, settings.writes - settings.writes / 4) }
    }

    /// A place, after a wait that is bounded.
    ///
    /// # Errors
    /// At once, where too many wait, or the wait would be too long.
    pub async fn enter(&self, way: Way, who: &Who) -> Result<Turn, Refusal> {
        self.place(way, who, false).await
    }

    /// A place for long work, however long it takes to get it, for what goes on with work that has begun.
    pub async fn join(&self, who: &Who) -> Result<Turn, Refusal> {
        self.place(Way::Long, who, true).await
    }

    async fn place(&self, way: Way, who: &Who, is_patient: bool) -> Result<Turn, Refusal> {
        let line = if way == Way::Short { &self.short } else { &self.long };
        let (mut turn, call) = line.ask(who, is_patient)?;
        if let Some(call) = call {
            // The line calls each that waits in it, and lives as long as they do.
            let _ = call.await;
        }
        turn.since = Some(Instant::now());
        // With the place in hand, so that all others wait for one instead of for the processor: whoever came meanwhile is
        // read, and refused if there are too many, ahead of operations that each run through at once.
        yield_now().await;
        Ok(turn)
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
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(since) = self.since {
            let took = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
            let usual = self.line.usual.load(Ordering::Relaxed);
            // Two at once may lose one of their times, which is of no weight.
            self.line.usual.store(usual - usual / 8 + took / 8, Ordering::Relaxed);
        }
        let mut state = self.line.lock();
        if let Some(at) = self.number.and_then(|number| state.waiting.iter().position(|waiter| waiter.number == number)) {
            state.waiting.remove(at);
            return;
        }
        if let Some(at) = state.held.iter().position(|who| *who == self.who) {
            state.held.swap_remove(at);
        }
        self.line.call(&mut state);
    }
}

#[cfg(all(test, feature = "interleavings"))]
mod interleavings;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::super::accept::Format;
    use super::*;

    fn gate(executions: usize, queue: usize) -> Gate {
        Gate::new(&Settings { queue, ..Settings::default() }, executions)
    }

    fn stranger(number: u128) -> Who {
        Who::Stranger(number)
    }

    #[tokio::test]
    async fn so_many_run_so_many_wait_and_one_more_is_refused_at_once() {
        let gate = gate(1, 2);
        let who = stranger(1);
        let running = gate.enter(Way::Long, &who).await.unwrap();
        let (mut first, mut second) = (Box::pin(gate.enter(Way::Long, &who)), Box::pin(gate.enter(Way::Long, &who)));
        for waiting in [&mut first, &mut second] {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        let refusal = gate.enter(Way::Long, &who).await.err().unwrap();
        assert_eq!((refusal.code(), refusal.status(Format::Json)), (code::OVERLOADED, StatusCode::SERVICE_UNAVAILABLE));
        drop(gate.enter(Way::Short, &who).await.unwrap());
        drop(second);
        let third = gate.enter(Way::Long, &who);
        drop(running);
        drop(first.await.unwrap());
        drop(third.await.unwrap());
        let state = gate.long.lock();
        assert!(state.waiting.is_empty() && state.held.is_empty(), "who goes away waits no more");
    }

    #[tokio::test]
    async fn whoever_would_wait_too_long_is_refused_however_few_wait() {
        let gate = gate(1, 1_000);
        let who = stranger(1);
        gate.long.usual.store(1_000_000, Ordering::Relaxed);
        let running = gate.enter(Way::Long, &who).await.unwrap();
        let mut next = Box::pin(gate.enter(Way::Long, &who));
        assert!(futures_util::poll!(&mut next).is_pending(), "nobody is ahead of him");
        assert_eq!(gate.enter(Way::Long, &who).await.err().unwrap().code(), code::OVERLOADED, "a second is too long");
        drop(running);
        drop(next.await.unwrap());
        assert!(gate.long.usual.load(Ordering::Relaxed) < 1_000_000, "and short ones shorten the wait");
    }

    #[tokio::test]
    async fn one_client_has_half_strangers_three_quarters_and_whoever_holds_fewest_is_next() {
        let gate = gate(8, 256);
        let (one, other, third, desk) = (stranger(1), stranger(2), stranger(3), Who::Member("desk".into()));
        let mut held = Vec::new();
        for who in [&one, &one, &one, &one, &other, &other, &desk, &desk] {
            held.push(gate.enter(Way::Long, who).await.unwrap());
        }
        let mut waiting: Vec<_> = [&one, &one, &desk, &other, &third].map(|who| Box::pin(gate.enter(Way::Long, who))).into();
        for place in &mut waiting {
            assert!(futures_util::poll!(place).is_pending());
        }
        // A place of a stranger: the third stranger has none yet, whoever came before.
        held.remove(5);
        let _third = waiting.pop().unwrap().await.unwrap();
        // One of a member: strangers have their six.
        held.pop();
        let _desk = waiting.remove(2).await.unwrap();
        for place in &mut waiting {
            assert!(futures_util::poll!(place).is_pending());
        }
        // The flood of one waits for itself alone.
        held.remove(0);
        let mut other = waiting.pop().unwrap();
        assert!(futures_util::poll!(&mut other).is_pending(), "it steps aside once");
        let _other = other.await.unwrap();
        assert!(futures_util::poll!(&mut waiting[0]).is_pending());
    }

    /// Draws who comes, goes, gives up and is done, and holds what is promised after each step.
    #[tokio::test]
    async fn whatever_comes_and_goes_nobody_has_more_than_his_share_and_no_place_is_lost() {
        let mut seed = 1_u64;
        let mut draw = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for round in 0..50 {
            let places = 1 + round % 9;
            let gate = gate(places, 12);
            let clients: Vec<Who> = (0..3).map(stranger).chain(["a", "b"].map(|name| Who::Member(name.into()))).collect();
            let mut held: Vec<Turn> = Vec::new();
            let mut waiting: VecDeque<_> = VecDeque::new();
            for _ in 0..400 {
                match draw(4) {
                    0 | 1 => {
                        let who = &clients[usize::try_from(draw(5)).unwrap()];
                        waiting.push_back(Box::pin(gate.enter(Way::Long, who)));
                    }
                    2 if !held.is_empty() => drop(held.swap_remove(usize::try_from(draw(held.len() as u64)).unwrap())),
                    _ if !waiting.is_empty() => drop(waiting.remove(usize::try_from(draw(waiting.len() as u64)).unwrap())),
                    _ => {}
                }
                for _ in 0..waiting.len() {
                    let mut place = waiting.pop_front().unwrap();
                    match futures_util::poll!(&mut place) {
                        std::task::Poll::Ready(done) => held.extend(done),
                        std::task::Poll::Pending => waiting.push_back(place),
                    }
                }
                let state = gate.long.lock();
                assert!(state.held.len() <= places && clients.iter().all(|who| state.held_by(who) <= places.div_ceil(2)));
                assert!(!state.waiting.iter().any(|waiter| gate.long.has_place(&state, &waiter.who)), "a place is free, and one who may have it waits");
            }
            drop((held, waiting));
            let state = gate.long.lock();
            assert!(state.waiting.is_empty() && state.held.is_empty());
        }
    }
}
