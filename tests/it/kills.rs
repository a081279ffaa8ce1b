//! A server that is killed under writes loses none that it acknowledged, and is there again at once.
//!
//! `KILLS` says how often (CI: 200).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::app::knob;
use crate::commands::{run, silkroutes};
use crate::place::{Place, say};

const FEW: usize = 5;

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut child = silkroutes(folder, &["serve", "--listen", "127.0.0.1:0", "--log-level", "error"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let first = lines.next().and_then(Result::ok).expect("it says where it is");
        let address = first.split("http://").nth(1).and_then(|rest| rest.strip_suffix("/graphql")).expect("an address").to_owned();
        Self { child, address }
    }

    fn kill(mut self) {
        // SIGKILL: nothing is flushed, nothing is said.
        self.child.kill().expect("killed");
        self.child.wait().expect("it ends");
    }
}

/// Posts with a key; none where the server went away meanwhile.
pub fn post(address: &str, key: &str, body: &Value) -> Option<Value> {
    let body = body.to_string();
    let mut socket = TcpStream::connect(address).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: t\r\nconnection: close\r\ncontent-type: application/json\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut text = String::new();
    socket.read_to_string(&mut text).ok()?;
    serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()
}

#[test]
fn what_was_acknowledged_is_never_lost() {
    let kills = knob("KILLS").unwrap_or(FEW);
    let folder = Place::new();
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    assert!(run(&["load"]).status.success());
    let made = run(&["key", "create", "--party", "UZB", "--role", "focal-point", "--expires", "90d", "--subject", "office"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let key = String::from_utf8(made.stdout).expect("text").trim().to_owned();

    let acknowledged: Mutex<Vec<String>> = Mutex::default();
    let count = AtomicUsize::new(0);
    let mut slowest = Duration::ZERO;
    for round in 0..kills {
        let begun = Instant::now();
        let server = Server::start(folder.path());
        slowest = slowest.max(begun.elapsed());
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        let n = count.fetch_add(1, Ordering::Relaxed);
                        let input = json!({ "idempotencyKey": format!("k-{n}"), "content": { "title": format!("Written {n}"), "summary": "Under fire." } });
                        let query = "mutation($input: DraftGoodPracticeInput!) { draftGoodPractice(input: $input) { goodPractice { id } errors { message } } }";
                        let answer = post(&server.address, &key, &json!({ "query": query, "variables": { "input": input } }));
                        let id = answer.as_ref().and_then(|answer| answer["data"]["draftGoodPractice"]["goodPractice"]["id"].as_str());
                        if let Some(id) = id {
                            acknowledged.lock().expect("whole").push(id.to_owned());
                        }
                    }
                });
            }
            // Each life sees a write, and ends at another moment.
            let before = acknowledged.lock().expect("whole").len();
            for _ in 0..1_000 {
                if acknowledged.lock().expect("whole").len() > before {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(20 + (round as u64 * 37) % 130));
            is_over.store(true, Ordering::Relaxed);
            // The writers are still waiting for their answers.
            let _ = Command::new("kill").args(["-9", &server.child.id().to_string()]).status();
        });
        server.kill();
    }
    let acknowledged = acknowledged.into_inner().expect("whole");
    assert!(acknowledged.len() >= kills, "only {} writes were acknowledged in {kills} lives", acknowledged.len());
    let server = Server::start(folder.path());
    for some in acknowledged.chunks(100) {
        let answer = post(&server.address, &key, &json!({ "query": "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", "variables": { "ids": some } }))
            .expect("an answer");
        let found: Vec<_> = answer["data"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(|node| node["id"].as_str()).collect();
        assert_eq!(found, some.iter().map(|id| Some(id.as_str())).collect::<Vec<_>>(), "an acknowledged write is lost");
    }
    server.kill();
    say(&format!("killed {kills} times, {} writes acknowledged, the slowest start took {} ms", acknowledged.len(), slowest.as_millis()));
    let doctor = run(&["doctor"]);
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
}
