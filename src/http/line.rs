//! One connection's patience: how long it may be silent, before a request, within one's head, and while it is answered.
//!
//! hyper has a timeout for heads, but makes a timer for each request, counts an idle connection as a slow head, and does
//! not cover the first bytes (where HTTP/1 and 2 are told apart) nor a client that takes nothing of its answer. Here one
//! timer serves the whole connection; a request costs two looks at the clock.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use metrics::Counter;
use tokio::time::{Instant, Sleep, sleep_until};

use super::traffic::Traffic;

/// How long each kind of silence may last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// From a request's first byte to the end of its head (HTTP/1), and for the first request to come at all.
    pub head: Duration,
    /// Between requests.
    pub idle: Duration,
    /// While a client takes nothing of what is sent.
    pub write: Duration,
}

/// How long a connection is kept from closing so that a client that is still sending can read why it was refused:
/// closing at once would reset it, and the answer be lost.
const LINGER: Duration = Duration::from_millis(500);

/// What is still taken from such a client; more than a stray buffer is not.
const LINGER_BYTES: usize = 16 * 1024;

/// Said to a client whose head did not arrive in time; written past hyper, which has nothing in flight then.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How HTTP/2 begins. Until it is there in full, its bytes are timed like a head of HTTP/1.
const GREETING: &[u8] = b"PRI * HTTP/2.0";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No request yet, or one whose head is arriving: since when.
    Head(Instant),
    /// Between requests, since when.
    Idle(Instant),
    /// Requests are being answered.
    Busy,
}

/// A connection's socket.
pub(super) struct Line<T> {
    socket: T,
    traffic: Arc<Traffic>,
    patience: Patience,
    received: Counter,
    phase: Phase,
    seen: u32,
    /// HTTP/2 has frames between requests, and pings of its own: only silence counts.
    is_http2: bool,
    /// How much of its greeting came; none once it cannot be one.
    greeting: Option<usize>,
    timer: Pin<Box<Sleep>>,
    stall: Option<Pin<Box<Sleep>>>,
    linger: Option<Instant>,
    lingered: usize,
}

impl<T: Read + Write + Unpin> Line<T> {
    pub(super) fn new(socket: T, traffic: Arc<Traffic>, patience: Patience, received: Counter) -> Self {
        let now = Instant::now();
        Self {
            socket,
            traffic,
            patience,
            received,
            phase: Phase::Head(now),
            seen: 0,
            is_http2: false,
            greeting: Some(0),
            timer: Box::pin(sleep_until(now + patience.head)),
            stall: None,
            linger: None,
            lingered: 0,
        }
    }

    /// Follows what the requests do, before anything is read.
    fn follow(&mut self) {
        let entered = self.traffic.entered();
        if self.traffic.in_flight() > 0 {
            self.phase = Phase::Busy;
        } else if self.phase == Phase::Busy || self.seen != entered {
            self.phase = Phase::Idle(Instant::now());
        }
        self.seen = entered;
    }

    /// After bytes came.
    fn hear(&mut self, bytes: &[u8]) {
        self.received.increment(bytes.len() as u64);
        self.greet(bytes);
        match self.phase {
            Phase::Head(_) | Phase::Idle(_) if self.is_http2 => self.phase = Phase::Idle(Instant::now()),
            Phase::Idle(_) => self.phase = Phase::Head(Instant::now()),
            Phase::Head(_) | Phase::Busy => {}
        }
    }

    fn greet(&mut self, bytes: &[u8]) {
        let Some(seen) = self.greeting else { return };
        let wanted = GREETING.get(seen..).unwrap_or_default();
        let length = wanted.len().min(bytes.len());
        self.greeting = (bytes.get(..length) == wanted.get(..length)).then_some(seen + length);
        self.is_http2 = self.greeting == Some(GREETING.len());
        if self.is_http2 {
            self.greeting = None;
        }
    }

