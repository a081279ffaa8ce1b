//! Three nodes and a replica under kills, pauses and cut lines: what their clients were told is a history that a store
//! which does one thing after the other could have given (`history.rs` says what is checked).
//!
//! `HISTORY_SECONDS` says for how long (CI: 60, at night 3,600), `HISTORY_SEED` which faults come when.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::balancer::is_ready;
use super::postgres::{Postgres, free_port};
use super::relay::{Line, Relay};
use crate::app::{Client, knob, request};
use crate::commands::silkroutes;
use crate::history::{Answer, ROUND, Record, Time, Truth, What, check};
use crate::place::{Place, say};

const NODES: usize = 3;
/// Two are revised by whoever comes, as the version that he saw decides who wins. Two go from draft to publication and
/// back, each by one client, as steps other than a revision are not told apart by a version.
const ROUNDS: [usize; 4] = [1, 1, ROUND, ROUND];
const ENTRIES: usize = ROUNDS.len();
/// What callers with keys are told may be so old, in microseconds: the silence that a node bears (a second), and as much
/// again for a look that is under way, on a machine that does much else.
const STALE: Time = 4_000_000;
/// Whoever gets no answer for so long calls again.
const PATIENCE: Duration = Duration::from_secs(8);
/// After so long a step that was not answered has come to pass, or never will.
const SETTLED: Duration = Duration::from_secs(5);

/// A node, whichever life it is in.
struct Node {
    address: SocketAddr,
    /// Its line to the database.
    relay: Relay,
    url: String,
    replica: Option<String>,
    child: Mutex<Child>,
    life: AtomicUsize,
}

/// All that plays.
struct Stage<'a> {
    place: &'a Place,
    nodes: Vec<Node>,
    ids: Vec<String>,
    owners: Vec<String>,
    desk: String,
    begun: Instant,
    records: Mutex<Vec<Record>>,
    is_over: AtomicBool,
}

/// Numbers by chance, the same for one seed.
struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % most
    }
}

