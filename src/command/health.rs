//! `silkroutes health`: asks a running server whether it is ready, for what watches over it (a container has no curl).

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use silkroutes::config::Settings;

use super::{Done, say};

/// A server that takes longer than this to say that it is ready is not.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the server at the address that it would listen on.
pub fn run(settings: &Settings) -> Done {
    let address = reachable(settings.listen);
    let answer = ask(address).map_err(|cause| format!("No server answers at {address}: {cause}."))?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        say("ready");
        return Ok(());
    }
    let said = answer.split_once("\r\n\r\n").map_or("nothing more", |(_, body)| body.trim());
    Err(format!("The server at {address} is not ready (status {status}): {said}"))
}

/// "Every address of this machine" is none to connect to.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    // In one piece: whoever answers before it has read all may close what is left.
    socket.write_all(format!("GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    // Whatever answers there, a readiness fits in this.
    socket.take(16 * 1024).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_asked_at_the_loopback_one() {
        let asked = |listen: &str| reachable(listen.parse().expect("an address")).to_string();
        assert_eq!(asked("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(asked("[::]:8080"), "[::1]:8080");
        assert_eq!(asked("192.0.2.1:80"), "192.0.2.1:80");
    }
}
