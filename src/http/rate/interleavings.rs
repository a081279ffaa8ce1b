//! Points are taken, given back and looked at by many at once, in every order: none is taken twice, none is lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::HeaderMap;
use shuttle::sync::atomic::AtomicU64;
use shuttle::thread;

use super::{Peer, Rates};
use crate::domain::viewer::Viewer;
use crate::http::settings::Settings;
use crate::sync::chosen::explore;

#[test]
fn together_they_take_what_is_in_the_bucket_and_no_more() {
    explore(|| {
        // So slow that nothing comes in while the story lasts.
        let settings = Settings { rate_points_anonymous: 10, rate_time: "100h".parse().expect("a time"), ..Settings::default() };
        let rates = Arc::new(Rates::new(&settings));
        let taken = Arc::new(AtomicU64::new(0));
        let asking = |costs: [u64; 3]| {
            let (rates, taken) = (Arc::clone(&rates), Arc::clone(&taken));
            thread::spawn(move || {
                for (n, cost) in costs.into_iter().enumerate() {
                    let mut ticket = rates.ticket(&Viewer::anonymous(), Some(Peer([192, 0, 2, 1].into())), &HeaderMap::new());
                    if ticket.check().is_err() || ticket.take(cost).is_err() {
                        continue;
                    }
                    if n == 1 {
                        ticket.give_back(cost);
                    } else {
                        taken.fetch_add(cost, Ordering::SeqCst);
                    }
                }
            })
        };
        for thread in [asking([4, 5, 1]), asking([3, 4, 2]), asking([5, 1, 3])] {
            thread.join().expect("it ends well");
        }
        let mut ticket = rates.ticket(&Viewer::anonymous(), Some(Peer([192, 0, 2, 1].into())), &HeaderMap::new());
        let taken = taken.load(Ordering::SeqCst);
        assert!(taken <= 10, "{taken} of ten points were taken");
        if taken < 10 {
            assert_eq!(ticket.take(10 - taken).map(|left| left.remaining), Ok(0), "what was not taken is there");
        }
        assert!(ticket.take(1).is_err());
    });
}
