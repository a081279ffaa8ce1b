//! A line that can be cut: what comes in on one port goes out to another address, until it is told otherwise.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// It carries.
    Whole = 0,
    /// Connections end, and no new one comes about.
    Cut = 1,
    /// Nothing arrives, and nobody is told.
    Silent = 2,
}

/// A relay; its line is cut for ever when it is dropped.
pub struct Relay {
    address: SocketAddr,
    line: Arc<AtomicU8>,
}

impl Relay {
    /// One to that port of loopback.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let line = Arc::new(AtomicU8::new(Line::Whole as u8));
        let state = Arc::clone(&line);
        std::thread::spawn(move || {
            for inward in listener.incoming().flatten() {
                if state.load(Ordering::Relaxed) == Line::Cut as u8 {
                    // A dropped relay takes no more.
                    if Arc::strong_count(&state) == 1 {
                        return;
                    }
                    continue;
                }
                let Ok(outward) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let (Ok(back), Ok(forth)) = (inward.try_clone(), outward.try_clone()) else { continue };
                for (from, to) in [(inward, outward), (forth, back)] {
                    let state = Arc::clone(&state);
                    std::thread::spawn(move || carry(from, to, &state));
                }
            }
        });
        Self { address, line }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on its line is so.
    pub fn set(&self, line: Line) {
        self.line.store(line as u8, Ordering::Relaxed);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.set(Line::Cut);
        let line = std::mem::take(&mut self.line);
        drop(line);
        // It is waiting for one more.
        let _ = TcpStream::connect(self.address);
    }
}

/// Carries bytes one way until either end hangs up or the line is cut.
fn carry(mut from: TcpStream, mut to: TcpStream, line: &AtomicU8) {
    let _ = from.set_read_timeout(Some(Duration::from_millis(20)));
    let _ = to.set_nodelay(true);
    let mut bytes = [0; 16 * 1024];
    loop {
        let state = line.load(Ordering::Relaxed);
        if state == Line::Cut as u8 {
            break;
        }
        if state == Line::Silent as u8 {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) if to.write_all(&bytes[..count]).is_ok() => {}
            Err(cause) if matches!(cause.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut | std::io::ErrorKind::Interrupted) => {}
            Ok(_) | Err(_) => break,
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
