//! How much memory answers take that wait to be read: counted for all clients and for each, and bounded.
//!
//! What a request takes is counted from its head on until its answer's last byte went into the socket ([`stay`](super::stay)).
//! Where there is no room, new requests are refused before anything is made for them, and answers of which nothing is taken
//! are cut ([`crowd`](super::crowd)): those that were silent longest, of the client that holds most.
//!
//! The bytes of an answer that is kept for others, too ([`kept`](super::kept)) are there once, however many take them, and are
//! counted once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::body::Bytes;
use rustc_hash::FxHashMap;

use super::settings::Settings;

/// What a request takes beside the bytes of its body and its answer: its task, its stream, its headers.
pub(super) const BESIDE: usize = 12 * 1024;

/// What a packer holds while it packs an answer that is not kept: its tables, and with a long answer its window.
pub(super) fn packer(answer: usize) -> usize {
    const TABLES: usize = 1024 * 1024;
    TABLES + answer.saturating_mul(4).min(TABLES)
}

/// From so many bytes on it is worth looking whether an answer is there for others, too.
const SHARED: usize = 16 * 1024;

/// An operation is taken to make an answer of at least so many bytes until it is made.
const USUAL: usize = 64 * 1024;

/// Whoever holds no more than this is served even where others have used up the room of all.
const MODEST: usize = 1024 * 1024;

/// Where the room of all is exceeded by far, whoever holds no more than this is told so, and still has his look at the health.
const TINY: usize = 8 * BESIDE;

/// The room of all clients.
pub(super) struct Budget {
    most: usize,
    each: usize,
    held: AtomicUsize,
    shared: Mutex<Shared>,
    accounts: Mutex<FxHashMap<u128, Weak<Account>>>,
    /// Someone was refused since the last look.
    is_short: AtomicBool,
}

/// What one client holds.
#[derive(Default)]
pub(super) struct Account {
    client: u128,
    held: AtomicUsize,
    shared: Mutex<Shared>,
    /// How long his answers are: the longest of late.
    usual: AtomicUsize,
    /// What those are taken to be that are being made.
    expected: AtomicUsize,
}

/// How often bytes are held that are there once, by where they are.
type Shared = FxHashMap<usize, u32>;

/// Bytes that are held, to be given back as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// His alone.
    Own(usize),
    /// Bytes at a place in memory, which others may hold, too.
    Shared { place: usize, bytes: usize },
}

/// Whether there is room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Enough,
    /// Not for more answers; for a word about that there is.
    Short,
    /// Not even for that.
    None,
}

impl Budget {
    pub fn new(settings: &Settings) -> Self {
        Self {
            most: settings.waiting_bytes,
            each: settings.waiting_bytes_each.min(settings.waiting_bytes),
            held: AtomicUsize::new(0),
            shared: Mutex::default(),
            accounts: Mutex::default(),
            is_short: AtomicBool::new(false),
        }
    }

    /// The account of a client.
    pub fn account(&self, client: u128) -> Arc<Account> {
        let mut accounts = lock(&self.accounts);
        if let Some(account) = accounts.get(&client).and_then(Weak::upgrade) {
            return account;
        }
        if accounts.len() == accounts.capacity() {
            accounts.retain(|_, account| account.strong_count() > 0);
        }
        let account = Arc::new(Account { client, ..Account::default() });
        accounts.insert(client, Arc::downgrade(&account));
        account
    }

    /// Bytes that all clients hold.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether there is room for `more` bytes of a client. What is `vital`, as a look at the health, needs little and may have
    /// more than what is not.
    pub fn room(&self, account: &Account, more: usize, vital: bool) -> Room {
        let (own, all) = (account.held().saturating_add(more), self.held().saturating_add(more));
        let each = if vital { self.each.saturating_mul(2) } else { self.each };
        let (is_full, is_overfull) = (all > self.most, is_far_beyond(all, self.most));
        let room = if is_far_beyond(own, each) || is_overfull && own > TINY {
            Room::None
        } else if own > each || !vital && (is_overfull || is_full && own > MODEST.min(self.each)) {
            Room::Short
        } else {
            Room::Enough
        };
        if room != Room::Enough {
            self.is_short.store(true, Ordering::Relaxed);
        }
        room
    }

