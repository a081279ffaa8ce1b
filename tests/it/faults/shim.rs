//! A disk that fails when it is told to: a few lines of C that stand before the system's calls that write.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::crash::world::scratch;
use crate::place::say;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Full,
    Broken,
    Quota,
    /// Half is written, and then there is no room.
    Short,
}

pub const FAULTS: [Fault; 4] = [Fault::Full, Fault::Broken, Fault::Quota, Fault::Short];

impl Fault {
    /// As Linux numbers them.
    const fn error(self) -> u64 {
        match self {
            Self::Full => 28,
            Self::Broken => 5,
            Self::Quota => 122,
            Self::Short => 0,
        }
    }
}

/// Which call fails, counted from 1, and whether those behind it do.
#[derive(Debug, Clone, Copy)]
pub struct Failing {
    pub fault: Fault,
    pub call: u64,
    pub lasts: bool,
}

/// The library; none where it cannot be made, which is said aloud.
pub fn library(what: &str) -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<(TempDir, PathBuf)>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| {
        let folder = scratch();
        let (source, library) = (folder.path().join("shim.c"), folder.path().join("shim.so"));
        fs::write(&source, include_str!("shim.c")).expect("written");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
        cc.output().is_ok_and(|done| done.status.success()).then_some((folder, library))
    });
    if made.is_none() {
        say(&format!("skipped: {what}: no C compiler makes a library here (cc)"));
    }
    made.as_ref().map(|(_, library)| library.as_path())
}

/// What the shim is told, and what it counts.
pub struct Plan {
    _folder: TempDir,
    path: PathBuf,
    file: File,
}

impl Plan {
    /// One by which nothing fails.
    pub fn new() -> Self {
        let folder = scratch();
        let path = folder.path().join("plan");
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path).expect("a file");
        let plan = Self { _folder: folder, path, file };
        plan.end();
        plan
    }

    /// Puts the shim before a program that works in that folder.
    pub fn before(&self, command: &mut Command, library: &Path, folder: &Path) {
        let folder = folder.canonicalize().expect("a folder");
        command.env("LD_PRELOAD", library).env("FAULT_PLAN", &self.path).env("FAULT_FOLDER", folder);
    }

    /// Lets a call fail from now on.
    pub fn fail(&self, failing: Failing) {
        self.set(1, u64::MAX);
        self.set(0, 0);
        self.set(4, 0);
        self.set(3, failing.fault.error());
        // What is short fails once more at least, as a disk without room does.
        let last = if failing.fault == Fault::Short { failing.call + 1 } else { failing.call };
        self.set(2, if failing.lasts { u64::MAX } else { last });
        self.set(1, failing.call);
    }

    /// Nothing fails any more, and counting begins anew.
    pub fn end(&self) {
        self.set(1, u64::MAX);
        for field in [0, 2, 3, 4] {
            self.set(field, 0);
        }
    }

    /// How many calls there were.
    pub fn seen(&self) -> u64 {
        self.get(0)
    }

    /// How many failed.
    pub fn failed(&self) -> u64 {
        self.get(4)
    }

    fn set(&self, field: u64, number: u64) {
        self.file.write_all_at(&number.to_ne_bytes(), field * 8).expect("written");
    }

    fn get(&self, field: u64) -> u64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, field * 8).expect("readable");
        u64::from_ne_bytes(bytes)
    }
}
