//! Answers that nobody takes: what they hold is bounded, and goes when they have had their time.

use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::json;
use silkroutes::domain::viewer::Role;
use silkroutes::http::settings::Span;
use tokio::time::Instant;

use crate::app::{TestApp, knob, query_path, request};
use crate::crowd::connect_from;
use crate::http2::Rude;

/// What the one request that asks for the count holds itself.
const ASKING: usize = 12 * 1024;
const MIB: usize = 1024 * 1024;

/// Some 18 kB for each list, of which there may be thirty.
fn long_query(lists: usize, mark: usize) -> String {
    let fields: Vec<_> = (0..lists).map(|n| format!("a{n}: goodPractices(first: 60) {{ nodes {{ id slug title summary }} }}")).collect();
    format!("query Q{mark} {{ {} }}", fields.join(" "))
}

fn long_path(lists: usize, mark: usize) -> String {
    query_path(&long_query(lists, mark))
}

fn rude(app: &TestApp, window: u32) -> Rude {
    Rude::new(TcpStream::connect(app.address()).expect("it listens"), window)
}

/// A number of the server's own.
fn count(app: &TestApp, name: &str) -> usize {
    let text = app.metrics();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or_else(|| panic!("no {name} in\n{text}")).to_owned();
    line.parse().expect("a number")
}

fn waiting(app: &TestApp) -> usize {
    count(app, "silkroutes_http_waiting_bytes")
}

fn soon(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_stream_of_which_nothing_is_taken_is_reset_and_its_line_goes_on() {
    let app = TestApp::with(|settings| settings.http.write_time = Span::seconds(1));
    let mut client = rude(&app, 0);
    let stuck: Vec<u32> = (0..3).map(|n| client.get(&long_path(20, n), &[])).collect();
    let partly = client.get(&long_path(20, 9), &[]);
    client.window(0, 1 << 20);
    client.window(partly, 20_000);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(12) && !stuck.iter().chain([&partly]).all(|stream| client.reset.contains(stream)) {
        client.ping();
        // Others on the line are answered meanwhile.
        let other = client.get("/health/live", &[]);
        client.window(other, 1000);
        client.look(Duration::from_millis(300), |_| false);
        assert!(!client.is_closed && client.ended.contains(&other), "the line goes on");
    }
    assert!(stuck.iter().chain([&partly]).all(|stream| client.reset.contains(stream)), "{:?}", client.reset);
    assert!(count(&app, "silkroutes_http_answers_cut_total") >= 4);
    soon("nothing is held any more", || waiting(&app) <= ASKING);
}

#[test]
fn a_client_that_drips_is_cut_and_one_on_a_telephone_line_is_not() {
    let app = TestApp::with(|settings| settings.http.write_time = Span::seconds(1));
    let (mut dripping, mut slow) = (rude(&app, 1), rude(&app, 0));
    let (one, other) = (dripping.get(&long_path(20, 1), &[]), slow.get(&long_path(20, 2), &[]));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(6) {
        dripping.window(one, 1);
        // 2 kB a second.
        slow.window(other, 1000);
        dripping.look(Duration::from_millis(250), |_| false);
        slow.look(Duration::from_millis(250), |_| false);
    }
    assert!(dripping.is_closed || dripping.reset.contains(&one), "a few bytes a second are no reading");
    assert!(!slow.is_closed && slow.reset.is_empty(), "who reads slowly is answered");
    slow.window(other, 1 << 20);
    slow.window(0, 1 << 20);
    slow.look(Duration::from_secs(10), |slow| slow.ended.contains(&other));
    assert!(slow.ended.contains(&other) && slow.bytes > 100_000, "{} bytes", slow.bytes);
}

#[test]
fn a_short_answer_that_is_not_taken_is_cut_with_its_connection() {
    let app = TestApp::with(|settings| settings.http.write_time = Span::seconds(1));
    let mut client = rude(&app, 10);
    client.get("/health/live", &[]);
    client.get("/health/live", &[]);
    client.look(Duration::from_secs(15), |client| client.reset.len() == 2);
    assert!(client.is_closed || client.reset.len() == 2, "{:?}", client.reset);
    soon("nothing is held any more", || waiting(&app) <= ASKING);
}

#[test]
fn over_http_1_a_client_that_drips_is_cut() {
    use std::io::Read as _;
    let app = TestApp::with(|settings| settings.http.write_time = Span::seconds(1));
    let body = json!({ "query": long_query(30, 1) }).to_string();
    let mut client = app.connect();
    // More than the systems' buffers between us take.
    client.write(&request("POST", "/graphql", &[("content-type", "application/json")], body.as_bytes()).repeat(60));
    let begun = Instant::now();
    let mut byte = [0; 1];
    soon("it is cut", || count(&app, "silkroutes_http_connections") == 1);
    while count(&app, "silkroutes_http_connections") > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is still there");
        let _ = client.socket().read(&mut byte);
        std::thread::sleep(Duration::from_millis(100));
    }
    soon("nothing is held any more", || waiting(&app) <= ASKING);
}