    /// Before an answer is made for a client: how long it is taken to be, to be [`met`](Account::met) when it is made; none where
    /// there is no room. Where little of his waits, he may have as many made at once as there are threads for; else there must
    /// be room for all that are. Who is `alone` on his connection may use what is beyond his share, for an answer of the least
    /// length: others of the same client, as one behind one address, may be those who let theirs wait.
    pub fn expect(&self, account: &Account, alone: bool) -> Option<usize> {
        let bytes = account.usual.load(Ordering::Relaxed).clamp(USUAL, USUAL.max(self.each / 2));
        let waits_for_him = account.held() > self.each / 4 || self.held() > self.most / 2;
        let (least, expected) = (if alone { USUAL } else { bytes }, account.expected.load(Ordering::Relaxed));
        let more = if waits_for_him { least.saturating_add(expected) } else { 0 };
        let has_room = match self.room(account, more, false) {
            Room::Enough => true,
            Room::Short => alone,
            Room::None => false,
        };
        has_room.then(|| {
            account.expected.fetch_add(bytes, Ordering::Relaxed);
            bytes
        })
    }

    /// Whether anyone found no room since the last time that this was asked.
    pub fn was_short(&self) -> bool {
        self.is_short.swap(false, Ordering::Relaxed)
    }

    /// Whether more is held than leaves half of the room, by a client or by all, when so much less is held by each.
    pub fn is_crowded(&self, account: &Account, own_less: usize, all_less: usize) -> bool {
        let roomy = |most: usize| most / 2;
        account.held().saturating_sub(own_less) > roomy(self.each) || self.held().saturating_sub(all_less) > roomy(self.most)
    }

    /// Counts bytes of one client alone.
    pub fn take(&self, account: &Account, bytes: usize) {
        account.held.fetch_add(bytes, Ordering::Relaxed);
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts the bytes of an answer.
    pub fn take_answer(&self, account: &Account, answer: &Bytes) -> Held {
        let bytes = answer.len();
        if bytes < SHARED || answer.is_unique() {
            self.take(account, bytes);
            return Held::Own(bytes);
        }
        let place = answer.as_ptr().addr();
        for (shared, held) in [(&account.shared, &account.held), (&self.shared, &self.held)] {
            let mut shared = lock(shared);
            let times = shared.entry(place).or_default();
            *times += 1;
            if *times == 1 {
                held.fetch_add(bytes, Ordering::Relaxed);
            }
        }
        Held::Shared { place, bytes }
    }

    /// They are held no more.
    pub fn give_back(&self, account: &Account, held: Held) {
        match held {
            Held::Own(bytes) => {
                account.held.fetch_sub(bytes, Ordering::Relaxed);
                self.held.fetch_sub(bytes, Ordering::Relaxed);
            }
            Held::Shared { place, bytes } => {
                for (shared, held) in [(&account.shared, &account.held), (&self.shared, &self.held)] {
                    let mut shared = lock(shared);
                    let Some(times) = shared.get_mut(&place) else { continue };
                    *times -= 1;
                    if *times == 0 {
                        shared.remove(&place);
                        held.fetch_sub(bytes, Ordering::Relaxed);
                    }
                }
            }
        }
    }
}

impl Account {
    pub const fn client(&self) -> u128 {
        self.client
    }

    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// What was expected is made, or never will be.
    pub fn met(&self, expected: usize) {
        self.expected.fetch_sub(expected, Ordering::Relaxed);
    }

