//! Whoever asks for as much as he may, again and again: others are answered meanwhile, the server says that it lives, and
//! what nobody waits for ends.

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use silkroutes::config::Settings;
use tokio::time::Instant;

use crate::app::{Client, TestApp, query_path, request};
use crate::http2::{DATA, GREETING, HEADERS, SETTINGS, frame, literal};

/// The address of whoever is hostile.
const HOSTILE: &str = "192.0.2.1";

/// The bytes of the n-th request of one sort.
type Ask = fn(usize) -> Vec<u8>;

fn post(more: &[(&str, &str)], body: &serde_json::Value) -> Vec<u8> {
    let headers = [&[("content-type", "application/json"), ("x-real-ip", HOSTILE)][..], more].concat();
    request("POST", "/graphql", &headers, body.to_string().as_bytes())
}

fn under_names(field: &str, count: usize) -> String {
    (0..count).map(|n| format!("a{n}: {field}")).collect::<Vec<_>>().join(" ")
}

/// Lists of no rows under many names and a filter of many texts.
fn empty_lists(n: usize) -> Vec<u8> {
    let texts: Vec<_> = (0..40).map(|text| json!({ "text": format!("migration states national programme {text} {n}") })).collect();
    let lists = under_names("goodPractices(first: 0, filter: $f) { totalCount }", 99);
    let query = format!("query($f: GoodPracticeFilter) {{ states(first: 100) {{ nodes {{ {lists} }} }} }}");
    post(&[], &json!({ "query": query, "variables": { "f": { "or": texts } } }))
}

fn related(n: usize) -> Vec<u8> {
    post(&[], &json!({ "query": format!("{{ goodPractices(first: 100) {{ nodes {{ {} }} }} }} #{n}", under_names("related(first: 0) { score }", 99)) }))
}

/// A document of 60 KB that nobody saw before.
fn large_document(n: usize) -> Vec<u8> {
    let fields = "totalCount ".repeat(4_900);
    post(&[], &json!({ "query": format!("{{ states(first: 0) {{ {fields} }} }} #{n}") }))
}

/// Variables of 60 KB that are none.
fn large_variables(n: usize) -> Vec<u8> {
    let numbers: Vec<_> = (0..10_000).map(|number| number % 10 + n % 10).collect();
    post(&[], &json!({ "query": "query($i: [ID!]!) { nodes(ids: $i) { id } }", "variables": { "i": numbers, "n": n } }))
}

/// A long answer, packed.
fn long_answer(n: usize) -> Vec<u8> {
    let bodies = under_names("body", 40);
    post(&[("accept-encoding", "br")], &json!({ "query": format!("{{ goodPractices(first: 100) {{ nodes {{ {bodies} }} }} }} #{n}") }))
}

/// The same as a file.
fn file(n: usize) -> Vec<u8> {
    let bodies = under_names("body", 40);
    let body = json!({ "query": format!("{{ goodPractices(first: 100) {{ nodes {{ {bodies} }} }} }} #{n}") });
    post(&[("accept", if n.is_multiple_of(2) { "text/csv" } else { "application/x-ndjson" }), ("accept-encoding", "gzip")], &body)
}

/// Ten at once on one connection of HTTP/2, whose answers nobody takes.
fn by_http2(n: usize) -> Vec<u8> {
    let named = |name: &str, value: &str| {
        let sized = |text: &str| [&[u8::try_from(text.len()).expect("short")][..], text.as_bytes()].concat();
        [vec![0], sized(name), sized(value)].concat()
    };
    let head =
        [vec![0x83, 0x86], literal(0x04, "/graphql"), literal(0x01, "test"), named("content-type", "application/json"), named("x-real-ip", HOSTILE)].concat();
    let mut bytes = [GREETING, &frame(SETTINGS, 0, 0, &[])].concat();
    for stream in 0..10 {
        let body =
            json!({ "query": format!("{{ goodPractices(first: 100) {{ nodes {{ {} }} }} }} #{n} {stream}", under_names("related(first: 1) { score }", 90)) });
        bytes.extend(frame(HEADERS, 0x4, 2 * stream + 1, &head));
        bytes.extend(frame(DATA, 0x1, 2 * stream + 1, body.to_string().as_bytes()));
    }
    bytes
}

/// What others saw: how long each look took, and whether it was answered.
#[derive(Default)]
struct Seen(Mutex<Vec<(Duration, bool)>>);

impl Seen {
    fn look(&self, app: &TestApp, path: &str, address: &str) {
        let begun = Instant::now();
        let mut client = app.connect();
        client.socket().set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let reply = client.ask("GET", path, &[("x-real-ip", address)], b"");
        self.0.lock().expect("whole").push((begun.elapsed(), reply.is_some_and(|reply| reply.status == 200)));
    }

