//! The file under a running server: whether it is still the one that was opened, how much room its disk has, and for whom
//! it is.
//!
//! SQLite does not look: what it has open it goes on to write, whatever its name leads to by then. So the numbers that the
//! system gives a file are compared: those of the database, of its log (`-wal`) and of the index of that (`-shm`).
//! Nothing is opened for it: closing a file gives up all locks that this program holds on it, SQLite's too.

use std::fs::{self, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::keep::Trouble;

/// For whom everything is that is kept: for the user of this program alone.
pub(super) const OWN: u32 = 0o600;
/// What others may do with a file.
const OTHERS: u32 = 0o077;

/// Of a disk, no more than this part is kept free: a small one would never be written to.
const PART: u64 = 20;

/// A database, its log and the index of that.
const ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// What the system knows a file by: its device, and its number there.
type Number = Option<(u64, u64)>;

fn number(path: &Path) -> Number {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// A name, and something behind it.
pub(super) fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A database file that is open.
pub(super) struct Watched {
    /// As it is named.
    path: PathBuf,
    /// How many bytes of its disk are to stay free.
    room: u64,
    /// What a file of the same installation holds, too.
    secret: [u8; 64],
    known: Mutex<Known>,
}

/// What was opened: where the file is really, as SQLite names log and index by that, and the numbers of the three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    real: PathBuf,
    numbers: [Number; 3],
}

impl Known {
    fn of(path: &Path) -> Self {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let numbers = ENDINGS.map(|ending| number(&with_ending(&real, ending)));
        Self { real, numbers }
    }
}

impl Watched {
    /// One that was opened this moment.
    pub fn new(path: &Path, room: u64, secret: [u8; 64]) -> Self {
        Self { path: path.to_owned(), room, secret, known: Mutex::new(Known::of(path)) }
    }

    /// What a file of the same installation holds, too.
    pub fn secret(&self) -> &[u8; 64] {
        &self.secret
    }

    /// As it is named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where SQLite writes ahead of it.
    pub fn log(&self) -> PathBuf {
        with_ending(&self.known().real, "-wal")
    }

    /// Whether it is still what was opened.
    pub fn look(&self) -> Result<(), Trouble> {
        let (name, known) = (self.path.display().to_string(), self.known());
        let [file, log, index] = known.numbers;
        // By both names: the one that others open it by, and the one that SQLite goes by.
        match (number(&self.path), number(&known.real)) {
            (None, _) => return Err(Trouble::Gone(name)),
            (named, _) if named != file => return Err(Trouble::Other(name, String::new())),
            (_, real) if real != file => return Err(Trouble::Gone(known.real.display().to_string())),
            _ => {}
        }
        for (number_before, ending) in [(log, "-wal"), (index, "-shm")] {
            let path = with_ending(&known.real, ending);
            if number_before.is_some() && number(&path) != number_before {
                return Err(Trouble::NoLog(path.display().to_string()));
            }
        }
        Ok(())
    }

    /// Whether its disk has room.
    pub fn room(&self) -> Result<(), Trouble> {
        // A disk that cannot be asked says so when it is written to.
        let Ok(disk) = rustix::fs::statvfs(&self.path) else { return Ok(()) };
        let (free, all) = (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize));
        let floor = self.room.min(all / PART);
        if free >= floor { Ok(()) } else { Err(Trouble::NoRoom { at: self.path.display().to_string(), free, floor }) }
    }

    /// What its name leads to now.
    pub fn now(&self) -> Known {
        Known::of(&self.path)
    }

    /// From now on what its name leads to is the file, unless that changed since it was `seen`.
    pub fn adopt(&self, seen: &Known) -> Result<(), Trouble> {
        let now = self.now();
        if now.real != seen.real || now.numbers.first() != seen.numbers.first() {
            return Err(Trouble::Other(self.path.display().to_string(), String::new()));
        }
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }

    /// Whether the log of the file that was opened stands beside another one.
    pub fn has_old_log(&self) -> bool {
        let [_, log, index] = self.known().numbers;
        let [_, log_now, index_now] = self.now().numbers;
        (log.is_some() && log == log_now) || (index.is_some() && index == index_now)
    }

    /// Whether another log or index has taken the place of those that were opened.
    pub fn log_is_taken(&self) -> bool {
        let (known, now) = (self.known(), self.now());
        known.numbers.into_iter().zip(now.numbers).skip(1).any(|(before, number)| number.is_some() && number != before)
    }

    /// Takes it out of the way; what stood in it is in the file that it belongs to.
    pub fn drop_old_log(&self) {
        let (known, now) = (self.known(), self.now());
        for (ending, (before, number)) in ENDINGS.iter().zip(known.numbers.into_iter().zip(now.numbers)).skip(1) {
            if before.is_some() && before == number {
                let _ = fs::remove_file(with_ending(&now.real, ending));
            }
        }
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Makes the file where there is none, for this user alone before anything is in it; one that others may read is taken
/// from them. Log and index get the rights of the file from SQLite.
pub(super) fn own(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(OWN).open(path) {
        Ok(_) => return Ok(()),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(cause),
    }
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    for ending in ENDINGS {
        let file = with_ending(&real, ending);
        if is_for_others(&file) {
            let (file_name, done) = (file.display(), fs::set_permissions(&file, Permissions::from_mode(OWN)));
            match done {
                Ok(()) => tracing::warn!(file = %file_name, "others could read this file; from now on it is for its user alone"),
                Err(cause) => tracing::warn!(file = %file_name, %cause, "others can read this file, and it cannot be taken from them"),
            }
        }
    }
    Ok(())
}

/// What is to be said of the files of a database before it is opened, where something is: others may read them, or the
/// database goes by more names than one.
pub(super) fn findings(path: &Path) -> Vec<String> {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let exposed = ENDINGS.iter().map(|ending| with_ending(&real, ending)).filter(|file| is_for_others(file));
    let mut found: Vec<_> = exposed.map(|file| format!("others could read {}; it was taken from them", file.display())).collect();
    if fs::metadata(&real).is_ok_and(|file| file.nlink() > 1) {
        found.push(format!("{} has another name, too (a hard link): whoever opens it by that one does not see its log", real.display()));
    }
    found
}

/// Whether others than its user may do anything with a file that is there.
fn is_for_others(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.mode() & OTHERS != 0)
}
