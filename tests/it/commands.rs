//! The program as it is called: what it prints, where, and with which status.

mod backup;
mod health;
mod keys;
mod misspelt;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use silkroutes::store::Store;
use tokio::time::Instant;

use crate::place::{Place, url_in};

/// The program, in a folder of its own, with nothing of our environment but where programs are.
pub fn silkroutes(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_silkroutes"));
    command.args(arguments).current_dir(folder).env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    if let Some(url) = url_in(folder) {
        command.env("DATABASE_URL", url);
    }
    command
}

/// Whether the database of a place is there.
pub fn is_there(place: &Place) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
    runtime.block_on(Store::is_there(&place.url()))
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    silkroutes(folder, arguments).output().expect("it runs")
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// It failed, in one sentence on stderr, and said nothing else.
fn one_sentence(output: &Output) -> String {
    let text = err(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    assert!(output.stdout.is_empty());
    for rust in ["Error {", "Os {", "panicked", "unwrap", "::"] {
        assert!(!text.contains(rust), "{text}");
    }
    text
}

/// A copy of the built-in catalogue, to be spoiled.
fn catalogue(folder: &Path) -> PathBuf {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("readable") {
            let path = entry.expect("readable").path();
            let target = to.join(path.file_name().expect("a name"));
            if path.is_dir() {
                copy(&path, &target);
            } else {
                fs::copy(&path, &target).expect("copied");
            }
        }
    }
    let target = folder.join("mine");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue"), &target);
    target
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("readable");
    assert!(text.contains(from), "{} has no {from}", file.display());
    fs::write(file, text.replacen(from, to, 1)).expect("written");
}

