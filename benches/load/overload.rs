//! More than the server can do: what it still answers, how soon it refuses the rest, and whether it can be asked how it is.
//!
//! Requests are due at fixed times, as from people who know nothing of each other, and times count from when they were
//! due; but each of the askers waits for his answer, so that no more than so many are under way: see what was sent. The askers share the machine with the server, so what they need is missing from it: the goodput of the first
//! row, at as much as the server was just seen to do, is what the others are held against.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::process::Process;

/// Connections that ask.
const ASKERS: usize = 400;
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
        let seen = at_rate(server.address(), capacity * times, body);
        let [answered, refused] = seen.times.map(|mut times| {
            times.sort_unstable();
            times
        });
        let per_second = |count: usize| count as f64 / seen.lasted.as_secs_f64();
        let one = *one.get_or_insert(per_second(answered.len()));
        println!(
            "{:>5}x{:>10.0}{:>12.0}{:>8.0}%{:>12.1}{:>12.1}{:>12.0}{:>12.2}{:>14.2}{:>8.0}   health {:.1} ms at most",
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
            seen.health.as_secs_f64() * 1e3,
        );
    }
}

struct Seen {
    lasted: Duration,
    /// How long answers took, and refusals.
    times: [Vec<Duration>; 2],
    /// The longest that `/health/live` took.
    health: Duration,
}

fn at_rate(address: SocketAddr, rate: f64, body: &str) -> Seen {
    let (next, times, done) = (AtomicUsize::new(0), Mutex::new([Vec::new(), Vec::new()]), AtomicBool::new(false));
    let begun = Instant::now();
    let health = std::thread::scope(|scope| {
        let health = scope.spawn(|| health(address, &done));
        let askers: Vec<_> = (0..ASKERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect(address);
                    let mut own = [Vec::new(), Vec::new()];
                    loop {
                        let due = Duration::from_secs_f64(next.fetch_add(1, Ordering::Relaxed) as f64 / rate);
                        if due > LASTS || begun.elapsed() > LASTS {
                            break;
                        }
                        std::thread::sleep(due.saturating_sub(begun.elapsed()));
                        match client.post("/graphql", body).status {
                            200 => own[0].push(begun.elapsed().saturating_sub(due)),
                            503 => own[1].push(begun.elapsed().saturating_sub(due)),
                            other => panic!("{other} is neither an answer nor a refusal"),
                        }
                    }
                    let mut all = times.lock().expect("the times");
                    all.iter_mut().zip(own).for_each(|(all, own)| all.extend(own));
                })
            })
            .collect();
        for asker in askers {
            asker.join().expect("an asker");
        }
        done.store(true, Ordering::Relaxed);
        health.join().expect("a look at the health")
    });
    Seen { lasted: begun.elapsed(), times: times.into_inner().expect("the times"), health }
}

/// The longest that a look at the health took, ten times a second.
fn health(address: SocketAddr, done: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !done.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let mut stream = TcpStream::connect(address).expect("the server answers");
        stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        longest = longest.max(asked.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
    longest
}

fn at(sorted: &[Duration], percent: usize) -> f64 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}
