//! A database that is away for a while, or that a node cannot follow.

use std::time::Duration;

use silkroutes::domain::viewer::Role;
use tokio::time::Instant;

use super::postgres::Postgres;
use super::{acknowledged, draft, post};
use crate::app::TestApp;
use crate::place::say;

#[test]
fn a_write_that_waits_for_a_database_goes_on_soon_after_it_is_back() {
    let Some(mut server) = Postgres::start("a database that is away for long") else { return };
    let app = TestApp::with(|settings| {
        settings.database = server.url().into();
        // Whoever was let in waits for as long as it takes.
        settings.http.silence_time = "10m".parse().expect("a time");
        settings.http.answer_time = "2m".parse().expect("a time");
    });
    let key = app.key("UZB", Role::FocalPoint, "desk");
    server.kill();
    let (begun, back) = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let begun = Instant::now();
            // The first to find the connection gone is told so.
            while acknowledged(&post(&app, &key, &draft("During the outage"))).is_none() {
                std::thread::sleep(Duration::from_millis(20));
            }
            (begun, Instant::now())
        });
        // Pauses that double are beyond five seconds by then.
        std::thread::sleep(Duration::from_millis(10_400));
        server.restart();
        let back = Instant::now();
        let (begun, done) = waiting.join().expect("it is written");
        (done.saturating_duration_since(begun), done.saturating_duration_since(back))
    });
    say(&format!("written {} ms after the database was back, {} ms after it was asked for", back.as_millis(), begun.as_millis()));
    // Two seconds are the aim; a test on a busy machine is patient.
    assert!(back < Duration::from_secs(20), "{back:?}");
}

#[test]
fn a_node_that_cannot_follow_its_database_says_that_it_is_not_ready() {
    let app = TestApp::with(|_| {});
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let public = "{ state(iso3: \"AFG\") { name } }";
    assert_eq!((app.get("/health/ready", &[]).status, app.get_as(&key, public).status), (200, 200));
    let until = |what: &str, wanted: &dyn Fn() -> bool| {
        let came = (0..1_000).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            wanted()
        });
        assert!(came, "{what}");
    };
    // The database answers, but what it holds makes no graph.
    app.run_sql(
        "UPDATE entry SET content = 'x' || content WHERE kind = 'Meeting'; \
         INSERT INTO change (revision, entry_id, kind, at) SELECT max(revision) + 1, 'x', 'Meeting', max(at) FROM change",
    );
    until("callers with keys are turned away", &|| app.get_as(&key, public).status == 503);
    let refused = app.get("/health/ready", &[]).refused(503, "UNAVAILABLE");
    assert!(refused.text().contains("does not follow its database") && refused.header("retry-after").is_some(), "{}", refused.text());
    assert_eq!((app.get("/health/live", &[]).status, app.query(public)["data"]["state"]["name"].as_str()), (200, Some("Afghanistan")));
    app.run_sql("UPDATE entry SET content = substr(content, 2) WHERE kind = 'Meeting'");
    until("they are served again", &|| app.get_as(&key, public).status == 200);
    until("it is ready", &|| app.get("/health/ready", &[]).status == 200);
}
