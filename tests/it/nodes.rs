//! Many nodes, one graph: what is written on one is read on the others, whatever is restarted or killed meanwhile.
//!
//! Each story runs on either engine, as nodes are servers over one database; those that kill PostgreSQL make one of
//! their own. `PAIRS`, `KILLS_OF_POSTGRES`, `ROLLS` and `STORM` say how often (CI: 10,000, 50, 10 and 10,000).

mod abandoned;
mod back;
mod balancer;
mod histories;
mod outage;
pub mod postgres;
mod proxy;
mod relay;
mod replica;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use silkroutes::domain::viewer::Role;

use crate::app::{Reply, TestApp, knob, request};
use crate::place::{Place, say};
use balancer::Balancer;
use postgres::{Postgres, abandon};

const DRAFT: &str = "mutation($input: DraftGoodPracticeInput!) { draftGoodPractice(input: $input) { goodPractice { id version } errors { message } } }";

fn draft(title: &str) -> Value {
    let content = json!({ "title": title, "summary": "Written by many." });
    json!({ "query": DRAFT, "variables": { "input": { "idempotencyKey": title, "content": content } } })
}

/// The id and revision of a draft that was acknowledged.
fn acknowledged(reply: &Reply) -> Option<(String, u64)> {
    let json = serde_json::from_slice::<Value>(&reply.body).ok()?;
    let id = json["data"]["draftGoodPractice"]["goodPractice"]["id"].as_str()?.to_owned();
    let revision = json["extensions"]["revision"].as_u64().expect("the revision of a write");
    assert_eq!(reply.header("revision"), Some(revision.to_string().as_str()));
    Some((id, revision))
}

/// Posts with a key, and waits long: a machine may be busy with other tests.
fn post(app: &TestApp, key: &str, body: &Value) -> Reply {
    try_post(app, key, body).expect("an answer")
}

/// The same; none where the connection ends without an answer.
fn try_post(app: &TestApp, key: &str, body: &Value) -> Option<Reply> {
    let bearer = format!("Bearer {key}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let mut client = app.connect();
    client.socket().set_read_timeout(Some(Duration::from_mins(2))).expect("a timeout");
    client.ask("POST", "/graphql", &headers, body.to_string().as_bytes())
}

/// Posts with a key, wanting to see at least that revision.
fn ask(app: &TestApp, key: &str, revision: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {key}");
    let headers = [("content-type", "application/json"), ("authorization", &bearer), ("at-least-revision", revision)];
    app.post_raw(&headers, body.to_string().as_bytes())
}

fn node(id: &str) -> Value {
    json!({ "query": "query($id: ID!) { node(id: $id) { id } }", "variables": { "id": id } })
}

#[test]
fn what_is_written_on_one_node_is_read_on_another() {
    let pairs = knob("PAIRS").unwrap_or(1_000);
    let place = Place::new();
    let nodes = [TestApp::on(&place), TestApp::on(&place)];
    let keys = ["tashkent", "samarkand"].map(|desk| nodes[0].key("UZB", Role::FocalPoint, desk));
    assert!((0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        keys.iter().all(|key| nodes[1].get_as(key, "{ __typename }").status == 200)
    }));
    std::thread::scope(|scope| {
        for (n, key) in keys.iter().enumerate() {
            let nodes = &nodes;
            scope.spawn(move || {
                for pair in 0..pairs / 2 {
                    let (one, other) = (&nodes[pair % 2], &nodes[(pair + 1) % 2]);
                    let reply = one.post_as(key, &draft(&format!("Pair {n} {pair}")));
                    let (id, revision) = acknowledged(&reply).unwrap_or_else(|| panic!("{reply:?}"));
                    let read = ask(other, key, &revision.to_string(), &node(&id));
                    assert_eq!(read.json()["data"]["node"]["id"], id, "stale: {read:?}");
                }
            });
        }
    });
    // Reads tell no revision: how much is written says something of what cannot be seen.
    let read = nodes[0].post_as(&keys[0], &json!({ "query": "{ __typename }" }));
    assert!(read.header("revision").is_none() && read.json()["extensions"].get("revision").is_none());
}