/// A server that was started as a program, ended with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_else(|| {
            let mut text = String::new();
            let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut text));
            panic!("it says nothing: {text}")
        });
        let second = lines.next().and_then(Result::ok).unwrap_or_default();
        assert!(second.contains("GraphiQL") && second.ends_with("/graphiql"), "{second}");
        let address = first.split("http://").nth(1).and_then(|rest| rest.strip_suffix("/graphql")).expect("an address").to_owned();
        Self { child, address }
    }

    fn get(&self, path: &str) -> String {
        use std::io::Write as _;
        let mut socket = std::net::TcpStream::connect(&self.address).expect("it listens");
        socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").as_bytes()).expect("sent");
        let mut text = String::new();
        socket.read_to_string(&mut text).expect("an answer");
        text
    }

    /// Sends SIGTERM; returns whether it ended well, and its log.
    fn terminate(mut self) -> (bool, String) {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        assert!(killed.success());
        let status = self.child.wait().expect("it ends");
        let mut log = String::new();
        let _ = self.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut log));
        (status.success(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_a_word_it_serves_the_catalogue_and_stops_when_told() {
    let folder = Place::new();
    let server = Server::start(&mut silkroutes(folder.path(), &["--listen", "127.0.0.1:0"]));
    let answer = server.get("/graphql?query=%7Bstate(iso3:%22AFG%22)%7Bname%7D%7D");
    assert!(answer.contains(r#""data":{"state":{"name":"Afghanistan"}}"#), "{answer}");
    assert!(is_there(&folder));
    let begun = Instant::now();
    let (ended_well, log) = server.terminate();
    assert!(ended_well && begun.elapsed() < Duration::from_secs(5), "{log}");
    assert!(log.contains("stopping") && log.contains("stopped"), "{log}");

    // The second start finds what the first left.
    let server = Server::start(&mut silkroutes(folder.path(), &["serve", "--listen", "127.0.0.1:0"]));
    assert!(server.get("/health/ready").contains("ready"));
    let (_, log) = server.terminate();
    assert!(!log.contains("built-in catalogue"), "{log}");
}

#[test]
fn the_log_can_be_json_and_names_requests_by_their_id() {
    let folder = Place::new();
    let server = Server::start(silkroutes(folder.path(), &["--listen", "127.0.0.1:0", "--log-level", "debug"]).env("SILKROUTES_LOG_FORMAT", "json"));
    let answer = server.get("/graphql?query=%7Bcanary%7D");
    let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).expect("an id").trim().to_owned();
    let (_, log) = server.terminate();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|fault| panic!("{fault}: {line}"))).collect();
    assert!(lines.iter().any(|line| line["request_id"] == id.as_str()), "{log}");
    assert!(!log.contains("canary"), "a document is in the log: {log}");
}

#[test]
fn a_port_in_use_is_said_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let text = one_sentence(&run(folder.path(), &["--listen", &address]));
    assert!(text.contains(&address) && text.contains("another program is using the port") && text.contains("--listen"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
}

#[test]
fn a_database_that_cannot_be_opened_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    for url in ["sqlite:///no/such/folder/x.db", "nonsense", "mongodb://host/x"] {
        one_sentence(&run(folder.path(), &["--listen", "127.0.0.1:0", "--database", url]));
    }
    fs::write(folder.path().join("text.db"), "this is no database, but a text that is long enough to look at ".repeat(100)).expect("written");
    one_sentence(&run(folder.path(), &["--listen", "127.0.0.1:0", "--database", "sqlite://text.db"]));
    // Not even the finest log has the password.
    let gone = run(folder.path(), &["--listen", "127.0.0.1:0", "--log-level", "trace", "--database", "postgres://me:s3cret@127.0.0.1:1/x"]);
    let text = err(&gone);
    let last = text.trim_end().lines().last().unwrap_or_default();
    assert!(gone.status.code() == Some(1) && last.starts_with("The database postgres://me@127.0.0.1:1/x cannot be opened: "), "{last}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn an_unknown_setting_is_refused_from_wherever_it_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = one_sentence(&run(folder.path(), &["--set", "http.body_byte=1"]));
    assert!(text.contains("http.body_bytes"), "{text}");
    let text = one_sentence(&silkroutes(folder.path(), &["schema"]).env("SILKROUTES_LISSTEN", "x").output().expect("it runs"));
    assert!(text.contains("SILKROUTES_LISTEN"), "{text}");
    fs::write(folder.path().join("s.toml"), "[http]\nbody = 1\n").expect("written");
    let text = one_sentence(&run(folder.path(), &["config", "--config", "s.toml"]));
    assert!(text.contains("http.body") && text.contains("s.toml"), "{text}");
    one_sentence(&run(folder.path(), &["config", "--config", "absent.toml"]));
    let unknown = run(folder.path(), &["--frobnicate"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
}

#[test]
fn the_settings_that_are_printed_are_a_file_that_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let set = ["--set", "http.body_bytes=1000", "--set", "http.cors_origins=https://a.example,https://b.example", "--log", "json"];
    let printed = run(folder.path(), &[&["config"], &set[..]].concat());
    assert!(printed.status.success());
    let text = out(&printed);
    assert!(text.contains("# listen = \"127.0.0.1:8080\" # default") && text.contains("\nbody_bytes = 1000 # --set"), "{text}");
    fs::write(folder.path().join("s.toml"), &text).expect("written");
    let again = out(&run(folder.path(), &["config", "--config", "s.toml"]));
    assert_eq!(again.replace("# s.toml", "# --set").replace("format = \"json\" # --set", "format = \"json\" # --log"), text);
    // Every line that is off can be switched on.
    let on: String =
        text.lines().map(|line| if line.contains(" = ") { line.trim_start_matches("# ").to_owned() + "\n" } else { line.to_owned() + "\n" }).collect();
    fs::write(folder.path().join("s.toml"), on).expect("written");
    let all_on = run(folder.path(), &["config", "--config", "s.toml"]);
    assert!(all_on.status.success(), "{}", err(&all_on));
    let secret = out(&silkroutes(folder.path(), &["config"]).env("DATABASE_URL", "postgres://me:s3cret@h/x").output().expect("it runs"));
    assert!(secret.contains("postgres://me:") && secret.contains("DATABASE_URL") && !secret.contains("s3cret"), "{secret}");
}

#[test]
fn the_schema_is_printed_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = run(folder.path(), &["schema"]);
    assert!(schema.status.success() && schema.stderr.is_empty());
    assert!(out(&schema).contains("type Query"));
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
}

#[test]
fn help_teaches() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = out(&run(folder.path(), &["--help"]));
    for word in [
        "serve",
        "load",
        "load-wording",
        "schema",
        "doctor",
        "config",
        "--listen",
        "--database",
        "silkroutes.db",
        "SILKROUTES_LISTEN",
        "DATABASE_URL",
        "Examples",
    ] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    for command in ["load", "load-wording"] {
        let help = out(&run(folder.path(), &[command, "--help"]));
        assert!(help.contains("xample") || help.contains("A line of the file"), "{help}");
    }
    assert!(out(&run(folder.path(), &["--version"])).starts_with("silkroutes "));
}

#[test]
fn loading_twice_changes_nothing() {
    let folder = Place::new();
    let first = run(folder.path(), &["load"]);
    assert!(first.status.success(), "{}", err(&first));
    let second = run(folder.path(), &["load"]);
    assert!(second.status.success());
    assert_ne!(out(&first), out(&second));
    assert_eq!(out(&second), out(&run(folder.path(), &["load"])));
}

#[test]
fn faults_in_a_catalogue_are_told_all_at_once_and_nothing_is_loaded() {
    let folder = Place::new();
    let mine = catalogue(folder.path());
    edit(&mine.join("states.csv"), "AFG,AF,004", "AFG,AF,4x");
    edit(&mine.join("meetings.toml"), "starts_on = \"1991-10-30\"", "starts_on = \"1991-13-30\"");
    edit(&mine.join("meetings.toml"), "place_state = \"DEU\"", "place_state = \"QQQ\"");
    let loaded = run(folder.path(), &["load", "mine"]);
    let text = err(&loaded);
    assert_eq!(loaded.status.code(), Some(1), "{text}");
    assert_eq!(text.lines().count(), 4, "three faults and a line below: {text}");
    assert!(text.contains("states.csv") && text.contains("meetings.toml") && text.trim_end().ends_with("nothing was loaded."), "{text}");
    assert!(!is_there(&folder));
    let nowhere = run(folder.path(), &["load", "nowhere"]);
    one_sentence(&nowhere);
}

#[test]
fn a_check_of_a_catalogue_makes_nothing() {
    let folder = Place::new();
    catalogue(folder.path());
    let checked = run(folder.path(), &["load", "mine", "--check"]);
    assert!(checked.status.success(), "{}", err(&checked));
    assert!(!is_there(&folder));
}

#[test]
fn wording_is_loaded_all_or_none() {
    let folder = Place::new();
    assert!(run(folder.path(), &["load"]).status.success());
    let line =
        |reference: &str| format!(r#"{{"document": "DECLARATION-2013", "reference": "{reference}", "language": "EN", "text": "Words of {reference}."}}"#);
    let load = |lines: &[String]| {
        fs::write(folder.path().join("wording.jsonl"), lines.join("\n")).expect("written");
        run(folder.path(), &["load-wording", "wording.jsonl"])
    };
    let bad = load(&[line("IV.a.ii"), "nonsense".into(), line("IV.a.ii").replace("IV.a", "IX.z")]);
    let text = err(&bad);
    assert_eq!(bad.status.code(), Some(1));
    assert!(text.contains("line 2") && text.trim_end().ends_with("Nothing was loaded."), "{text}");
    let unknown = load(&[line("IV.a.ii"), line("IX.z.ii")]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(err(&unknown).contains("IX.z.ii"), "{}", err(&unknown));
    // What is wrong with the form of one line hides nothing of what another names.
    let both = load(&[line("IX.z.ii"), "nonsense".into()]);
    assert!(err(&both).contains("line 1") && err(&both).contains("line 2"), "{}", err(&both));
    let good = load(&[line("IV.a.ii")]);
    assert!(good.status.success(), "{}", err(&good));
}

#[test]
fn wording_needs_provisions_and_makes_no_database() {
    let folder = Place::new();
    fs::write(folder.path().join("w.jsonl"), r#"{"document": "DECLARATION-2013", "reference": "IV.a.ii", "language": "EN", "text": "x"}"#).expect("written");
    let text = one_sentence(&run(folder.path(), &["load-wording", "w.jsonl"]));
    assert!(text.contains("silkroutes load"), "{text}");
    assert!(!is_there(&folder));
}

#[test]
fn a_file_that_is_no_text_is_one_fault_among_the_others() {
    let folder = Place::new();
    let mine = catalogue(folder.path());
    let mut states = fs::read(mine.join("states.csv")).expect("readable");
    let at = states.windows(11).position(|window| window == b"Afghanistan").expect("it is there");
    states[at] = 0xff;
    fs::write(mine.join("states.csv"), states).expect("written");
    edit(&mine.join("meetings.toml"), "place_state = \"DEU\"", "place_state = \"QQQ\"");
    let text = err(&run(folder.path(), &["load", "mine"]));
    assert!(text.contains("states.csv: line ") && text.contains("UTF-8") && text.contains("QQQ"), "{text}");
    assert_eq!(text.lines().count(), 3, "two faults and a line below: {text}");
}

#[test]
fn a_running_server_follows_what_is_loaded_beside_it() {
    let folder = Place::new();
    let server = Server::start(&mut silkroutes(folder.path(), &["--listen", "127.0.0.1:0"]));
    let name = || server.get("/graphql?query=%7Bstate(iso3:%22AFG%22)%7Bname%7D%7D");
    assert!(name().contains("Afghanistan"));
    let mine = catalogue(folder.path());
    edit(&mine.join("states.csv"), "Afghanistan", "Afghanistan, renamed");
    // In a table, a comma needs quotes.
    edit(&mine.join("states.csv"), "Afghanistan, renamed", "\"Afghanistan, renamed\"");
    let loaded = run(folder.path(), &["load", "mine"]);
    assert!(loaded.status.success() && out(&loaded).contains("updated"), "{}{}", out(&loaded), err(&loaded));
    let until = Instant::now() + Duration::from_secs(20);
    while !name().contains("Afghanistan, renamed") {
        assert!(Instant::now() < until, "it does not follow: {}", name());
        std::thread::sleep(Duration::from_millis(50));
    }
    let (_, log) = server.terminate();
    assert!(log.contains("the graph follows"), "{log}");
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let folder = Place::new();
    let before = run(folder.path(), &["doctor"]);
    assert!(before.status.success() && out(&before).contains("not there yet"), "{}", err(&before));
    assert!(!is_there(&folder), "looking changes nothing");
    assert!(run(folder.path(), &["load"]).status.success());
    let sound = run(folder.path(), &["doctor"]);
    assert!(sound.status.success() && !out(&sound).contains("WRONG"), "{}", out(&sound));
    fs::write(folder.path().join("bad.db"), "this is no database at all, whatever its name may say ".repeat(100)).expect("written");
    let bad = run(folder.path(), &["doctor", "--database", "sqlite://bad.db"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(out(&bad).contains("WRONG") && err(&bad).contains("wrong"), "{}", out(&bad));
}
