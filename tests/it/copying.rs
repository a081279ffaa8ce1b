//! `silkroutes copy`: from SQLite to PostgreSQL and back; whoever asks, with a key, an id, a cursor or a mark of an
//! answer from before, does not notice.

use std::fs;

use serde_json::{Value, json};
use silkroutes::domain::viewer::Role;

use crate::app::{TestApp, query_path};
use crate::commands::{err, out, run};
use crate::nodes::postgres::Postgres;
use crate::place::{Place, server};

/// Everything that is asked before and after.
fn questions() -> Vec<String> {
    let mut all = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/queries")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "graphql") && !path.with_extension("json").exists() {
                all.push(fs::read_to_string(path).expect("readable"));
            }
        }
    }
    all.sort();
    assert!(all.len() > 20, "the questions of the query tests");
    all
}

struct Told {
    answers: Vec<Value>,
    own: Value,
    next: Value,
    tag: String,
}

/// What a server over that database says, to all and to the holder of a key.
fn tell(url: &str, key: &str, cursor: &str) -> Told {
    let app = TestApp::with(|settings| settings.database = url.to_owned().into());
    let answers = questions().iter().map(|question| without_id(app.query(question))).collect();
    let own = r"{ viewer { keys(first: 10) { nodes { prefix subject } } } goodPractices(first: 100) { nodes { id title status version history { nodes { kind at } } } } }";
    let page = format!("{{ goodPractices(first: 7, after: \"{cursor}\") {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}");
    let got = app.get(&query_path(PAGE), &[]);
    Told { answers, own: app.query_as(key, own)["data"].clone(), next: app.query(&page)["data"].clone(), tag: got.header("etag").expect("a mark").to_owned() }
}

const PAGE: &str = "{ goodPractices(first: 7) { pageInfo { endCursor } } }";

fn without_id(mut answer: Value) -> Value {
    for error in answer["errors"].as_array_mut().into_iter().flatten() {
        error["extensions"]["requestId"] = Value::Null;
    }
    answer
}

#[test]
fn a_deployment_moves_there_and_back_and_nobody_notices() {
    // With TEST_DATABASE_URL both ends may be schemas of that server; else one is a server of its own.
    let (first, middle) = (Place::new(), Place::new());
    let own = if server().is_some() { None } else { Postgres::start("a copy to PostgreSQL and back") };
    let middle = match &own {
        Some(own) => own.url(),
        None if server().is_some() => middle.url(),
        None => return,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let last = format!("sqlite://{}", folder.path().join("back.db").display());
    let (key, cursor) = {
        let app = TestApp::on(&first);
        let key = app.key("UZB", Role::FocalPoint, "desk");
        let content = json!({ "title": "Moved", "summary": "From here to there, and back.", "body": "Ташкент → Kabul" });
        let query = "mutation($input: DraftGoodPracticeInput!) { draftGoodPractice(input: $input) { errors { message } } }";
        let drafted = app.post_as(&key, &json!({ "query": query, "variables": { "input": { "content": content } } })).json();
        assert_eq!(drafted["data"]["draftGoodPractice"]["errors"], json!([]), "{drafted}");
        (key, app.query(PAGE)["data"]["goodPractices"]["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned())
    };
    let copy = |from: &str, to: &str, more: &[&str]| run(folder.path(), &[&["copy", "--from", from, "--to", to], more].concat());
    let before = tell(&first.url(), &key, &cursor);
    assert!(before.own["goodPractices"]["nodes"].to_string().contains("Moved") && before.next["goodPractices"]["nodes"][6]["id"].is_string());
    let mut hashes = Vec::new();
    for (from, to) in [(first.url(), &middle), (middle.clone(), &last)] {
        let copied = copy(&from, to, &[]);
        assert!(copied.status.success(), "{}", err(&copied));
        assert!(out(&copied).contains("read them again: they are the same"), "{}", out(&copied));
        let again = copy(&from, to, &[]);
        assert!(again.status.success() && out(&again).contains("held these"), "{}{}", out(&again), err(&again));
        hashes.push(out(&again));
        let after = tell(to, &key, &cursor);
        assert_eq!(after.answers, before.answers);
        assert_eq!((after.own, after.next, after.tag), (before.own.clone(), before.next.clone(), before.tag.clone()));
    }
    assert!(hashes[0].lines().count() > 10 && hashes[0] == hashes[1], "{}\n{}", hashes[0], hashes[1]);
    let doctor = run(folder.path(), &["doctor", "--database", &last]);
    assert!(doctor.status.success(), "{}", out(&doctor));

    // What is somebody's is not given up unasked.
    let other = format!("sqlite://{}", folder.path().join("other.db").display());
    assert!(run(folder.path(), &["load", "--database", &other]).status.success());
    let refused = copy(&last, &other, &[]);
    assert!(
        refused.status.code() == Some(1) && err(&refused).contains("holds something else already") && err(&refused).contains("--replace"),
        "{}",
        err(&refused)
    );
    assert!(copy(&last, &other, &["--replace"]).status.success());
    let nothing = copy("sqlite://none.db", &other, &[]);
    assert!(err(&nothing).contains("There is nothing to copy: sqlite://none.db is not there yet."), "{}", err(&nothing));
    assert!(!folder.path().join("none.db").exists());
}
