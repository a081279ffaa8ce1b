//! What a power cut leaves: the calls that write of a run are recorded, and whatever they could leave on a disk at each of
//! them is looked at. It opens, passes what the doctor looks at, and holds all that was acknowledged.
//!
//! A killed process cannot show that a sync is missing, as the system keeps what was written; so nothing is killed here,
//! but what was not yet synced is taken away, in whole or in part (`disk`).
//!
//! `CRASH_STATES` says how many states of all runs are looked at (a few by default; CI: 3,000, at night 100,000), and
//! `BEFORE` names a program of an earlier version, to be upgraded while it serves.
//!
//! | file | what |
//! |---|---|
//! | `world` | a small deployment, and the program that is watched |
//! | `clerk`, `promise` | who writes in every way there is, and what was acknowledged |
//! | `record`, `disk` | the calls, and what they leave |
//! | `replay`, `look` | which states are looked at, and how |
//! | `chance` | numbers that are drawn |

pub mod chance;
pub mod clerk;
mod disk;
pub mod look;
mod old;
pub mod promise;
mod record;
mod replay;
pub mod world;

use std::fs;
use std::path::Path;

use crate::app::knob;
use crate::place::{has_no_file, say};
use clerk::Clerk;
use promise::{Promise, key, now};
use record::{Call, can_record};
use replay::Run;
use tempfile::TempDir;
use world::{CATALOGUE, DATABASE, Studio, copy_of_template, scratch, succeed, template, write_catalogue};

/// States of all runs, where nobody says how many.
const FEW: usize = 250;

/// Looks at this run's share, in hundredths, of all states.
fn holds(run: &Run, share: usize) {
    let most = (knob("CRASH_STATES").unwrap_or(FEW) * share).div_ceil(100);
    let found = run.look(most);
    say(&format!("{}: {} calls, {} of {} states looked at, {} promises", run.name, run.steps.len(), found.looked_at, found.states, run.promises.len()));
    assert!(!run.steps.is_empty() && found.looked_at > 0, "{}: nothing was recorded", run.name);
    assert!(found.faults.is_empty(), "{}", found.faults.join("\n"));
}

/// Whether it cannot be tried here.
fn is_skipped(what: &str) -> bool {
    has_no_file(what) || !can_record(what)
}

/// As many entries as the small catalogue has, and none beside them.
const ENTRIES: &str = "(SELECT count(*) FROM entry WHERE origin = 'CATALOGUE')";

fn entries() -> usize {
    // Those of the files above, a provision's document among them.
    14
}

/// A promise that is given when a program has ended well.
fn at_the_end(database: &str, holds: impl Into<String>) -> Vec<Promise> {
    vec![Promise::now(database, holds)]
}

fn run(name: &'static str, studio: Studio, promises: Vec<Promise>, databases: Vec<(&'static str, Vec<String>)>) -> Run {
    let (first, steps) = studio.cut();
    Run { name, first, steps, promises, databases }
}

#[test]
fn a_first_start_is_whole_or_begins_anew() {
    if is_skipped("a power cut at the first start") {
        return;
    }
    let folder = scratch();
    write_catalogue(folder.path());
    let mut studio = Studio::new(folder);
    studio.run(&["load", CATALOGUE]);
    let promises = at_the_end(DATABASE, format!("{ENTRIES} = {}", entries()));
    let whole = vec![format!("{ENTRIES} IN (0, {})", entries())];
    holds(&run("first start", studio, promises, vec![(DATABASE, whole)]), 9);
}

#[test]
fn acknowledged_writes_survive_a_power_cut() {
    if is_skipped("a power cut under writes") {
        return;
    }
    let mut studio = Studio::new(copy_of_template());
    let mut promises = Vec::new();
    for (life, signal) in ["-KILL", "-TERM", "-KILL"].into_iter().enumerate() {
        let server = studio.serve(&[]);
        let address = server.address.clone();
        std::thread::scope(|scope| {
            let clerks: Vec<_> = (0..2)
                .map(|n| {
                    let mut clerk = Clerk::new(&address, &template().keys, DATABASE);
                    scope.spawn(move || {
                        clerk.round(&format!("Life {life} clerk {n}")).expect("all is acknowledged");
                        clerk.promises
                    })
                })
                .collect();
            promises.extend(clerks.into_iter().flat_map(|clerk| clerk.join().expect("it wrote")));
        });
        server.end(signal);
    }
    let mut run = run("writes", studio, promises, vec![(DATABASE, Vec::new())]);
    holds(&run, 28);
    // And a sync that is missing is seen.
    run.steps.retain(|step| !matches!(step.call, Call::Sync(_)));
    assert!(!run.look(40).faults.is_empty(), "nothing was synced, and nothing is lost");
}

const HEADER: &str = "year,coo,coo_iso,coa,coa_iso,refugees,asylum_seekers,returned_refugees,idps,oip\n";

