//! HTTP/2, spoken by hand: the same answers, and its own limits.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::TestApp;

pub const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW: u8 = 8;
const CONTINUATION: u8 = 9;

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A length in the seven bits of a string's first byte.
fn length(length: usize) -> Vec<u8> {
    let Some(mut rest) = length.checked_sub(127) else { return vec![u8::try_from(length).expect("short")] };
    let mut bytes = vec![127];
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).expect("short") | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).expect("short"));
    bytes
}

/// A literal header whose name stands at `index` of the static table.
pub fn literal(index: u8, value: &str) -> Vec<u8> {
    [&[index], &length(value.len())[..], value.as_bytes()].concat()
}

/// A literal header under any name.
pub fn named(name: &str, value: &str) -> Vec<u8> {
    [&[0], &length(name.len())[..], name.as_bytes(), &length(value.len())[..], value.as_bytes()].concat()
}

struct Frame {
    kind: u8,
    flags: u8,
    payload: Vec<u8>,
}

fn read_frame(socket: &mut impl std::io::Read) -> Frame {
    let mut head = [0; 9];
    socket.read_exact(&mut head).expect("a frame");
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    socket.read_exact(&mut payload).expect("its payload");
    Frame { kind: head[3], flags: head[4], payload }
}

/// A connection of HTTP/2 whose client does what clients should not.
pub struct Rude {
    socket: TcpStream,
    buffer: Vec<u8>,
    next: u32,
    /// Streams whose answers began, that were answered whole, and that the server reset.
    pub begun: BTreeSet<u32>,
    pub ended: BTreeSet<u32>,
    pub reset: BTreeSet<u32>,
    /// Those whose status is not 200.
    pub refused: BTreeSet<u32>,
    /// Bytes of bodies that came.
    pub bytes: usize,
    pub is_closed: bool,
}

impl Rude {
    /// A client that takes so many bytes of each answer before it says more.
    pub fn new(socket: TcpStream, window: u32) -> Self {
        socket.set_write_timeout(Some(Duration::from_secs(5))).expect("a timeout");
        let mut rude = Self {
            socket,
            buffer: Vec::new(),
            next: 1,
            begun: BTreeSet::new(),
            ended: BTreeSet::new(),
            reset: BTreeSet::new(),
            refused: BTreeSet::new(),
            bytes: 0,
            is_closed: false,
        };
        // SETTINGS_INITIAL_WINDOW_SIZE
        rude.send(&[GREETING, &frame(SETTINGS, 0, 0, &[&[0, 4][..], &window.to_be_bytes()].concat())].concat());
        rude
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.is_closed |= self.socket.write_all(bytes).is_err();
    }

    /// Asks for a path.
    pub fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> u32 {
        // :method GET, :scheme http, :path, :authority; the end of the head and of the request.
        let head =
            [vec![0x82, 0x86], literal(0x04, path), literal(0x01, "test"), headers.iter().flat_map(|(name, value)| named(name, value)).collect()].concat();
        let stream = self.stream();
        self.send(&frame(HEADERS, 0x5, stream, &head));
        stream
    }

    /// The head of a request whose body comes later, or never.
    pub fn announce(&mut self) -> u32 {
        let head = [vec![0x83, 0x86], literal(0x04, "/graphql"), literal(0x01, "test"), named("content-type", "application/json")].concat();
        let stream = self.stream();
        self.send(&frame(HEADERS, 0x4, stream, &head));
        stream
    }

    /// The beginning of a head, and parts of it that never come to an end.
    pub fn never_end(&mut self, parts: usize) {
        let stream = self.stream();
        self.send(&frame(HEADERS, 0, stream, &[0x82, 0x86]));
        for _ in 0..parts {
            self.send(&frame(CONTINUATION, 0, stream, &named("x", &"y".repeat(10_000))));
        }
    }

    fn stream(&mut self) -> u32 {
        self.next += 2;
        self.next - 2
    }

    /// Part of a body.
    pub fn body(&mut self, stream: u32, bytes: &[u8]) {
        self.send(&frame(DATA, 0, stream, bytes));
    }

    pub fn window(&mut self, stream: u32, bytes: u32) {
        self.send(&frame(WINDOW, 0, stream, &bytes.to_be_bytes()));
    }

    pub fn ping(&mut self) {
        self.send(&frame(PING, 0, 0, &[0; 8]));
    }

    pub fn cancel(&mut self, stream: u32) {
        self.send(&frame(RESET, 0, stream, &8_u32.to_be_bytes()));
    }

