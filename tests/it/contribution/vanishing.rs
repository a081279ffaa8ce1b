//! A client that goes away in the middle of a write: the write happens once and whole, or not at all.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Stage, content};
use crate::app::knob;

const FEW: usize = 60;

/// Sends a write and goes, at another moment each time.
fn send_and_go(stage: &Stage, body: &str, n: usize) {
    let mut socket = TcpStream::connect(stage.app.address()).expect("it listens");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        stage.tashkent,
        body.len()
    );
    // Some never send the end of the body; of the others, each waits a little longer.
    let sent = if n.is_multiple_of(7) { body.len() / 2 } else { body.len() };
    socket.write_all(head.as_bytes()).expect("sent");
    socket.write_all(&body.as_bytes()[..sent]).expect("sent");
    std::thread::sleep(Duration::from_micros((n as u64 * 211) % 6_000));
    let _ = socket.shutdown(Shutdown::Both);
}

#[test]
fn a_write_whose_client_vanished_happens_once_and_whole_or_not_at_all() {
    let count = knob("VANISHING").unwrap_or(FEW);
    let stage = Stage::new();
    let query = "mutation($input: DraftGoodPracticeInput!) { draftGoodPractice(input: $input) { goodPractice { id title body version history { totalCount } } errors { code } } }";
    let body = |n: usize| {
        let input = json!({ "idempotencyKey": format!("vanished-{n}"), "content": content(&format!("Sent and gone {n}")) });
        json!({ "query": query, "variables": { "input": input } })
    };
    std::thread::scope(|scope| {
        for part in 0..4 {
            let (stage, body) = (&stage, &body);
            scope.spawn(move || (0..count).filter(|n| n % 4 == part).for_each(|n| send_and_go(stage, &body(n).to_string(), n)));
        }
    });
    // No transaction was left open: the next write goes through. Each that is sent again is the one that was written.
    let mut ids = Vec::new();
    for n in 0..count {
        let payload = stage.app.post_as(&stage.tashkent, &body(n)).json()["data"]["draftGoodPractice"].clone();
        let practice = &payload["goodPractice"];
        assert_eq!((&payload["errors"], &practice["version"], &practice["history"]["totalCount"]), (&json!([]), &json!(1), &json!(1)), "{payload}");
        assert_eq!((&practice["title"], practice["body"].is_string()), (&json!(format!("Sent and gone {n}")), true), "{payload}");
        ids.push(practice["id"].as_str().expect("an id").to_owned());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    let drafts = stage.app.query_as(&stage.tashkent, "{ tasks { totalCount } }")["data"]["tasks"]["totalCount"].clone();
    assert_eq!(drafts, Value::from(count), "one effect for each key");
    let found = stage.app.beside(async |store| store.check().await.expect("a look").iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(found, Vec::<String>::new());
}
