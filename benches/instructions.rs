//! The four measured questions in one thread and without a network, for a tool that counts instructions: times differ from
//! run to run, instructions hardly do.
//!
//! ```sh
//! cargo bench --profile release-fast --bench instructions -- make FILE
//! valgrind --tool=callgrind --collect-atstart=no '--toggle-collect=*measured*' BINARY ask FILE 1 100
//! ```
//! The second asks the first question a hundred times, after some that are not counted.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints what it finds, and stops where it cannot go on")]
#![allow(clippy::cast_precision_loss, reason = "figures that are made up are small")]
#![allow(dead_code, reason = "the questions have more to say than is asked here")]

#[path = "load/data.rs"]
mod data;
#[path = "load/questions.rs"]
mod questions;

use std::path::Path;
use std::sync::Arc;

use silkroutes::graph::Viewer;
use silkroutes::graphql::limit::Limits;
use silkroutes::graphql::{Api, Call, RateLimit, write};
use silkroutes::store::{Follower, Store};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", file] => data::make(Path::new(file), data::PRACTICES, 1),
        ["ask", file, question, rounds] => {
            let question = question.parse::<usize>().expect("the number of a question");
            ask(Path::new(file), &questions::QUESTIONS[question - 1], rounds.parse().expect("a number of rounds"));
        }
        _ => println!("make FILE | ask FILE QUESTION ROUNDS"),
    }
}

/// What is counted: looked for by its name.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    std::hint::black_box(work())
}

fn ask(file: &Path, question: &questions::Question, rounds: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = runtime.block_on(Store::open(&format!("sqlite://{}", file.display()))).expect("the data");
    let follower = Arc::new(runtime.block_on(Follower::new(store.clone())).expect("a graph"));
    let store = Arc::new(store);
    let api = Api::new(Limits::default(), false);
    let round = |n: usize| {
        let body: serde_json::Value = serde_json::from_str(&question.body(n)).expect("a request");
        let prepared = api.prepare(body["query"].as_str().expect("a query")).expect("a document within limits");
        let variables = async_graphql::Variables::from_json(body["variables"].clone());
        let charge = api.charge(&prepared, None, &variables).expect("a price within limits");
        let call = Call {
            prepared,
            operation: None,
            variables,
            charge,
            rate: RateLimit::new(1, 1, 0, jiff::Timestamp::UNIX_EPOCH),
            follower: Arc::clone(&follower),
            snapshot: follower.current(),
            viewer: Viewer::anonymous(),
            today: jiff::civil::date(2026, 1, 1),
            store: Arc::clone(&store),
            carry: None,
            stop: silkroutes::graph::Stop::default(),
        };
        let outcome = runtime.block_on(api.execute(call));
        assert!(outcome.response.errors.is_empty(), "{:?}", outcome.response.errors);
        let mut written = Vec::new();
        write(&outcome.response.data, &mut written).expect("an answer");
        written.len()
    };
    let warm: usize = (0..20).map(round).sum();
    let bytes: usize = measured(|| (0..rounds).map(round).sum());
    println!("{}: {rounds} rounds, {bytes} bytes ({warm} before)", question.name);
}
