//! What hostile documents cost: from the text to the refusal, or through the validation where they are not refused.
//!
//! `cargo bench --bench documents` prints the CPU-bound time of each in milliseconds, best of nine: the look at the
//! document (`prepare`), and the run on an empty graph (`execute`, validation included). The budget is 20 ms.

#![allow(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints what it finds, and stops where it cannot go on"
)]

use std::sync::Arc;
use std::time::Instant;

use silkroutes::graph::{Stop, Viewer};
use silkroutes::graphql::limit::Limits;
use silkroutes::graphql::{Api, Call, RateLimit};
use silkroutes::store::{Follower, Store};

/// Parse, limits and validation together may take this long.
const BUDGET_MS: f64 = 20.0;
const ROUNDS: usize = 9;

fn rows(n: usize, row: impl Fn(usize) -> String) -> String {
    (0..n).map(row).collect()
}

/// `{...f0}` with so many fragments, each of which spreads the next one twice.
fn doubling(fragments: usize) -> String {
    let chain = rows(fragments, |i| format!("fragment f{i} on Flow{{...f{0} ...f{0}}}", i + 1));
    format!("{{flow(code:\"a\"){{...f0}}}}{chain}fragment f{fragments} on Flow{{id}}")
}

fn documents() -> Vec<(&'static str, String)> {
    let deep = "corridors(first:1){nodes{corridors(first:1){nodes{corridors(first:1){nodes{id}}}}}}";
    vec![
        ("a point read", "{state(iso3:\"TUR\"){id iso3 name region}}".into()),
        ("fragments that double, 10", doubling(10)),
        ("fragments that double, 22", doubling(22)),
        ("fragments that double, 31", doubling(31)),
        ("fragments that double, 49", doubling(49)),
        (
            "50 fragments, 40 spreads each",
            format!("{{flow(code:\"a\"){{...f0}}}}{}", rows(50, |i| format!("fragment f{i} on Flow{{{}}}", format!("...f{} ", i + 1).repeat(40)))),
        ),
        ("4,900 fields of a node", format!("{{node(id:1){{{}}}}}", "id ".repeat(4_900))),
        ("4,900 unknown fields", format!("{{node(id:1){{{}}}}}", rows(4_900, |i| format!("unknown{i:04} ")))),
        ("10,000 unknown fields", format!("{{{}}}", rows(10_000, |i| format!("u{i} ")))),
        ("700 inline fragments", format!("{{node(id:1){{{}}}}}", "...on Node{id}".repeat(700))),
        ("600 overlapping arguments", format!("{{flow(code:1){{{}}}}}", rows(600, |i| format!("goodPractices(first:{i}){{totalCount}} ")))),
        ("1,600 aliases", format!("{{flow(code:1){{{}}}}}", rows(1_600, |i| format!("a{i}:id ")))),
        ("20,000 directives", format!("query{} {{flow(code:1){{id}}}}", "@a".repeat(20_000))),
        ("64 KiB of comments", format!("{{flow(code:1){{{}}}}}", "id#aaaaaaaa\n".repeat(4_900))),
        ("unclosed block strings", format!("{{flow(code:[{}", "\"\\\\\"\"\"\"".repeat(7_000))),
        ("1,200 variables", format!("query({}){{flow(code:1){{id}}}}", rows(1_200, |i| format!("$v{i}: Int ")))),
        ("120 deep walks", format!("{{flow(code:1){{{}}}}}", deep.repeat(120))),
        ("a filter of 500 predicates", format!("{{flow(code:1){{goodPractices(filter:{{or:[{}]}}){{totalCount}}}}}}", "{text:1} ".repeat(500))),
    ]
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = runtime.block_on(Store::open(&format!("sqlite://{}", folder.path().join("bench.db").display()))).expect("a database");
    let follower = Arc::new(runtime.block_on(Follower::new(store.clone())).expect("an empty graph"));
    let store = Arc::new(store);
    let api = Api::new(Limits::default(), false);
    println!("{:<32}{:>8}{:>12}{:>12}{:>11}  answer", "document", "bytes", "prepare ms", "execute ms", "of budget");
    for (name, text) in documents() {
        let (mut prepare, mut execute, mut answer) = (f64::MAX, 0.0_f64, "data".to_owned());
        for round in 0..ROUNDS {
            // A document is remembered by its text: each round needs one that was not seen.
            let text = format!("{text}#{round}");
            let begun = Instant::now();
            let prepared = api.prepare(&text);
            prepare = prepare.min(begun.elapsed().as_secs_f64() * 1e3);
            match prepared {
                Err(refusal) => refusal.code.clone_into(&mut answer),
                Ok(prepared) => {
                    let variables = async_graphql::Variables::default();
                    let begun = Instant::now();
                    let charge = match api.charge(&prepared, None, &variables) {
                        Ok(charge) => charge,
                        Err(refusal) => {
                            refusal.code.clone_into(&mut answer);
                            continue;
                        }
                    };
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
                        stop: Stop::default(),
                    };
                    let outcome = runtime.block_on(api.execute(call));
                    let taken = begun.elapsed().as_secs_f64() * 1e3;
                    execute = if round == 0 { taken } else { execute.min(taken) };
                    let error = outcome.response.errors.first().and_then(|e| e.extensions.as_ref()?.get("code").map(ToString::to_string));
                    answer = error.map_or_else(|| "data".to_owned(), |code| code.trim_matches('"').to_owned());
                }
            }
        }
        println!("{name:<32}{:>8}{prepare:>12.3}{execute:>12.3}{:>10.0}%  {answer}", text.len(), 100.0 * (prepare + execute) / BUDGET_MS);
    }
}
