//! The topology of compose.yaml as plain processes: two servers on one database, and before them the nginx of
//! `deploy/nginx.conf`, of which only the addresses are changed. Skipped aloud where nginx is not at hand.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::balancer::is_ready;
use super::postgres::free_port;
use super::{acknowledged, draft, node};
use crate::app::{Client, Reply, knob, request};
use crate::commands::{run, silkroutes};
use crate::place::{Place, say};

/// After a failed attempt the proxy leaves a node alone for two seconds (`fail_timeout`): whoever stops the next before
/// those are over leaves it none.
const LEFT_ALONE: Duration = Duration::from_secs(3);

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Its number may be another's by now.
        if self.has_ended() {
            return;
        }
        // Asked to, as a proxy that is killed leaves its workers behind.
        let _ = terminate(&self.0);
        if !(0..1_000).any(|_| self.has_ended() || pause()) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

fn terminate(child: &Child) -> std::io::Result<ExitStatus> {
    Command::new("kill").args(["-TERM", &child.id().to_string()]).stderr(Stdio::null()).status()
}

impl Running {
    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// A node as compose.yaml starts it.
    fn node(place: &Place, address: SocketAddr) -> Self {
        let listen = address.to_string();
        let child = silkroutes(place.path(), &["serve", "--listen", &listen, "--log-level", "error", "--set", "http.client_header=x-real-ip"])
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("it starts");
        let mut node = Self(child);
        let is_up = (0..2_000).any(|_| is_ready(address) || node.has_ended() || pause());
        assert!(is_up && !node.has_ended(), "a node is ready");
        node
    }

    /// Stops it as an operator would.
    fn stop(mut self) {
        assert!(terminate(&self.0).expect("kill").success() && self.0.wait().expect("it ends").success(), "it stops well");
    }

    fn proxy(nginx: &Path, folder: &Path, address: SocketAddr, nodes: [SocketAddr; 2]) -> Self {
        let mut text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/nginx.conf")).expect("it is in the repository");
        let [a, b] = nodes.map(|node| node.to_string());
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {}/{name};", folder.display())).join("\n");
        for (is, becomes) in [
            ("node-a:8080", a.as_str()),
            ("node-b:8080", &b),
            ("listen 8080;", &format!("listen {address};")),
            ("http {", &format!("daemon off;\npid {0}/nginx.pid;\nerror_log {0}/error.log notice;\nhttp {{\n{temporary}", folder.display())),
        ] {
            assert_eq!(text.matches(is).count(), 1, "{is}");
            text = text.replace(is, becomes);
        }
        let file = folder.join("nginx.conf");
        fs::write(&file, text).expect("written");
        let child = Command::new(nginx).arg("-e").arg(folder.join("error.log")).arg("-c").arg(&file).spawn().expect("it starts");
        let mut proxy = Self(child);
        let is_up = (0..500).any(|_| is_ready(address) || pause());
        assert!(is_up && !proxy.has_ended(), "{}", fs::read_to_string(folder.join("error.log")).unwrap_or_default());
        proxy
    }
}

/// Shows what the proxy said where its story fails.
struct Complaints(PathBuf);

impl Drop for Complaints {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&fs::read_to_string(&self.0).unwrap_or_default());
        }
    }
}

/// Ends the work of others, whatever becomes of one's own.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A moment; never what is waited for.
fn pause() -> bool {
    std::thread::sleep(Duration::from_millis(10));
    false
}

fn nginx() -> Option<PathBuf> {
    ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"].map(PathBuf::from).into_iter().find(|path| path.exists())
}

fn post(proxy: SocketAddr, key: &str, revision: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {key}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str()), ("at-least-revision", revision), ("connection", "close")];
    let mut client = Client::to(proxy).expect("the proxy is there");
    client.socket().set_read_timeout(Some(Duration::from_mins(2))).expect("a timeout");
    client.write(&request("POST", "/graphql", &headers, body.to_string().as_bytes()));
    let asked = Instant::now();
    client.read().unwrap_or_else(|| panic!("the proxy does not answer: {} and {:.1} s", client.end(), asked.elapsed().as_secs_f64()))
}

#[test]
fn behind_the_proxy_nodes_are_restarted_and_no_request_fails() {
    let Some(nginx) = nginx() else { return say("skipped: nginx is not at hand, so the proxy's configuration was not tried") };
    let rolls = knob("ROLLS").unwrap_or(1);
    let place = Place::new();
    let made = run(place.path(), &["load"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = run(place.path(), &["key", "create", "--party", "UZB", "--role", "focal-point", "--expires", "1d", "--subject", "office"]);
    let key = String::from_utf8(made.stdout).expect("text").trim().to_owned();

    let [proxy, first, second] = [(); 3].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
    let mut nodes = [first, second].map(|address| Some(Running::node(&place, address)));
    let _proxy = Running::proxy(&nginx, place.path(), proxy, [first, second]);
    // What the proxy says, whatever fails.
    let _complaints = Complaints(place.path().join("error.log"));
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let _over = Over(&is_over);
        for worker in 0..4 {
            let (key, is_over, asked) = (&key, &is_over, &asked);
            scope.spawn(move || {
                // One that fails ends the story: without any to ask, restarts would show nothing.
                let _over = Over(is_over);
                for n in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let written = post(proxy, key, "0", &draft(&format!("Roll {worker} {n}")));
                    let (id, revision) = acknowledged(&written).unwrap_or_else(|| panic!("{}", written.text()));
                    let read = post(proxy, key, &revision.to_string(), &node(&id));
                    assert_eq!(read.json()["data"]["node"]["id"], id, "{read:?}");
                    asked.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        for (at, address) in [first, second].into_iter().enumerate().cycle().take(2 * rolls) {
            std::thread::sleep(LEFT_ALONE);
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            nodes[at].take().expect("it runs").stop();
            nodes[at] = Some(Running::node(&place, address));
        }
    });
    let asked = asked.into_inner();
    say(&format!("{asked} requests through nginx during {} restarts", 2 * rolls));
    assert!(asked > 10 * rolls, "only {asked} requests");
}
