//! Disks that are really full: small ones in memory, where this may mount them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use silkroutes::domain::viewer::Role;
use tempfile::TempDir;
use tokio::time::Instant;

use super::{BACK, block_on, lasting};
use crate::app::TestApp;
use crate::crash::clerk::{Clerk, Keys, Trouble};
use crate::crash::look::{Duty, look_at};
use crate::crash::world::{DATABASE, Server, template};
use crate::nodes::postgres::Postgres;
use crate::place::{has_no_file, say};

/// A disk of its own, gone with the test.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Of so many MB; none where nobody may mount one, which is said aloud.
    fn new(what: &str, megabytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|done| done.status.success()) {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("open to all");
            return Some(Self { folder });
        }
        say(&format!("skipped: {what}: this may mount no disk (it takes root)"));
        None
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn stone(&self) -> PathBuf {
        self.path().join("stone")
    }

    /// Leaves no room at all.
    fn fill(&self) {
        let mut bytes = fs::metadata(self.stone()).map_or(0, |stone| stone.len());
        // A large piece first, then what is left.
        for piece in [1 << 20, 1 << 12] {
            let zeros = vec![0; piece];
            let mut file = fs::File::options().create(true).append(true).open(self.stone()).expect("a file");
            while std::io::Write::write_all(&mut file, &zeros).is_ok() {
                bytes += piece as u64;
            }
        }
        assert!(bytes > 0, "there was no room at all");
    }

    /// Gives the room back.
    fn free(&self) {
        fs::remove_file(self.stone()).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

/// Writes while there is no room, which may be refused; then until it is done again.
fn write_through(clerk: &mut Clerk<'_>, name: &str, attempts: usize, refill: impl Fn(), free: impl FnOnce()) -> Duration {
    let mut refused = Vec::new();
    for n in 0..attempts {
        refill();
        if let Err(trouble) = clerk.round(&format!("{name} while full {n}")) {
            refused.push(trouble);
        }
    }
    free();
    let begun = Instant::now();
    while let Err(trouble) = clerk.draft(&format!("{name} with room")) {
        assert!(begun.elapsed() < BACK, "there is room for {BACK:?}, and still: {trouble:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = begun.elapsed();
    clerk.read_again().expect("what is shared is shown");
    assert!(!refused.contains(&Trouble::Gone), "{name}: no answer at all: {refused:?}");
    say(&format!("{name}: {} of {attempts} rounds were refused while it was full, back after {} ms", refused.len(), took.as_millis()));
    took
}

#[test]
fn a_full_disk_of_sqlite_is_refused_and_survived() {
    const WHAT: &str = "a full disk under SQLite";
    if has_no_file(WHAT) {
        return;
    }
    let Some(disk) = Disk::new(WHAT, 96) else { return };
    fs::copy(template().folder.path().join(DATABASE), disk.path().join(DATABASE)).expect("copied");
    // The log is on the same disk, as it well may be.
    let log = disk.path().join("log");
    let mut promised = Vec::new();
    for life in 0..3 {
        let start = || Server::start(Server::command(disk.path(), &[]), &log, |child| child.id().to_string());
        let server = start().unwrap_or_else(|| panic!("it does not start: {}", fs::read_to_string(&log).unwrap_or_default()));
        let mut clerk = Clerk::new(&server.address, &template().keys, DATABASE);
        clerk.draft(&format!("Life {life}")).expect("there is room");
        write_through(&mut clerk, &format!("SQLite, life {life}"), 3, || disk.fill(), || disk.free());
        clerk.round(&format!("Life {life} and on")).expect("there is room");
        promised.extend(lasting(&clerk.promises));
        server.end("-KILL");
        let duty = Duty { database: DATABASE.into(), whole: Vec::new(), promised: promised.clone() };
        block_on(look_at(&disk.path().join(DATABASE), &duty)).unwrap_or_else(|fault| panic!("after a kill: {fault}"));
    }
    assert!(!fs::read_to_string(&log).unwrap_or_default().contains("panicked"));
}

/// A server over that PostgreSQL, with keys for a clerk.
fn staffed(postgres: &Postgres) -> (TestApp, Keys) {
    let app = TestApp::with(|settings| {
        settings.database = postgres.url().into();
        settings.http.rate_points = 1_000_000_000;
    });
    let keys = Keys {
        owner: app.key("UZB", Role::FocalPoint, "Tashkent office"),
        desk: app.key("ICMPD", Role::Secretariat, "Vienna desk"),
        reader: app.key("TUR", Role::FocalPoint, "Ankara office"),
    };
    (app, keys)
}

fn holds(postgres: &Postgres, promised: &[String]) {
    for some in promised.chunks(50) {
        // Booleans are no numbers there.
        let asked = some.join(" AND ").replace("(revoked_at IS NOT NULL) = 1", "revoked_at IS NOT NULL");
        assert_eq!(postgres.texts(&format!("SELECT CAST(({asked}) AS text)")), ["true"], "what was acknowledged is lost: {some:#?}");
    }
}

#[test]
fn a_full_disk_of_postgresql_is_refused_and_survived() {
    const WHAT: &str = "a full disk under the data of PostgreSQL";
    // 40 MB are what a new cluster takes, without its log.
    let Some(disk) = Disk::new(WHAT, 160) else { return };
    let Some(mut postgres) = Postgres::start_on(WHAT, Some(disk.path()), None) else { return };
    let (app, keys) = staffed(&postgres);
    let address = app.address().to_string();
    let mut clerk = Clerk::new(&address, &keys, DATABASE);
    for time in 0..3 {
        // A table that grows finds no room for another page, whatever is free in those that it has.
        write_through(&mut clerk, &format!("data of PostgreSQL, time {time}"), 30, || disk.fill(), || disk.free());
    }
    clerk.round("And on").expect("there is room");
    let promised = lasting(&clerk.promises);
    holds(&postgres, &promised);
    drop(app);
    postgres.kill();
    postgres.restart();
    holds(&postgres, &promised);
}

#[test]
fn a_full_disk_under_the_log_of_postgresql_is_refused_and_survived() {
    const WHAT: &str = "a full disk under the log of PostgreSQL";
    let Some(disk) = Disk::new(WHAT, 64) else { return };
    let Some(mut postgres) = Postgres::start_on(WHAT, None, Some(disk.path())) else { return };
    let (app, keys) = staffed(&postgres);
    let address = app.address().to_string();
    let mut clerk = Clerk::new(&address, &keys, DATABASE);
    for time in 0..2 {
        disk.fill();
        let (mut n, mut is_refused) = (0, false);
        // Segments that are there are used up first; then it stops by itself, as it must.
        while n < 400 && !is_refused {
            is_refused = clerk.round(&format!("Log {time} {n}")).is_err();
            // A hundred kilobytes of its log, which may be the last.
            let _ = postgres.try_texts("SELECT CAST(pg_logical_emit_message(false, 'fills', repeat('x', 100000)) AS text)");
            n += 1;
        }
        assert!(is_refused, "its log was never full");
        let _ = clerk.draft(&format!("Log {time} still"));
        disk.free();
        // Whoever looks after it starts it again, where it has ended.
        postgres.kill();
        postgres.restart();
        let begun = Instant::now();
        while let Err(trouble) = clerk.draft(&format!("Log {time} with room")) {
            assert!(begun.elapsed() < BACK, "there is room for {BACK:?}, and still: {trouble:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        say(&format!("log of PostgreSQL, time {time}: refused after {n} rounds, back after {} ms", begun.elapsed().as_millis()));
        holds(&postgres, &lasting(&clerk.promises));
    }
}
