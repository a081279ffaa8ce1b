//! A running server for tests, and a client that sees every byte.
//!
//! The server is the real one, on a port of its own, with a database file of its own and the built-in catalogue. The
//! client is a plain socket: a client library would mend what these tests want to break.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use silkroutes::app::{App, Surroundings, keys, start};
use silkroutes::config::Settings;
use silkroutes::domain::key::{KeyId, NewKey};
use silkroutes::domain::viewer::Role;
use silkroutes::store::Store;
use tokio::runtime::Runtime;

use crate::place::Place;

/// A server, stopped when the test ends.
pub struct TestApp {
    app: Option<App>,
    runtime: Option<Runtime>,
    address: SocketAddr,
    place: Place,
    settings: Settings,
    clock: fn() -> jiff::Timestamp,
}

/// When tests happen, where none says otherwise.
pub fn then() -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_760_000_000).expect("a time")
}

impl TestApp {
    /// One server with the settings as they come, for all tests that change nothing.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<TestApp> = OnceLock::new();
        SHARED.get_or_init(|| Self::with(|_| {}))
    }

    /// A server of its own, with some settings changed.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(then, change)
    }

    /// The same under another clock.
    pub fn at(clock: fn() -> jiff::Timestamp, change: impl FnOnce(&mut Settings)) -> Self {
        Self::in_place(Place::new(), clock, change)
    }

    /// The same over what is in a place already, which goes with it.
    pub fn in_place(place: Place, clock: fn() -> jiff::Timestamp, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { listen: SocketAddr::from(([127, 0, 0, 1], 0)), database: place.url().into(), ..Settings::default() };
        change(&mut settings);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
        let surroundings = Surroundings { clock, seed: [1, 2] };
        let app = runtime.block_on(start(settings.clone(), surroundings)).expect("it starts");
        let address = app.address();
        Self { app: Some(app), runtime: Some(runtime), address, place, settings, clock }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A server over the database of a place, beside others that there may be.
    pub fn on(place: &Place) -> Self {
        Self::with(|settings| settings.database = place.url().into())
    }

    /// The file of its database, where that is one.
    pub fn database(&self) -> PathBuf {
        self.place.file()
    }

    /// The address of its database.
    pub fn database_url(&self) -> String {
        self.settings.database.url().to_owned()
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        Client::to(self.address).expect("it listens")
    }

    /// Posts a query without variables, and reads the answer as JSON.
    pub fn query(&self, query: &str) -> Value {
        self.post(&json!({ "query": query })).json()
    }

    /// Works on the database beside the server, as another process would.
    pub fn beside<T>(&self, work: impl AsyncFnOnce(&Store) -> T) -> T {
        self.runtime.as_ref().expect("running").block_on(async {
            let store = Store::open_with_clock(self.settings.database.url(), self.clock).await.expect("a database");
            let done = work(&store).await;
            store.close().await;
            done
        })
    }

    /// Tampers with the database, as someone with the file could.
    pub fn run_sql(&self, statement: &str) {
        let url = self.settings.database.url().to_owned();
        self.runtime.as_ref().expect("running").block_on(async {
            let db = sea_orm::Database::connect(url).await.expect("a database");
            sea_orm::ConnectionTrait::execute_unprepared(&db, statement).await.expect("done");
            db.close().await.expect("closed");
        });
    }

    /// A new key for a party, held by that subject and good for a day, which the server knows already. Two keys of one
    /// subject are one pair of eyes.
    pub fn key(&self, party: &str, role: Role, subject: &str) -> String {
        let key = self.key_for(party, role, subject, 24);
        let known = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(25));
            self.get_as(&key, "{ __typename }").status == 200
        });
        assert!(known, "the server never learnt of the key");
        key
    }

    /// A new key that is good for so many hours; the server may not know it yet.
    pub fn key_for(&self, party: &str, role: Role, subject: &str, hours: i64) -> String {
        let expires_at = (self.clock)() + jiff::SignedDuration::from_hours(hours);
        let new = NewKey { party: party.into(), role, subject: subject.into(), note: None, expires_at };
        self.beside(async |store| {
            let pepper = keys::pepper(store, &self.settings.auth).await.expect("a secret");
            store.create_key(new, &pepper).await.expect("a key").0.reveal()
        })
    }

    /// Ends a key, as `silkroutes key revoke` does.
    pub fn revoke(&self, key: &str) {
        let id = KeyId::parse(key).expect("a key");
        self.beside(async |store| store.revoke_key(&id).await.expect("revoked"));
    }

    /// Posts a query with a key, and reads the answer as JSON.
    pub fn query_as(&self, key: &str, query: &str) -> Value {
        self.post_as(key, &json!({ "query": query })).json()
    }

    /// Posts a body with a key.
    pub fn post_as(&self, key: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {key}");
        let headers = [("content-type", "application/json"), ("accept", "application/graphql-response+json"), ("authorization", &bearer)];
        self.post_raw(&headers, body.to_string().as_bytes())
    }

    /// Gets the answer to a query with a key.
    pub fn get_as(&self, key: &str, query: &str) -> Reply {
        self.get(&query_path(query), &[("authorization", &format!("Bearer {key}"))])
    }

    /// Posts a body as clients do.
    pub fn post(&self, body: &Value) -> Reply {
        self.post_raw(&[("content-type", "application/json"), ("accept", "application/graphql-response+json")], body.to_string().as_bytes())
    }

    /// Posts any bytes under any headers to the endpoint.
    pub fn post_raw(&self, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.send("POST", "/graphql", headers, body)
    }

    /// Gets a path.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", path, headers, b"")
    }

    /// One request on a connection of its own.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut client = self.connect();
        client.write(&request(method, path, headers, body));
        client.read_to(method).expect("an answer")
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        if let (Some(app), Some(runtime)) = (self.app.take(), self.runtime.take()) {
            runtime.block_on(app.stop());
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }

    /// Asks it to stop, and does not wait.
    pub fn begin_to_stop(&mut self) -> std::thread::JoinHandle<()> {
        let (app, runtime) = (self.app.take().expect("running"), self.runtime.take().expect("running"));
        std::thread::spawn(move || {
            runtime.block_on(app.stop());
            runtime.shutdown_timeout(Duration::from_secs(1));
        })
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// A database that holds the same as that of a place, in a place of its own.
pub fn copy_of(place: &Place) -> Place {
    let copy = Place::new();
    if crate::place::server().is_none() {
        std::fs::copy(place.file(), copy.file()).expect("copied");
        return copy;
    }
    copy_into(place, &copy);
    copy
}

/// Puts what one database holds in the place of what another does, in one piece; servers may run on both.
pub fn copy_into(from: &Place, to: &Place) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    runtime.block_on(async {
        let (from, to) = (Store::open(&from.url()).await.expect("a database"), Store::open(&to.url()).await.expect("a database"));
        from.copy_to(&to, true, std::sync::Arc::new(|_, _| {})).await.expect("copied");
        from.close().await;
        to.close().await;
    });
}

