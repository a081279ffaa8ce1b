//! Many come at once, wait, go away and are refused, in every order: no more run than may, and none is left counted.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::sync::atomic::AtomicUsize;
use shuttle::thread;

use super::{Gate, Way};
use crate::http::rate::Who;
use crate::http::settings::Settings;
use crate::sync::chosen::explore;
use crate::sync::timeout;

#[test]
fn no_more_run_than_may_and_whoever_goes_away_is_counted_no_more() {
    explore(|| {
        let gate = Arc::new(Gate::new(&Settings { queue: 2, queue_time: "1h".parse().expect("a time"), ..Settings::default() }, 2));
        let running = Arc::new(AtomicUsize::new(0));
        // The first and the last are one client.
        let coming = |(client, is_impatient): (u128, bool)| {
            let (gate, running) = (Arc::clone(&gate), Arc::clone(&running));
            thread::spawn(move || {
                let enter = async {
                    let turn = gate.enter(Way::Long, &Who::Stranger(client)).await;
                    if turn.is_ok() {
                        assert!(running.fetch_add(1, Ordering::SeqCst) < 2, "more run than may");
                        thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                    }
                };
                if is_impatient {
                    let _ = block_on(timeout(Duration::ZERO, enter));
                } else {
                    block_on(enter);
                }
            })
        };
        for thread in [(1, false), (2, true), (3, false), (2, true), (1, false)].map(coming) {
            thread.join().expect("it ends well");
        }
        let state = gate.long.lock();
        assert_eq!((state.waiting.len(), state.held.len()), (0, 0), "all went away");
    });
}

#[test]
fn places_to_write_are_held_by_so_many_and_given_back() {
    explore(|| {
        let gate = Arc::new(Gate::new(&Settings { writes: 4, ..Settings::default() }, 1));
        let held = Arc::new(AtomicUsize::new(0));
        let writing = |who: Who| {
            let (gate, held) = (Arc::clone(&gate), Arc::clone(&held));
            thread::spawn(move || {
                for _ in 0..2 {
                    let Ok(place) = gate.enter_to_write(&who) else { continue };
                    assert!(held.fetch_add(1, Ordering::SeqCst) < 4, "more write than may");
                    held.fetch_sub(1, Ordering::SeqCst);
                    drop(place);
                }
            })
        };
        let who = [Who::Member("desk".into()), Who::Member("office".into()), Who::Stranger(1), Who::Stranger(2), Who::Member("desk".into())];
        for thread in who.map(writing) {
            thread.join().expect("it ends well");
        }
        let desk = Who::Member("desk".into());
        let places = [(); 3].map(|()| gate.enter_to_write(&desk));
        assert!(places.iter().all(Result::is_ok) && gate.enter_to_write(&desk).is_err(), "three of four are his again");
    });
}
