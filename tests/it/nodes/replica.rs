//! A replica that figures are read from: wherever it is up with the node, and never where it is not.

use std::time::Duration;

use serde_json::Value;
use silkroutes::domain::figure::Measure;
use silkroutes::domain::viewer::Role;

use super::postgres::Postgres;
use super::{acknowledged, draft, post};
use crate::app::TestApp;

/// The files that figures came in, which tell from which server they were read; `n` makes another question of it.
fn files(app: &TestApp, n: usize) -> String {
    let query = format!("{{ flow(code: \"PAK-SAU\") {{ observations(first: {n}) {{ nodes {{ value provenance {{ file }} }} }} }} }}");
    let json = app.query(&query);
    assert!(json.get("errors").is_none(), "{json}");
    json["data"]["flow"]["observations"]["nodes"].to_string()
}

/// The same by the list of all figures, by sums and by id: whether they are answered.
fn all(app: &TestApp, n: usize) -> String {
    let list = app.query(&format!("{{ observations(first: {n}) {{ nodes {{ id provenance {{ file }} }} }} }}"));
    let id = list["data"]["observations"]["nodes"][0]["id"].as_str().unwrap_or_else(|| panic!("{list}"));
    let one = app.query(&format!("{{ node(id: \"{id}\") {{ ... on Observation {{ provenance {{ file }} }} }} }}"));
    let sums = app.query(&format!("{{ figures(measure: REFUGEES, groupBy: [YEAR], first: {n}) {{ nodes {{ value }} }} }}"));
    assert!(one.get("errors").is_none() && sums.get("errors").is_none(), "{one} {sums}");
    format!("{} {}", list["data"], one["data"])
}

#[test]
fn figures_come_from_a_replica_that_is_up_with_the_node_and_from_no_other() {
    let Some(server) = Postgres::start("a replica that figures are read from") else { return };
    // What the standby is made of.
    TestApp::with(|settings| settings.database = server.url().into()).stop();
    let mut standby = server.standby();
    let app = TestApp::with(|settings| {
        settings.database = server.url().into();
        settings.database_replica = standby.url().into();
        // Every answer is read, the second one to the same words, too.
        settings.http.cache_bytes = 0;
    });
    let key = app.key("UZB", Role::FocalPoint, "desk");
    let until = |what: &str, wanted: &dyn Fn() -> bool| {
        let came = (0..1_000).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            wanted()
        });
        assert!(came, "{what}");
    };
    let level = |one: &Postgres, other: &Postgres| {
        let sql = "SELECT CAST(max(revision) AS text) FROM change";
        one.texts(sql) == other.texts(sql)
    };
    until("the standby follows", &|| level(&server, &standby));
    // The standby stands still, and the two tell apart what no revision tells.
    standby.texts("SELECT CAST(pg_wal_replay_pause() AS text)");
    until("it stands still", &|| standby.texts("SELECT pg_get_wal_replay_pause_state()") == ["paused"]);
    app.run_sql("UPDATE figure_file SET name = 'of-the-database.csv'");
    assert!(!files(&app, 11).contains("of-the-database") && !all(&app, 11).contains("of-the-database"), "the replica is up with the node");

    let (id, revision) = acknowledged(&post(&app, &key, &draft("Written meanwhile"))).expect("written");
    assert!(files(&app, 12).contains("of-the-database") && all(&app, 12).contains("of-the-database"), "it is behind now");
    // Who may see what is never asked of it: the draft is not there yet.
    assert!(standby.texts(&format!("SELECT id FROM entry WHERE id = '{id}'")).is_empty());
    let read = super::ask(&app, &key, &revision.to_string(), &super::node(&id)).json();
    assert_eq!(read["data"]["node"]["id"].as_str(), Some(id.as_str()), "{read}");

    standby.texts("SELECT CAST(pg_wal_replay_resume() AS text)");
    until("it is up again", &|| level(&server, &standby));
    let reads = |server: &Postgres| server.texts("SELECT CAST(count(*) AS text) FROM pg_stat_activity WHERE application_name = 'silkroutes'")[0].clone();
    assert_ne!(reads(&standby), "0");
    assert!(files(&app, 13).contains("of-the-database"));

    // Gone, it is not missed; back again, it is used again.
    standby.kill();
    for n in 14..18 {
        let (_, _): (String, String) = (files(&app, n), all(&app, n));
    }
    standby.restart();
    until("the standby is used again", &|| {
        // A figure by its id, which is not kept.
        all(&app, 18);
        reads(&standby) != "0"
    });
    let value: Value = app.query("{ observations(first: 1) { totalCount } }");
    assert!(value.get("errors").is_none(), "{value}");
}

#[test]
fn what_is_held_back_is_held_back_of_a_replica_too() {
    let Some(server) = Postgres::start("a replica of figures that are held back") else { return };
    TestApp::with(|settings| settings.database = server.url().into()).stop();
    let standby = server.standby();
    let serve = |replica: Option<&Postgres>| {
        TestApp::with(|settings| {
            settings.database = server.url().into();
            settings.suppress_below.0.insert(Measure::LabourDepartures, 100_000);
            settings.http.cache_bytes = 0;
            if let Some(replica) = replica {
                settings.database_replica = replica.url().into();
            }
        })
    };
    let (with, without) = (serve(Some(&standby)), serve(None));
    let scans = || standby.texts("SELECT CAST(sum(seq_scan + coalesce(idx_scan, 0)) AS text) FROM pg_stat_user_tables WHERE relname LIKE 'figure%'")[0].clone();
    let before = scans();
    for query in [
        "{ observations(first: 100) { totalCount nodes { id value availability provenance { file line rawValue } } } }",
        "{ figures(measure: LABOUR_DEPARTURES, groupBy: [YEAR]) { nodes { value availability } } }",
        "{ flow(code: \"PAK-OMN\") { observations(first: 100) { nodes { value availability } } series(measure: LABOUR_DEPARTURES) { points { value availability } } } }",
    ] {
        let (answer, other) = (with.query(query), without.query(query));
        assert!(answer.get("errors").is_none(), "{answer}");
        assert_eq!(answer["data"], other["data"], "{query}");
    }
    let closed = with.query("{ observations(first: 100) { nodes { value availability } } }").to_string();
    assert!(closed.contains(r#""availability":"SUPPRESSED""#), "{closed}");
    let read = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        scans() != before
    });
    assert!(read, "it was the replica that was asked");
}
