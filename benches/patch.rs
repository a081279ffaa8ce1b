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

use std::time::Instant;

use silkroutes::domain::practice::{EvidenceLevel, GoodPractice, PracticeText};
use silkroutes::domain::text::Language;
use silkroutes::domain::viewer::{Member, Role};
use silkroutes::store::{Act, Call, Follower, Outcome, Store};

const ROUNDS: usize = 200;

fn practice(slug: String) -> GoodPractice {
    let text = PracticeText {
        language: Language::En,
        title: format!("A practice, {slug}"),
        summary: "Orchards for families. ".repeat(20),
        body: Some("Seedlings and training for those who return. ".repeat(60)),
    };
    GoodPractice {
        slug,
        texts: vec![text],
        owner: "S01".into(),
        attributed: true,
        states: vec!["S02".into(), "S03".into()],
        partners: Vec::new(),
        activities: Vec::new(),
        flows: Vec::new(),
        working_groups: Vec::new(),
        target_groups: Vec::new(),
        evidence: EvidenceLevel::Described,
        started_on: None,
        ended_on: None,
        citations: Vec::new(),
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bench.db");
    data::make(&path, 1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&format!("sqlite://{}", path.display())).await.expect("a database");
        let begun = Instant::now();
        let follower = Follower::new(store.clone()).await.expect("a graph");
        let whole = begun.elapsed().as_secs_f64() * 1e3;
        let by = Member { party: "S01".into(), role: Role::FocalPoint, subject: "bench".into(), expires_at: None };
        let (mut writes, mut patches) = (Vec::new(), Vec::new());
        for n in 0..ROUNDS {
            let (id, _) = store.chance().expect("chance");
            let call = Call { by: by.clone(), act: Act::Draft { id, practice: Box::new(practice(format!("bench-{n}"))) }, key: None };
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
