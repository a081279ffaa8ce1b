//! `silkroutes backup` under writes, and `restore`: what was acknowledged before is in it, and the chain of events holds.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::kills::post;

const DRAFT: &str = "mutation($input: DraftGoodPracticeInput!) { draftGoodPractice(input: $input) { goodPractice { id } errors { message } } }";

fn draft(address: &str, key: &str, n: usize) -> String {
    let input = json!({ "content": { "title": format!("Kept {n}"), "summary": "While copies are made." } });
    let answer = post(address, key, &json!({ "query": DRAFT, "variables": { "input": input } })).expect("an answer");
    answer["data"]["draftGoodPractice"]["goodPractice"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[test]
fn a_backup_is_made_while_others_write_and_comes_back_whole() {
    let folder = Place::new();
    assert!(run(folder.path(), &["load"]).status.success());
    let made = run(folder.path(), &["key", "create", "--party", "UZB", "--role", "focal-point", "--expires", "90d", "--subject", "office"]);
    let key = out(&made).trim().to_owned();
    let server = Server::start(&mut silkroutes(folder.path(), &["--listen", "127.0.0.1:0"]));
    let before: Vec<String> = (0..20).map(|n| draft(&server.address, &key, n)).collect();
    let (is_over, meanwhile) = (AtomicBool::new(false), Mutex::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in (100..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                draft(&server.address, &key, n);
                *meanwhile.lock().expect("whole") += 1;
            }
        });
        let kept = run(folder.path(), &["backup", "kept.db"]);
        is_over.store(true, Ordering::Relaxed);
        assert!(kept.status.success(), "{}", err(&kept));
        assert!(out(&kept).contains("kept.db is sound."), "{}", out(&kept));
    });
    assert!(*meanwhile.lock().expect("whole") > 0, "nothing was written meanwhile");
    assert!(!folder.path().join("kept.db.part").exists() && !folder.path().join("kept.db-wal").exists());
    server.terminate();

    // Back into another place, which then answers by the same key.
    let back = run(folder.path(), &["restore", "kept.db", "--database", "sqlite://back.db"]);
    assert!(back.status.success(), "{}", err(&back));
    let server = Server::start(&mut silkroutes(folder.path(), &["--listen", "127.0.0.1:0", "--database", "sqlite://back.db"]));
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } contactPoints { totalCount } }";
    let answer = post(&server.address, &key, &json!({ "query": query, "variables": { "ids": before } })).expect("an answer");
    assert_eq!(answer["data"]["nodes"], before.iter().map(|id| json!({ "id": id })).collect::<Value>());
    server.terminate();
    let doctor = run(folder.path(), &["doctor", "--database", "sqlite://back.db"]);
    assert!(doctor.status.success(), "{}", out(&doctor));
}

#[test]
fn nothing_is_lost_to_a_backup_or_its_return() {
    let folder = Place::new();
    let nothing = run(folder.path(), &["backup", "kept.db", "--database", "sqlite://none.db"]);
    assert!(one_sentence(&nothing).contains("is not there yet"), "{}", err(&nothing));
    assert!(run(folder.path(), &["load"]).status.success());
    assert!(run(folder.path(), &["backup", "kept.db"]).status.success());
    assert!(one_sentence(&run(folder.path(), &["backup", "kept.db"])).contains("a backup never replaces another one"));

    // The same is there already; something else is not given up unasked.
    let again = run(folder.path(), &["restore", "kept.db"]);
    assert!(again.status.success() && out(&again).contains("already"), "{}", err(&again));
    assert!(run(folder.path(), &["key", "create", "--party", "UZB", "--role", "focal-point", "--expires", "90d", "--subject", "office"]).status.success());
    assert!(one_sentence(&run(folder.path(), &["restore", "kept.db"])).contains("--replace"));
    assert!(run(folder.path(), &["restore", "kept.db", "--replace"]).status.success());
    assert_eq!(out(&run(folder.path(), &["key", "list"])).lines().count(), 0, "the key is younger than the backup");

    fs::write(folder.path().join("broken.db"), "no database").expect("written");
    one_sentence(&run(folder.path(), &["restore", "broken.db", "--replace"]));
    one_sentence(&run(folder.path(), &["restore", "none.db"]));
    assert!(run(folder.path(), &["doctor"]).status.success(), "what was there still is");
}