    /// Remembers how long an answer was.
    pub fn made(&self, bytes: usize) {
        let usual = self.usual.load(Ordering::Relaxed);
        // Two at once may lose one of them, which is of no weight.
        self.usual.store(bytes.max(usual - usual / 8), Ordering::Relaxed);
    }
}

/// A quarter more than there is.
const fn is_far_beyond(held: usize, most: usize) -> bool {
    held > most.saturating_add(most / 4)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Counts cannot be left half written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn budget(most: usize, each: usize) -> Budget {
        Budget::new(&Settings { waiting_bytes: most, waiting_bytes_each: each, ..Settings::default() })
    }

    #[test]
    fn one_client_has_his_share_and_all_have_theirs() {
        let budget = budget(10 << 20, 4 << 20);
        let [one, two, three, four] = [1, 2, 3, 4].map(|client| budget.account(client));
        budget.take(&one, 4 << 20);
        assert_eq!(budget.room(&one, 1, false), Room::Short);
        assert!(budget.was_short() && !budget.was_short());
        assert_eq!(budget.room(&one, 1, true), Room::Enough, "his look at the health is answered");
        assert_eq!(budget.room(&two, 4 << 20, false), Room::Enough);
        budget.take(&two, 4 << 20);
        budget.take(&three, 2 << 20);
        assert_eq!(budget.room(&three, 1, false), Room::Short, "the room of all is used up");
        assert_eq!(budget.room(&four, BESIDE, false), Room::Enough, "for whoever holds nothing there is some");
        budget.take(&one, 1 << 20);
        assert_eq!(budget.room(&one, 1, false), Room::None);
        budget.take(&two, 3 << 20);
        assert_eq!(budget.room(&four, BESIDE, false), Room::Short, "not where it is exceeded by far");
        assert_eq!(budget.room(&four, BESIDE, true), Room::Enough);
        assert!(Arc::ptr_eq(&budget.account(1), &one));
    }

    #[test]
    fn whoever_lets_long_answers_wait_has_few_made_at_once() {
        let budget = budget(64 << 20, 8 << 20);
        let account = budget.account(1);
        account.made(4 << 20);
        let expected: Vec<_> = (0..50).map(|_| budget.expect(&account, false).expect("nothing waits")).collect();
        for bytes in expected {
            account.met(bytes);
        }
        budget.take(&account, 4 << 20);
        assert!(budget.expect(&account, false).is_some());
        assert!(budget.expect(&account, false).is_none(), "one of them is as much as there is room for");
        let alone = budget.expect(&account, true).expect("for one thing there is room beyond it");
        account.met(alone);
        for _ in 0..100 {
            account.made(100);
        }
        account.met(4 << 20);
        let count = (0..200).map_while(|_| budget.expect(&account, false)).count();
        assert_eq!(count, 64, "of short ones, many");
    }

    #[test]
    fn accounts_of_clients_that_left_are_forgotten() {
        let budget = budget(1 << 20, 1 << 20);
        for client in 0..10_000 {
            drop(budget.account(client));
        }
        assert!(lock(&budget.accounts).len() < 100);
    }

    proptest! {
        /// Whoever takes and gives back whatever in whatever order: what is held is what distinct bytes there are, and
        /// nothing when all is given back.
        #[test]
        fn what_is_held_is_what_is_there(steps in prop::collection::vec((0..3_u128, 0..6_usize, any::<bool>()), 1..200)) {
            let budget = budget(usize::MAX / 2, usize::MAX / 4);
            let kept: Vec<Bytes> = (1..=6).map(|n| Bytes::from(vec![0; n * 7_000])).collect();
            let accounts: Vec<_> = (0..3).map(|client| budget.account(client)).collect();
            let mut held: Vec<(u128, usize, Held)> = Vec::new();
            for (client, which, takes) in steps {
                let account = &accounts[usize::try_from(client).unwrap()];
                if takes {
                    let answer = kept[which].clone();
                    held.push((client, which, budget.take_answer(account, &answer)));
                } else if !held.is_empty() {
                    let (client, _, one) = held.swap_remove(which % held.len());
                    budget.give_back(&accounts[usize::try_from(client).unwrap()], one);
                }
                let sum = |held: Vec<&(u128, usize, Held)>| {
                    let mut seen = std::collections::BTreeSet::new();
                    held.into_iter().map(|(_, which, one)| match one {
                        Held::Own(bytes) => *bytes,
                        Held::Shared { bytes, .. } => if seen.insert(*which) { *bytes } else { 0 },
                    }).sum::<usize>()
                };
                prop_assert_eq!(budget.held(), sum(held.iter().collect()));
                for client in 0..3 {
                    let own = held.iter().filter(|(other, ..)| *other == client).collect();
                    prop_assert_eq!(accounts[usize::try_from(client).unwrap()].held(), sum(own));
                }
            }
            for (client, _, one) in held {
                budget.give_back(&accounts[usize::try_from(client).unwrap()], one);
            }
            prop_assert_eq!(budget.held(), 0);
        }
    }
}