/// A number from the environment: how long a test is to go on where there is time (`.ci/run` gives it).
#[expect(clippy::disallowed_methods, reason = "a test has no settings but these")]
pub fn knob(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// The bytes of a request.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() || method == "POST" {
        head.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// A path with a query, as a GET of the endpoint.
pub fn query_path(query: &str) -> String {
    let encoded: String = query.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    format!("/graphql?query={encoded}")
}

/// One connection.
pub struct Client {
    socket: TcpStream,
    buffer: Vec<u8>,
    end: Option<String>,
}

impl Client {
    /// A new one.
    pub fn to(address: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { socket, buffer: Vec::new(), end: None })
    }

    /// Sends bytes; the server may have hung up, which the next read will show.
    pub fn write(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes);
    }

    /// The socket itself.
    pub fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Reply> {
        self.write(&request(method, path, headers, body));
        self.read_to(method)
    }

    /// The next answer; none where the connection ends before one is whole.
    pub fn read(&mut self) -> Option<Reply> {
        self.read_to("GET")
    }

    fn read_to(&mut self, method: &str) -> Option<Reply> {
        let end = loop {
            match find(&self.buffer, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.more()?,
            }
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).expect("a head in ASCII");
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let mut reply = Reply { status, headers, body: Vec::new() };
        if method == "HEAD" || status == 304 || status == 204 {
            return Some(reply);
        }
        reply.body = match reply.header("content-length") {
            Some(length) => self.take(length.parse().ok()?)?,
            None if reply.header("transfer-encoding").is_some() => self.chunks()?,
            None => Vec::new(),
        };
        Some(reply)
    }

    /// Whether the server has hung up.
    pub fn is_closed(&mut self) -> bool {
        self.more().is_none()
    }

    /// Everything until the server hangs up.
    pub fn rest(mut self) -> Vec<u8> {
        while self.more().is_some() {}
        self.buffer
    }

    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match find(&self.buffer, b"\r\n") {
                    Some(end) => break end,
                    None => self.more()?,
                }
            };
            let line = self.take(end + 2)?;
            let length = usize::from_str_radix(std::str::from_utf8(&line).ok()?.trim(), 16).ok()?;
            body.extend(self.take(length)?);
            self.take(2)?;
            if length == 0 {
                return Some(body);
            }
        }
    }

    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            self.more()?;
        }
        Some(self.buffer.drain(..length).collect())
    }

    /// Why nothing more comes, and what had come of an answer.
    pub fn end(&self) -> String {
        format!("{}, after {:?}", self.end.as_deref().unwrap_or("no end"), String::from_utf8_lossy(&self.buffer))
    }

    fn more(&mut self) -> Option<()> {
        let mut space = [0; 16 * 1024];
        let end = loop {
            match self.socket.read(&mut space) {
                Ok(count @ 1..) => {
                    self.buffer.extend_from_slice(&space[..count]);
                    return Some(());
                }
                Ok(0) => break "it hung up".to_owned(),
                // A process that was held still and goes on finds its reads broken off: nobody hung up.
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => break cause.to_string(),
            }
        };
        self.end = Some(end);
        None
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body, as it was sent.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header, the first of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|fault| panic!("{fault}: {self:?}"))
    }

    /// The code of the first error.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Checks that it is a refusal as every refusal must be, and returns it.
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        let json = self.json();
        let error = &json["errors"][0];
        assert!(error["message"].as_str().is_some_and(|message| message.ends_with('.') && message.len() < 400), "{error}");
        assert_eq!(error["extensions"]["requestId"].as_str(), self.header("x-request-id"), "{error}");
        assert!(json.get("data").is_none(), "{json}");
        assert!(self.header("content-type").is_some_and(|kind| kind.ends_with("json; charset=utf-8")));
        assert!(matches!(self.header("cache-control"), Some("no-store" | "private, no-store")), "{:?}", self.headers);
        assert_eq!(self.header("vary"), Some("accept, accept-encoding, accept-language, authorization, cookie"));
        self
    }
}