    /// The share of those that were answered within a time.
    fn within(&self, time: Duration) -> f64 {
        let seen = self.0.lock().expect("whole");
        let good = seen.iter().filter(|(took, is_answered)| *is_answered && *took <= time).count();
        f64::from(u32::try_from(good).expect("few")) / f64::from(u32::try_from(seen.len()).expect("few"))
    }
}

/// Eight of one address ask, each as soon as he is answered; others look meanwhile.
fn attacked(app: &TestApp, ask: Ask) -> (Seen, Seen) {
    let (live, small) = (Seen::default(), Seen::default());
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let mut client = app.connect();
                    client.socket().set_read_timeout(Some(Duration::from_secs(2))).expect("a timeout");
                    // Whoever is cut off comes again.
                    let _ = client.socket().write_all(&ask(asked.fetch_add(1, Ordering::Relaxed)));
                    let _ = client.read();
                }
            });
        }
        std::thread::sleep(Duration::from_millis(300));
        for n in 0..30 {
            live.look(app, "/health/live", "198.51.100.1");
            small.look(app, &query_path(&format!("{{ goodPractices(first: 3) {{ nodes {{ title }} }} }} # {n}")), &format!("198.51.100.{}", 2 + n));
            std::thread::sleep(Duration::from_millis(30));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    (live, small)
}

#[test]
fn while_eight_of_one_address_ask_for_all_they_may_others_are_answered() {
    let forms: [(&str, Ask); 7] = [
        ("lists of no rows", empty_lists),
        ("what is related", related),
        ("large documents", large_document),
        ("large variables", large_variables),
        ("long answers", long_answer),
        ("files", file),
        ("HTTP/2", by_http2),
    ];
    for (name, ask) in forms {
        let app = TestApp::with(|settings| {
            settings.http.client_header = "x-real-ip".into();
            settings.http.cache_bytes = 0;
        });
        let (live, small) = attacked(&app, ask);
        // Bounds with room for a machine that runs other stories beside: ../attacks holds the narrow ones.
        let second = Duration::from_secs(1);
        assert!(live.within(second) >= 0.95, "{name}: the server lives: {:?}", live.0);
        assert!(small.within(second) >= 0.9, "{name}: others are answered: {:?}", small.0);
    }
}

/// Would take minutes: what is related to what is related, and so on.
fn endless() -> String {
    let (open, close) = ("related(first: 100) { goodPractice { ".repeat(3), "} } ".repeat(3));
    format!("{{ goodPractices(first: 100) {{ nodes {{ {open} related(first: 100) {{ score }} {close} }} }} }}")
}

fn unbounded(settings: &mut Settings) {
    settings.graphql.nodes = 1_000_000_000_000_000;
    settings.graphql.work = 1_000_000_000_000_000;
    (settings.http.rate_points, settings.http.rate_points_anonymous) = (2_000_000_000, 2_000_000_000);
}

/// How many operations have ended, however they did.
fn ended(app: &TestApp) -> usize {
    let text = app.metrics();
    let line = text.lines().find_map(|line| line.strip_prefix(r#"silkroutes_operation_seconds_count{operation="other"} "#));
    line.map_or(0, |count| count.parse().expect("a number"))
}

fn ends_within(app: &TestApp, count: usize, time: Duration) -> bool {
    let begun = Instant::now();
    while ended(app) < count {
        if begun.elapsed() > time {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

#[test]
fn an_operation_that_never_pauses_is_answered_in_time_and_ends_then() {
    let app = TestApp::with(|settings| {
        unbounded(settings);
        settings.http.answer_time = "500ms".parse().expect("a time");
    });
    for (n, accept) in ["application/json", "text/csv"].into_iter().enumerate() {
        let begun = Instant::now();
        let headers = [("content-type", "application/json"), ("accept", accept)];
        let reply = app.post_raw(&headers, json!({ "query": endless() }).to_string().as_bytes());
        // Half a second, and a second to notice; twice that where other stories run beside.
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        reply.refused(504, "TIMEOUT");
        if n == 0 {
            assert!(ends_within(&app, 1, Duration::from_secs(2)), "the work has ended, too");
        }
    }
}

#[test]
fn work_ends_with_the_client_that_asked_for_it() {
    let app = TestApp::with(|settings| {
        unbounded(settings);
        settings.http.answer_time = "5m".parse().expect("a time");
    });
    let large = format!("{} #{}", endless(), "x".repeat(10_000));
    for (n, query) in [endless(), large].into_iter().enumerate() {
        let mut client = Client::to(app.address()).expect("it listens");
        client.write(&request("POST", "/graphql", &[("content-type", "application/json")], json!({ "query": query }).to_string().as_bytes()));
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(ended(&app), n, "it has begun, and would take minutes");
        drop(client);
        assert!(ends_within(&app, n + 1, Duration::from_secs(3)), "nobody waits for it");
    }
}
