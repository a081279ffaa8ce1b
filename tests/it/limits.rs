//! Every limit of the transport, at its value and one beyond; patience; and stopping.

use std::io::Write as _;
use std::time::Duration;

use serde_json::json;
use silkroutes::http::settings::Span;
use tokio::time::Instant;

use crate::app::{TestApp, query_path, request};

const JSON: (&str, &str) = ("content-type", "application/json");
const TYPENAME: &str = r#"{"query":"{ __typename }"}"#;

fn millis(millis: u64) -> Span {
    Span(Duration::from_millis(millis))
}

/// A sound request in exactly so many bytes.
fn body_of(length: usize) -> String {
    format!("{TYPENAME}{}", " ".repeat(length - TYPENAME.len()))
}

#[test]
fn a_body_of_64_kib_passes_and_one_byte_more_is_413() {
    let app = TestApp::shared();
    assert_eq!(app.post_raw(&[JSON], body_of(64 * 1024).as_bytes()).status, 200);
    app.post_raw(&[JSON], body_of(64 * 1024 + 1).as_bytes()).refused(413, "LIMIT_BODY");
    let small = TestApp::with(|settings| settings.http.body_bytes = 100);
    assert_eq!(small.post_raw(&[JSON], body_of(100).as_bytes()).status, 200);
    small.post_raw(&[JSON], body_of(101).as_bytes()).refused(413, "LIMIT_BODY");
}

