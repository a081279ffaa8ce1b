//! All connections: how many there may be, of whom, and which are given up for others.
//!
//! Where all places are taken, a new connection takes that of an idle one of the address that holds most: whoever sits on
//! places that he does not use keeps nobody out. One address has some of the places at most, unless a proxy names clients, as
//! all connections are its own then. A few places beyond the limit are for looks at the health alone.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::Gauge;
use rustc_hash::FxHashMap;

use super::budget::Budget;
use super::meter::Meter;
use super::rate::block;
use super::settings::Settings;
use super::stay::{Stay, millis};
use super::traffic::Traffic;

/// How often all are looked at.
pub(super) const TICK: Duration = Duration::from_millis(500);

/// Places beyond the limit, for looks at the health; half of them for those of addresses that have all they may.
const SPARE: usize = 16;

/// The connections of one server.
pub(super) struct Crowd {
    most: usize,
    each: usize,
    write_time: u32,
    budget: Arc<Budget>,
    places: Mutex<Places>,
    next: AtomicU64,
}

#[derive(Default)]
struct Places {
    /// By number: older ones have lower numbers.
    taken: FxHashMap<u64, Arc<Traffic>>,
    /// How many each address has, and how many are spare ones.
    each: FxHashMap<u128, usize>,
    spare: usize,
}

/// A connection's place, until it is dropped.
pub(super) struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    traffic: Arc<Traffic>,
    count: Gauge,
}

impl Crowd {
    pub fn new(settings: &Settings, budget: Arc<Budget>) -> Self {
        let is_limited = settings.connections_each > 0 && settings.client_header.is_empty();
        Self {
            most: settings.connections,
            each: if is_limited { settings.connections_each } else { usize::MAX },
            write_time: millis(settings.write_time.0),
            budget,
            places: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }

    /// A place for a new connection, for which another may be given up; none where there is none.
    pub fn enter(self: &Arc<Self>, address: IpAddr, meter: &Meter) -> Option<Place> {
        let client = block(address);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let own = places.each.get(&client).copied().unwrap_or(0);
        let (is_own_full, is_full) = (own >= self.each, places.taken.len() - places.spare >= self.most);
        let spare = if is_own_full { SPARE / 2 } else { SPARE };
        let mut is_spare = false;
        if is_own_full || is_full {
            if let Some((number, traffic)) = places.least_missed(is_own_full.then_some(client)) {
                places.leave(number);
                traffic.cut();
                meter.gave_up();
            } else if places.spare >= spare {
                return None;
            } else {
                is_spare = true;
            }
        }
        let traffic = Arc::new(Traffic::new(client, self.budget.account(client), is_spare));
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        places.taken.insert(number, Arc::clone(&traffic));
        if is_spare {
            places.spare += 1;
        } else {
            *places.each.entry(client).or_default() += 1;
        }
        drop(places);
        let count = meter.connections().clone();
        count.increment(1.0);
        Some(Place { crowd: Arc::clone(self), number, traffic, count })
    }

    /// Looks at all, `since` the last look, and cuts what has outlived its time, and more where there is no room.
    pub fn look(&self, since: Duration, meter: &Meter) {
        let all: Vec<_> = self.places.lock().unwrap_or_else(PoisonError::into_inner).taken.values().cloned().collect();
        let mut burdens = self.budget.was_short().then(Vec::new);
        let cut: usize = all.iter().map(|traffic| traffic.look(millis(since), self.write_time, burdens.as_mut())).sum();
        meter.cut(cut + self.relieve(burdens.unwrap_or_default()));
    }

    /// Cuts the answers of which little is taken until there is room again: those of whoever holds most first, and of his those
    /// of which nothing was taken for longest.
    fn relieve(&self, mut burdens: Vec<Arc<Stay>>) -> usize {
        burdens.sort_by_cached_key(|stay| std::cmp::Reverse((stay.account().held(), stay.account().client(), stay.burden())));
        let (mut cut, mut own, mut all) = (0, FxHashMap::<u128, usize>::default(), 0);
        for stay in burdens {
            let own = own.entry(stay.account().client()).or_default();
            if self.budget.is_crowded(stay.account(), *own, all) {
                let held = stay.held();
                *own += held;
                all += held;
                cut += 1;
                stay.cut();
            }
        }
        cut
    }
}

impl Places {
    /// The connection that can best be done without, of one client or of all.
    fn least_missed(&self, client: Option<u128>) -> Option<(u64, Arc<Traffic>)> {
        let of = |traffic: &Traffic| client.is_none_or(|client| traffic.client() == client) && !traffic.is_spare();
        let idle = self.taken.iter().filter(|(_, traffic)| of(traffic)).filter_map(|(number, traffic)| Some((number, traffic, traffic.is_dispensable()?)));
        let share = |traffic: &Traffic| self.each.get(&traffic.client()).copied().unwrap_or(0);
        // Whose client is waited for, only where none is idle.
        let best = idle.max_by_key(|(number, traffic, idle)| (*idle > 0, share(traffic), *idle, std::cmp::Reverse(**number)));
        best.map(|(number, traffic, _)| (*number, Arc::clone(traffic)))
    }

    fn leave(&mut self, number: u64) {
        let Some(traffic) = self.taken.remove(&number) else { return };
        if traffic.is_spare() {
            self.spare -= 1;
        } else if let Some(own) = self.each.get_mut(&traffic.client()) {
            *own -= 1;
            if *own == 0 {
                self.each.remove(&traffic.client());
            }
        }
    }
}

impl Place {
    pub const fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.places.lock().unwrap_or_else(PoisonError::into_inner).leave(self.number);
        self.count.decrement(1.0);
    }
}
