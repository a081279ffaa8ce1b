//! A PostgreSQL of a test's own, from Debian's binaries: one that may be killed.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DbBackend, Statement};
use tempfile::TempDir;

/// A server, gone when the test ends.
pub struct Postgres {
    bin: PathBuf,
    folder: TempDir,
    data: PathBuf,
    port: u16,
    running: Option<Child>,
}

impl Postgres {
    /// A new one; none where there are no binaries, which is said aloud.
    pub fn start(what: &str) -> Option<Self> {
        Self::start_on(what, None, None)
    }

    /// The same with its data, or its log (in small pieces), in another folder: on a disk of its own, perhaps.
    pub fn start_on(what: &str, data: Option<&Path>, log: Option<&Path>) -> Option<Self> {
        let Some(bin) = binaries() else {
            crate::place::say(&format!("skipped: {what}: there is no PostgreSQL of Debian's here (package postgresql)"));
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("open to all");
        let port = free_port();
        let data = data.unwrap_or(folder.path()).join("data");
        let mut server = Self { bin, folder, data, port, running: None };
        let mut making = server.command("initdb");
        making.args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--wal-segsize", if log.is_some() { "1" } else { "16" }]);
        making.arg("-X").arg(log.unwrap_or(server.folder.path()).join("log-of-writes"));
        let made = making.output().expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.restart();
        Some(server)
    }

    /// A standby that follows it by streaming.
    pub fn standby(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("open to all");
        let port = free_port();
        let data = folder.path().join("data");
        let mut standby = Self { bin: self.bin.clone(), folder, data, port, running: None };
        let copied = standby
            .command("pg_basebackup")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-R", "-X", "stream", "-c", "fast"])
            .output()
            .expect("pg_basebackup runs");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        standby.restart();
        standby
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// The first column, a text, of what it answers.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        self.try_texts(sql).expect("an answer")
    }

    /// The same of a server that may not answer.
    pub fn try_texts(&self, sql: &str) -> Result<Vec<String>, sea_orm::DbErr> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        runtime.block_on(async {
            let mut options = ConnectOptions::new(self.url());
            options.max_connections(1).sqlx_logging(false);
            let db = Database::connect(options).await?;
            let found = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
            let _ = db.close().await;
            found?.iter().map(|row| row.try_get_by_index(0)).collect()
        })
    }

    /// One of its programs, as the user that it wants: it refuses root.
    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let mut command = if am_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.arg("-D").arg(&self.data).env("LC_ALL", "C.UTF-8").current_dir("/").stdin(Stdio::null());
        command
    }

    /// Starts it, after a kill with the recovery that it does; returns once it takes connections.
    pub fn restart(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let port = self.port.to_string();
        let mut command = self.command("postgres");
        command.args(["-p", &port, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-k"]).arg(self.folder.path());
        self.running = Some(command.stdout(Stdio::null()).stderr(log).spawn().expect("it starts"));
        for _ in 0..600 {
            if self.is_ready() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL does not start: {}", fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
    }

    fn is_ready(&self) -> bool {
        let socket = self.folder.path().display().to_string();
        let port = self.port.to_string();
        Command::new(self.bin.join("pg_isready")).args(["-q", "-h", &socket, "-p", &port]).status().is_ok_and(|status| status.success())
    }

    /// Kills all of it at once, as a power cut would.
    pub fn kill(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        // Held still first, it neither starts children nor takes leave of dead ones: no number is another's meanwhile.
        signal("-STOP", &[child.id()]);
        let all: Vec<u32> = children_of(child.id()).into_iter().chain([child.id()]).collect();
        signal("-KILL", &all);
        child.wait().expect("it ends");
        // What it shared with its children must be free before another one starts.
        while all.iter().any(|pid| is_running(*pid)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

fn signal(name: &str, to: &[u32]) {
    let _ = Command::new("kill").arg(name).args(to.iter().map(u32::to_string)).stderr(Stdio::null()).status();
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}

fn am_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// The newest of Debian's.
fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin)
}

/// The state of a process and its parent; none where it is gone.
fn stat(process: &Path) -> Option<(char, u32)> {
    let text = fs::read_to_string(process.join("stat")).ok()?;
    let mut parts = text.rsplit_once(") ")?.1.split(' ');
    Some((parts.next()?.chars().next()?, parts.next()?.parse().ok()?))
}

fn children_of(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("a list of processes").flatten();
    all.filter(|entry| stat(&entry.path()).is_some_and(|(_, ppid)| ppid == parent)).filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn is_running(pid: u32) -> bool {
    stat(Path::new(&format!("/proc/{pid}"))).is_some_and(|(state, _)| state != 'Z')
}

/// A request that is sent and not waited for: the caller hangs up after so long.
pub fn abandon(address: std::net::SocketAddr, request: &[u8], after: Duration) {
    if let Ok(mut socket) = TcpStream::connect(address) {
        let _ = socket.write_all(request);
        std::thread::sleep(after);
    }
}