fn chunked(body: &str, size: usize) -> Vec<u8> {
    let mut bytes = b"POST /graphql HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for part in body.as_bytes().chunks(size) {
        bytes.extend(format!("{:x}\r\n", part.len()).bytes().chain(part.iter().copied()).chain(*b"\r\n"));
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

#[test]
fn a_body_in_chunks_has_the_same_limit() {
    let app = TestApp::shared();
    for (length, status) in [(64 * 1024, 200), (64 * 1024 + 1, 413)] {
        let mut client = app.connect();
        client.write(&chunked(&body_of(length), 1000));
        assert_eq!(client.read().map(|reply| reply.status), Some(status), "{length}");
    }
}

#[test]
fn a_body_beyond_the_limit_is_not_read_to_its_end() {
    let app = TestApp::with(|_| {});
    let received = || {
        let text = app.metrics();
        let line = text.lines().find(|line| line.starts_with("silkroutes_http_received_bytes_total ")).expect("counted").to_owned();
        line.rsplit(' ').next().and_then(|count| count.parse::<usize>().ok()).expect("a number")
    };
    let announced = format!("POST /graphql HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", 64 << 20);
    let in_chunks = "POST /graphql HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n8000000\r\n".to_owned();
    for head in [announced, in_chunks] {
        let before = received();
        let mut client = app.connect();
        client.write(head.as_bytes());
        let mut writer = client.socket().try_clone().expect("a second hand");
        writer.set_write_timeout(Some(Duration::from_secs(2))).expect("a timeout");
        let sender = std::thread::spawn(move || {
            let piece = vec![b' '; 64 * 1024];
            (0..256).take_while(|_| writer.write_all(&piece).is_ok()).count()
        });
        client.read().expect("an answer, although more was coming").refused(413, "LIMIT_BODY");
        assert!(sender.join().expect("sent") < 256, "the server took 16 MiB");
        let taken = received() - before;
        assert!(taken <= (64 + 64) * 1024, "{taken} bytes were read");
    }
}

#[test]
fn a_uri_of_8_kib_passes_and_one_byte_more_is_414() {
    let app = TestApp::shared();
    let path = |length: usize| {
        let path = query_path("{ __typename }") + "&x=";
        format!("{path}{}", "a".repeat(length - path.len()))
    };
    assert_eq!(app.get(&path(8 * 1024), &[]).status, 200);
    app.get(&path(8 * 1024 + 1), &[]).refused(414, "LIMIT_URI");
}

#[test]
fn headers_have_a_limit_in_bytes_and_in_number() {
    let app = TestApp::shared();
    // `host: test` is 4 + 4 + 4 bytes.
    let filler = |length: usize| "a".repeat(length - 12 - "x-filler".len() - 4);
    assert_eq!(app.get("/health/live", &[("x-filler", &filler(16 * 1024))]).status, 200);
    app.get("/health/live", &[("x-filler", &filler(16 * 1024 + 1))]).refused(431, "LIMIT_HEADERS");
    let names: Vec<String> = (0..64).map(|n| format!("x-{n}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(app.get("/health/live", &many[..63]).status, 200);
    app.get("/health/live", &many).refused(431, "LIMIT_HEADERS");
    // Far beyond, HTTP itself refuses, in few words.
    assert_eq!(app.get("/health/live", &[("x-filler", &"a".repeat(100_000))]).status, 431);
    let many: Vec<_> = (0..5).flat_map(|_| many.clone()).collect();
    assert_eq!(app.get("/health/live", &many).status, 431);
}

#[test]
fn a_request_names_one_host() {
    let app = TestApp::shared();
    let status = |version: &str, hosts: &[&str]| {
        let mut client = app.connect();
        let lines = [&[format!("GET /health/live HTTP/{version}").as_str()][..], hosts, &["", ""]].concat().join("\r\n");
        client.write(lines.as_bytes());
        client.read().map(|reply| reply.status)
    };
    for hosts in [&["Host: a"][..], &["hOsT: a.example:8080"], &["host: [::1]:8080"], &["host: 127.0.0.1"], &["host:"]] {
        assert_eq!(status("1.1", hosts), Some(200), "{hosts:?}");
    }
    for hosts in [
        &[][..],
        &["Host: a", "Host: b"],
        &["Host: a", "host: a"],
        &["HOST: a", "x: y", "hOST: a"],
        &["Host:", "Host:"],
        &["Host: a, b"],
        &["Host: a b"],
        &["Host: a/b"],
        &["Host: http://a"],
        &["Host: me@a"],
        &["Host: \u{e9}"],
    ] {
        assert_eq!(status("1.1", hosts), Some(400), "{hosts:?}");
    }
    assert_eq!(status("1.0", &[]), Some(200), "HTTP/1.0 need not");
    assert_eq!(status("1.0", &["Host: a", "Host: a"]), Some(400));
}

#[test]
fn variables_nest_to_32_and_no_further() {
    let app = TestApp::shared();
    let nested = |depth: usize| format!(r#"{{"query":"{{ __typename }}","variables":{{"x":{}{}}}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert_eq!(app.post_raw(&[JSON], nested(32).as_bytes()).status, 200);
    let refused = app.post_raw(&[JSON, ("accept", "application/graphql-response+json")], nested(33).as_bytes());
    assert_eq!((refused.status, refused.code().as_str()), (400, "BAD_USER_INPUT"));
    assert_eq!(app.post_raw(&[JSON], nested(30_000).as_bytes()).code(), "BAD_USER_INPUT");
}

#[test]
fn an_answer_has_a_limit() {
    let query = "{ states(first: 50) { nodes { iso3 name } } }";
    let length = TestApp::shared().post(&json!({ "query": query })).body.len();
    let at = TestApp::with(|settings| settings.http.answer_bytes = length);
    assert_eq!(at.post(&json!({ "query": query })).status, 200);
    let below = TestApp::with(|settings| settings.http.answer_bytes = length - 1);
    below.post(&json!({ "query": query })).refused(400, "LIMIT_ANSWER");
}

#[test]
fn an_answer_holds_twenty_errors_and_says_that_there_are_more() {
    let errors = |fields: usize| {
        let names: Vec<_> = (0..fields).map(|n| format!("nothing{n}")).collect();
        let answer = TestApp::shared().query(&format!("{{ {} }}", names.join(" ")));
        answer["errors"].as_array().cloned().unwrap_or_default()
    };
    let last = |fields: usize| errors(fields).last().map(|error| error["extensions"]["code"].clone());
    assert_eq!((errors(20).len(), last(20)), (20, Some(json!("GRAPHQL_VALIDATION_FAILED"))));
    assert_eq!((errors(21).len(), last(21)), (21, Some(json!("TRUNCATED_ERRORS"))));
    assert_eq!(errors(30).len(), 21);
}

#[test]
fn a_head_that_does_not_come_to_its_end_is_cut_off() {
    let app = TestApp::with(|settings| settings.http.header_time = millis(300));
    for start in ["", "G", "GET /graphql HTTP/1.1\r\nhost: t\r\n", "PRI * HT"] {
        let begun = Instant::now();
        let mut client = app.connect();
        client.write(start.as_bytes());
        let rest = client.rest();
        assert!((200..3000).contains(&begun.elapsed().as_millis()), "{start:?}: {:?}", begun.elapsed());
        assert!(rest.starts_with(b"HTTP/1.1 408 ") || rest.is_empty());
    }
    // Dripping does not help, nor does a good request before.
    let mut client = app.connect();
    assert!(client.ask("GET", "/health/live", &[], b"").is_some_and(|reply| reply.status == 200));
    let begun = Instant::now();
    client.write(b"GET /health/live HTTP/1.1\r\n");
    while begun.elapsed() < Duration::from_millis(250) {
        client.write(b"x: y\r\n");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(client.rest().starts_with(b"HTTP/1.1 408 "));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_body_that_does_not_come_is_408() {
    let app = TestApp::with(|settings| settings.http.body_time = millis(200));
    let mut client = app.connect();
    client.write(b"POST /graphql HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"query\"");
    client.read().expect("an answer").refused(408, "TIMEOUT");
}

#[test]
fn a_silent_connection_is_closed_and_a_busy_one_is_not() {
    let app = TestApp::with(|settings| settings.http.idle_time = millis(400));
    let mut client = app.connect();
    for _ in 0..4 {
        assert!(client.ask("GET", "/health/live", &[], b"").is_some());
        std::thread::sleep(Duration::from_millis(200));
    }
    let begun = Instant::now();
    assert!(client.is_closed());
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn requests_one_after_the_other_on_one_connection_are_answered_in_order() {
    let app = TestApp::shared();
    let mut client = app.connect();
    let mut bytes = Vec::new();
    for id in ["one", "two", "three"] {
        bytes.extend(request("POST", "/graphql", &[JSON, ("x-request-id", id)], TYPENAME.as_bytes()));
    }
    client.write(&bytes);
    for id in ["one", "two", "three"] {
        assert_eq!(client.read().expect("an answer").header("x-request-id"), Some(id));
    }
}

#[test]
fn idle_connections_close_at_once_when_the_server_stops() {
    let app = TestApp::with(|_| {});
    let mut idle = app.connect();
    assert!(idle.ask("GET", "/health/ready", &[], b"").is_some_and(|reply| reply.status == 200));
    let untouched = app.connect();
    let begun = Instant::now();
    app.stop();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(idle.is_closed());
    drop(untouched);
}

#[test]
fn what_is_running_may_finish_when_the_server_stops_but_not_for_ever() {
    // A request whose body is on its way is running.
    let head = b"POST /graphql HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: 26\r\n\r\n";
    let mut app = TestApp::with(|settings| settings.http.drain_time = Span::seconds(10));
    let mut running = app.connect();
    running.write(head);
    std::thread::sleep(Duration::from_millis(100));
    let address = app.address();
    let stopping = app.begin_to_stop();
    std::thread::sleep(Duration::from_millis(200));
    assert!(std::net::TcpStream::connect(address).is_err(), "it still takes connections");
    running.write(TYPENAME.as_bytes());
    assert_eq!(running.read().map(|reply| reply.status), Some(200));
    stopping.join().expect("stopped");

    let mut app = TestApp::with(|settings| settings.http.drain_time = millis(300));
    let mut stuck = app.connect();
    stuck.write(head);
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    app.begin_to_stop().join().expect("stopped");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(stuck.is_closed());
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let app = TestApp::with(|settings| settings.http.write_time = millis(300));
    let others = || {
        let text = app.metrics();
        let count = text.lines().find_map(|line| line.strip_prefix("silkroutes_http_connections ")).expect("counted").to_owned();
        count.parse::<i64>().expect("a number")
    };
    // Far more than the buffers between us hold.
    let fields: Vec<_> = (0..30).map(|n| format!("a{n}: states(first: 100) {{ nodes {{ iso3 name }} }}")).collect();
    let body = json!({ "query": format!("{{ {} }}", fields.join(" ")) }).to_string();
    let mut client = app.connect();
    client.write(&request("POST", "/graphql", &[JSON], body.as_bytes()).repeat(200));
    let begun = Instant::now();
    let mut was_there = false;
    while !(was_there && others() == 0) {
        was_there |= others() > 0;
        assert!(begun.elapsed() < Duration::from_secs(30), "it is still there");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn readiness_goes_with_the_database() {
    let app = TestApp::shared();
    let ready = app.get("/health/ready", &[]);
    assert_eq!((ready.status, ready.json()), (200, json!({ "status": "ready" })));
    assert_eq!(app.get("/health/live", &[]).json(), json!({ "status": "live" }));
}