    /// Takes what comes for so long, or until `enough`.
    pub fn look(&mut self, time: Duration, enough: impl Fn(&Self) -> bool) {
        let until = Instant::now() + time;
        let mut space = vec![0; 64 * 1024];
        while !self.is_closed && !enough(self) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.socket.set_read_timeout(Some(left.max(Duration::from_millis(1)))).expect("a timeout");
            match self.socket.read(&mut space) {
                Ok(count @ 1..) => self.buffer.extend_from_slice(&space[..count]),
                Err(fault) if matches!(fault.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut | std::io::ErrorKind::Interrupted) => {
                    continue;
                }
                _ => self.is_closed = true,
            }
            self.take_frames();
        }
    }

    fn take_frames(&mut self) {
        while let Some(head) = self.buffer.get(..9) {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let (kind, flags, stream) = (head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]]));
            if self.buffer.len() < 9 + length {
                return;
            }
            let payload = self.buffer.drain(..9 + length).skip(9).collect::<Vec<u8>>();
            match kind {
                DATA => self.bytes += payload.len(),
                HEADERS => {
                    self.begun.insert(stream);
                    if payload.first() != Some(&0x88) {
                        self.refused.insert(stream);
                    }
                }
                RESET => {
                    self.reset.insert(stream);
                }
                SETTINGS if flags & 1 == 0 => self.send(&frame(SETTINGS, 1, 0, &[])),
                GOAWAY => self.is_closed = true,
                _ => {}
            }
            if flags & 1 == 1 && matches!(kind, DATA | HEADERS) {
                self.ended.insert(stream);
            }
        }
    }
}

/// Asks for a path so many times at once on one connection, and takes the heads of the answers and nothing of their
/// bodies: there is no room for a byte of them.
pub fn ask_and_take_nothing(app: &TestApp, path: &str, times: u32) -> Rude {
    let mut client = Rude::new(TcpStream::connect(app.address()).expect("it listens"), 0);
    for _ in 0..times {
        client.get(path, &[]);
    }
    client.look(Duration::from_secs(20), |client| client.begun.len() == times as usize);
    assert_eq!((client.begun.len(), client.refused.len()), (times as usize, 0), "all are answered, with 200");
    client
}

#[test]
fn http_2_gives_the_same_answers_and_tells_its_limits() {
    let app = TestApp::shared();
    let mut client = app.connect();
    let socket = client.socket();
    socket.write_all(GREETING).expect("sent");
    socket.write_all(&frame(SETTINGS, 0, 0, &[])).expect("sent");

    // :method POST, :scheme http, :path /graphql, :authority, content-type, accept
    let head = [
        vec![0x83, 0x86],
        literal(0x04, "/graphql"),
        literal(0x01, "test"),
        literal(0x0f, "").into_iter().take(1).collect(),
        vec![0x10, 16],
        b"application/json".to_vec(),
        vec![0x0f, 0x04, 33],
        b"application/graphql-response+json".to_vec(),
    ]
    .concat();
    let body = br#"{"query":"{ state(iso3: \"AFG\") { name } }"}"#;
    socket.write_all(&frame(HEADERS, 0x4, 1, &head)).expect("sent");
    socket.write_all(&frame(DATA, 0x1, 1, body)).expect("sent");

    let mut limits = Vec::new();
    let mut answer = Vec::new();
    loop {
        let frame = read_frame(socket);
        match frame.kind {
            SETTINGS if frame.flags & 1 == 0 => limits = frame.payload,
            DATA => answer.extend(frame.payload),
            HEADERS => assert_eq!(frame.payload.first(), Some(&0x88), ":status 200 stands first"),
            _ => {}
        }
        if frame.kind == DATA && frame.flags & 1 == 1 {
            break;
        }
    }
    assert_eq!(String::from_utf8(answer).expect("text"), r#"{"data":{"state":{"name":"Afghanistan"}},"extensions":{"cost":1}}"#);
    let limit = |id: u16| {
        let found = limits.chunks_exact(6).find(|entry| entry[..2] == id.to_be_bytes())?;
        Some(u32::from_be_bytes([found[2], found[3], found[4], found[5]]))
    };
    assert_eq!(limit(3), Some(100), "streams");
    assert_eq!(limit(6), Some(16 * 1024), "bytes of headers");
    let mut rest = [0; 1];
    socket.shutdown(std::net::Shutdown::Write).expect("done");
    while socket.read(&mut rest).is_ok_and(|count| count > 0) {}
}
