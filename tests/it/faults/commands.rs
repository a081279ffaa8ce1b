//! Commands whose disk fails at the n-th call: each does what it says, or says in a sentence why not, and leaves what was
//! there.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::shim::{Failing, Plan, library};
use super::{block_on, draw, how_many};
use crate::commands::{err, out, run, silkroutes};
use crate::crash::look::{Duty, look_at};
use crate::crash::promise::key;
use crate::crash::world::{CATALOGUE, DATABASE, copy_of_template, scratch, succeed, template, write_catalogue};
use crate::place::{has_no_file, say};

/// A command, where it begins, and what holds once it said that it was done.
struct Story {
    arguments: Vec<String>,
    /// Whether there is a database before.
    is_first: bool,
    /// The file that it makes or changes.
    file: &'static str,
    /// What holds of that, given what was printed.
    done: fn(&str) -> String,
    /// What holds of that file wherever it is there: all of it, or nothing of it.
    whole: &'static str,
}

const ENTRIES: &str = "(SELECT count(*) FROM entry WHERE origin = 'CATALOGUE')";
const KEYS: &str = "(SELECT count(*) FROM api_key WHERE revoked_at IS NULL)";

fn stories() -> Vec<Story> {
    let story = |arguments: &[&str], file, done, whole| Story {
        arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        is_first: false,
        file,
        done,
        whole,
    };
    let revoked = template().keys.reader[4..20].to_owned();
    vec![
        Story { is_first: true, ..story(&["load", CATALOGUE], DATABASE, |_| format!("{ENTRIES} = 14"), "(SELECT count(*) FROM entry) IN (0, 14)") },
        story(&["load", CATALOGUE, "--prune"], DATABASE, |_| format!("{ENTRIES} = 13"), "(SELECT count(*) FROM entry) IN (13, 14)"),
        story(&["backup", "kept.db"], "kept.db", |_| format!("{ENTRIES} = 14 AND {KEYS} = 3"), "(SELECT count(*) FROM api_key) = 3"),
        story(&["restore", "other.db", "--replace"], DATABASE, |_| format!("{KEYS} = 2"), "(SELECT count(*) FROM api_key) = 3"),
        story(
            &["copy", "--from", "sqlite://silkroutes.db", "--to", "sqlite://copy.db"],
            "copy.db",
            |_| format!("{KEYS} = 3"),
            "(SELECT count(*) FROM api_key) IN (0, 3)",
        ),
        story(
            &["key", "create", "--party", "UZB", "--role", "focal-point", "--subject", "New office"],
            DATABASE,
            |printed| key(&printed[4..20], false),
            "(SELECT count(*) FROM api_key) IN (3, 4)",
        ),
        story(&["key", "revoke", &revoked], DATABASE, |_| format!("{KEYS} = 2"), "(SELECT count(*) FROM api_key) = 3"),
        story(
            &["import", "unhcr", "population.csv", "--retrieved-on", "2026-11-23"],
            DATABASE,
            |_| "EXISTS (SELECT 1 FROM figure_file WHERE name = 'population.csv')".into(),
            "(SELECT count(*) FROM api_key) = 3",
        ),
        story(&["load-wording", "wording.jsonl"], DATABASE, |_| "EXISTS (SELECT 1 FROM official_text WHERE text = 'Worded so.')".into(), "1"),
    ]
}

/// Fills the folder that a command is run in.
fn prepare(folder: &Path, story: &Story) {
    write_catalogue(folder);
    if story.is_first {
        return;
    }
    fs::copy(template().folder.path().join(DATABASE), folder.join(DATABASE)).expect("copied");
    let figures = "year,coo,coo_iso,coa,coa_iso,refugees,asylum_seekers,returned_refugees,idps,oip\n2023,AFG,AFG,GFR,DEU,1000,20,3,0,NA\n";
    fs::write(folder.join("population.csv"), figures).expect("written");
    let line = r#"{"document": "DECLARATION-2013", "reference": "R.1", "language": "EN", "text": "Worded so."}"#;
    fs::write(folder.join("wording.jsonl"), line).expect("written");
    if story.arguments.iter().any(|word| word == "--prune") {
        let states = folder.join(CATALOGUE).join("states.csv");
        let text = fs::read_to_string(&states).expect("readable");
        fs::write(&states, text.lines().filter(|line| !line.starts_with("DEU,")).collect::<Vec<_>>().join("\n") + "\n").expect("written");
    }
}

/// Another database, with a key less.
fn other() -> Vec<u8> {
    let folder = copy_of_template();
    succeed(folder.path(), &["key", "revoke", &template().keys.reader[4..20]]);
    succeed(folder.path(), &["backup", "other.db"]);
    fs::read(folder.path().join("other.db")).expect("readable")
}

/// Runs a command under a plan; whether a call failed.
fn suffer(story: &Story, plan: &Plan, library: &Path, failing: Option<Failing>, other: &[u8]) -> bool {
    let folder = scratch();
    prepare(folder.path(), story);
    if story.arguments[0] == "restore" {
        fs::write(folder.path().join("other.db"), other).expect("written");
    }
    let arguments: Vec<&str> = story.arguments.iter().map(String::as_str).collect();
    let mut command: Command = silkroutes(folder.path(), &arguments);
    plan.before(&mut command, library, folder.path());
    plan.end();
    if let Some(failing) = failing {
        plan.fail(failing);
    }
    let done = command.output().expect("it runs");
    let has_failed = plan.failed() > 0;
    let said = err(&done);
    let what = format!("{arguments:?}, {failing:?}: {:?} {said}", done.status.code());
    assert!(matches!(done.status.code(), Some(0 | 1)) && !said.contains("panicked"), "{what}");
    let is_done = done.status.success();
    assert!(is_done || (said.trim().lines().count() >= 1 && said.trim().ends_with('.')), "it does not say why: {what}");
    let promised = if is_done { vec![(story.done)(&out(&done))] } else { Vec::new() };
    let duty = Duty { database: story.file.into(), whole: vec![story.whole.into()], promised };
    block_on(look_at(&folder.path().join(story.file), &duty)).unwrap_or_else(|fault| panic!("{what}: {}: {fault}", story.file));
    if !is_done && story.file == DATABASE {
        // Whoever tries again has what he wanted.
        let again = run(folder.path(), &arguments);
        assert!(again.status.success(), "{what}, and again: {}", err(&again));
    }
    has_failed
}

#[test]
fn a_command_does_what_it_says_or_says_why_not() {
    const WHAT: &str = "faults of the disk under commands";
    if has_no_file(WHAT) {
        return;
    }
    let Some(library) = library(WHAT) else { return };
    let (plan, stories, other) = (Plan::new(), stories(), other());
    let (mut all, mut met) = (0, 0);
    for (n, story) in stories.iter().enumerate() {
        suffer(story, &plan, library, None, &other);
        let calls = plan.seen();
        let faults = draw(calls, how_many().div_ceil(stories.len()), n as u64);
        for failing in &faults {
            met += usize::from(suffer(story, &plan, library, Some(*failing), &other));
        }
        all += faults.len();
        say(&format!("{}: {calls} calls, {} faults tried", story.arguments.join(" "), faults.len()));
    }
    assert!(met * 2 > all, "the shim is not in the way");
}