#[test]
fn a_revision_that_does_not_come_is_told() {
    let app = TestApp::with(|settings| settings.http.revision_time = "100ms".parse().expect("a time"));
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let query = json!({ "query": "{ __typename }" });
    assert_eq!(ask(&app, &key, "1", &query).status, 200);
    let behind = ask(&app, &key, "1000000", &query).refused(503, "BEHIND");
    assert!(behind.header("retry-after").is_some() && behind.json()["errors"][0]["extensions"]["retryable"] == true, "{behind:?}");
    assert!(behind.text().contains("revision 1000000"), "{}", behind.text());
    app.get(&crate::app::query_path("{ __typename }"), &[("at-least-revision", "1000000")]).refused(400, "BAD_REQUEST");
    ask(&app, &key, "soon", &query).refused(400, "BAD_REQUEST");
}

#[test]
fn five_nodes_start_together_on_an_empty_database() {
    let place = Place::new();
    let nodes: Vec<TestApp> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..5).map(|_| scope.spawn(|| TestApp::on(&place))).collect();
        all.into_iter().map(|node| node.join().expect("it starts")).collect()
    });
    let answers: BTreeSet<String> =
        nodes.iter().map(|node| node.query("{ states(first: 100) { nodes { id name } pageInfo { endCursor } } }")["data"].to_string()).collect();
    assert_eq!(answers.len(), 1, "one catalogue, one secret of cursors");
    assert!(nodes.iter().all(|node| node.get("/health/ready", &[]).status == 200));
    let found = nodes[0].beside(async |store| (store.revision().await.expect("a revision"), store.check().await.expect("a look")));
    assert_eq!((found.0, found.1.len()), (1, 0), "loaded once: {:?}", found.1);
}

#[test]
fn a_poller_among_fifty_writers_misses_nothing() {
    let place = Place::new();
    let nodes = [TestApp::on(&place), TestApp::on(&place)];
    let key = nodes[0].key("UZB", Role::FocalPoint, "desk");
    assert!((0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        nodes[1].get_as(&key, "{ __typename }").status == 200
    }));
    let (is_over, written) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    let first = nodes[0].beside(async |store| store.revision().await.expect("a revision"));
    let seen = std::thread::scope(|scope| {
        let poller = scope.spawn(|| poll(&place, first, &is_over));
        let writers: Vec<_> = (0..50)
            .map(|n| {
                let (nodes, key, written) = (&nodes, &key, &written);
                scope.spawn(move || {
                    for m in 0..4 {
                        let reply = post(&nodes[(n + m) % 2], key, &draft(&format!("Writer {n} {m}")));
                        let (_, revision) = acknowledged(&reply).unwrap_or_else(|| panic!("{reply:?}"));
                        assert!(written.lock().expect("whole").insert(revision), "one revision for two writes");
                    }
                })
            })
            .collect();
        let ended: Vec<_> = writers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        // Before anything can fail: a poller that is not told would poll for ever.
        is_over.store(true, Ordering::Relaxed);
        for writer in ended {
            writer.expect("it writes");
        }
        poller.join().expect("it polls")
    });
    assert_eq!(seen, written.into_inner().expect("whole").into_iter().collect::<Vec<_>>(), "in the order of commits, none missed, none twice");
}

/// Reads the change log from where it has got to, again and again, as fast as it can.
fn poll(place: &Place, first: u64, is_over: &AtomicBool) -> Vec<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
    runtime.block_on(async {
        let db = sea_orm::Database::connect(place.url()).await.expect("a database");
        let (mut seen, mut last) = (Vec::new(), first);
        loop {
            let was_over = is_over.load(Ordering::Relaxed);
            let sql = format!("SELECT DISTINCT revision FROM change WHERE revision > {last} ORDER BY revision");
            let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("the log");
            for row in rows {
                let revision: i64 = row.try_get_by_index(0).expect("a number");
                last = u64::try_from(revision).expect("a revision");
                seen.push(last);
            }
            if was_over {
                db.close().await.expect("closed");
                return seen;
            }
        }
    })
}

