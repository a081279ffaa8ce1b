//! Connections that are kept open, with as little work of their own as can be, and crowds of them.

#![allow(dead_code, reason = "each benchmark uses some of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer: its status and its body.
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The bytes after the headers.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects to a server on this machine.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server answers");
        stream.set_nodelay(true).expect("a socket");
        Self { stream: BufReader::with_capacity(256 * 1024, stream) }
    }

    /// Posts a JSON body.
    pub fn post(&mut self, path: &str, body: &str) -> Answer {
        let request = format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(request.as_bytes()).expect("sent");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a status");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok();
            }
        }
        let mut body = vec![0; length.expect("the answer tells its length")];
        self.stream.read_exact(&mut body).expect("the body");
        Answer { status, body }
    }

    /// Posts a question that must be answered, and gives the answer's body as text.
    pub fn ask(&mut self, body: &str) -> String {
        let answer = self.post("/graphql", body);
        let text = String::from_utf8(answer.body).expect("UTF-8");
        assert!(answer.status == 200 && !text.contains("\"errors\""), "{}: {}", answer.status, &text[..text.len().min(400)]);
        text
    }
}

/// So many connections, each asking again as soon as it has its answer, until `rounds` are done; gives how long all
/// took together and how long each did, in order of length.
pub fn crowd(address: SocketAddr, connections: usize, rounds: usize, body: impl Fn(usize) -> String + Sync) -> (Duration, Vec<Duration>) {
    let (next, start) = (AtomicUsize::new(0), Barrier::new(connections + 1));
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::connect(address);
                    let mut times = Vec::with_capacity(rounds / connections + 1);
                    start.wait();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= rounds {
                            return times;
                        }
                        let body = body(n);
                        let asked = Instant::now();
                        let answer = client.post("/graphql", &body);
                        times.push(asked.elapsed());
                        assert!(answer.status == 200, "{}", String::from_utf8_lossy(&answer.body));
                    }
                })
            })
            .collect();
        start.wait();
        let begun = Instant::now();
        let mut times: Vec<Duration> = askers.into_iter().flat_map(|asker| asker.join().expect("a crowd")).collect();
        let all = begun.elapsed();
        times.sort_unstable();
        (all, times)
    })
}
