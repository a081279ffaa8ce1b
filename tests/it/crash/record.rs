//! What a run of the program does to its files: the system calls that write, in their order, as `strace` tells them.
//!
//! What is mapped into memory cannot be seen so. Of SQLite that is the index of its log (`-shm`) alone, which is made
//! anew after a crash, and is left out; whatever else were mapped to be written would end the story.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::place::say;

/// What is recorded. A call that is here and cannot be replayed is a fault of the test's, and told.
const CALLS: &str = "trace=open,openat,creat,pwrite64,pwritev,pwritev2,write,writev,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,\
    truncate,ftruncate,fallocate,unlink,unlinkat,link,linkat,copy_file_range,sendfile,mmap";

/// One call that came to its end.
#[derive(Debug, Clone)]
pub enum Call {
    /// A file was made, or opened where it is.
    Make(String),
    /// Bytes were written from there on; without a place, behind what was there.
    Write {
        file: String,
        at: Option<usize>,
        bytes: Vec<u8>,
    },
    /// A file was made so long.
    Cut {
        file: String,
        length: usize,
    },
    /// What was written to a file is on the disk.
    Sync(String),
    /// What was done to the names in the folder is on the disk.
    SyncNames,
    Rename {
        from: String,
        to: String,
    },
    /// A file got a second name.
    Link {
        from: String,
        to: String,
    },
    Remove(String),
}

/// A call, and when it was begun and ended in the order of all, and by the clock.
#[derive(Debug, Clone)]
pub struct Step {
    pub begun: usize,
    pub ended: usize,
    pub at: i64,
    pub call: Call,
}

/// Whether calls can be recorded here; says so aloud where not.
pub fn can_record(what: &str) -> bool {
    let is_there = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !is_there {
        say(&format!("skipped: {what}: there is no strace here (package strace)"));
    }
    is_there
}

/// A program, to be run in a folder under the eyes of `strace`.
pub fn watched(program: &str, folder: &Path, tape: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-ttt", "-y", "-xx", "-a", "1", "-s", "16777216", "--seccomp-bpf", "-e", "signal=none", "-e", CALLS, "-o"]);
    command.arg(tape).arg(program).args(arguments);
    command.current_dir(folder).env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

/// The process that is watched, which is the first that does something.
pub fn watched_process(tape: &Path) -> String {
    for _ in 0..1_000 {
        let text = fs::read(tape).unwrap_or_default();
        let first: String = text.iter().skip_while(|byte| **byte == b' ').take_while(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
        if !first.is_empty() && text.contains(&b'\n') {
            return first;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("strace tells of no process");
}

/// What a tape says of a folder.
pub fn read(tape: &Path, folder: &Path) -> Vec<Step> {
    let text = fs::read_to_string(tape).expect("a tape in ASCII");
    let folder = folder.to_str().expect("a plain name");
    let mut steps: Vec<Step> = Vec::new();
    // By process: which line began it, when, and how.
    let mut begun: HashMap<&str, (usize, i64, String)> = HashMap::new();
    for (n, line) in text.lines().enumerate() {
        let (process, rest) = line.trim_start().split_once(' ').expect("a process");
        let (time, rest) = rest.trim_start().split_once(' ').expect("a time");
        if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(process, (n, micros(time), start.to_owned()));
            continue;
        }
        let (start, at, whole) = match rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            Some((_, end)) => {
                let Some((start, at, text)) = begun.remove(process) else { continue };
                (start, at, text + end)
            }
            None => (n, micros(time), rest.to_owned()),
        };
        if let Some(call) = call(&whole, folder) {
            steps.push(Step { begun: start, ended: n, at, call });
        }
    }
    steps
}

/// Microseconds of a time such as 1796044658.891448.
fn micros(time: &str) -> i64 {
    time.replace('.', "").parse().expect("a time to the microsecond")
}

/// What a call does to the files of the folder; none where that is nothing, or it failed.
fn call(line: &str, folder: &str) -> Option<Call> {
    let (call, result) = line.rsplit_once(") = ")?;
    if result.starts_with("-1") || result.starts_with('?') {
        return None;
    }
    let (name, arguments) = call.split_once('(').expect("a call");
    let arguments: Vec<&str> = arguments.split(", ").collect();
    // Of a file, its name in the folder; empty for the folder itself.
    let inside = |path: Option<String>| {
        let rest = path?.strip_prefix(folder)?.to_owned();
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned()).filter(|name| !name.ends_with("-shm"))
    };
    let opened = |n: usize| inside(described(arguments.get(n)?));
    // A name that is not whole is of the folder, in which the program runs.
    let named = |n: usize| {
        let name = String::from_utf8(text(arguments.get(n)?)).expect("a name in UTF-8");
        inside(Some(if name.starts_with('/') { name } else { format!("{folder}/{name}") }))
    };
    let number = |n: usize| arguments[n].parse::<usize>().expect("a number");
    let written = || {
        let mut bytes = text(arguments[1]);
        bytes.truncate(result.split(' ').next().and_then(|count| count.parse().ok()).expect("a count"));
        bytes
    };
    match name {
        "open" | "openat" | "creat" if arguments.iter().any(|flags| flags.contains("O_CREAT")) => inside(described(result)).map(Call::Make),
        "open" | "openat" => None,
        "pwrite64" => Some(Call::Write { file: opened(0)?, at: Some(number(3)), bytes: written() }),
        "write" => Some(Call::Write { file: opened(0)?, at: None, bytes: written() }),
        "ftruncate" => Some(Call::Cut { file: opened(0)?, length: number(1) }),
        "fsync" | "fdatasync" => opened(0).map(|name| if name.is_empty() { Call::SyncNames } else { Call::Sync(name) }),
        "rename" => Some(Call::Rename { from: named(0)?, to: named(1)? }),
        "link" => Some(Call::Link { from: named(0)?, to: named(1)? }),
        "linkat" => Some(Call::Link { from: named(1)?, to: named(3)? }),
        "unlink" => named(0).map(Call::Remove),
        // Memory that is not a file's, or that is not written back.
        "mmap" if !arguments[3].contains("MAP_SHARED") || !arguments[2].contains("PROT_WRITE") => None,
        _ => {
            let is_ours = (0..arguments.len()).any(|n| opened(n).is_some() || (arguments[n].starts_with('"') && named(n).is_some()));
            assert!(!is_ours, "the replayer does not know {name}");
            None
        }
    }
}

/// The path of an open file, as `9<…>`; none where it has no name any more.
fn described(text: &str) -> Option<String> {
    let (path, after) = text.split_once('<')?.1.rsplit_once('>')?;
    let path = String::from_utf8(unhex(path)).ok()?;
    (!after.contains("deleted") && !path.ends_with(" (deleted)")).then_some(path)
}

/// The bytes of a text in quotation marks.
fn text(quoted: &str) -> Vec<u8> {
    let inner = quoted.strip_prefix('"').unwrap_or_default();
    let (inner, after) = inner.rsplit_once('"').unwrap_or_default();
    assert!(after.is_empty(), "strace cut something off");
    unhex(inner)
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).expect("hexadecimal");
    text.as_bytes().chunks(4).map(|code| digit(code[2]) << 4 | digit(code[3])).collect()
}
