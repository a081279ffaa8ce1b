//! Keys are asked about while they are made, revoked and told of, in every order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use shuttle::sync::Mutex;
use shuttle::sync::atomic::AtomicU64;
use shuttle::thread;
use tokio::time::Instant;

use super::KeyTable;
use crate::domain::key::{ApiKey, Key, Material, Pepper};
use crate::domain::viewer::Role;
use crate::store::LiveKey;
use crate::sync::chosen::explore;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn live(secret: u8, pepper: &Pepper) -> (String, LiveKey) {
    let key = Key::of(&Material { id: [secret; 10], secret: [secret; 32] });
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

fn ended(threads: Vec<thread::JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().expect("it ends well"));
}

#[test]
fn a_key_that_was_revoked_is_good_for_nobody_who_asks_later() {
    explore(|| {
        let pepper = Pepper::new(&[1; 32], "");
        let table = Arc::new(KeyTable::new(pepper));
        let ((one, first), (other, second_key)) = (live(1, &pepper), live(2, &pepper));
        table.replace((0, 1), vec![first]);
        // How far the table is, told by whoever replaced it.
        let told = Arc::new(AtomicU64::new(1));
        let replacing = {
            let (table, told) = (Arc::clone(&table), Arc::clone(&told));
            thread::spawn(move || {
                for (mark, keys) in [(2, vec![second_key.clone()]), (3, Vec::new()), (4, vec![second_key])] {
                    table.replace((0, mark), keys);
                    told.store(mark, Ordering::SeqCst);
                }
            })
        };
        let asking = || {
            let (table, told, one, other) = (Arc::clone(&table), Arc::clone(&told), one.clone(), other.clone());
            thread::spawn(move || {
                let mut last = None;
                for _ in 0..3 {
                    let before = told.load(Ordering::SeqCst);
                    let (is_one, is_other) = (table.member(&one, second(50)).is_some(), table.member(&other, second(50)).is_some());
                    assert!(!is_one || before == 1, "revoked at mark 2, and good after {before} was told");
                    assert!(is_other || before != 4, "made at mark 4, and unknown after");
                    let mark = table.mark();
                    assert!(mark >= last && mark >= Some((0, before)), "marks go on");
                    last = mark;
                }
            })
        };
        ended(vec![replacing, asking(), asking()]);
        assert!(table.member(&one, second(50)).is_none() && table.member(&other, second(50)).is_some());
    });
}

#[test]
fn every_use_of_a_key_that_stays_is_told_and_none_is_told_twice() {
    explore(|| {
        let pepper = Pepper::new(&[1; 32], "");
        let table = Arc::new(KeyTable::new(pepper));
        let (text, key) = live(1, &pepper);
        table.replace((0, 1), vec![key.clone()]);
        let told: Arc<Mutex<BTreeMap<Timestamp, u32>>> = Arc::default();
        let tell = |table: &KeyTable, told: &Mutex<BTreeMap<Timestamp, u32>>| {
            let uses = table.take_uses();
            let mut told = told.lock().expect("whole");
            uses.into_iter().for_each(|(_, at)| *told.entry(at).or_default() += 1);
        };
        let using = |at: [i64; 2]| {
            let (table, text) = (Arc::clone(&table), text.clone());
            thread::spawn(move || at.into_iter().for_each(|at| assert!(table.member(&text, second(at)).is_some())))
        };
        let telling = || {
            let (table, told) = (Arc::clone(&table), Arc::clone(&told));
            thread::spawn(move || (0..2).for_each(|_| tell(&table, &told)))
        };
        let replacing = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.replace((0, 2), vec![key]))
        };
        ended(vec![using([50, 52]), using([51, 53]), telling(), telling(), replacing]);
        tell(&table, &told);
        let told = told.lock().expect("whole");
        assert!(told.values().all(|times| *times == 1), "told twice: {told:?}");
        assert_eq!(told.last_key_value().map(|(at, _)| *at), Some(second(53)), "the last use is told");
    });
}

#[test]
fn silence_is_never_longer_than_since_one_heard() {
    explore(|| {
        let table = Arc::new(KeyTable::new(Pepper::new(&[1; 32], "")));
        let hearing = || {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                for _ in 0..3 {
                    let before = Instant::now();
                    table.hear();
                    // Whoever heard earlier, and is late in noting it, takes nothing back. (Silence is told in whole milliseconds.)
                    assert!(table.silence() <= before.elapsed() + Duration::from_millis(1));
                }
            })
        };
        ended(vec![hearing(), hearing(), hearing()]);
    });
}
