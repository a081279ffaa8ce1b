//! One request's stay: from its head until the last byte of its answer went into the socket, or was given up.
//!
//! It knows what the request holds ([`budget`](super::budget)) and whose turn it is. Where it is the client's (to send the rest
//! of his request, to take more of his answer), [`crowd`](super::crowd) looks now and then how long he takes; a stay that
//! outlives its time is cut: its stream, where it is one of several on a connection, else the connection.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use futures_util::task::AtomicWaker;
use hyper::rt::Executor;
use tokio::task::AbortHandle;

use super::budget::{Account, BESIDE, Budget, Held, packer};
use super::refusal::{Refusal, code};
use super::traffic::Traffic;

/// An answer must be taken at this many bytes a second, once `http.write_time` is over: half of what a telephone line does.
const RATE: u64 = 1024;

/// A client is silent when he takes nothing for so long: his place may then be given to others, where there is none left.
pub(super) const SILENCE: Duration = Duration::from_secs(2);

/// Where there is no room, an answer of which less than this was taken a second makes some, as one of which nothing was.
const SLOW: u64 = 16 * 1024;

/// A stream that was cut is gone within this time, else its connection is.
const GONE: Duration = Duration::from_secs(3);

tokio::task_local! {
    /// How the stream that a task answers is ended.
    static STREAM: Arc<OnceLock<AbortHandle>>;
    /// The stay of the request that a task answers.
    static HERE: Arc<Stay>;
}

/// Runs the streams of HTTP/2, so that each can be ended by itself: its end resets it, and lets go of all that waits in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams;

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let end = Arc::new(OnceLock::new());
        let task = tokio::spawn(STREAM.scope(Arc::clone(&end), stream));
        let _ = end.set(task.abort_handle());
    }
}

/// One request's stay.
pub(super) struct Stay {
    traffic: Arc<Traffic>,
    budget: Arc<Budget>,
    account: Arc<Account>,
    stream: Option<Arc<OnceLock<AbortHandle>>>,
    /// Bytes that are counted for it alone.
    held: AtomicUsize,
    /// How long its answer is taken to be, while that is made.
    expected: AtomicUsize,
    /// Its answer, where that is there for others, too.
    shared: OnceLock<Held>,
    /// The request is still arriving.
    is_asking: AtomicBool,
    /// Nothing of the answer has to be made any more.
    is_made: AtomicBool,
    /// Bytes of the answer that were handed out to be sent, and that were sent.
    given: AtomicU64,
    taken: AtomicU64,
    all_taken: AtomicWaker,
    /// What was seen of it from time to time; written by the one who looks.
    watch: Watch,
}

/// Times in milliseconds.
#[derive(Default)]
struct Watch {
    taken: AtomicU64,
    /// How long the client took nothing, up to now.
    silent: AtomicU32,
    /// How long it was his turn, in all.
    waited: AtomicU32,
    /// How long ago it was cut.
    cut: OnceLock<AtomicU32>,
}

impl Stay {
    /// A request came in.
    pub fn new(traffic: Arc<Traffic>, budget: Arc<Budget>, account: Arc<Account>, is_asking: bool) -> Arc<Self> {
        budget.take(&account, BESIDE);
        let stay = Arc::new(Self {
            traffic,
            budget,
            account,
            stream: STREAM.try_with(Arc::clone).ok(),
            held: AtomicUsize::new(BESIDE),
            expected: AtomicUsize::new(0),
            shared: OnceLock::new(),
            is_asking: AtomicBool::new(is_asking),
            is_made: AtomicBool::new(false),
            given: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            all_taken: AtomicWaker::new(),
            watch: Watch::default(),
        });
        stay.traffic.enter(&stay);
        stay
    }

    /// Carries out what answers it, which can then [`make_room`].
    pub fn during<T>(self: Arc<Self>, work: impl Future<Output = T>) -> impl Future<Output = T> {
        HERE.scope(self, work)
    }

    /// Whether it has a stream of its own, of HTTP/2.
    pub const fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// Part of its request came.
    pub fn heard(&self, bytes: usize) {
        self.hold(bytes);
    }

    /// All of its request came.
    pub fn asked(&self) {
        self.is_asking.store(false, Ordering::Relaxed);
    }

    fn make_room(&self) -> Result<(), Refusal> {
        let expected = self.budget.expect(&self.account, self.traffic.staying() <= 1).ok_or_else(|| overloaded(NO_ROOM))?;
        self.account.met(self.expected.swap(expected, Ordering::Relaxed));
        Ok(())
    }

    /// The answer is made, and nothing of the request is needed any more. `packed` where its bytes are packed while they go.
    pub fn answered(&self, answer: Option<&Bytes>, packed: bool) {
        self.asked();
        self.account.met(self.expected.swap(0, Ordering::Relaxed));
        let before = self.held.swap(BESIDE, Ordering::Relaxed);
        self.budget.give_back(&self.account, Held::Own(before.saturating_sub(BESIDE)));
        if packed {
            self.hold(packer(answer.map_or(0, Bytes::len)));
        }
        if let Some(answer) = answer {
            self.account.made(answer.len());
            match self.budget.take_answer(&self.account, answer) {
                Held::Own(bytes) => {
                    self.held.fetch_add(bytes, Ordering::Relaxed);
                }
                held @ Held::Shared { .. } => {
                    let _ = self.shared.set(held);
                }
            }
        }
    }