    /// Nothing to read: is the patience at its end? Otherwise leaves the timer set to wake us.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let deadline = match self.phase {
                Phase::Head(since) => since + self.patience.head,
                Phase::Idle(since) => since + self.patience.idle,
                // The timer is only there to look again.
                Phase::Busy => Instant::now() + self.patience.idle,
            };
            // A timer that is set too early is cheaper than one that is set anew for each request.
            if self.timer.deadline() > deadline {
                self.timer.as_mut().reset(deadline);
            }
            ready!(self.timer.as_mut().poll(context));
            let now = Instant::now();
            if self.phase != Phase::Busy && now >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.timer.as_mut().reset(now.max(deadline) + Duration::from_millis(1));
        }
    }
}

impl<T: Read + Write + Unpin> Read for Line<T> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        line.follow();
        // What came cannot be looked at through the cursor, so it goes through memory of ours; requests are short.
        let mut space = [std::mem::MaybeUninit::uninit(); 8 * 1024];
        let room = buffer.remaining().min(space.len());
        let Some(space) = space.get_mut(..room) else { return Poll::Ready(Ok(())) };
        let mut heard = ReadBuf::uninit(space);
        match Pin::new(&mut line.socket).poll_read(context, heard.unfilled()) {
            Poll::Ready(Ok(())) => {
                line.hear(heard.filled());
                buffer.put_slice(heard.filled());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(fault)) => Poll::Ready(Err(fault)),
            Poll::Pending => {
                let fault = ready!(line.wait(context));
                if matches!(line.phase, Phase::Head(_)) && !line.is_http2 && line.stall.is_none() {
                    // Whether it arrives does not matter any more.
                    let _ = Pin::new(&mut line.socket).poll_write(context, TOO_SLOW);
                }
                Poll::Ready(Err(fault))
            }
        }
    }
}

impl<T: Read + Write + Unpin> Line<T> {
    /// After a write: a client that takes nothing for too long is cut off.
    fn written<R>(&mut self, context: &mut Context<'_>, result: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if result.is_ready() {
            self.stall = None;
            // A long answer may go out when nothing is in flight any more: as long as it moves, it is no silence.
            self.follow();
            let now = Instant::now();
            match &mut self.phase {
                // The head of the next request, sent ahead, has its time from here on.
                Phase::Head(since) => *since = now,
                Phase::Idle(since) => {
                    *since = now;
                    // hyper need not ask for more before the next bytes come, so the timer must be right by itself.
                    if self.timer.deadline() > now + self.patience.idle {
                        self.timer.as_mut().reset(now + self.patience.idle);
                    }
                }
                Phase::Busy => {}
            }
            return result;
        }
        let patience = self.patience.write;
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        ready!(stall.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Takes and forgets a little of what still comes, until the client is done or the time is over.
    fn poll_linger(&mut self, context: &mut Context<'_>, until: Instant) -> Poll<()> {
        let mut space = [std::mem::MaybeUninit::uninit(); 4 * 1024];
        while self.lingered < LINGER_BYTES {
            let mut heard = ReadBuf::uninit(&mut space);
            match Pin::new(&mut self.socket).poll_read(context, heard.unfilled()) {
                Poll::Ready(Ok(())) if !heard.filled().is_empty() => {
                    self.received.increment(heard.filled().len() as u64);
                    self.lingered += heard.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if self.timer.deadline() != until {
            self.timer.as_mut().reset(until);
        }
        self.timer.as_mut().poll(context)
    }
}

impl<T: Read + Write + Unpin> Write for Line<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let result = Pin::new(&mut line.socket).poll_write(context, bytes);
        line.written(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        let result = Pin::new(&mut line.socket).poll_write_vectored(context, parts);
        line.written(context, result)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        let until = if let Some(until) = line.linger {
            until
        } else {
            ready!(Pin::new(&mut line.socket).poll_shutdown(context))?;
            if !line.traffic.is_refused() {
                return Poll::Ready(Ok(()));
            }
            *line.linger.insert(Instant::now() + LINGER)
        };
        ready!(line.poll_linger(context, until));
        Poll::Ready(Ok(()))
    }
}
