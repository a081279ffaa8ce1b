//! A balancer as small as can be: it asks each node whether it is ready, sends a request to one that is, and sends it to
//! another where no connection comes about. It repeats nothing that was sent.

use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use serde_json::Value;

use crate::app::{Reply, TestApp, request};

struct Node {
    app: Mutex<Option<TestApp>>,
    address: RwLock<SocketAddr>,
    is_ready: AtomicBool,
}

/// Nodes, and whether each is ready.
pub struct Balancer<'m> {
    nodes: Arc<Vec<Node>>,
    make: Box<dyn Fn() -> TestApp + Send + Sync + 'm>,
    turn: AtomicUsize,
    is_over: Arc<AtomicBool>,
}

impl<'m> Balancer<'m> {
    /// So many nodes.
    pub fn new(count: usize, make: impl Fn() -> TestApp + Send + Sync + 'm) -> Self {
        let node = || {
            let app = make();
            Node { address: RwLock::new(app.address()), app: Mutex::new(Some(app)), is_ready: AtomicBool::new(true) }
        };
        let (nodes, is_over) = (Arc::new((0..count).map(|_| node()).collect::<Vec<_>>()), Arc::new(AtomicBool::new(false)));
        let (watched, ends) = (Arc::clone(&nodes), Arc::clone(&is_over));
        std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                for node in watched.iter() {
                    let address = *node.address.read().expect("whole");
                    node.is_ready.store(is_ready(address), Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Self { nodes, make: Box::new(make), turn: AtomicUsize::new(0), is_over }
    }

    /// One of the nodes itself.
    pub fn with_one<T>(&self, work: impl FnOnce(&TestApp) -> T) -> T {
        work(self.nodes[0].app.lock().expect("whole").as_ref().expect("running"))
    }

    /// Whether that holds for each node.
    pub fn all(&self, holds: impl Fn(&TestApp) -> bool) -> bool {
        self.nodes.iter().all(|node| holds(node.app.lock().expect("whole").as_ref().expect("running")))
    }

    /// Stops a node as its operator would, and starts another in its place.
    pub fn restart(&self, n: usize) {
        let node = &self.nodes[n];
        let app = node.app.lock().expect("whole").take().expect("running");
        app.stop();
        let app = (self.make)();
        *node.address.write().expect("whole") = app.address();
        *node.app.lock().expect("whole") = Some(app);
        // An operator waits for it before the next goes.
        while !node.is_ready.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a request to a node that is ready.
    pub fn post(&self, key: &str, revision: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {key}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str()), ("at-least-revision", revision), ("connection", "close")];
        let bytes = request("POST", "/graphql", &headers, body.to_string().as_bytes());
        for _ in 0..1_000 {
            let n = self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
            let node = &self.nodes[n];
            if !node.is_ready.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            let address = *node.address.read().expect("whole");
            if let Ok(mut client) = crate::app::Client::to(address) {
                client.socket().set_read_timeout(Some(Duration::from_mins(2))).expect("a timeout");
                client.write(&bytes);
                return client.read().unwrap_or_else(|| panic!("node {n} hung up on a request"));
            }
        }
        panic!("no node is ready");
    }
}

impl Drop for Balancer<'_> {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Whether the server there wants requests.
pub fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut socket) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) else { return false };
    let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
    let asked = std::io::Write::write_all(&mut socket, &request("GET", "/health/ready", &[("connection", "close")], b""));
    let mut text = String::new();
    asked.is_ok() && socket.read_to_string(&mut text).is_ok() && text.starts_with("HTTP/1.1 200")
}
