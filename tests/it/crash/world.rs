//! A small deployment to begin with: a dozen entries, a figure, three keys; and the program, as a server or a command,
//! plain, watched or under a shim.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;

use super::clerk::Keys;
use super::disk::Contents;
use super::record::{Step, read, watched, watched_process};
use crate::commands::{err, out, run, silkroutes};

/// The name of the database where none is said.
pub const DATABASE: &str = "silkroutes.db";
/// The folder of a small catalogue, in that of the database.
pub const CATALOGUE: &str = "catalogue";

/// Of the catalogue in the repository, the rows that begin so, and the first so many blocks.
const ROWS: [(&str, &[&str]); 6] = [
    ("states.csv", &["AFG,", "UZB,", "TUR,", "DEU,", "PAK,", "SAU,"]),
    ("organisations.csv", &["ICMPD,", "IOM,", "UNHCR,"]),
    ("sources.csv", &["UNHCR-RPS,", "BEOE-ENGPOST-2022,"]),
    ("flow_figures.csv", &["PAK,SAU,LABOUR_DEPARTURES,2022"]),
    ("areas.csv", &[]),
    ("route_figures.csv", &[]),
];
const BLOCKS: [(&str, usize); 5] = [("documents.toml", 1), ("provisions.toml", 2), ("flows.toml", 0), ("meetings.toml", 0), ("working_groups.toml", 0)];

/// Writes the small catalogue into a folder.
pub fn write_catalogue(folder: &Path) {
    let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue"), folder.join(CATALOGUE));
    fs::create_dir_all(&to).expect("a folder");
    fs::copy(from.join("edition.toml"), to.join("edition.toml")).expect("copied");
    for (file, rows) in ROWS {
        let text = fs::read_to_string(from.join(file)).expect("readable");
        let kept: Vec<&str> =
            text.lines().enumerate().filter(|(n, line)| *n == 0 || rows.iter().any(|row| line.starts_with(row))).map(|(_, line)| line).collect();
        fs::write(to.join(file), kept.join("\n") + "\n").expect("written");
    }
    for (file, blocks) in BLOCKS {
        let text = fs::read_to_string(from.join(file)).expect("readable");
        // The meeting that adopted a document is not in the small catalogue.
        let lines = |block: &str| block.lines().filter(|line| !line.starts_with("meeting =")).collect::<Vec<_>>().join("\n");
        let kept: Vec<String> = text.split("\n\n").take(blocks).map(lines).collect();
        fs::write(to.join(file), kept.join("\n\n") + "\n").expect("written");
    }
}

/// A database with the small catalogue, and keys for it.
pub struct Template {
    pub folder: TempDir,
    pub keys: Keys,
}

/// Made once, and copied.
pub fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = scratch();
        write_catalogue(folder.path());
        succeed(folder.path(), &["load", CATALOGUE]);
        let key = |party: &str, role: &str, subject: &str| {
            let made = succeed(folder.path(), &["key", "create", "--party", party, "--role", role, "--subject", subject, "--expires", "90d"]);
            made.trim().to_owned()
        };
        let keys = Keys {
            owner: key("UZB", "focal-point", "Tashkent office"),
            desk: key("ICMPD", "secretariat", "Vienna desk"),
            reader: key("TUR", "focal-point", "Ankara office"),
        };
        Template { folder, keys }
    })
}

/// A folder in memory, where there is one: a story that opens a database thousands of times need not wait for a disk.
pub fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
}

/// A new folder with what the template holds.
pub fn copy_of_template() -> TempDir {
    let folder = scratch();
    write_catalogue(folder.path());
    fs::copy(template().folder.path().join(DATABASE), folder.path().join(DATABASE)).expect("copied");
    folder
}

/// The files of a folder, but for those in folders of it.
pub fn contents(folder: &Path) -> Contents {
    let files = fs::read_dir(folder).expect("readable").flatten().filter(|entry| entry.path().is_file());
    let read = files.map(|entry| (entry.file_name().into_string().expect("a plain name"), Arc::new(fs::read(entry.path()).expect("readable"))));
    read.filter(|(name, _)| !name.ends_with("-shm")).collect::<BTreeMap<_, _>>()
}

/// Runs a command, which must succeed; what it printed.
pub fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let done = run(folder, arguments);
    assert!(done.status.success(), "{arguments:?}: {}", err(&done));
    out(&done)
}

