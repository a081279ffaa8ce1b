//! What a write costs on 20,000 practices: the transaction, and the graph that follows it, beside making the graph anew.
//!
//! `cargo bench --profile release-fast --bench patch`

#![allow(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints what it finds, and stops where it cannot go on"
)]

#[path = "load/data.rs"]
mod data;
#[path = "load/draft.rs"]
mod draft;

use std::time::Instant;

use draft::{focal_point, practice};
use silkroutes::store::{Act, Call, Follower, Outcome, Store};

const ROUNDS: usize = 200;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bench.db");
    data::make(&path, data::PRACTICES, 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&format!("sqlite://{}", path.display())).await.expect("a database");
        let begun = Instant::now();
        let follower = Follower::new(store.clone()).await.expect("a graph");
        let whole = begun.elapsed().as_secs_f64() * 1e3;
        let by = focal_point("S01");
        let (mut writes, mut patches) = (Vec::new(), Vec::new());
        for n in 0..ROUNDS {
            let (id, _) = store.chance().expect("chance");
            let call = Call { by: by.clone(), act: Act::Draft { id, practice: practice(format!("bench-{n}"), "S01", &["S02", "S03"]) }, key: None };
            let begun = Instant::now();
            assert!(matches!(store.contribute(call).await, Ok(Outcome::Done(..))));
            writes.push(begun.elapsed().as_secs_f64() * 1e3);
            let begun = Instant::now();
            follower.catch_up().await.expect("it follows");
            patches.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        let median = |of: &mut Vec<f64>, at: usize| {
            of.sort_by(f64::total_cmp);
            of[of.len() * at / 100]
        };
        println!("{:<28}{:>10}{:>10}", "", "p50 ms", "p99 ms");
        println!("{:<28}{:>10.2}{:>10.2}", "write (transaction)", median(&mut writes, 50), median(&mut writes, 99));
        println!("{:<28}{:>10.2}{:>10.2}", "graph follows (aim: 5)", median(&mut patches, 50), median(&mut patches, 99));
        println!("{:<28}{whole:>10.2}", "graph made anew");
    });
}
