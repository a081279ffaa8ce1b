//! The load benchmark: what a request costs this server, beside the floor of the same machine in the same run.
//!
//! `cargo bench --bench load` makes the measured data (60 states, 20,000 practices, 2,670 corridors, 160,200
//! figures), starts the server as a process of its own, asks Q1 to Q4 over one connection after another, and
//! reads the CPU time that the kernel charged to the process. The floor is an HTTP server of the same stack
//! that sends the same bytes without thinking. `-- --times 10` makes ten times the practices and figures; `--keep FILE` keeps the data,
//! and takes them from there when they are; `--make-only` does nothing else.
//!
//! Each query is asked twice: made anew (a server that keeps no answers), and again and again with the same words (a
//! server as it comes, which answers from memory).
//!
//! CPU per request is what a busy machine does not falsify much; requests per second are shown for orientation.

#![allow(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints what it finds, and stops where it cannot go on"
)]

mod client;
mod data;
mod floor;
mod process;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use client::Client;
use process::Process;

/// One of the measured queries: its text, what it may cost, and the variables of its rounds.
struct Measured {
    name: &'static str,
    query: &'static str,
    variables: fn(usize) -> String,
    /// What it should need at most: CPU of the server in milliseconds, made anew and asked again.
    budget: [f64; 2],
    rounds: usize,
}

