//! The load benchmark: what a request costs this server, beside the floors of the same machine in the same run.
//!
//! `cargo bench --bench load` makes the measured data (60 states, 20,000 practices, 2,670 corridors, 160,200 figures),
//! starts the server as a process of its own, asks Q1 to Q4 and mixes of them over many connections at once, and reads
//! the CPU time that the kernel charged to the process. Each question is asked twice: made anew (by a server that keeps
//! no answers), and again and again with the same words (of a server as it comes, which answers from memory).
//!
//! The floors are HTTP servers of the same stack: one sends the same bytes without thinking, one sends what a single
//! statement, written by hand over plain tables, gives for the same question (checked to be the same data).
//!
//! Then it asks more than the server can do, the same of ten times the practices and figures, and of a million practices.
//! Arguments:
//!
//! - `--connections 16`: how many ask at once;
//! - `--keep FOLDER`: keeps the data, and takes them from there when they are; `--make-only` does nothing else;
//! - `--only tables|overload|ten|million`: one part of it;
//! - `--server FILE`: another build of the server, to hold two side by side.
//!
//! CPU per request is what a busy machine does not falsify much; requests per second and times need a quiet one.

#![allow(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unreachable,
    reason = "a benchmark measures time, prints what it finds, and stops where it cannot go on"
)]

mod client;
mod data;
mod floor;
mod overload;
mod plain;
mod process;
mod questions;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use client::{Client, crowd};
use process::Process;
use questions::{MIXES, QUESTIONS, Question, of_mix};

/// What a run of requests came to.
struct Taken {
    /// Milliseconds of CPU a request.
    cpu: f64,
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--floor", bytes] => return floor::serve(bytes.parse().expect("a number of bytes")),
        ["--floor", database, question] => return floor::serve_statement(Path::new(database), QUESTIONS[question.parse::<usize>().expect("a number")].sql),
        _ => {}
    }
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let connections = value("--connections").map_or(16, |n| n.parse().expect("--connections takes a number"));
    let part = |name: &str| value("--only").is_none_or(|only| only == name);
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = value("--keep").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("a folder");

    let program = value("--server").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_silkroutes")), PathBuf::from);
    let database = made(&folder, data::PRACTICES, 1);
    if arguments.iter().any(|a| a == "--make-only") {
        return;
    }
    let anew = Contender { program: &program, database: &database, flags: &["--set", "http.cache_bytes=0"] };
    if part("tables") {
        let again = Contender { flags: &[], ..anew };
        let plain = plain_of(&folder, again);
        table("made anew", anew, connections, Some(&plain));
        table("asked again", again, connections, None);
        at_most(anew);
    }
    if part("overload") {
        let (server, _) = anew.start();
        let body = QUESTIONS[1].body(0);
        let capacity = ask(&server, 8, 2_000, |_| body.clone()).per_second;
        overload::measure(&server, capacity, &body);
    }
    if part("ten") {
        let (practices, times) = (10 * data::PRACTICES, 10);
        beside("ten times the data (aim 1.2x)", anew, Contender { database: &made(&folder, practices, times), ..anew }, connections);
    }
    if part("million") {
        let title = "a million practices (aim: start within 2 s)";
        beside(title, anew, Contender { database: &made(&folder, 1_000_000, 1), ..anew }, connections);
    }
}

/// A build of the server, what it serves, and how.
#[derive(Clone, Copy)]
struct Contender<'a> {
    program: &'a Path,
    database: &'a Path,
    flags: &'a [&'a str],
}

impl Contender<'_> {
    /// Starts it; how long until it answered.
    fn start(self) -> (Process, Duration) {
        let begun = Instant::now();
        let url = format!("sqlite://{}", self.database.display());
        // All questions come from one address, which may ask without end.
        let serve = ["serve", "--listen", "127.0.0.1:0", "--database", &url, "--set", "http.rate_points_anonymous=2147483647"];
        let server = Process::start(self.program, &[&serve, self.flags].concat());
        Client::connect(server.address()).ask(r#"{"query":"{__typename}"}"#);
        (server, begun.elapsed())
    }
}

/// The data, made or found.
fn made(folder: &Path, practices: usize, times: usize) -> PathBuf {
    let name = if practices == data::PRACTICES * times { format!("bench-{times}.db") } else { format!("bench-{practices}-{times}.db") };
    let database = folder.join(name);
    if database.exists() {
        println!("data: that of {}", database.display());
    } else {
        let begun = Instant::now();
        data::make(&database, practices, times);
        println!("data: {practices} practices, {} figures, made in {:.1} s", 160_200 * times, begun.elapsed().as_secs_f64());
    }
    database
}

fn plain_of(folder: &Path, contender: Contender<'_>) -> PathBuf {
    let path = folder.join("plain.db");
    if !path.exists() {
        let (server, _) = contender.start();
        plain::make(&path, &mut Client::connect(server.address()));
    }
    path
}