#[test]
fn what_ends_on_one_node_ends_on_the_others() {
    let place = Place::new();
    let nodes = [TestApp::on(&place), TestApp::on(&place)];
    let [owner, desk, second] = [("UZB", Role::FocalPoint, "owner"), ("ICMPD", Role::Secretariat, "one"), ("UZB", Role::FocalPoint, "second")]
        .map(|(party, role, subject)| nodes[0].key(party, role, subject));
    let other = nodes[1].key("AFG", Role::FocalPoint, "kabul");
    let call = |key: &str, mutation: &str, input: &str| {
        let query = format!("mutation {{ done: {mutation}(input: {{ {input} }}) {{ goodPractice {{ id version }} errors {{ message }} }} }}");
        let reply = nodes[0].post_as(key, &json!({ "query": query }));
        let json = reply.json();
        assert_eq!(json["data"]["done"]["errors"], json!([]), "{json}");
        (json["data"]["done"]["goodPractice"].clone(), json["extensions"]["revision"].to_string())
    };
    let (practice, _) = call(&owner, "draftGoodPractice", r#"content: { title: "For a while", summary: "Then no more." }"#);
    let at = format!("id: {}, ifVersion: 1", practice["id"]);
    call(&owner, "submitGoodPractice", &format!("{at}, audience: {{ level: PUBLIC }}"));
    let (_, published) = call(&desk, "publishGoodPractice", &at);
    let read = |revision: &str| {
        let bearer = format!("Bearer {other}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str()), ("at-least-revision", revision)];
        nodes[1].post_raw(&headers, node(practice["id"].as_str().expect("an id")).to_string().as_bytes()).json()["data"]["node"].clone()
    };
    assert_eq!(read(&published)["id"], practice["id"]);
    let (_, withdrawn) = call(&owner, "withdrawGoodPractice", &at);
    assert_eq!(read(&withdrawn), Value::Null);

    let ends = |wanted: u16| {
        (0..400).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            nodes[1].get_as(&second, "{ __typename }").status == wanted
        })
    };
    assert!(ends(200), "known on the other node");
    nodes[0].revoke(&second);
    assert!(ends(401), "revoked on the other node");
}

#[test]
fn nodes_are_restarted_one_by_one_and_no_request_fails() {
    let rolls = knob("ROLLS").unwrap_or(1);
    let place = Place::new();
    let balancer = Balancer::new(3, || {
        TestApp::with(|settings| {
            settings.database = place.url().into();
            settings.http.notice_time = "300ms".parse().expect("a time");
        })
    });
    let key = balancer.with_one(|app| app.key("UZB", Role::FocalPoint, "desk"));
    assert!((0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        balancer.all(|app| app.get_as(&key, "{ __typename }").status == 200)
    }));
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (balancer, key, is_over, asked) = (&balancer, &key, &is_over, &asked);
            scope.spawn(move || {
                for n in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let written = balancer.post(key, "0", &draft(&format!("Roll {worker} {n}")));
                    let (id, revision) = acknowledged(&written).unwrap_or_else(|| panic!("{written:?}"));
                    let read = balancer.post(key, &revision.to_string(), &node(&id));
                    assert_eq!(read.json()["data"]["node"]["id"], id, "{read:?}");
                    asked.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        for n in 0..3 * rolls {
            balancer.restart(n % 3);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let asked = asked.into_inner();
    say(&format!("{asked} requests during {} restarts", 3 * rolls));
    assert!(asked > 10 * rolls, "only {asked} requests");
}

#[test]
fn a_database_that_is_killed_loses_nothing_that_was_acknowledged() {
    let kills = knob("KILLS_OF_POSTGRES").unwrap_or(3);
    let Some(mut server) = Postgres::start("a database that is killed under writes") else { return };
    let url = server.url();
    let nodes = [0, 1].map(|_| TestApp::with(|settings| settings.database = url.clone().into()));
    let key = nodes[0].key("UZB", Role::FocalPoint, "desk");
    assert!((0..1_000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        nodes[1].get_as(&key, "{ __typename }").status == 200
    }));
    let (is_over, kept, count, unanswered) = (AtomicBool::new(false), Mutex::new(Vec::new()), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (nodes, key, is_over, kept, count, unanswered) = (&nodes, &key, &is_over, &kept, &count, &unanswered);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let n = count.fetch_add(1, Ordering::Relaxed);
                    // What is not answered acknowledged nothing; how often that was is told at the end.
                    let Some(reply) = try_post(&nodes[worker % 2], key, &draft(&format!("Under fire {n}"))) else {
                        unanswered.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    assert!([200, 503, 504].contains(&reply.status), "{reply:?}");
                    match acknowledged(&reply) {
                        Some(done) => kept.lock().expect("whole").push(done),
                        // Whoever is told to try again does so a little later.
                        None => std::thread::sleep(Duration::from_millis(20)),
                    }
                }
            });
        }
        for round in 0..kills {
            let before = kept.lock().expect("whole").len();
            // Each life sees some writes, and ends at another moment.
            let lives = (0..12_000).any(|_| {
                std::thread::sleep(Duration::from_millis(10));
                kept.lock().expect("whole").len() > before + 2
            });
            assert!(lives, "nothing is written in life {round}");
            std::thread::sleep(Duration::from_millis((round as u64 * 37) % 130));
            server.kill();
            server.restart();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let mut kept = kept.into_inner().expect("whole");
    kept.sort_by_key(|(_, revision)| *revision);
    assert!(kept.windows(2).all(|two| two[0].1 < two[1].1), "one revision for two writes");
    let last = kept.last().expect("some").1.to_string();
    for some in kept.chunks(100) {
        let ids: Vec<&str> = some.iter().map(|(id, _)| id.as_str()).collect();
        let asked = json!({ "query": "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", "variables": { "ids": ids } });
        for node in &nodes {
            let reply = ask(node, &key, &last, &asked);
            let found: Vec<Value> =
                reply.json()["data"]["nodes"].as_array().unwrap_or_else(|| panic!("{reply:?}")).iter().map(|node| node["id"].clone()).collect();
            assert_eq!(found, ids, "an acknowledged write is lost");
        }
    }
    let findings = nodes[0].beside(async |store| store.check().await.expect("a look"));
    assert_eq!(findings, [], "after {kills} kills");
    let unanswered = unanswered.into_inner();
    say(&format!("{} writes acknowledged in {kills} lives, none lost; {unanswered} calls without an answer", kept.len()));
}

