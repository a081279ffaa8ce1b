//! What a connection, its requests and the [`crowd`](super::crowd) that it is one of tell each other.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tokio::task::AbortHandle;

use super::budget::Account;
use super::stay::Stay;

/// One connection.
pub(super) struct Traffic {
    /// Where it comes from: an address, or a network of IPv6.
    client: u128,
    /// Who pays for its requests, where no proxy names clients.
    account: Arc<Account>,
    /// Taken beyond the limit, to be asked for nothing but the health.
    is_spare: bool,
    /// Requests that are there, and of these, those whose answers are still being made.
    staying: AtomicU32,
    in_flight: AtomicU32,
    /// How many ever came: one that is answered at once is never seen in flight.
    entered: AtomicU32,
    is_refused: AtomicBool,
    stays: Mutex<Vec<Weak<Stay>>>,
    end: OnceLock<AbortHandle>,
    /// Seen from time to time: how many had come by then, and for how long none was in flight, in milliseconds.
    seen: AtomicU32,
    idle: AtomicU32,
    silent: AtomicUsize,
}

impl Traffic {
    pub fn new(client: u128, account: Arc<Account>, is_spare: bool) -> Self {
        Self {
            client,
            account,
            is_spare,
            staying: AtomicU32::new(0),
            in_flight: AtomicU32::new(0),
            entered: AtomicU32::new(0),
            is_refused: AtomicBool::new(false),
            stays: Mutex::default(),
            end: OnceLock::new(),
            seen: AtomicU32::new(0),
            idle: AtomicU32::new(0),
            silent: AtomicUsize::new(0),
        }
    }

    pub const fn client(&self) -> u128 {
        self.client
    }

    pub const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    pub const fn is_spare(&self) -> bool {
        self.is_spare
    }

    /// A request is there until it has [`left`](Self::left), and in flight until its answer is [`made`](Self::made).
    pub fn enter(&self, stay: &Arc<Stay>) {
        let mut stays = self.stays();
        if stays.len() == stays.capacity() {
            stays.retain(|stay| stay.strong_count() > 0);
        }
        stays.push(Arc::downgrade(stay));
        drop(stays);
        self.staying.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.entered.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests are there.
    pub fn staying(&self) -> u32 {
        self.staying.load(Ordering::Relaxed)
    }

    pub fn made(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn left(&self) {
        self.staying.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many requests there are whose answers are being made.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// How many ever were.
    pub fn entered(&self) -> u32 {
        self.entered.load(Ordering::Relaxed)
    }

    /// Part of a refused request may still be on its way.
    pub fn refused(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    /// By what it can be cut.
    pub fn ends_by(&self, end: AbortHandle) {
        let _ = self.end.set(end);
    }

    /// Ends it, whatever is under way.
    pub fn cut(&self) {
        if let Some(end) = self.end.get() {
            end.abort();
        }
    }

    /// Looks how it stands, `since` the last look (in milliseconds), and cuts what has outlived its time; how many that were.
    /// With `burdens`, those of which little is taken are put there.
    pub fn look(&self, since: u32, write_time: u32, mut burdens: Option<&mut Vec<Arc<Stay>>>) -> usize {
        let stays: Vec<Arc<Stay>> = self.stays().iter().filter_map(Weak::upgrade).collect();
        let (mut cut, mut silent) = (0, 0);
        for stay in stays {
            silent += usize::from(stay.is_silent());
            if stay.look(since, write_time) {
                stay.cut();
                cut += 1;
            } else if let Some(burdens) = burdens.as_mut().filter(|_| stay.burden().is_some()) {
                burdens.push(stay);
            }
        }
        self.silent.store(silent, Ordering::Relaxed);
        let entered = self.entered();
        if self.staying.load(Ordering::Relaxed) > 0 || self.seen.swap(entered, Ordering::Relaxed) != entered {
            self.idle.store(0, Ordering::Relaxed);
        } else {
            self.idle.fetch_add(since, Ordering::Relaxed);
        }
        cut
    }

    /// How well it can be done without: the more the better; none where something is done for it. Idle ones come first (by
    /// how long), then those whose clients are waited for.
    pub fn is_dispensable(&self) -> Option<u32> {
        match (self.staying.load(Ordering::Relaxed) as usize, self.idle.load(Ordering::Relaxed)) {
            (0, idle @ 1..) => Some(idle),
            (staying @ 1.., _) if self.silent.load(Ordering::Relaxed) >= staying => Some(0),
            _ => None,
        }
    }

    fn stays(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Stay>>> {
        self.stays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
