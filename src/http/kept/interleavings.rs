//! Answers are kept and found while the graph goes on and the database goes back, in every order.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::StatusCode;
use jiff::civil::{Date, date};
use shuttle::future::block_on;
use shuttle::thread;

use super::{Answers, Lasting, Made, Written};
use crate::http::accept::Format;
use crate::store::Follower;
use crate::store::history::{History, writes_of};
use crate::sync::chosen::explore;

const DAY: Date = date(2026, 12, 1);

fn made(body: impl Into<Bytes>, lasting: Lasting) -> Made {
    let written = Written { body: body.into(), status: StatusCode::OK, code: None, revision: None, lasting: Some(lasting) };
    Made { written, is_named: false, tag: Some("\"a mark\"".to_owned()), packed: None }
}

/// Asks as `graphql::post` does: finds what is kept for the graph as it is, or makes an answer of it and keeps that.
/// What is answered, and the graph that it was asked of.
fn ask(answers: &Answers, follower: &Follower<History>, text: &[u8]) -> (Vec<u8>, (u64, u64)) {
    let graph = follower.current();
    let found = answers.find(Format::Json, text, (graph.era(), graph.revision()), DAY);
    if let Some(kept) = found {
        return (kept.body.body().to_vec(), (graph.era(), graph.revision()));
    }
    // Made of the graph as it is by now.
    let graph = follower.current();
    let body = format!("{} {:?}", graph.era(), writes_of(&graph));
    let lasting = Lasting { era: graph.era(), revision: graph.revision(), day: DAY, cost: 1, is_named: false };
    answers.keep(Format::Json, text, &made(body.clone(), lasting));
    (body.into_bytes(), (graph.era(), graph.revision()))
}

#[test]
fn a_kept_answer_is_that_of_the_graph_it_is_asked_of_and_nobody_goes_back() {
    explore(|| {
        let follower = Arc::new(block_on(Follower::new(History::new(0))).expect("it is read"));
        let answers = Arc::new(Answers::new(1 << 20, 1 << 20));
        let writing = {
            let follower = Arc::clone(&follower);
            thread::spawn(move || {
                let history = follower.log();
                history.write(false);
                history.go_back(1);
                history.write(false);
                history.write(false);
            })
        };
        let following = {
            let follower = Arc::clone(&follower);
            thread::spawn(move || (0..4).for_each(|_| _ = block_on(follower.catch_up())))
        };
        let asking = || {
            let (follower, answers) = (Arc::clone(&follower), Arc::clone(&answers));
            thread::spawn(move || {
                let mut last = (0, 0);
                for n in 0..4_u8 {
                    let (body, at) = ask(&answers, &follower, &[n % 2]);
                    let body = String::from_utf8(body).expect("text");
                    let (era, writes) = body.split_once(' ').expect("two parts");
                    let count = writes.split(',').count() as u64;
                    assert_eq!((era.parse().ok(), count), (Some(at.0), at.1), "an answer of another graph");
                    assert!(at >= last, "it went back from {last:?} to {at:?}");
                    let writes: Vec<u32> = serde_json::from_str(writes).expect("a list");
                    assert!(follower.log().when(&writes).is_some(), "{writes:?} never was");
                    last = at;
                }
            })
        };
        for thread in [writing, following, asking(), asking()] {
            thread.join().expect("it ends well");
        }
    });
}

#[test]
fn what_is_kept_stays_within_its_room_whoever_keeps() {
    explore(|| {
        let answers = Arc::new(Answers::new(20_000, 1 << 20));
        let keeping = |seed: u8| {
            let answers = Arc::clone(&answers);
            thread::spawn(move || {
                for n in 0..12_u8 {
                    let lasting = Lasting { era: 0, revision: 1, day: DAY, cost: 1, is_named: false };
                    answers.keep(Format::Json, &[seed, n], &made(vec![seed; 700], lasting));
                    assert!(answers.weight() <= 20_000);
                    if let Some(kept) = answers.find(Format::Json, &[seed, n], (0, 1), DAY) {
                        assert!(kept.body.body().iter().all(|byte| *byte == seed), "another's answer");
                    }
                }
            })
        };
        for thread in [keeping(1), keeping(2), keeping(3)] {
            thread.join().expect("it ends well");
        }
    });
}
