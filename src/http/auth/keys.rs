//! The API keys that are good, in memory: found by their public part, compared in constant time, their uses counted.
//!
//! A request costs a hash and a look into a map; the database is not asked. It is told of uses in batches, by whoever
//! calls [`KeyTable::take_uses`] now and then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::domain::key::{Digest, Key, KeyId, Pepper};
use crate::domain::viewer::Member;
use crate::store::{Heard, LiveKey};
use crate::sync::{ArcSwap, AtomicI64};

/// The keys of one moment, and how they are checked.
pub struct KeyTable {
    pepper: Pepper,
    current: ArcSwap<Known>,
    heard: Heard,
    wanted: Notify,
}

/// The keys under one mark of the database.
#[derive(Default)]
struct Known {
    /// Of which era, under which mark; none before the first reading.
    mark: Option<(u64, u64)>,
    keys: HashMap<KeyId, Row>,
}

struct Row {
    digest: Digest,
    member: Arc<Member>,
    expires_at: Timestamp,
    use_: Arc<Use>,
}

/// Seconds of the last use, and of the last one that the database was told of.
#[derive(Default)]
struct Use {
    last: AtomicI64,
    noted: AtomicI64,
}

impl KeyTable {
    pub(super) fn new(pepper: Pepper) -> Self {
        Self { pepper, current: ArcSwap::default(), heard: Heard::now(), wanted: Notify::new() }
    }

    /// The era of the database and its mark of keys under which they were read; none before.
    #[must_use]
    pub fn mark(&self) -> Option<(u64, u64)> {
        self.current.load().mark
    }

    /// The keys are as the database has them.
    pub fn hear(&self) {
        self.heard.note();
    }

    /// For how long nobody knew whether they are.
    pub fn silence(&self) -> Duration {
        self.heard.silence()
    }

    /// Asks whoever follows to look now.
    pub fn ask(&self) {
        self.wanted.notify_one();
    }

    /// Until somebody asks.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// From now on these are good, and no others.
    pub fn replace(&self, mark: (u64, u64), live: Vec<LiveKey>) {
        let before = self.current.load();
        let row = |LiveKey { key, digest }: LiveKey| {
            let use_ = before.keys.get(&key.id).map(|row| Arc::clone(&row.use_)).unwrap_or_default();
            let member = Member { party: key.party, role: key.role, subject: key.subject, expires_at: Some(key.expires_at) };
            (key.id, Row { digest, member: Arc::new(member), expires_at: key.expires_at, use_ })
        };
        let keys = live.into_iter().map(row).collect();
        self.current.store(Arc::new(Known { mark: Some(mark), keys }));
    }

    /// Whose key that is, where it is good.
    pub(super) fn member(&self, text: &str, now: Timestamp) -> Option<Arc<Member>> {
        let key = Key::parse(text)?;
        let known = self.current.load();
        let row = known.keys.get(key.id());
        // An unknown key costs as much as a wrong one: the hash, and a comparison with none.
        let digest = self.pepper.digest(&key);
        let is_right = digest == row.map_or(Digest::NONE, |row| row.digest);
        let row = row.filter(|row| is_right && now < row.expires_at)?;
        row.use_.last.fetch_max(now.as_second(), Ordering::Relaxed);
        Some(Arc::clone(&row.member))
    }

    /// The last use of each key that was used since the last time this was asked.
    #[must_use]
    pub fn take_uses(&self) -> Vec<(KeyId, Timestamp)> {
        let fresh = |(id, row): (&KeyId, &Row)| {
            let last = row.use_.last.load(Ordering::Relaxed);
            // Whoever takes at the same time may have seen a later use: that stays noted.
            let is_fresh = row.use_.noted.fetch_max(last, Ordering::Relaxed) < last;
            is_fresh.then(|| Some((id.clone(), Timestamp::from_second(last).ok()?))).flatten()
        };
        self.current.load().keys.iter().filter_map(fresh).collect()
    }
}

#[cfg(all(test, feature = "interleavings"))]
mod interleavings;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::{ApiKey, Material};
    use crate::domain::viewer::Role;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn live(id: u8, secret: u8, pepper: &Pepper) -> (String, LiveKey) {
        let key = Key::of(&Material { id: [id; 10], secret: [secret; 32] });
        let known = ApiKey {
            id: key.id().clone(),
            party: "UZB".into(),
            role: Role::FocalPoint,
            subject: "desk".into(),
            note: None,
            created_at: second(10),
            expires_at: second(100),
            revoked_at: None,
            last_used_at: None,
        };
        (key.reveal(), LiveKey { key: known, digest: pepper.digest(&key) })
    }

    #[test]
    fn only_the_very_key_is_good_and_only_until_its_time() {
        let pepper = Pepper::new(&[1; 32], "");
        let table = KeyTable::new(pepper);
        let (text, row) = live(1, 1, &pepper);
        assert!(table.member(&text, second(50)).is_none() && table.mark().is_none());
        table.replace((0, 7), vec![row]);
        assert_eq!(table.mark(), Some((0, 7)));
        assert_eq!(table.member(&text, second(99)).map(|member| member.party.clone()).as_deref(), Some("UZB"));
        assert!(table.member(&text, second(100)).is_none(), "expired");
        assert!(table.member(&live(1, 2, &pepper).0, second(50)).is_none(), "the id of one key, the secret of another");
        assert!(table.member(&live(2, 1, &pepper).0, second(50)).is_none(), "unknown");
        table.replace((0, 8), Vec::new());
        assert!(table.member(&text, second(50)).is_none(), "revoked");
    }

    #[test]
    fn a_use_is_told_once_and_outlives_a_new_reading() {
        let pepper = Pepper::new(&[1; 32], "");
        let table = KeyTable::new(pepper);
        let (text, row) = live(1, 1, &pepper);
        let again = vec![row.clone()];
        table.replace((0, 1), vec![row]);
        assert!(table.take_uses().is_empty());
        for at in [50, 40] {
            assert!(table.member(&text, second(at)).is_some());
        }
        table.replace((0, 2), again);
        assert_eq!(table.take_uses().iter().map(|(_, at)| *at).collect::<Vec<_>>(), [second(50)]);
        assert!(table.take_uses().is_empty());
    }
}
