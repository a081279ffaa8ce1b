//! The same types for tests that look at every order of steps: before each step of theirs the scheduler may let another
//! thread go on, and what waits for time may find it over, or not.
//!
//! What they show: orders of whole steps. What they do not: orders that a processor with weak memory could make of them
//! (each step is seen by all at once), and what happens inside of arc-swap, quick_cache and tokio, which have such tests of
//! their own. Mutexes, notes and semaphores of tokio are used as they are: they know wakers alone, and the scheduler's do.

use std::fmt;
use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use quick_cache::{Equivalent, UnitWeighter, Weighter};
use shuttle::rand::Rng as _;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
pub(crate) use shuttle::sync::{Mutex, MutexGuard};

/// So many orders are tried of each story; `SCHEDULES` says another number (CI: 10,000, at night 100,000).
const SCHEDULES: usize = 1_000;
/// So many turns a schedule takes away from whoever would have had them, in the half that is not drawn freely.
const DEPTH: usize = 3;
/// Bytes of stack of each thread: a graph is made on it.
const STACK: usize = 1 << 20;

/// Runs a story in many orders: half of them drawn freely, half by priorities that change now and then, which finds
/// what needs a long delay of one thread (Burckhardt et al. 2010).
#[expect(clippy::print_stdout, reason = "whoever runs the tests is to read how many there were")]
pub(crate) fn explore(story: fn()) {
    #[expect(clippy::disallowed_methods, reason = "a test has no settings but these")]
    let schedules = std::env::var("SCHEDULES").ok().and_then(|count| count.parse().ok()).unwrap_or(SCHEDULES);
    let mut config = Config::default();
    config.stack_size = STACK;
    config.silence_warnings = true;
    Runner::new(RandomScheduler::new(schedules.div_ceil(2)), config.clone()).run(story);
    Runner::new(PctScheduler::new(DEPTH, (schedules / 2).max(1)), config).run(story);
    println!("{schedules} schedules");
}

/// The scheduler may let another thread go on here.
fn step() {
    // Any step of shuttle's own would do; one that says that it yields would lose its turn to all others.
    let _ = AtomicBool::new(false).load(Ordering::SeqCst);
}

/// As `arc_swap::ArcSwap`: one value, read and replaced as a whole.
pub(crate) struct ArcSwap<T>(std::sync::Mutex<Arc<T>>);

impl<T> ArcSwap<T> {
    pub fn from_pointee(value: T) -> Self {
        Self(std::sync::Mutex::new(Arc::new(value)))
    }

    pub fn load(&self) -> Arc<T> {
        step();
        Arc::clone(&self.0.lock().expect("whole"))
    }

    pub fn load_full(&self) -> Arc<T> {
        self.load()
    }

    pub fn store(&self, value: Arc<T>) {
        step();
        let before = std::mem::replace(&mut *self.0.lock().expect("whole"), value);
        drop(before);
    }
}

impl<T: Default> Default for ArcSwap<T> {
    fn default() -> Self {
        Self::from_pointee(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for ArcSwap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As `quick_cache::sync::Cache`, which it is; each call is a step.
pub(crate) struct Cache<K, V, W = UnitWeighter>(quick_cache::sync::Cache<K, V, W>);

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub fn new(items: usize) -> Self {
        Self(quick_cache::sync::Cache::new(items))
    }
}

impl<K: Eq + Hash, V: Clone, W: Weighter<K, V> + Clone> Cache<K, V, W> {
    pub fn with_weighter(items: usize, weight: u64, weighter: W) -> Self {
        Self(quick_cache::sync::Cache::with_weighter(items, weight, weighter))
    }

    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        step();
        self.0.get(key)
    }

    pub fn insert(&self, key: K, value: V) {
        step();
        self.0.insert(key, value);
    }

    /// One step for all callers of a key, as in `quick_cache`: others wait for the one who makes the value.
    pub fn get_or_insert_with<Q, E>(&self, key: &Q, make: impl FnOnce() -> Result<V, E>) -> Result<V, E>
    where
        Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
    {
        step();
        self.0.get_or_insert_with(key, make)
    }

    pub fn weight(&self) -> u64 {
        self.0.weight()
    }
}

/// The time was over.
#[derive(Debug)]
pub(crate) struct Late;

/// As `tokio::time::timeout`, of a clock that may stand anywhere: what has to wait finds its time over, or not.
pub(crate) async fn timeout<T>(_most: Duration, work: impl Future<Output = T>) -> Result<T, Late> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        if shuttle::rand::thread_rng().gen_ratio(1, 4) {
            return Poll::Ready(Err(Late));
        }
        // It looks again, as time goes on.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