fn serve(place: &Place, address: SocketAddr, database: &str, replica: Option<&str>) -> Child {
    let listen = address.to_string();
    let mut command = silkroutes(place.path(), &["serve", "--listen", &listen, "--log-level", "error"]);
    command.env("DATABASE_URL", database);
    if let Some(replica) = replica {
        command.args(["--set", &format!("database_replica={replica}")]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

fn signal(name: &str, child: &Child) {
    let _ = Command::new("kill").args([name, &child.id().to_string()]).stderr(Stdio::null()).status();
}

/// Posts to a node; none where no whole answer came.
fn post(address: SocketAddr, key: Option<&str>, at_least: Option<u64>, body: &Value) -> Option<(u16, Value)> {
    let (bearer, revision) = (format!("Bearer {}", key.unwrap_or_default()), at_least.unwrap_or_default().to_string());
    let mut headers = vec![("content-type", "application/json"), ("accept", "application/graphql-response+json"), ("connection", "close")];
    if key.is_some() {
        headers.push(("authorization", &bearer));
    }
    if at_least.is_some() {
        headers.push(("at-least-revision", &revision));
    }
    let mut client = Client::to(address).ok()?;
    client.socket().set_read_timeout(Some(PATIENCE)).ok()?;
    client.write(&request("POST", "/graphql", &headers, body.to_string().as_bytes()));
    let reply = client.read()?;
    Some((reply.status, serde_json::from_slice(&reply.body).ok()?))
}

const STATUSES: [&str; ROUND] = ["DRAFT", "SUBMITTED", "PUBLISHED", "WITHDRAWN"];

impl Stage<'_> {
    fn now(&self) -> Time {
        u64::try_from(self.begun.elapsed().as_micros()).expect("not for long")
    }

    fn keep(&self, session: usize, node: (usize, usize), begun: Time, what: What) {
        self.records.lock().expect("whole").push(Record { session, node, begun, ended: self.now(), what });
    }

    /// Reads all entries at a node; the rank of each that is seen.
    fn read(&self, session: usize, at: usize, key: Option<&str>, at_least: Option<u64>) -> Option<Vec<Option<usize>>> {
        let node = &self.nodes[at];
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on GoodPractice { version status title } } }";
        let (life, begun) = (node.life.load(Ordering::SeqCst), self.now());
        let (status, json) = post(node.address, key, at_least, &json!({ "query": query, "variables": { "ids": self.ids } }))?;
        let found = json["data"]["nodes"].as_array().filter(|_| status == 200 && json.get("errors").is_none())?;
        let rank = |(entry, round): (&Value, usize)| {
            let status = STATUSES.iter().position(|status| entry["status"] == *status)?;
            Some((usize::try_from(entry["version"].as_u64()?).ok()? - 1) * round + status)
        };
        let ranks: Vec<Option<usize>> = found.iter().zip(ROUNDS).map(rank).collect();
        let titles = found.iter().map(|entry| entry["title"].as_str().map(str::to_owned)).collect();
        let what = What::Read { at_least, is_member: key.is_some(), ranks: ranks.clone(), titles };
        // A node that was killed meanwhile did not answer; one that was started meanwhile is another.
        if node.life.load(Ordering::SeqCst) == life {
            self.keep(session, (at, life), begun, what);
        }
        Some(ranks)
    }

    /// Takes the next step of an entry that was seen at a rank.
    fn step(&self, session: usize, at: usize, entry: usize, seen: usize, n: usize) -> Answer {
        let (rank, version) = (seen + 1, seen / ROUNDS[entry] + 1);
        let id = &self.ids[entry];
        let title = rank.is_multiple_of(ROUNDS[entry]).then(|| format!("By {session}, {n}"));
        let mut input = json!({ "id": id, "ifVersion": version });
        let (mutation, key) = match rank % ROUNDS[entry] {
            0 => {
                input["content"] = json!({ "title": title, "summary": "Of many." });
                ("revise", &self.owners[session % 2])
            }
            1 => {
                input["audience"] = json!({ "level": "PUBLIC" });
                ("submit", &self.owners[session % 2])
            }
            2 => ("publish", &self.desk),
            _ => ("withdraw", &self.owners[session % 2]),
        };
        let name = mutation[..1].to_uppercase() + &mutation[1..];
        let query = format!(
            "mutation($input: {name}GoodPracticeInput!) {{ done: {mutation}GoodPractice(input: $input) {{ goodPractice {{ version }} errors {{ code message }} }} }}"
        );
        let node = &self.nodes[at];
        let (life, begun) = (node.life.load(Ordering::SeqCst), self.now());
        let reply = post(node.address, Some(key), None, &json!({ "query": query, "variables": { "input": input } }));
        let answer = match &reply {
            Some((200, json)) if json.get("errors").is_none() => {
                let is_refused = json["data"]["done"]["errors"].as_array().is_some_and(|errors| !errors.is_empty());
                match json["extensions"]["revision"].as_u64() {
                    _ if is_refused => Answer::Refused,
                    Some(revision) => Answer::Done(revision),
                    None => Answer::Unknown,
                }
            }
            _ => Answer::Unknown,
        };
        self.keep(session, (at, life), begun, What::Step { entry, rank, title, answer });
        answer
    }

    /// One client: reads, and takes steps by what it has read.
    fn client(&self, session: usize, number: u64) {
        let mut chance = Chance::new(number);
        let (mut last, mut seen) = (None, vec![Some(0); ENTRIES]);
        // A step of the own entry was not answered; behind a later write of this client it is known what became of it.
        let (mut is_unsure, mut sure_at) = (false, None);
        for n in 0.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let at = chance.below(NODES);
            match chance.below(10) {
                0..4 => {
                    let entry = chance.below(ENTRIES);
                    let is_mine = ROUNDS[entry] < ROUND || entry == session;
                    let Some(rank) = seen[entry].filter(|_| is_mine) else { continue };
                    match self.step(session, at, entry, rank, n) {
                        Answer::Done(revision) => {
                            last = last.max(Some(revision));
                            sure_at = last;
                            seen[entry] = Some(rank + 1);
                        }
                        Answer::Unknown if ROUNDS[entry] == ROUND => {
                            std::thread::sleep(SETTLED);
                            (seen[entry], is_unsure, sure_at) = (None, true, None);
                        }
                        // Whatever it is by now is read before it is tried again.
                        Answer::Unknown | Answer::Refused => seen[entry] = None,
                    }
                }
                4..8 => {
                    let at_least = last.filter(|_| chance.below(2) == 0);
                    if let Some(ranks) = self.read(session, at, Some(&self.owners[session % 2]), at_least) {
                        is_unsure &= sure_at.is_none() || at_least < sure_at;
                        let is_known = |entry: usize| ROUNDS[entry] < ROUND || !is_unsure;
                        // A node may be behind what this client knows.
                        seen = ranks.into_iter().zip(seen).enumerate().map(|(entry, (rank, known))| rank.filter(|_| is_known(entry)).max(known)).collect();
                    }
                }
                8 => _ = self.read(session, at, None, None),
                _ => {
                    // Figures, from the replica where it is up: they have an answer wherever the database does.
                    let query = format!("{{ observations(first: {}) {{ totalCount nodes {{ id value }} }} }}", 1 + chance.below(40));
                    let _ = post(self.nodes[at].address, None, None, &json!({ "query": query }));
                }
            }
            std::thread::sleep(Duration::from_millis(chance.below(10) as u64));
        }
    }

    /// One fault, and its end.
    fn fault(&self, chance: &mut Chance, counts: &mut [usize; 4]) {
        let (at, time) = (chance.below(NODES), Duration::from_millis(50 + chance.below(1_800) as u64));
        let (node, kind) = (&self.nodes[at], chance.below(4));
        counts[kind] += 1;
        match kind {
            0 => {
                let mut child = node.child.lock().expect("whole");
                node.life.fetch_add(1, Ordering::SeqCst);
                child.kill().expect("killed");
                child.wait().expect("it ends");
                std::thread::sleep(time / 4);
                // Whoever is answered from now on is answered by another life.
                node.life.fetch_add(1, Ordering::SeqCst);
                *child = serve(self.place, node.address, &node.url, node.replica.as_deref());
                let is_up = (0..3_000).any(|_| {
                    std::thread::sleep(Duration::from_millis(10));
                    is_ready(node.address)
                });
                assert!(is_up, "node {at} is ready again");
            }
            1 => {
                let child = node.child.lock().expect("whole");
                signal("-STOP", &child);
                std::thread::sleep(time);
                signal("-CONT", &child);
            }
            cut => {
                node.relay.set(if cut == 2 { Line::Cut } else { Line::Silent });
                std::thread::sleep(time);
                node.relay.set(Line::Whole);
            }
        }
        std::thread::sleep(Duration::from_millis(chance.below(600) as u64));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let child = self.child.get_mut().expect("whole");
        signal("-CONT", child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn key(place: &Place, url: &str, party: &str, role: &str, subject: &str) -> String {
    let made = silkroutes(place.path(), &["key", "create", "--party", party, "--role", role, "--subject", subject, "--expires", "1d"])
        .env("DATABASE_URL", url)
        .output()
        .expect("it runs");
    String::from_utf8(made.stdout).expect("text").trim().to_owned()
}

impl<'a> Stage<'a> {
    /// Three nodes, each with a line of its own to the database, the first with a replica for figures; all are ready.
    fn new(place: &'a Place, server: &Postgres, standby: &Postgres) -> Self {
        let loaded = silkroutes(place.path(), &["load"]).env("DATABASE_URL", server.url()).status().expect("it runs");
        assert!(loaded.success());
        let key = |party, role, subject| key(place, &server.url(), party, role, subject);
        let owners = vec![key("UZB", "focal-point", "tashkent"), key("UZB", "focal-point", "samarkand")];
        let desk = key("ICMPD", "secretariat", "desk");
        let database = server.url().rsplit(':').next().and_then(|rest| rest.split('/').next()?.parse().ok()).expect("a port");
        let node = |at| {
            let (relay, address) = (Relay::to(database), SocketAddr::from(([127, 0, 0, 1], free_port())));
            let url = format!("postgres://postgres@127.0.0.1:{}/postgres", relay.port());
            let replica = (at == 0).then(|| standby.url());
            let child = serve(place, address, &url, replica.as_deref());
            Node { address, relay, url, replica, child: Mutex::new(child), life: AtomicUsize::new(0) }
        };
        let nodes: Vec<Node> = (0..NODES).map(node).collect();
        let is_up = (0..3_000).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            nodes.iter().all(|node| is_ready(node.address))
        });
        assert!(is_up, "all nodes are ready");
        Self { place, nodes, ids: Vec::new(), owners, desk, begun: Instant::now(), records: Mutex::default(), is_over: AtomicBool::new(false) }
    }

    /// Drafts all entries.
    fn begin(&mut self) {
        for entry in 0..ENTRIES {
            let (begun, title) = (self.now(), format!("Entry {entry}"));
            let (_, json) = post(self.nodes[0].address, Some(&self.owners[0]), None, &super::draft(&title)).expect("an answer");
            let id = json["data"]["draftGoodPractice"]["goodPractice"]["id"].as_str().unwrap_or_else(|| panic!("{json}"));
            self.ids.push(id.to_owned());
            let answer = Answer::Done(json["extensions"]["revision"].as_u64().expect("a revision"));
            self.keep(0, (0, 0), begun, What::Step { entry, rank: 0, title: Some(title), answer });
        }
    }

    /// What the database says in the end.
    fn truth(&self, server: &Postgres) -> Truth {
        let entries = self.ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT DISTINCT lpad(CAST(revision AS text), 12, '0') || ' ' || entry_id FROM change WHERE entry_id IN ({entries}) ORDER BY 1");
        let read = |line: &String| {
            let (revision, id) = line.split_once(' ').expect("two parts");
            (revision.parse().expect("a number"), self.ids.iter().position(|known| known == id).expect("ours"))
        };
        server.texts(&sql).iter().map(read).collect()
    }
}

