//! The graph is followed while others write, look, wait and tidy, and the database goes back: in every order.

use std::sync::Arc;
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::thread;

use super::Follower;
use super::history::{History, Write, writes_of};
use crate::graph::Snapshot;
use crate::store::follow::Log;
use crate::sync::chosen::explore;

type Shared = Arc<Follower<History>>;

fn follower(fails: u32) -> Shared {
    let first = History::new(0);
    let mut follower = block_on(Follower::new(first)).expect("it is read");
    follower.log.fails = fails;
    Arc::new(follower)
}

/// What one who looks again and again has seen last.
#[derive(Default)]
struct Looker(Option<(u64, Vec<Write>)>);

impl Looker {
    fn look(&mut self, follower: &Follower<History>) -> Arc<Snapshot> {
        let graph = follower.current();
        let writes = writes_of(&graph);
        assert_eq!(writes.len() as u64, graph.revision(), "what it holds is what its revision says");
        assert!(follower.log.when(&writes).is_some(), "{writes:?} never was the state of the database");
        if let Some((era, before)) = &self.0 {
            assert!(graph.era() >= *era, "an era does not come back");
            assert!(graph.era() > *era || writes.starts_with(before), "within an era nothing goes back: {before:?}, {writes:?}");
        }
        self.0 = Some((graph.era(), writes));
        graph
    }
}

fn ended(threads: Vec<thread::JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().expect("it ends well"));
}

/// Once the database is at rest, it is seen as it is.
fn settles(follower: &Shared) {
    block_on(async { while follower.catch_up().await.is_err() {} });
    let graph = follower.current();
    let state = block_on(async {
        loop {
            if let Ok(mark) = follower.log.mark().await {
                return mark;
            }
        }
    });
    assert_eq!(graph.revision(), state.revision);
    let (_, last) = follower.log.when(&writes_of(&graph)).expect("a state");
    assert_eq!(follower.log.when(&writes_of(&graph)).map(|(_, last)| last), Some(last));
}

#[test]
fn a_graph_is_of_one_state_and_never_goes_back_within_an_era() {
    explore(|| {
        let follower = follower(12);
        let spawn = |work: fn(&Shared)| {
            let follower = Arc::clone(&follower);
            thread::spawn(move || work(&follower))
        };
        let follow = |follower: &Shared| (0..4).for_each(|_| _ = block_on(follower.catch_up()));
        let look = |follower: &Shared| {
            let mut looker = Looker::default();
            (0..4).for_each(|_| _ = looker.look(follower));
        };
        ended(vec![
            spawn(|follower| {
                let history = &follower.log;
                history.write(false);
                history.go_back(1);
                history.write(true);
                history.write(false);
                history.go_back(2);
                history.write(false);
                history.write(false);
            }),
            spawn(follow),
            spawn(follow),
            spawn(|follower| (0..2).for_each(|_| _ = block_on(follower.tidy()))),
            spawn(look),
            spawn(look),
        ]);
        settles(&follower);
    });
}

#[test]
fn whoever_wrote_reads_it_and_whoever_waits_is_woken() {
    explore(|| {
        let follower = follower(0);
        let is_over = Arc::new(shuttle::sync::atomic::AtomicBool::new(false));
        let follow = {
            let (follower, is_over) = (Arc::clone(&follower), Arc::clone(&is_over));
            thread::spawn(move || {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = block_on(follower.catch_up());
                    thread::yield_now();
                }
            })
        };
        let writers = (0..2).map(|_| {
            let follower = Arc::clone(&follower);
            thread::spawn(move || {
                for _ in 0..2 {
                    let revision = follower.log.write(false);
                    // It may be late, which is told; what is given is never of an earlier revision.
                    if let Some(graph) = block_on(follower.reach(revision, Duration::from_secs(1))) {
                        assert!(graph.revision() >= revision && writes_of(&graph).len() as u64 >= revision);
                    }
                    // The answer to a write is read from what its own node has caught up with.
                    if let Ok((graph, _)) = block_on(follower.catch_up()) {
                        assert!(graph.revision() >= revision, "a write is seen by whoever made it");
                    }
                }
            })
        });
        ended(writers.collect());
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        follow.join().expect("it ends well");
        settles(&follower);
    });
}

#[test]
fn figures_are_never_of_a_history_that_the_graph_has_left() {
    explore(|| {
        let follower = follower(0);
        let spawn = |work: fn(&Shared)| {
            let follower = Arc::clone(&follower);
            thread::spawn(move || work(&follower))
        };
        let read = |follower: &Shared| {
            for _ in 0..3 {
                let graph = writes_of(&follower.current());
                let figures = follower.log.figures();
                let (first, _) = follower.log.when(&graph).expect("a state");
                let (_, last) = follower.log.when(&figures).expect("a state");
                assert!(last >= first, "figures of {figures:?} beside a graph of {graph:?}");
            }
        };
        ended(vec![
            spawn(|follower| {
                follower.log.write(false);
                follower.log.go_back(1);
                follower.log.write(false);
                follower.log.write(true);
            }),
            spawn(|follower| (0..4).for_each(|_| _ = block_on(follower.catch_up()))),
            spawn(read),
            spawn(read),
        ]);
    });
}