/// So many requests from so many connections, after some that are not counted.
fn ask(server: &Process, connections: usize, rounds: usize, body: impl Fn(usize) -> String + Sync) -> Taken {
    crowd(server.address(), connections, rounds / 10, &body);
    let cpu = server.cpu();
    let (lasted, times) = crowd(server.address(), connections, rounds, &body);
    let cpu = server.cpu().saturating_sub(cpu);
    Taken {
        cpu: cpu.as_secs_f64() * 1e3 / rounds as f64,
        per_second: rounds as f64 / lasted.as_secs_f64(),
        p50: times[rounds / 2],
        p99: times[rounds * 99 / 100],
    }
}

fn floor(arguments: &[&str]) -> Process {
    Process::start(&std::env::current_exe().expect("this program"), &[&["--floor"], arguments].concat())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// One table: of questions that are made anew, or of those that are asked again.
fn table(title: &str, contender: Contender<'_>, connections: usize, plain: Option<&Path>) {
    let (server, started) = contender.start();
    let is_again = plain.is_none();
    println!("\n{title}, {connections} connections; start to first answer {:.0} ms, {:.0} MB resident", ms(started), server.resident_mb());
    println!(
        "{:<14}{:>9}{:>9}{:>7}{:>11}{:>9}{:>10}{:>9}{:>10}{:>12}{:>9}{:>9}{:>11}{:>9}",
        "", "CPU ms", "budget", "of it", "bytes' CPU", "x bytes", "SQL's CPU", "x SQL", "req/s", "of bytes'", "p50 ms", "p99 ms", "alone ms", "kB"
    );
    for (at, question) in QUESTIONS.iter().enumerate() {
        let body = |n: usize| question.body(if is_again { 0 } else { n });
        let rounds = if is_again { 30_000 } else { question.rounds };
        let taken = ask(&server, connections, rounds, body);
        let alone = crowd(server.address(), 1, rounds / 10, body).1[rounds / 20];
        let answer = Client::connect(server.address()).ask(&question.body(0));
        let bytes = ask(&floor(&[&answer.len().to_string()]), connections, rounds, |_| "{}".into());
        let sql = plain.map(|plain| of_statement(plain, at, question, connections, rounds, &answer));
        let budget = question.budget[usize::from(is_again)];
        println!(
            "{:<14}{:>9.4}{:>9.3}{:>6.0}%{:>11.4}{:>8.1}x{:>10.4}{:>8.2}x{:>10.0}{:>11.2}x{:>9.3}{:>9.3}{:>11.3}{:>9.1}",
            question.name,
            taken.cpu,
            budget,
            100.0 * taken.cpu / budget,
            bytes.cpu,
            taken.cpu / bytes.cpu,
            sql.unwrap_or(f64::NAN),
            taken.cpu / sql.unwrap_or(f64::NAN),
            taken.per_second,
            taken.per_second / bytes.per_second,
            ms(taken.p50),
            ms(taken.p99),
            ms(alone),
            answer.len() as f64 / 1e3,
        );
    }
    for (name, shares) in MIXES {
        let taken = ask(&server, connections, 4_000, |n| of_mix(shares, n));
        println!("{:<14}{:>9.4}{:>56}{:>9.0}{:>21.3}{:>9.3}", name, taken.cpu, "", taken.per_second, ms(taken.p50), ms(taken.p99));
    }
    println!("after the run: {:.0} MB resident", server.resident_mb());
}

/// Milliseconds of CPU of one statement that gives the same data.
fn of_statement(plain: &Path, at: usize, question: &Question, connections: usize, rounds: usize, answer: &str) -> f64 {
    let server = floor(&[&plain.display().to_string(), &at.to_string()]);
    let parameter = |n: usize| (question.parameter)(n).unwrap_or_default();
    let said = Client::connect(server.address()).ask(&parameter(0));
    let [ours, theirs] = [answer, &said].map(|text| serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
    assert!(ours["data"] == theirs["data"], "{}: the statement gives other data", question.name);
    ask(&server, connections, rounds, parameter).cpu
}

/// The memory of a server that is asked the deep walk by many at once.
fn at_most(contender: Contender<'_>) {
    let (server, _) = contender.start();
    let start = server.peak_mb();
    server.forget_peak();
    ask(&server, 32, 4_000, |n| QUESTIONS[1].body(n));
    println!("\nQ2 by 32 at once: {:.0} MB at most (aim 100); {start:.0} MB at most while it started", server.peak_mb());
}

/// What more data cost.
fn beside(title: &str, few: Contender<'_>, many: Contender<'_>, connections: usize) {
    let servers = [few, many].map(Contender::start);
    let [(_, first), (_, second)] = &servers;
    println!("\n{title}; start to first answer {:.0} and {:.0} ms", ms(*first), ms(*second));
    println!("{:<14}{:>9}{:>9}{:>8}", "", "CPU ms", "of many", "x");
    for question in &QUESTIONS {
        let [small, large] = servers.each_ref().map(|(server, _)| ask(server, connections, question.rounds, |n| question.body(n)).cpu);
        println!("{:<14}{:>9.4}{:>9.4}{:>7.2}x", question.name, small, large, large / small);
    }
    println!("{:<14}{:>9.0}{:>9.0}", "MB resident", servers[0].0.resident_mb(), servers[1].0.resident_mb());
}
