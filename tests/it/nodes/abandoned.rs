//! Reads that nobody waits for any more: their callers went away, or their time was over. The database must not go on with
//! them, or a few such callers keep everyone from reading.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::postgres::Postgres;
use crate::app::{TestApp, request};
use crate::place::say;

/// From then on, whoever reads a series sleeps for an hour.
const SLOW: &str = "ALTER TABLE series RENAME TO series_kept; CREATE VIEW series AS SELECT * FROM series_kept WHERE pg_sleep(3600)::text IS NOT NULL";
const AS_BEFORE: &str = "DROP VIEW series; ALTER TABLE series_kept RENAME TO series";

/// One that reads by the way, one that reads in a transaction.
const READS: [&str; 2] = ["{ flow(code: \"PAK-SAU\") { observations { nodes { value } } } }", "{ observations(first: 7) { nodes { value } } }"];

/// What the database is doing for those who read.
fn running(server: &Postgres) -> Vec<String> {
    server.texts("SELECT query FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%series%' AND pid <> pg_backend_pid()")
}

fn until(what: &str, wanted: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !wanted() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
    begun.elapsed()
}

#[test]
fn reads_that_nobody_waits_for_stop_in_the_database() {
    let Some(server) = Postgres::start("reads that nobody waits for") else { return };
    let patient = TestApp::with(|settings| {
        settings.database = server.url().into();
        settings.http.answer_time = "5m".parse().expect("a time");
    });
    let hasty = TestApp::with(|settings| {
        settings.database = server.url().into();
        settings.http.answer_time = "2s".parse().expect("a time");
    });
    patient.run_sql(SLOW);
    for query in READS {
        let body = json!({ "query": query }).to_string();
        let bytes = request("POST", "/graphql", &[("content-type", "application/json")], body.as_bytes());
        // More than there are connections: each is given up for the next.
        for _ in 0..3 {
            let callers: Vec<TcpStream> = (0..8)
                .map(|_| {
                    let mut socket = TcpStream::connect(patient.address()).expect("it listens");
                    std::io::Write::write_all(&mut socket, &bytes).expect("sent");
                    socket
                })
                .collect();
            until("they are read for", || running(&server).len() >= 4);
            drop(callers);
            let took = until("what was read for callers who went away is given up", || running(&server).is_empty());
            say(&format!("given up {} ms after its callers", took.as_millis()));
        }
        hasty.post(&json!({ "query": query })).refused(504, "TIMEOUT");
        until("what was read for too long is given up", || running(&server).is_empty());
    }
    // By the server's own limit nothing had to end: it saw that nobody was there.
    let log = server.log();
    assert!(log.contains("connection to client lost") && !log.contains("statement timeout"), "{log}");
    patient.run_sql(AS_BEFORE);
    for (app, query) in [(&patient, READS[0]), (&patient, READS[1]), (&hasty, READS[0]), (&hasty, READS[1])] {
        assert!(app.query(query).get("errors").is_none(), "all is well again");
    }
}