    /// All of the answer is made.
    pub fn made(&self) {
        if !self.is_made.swap(true, Ordering::Relaxed) {
            self.traffic.made();
        }
    }

    /// So many bytes more are held for it.
    pub fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        self.budget.take(&self.account, bytes);
    }

    /// So many less.
    pub fn let_go(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        self.budget.give_back(&self.account, Held::Own(bytes));
    }

    /// Bytes of the answer were handed out.
    pub fn gave(&self, bytes: usize) {
        self.given.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes of it went into the socket.
    pub fn took(&self, bytes: usize) {
        let taken = self.taken.fetch_add(bytes as u64, Ordering::AcqRel) + bytes as u64;
        if taken == self.given.load(Ordering::Relaxed) {
            self.all_taken.wake();
        }
    }

    /// Whether all that was handed out was sent.
    pub fn poll_taken(&self, context: &Context<'_>) -> Poll<()> {
        let is_taken = || self.taken.load(Ordering::Acquire) == self.given.load(Ordering::Relaxed);
        if is_taken() {
            return Poll::Ready(());
        }
        self.all_taken.register(context.waker());
        if is_taken() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Looks how it stands, `since` the last look; whether it has outlived its time.
    pub fn look(&self, since: u32, write_time: u32) -> bool {
        if let Some(cut) = self.watch.cut.get() {
            if cut.fetch_add(since, Ordering::Relaxed) >= millis(GONE) {
                self.traffic.cut();
            }
            return false;
        }
        let (given, taken) = (self.given.load(Ordering::Relaxed), self.taken.load(Ordering::Relaxed));
        let (is_asking, is_taking) = (self.is_asking.load(Ordering::Relaxed), given > taken);
        if !is_asking && !is_taking {
            self.watch.silent.store(0, Ordering::Relaxed);
            return false;
        }
        if self.watch.taken.swap(taken, Ordering::Relaxed) != taken {
            self.watch.silent.store(0, Ordering::Relaxed);
        }
        let silent = self.watch.silent.fetch_add(since, Ordering::Relaxed) + since;
        if is_asking {
            // How long a request may arrive is seen where it is read.
            return false;
        }
        let waited = self.watch.waited.fetch_add(since, Ordering::Relaxed) + since;
        silent > write_time || taken < u64::from(waited.saturating_sub(write_time)) * RATE / 1000
    }

    /// Whether its client has taken nothing, or sent nothing more, for some time.
    pub fn is_silent(&self) -> bool {
        self.watch.silent.load(Ordering::Relaxed) >= millis(SILENCE)
    }

    /// How long its client has been waited for since he took something, in milliseconds, where he takes it slowly or not at all:
    /// a burden, where there is no room. None where it was cut already.
    pub fn burden(&self) -> Option<u32> {
        let waited = self.watch.waited.load(Ordering::Relaxed);
        let is_slow = waited >= 2 * millis(SILENCE) && self.taken.load(Ordering::Relaxed) < u64::from(waited) * SLOW / 1000;
        ((self.is_silent() || is_slow) && self.watch.cut.get().is_none()).then(|| self.watch.silent.load(Ordering::Relaxed))
    }

    /// Ends it, whatever is under way.
    pub fn cut(&self) {
        let _ = self.watch.cut.set(AtomicU32::new(0));
        match self.stream.as_ref().and_then(|stream| stream.get()) {
            Some(stream) => stream.abort(),
            None => self.traffic.cut(),
        }
    }

    /// Who pays for it.
    pub const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// What goes with it.
    pub fn held(&self) -> usize {
        let shared = self.shared.get().map_or(0, |held| match held {
            Held::Own(bytes) | Held::Shared { bytes, .. } => *bytes,
        });
        self.held.load(Ordering::Relaxed) + shared
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.made();
        self.account.met(*self.expected.get_mut());
        self.budget.give_back(&self.account, Held::Own(*self.held.get_mut()));
        if let Some(shared) = self.shared.get() {
            self.budget.give_back(&self.account, *shared);
        }
        self.traffic.left();
    }
}

/// Before an operation is run for the request at hand: is there room for what it will answer?
///
/// # Errors
/// Where its client, or all, do not take what they have.
pub(super) fn make_room() -> Result<(), Refusal> {
    HERE.try_with(|stay| stay.make_room()).unwrap_or(Ok(()))
}

/// Said where there is no room.
pub(super) const NO_ROOM: &str = "Too many answers wait to be read, of yours or of all; take them, or try again.";

/// A refusal of what may be asked again in a moment.
pub(super) fn overloaded(message: &'static str) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, message).retry_after(1)
}

/// As many milliseconds as a count holds.
pub(super) fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
