//! One HTTP/1.1 connection that is kept open; as little work of its own as can be.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to a server on this machine.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server answers");
        stream.set_nodelay(true).expect("a socket");
        Self { stream: BufReader::with_capacity(256 * 1024, stream) }
    }

    /// Posts a JSON body and gives the answer's body.
    pub fn post(&mut self, path: &str, body: &str) -> String {
        let request = format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(request.as_bytes()).expect("sent");
        let mut length = None;
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok();
            }
        }
        let mut answer = vec![0; length.expect("the answer tells its length")];
        self.stream.read_exact(&mut answer).expect("the body");
        String::from_utf8(answer).expect("UTF-8")
    }
}
