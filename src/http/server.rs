//! Sockets: accepting connections, the limits of HTTP/1 and HTTP/2 themselves, and stopping without cutting anyone off.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::edge::Edge;
use super::export::{StillMade, Timer};
use super::line::{Line, Patience, Traffic};
use super::rate::Peer;
use super::settings::Settings;

/// What HTTP/1 may read ahead of what is asked for, beyond a head at its limits: so [`edge`](super::edge) can refuse a
/// head that is a little too long with a reason (hyper refuses others without), and a refused body costs little more.
const READ_AHEAD: usize = 8 * 1024;

/// What a client of HTTP/2 may send of one body before it is read; refused bodies cost no more.
const WINDOW: u32 = 64 * 1024;

/// Said where too many are connected.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\
    content-type: application/json; charset=utf-8\r\ncontent-length: 110\r\n\r\n\
    {\"errors\":[{\"message\":\"Too many clients are connected.\",\"extensions\":{\"code\":\"OVERLOADED\",\"retryable\":true}}]}";

/// How long connections stay open that nobody uses, once no more are taken.
const LINGER: Duration = Duration::from_millis(500);

/// How many are told so at the same time; others are just closed.
const TOLD: usize = 64;

/// Serves until `stop`, then lets what is running finish, for as long as the settings allow.
pub async fn serve(listener: TcpListener, edge: Edge, settings: &Settings, stop: impl Future<Output = ()>) {
    let protocol = Arc::new(protocol(settings));
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(settings.connections));
    let told = Arc::new(Semaphore::new(TOLD));
    let patience = Patience { head: settings.header_time.0, idle: settings.idle_time.0, write: settings.write_time.0 };
    let mut connections = JoinSet::new();
    let shared = Arc::clone(edge.shared());
    let mut stop = std::pin::pin!(async {
        stop.await;
        shared.drain();
        // Whoever sends requests here learns that it should not, while they are still taken.
        sleep(settings.notice_time.0).await;
    });
    let take = |connections: &mut JoinSet<()>, (socket, address): (TcpStream, SocketAddr)| {
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            edge.shared().meter().turned_away();
            if let Ok(permit) = Arc::clone(&told).try_acquire_owned() {
                connections.spawn(turn_away(socket, permit));
            }
            return;
        };
        let watcher = graceful.watcher();
        let (protocol, edge) = (Arc::clone(&protocol), edge.clone());
        connections.spawn(async move {
            edge.shared().meter().connections().increment(1.0);
            // Answers are written whole; waiting to fill packets only makes them late.
            let _ = socket.set_nodelay(true);
            let traffic = Arc::new(Traffic::default());
            let received = edge.shared().meter().received();
            let line = Line::new(TokioIo::new(socket), Arc::clone(&traffic), patience, received);
            let meter = Arc::clone(edge.shared());
            let service = service_fn(move |request| answer(edge.clone(), Arc::clone(&traffic), Peer(address.ip()), request));
            let connection = protocol.serve_connection(line, service).into_owned();
            if let Err(fault) = watcher.watch(connection).await {
                tracing::debug!(%fault, "a connection ended early");
            }
            meter.meter().connections().decrement(1.0);
            drop(place);
        });
    };
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(accepted) => take(&mut connections, accepted),
                Err(fault) => {
                    // Out of file descriptors, most likely: others must close first.
                    tracing::warn!(%fault, "cannot accept a connection");
                    sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    // Whoever is connected and not yet taken would find the connection broken. Asked without tokio, which would first have
    // to hear of them.
    if let Ok(listener) = listener.into_std() {
        loop {
            match listener.accept() {
                Ok((socket, address)) => {
                    if let Ok(socket) = socket.set_nonblocking(true).and_then(|()| TcpStream::from_std(socket)) {
                        take(&mut connections, (socket, address));
                    }
                }
                Err(fault) if fault.kind() == ErrorKind::ConnectionAborted => {}
                Err(_) => break,
            }
        }
    }
    // A proxy may have just sent a request over a connection that it keeps: closed under its hands, the request would be
    // lost. So those that are idle end when they are used once more (their answer says so), or a moment later.
    let linger = LINGER.min(settings.drain_time.0 / 2);
    let _ = timeout(linger, async { while connections.join_next().await.is_some() {} }).await;
    let drained = timeout(settings.drain_time.0.saturating_sub(linger), graceful.shutdown()).await;
    if drained.is_err() {
        tracing::warn!(connections = connections.len(), "cut off after {}", settings.drain_time);
    }
    connections.shutdown().await;
}

async fn answer(edge: Edge, traffic: Arc<Traffic>, peer: Peer, mut request: Request<Incoming>) -> Result<axum::response::Response, Infallible> {
    let busy = traffic.enter();
    request.extensions_mut().insert(peer);
    let (response, is_left) = edge.answer(request).await;
    if is_left {
        traffic.refused();
    }
    if let Some(&StillMade { until }) = response.extensions().get() {
        let busy = Arc::new(Mutex::new(Some(busy)));
        let over = Arc::clone(&busy);
        let end = Timer::new(until, async move {
            // From now on its silence counts.
            drop(over.lock().map(|mut busy| busy.take()));
        });
        let hold = move |frame| {
            let _held = (&busy, &end);
            frame
        };
        return Ok(response.map(|body| Body::new(body.map_frame(hold))));
    }
    Ok(response)
}

fn protocol(settings: &Settings) -> Builder<TokioExecutor> {
    let mut protocol = Builder::new(TokioExecutor::new());
    // `Line` times heads and idleness; hyper would make a timer for each request. No pings over HTTP/2 either: their
    // answers would keep an idle connection open for ever, and what is answered has a time limit anyway.
    let read_buffer = settings.uri_bytes.saturating_add(settings.header_bytes).saturating_add(READ_AHEAD);
    protocol.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(read_buffer);
    let header_list = u32::try_from(settings.header_bytes).unwrap_or(u32::MAX);
    protocol
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.streams)
        .max_header_list_size(header_list)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW * 4);
    protocol
}

/// Says why, and waits a moment for the client to read it.
async fn turn_away(socket: TcpStream, _permit: OwnedSemaphorePermit) {
    let _ = timeout(Duration::from_millis(250), async {
        if socket.writable().await.is_ok() {
            let _ = socket.try_write(BUSY);
        }
        let mut space = [0; 4096];
        while socket.readable().await.is_ok() && matches!(socket.try_read(&mut space), Ok(1..)) {}
    })
    .await;
}
