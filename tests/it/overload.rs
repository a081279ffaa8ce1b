//! More than can be done: some is refused at once, the rest is answered, and who looks after the server gets through.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;
use silkroutes::domain::viewer::Role;

use crate::app::{Reply, TestApp, request};
use crate::place::server;

/// Takes a while, and is never the same question twice.
fn heavy(n: usize) -> serde_json::Value {
    json!({ "query": format!("{{ n{n}: workingGroups(first: 20) {{ nodes {{ code members(first: 100) {{ nodes {{ code name goodPractices(first: 5) {{ nodes {{ title activities(first: 10) {{ nodes {{ reference title }} }} }} }} }} }} }} }} }}") })
}

#[test]
fn what_cannot_be_run_soon_is_refused_at_once_and_the_rest_is_answered() {
    let app = TestApp::with(|settings| {
        settings.http.executions = 1;
        settings.http.queue = 3;
    });
    let (answered, refused, rounds) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    // How many come together is the machine's business, so it is tried until some did.
    while refused.load(Ordering::Relaxed) == 0 && rounds.fetch_add(1, Ordering::Relaxed) < 20 {
        std::thread::scope(|scope| {
            for n in 0..40 {
                let (app, answered, refused, rounds) = (&app, &answered, &refused, &rounds);
                scope.spawn(move || {
                    let reply = app.post(&heavy(1000 * rounds.load(Ordering::Relaxed) + n));
                    if reply.status == 200 {
                        assert!(reply.json().get("errors").is_none(), "{}", reply.text());
                        answered.fetch_add(1, Ordering::Relaxed);
                    } else {
                        let reply = reply.refused(503, "OVERLOADED");
                        assert_eq!((reply.header("retry-after"), &reply.json()["errors"][0]["extensions"]["retryable"]), (Some("1"), &json!(true)));
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for path in ["/health/live", "/health/ready"] {
                assert_eq!(app.get(path, &[]).status, 200, "{path}");
            }
            assert!(app.metrics().contains("silkroutes_build_info"));
        });
    }
    assert!(refused.load(Ordering::Relaxed) > 0, "forty at once are more than four");
    assert!(answered.load(Ordering::Relaxed) >= 4, "those who were in time are answered");
    assert_eq!(app.post(&heavy(999_999)).status, 200, "and then all is well again");
}

#[test]
fn whoever_is_refused_has_his_points_back() {
    let app = TestApp::with(|settings| {
        settings.http.queue = 0;
        settings.http.rate_points_anonymous = 1_000;
        settings.http.rate_time = "1h".parse().expect("a time");
    });
    for n in 0..20 {
        let reply = app
            .post(&json!({ "query": format!("{{ n{n}: figures(measure: REFUGEES, groupBy: [YEAR]) {{ nodes {{ value }} }} }}") }))
            .refused(503, "OVERLOADED");
        let left: u64 = reply.header("ratelimit-remaining").and_then(|left| left.parse().ok()).expect("told");
        assert!(left >= 1_000 - 2 * (n + 1), "a refusal takes a point, and no more: {left}");
    }
}

/// Holds the right to write, as another program does in the middle of a long write, until it is told to let go.
fn hold(app: &TestApp) -> (mpsc::Sender<()>, std::thread::JoinHandle<()>) {
    let url = app.database_url();
    let (let_go, told) = mpsc::channel::<()>();
    let (held, holds) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        runtime.block_on(async {
            let mut options = sea_orm::ConnectOptions::new(url);
            options.max_connections(1).sqlx_logging(false);
            let db = Database::connect(options).await.expect("a database");
            let (take, give) = match server() {
                Some(_) => (
                    "SELECT pg_advisory_lock(hashtextextended('silkroutes ' || current_schema(), 0))",
                    "SELECT pg_advisory_unlock(hashtextextended('silkroutes ' || current_schema(), 0))",
                ),
                None => ("BEGIN IMMEDIATE", "ROLLBACK"),
            };
            db.execute_unprepared(take).await.expect("taken");
            held.send(()).expect("heard");
            let _ = told.recv();
            db.execute_unprepared(give).await.expect("given");
            db.close().await.expect("closed");
        });
    });
    holds.recv().expect("held");
    (let_go, thread)
}

#[test]
fn so_many_writes_wait_one_more_is_refused_and_whoever_went_away_waits_no_more() {
    let app = TestApp::with(|settings| {
        settings.http.writes = 3;
        settings.http.answer_time = "1m".parse().expect("a time");
    });
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let bearer = format!("Bearer {key}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let body = |title: &str| {
        let query = format!(
            "mutation {{ draftGoodPractice(input: {{ content: {{ title: \"{title}\", summary: \"Waits.\" }} }}) {{ goodPractice {{ title }} errors {{ code }} }} }}"
        );
        json!({ "query": query }).to_string()
    };
    let titles = || -> BTreeSet<String> {
        let list = app.query_as(&key, "{ tasks(first: 100) { nodes { goodPractice { title } } } }");
        let nodes = list["data"]["tasks"]["nodes"].as_array().unwrap_or_else(|| panic!("{list}")).clone();
        nodes.iter().map(|task| task["goodPractice"]["title"].as_str().expect("a title").to_owned()).collect()
    };
    let (let_go, holder) = hold(&app);

    // Ten at once: three find a place, and seven are told so at once. Then the three hang up.
    let mut callers: Vec<_> = (0..10)
        .map(|n| {
            let mut client = app.connect();
            client.write(&request("POST", "/graphql", &headers, body(&format!("Gone {n}")).as_bytes()));
            client
        })
        .collect();
    let mut refused = 0;
    for client in &mut callers {
        client.socket().set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        if let Some(reply) = client.read() {
            let reply = reply.refused(503, "OVERLOADED");
            assert_eq!((reply.header("retry-after"), &reply.json()["errors"][0]["extensions"]["retryable"]), (Some("1"), &json!(true)));
            refused += 1;
        }
    }
    assert_eq!(refused, 7);
    drop(callers);

    // Their places are free at once, though the one whose turn it was still waits for the other program.
    let post = |title: &str| -> Reply {
        loop {
            let mut client = app.connect();
            client.socket().set_read_timeout(Some(Duration::from_mins(2))).expect("a timeout");
            let reply = client.ask("POST", "/graphql", &headers, body(title).as_bytes()).expect("an answer");
            if reply.status == 200 {
                return reply;
            }
            reply.refused(503, "OVERLOADED");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    std::thread::scope(|scope| {
        let waiting: Vec<_> = ["One", "Two", "Three"].map(|title| scope.spawn(move || post(title))).into_iter().collect();
        // The line is full again: reads go on, and one more write is refused.
        let is_full = (0..1_000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            let mut client = app.connect();
            client.socket().set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
            client.ask("POST", "/graphql", &headers, body("Refused").as_bytes()).is_some_and(|reply| reply.status == 503)
        });
        assert!(is_full, "three wait again");
        assert_eq!(app.get_as(&key, "{ __typename }").status, 200);
        let_go.send(()).expect("it holds");
        holder.join().expect("it lets go");
        for waiting in waiting {
            let reply = waiting.join().expect("an answer");
            assert_eq!(reply.json()["data"]["draftGoodPractice"]["errors"], json!([]), "{}", reply.text());
        }
    });
    let written = titles();
    assert!(["One", "Two", "Three"].iter().all(|title| written.contains(*title)), "{written:?}");
    let gone = written.iter().filter(|title| title.starts_with("Gone")).count();
    assert!(gone <= 1, "whoever went away before his turn has written nothing: {written:?}");
}