const QUERIES: [Measured; 4] = [
    Measured {
        name: "Q1 list",
        query: "query Q1 { goodPractices(first: 50, orderBy: {field: PUBLISHED_AT}) { nodes { slug title summary states { iso3 name } activities(first: 10) { nodes { reference title } } } } }",
        variables: |_| "{}".into(),
        budget: [0.30, 0.015],
        rounds: 3_000,
    },
    Measured {
        name: "Q2 deep walk",
        query: "query Q2 { workingGroups(first: 20) { nodes { code name members(first: 100) { nodes { code name goodPractices(first: 5, orderBy: {field: PUBLISHED_AT}) { nodes { title activities(first: 10) { nodes { reference thematicArea { title } } } } } } } } } }",
        variables: |_| "{}".into(),
        budget: [3.0, 0.035],
        rounds: 500,
    },
    Measured {
        name: "Q3 flows",
        query: "query Q3($iso3: String!) { state(iso3: $iso3) { flows(roles: [ORIGIN], first: 20) { nodes { destinations { iso3 } observations(first: 20, orderBy: {field: PERIOD}) { nodes { periodStart measure value } } } } } }",
        variables: |n| format!(r#"{{"iso3":"S{:02}"}}"#, 2 + 2 * (n % 30)),
        budget: [0.40, 0.015],
        rounds: 1_500,
    },
    Measured {
        name: "Q4 point",
        query: "query Q4($slug: String!) { goodPractice(slug: $slug) { title summary states { iso3 } } }",
        variables: |n| format!(r#"{{"slug":"practice-{}"}}"#, 1 + 7 * (n % 2_000)),
        budget: [0.04, 0.015],
        rounds: 10_000,
    },
];

/// What a run of requests came to.
struct Taken {
    cpu: Duration,
    p50: Duration,
    p99: Duration,
    bytes: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(bytes) = arguments.strip_prefix(&["--floor".to_owned()]).and_then(|rest| rest.first()) {
        return floor::serve(bytes.parse().expect("a number of bytes"));
    }
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let times = value("--times").map_or(1, |n| n.parse().expect("--times takes a number"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = value("--keep").map_or_else(|| folder.path().join("bench.db"), PathBuf::from);
    if database.exists() {
        println!("data: that of {}", database.display());
    } else {
        let made = Instant::now();
        data::make(&database, times);
        println!("data: {} practices, {} figures, made in {:.1} s", 20_000 * times, 160_200 * times, made.elapsed().as_secs_f64());
    }
    if arguments.iter().any(|a| a == "--make-only") {
        return;
    }

    for is_again in [false, true] {
        measure(&database, is_again);
    }
}

/// One table: of queries that are made anew, or of those that are asked again.
fn measure(database: &Path, is_again: bool) {
    let begun = Instant::now();
    let url = format!("sqlite://{}", database.display());
    let mut flags = vec!["serve", "--listen", "127.0.0.1:0", "--database", &url];
    if !is_again {
        flags.extend(["--set", "http.cache_bytes=0"]);
    }
    let server = Process::start(Path::new(env!("CARGO_BIN_EXE_silkroutes")), &flags);
    let mut client = Client::connect(server.address());
    client.post("/graphql", r#"{"query":"{__typename}"}"#);
    println!("\n{}", if is_again { "asked again" } else { "made anew" });
    println!("start to first answer: {:.0} ms, {:.0} MB resident", begun.elapsed().as_secs_f64() * 1e3, server.resident_mb());

    println!("\n{:<14}{:>10}{:>10}{:>9}{:>12}{:>10}{:>10}{:>10}{:>9}", "query", "CPU ms", "budget", "of it", "floor CPU", "x floor", "p50 ms", "p99 ms", "kB");
    for measured in &QUERIES {
        let rounds = if is_again { measured.rounds.max(5_000) } else { measured.rounds };
        let taken = run(&server, measured, rounds, is_again);
        let floor = floor_of(taken.bytes, rounds);
        let budget = measured.budget[usize::from(is_again)];
        println!(
            "{:<14}{:>10.3}{:>10.3}{:>8.0}%{:>12.4}{:>9.1}x{:>10.3}{:>10.3}{:>9.1}",
            measured.name,
            per(taken.cpu, rounds),
            budget,
            100.0 * per(taken.cpu, rounds) / budget,
            per(floor.cpu, rounds),
            taken.cpu.as_secs_f64() / floor.cpu.as_secs_f64().max(1e-9),
            taken.p50.as_secs_f64() * 1e3,
            taken.p99.as_secs_f64() * 1e3,
            taken.bytes as f64 / 1e3,
        );
    }
    println!("\nafter the run: {:.0} MB resident", server.resident_mb());
}

/// CPU in milliseconds a request.
fn per(cpu: Duration, rounds: usize) -> f64 {
    cpu.as_secs_f64() * 1e3 / rounds as f64
}

fn run(server: &Process, measured: &Measured, rounds: usize, is_again: bool) -> Taken {
    let mut client = Client::connect(server.address());
    let query = serde_json::to_string(measured.query).expect("a text");
    let body = |n: usize| format!(r#"{{"query":{query},"variables":{}}}"#, (measured.variables)(n));
    for n in 0..rounds / 10 {
        let n = if is_again { 0 } else { n };
        let answer = client.post("/graphql", &body(n));
        assert!(!answer.contains("\"errors\""), "{}: {}", measured.name, &answer[..answer.len().min(400)]);
    }
    take(server, rounds, || client.post("/graphql", &body(if is_again { 0 } else { next() })).len())
}

/// The same bytes, sent without thinking.
fn floor_of(bytes: usize, rounds: usize) -> Taken {
    let floor = Process::start(&std::env::current_exe().expect("this program"), &["--floor", &bytes.to_string()]);
    let mut client = Client::connect(floor.address());
    client.post("/graphql", "{}");
    take(&floor, rounds, || client.post("/graphql", "{}").len())
}

fn take(process: &Process, rounds: usize, mut ask: impl FnMut() -> usize) -> Taken {
    let cpu = process.cpu();
    let mut latencies = Vec::with_capacity(rounds);
    let mut bytes = 0;
    for _ in 0..rounds {
        let asked = Instant::now();
        bytes = ask();
        latencies.push(asked.elapsed());
    }
    latencies.sort_unstable();
    Taken { cpu: process.cpu().saturating_sub(cpu), p50: latencies[rounds / 2], p99: latencies[rounds * 99 / 100], bytes }
}

/// Counts rounds, so that variables differ from one to the next.
fn next() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static ROUND: AtomicUsize = AtomicUsize::new(0);
    ROUND.fetch_add(1, Ordering::Relaxed)
}
