//! A disk that fails, at every call that writes: the server refuses or survives, nothing that it acknowledged is lost,
//! and it is back soon after the disk is.
//!
//! `FAULTS` says how many faults come upon the server, and as many upon commands (a few by default; CI: 150; `all` at
//! night, which is eight at every call).
//!
//! | file | what |
//! |---|---|
//! | `shim` | a library before the system's calls, by which the n-th fails |
//! | `commands` | the same for what is called once |
//! | `full` | disks that are really full: of SQLite, and of PostgreSQL |

mod commands;
mod full;
mod shim;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::crash::chance::Chance;
use crate::crash::clerk::{Clerk, Trouble};
use crate::crash::look::{Duty, hold, look_at};
use crate::crash::promise::Promise;
use crate::crash::world::{DATABASE, Server, copy_of_template, template};
use crate::place::{has_no_file, say};
use shim::{FAULTS, Failing, Plan, library};

/// Faults of the server, where nobody says how many; of commands as many again.
const FEW: usize = 12;
/// After so long at most what failed works again.
const BACK: Duration = Duration::from_secs(5);
/// So many faults come upon one life of a server.
const A_LIFE: usize = 8;

/// How many faults are to be tried.
#[expect(clippy::disallowed_methods, reason = "a test has no settings but these")]
fn how_many() -> usize {
    match std::env::var("FAULTS") {
        Ok(all) if all == "all" => usize::MAX,
        Ok(number) => number.parse().expect("a number, or all"),
        Err(_) => FEW,
    }
}

/// So many of all faults at so many calls.
fn draw(calls: u64, most: usize, seed: u64) -> Vec<Failing> {
    let each = |call| FAULTS.into_iter().flat_map(move |fault| [true, false].map(|lasts| Failing { fault, call, lasts }));
    let mut all: Vec<Failing> = (1..=calls).flat_map(each).collect();
    Chance::new(seed).shuffle(&mut all);
    all.truncate(most);
    all
}

/// A server behind the shim, and what it acknowledged.
struct Patient {
    folder: TempDir,
    library: &'static Path,
    plan: Plan,
    /// Its log, which is on the same disk.
    log: PathBuf,
    promises: Vec<Promise>,
    /// What was refused, by its code.
    refused: BTreeMap<String, usize>,
    slowest: Duration,
}

impl Patient {
    fn new(library: &'static Path) -> Self {
        let folder = copy_of_template();
        let plan = Plan::new();
        let log = folder.path().join("log");
        Self { folder, library, plan, log, promises: Vec::new(), refused: BTreeMap::new(), slowest: Duration::ZERO }
    }

    fn start(&self) -> Server {
        self.try_start().unwrap_or_else(|| panic!("it does not start: {}", self.logged()))
    }

    /// None where it says why not and ends.
    fn try_start(&self) -> Option<Server> {
        let mut command = Server::command(self.folder.path(), &[]);
        self.plan.before(&mut command, self.library, self.folder.path());
        Server::start(command, &self.log, |child| child.id().to_string())
    }

    fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// One fault, while a round is written; then the disk is well, and the server must be.
    fn suffer(&mut self, server: &mut Server, failing: Failing, name: &str) -> bool {
        let address = server.address.clone();
        let mut clerk = Clerk::new(&address, &template().keys, DATABASE);
        self.plan.fail(failing);
        let done = clerk.round(name).and_then(|()| clerk.draft(&format!("{name} more")).map(drop));
        if let Err(Trouble::Refused(code)) = &done {
            assert!(code.chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{failing:?}: it answers neither yes nor no: {code}");
            *self.refused.entry(code.clone()).or_default() += 1;
        }
        // Whoever asks again while it lasts is told no again.
        let _ = clerk.draft(&format!("{name} still"));
        let has_failed = self.plan.failed() > 0;
        self.plan.end();
        self.recover(server, &mut clerk, failing, name);
        clerk.read_again().unwrap_or_else(|trouble| panic!("{failing:?}: what was shared is not shown: {trouble:?}"));
        let held = block_on(hold(&self.url(), &lasting(&clerk.promises)));
        held.unwrap_or_else(|fault| panic!("{failing:?}: what was acknowledged cannot be seen: {fault}\n{}", self.logged()));
        self.promises.append(&mut clerk.promises);
        has_failed
    }

    /// Waits until a write is acknowledged again.
    fn recover(&mut self, server: &mut Server, clerk: &mut Clerk<'_>, failing: Failing, name: &str) {
        let begun = Instant::now();
        while let Err(trouble) = clerk.draft(&format!("{name} after")) {
            assert!(server.is_running(), "{failing:?}: it ended: {}", self.logged());
            assert!(begun.elapsed() < BACK, "{failing:?}: the disk is well for {BACK:?}, and the server is not: {trouble:?}\n{}", self.logged());
            std::thread::sleep(Duration::from_millis(50));
        }
        self.slowest = self.slowest.max(begun.elapsed());
    }

    /// One fault, while it starts: it says why not and ends, or serves once the disk is well.
    fn suffer_at_start(&mut self, failing: Failing, name: &str) -> bool {
        self.plan.fail(failing);
        let started = self.try_start();
        let has_failed = self.plan.failed() > 0;
        self.plan.end();
        let mut server = started.unwrap_or_else(|| self.start());
        let address = server.address.clone();
        let mut clerk = Clerk::new(&address, &template().keys, DATABASE);
        self.recover(&mut server, &mut clerk, failing, name);
        self.promises.append(&mut clerk.promises);
        server.end("-KILL");
        self.is_sound();
        has_failed
    }

    fn url(&self) -> String {
        format!("sqlite://{}?mode=ro", self.folder.path().join(DATABASE).display())
    }

    /// Everything that it ever acknowledged is there when it was killed.
    fn is_sound(&self) {
        let duty = Duty { database: DATABASE.into(), whole: Vec::new(), promised: lasting(&self.promises) };
        let found = block_on(look_at(&self.folder.path().join(DATABASE), &duty));
        found.unwrap_or_else(|fault| panic!("after a kill: {fault}\n{}", self.logged()));
        assert!(!self.logged().contains("panicked"), "{}", self.logged());
    }
}

/// What no later call was meant to change.
fn lasting(promises: &[Promise]) -> Vec<String> {
    promises.iter().filter(|promise| promise.until.is_none()).map(|promise| promise.holds.clone()).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread").block_on(work)
}

#[test]
fn a_server_survives_a_fault_at_every_call() {
    const WHAT: &str = "faults of the disk under a server";
    if has_no_file(WHAT) {
        return;
    }
    let Some(library) = library(WHAT) else { return };
    let mut patient = Patient::new(library);
    let server = patient.start();
    // A round of which nothing fails says how many calls there are.
    let mut clerk = Clerk::new(&server.address, &template().keys, DATABASE);
    patient.plan.end();
    clerk.round("Well").expect("acknowledged");
    let calls = patient.plan.seen();
    patient.promises.extend(clerk.promises);
    server.end("-TERM");
    let faults = draw(calls, how_many(), 56);
    let mut met = 0;
    for (n, some) in faults.chunks(A_LIFE).enumerate() {
        let mut server = patient.start();
        for (m, failing) in some.iter().enumerate() {
            met += usize::from(patient.suffer(&mut server, *failing, &format!("Life {n} fault {m}")));
        }
        server.end("-KILL");
        patient.is_sound();
        // What is kept of all lives would be looked at in each: some are begun anew.
        if n % 10 == 9 {
            patient = Patient { refused: std::mem::take(&mut patient.refused), slowest: patient.slowest, ..Patient::new(library) };
        }
    }
    let Patient { refused, slowest, .. } = &patient;
    say(&format!("a round of {calls} calls, {} faults tried, {met} met, refused {refused:?}, back after {} ms at most", faults.len(), slowest.as_millis()));
    assert!(calls > 50 && met * 2 > faults.len(), "the shim is not in the way");
}

#[test]
fn a_start_says_why_not_or_serves() {
    const WHAT: &str = "faults of the disk at a start";
    if has_no_file(WHAT) {
        return;
    }
    let Some(library) = library(WHAT) else { return };
    let mut patient = Patient::new(library);
    // What a killed server left is taken in by the next start, and what one that ended left is opened anew.
    patient.start().end("-KILL");
    patient.plan.end();
    patient.start().end("-TERM");
    let faults = draw(patient.plan.seen(), how_many().div_ceil(3), 78);
    let met: usize = faults.iter().enumerate().map(|(n, failing)| usize::from(patient.suffer_at_start(*failing, &format!("Start {n}")))).sum();
    say(&format!("{} faults tried at a start, {met} met, back after {} ms at most", faults.len(), patient.slowest.as_millis()));
    assert!(met > 0, "the shim is not in the way");
}