#[test]
fn a_node_without_its_database_serves_what_is_public_and_nothing_else() {
    let Some(mut server) = Postgres::start("a database that goes away") else { return };
    let app = TestApp::with(|settings| settings.database = server.url().into());
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let public = "{ state(iso3: \"AFG\") { name } }";
    server.kill();
    let until = |what: &str, wanted: &dyn Fn() -> bool| {
        let came = (0..1_000).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            wanted()
        });
        assert!(came, "{what}");
    };
    until("callers with keys are turned away", &|| app.get_as(&key, public).status == 503);
    let refused = app.get_as(&key, public).refused(503, "UNAVAILABLE");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert_eq!(app.query(public)["data"]["state"]["name"], "Afghanistan");
    assert_eq!(app.query("{ flow(code: \"PAK-SAU\") { observations { totalCount } } }")["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    app.get("/health/ready", &[]).refused(503, "UNAVAILABLE");
    assert_eq!(app.get("/health/live", &[]).status, 200);
    server.restart();
    until("they are served again", &|| app.get_as(&key, public).status == 200);
    until("figures are there again", &|| app.query("{ flow(code: \"PAK-SAU\") { observations { totalCount } } }").get("errors").is_none());
    until("it is ready", &|| app.get("/health/ready", &[]).status == 200);
}

#[test]
fn requests_that_are_broken_off_leave_no_transaction_behind() {
    let storm = knob("STORM").unwrap_or(500);
    let Some(server) = Postgres::start("requests that are broken off") else { return };
    let app = TestApp::with(|settings| settings.database = server.url().into());
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let bearer = format!("Bearer {key}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (app, headers) = (&app, &headers);
            scope.spawn(move || {
                for n in 0..storm / 8 {
                    let write = draft(&format!("Broken off {worker} {n}"));
                    let read = json!({ "query": format!("{{ observations(first: {}) {{ totalCount nodes {{ value }} }} }}", n % 90 + 1) });
                    let body = if n % 2 == 0 { write } else { read };
                    abandon(
                        app.address(),
                        &request("POST", "/graphql", headers, body.to_string().as_bytes()),
                        Duration::from_micros((n as u64 * 613) % 20_000),
                    );
                }
            });
        }
    });
    // What had begun comes to its end; then nothing is open.
    let mut open = Vec::new();
    for _ in 0..2_400 {
        std::thread::sleep(Duration::from_millis(50));
        open = server.texts(
            "SELECT state || ': ' || query FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        );
        if open.is_empty() {
            break;
        }
    }
    assert_eq!(open, Vec::<String>::new());
    // Writes that were sent in full happen though nobody waits; the next one stands behind them.
    let is_written = (0..60).any(|_| acknowledged(&post(&app, &key, &draft("After the storm"))).is_some());
    let findings = app.beside(async |store| store.check().await.expect("a look"));
    assert!(is_written && findings.is_empty(), "{findings:?}");
}
