//! A file in the making, beside the one that it is to become: named so that nobody takes it for whole, for this user alone
//! from its first byte, and swept away later where whoever made it was ended.
//!
//! Who makes one holds a lock on it that goes with the program. It is not SQLite's (that one locks ranges, this the file),
//! and the file stays open until SQLite has closed it: to close it earlier would give up SQLite's locks.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::file::{OWN, with_ending};

/// How the name of a part ends. No other program's does, so that what is swept is ours.
const ENDING: &str = ".silkroutes-part";
/// What SQLite puts beside a file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A file in the making; gone when it is dropped.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    target: PathBuf,
    file: File,
    is_whole: bool,
}

impl Part {
    /// Begins one, empty, and sweeps away what is left of others in the same folder.
    ///
    /// # Errors
    /// Where the folder does not allow it, or the same file is being made already (`WouldBlock`).
    pub fn begin(target: &Path) -> io::Result<Self> {
        sweep(folder(target));
        let path = with_ending(target, ENDING);
        loop {
            let file = match OpenOptions::new().write(true).create_new(true).mode(OWN).open(&path) {
                Ok(file) => file,
                // What is left of one was swept: this one is being made.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => return Err(io::ErrorKind::WouldBlock.into()),
                Err(cause) => return Err(cause),
            };
            file.lock()?;
            // Somebody may have swept it before it was locked.
            if is_at(&file, &path) {
                return Ok(Self { path, target: target.to_owned(), file, is_whole: false });
            }
        }
    }

    /// Where it is made.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, once nothing has it open any more; from then on it survives a loss of power.
    ///
    /// # Errors
    /// Where the system does not do it, or the file is not whole; then it is gone.
    pub fn finish(mut self) -> io::Result<()> {
        // Closing takes SQLite's log into the file and removes it, but says nothing where it cannot, as on a disk that has
        // room for the one and not for both. What was looked at was both then, and the file alone is not whole.
        if with_ending(&self.path, "-wal").exists() {
            return Err(io::Error::other("its log cannot be taken into it; is the disk full?"));
        }
        self.file.sync_all()?;
        // Unlike a rename, a link never takes the place of another file; some file systems have none.
        match fs::hard_link(&self.path, &self.target) {
            Ok(()) => fs::remove_file(&self.path)?,
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists || self.target.exists() => return Err(cause),
            Err(_) => fs::rename(&self.path, &self.target)?,
        }
        self.is_whole = true;
        File::open(folder(&self.target))?.sync_all()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_whole {
            remove(&self.path);
        }
    }
}

/// Takes away what is left in a folder of parts whose makers were ended.
pub fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(name) = path.to_str() else { continue };
        if name.ends_with(ENDING) {
            // The system lets go of the lock of a program that has ended.
            if let Ok(file) = File::open(&path)
                && file.try_lock().is_ok()
                && is_at(&file, &path)
            {
                tracing::warn!(file = name, "what is left of a backup that was broken off is taken away");
                remove(&path);
            }
        } else if let Some(part) = BESIDE.iter().find_map(|beside| name.strip_suffix(beside)).filter(|part| part.ends_with(ENDING))
            && !Path::new(part).exists()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

fn remove(path: &Path) {
    for beside in BESIDE {
        let _ = fs::remove_file(with_ending(path, beside));
    }
    let _ = fs::remove_file(path);
}

/// Whether that name leads to that file.
fn is_at(file: &File, path: &Path) -> bool {
    let number = |found: fs::Metadata| (found.dev(), found.ino());
    matches!((file.metadata().map(number), fs::metadata(path).map(number)), (Ok(open), Ok(named)) if open == named)
}

/// Where a file is.
pub fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_left_is_swept_and_what_is_being_made_is_not() {
        let at = tempfile::tempdir().unwrap();
        let left = at.path().join("old.db.silkroutes-part");
        for name in [left.clone(), with_ending(&left, "-wal"), at.path().join("gone.db.silkroutes-part-shm"), at.path().join("film.part")] {
            fs::write(name, "x").unwrap();
        }
        let first = Part::begin(&at.path().join("first.db")).unwrap();
        fs::write(with_ending(first.path(), "-wal"), "x").unwrap();
        let mode = fs::metadata(first.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Part::begin(&at.path().join("first.db")).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let second = Part::begin(&at.path().join("second.db")).unwrap();
        fs::write(second.path(), "whole").unwrap();
        second.finish().unwrap();
        let names = || {
            let mut names: Vec<_> = fs::read_dir(at.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names(), ["film.part", "first.db.silkroutes-part", "first.db.silkroutes-part-wal", "second.db"]);
        drop(first);
        assert_eq!(names(), ["film.part", "second.db"]);
        assert!(Part::begin(&at.path().join("second.db")).unwrap().finish().is_err(), "a file that is there is never replaced");
        assert_eq!(fs::read_to_string(at.path().join("second.db")).unwrap(), "whole");
    }
}
