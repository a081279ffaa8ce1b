//! More than the server can do: what it still answers, how soon it refuses the rest, and whether it can be asked how it is.
//!
//! Requests are due at fixed times, as from people who know nothing of each other, and times count from when they were
//! due: where all connections wait for their answers, the next request is late, and its lateness counts. All is asked by
//! one thread, which shares the machine with the server: what it needs is missing from it. So the goodput of the first
//! row, at as much as the server was just seen to do, is what the others are held against.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::process::Process;

/// Connections that ask.
const ASKERS: usize = 1_000;
/// How long each rate lasts.
const LASTS: Duration = Duration::from_secs(10);

/// Asks at one, four and ten times a rate, in requests a second.
pub fn measure(server: &Process, capacity: f64, body: &str) {
    println!("\noverload: Q2, made anew, {ASKERS} connections; one is {capacity:.0} requests a second");
    println!(
        "{:>6}{:>10}{:>12}{:>9}{:>12}{:>12}{:>12}{:>12}{:>14}{:>8}",
        "load", "sent/s", "answered/s", "of one", "p50 ms", "p99 ms", "refused/s", "p50 ms", "p99 ms", "MB"
    );
    let mut one = None;
    for times in [1.0, 4.0, 10.0] {
        let Seen { lasted, times: seen, health } = at_rate(server.address(), capacity * times, body);
        let [answered, refused] = seen.map(sorted);
        let health = sorted(health);
        let per_second = |count: usize| count as f64 / lasted.as_secs_f64();
        let one = *one.get_or_insert(per_second(answered.len()));
        println!(
            "{:>5}x{:>10.0}{:>12.0}{:>8.0}%{:>12.1}{:>12.1}{:>12.0}{:>12.2}{:>14.2}{:>8.0}   health p50 {:.1}, p90 {:.1}, at most {:.1} ms",
            times,
            per_second(answered.len() + refused.len()),
            per_second(answered.len()),
            100.0 * per_second(answered.len()) / one,
            at(&answered, 50),
            at(&answered, 99),
            per_second(refused.len()),
            at(&refused, 50),
            at(&refused, 99),
            server.peak_mb(),
            at(&health, 50),
            at(&health, 90),
            at(&health, 100),
        );
    }
}

struct Seen {
    lasted: Duration,
    /// How long answers took, and refusals.
    times: [Vec<Duration>; 2],
    /// How long looks at `/health/live` took.
    health: Vec<Duration>,
}

fn at_rate(address: SocketAddr, rate: f64, body: &str) -> Seen {
    let request = format!("POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let (next, times, done) = (Cell::new(0), RefCell::new([Vec::new(), Vec::new()]), AtomicBool::new(false));
    let mut lasted = Duration::ZERO;
    let health = std::thread::scope(|scope| {
        let health = scope.spawn(|| health(address, &done));
        let over = Over(&done);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        runtime.block_on(async {
            let connect = || async { BufReader::with_capacity(64 * 1024, tokio::net::TcpStream::connect(address).await.expect("the server answers")) };
            let connections = join_all((0..ASKERS).map(|_| connect())).await;
            let begun = Instant::now();
            join_all(connections.into_iter().map(|connection| ask(connection, &request, &next, rate, begun, &times))).await;
            lasted = begun.elapsed();
        });
        drop(over);
        health.join().expect("a look at the health")
    });
    Seen { lasted, times: times.into_inner(), health }
}

/// Ends the looks at the health, whatever becomes of those who ask.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One connection: takes the next request, waits until it is due, sends it, and reads the answer.
async fn ask(
    mut connection: BufReader<tokio::net::TcpStream>,
    request: &str,
    next: &Cell<u32>,
    rate: f64,
    begun: Instant,
    times: &RefCell<[Vec<Duration>; 2]>,
) {
    loop {
        let due = Duration::from_secs_f64(f64::from(next.replace(next.get() + 1)) / rate);
        if due > LASTS || begun.elapsed() > LASTS {
            return;
        }
        tokio::time::sleep_until((begun + due).into()).await;
        connection.get_mut().write_all(request.as_bytes()).await.expect("sent");
        let kind = match answer(&mut connection).await {
            200 => 0,
            503 => 1,
            other => panic!("{other} is neither an answer nor a refusal"),
        };
        times.borrow_mut()[kind].push(begun.elapsed().saturating_sub(due));
    }
}

/// The status of an answer, which is read to its end.
async fn answer(connection: &mut BufReader<tokio::net::TcpStream>) -> u16 {
    let (mut line, mut status, mut length) = (String::new(), None, 0);
    loop {
        line.clear();
        connection.read_line(&mut line).await.expect("a header");
        match (status, line.trim_end()) {
            (None, first) => status = Some(first.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")),
            (_, "") => break,
            (_, header) => {
                if let Some(value) = header.strip_prefix("content-length: ") {
                    length = value.parse().expect("a length");
                }
            }
        }
    }
    let mut left: u64 = length;
    while left > 0 {
        let have = connection.fill_buf().await.expect("the body").len();
        assert!(have > 0, "the body is whole");
        let taken = left.min(have as u64);
        connection.consume(usize::try_from(taken).expect("what is in memory"));
        left -= taken;
    }
    status.expect("a status")
}

/// How long looks at the health took, ten times a second, each over a connection of its own.
fn health(address: SocketAddr, done: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let mut stream = TcpStream::connect(address).expect("the server answers");
        stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        times.push(asked.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
    times
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

fn at(sorted: &[Duration], percent: usize) -> f64 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}
