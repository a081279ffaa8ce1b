//! `silkroutes health`, as a container asks it.

use super::{Place, Server, err, out, run, silkroutes};

#[test]
fn it_says_whether_the_server_is_ready() {
    let folder = Place::new();
    let server = Server::start(&mut silkroutes(folder.path(), &["--listen", "127.0.0.1:0"]));
    let asked = run(folder.path(), &["health", "--listen", &server.address]);
    assert!(asked.status.success(), "{}", err(&asked));
    assert_eq!(out(&asked), "ready\n");

    let address = server.address.clone();
    assert!(server.terminate().0);
    let asked = run(folder.path(), &["health", "--listen", &address]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(err(&asked).starts_with(&format!("No server answers at {address}: ")), "{}", err(&asked));
}

#[test]
fn what_answers_otherwise_is_not_ready() {
    use std::io::{Read as _, Write as _};
    let folder = Place::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let stopping = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a question");
        let mut asked = [0; 1024];
        let _ = socket.read(&mut asked).expect("readable");
        socket.write_all(b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\nThe server is stopping.").expect("sent");
    });
    let asked = run(folder.path(), &["health", "--listen", &address]);
    stopping.join().expect("it answered");
    assert_eq!(asked.status.code(), Some(1));
    assert_eq!(err(&asked), format!("The server at {address} is not ready (status 503): The server is stopping.\n"));
}
