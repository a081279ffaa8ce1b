//! Whether time tells what is hidden: ids and slugs of practices that the caller may not see, beside such as never were.
//!
//! `cargo bench --profile release-fast --bench hidden`
//!
//! Pairs are asked one after the other, each half of them the other way round. What counts is the difference of the
//! medians beside the spread of one of them: a difference within the spread tells nothing to anyone.

#![allow(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints what it finds, and stops where it cannot go on"
)]

#[path = "load/client.rs"]
mod client;
#[path = "load/draft.rs"]
mod draft;
#[path = "load/process.rs"]
mod process;

use std::path::Path;
use std::time::Instant;

use client::Client;
use draft::{focal_point, practice};
use process::Process;
use silkroutes::domain::id::Id;
use silkroutes::store::{Act, Call, Outcome, Store};

/// Pairs of questions.
const PAIRS: usize = 4_000;
/// Pairs before that, which are not counted.
const WARM_UP: usize = 200;
/// Hidden practices.
const HIDDEN: usize = 200;

/// Hidden practices, by id and slug, and as many that never were, which look the same.
fn make(url: &str) -> Vec<[(Id, String); 2]> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(url).await.expect("a database");
        let by = focal_point("UZB");
        let mut pairs = Vec::new();
        for n in 0..HIDDEN {
            let (id, absent) = (store.chance().expect("chance").0, store.chance().expect("chance").0);
            let call = Call { by: by.clone(), act: Act::Draft { id, practice: practice(format!("hidden-{n}"), "UZB", &["UZB"]) }, key: None };
            assert!(matches!(store.contribute(call).await, Ok(Outcome::Done(..))), "it is drafted");
            pairs.push([(id, format!("hidden-{n}")), (absent, format!("absent-{n}"))]);
        }
        store.close().await;
        pairs
    })
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("bench.db").display());
    // Nothing is kept, or the second question after the same practice would tell nothing.
    let serve = ["serve", "--listen", "127.0.0.1:0", "--database", &url, "--set", "http.cache_bytes=0"];
    // The first start fills it with the catalogue.
    drop(Process::start(Path::new(env!("CARGO_BIN_EXE_silkroutes")), &serve));
    let pairs = make(&url);
    let server = Process::start(Path::new(env!("CARGO_BIN_EXE_silkroutes")), &serve);
    let mut client = Client::connect(server.address());
    println!("{:<26}{:>12}{:>12}{:>14}{:>18}", "asked by", "hidden us", "absent us", "difference %", "spread of one %");
    by(&mut client, "node(id:)", &pairs, |(id, _)| format!(r#"{{"query":"query($v: ID!) {{ node(id: $v) {{ id }} }}","variables":{{"v":"{id}"}}}}"#));
    by(&mut client, "goodPractice(slug:)", &pairs, |(_, slug)| {
        format!(r#"{{"query":"query($v: String!) {{ goodPractice(slug: $v) {{ id }} }}","variables":{{"v":"{slug}"}}}}"#)
    });
    let cpu = server.cpu().as_secs_f64() * 1e6 / (4 * (PAIRS + WARM_UP)) as f64;
    println!("\nof all: {cpu:.1} us of CPU a question, {:.0} MB resident", server.resident_mb());
}

fn by(client: &mut Client, name: &str, pairs: &[[(Id, String); 2]], body: impl Fn(&(Id, String)) -> String) {
    let mut times = [Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS)];
    for n in 0..PAIRS + WARM_UP {
        let pair = &pairs[n % pairs.len()];
        for which in if n.is_multiple_of(2) { [0, 1] } else { [1, 0] } {
            let body = body(&pair[which]);
            let begun = Instant::now();
            let answer = client.ask(&body);
            let time = begun.elapsed().as_secs_f64() * 1e6;
            assert!(answer.contains(":null"), "{answer}");
            if n >= WARM_UP {
                times[which].push(time);
            }
        }
    }
    for of in &mut times {
        of.sort_by(f64::total_cmp);
    }
    let at = |which: usize, percent: usize| times[which][times[which].len() * percent / 100];
    let (hidden, absent) = (at(0, 50), at(1, 50));
    let spread = (at(1, 75) - at(1, 25)) / absent;
    println!("{name:<26}{hidden:>12.2}{absent:>12.2}{:>14.2}{:>18.2}", (hidden - absent) / absent * 100.0, spread * 100.0);
}