#[test]
fn one_client_that_takes_nothing_has_his_share_and_others_are_answered() {
    let app = TestApp::with(|settings| {
        settings.http.waiting_bytes = 8 * MIB;
        settings.http.waiting_bytes_each = 2 * MIB;
        settings.http.executions = 2;
        settings.http.cache_bytes = 0;
    });
    let path = |mark| long_path(30, mark);
    let length = app.get(&path(0), &[]).body.len();
    let mut clients: Vec<_> = (0..3).map(|_| rude(&app, 0)).collect();
    let (mut most, mut refused, mut mark) = (0, 0, 1);
    for _ in 0..30 {
        for client in &mut clients {
            for _ in 0..3 {
                client.get(&path(mark), &[]);
                mark += 1;
            }
            client.look(Duration::from_millis(20), |_| false);
        }
        most = most.max(waiting(&app));
    }
    for client in &mut clients {
        client.look(Duration::from_millis(200), |_| false);
        refused += client.refused.len();
    }
    assert!(most > MIB, "they do hold something: {most}");
    assert!(most <= 2 * MIB * 5 / 4 + 4 * length + ASKING, "{most} bytes were held for one client");
    assert!(refused > 0, "and were told so");
    let mut other = crate::app::Client::over(connect_from(Ipv4Addr::new(127, 0, 0, 2), app.address()).expect("it listens"));
    assert_eq!(other.ask("GET", &path(0), &[], b"").map(|reply| reply.status), Some(200), "others are answered");
    assert_eq!(app.get("/health/live", &[]).status, 200, "and he himself, when he asks for the health");
    drop(clients);
    soon("nothing is held any more", || waiting(&app) <= ASKING);
    assert_eq!(app.get(&path(0), &[]).status, 200, "he is answered again");
}

#[test]
fn what_waits_longest_makes_room_long_before_its_time_is_over() {
    let app = TestApp::with(|settings| {
        settings.http.waiting_bytes_each = MIB;
        settings.http.cache_bytes = 0;
    });
    let mut client = rude(&app, 0);
    for mark in 0..20 {
        client.get(&long_path(30, mark), &[]);
        client.look(Duration::from_millis(30), |_| false);
    }
    // Until then he is told so, or not even that.
    let again = || app.connect().ask("GET", &long_path(30, 99), &[], b"").is_some_and(|reply| reply.status == 200);
    soon("he is answered again, while he still takes nothing of the others", again);
    assert!(count(&app, "silkroutes_http_answers_cut_total") > 0);
}

#[test]
fn who_asks_for_one_thing_is_answered_whatever_another_of_his_address_lets_wait() {
    let app = TestApp::with(|settings| settings.http.cache_bytes = 0);
    let mut client = rude(&app, 0);
    for mark in 0..90 {
        client.get(&long_path(60, mark), &[]);
        client.look(Duration::from_millis(5), |_| false);
        let other = app.connect().ask("GET", &long_path(1, 1_000 + mark), &[], b"");
        assert_eq!(other.map(|reply| reply.status), Some(200), "beside {mark} that wait");
    }
}

#[test]
fn what_is_kept_for_all_is_counted_once() {
    let app = TestApp::with(|_| {});
    let path = long_path(20, 0);
    let length = app.get(&path, &[]).body.len();
    let mut clients: Vec<_> = (0..3).map(|_| rude(&app, 0)).collect();
    for client in &mut clients {
        for _ in 0..20 {
            client.get(&path, &[]);
        }
        client.look(Duration::from_secs(5), |client| client.begun.len() == 20);
    }
    let held = waiting(&app);
    assert!((length + 60 * ASKING..length * 3 + 62 * ASKING).contains(&held), "{held} bytes for 60 times {length}");
    drop(clients);
    soon("nothing is held any more", || waiting(&app) <= ASKING);
}

#[test]
fn what_was_asked_for_and_reset_is_not_worked_on() {
    let app = TestApp::with(|settings| settings.http.revision_time = Span::seconds(60));
    let bearer = format!("Bearer {}", app.key("UZB", Role::FocalPoint, "tashkent"));
    let later = [("at-least-revision", "900000000"), ("authorization", bearer.as_str())];
    let mut client = rude(&app, 1 << 16);
    let streams: Vec<u32> = (0..50).map(|_| client.get(&long_path(1, 0), &later)).collect();
    soon("they wait", || count(&app, "silkroutes_http_requests_in_flight") == 50);
    for stream in streams {
        client.cancel(stream);
    }
    soon("they are dropped", || count(&app, "silkroutes_http_requests_in_flight") == 0);
    client.get(&long_path(1, 0), &later);
    soon("it waits", || count(&app, "silkroutes_http_requests_in_flight") == 1);
    drop(client);
    soon("so is what was asked for on a line that closed", || count(&app, "silkroutes_http_requests_in_flight") == 0 && waiting(&app) <= ASKING);
}

