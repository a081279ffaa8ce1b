//! HTTP/2, spoken by hand: the same answers, and its own limits.

use std::io::{Read as _, Write as _};

use crate::app::{Client, TestApp};

pub const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const SETTINGS: u8 = 4;

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A literal header whose name stands at `index` of the static table.
pub fn literal(index: u8, value: &str) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("short");
    assert!(length < 127);
    [&[index, length], value.as_bytes()].concat()
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

/// Asks for a path so many times at once on one connection, and takes the heads of the answers and nothing of their
/// bodies: there is no room for a byte of them.
pub fn ask_and_take_nothing(app: &TestApp, path: &str, times: u32) -> Client {
    let mut client = app.connect();
    let socket = client.socket();
    socket.write_all(GREETING).expect("sent");
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    socket.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).expect("sent");
    // :method GET, :scheme http, :path, :authority; the end of the head and of the request.
    let head = [vec![0x82, 0x86], literal(0x04, path), literal(0x01, "test")].concat();
    for n in 0..times {
        socket.write_all(&frame(HEADERS, 0x5, 2 * n + 1, &head)).expect("sent");
    }
    let mut heads = 0;
    while heads < times {
        let frame = read_frame(socket);
        if frame.kind == HEADERS {
            assert_eq!(frame.payload.first(), Some(&0x88), ":status 200 stands first");
            heads += 1;
        }
    }
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