#[test]
fn what_three_nodes_and_a_replica_tell_under_kills_pauses_and_cut_lines_is_one_history() {
    let seconds = knob("HISTORY_SECONDS").unwrap_or(15);
    let seed = knob("HISTORY_SEED").unwrap_or(1) as u64;
    let Some(server) = Postgres::start("three nodes and a replica under faults") else { return };
    // A standby is a copy, so what is loaded into the one comes to the other.
    let (place, standby) = (Place::new(), server.standby());
    let mut stage = Stage::new(&place, &server, &standby);
    stage.begin();
    let mut counts = [0; 4];
    std::thread::scope(|scope| {
        for session in 0..6 {
            let stage = &stage;
            scope.spawn(move || stage.client(session, seed * 1_000 + session as u64));
        }
        let mut chance = Chance::new(seed);
        let faults = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            while stage.begun.elapsed() < Duration::from_secs(seconds as u64) {
                stage.fault(&mut chance, &mut counts);
            }
        }));
        stage.is_over.store(true, Ordering::Relaxed);
        faults.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
    });
    let truth = stage.truth(&server);
    let records = stage.records.into_inner().expect("whole");
    let held = check(&records, &truth, &ROUNDS, STALE).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
    let [kills, pauses, cuts, silences] = counts;
    say(&format!("{held:?} in {seconds} s under {kills} kills, {pauses} pauses, {cuts} cut lines and {silences} silent ones"));
    assert!(held.acknowledged > 10 && held.reads > 100, "{held:?}");
}