#[test]
fn an_import_is_whole_or_not_at_all() {
    if is_skipped("a power cut in an import") {
        return;
    }
    let folder = copy_of_template();
    let figures = "2023,AFG,AFG,GFR,DEU,1000,20,3,0,NA\n2024,PAK,PAK,TUR,TUR,1100,0,0,0,NA\n";
    fs::write(folder.path().join("population.csv"), format!("{HEADER}{figures}")).expect("written");
    fs::write(folder.path().join("later.csv"), format!("{HEADER}{figures}2025,AFG,AFG,GFR,DEU,900,20,3,0,NA\n")).expect("written");
    let (mut studio, mut promises) = (Studio::new(folder), Vec::new());
    let facts = |file: &str| format!("EXISTS (SELECT 1 FROM figure_file WHERE name = '{file}' AND sha256 IS NOT NULL)");
    for file in ["population.csv", "later.csv"] {
        studio.run(&["import", "unhcr", file, "--retrieved-on", "2026-11-23"]);
        promises.extend(at_the_end(DATABASE, facts(file)));
    }
    holds(&run("import", studio, promises, vec![(DATABASE, Vec::new())]), 9);
}

/// A folder whose database holds more than the catalogue, and what that is.
fn lived_in(name: &str) -> (TempDir, Vec<Promise>) {
    let folder = copy_of_template();
    let log = folder.path().join("log");
    let server = world::Server::start(world::Server::command(folder.path(), &[]), &log, |child| child.id().to_string()).expect("it starts");
    let mut clerk = Clerk::new(&server.address, &template().keys, DATABASE);
    clerk.draft(name).expect("acknowledged");
    clerk.round(&format!("{name} too")).expect("acknowledged");
    let promises = clerk.promises.into_iter().filter(|promise| promise.until.is_none()).collect();
    assert!(server.end("-TERM"), "it ends well");
    fs::remove_file(log).expect("removed");
    (folder, promises)
}

/// The same of another file.
fn of(database: &str, promises: &[Promise]) -> Vec<Promise> {
    promises.iter().map(|promise| Promise { database: database.to_owned(), from: now(), ..promise.clone() }).collect()
}

fn expressions(promises: &[Promise]) -> Vec<String> {
    promises.iter().map(|promise| promise.holds.clone()).collect()
}

#[test]
fn a_backup_is_whole_under_its_name() {
    if is_skipped("a power cut in a backup") {
        return;
    }
    let (folder, mut promises) = lived_in("Kept");
    let mut studio = Studio::new(folder);
    studio.run(&["backup", "kept.db"]);
    let whole = expressions(&promises);
    promises.extend(of("kept.db", &promises));
    holds(&run("backup", studio, promises, vec![(DATABASE, Vec::new()), ("kept.db", whole)]), 9);
}

#[test]
fn a_backup_that_is_put_back_is_there_whole_or_what_was_before_is() {
    if is_skipped("a power cut in a restore") {
        return;
    }
    let (other, kept) = lived_in("Kept");
    let (folder, before) = lived_in("Before");
    succeed(other.path(), &["backup", "kept.db"]);
    fs::copy(other.path().join("kept.db"), folder.path().join("kept.db")).expect("copied");
    let (old, new) = (expressions(&before).join(" AND "), expressions(&kept).join(" AND "));
    let mut studio = Studio::new(folder);
    studio.run(&["restore", "kept.db", "--replace"]);
    let promises = at_the_end(DATABASE, new.clone());
    holds(&run("restore", studio, promises, vec![(DATABASE, vec![format!("({old}) <> ({new})")]), ("kept.db", vec![new])]), 9);
}

#[test]
fn a_backup_that_is_copied_in_place_serves() {
    if is_skipped("a power cut after a copy in place") {
        return;
    }
    let (other, mut promises) = lived_in("Kept");
    let folder = scratch();
    succeed(other.path(), &["backup", "kept.db"]);
    fs::copy(other.path().join("kept.db"), folder.path().join(DATABASE)).expect("copied");
    let mut studio = Studio::new(folder);
    let server = studio.serve(&[]);
    let mut clerk = Clerk::new(&server.address, &template().keys, DATABASE);
    clerk.round("In place").expect("acknowledged");
    promises.extend(clerk.promises);
    server.end("-KILL");
    holds(&run("copied in place", studio, promises, vec![(DATABASE, Vec::new())]), 8);
}

#[test]
fn a_copy_is_there_whole_or_empty() {
    if is_skipped("a power cut in a copy") {
        return;
    }
    let (folder, mut promises) = lived_in("Moved");
    let mut studio = Studio::new(folder);
    studio.run(&["copy", "--from", "sqlite://silkroutes.db", "--to", "sqlite://moved.db"]);
    let all = expressions(&promises).join(" AND ");
    promises.extend(of("moved.db", &promises));
    let whole = format!("(NOT EXISTS (SELECT 1 FROM entry) AND NOT EXISTS (SELECT 1 FROM event)) OR ({all})");
    holds(&run("copy", studio, promises, vec![(DATABASE, Vec::new()), ("moved.db", vec![whole])]), 8);
}