#[test]
fn floods_of_what_is_no_request_end_their_connection_or_are_borne() {
    let app = TestApp::with(|settings| settings.http.body_time = Span::seconds(2));
    // Asked for and reset at once, again and again.
    let mut client = rude(&app, 1 << 16);
    for _ in 0..3_000 {
        let stream = client.get("/health/ready", &[]);
        client.cancel(stream);
    }
    client.look(Duration::from_millis(500), |_| false);
    // Heads without end.
    let mut endless = rude(&app, 1 << 16);
    endless.never_end(500);
    endless.look(Duration::from_secs(5), |_| false);
    assert!(endless.is_closed, "a head without end ends its connection");
    // Pings without end, whose answers nobody reads.
    let mut pinging = rude(&app, 1 << 16);
    for _ in 0..20_000 {
        pinging.ping();
    }
    // Bodies that drip.
    let mut dripping = rude(&app, 1 << 16);
    let streams: Vec<u32> = (0..90).map(|_| dripping.announce()).collect();
    for _ in 0..20 {
        for stream in &streams {
            dripping.body(*stream, b"{");
        }
        assert!(waiting(&app) < 4 * MIB);
        dripping.look(Duration::from_millis(150), |dripping| dripping.ended.len() == streams.len());
    }
    assert!(dripping.is_closed || dripping.refused.len() == streams.len(), "their time is over: {}", dripping.refused.len());
    assert_eq!(app.get("/health/live", &[]).status, 200);
    drop((client, pinging, dripping));
    soon("nothing is held any more", || waiting(&app) <= ASKING);
}

/// A source of small numbers, the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// What a client may do next.
fn drawn_step(draw: &mut Draw, clients: &mut Vec<Rude>, app: &TestApp, mark: &mut usize) {
    *mark += 1;
    let at = usize::try_from(draw.below(6)).expect("few");
    let address = Ipv4Addr::new(127, 0, 0, 1 + u8::try_from(at).expect("few"));
    if clients.len() <= at {
        let window = [0, 1, 1000, 1 << 16, 1 << 20][usize::try_from(draw.below(5)).expect("few")];
        clients.push(Rude::new(connect_from(address, app.address()).expect("it listens"), window));
        return;
    }
    if clients[at].is_closed || draw.below(40) == 0 {
        clients.swap_remove(at);
        return;
    }
    let client = &mut clients[at];
    let stream = 1 + 2 * u32::try_from(draw.below(20)).expect("few");
    let begun = client.begun.contains(&stream);
    match draw.below(10) {
        0 | 1 => drop(client.get(&long_path(1 + usize::try_from(draw.below(30)).expect("few"), *mark), &[])),
        2 => drop(client.get(&long_path(30, 0), &[])),
        3 => drop(client.get(&long_path(30, *mark), &[("accept-encoding", ["gzip", "br"][usize::try_from(draw.below(2)).expect("two")])])),
        4 => drop(client.get(&format!("{}&format=csv", query_path("{ states { nodes { iso3 name } } }")), &[])),
        5 => drop(client.announce()),
        6 if begun => client.window(stream, 1 + u32::try_from(draw.below(50_000)).expect("few")),
        7 => client.window(0, 1 + u32::try_from(draw.below(100_000)).expect("few")),
        8 if begun => client.cancel(stream),
        _ => client.ping(),
    }
    client.look(Duration::from_millis(draw.below(8)), |_| false);
}

#[test]
fn whatever_clients_do_what_is_held_is_bounded_and_goes_with_them() {
    const ALL: usize = 3 * MIB;
    // The longest answer, and what packs it.
    const ONE: usize = 700_000 + 2 * MIB;
    let app = TestApp::with(|settings| {
        settings.http.waiting_bytes = ALL;
        settings.http.waiting_bytes_each = MIB;
        settings.http.write_time = Span::seconds(1);
        settings.http.executions = 2;
        settings.http.answer_bytes = 700_000;
    });
    let (mut draw, mut clients, mut mark, mut most) = (Draw(0x5eed), Vec::new(), 0, 0);
    for _ in 0..knob("WAITING_STEPS").unwrap_or(1_500) {
        drawn_step(&mut draw, &mut clients, &app, &mut mark);
        if draw.below(10) == 0 {
            let held = waiting(&app);
            // Those of all, a quarter more for what is refused, and what was begun before it was seen.
            assert!(held <= ALL * 5 / 4 + 3 * ONE + MIB, "{held} bytes are held at step {mark}");
            most = most.max(held);
        }
    }
    assert!(most > MIB, "they held something: {most}");
    assert_eq!(app.get("/health/live", &[]).status, 200);
    drop(clients);
    soon("nothing is held any more", || waiting(&app) <= ASKING);
}