/// A server that runs as a program of its own.
pub struct Server {
    child: Child,
    /// The server itself, where the child watches it.
    process: String,
    pub address: String,
}

const SERVE: [&str; 7] = ["serve", "--listen", "127.0.0.1:0", "--log-level", "error", "--set", "http.rate_points=1000000000"];

impl Server {
    /// Starts it, with its log at the end of a file; none where it ends before it says where it is.
    pub fn start(mut command: Command, log: &Path, process: impl FnOnce(&Child) -> String) -> Option<Self> {
        let log = fs::File::options().create(true).append(true).open(log).expect("a log");
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let Some(first) = lines.next().and_then(Result::ok) else {
            let status = child.wait().expect("it ends");
            assert_eq!(status.code(), Some(1), "it ended by itself, but not as one that says why not");
            return None;
        };
        let address = first.split("http://").nth(1).and_then(|rest| rest.strip_suffix("/graphql")).expect("an address").to_owned();
        let process = process(&child);
        // What it says on is read, so that it can go on saying it.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, process, address })
    }

    /// The command that starts one in a folder.
    pub fn command(folder: &Path, more: &[&str]) -> Command {
        silkroutes(folder, &[&SERVE[..], more].concat())
    }

    /// One that is watched.
    pub fn watched(program: &str, folder: &Path, tape: &Path, log: &Path, more: &[&str]) -> Self {
        let command = watched(program, folder, tape, &[&SERVE[..], more].concat());
        Self::start(command, log, |_| watched_process(tape)).unwrap_or_else(|| panic!("it does not start: {}", fs::read_to_string(log).unwrap_or_default()))
    }

    /// Sends a signal and waits until it has ended; whether it ended well.
    pub fn end(mut self, signal: &str) -> bool {
        let _ = Command::new("kill").args([signal, &self.process]).status();
        self.child.wait().expect("it ends").success()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }
}

/// The program that this was built with.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_silkroutes");

/// A folder whose writes are recorded, whoever makes them.
pub struct Studio {
    pub folder: TempDir,
    beside: TempDir,
    first: Contents,
    tapes: Vec<PathBuf>,
}

impl Studio {
    /// Over a folder as it is.
    pub fn new(folder: TempDir) -> Self {
        let first = contents(folder.path());
        Self { folder, beside: scratch(), first, tapes: Vec::new() }
    }

    fn tape(&mut self) -> PathBuf {
        let tape = self.beside.path().join(format!("tape-{}", self.tapes.len()));
        self.tapes.push(tape.clone());
        tape
    }

    /// Runs a command, which must succeed; what it printed.
    pub fn run(&mut self, arguments: &[&str]) -> String {
        let tape = self.tape();
        let done = watched(PROGRAM, self.folder.path(), &tape, arguments).output().expect("strace runs");
        assert!(done.status.success(), "{arguments:?}: {}", err(&done));
        out(&done)
    }

    /// Starts a server.
    pub fn serve(&mut self, more: &[&str]) -> Server {
        self.serve_as(PROGRAM, more)
    }

    /// Starts a server of another version, perhaps.
    pub fn serve_as(&mut self, program: &str, more: &[&str]) -> Server {
        let (tape, log) = (self.tape(), self.beside.path().join("log"));
        Server::watched(program, self.folder.path(), &tape, &log, more)
    }

    /// What was in the folder at first, and what was done to it since. Where programs ran together their calls are in the
    /// order of the clock.
    pub fn cut(self) -> (Contents, Vec<Step>) {
        let folder = self.folder.path().canonicalize().expect("a folder");
        let (mut all, mut lines): (Vec<Step>, usize) = (Vec::new(), 0);
        for tape in &self.tapes {
            let steps = read(tape, &folder);
            let last = steps.last().map_or(0, |step| step.ended + 1);
            all.extend(steps.into_iter().map(|step| Step { begun: step.begun + lines, ended: step.ended + lines, ..step }));
            lines += last;
        }
        if !all.is_sorted_by_key(|step| step.at) && self.tapes.len() > 1 {
            all.sort_by_key(|step| step.at);
            all.iter_mut().enumerate().for_each(|(n, step)| (step.begun, step.ended) = (n, n));
        }
        (self.first, all)
    }
}