#[test]
fn a_catalogue_and_official_wording_are_loaded_whole_or_not_at_all() {
    if is_skipped("a power cut in a load") {
        return;
    }
    let folder = copy_of_template();
    let states = folder.path().join(CATALOGUE).join("states.csv");
    let text = fs::read_to_string(&states).expect("readable").replace("Afghanistan", "Afghanistan as renamed");
    fs::write(&states, text.lines().filter(|line| !line.starts_with("DEU,")).collect::<Vec<_>>().join("\n") + "\n").expect("written");
    let line = r#"{"document": "DECLARATION-2013", "reference": "R.1", "language": "EN", "text": "Worded so."}"#;
    fs::write(folder.path().join("wording.jsonl"), line).expect("written");
    let mut studio = Studio::new(folder);
    studio.run(&["load", CATALOGUE, "--prune"]);
    let renamed = "EXISTS (SELECT 1 FROM entry WHERE kind = 'State' AND content LIKE '%as renamed%')";
    let gone = "NOT EXISTS (SELECT 1 FROM entry WHERE kind = 'State' AND code = 'DEU')";
    let mut promises = at_the_end(DATABASE, format!("{renamed} AND {gone}"));
    studio.run(&["load-wording", "wording.jsonl"]);
    promises.extend(at_the_end(DATABASE, "EXISTS (SELECT 1 FROM official_text WHERE text = 'Worded so.')"));
    holds(&run("load", studio, promises, vec![(DATABASE, vec![format!("({renamed}) = ({gone})")])]), 6);
}

#[test]
fn a_key_that_was_printed_is_there_and_one_that_was_ended_stays_so() {
    if is_skipped("a power cut after key commands") {
        return;
    }
    let mut studio = Studio::new(copy_of_template());
    let mut promises = Vec::new();
    for n in 0..3 {
        let printed = studio.run(&["key", "create", "--party", "UZB", "--role", "focal-point", "--subject", &format!("Office {n}"), "--expires", "90d"]);
        let id = printed[4..20].to_owned();
        promises.extend(at_the_end(DATABASE, key(&id, false)));
        if n > 0 {
            promises.last_mut().expect("the one").until = Some(now());
            studio.run(&["key", "revoke", &id]);
            promises.extend(at_the_end(DATABASE, key(&id, true)));
        }
    }
    holds(&run("keys", studio, promises, vec![(DATABASE, Vec::new())]), 6);
}

#[test]
fn a_database_of_an_earlier_version_is_brought_up_to_date_or_left_as_it_was() {
    if is_skipped("a power cut in an upgrade") {
        return;
    }
    for (name, share, steps) in [("upgrade from rows of figures", 4, 3), ("upgrade by one step", 4, old::steps() - 1)] {
        let folder = scratch();
        old::make(&folder.path().join(DATABASE), &template().folder.path().join(DATABASE), steps);
        let mut studio = Studio::new(folder);
        studio.run(&["key", "list"]);
        let kept = format!("{ENTRIES} = {} AND (SELECT coalesce(sum(facts), 0) FROM figure_set) = {}", entries(), old::figures(steps));
        holds(&run(name, studio, at_the_end(DATABASE, kept.clone()), vec![(DATABASE, vec![kept])]), share);
    }
}

#[test]
fn a_node_of_the_version_before_writes_on_beside_the_new_one() {
    let Some(before) = before() else {
        say("skipped: an upgrade while a node of the version before serves: BEFORE names none");
        return;
    };
    if is_skipped("a power cut in an upgrade while nodes serve") {
        return;
    }
    let folder = scratch();
    write_catalogue(folder.path());
    let there = |arguments: &[&str]| {
        let done = std::process::Command::new(&before).args(arguments).current_dir(folder.path()).env_clear().output().expect("it runs");
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text").trim().to_owned()
    };
    there(&["load", CATALOGUE]);
    let made = |party, role, subject| there(&["key", "create", "--party", party, "--role", role, "--subject", subject, "--expires", "90d"]);
    let keys = clerk::Keys {
        owner: made("UZB", "focal-point", "Tashkent office"),
        desk: made("ICMPD", "secretariat", "Vienna desk"),
        reader: made("TUR", "focal-point", "Ankara office"),
    };
    let mut studio = Studio::new(folder);
    let old = studio.serve_as(&before, &[]);
    let mut promises = Vec::new();
    let mut wrote = |address: &str, name: &str| {
        let mut clerk = Clerk::new(address, &keys, DATABASE);
        clerk.round(name).expect("acknowledged");
        promises.extend(clerk.promises);
    };
    wrote(&old.address, "Before");
    let new = studio.serve(&[]);
    wrote(&new.address, "On the new one");
    wrote(&old.address, "On the old one beside it");
    assert!(old.end("-TERM"), "it ends well");
    wrote(&new.address, "After");
    new.end("-KILL");
    holds(&run("a live upgrade", studio, promises, vec![(DATABASE, Vec::new())]), 10);
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings but these")]
fn before() -> Option<String> {
    std::env::var("BEFORE").ok().filter(|program| Path::new(program).is_file())
}
