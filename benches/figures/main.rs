//! The benchmark of figures: what sums, matrices and series cost over ten million of them.
//!
//! `cargo bench --bench figures` makes the data (or takes that of `--database FILE`, made before), starts the server as
//! a process of its own, asks each question many times over one connection, and shows wall time and the CPU that the
//! kernel charged, beside the floor: an HTTP server of the same stack that sends the same bytes without thinking.
//! `-- --again` measures another thing: a file of a million figures that is imported, imported again, and corrected.
//! *First* is the first time that a question is asked of a server that has just started.

#![allow(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints what it finds, and stops where it cannot go on"
)]

#[path = "../load/client.rs"]
mod client;
mod data;
#[path = "../load/floor.rs"]
mod floor;
#[path = "../load/process.rs"]
mod process;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use client::Client;
use process::Process;

struct Measured {
    name: &'static str,
    query: &'static str,
    /// What it should take at most, in milliseconds.
    budget: f64,
    rounds: usize,
}

const QUERIES: [Measured; 9] = [
    Measured {
        name: "figures by year",
        query: "{ figures(measure: REFUGEES, groupBy: [YEAR], first: 100) { nodes { keys { code } value } } }",
        budget: 150.0,
        rounds: 50,
    },
    Measured {
        name: "figures by region, year",
        query: "{ figures(measure: REFUGEES, groupBy: [ORIGIN_REGION, DESTINATION_REGION, YEAR], orderBy: { field: VALUE }) { nodes { keys { code } value } } }",
        budget: 150.0,
        rounds: 50,
    },
    Measured {
        name: "figures by destination, year",
        query: "{ figures(measure: REFUGEES, groupBy: [DESTINATION, YEAR], orderBy: { field: VALUE }) { totalCount nodes { keys { code } value } } }",
        budget: 150.0,
        rounds: 50,
    },
    Measured {
        name: "figures by corridor",
        query: "{ figures(measure: ASYLUM_APPLICATIONS, groupBy: [ORIGIN, DESTINATION], orderBy: { field: VALUE }, having: { atLeast: 10 }) { totalCount nodes { keys { code } value } } }",
        budget: 150.0,
        rounds: 20,
    },
    Measured {
        name: "figures by sex, age",
        query: "{ figures(measure: ASYLUM_APPLICATIONS, groupBy: [SEX, AGE_GROUP]) { nodes { keys { code } value } } }",
        budget: 150.0,
        rounds: 20,
    },
    Measured {
        name: "flowMatrix of a year",
        query: r#"{ flowMatrix(measure: REFUGEES, period: "2020", source: "LONG", top: 50) { cells { flow { code } value } rest } }"#,
        budget: 50.0,
        rounds: 200,
    },
    Measured {
        name: "inflows",
        query: r#"{ state(iso3: "BBX") { inflows(measure: REFUGEES, period: "2020") { cells { origin { code } value } rest } } }"#,
        budget: 50.0,
        rounds: 200,
    },
    Measured {
        name: "series",
        query: r#"{ flow(code: "ADX-ABX") { series(measure: REFUGEES, source: "LONG") { points { period value change } } } }"#,
        budget: 5.0,
        rounds: 500,
    },
    Measured {
        name: "observations by period",
        query: "{ observations(filter: { measures: [REFUGEES] }) { totalCount nodes { value periodEnd } } }",
        budget: 150.0,
        rounds: 20,
    },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(bytes) = arguments.strip_prefix(&["--floor".to_owned()]).and_then(|rest| rest.first()) {
        return floor::serve(bytes.parse().expect("a number of bytes"));
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    if arguments.iter().any(|argument| argument == "--again") {
        for (what, (changed, seconds)) in
            ["a file of a million", "the same again", "a hundredth corrected"].into_iter().zip(data::again(&folder.path().join("again.db")))
        {
            println!("{what:<24}{seconds:>8.2} s, {changed} figures written, {:.0} MB resident at most", peak_mb());
        }
        return;
    }
    let named = arguments.iter().position(|a| a == "--database").and_then(|at| arguments.get(at + 1)).map(PathBuf::from);
    let database = named.unwrap_or_else(|| folder.path().join("bench.db"));
    if database.exists() {
        println!("data: that of {}", database.display());
    } else {
        let made = Instant::now();
        let count = data::make(&database);
        let size = std::fs::metadata(&database).map_or(0, |file| file.len());
        println!(
            "data: {count} figures, imported in {:.1} s, {:.0} bytes a figure, {:.0} MB resident at most while importing",
            made.elapsed().as_secs_f64(),
            size as f64 / count as f64,
            peak_mb()
        );
    }
    let server = Process::start(
        Path::new(env!("CARGO_BIN_EXE_silkroutes")),
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &format!("sqlite://{}", database.display()),
            "--set",
            "http.cache_bytes=0",
            "--set",
            "http.rate_points_anonymous=2147483647",
        ],
    );
    let mut client = Client::connect(server.address());
    client.ask(r#"{"query":"{__typename}"}"#);
    println!("started: {:.0} MB resident\n", server.resident_mb());
    println!("{:<30}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}", "query", "first ms", "p50 ms", "p99 ms", "CPU ms", "budget", "floor ms", "kB");
    for measured in &QUERIES {
        ask(&server, &mut client, measured);
    }
    println!("\nafter the run: {:.0} MB resident", server.resident_mb());
}

fn ask(server: &Process, client: &mut Client, measured: &Measured) {
    let body = serde_json::json!({ "query": measured.query }).to_string();
    let begun = Instant::now();
    let answer = client.ask(&body);
    let first = begun.elapsed();
    assert!(answer.contains("\"value\":"), "{}: {}", measured.name, &answer[..answer.len().min(400)]);
    let cpu = server.cpu();
    let times = times(client, &body, measured.rounds);
    let cpu = server.cpu().saturating_sub(cpu);
    let floor = Process::start(&std::env::current_exe().expect("this program"), &["--floor", &answer.len().to_string()]);
    let mut at_floor = Client::connect(floor.address());
    let floor = self::times(&mut at_floor, "{}", 50);
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{:<30}{:>10.1}{:>10.2}{:>10.2}{:>10.2}{:>10.0}{:>10.3}{:>9.1}",
        measured.name,
        ms(first),
        ms(times[times.len() / 2]),
        ms(times[times.len() * 99 / 100]),
        ms(cpu) / measured.rounds as f64,
        measured.budget,
        ms(floor[floor.len() / 2]),
        answer.len() as f64 / 1e3
    );
}

fn times(client: &mut Client, body: &str, rounds: usize) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let asked = Instant::now();
            client.post("/graphql", body);
            asked.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

/// The most memory that this process has had, in megabytes.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).map_or(0.0, |kb| kb / 1024.0)
}
