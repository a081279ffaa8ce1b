//! A server as a process of its own: started, read from `/proc`, ended.

#![allow(dead_code, reason = "each benchmark uses some of it")]

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// A running server.
pub struct Process {
    child: Child,
    address: SocketAddr,
    /// What each thread was last seen to have taken, in nanoseconds; those that ended stay.
    taken: Mutex<HashMap<OsString, u64>>,
}

impl Process {
    /// Starts a server that prints the address it listens on (`http://…`) on standard output or error.
    pub fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the server starts");
        let (send, receive) = std::sync::mpsc::channel();
        let outputs: [Option<Box<dyn std::io::Read + Send>>; 2] =
            [child.stdout.take().map(|o| Box::new(o) as _), child.stderr.take().map(|o| Box::new(o) as _)];
        for output in outputs.into_iter().flatten() {
            let send = send.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if let Some(address) = address_in(&line) {
                        let _ = send.send(address);
                    }
                }
            });
        }
        let address = receive.recv_timeout(Duration::from_mins(1)).expect("the server tells where it listens");
        Self { child, address, taken: Mutex::default() }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time so far, user and system.
    pub fn cpu(&self) -> Duration {
        // `schedstat` counts nanoseconds for each thread; `stat` counts for all, but in hundredths of a second. A thread
        // that ended is no longer told: it was idle for long, so that what it was last seen to have taken is all.
        let mut taken = self.taken.lock().expect("the times");
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("Linux").flatten() {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            if let Some(nanoseconds) = text.split_whitespace().next().and_then(|number| number.parse().ok()) {
                taken.insert(thread.file_name(), nanoseconds);
            }
        }
        Duration::from_nanos(taken.values().sum())
    }

    /// Resident memory in megabytes.
    pub fn resident_mb(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// Forgets the most that it had.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("Linux");
    }

    /// The most that it had, in megabytes.
    pub fn peak_mb(&self) -> f64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).map_or(0.0, |kb| kb / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let at = line.find("http://")? + "http://".len();
    let rest = &line[at..];
    rest[..rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).unwrap_or(rest.len())].parse().ok()
}
