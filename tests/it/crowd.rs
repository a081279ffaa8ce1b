//! Many connections: whoever sits on those that he does not use keeps nobody out.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use tokio::time::Instant;

use crate::app::{Client, TestApp, query_path};

/// A connection from an address of this machine's own.
pub fn connect_from(address: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((address, 0)))?;
        socket.connect(to).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

fn from(last: u8, app: &TestApp) -> Client {
    Client::over(connect_from(Ipv4Addr::new(127, 0, 0, last), app.address()).expect("it listens"))
}

fn status(client: &mut Client, path: &str) -> Option<u16> {
    client.ask("GET", path, &[], b"").map(|reply| reply.status)
}

fn question() -> String {
    query_path("{ __typename }")
}

/// Some that are idle: asked once, never used, with half a head, and of HTTP/2.
fn idle(app: &TestApp, last: u8, count: usize) -> Vec<Client> {
    (0..count)
        .map(|n| {
            let mut client = from(last, app);
            match n % 4 {
                0 => {}
                1 => client.write(b"GET / HTTP/1.1\r\nhost: te"),
                2 => client.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
                // Some are turned away by and by.
                _ => drop(status(&mut client, "/health/live")),
            }
            client
        })
        .collect()
}

#[test]
fn one_address_that_holds_all_idle_keeps_nobody_out() {
    for each in [0, 15] {
        let app = TestApp::with(|settings| (settings.http.connections, settings.http.connections_each) = (20, each));
        let held = idle(&app, 1, 30);
        std::thread::sleep(Duration::from_millis(1500));
        let mut others: Vec<_> = (2..14).map(|last| from(last, &app)).collect();
        for client in &mut others {
            assert_eq!(status(client, &question()), Some(200));
            assert_eq!(status(client, "/health/ready"), Some(200), "each keeps its place");
        }
        // Those of the one who holds most went, and no others.
        for client in &mut others {
            assert_eq!(status(client, &question()), Some(200));
        }
        drop(held);
    }
}

#[test]
fn one_address_has_its_share_and_the_longest_idle_of_its_own_goes_first() {
    let app = TestApp::with(|settings| (settings.http.connections, settings.http.connections_each) = (20, 3));
    let mut used: Vec<_> = (0..3).map(|_| from(2, &app)).collect();
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(400));
        for client in &mut used[1..] {
            assert_eq!(status(client, "/health/live"), Some(200));
        }
    }
    std::thread::sleep(Duration::from_millis(1100));
    let mut fourth = from(2, &app);
    assert_eq!(status(&mut fourth, &question()), Some(200));
    assert!(used[0].is_closed(), "it was idle longest");
    for client in &mut used[1..] {
        assert_eq!(status(client, "/health/live"), Some(200));
    }
    // Busy ones are never given up: of one address there are three then, and a fourth is told.
    let mut busy: Vec<_> = (0..3).map(|_| from(3, &app)).collect();
    for client in &mut busy {
        client.write(b"POST /graphql HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: 26\r\n\r\n{");
    }
    std::thread::sleep(Duration::from_millis(200));
    from(3, &app).ask("GET", &question(), &[], b"").expect("an answer").refused(503, "OVERLOADED");
    assert_eq!(status(&mut from(3, &app), "/health/live"), Some(200));
    assert_eq!(status(&mut from(4, &app), &question()), Some(200));
}

#[test]
fn where_a_proxy_names_clients_it_may_have_all_connections() {
    let app = TestApp::with(|settings| {
        settings.http.client_header = "x-real-ip".into();
        settings.http.connections_each = 3;
    });
    let mut all: Vec<_> = (0..12).map(|_| from(2, &app)).collect();
    std::thread::sleep(Duration::from_millis(1200));
    for client in &mut all {
        assert_eq!(status(client, &question()), Some(200));
    }
}

#[test]
fn where_all_are_busy_the_health_is_still_told() {
    let app = TestApp::with(|settings| settings.http.connections = 2);
    let mut busy: Vec<_> = (0..2).map(|_| app.connect()).collect();
    for client in &mut busy {
        client.write(b"POST /graphql HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: 26\r\n\r\n{");
    }
    std::thread::sleep(Duration::from_millis(200));
    let mut prober = app.connect();
    let live = prober.ask("GET", "/health/live", &[], b"").expect("an answer");
    assert_eq!((live.status, live.header("connection")), (200, Some("close")));
    let refused = app.connect().ask("GET", &question(), &[], b"").expect("an answer").refused(503, "OVERLOADED");
    assert_eq!((refused.header("retry-after"), refused.header("connection")), (Some("1"), Some("close")));
    // Whoever sits there without a word is soon sent away.
    let begun = Instant::now();
    let silent: Vec<_> = (0..40).map(|_| app.connect()).collect();
    assert!(silent.into_iter().all(|mut client| client.is_closed() || client.is_closed()));
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(status(&mut app.connect(), "/health/ready"), Some(200));
}
