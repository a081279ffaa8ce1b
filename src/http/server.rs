//! Sockets: accepting connections, the limits of HTTP/1 and HTTP/2 themselves, and stopping without cutting anyone off.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response, Version};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::budget::{BESIDE, Room};
use super::crowd::{Crowd, TICK};
use super::edge::Edge;
use super::line::{Line, Patience};
use super::rate::Peer;
use super::sending::{Answer, Asked, PIECE};
use super::settings::Settings;
use super::stay::{NO_ROOM, Stay, Streams, overloaded};
use super::traffic::Traffic;

/// What HTTP/1 may read ahead of what is asked for, beyond a head at its limits: so [`edge`](super::edge) can refuse a
/// head that is a little too long with a reason (hyper refuses others without), and a refused body costs little more.
const READ_AHEAD: usize = 8 * 1024;

/// What a client of HTTP/2 may send of one body before it is read; refused bodies cost no more.
const WINDOW: u32 = 64 * 1024;

/// Bytes that the system may hold of what a client does not take yet: half of them are a wake-up.
#[cfg(target_os = "linux")]
const AHEAD: u32 = 32 * 1024;

/// Time for the head of a request on a connection that is only there to be asked for the health.
const BRIEF: Duration = Duration::from_millis(500);

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
    let shared = Arc::clone(edge.shared());
    let mut door = Door::new(edge, settings);
    let mut stop = std::pin::pin!(async {
        stop.await;
        shared.drain();
        // Whoever sends requests here learns that it should not, while they are still taken.
        sleep(settings.notice_time.0).await;
    });
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked = Instant::now();
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = door.connections.join_next() => {}
            now = tick.tick() => {
                door.crowd.look(now.saturating_duration_since(looked), shared.meter());
                looked = now;
            }
            accepted = listener.accept() => match accepted {
                Ok((socket, address)) => door.take(socket, address),
                Err(fault) => {
                    // Out of file descriptors, most likely: others must close first.
                    tracing::warn!(%fault, "cannot accept a connection");
                    sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    door.take_waiting(listener);
    let Door { mut connections, graceful, .. } = door;
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

/// Where connections come in.
struct Door {
    edge: Edge,
    protocol: Arc<Builder<Streams>>,
    patience: Patience,
    crowd: Arc<Crowd>,
    connections: JoinSet<()>,
    graceful: GracefulShutdown,
    told: Arc<Semaphore>,
}

impl Door {
    fn new(edge: Edge, settings: &Settings) -> Self {
        Self {
            protocol: Arc::new(protocol(settings)),
            patience: Patience { head: settings.header_time.0, idle: settings.idle_time.0, write: settings.write_time.0 },
            crowd: Arc::new(Crowd::new(settings, Arc::clone(&edge.shared().budget))),
            connections: JoinSet::new(),
            graceful: GracefulShutdown::new(),
            told: Arc::new(Semaphore::new(TOLD)),
            edge,
        }
    }

    /// Takes a connection, where there is a place for it.
    fn take(&mut self, socket: TcpStream, address: SocketAddr) {
        let meter = self.edge.shared().meter();
        let Some(place) = self.crowd.enter(address.ip(), meter) else {
            meter.turned_away();
            if let Ok(permit) = Arc::clone(&self.told).try_acquire_owned() {
                self.connections.spawn(turn_away(socket, permit));
            }
            return;
        };
        // Answers are written whole; waiting to fill packets only makes them late.
        let _ = socket.set_nodelay(true);
        // What is not on its way yet waits here, where it is counted, and what a slow line takes is seen as it goes.
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&socket).set_tcp_notsent_lowat(AHEAD);
        let traffic = Arc::clone(place.traffic());
        let patience = if traffic.is_spare() { Patience { head: BRIEF.min(self.patience.head), idle: BRIEF, ..self.patience } } else { self.patience };
        let line = Line::new(TokioIo::new(socket), Arc::clone(&traffic), patience, meter.received());
        let (edge, own, peer) = (self.edge.clone(), Arc::clone(&traffic), Peer(address.ip()));
        let service = service_fn(move |request| answer(edge.clone(), Arc::clone(&own), peer, request));
        let connection = self.graceful.watch(self.protocol.serve_connection(line, service).into_owned());
        let task = self.connections.spawn(async move {
            let _place = place;
            if let Err(fault) = connection.await {
                tracing::debug!(%fault, "a connection ended early");
            }
        });
        traffic.ends_by(task);
    }

    /// Whoever is connected and not yet taken would find the connection broken. Asked without tokio, which would first have
    /// to hear of them.
    fn take_waiting(&mut self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        loop {
            match listener.accept() {
                Ok((socket, address)) => {
                    if let Ok(socket) = socket.set_nonblocking(true).and_then(|()| TcpStream::from_std(socket)) {
                        self.take(socket, address);
                    }
                }
                Err(fault) if fault.kind() == ErrorKind::ConnectionAborted => {}
                Err(_) => break,
            }
        }
    }
}

/// A client holds so much that he is not even told so: his stream is reset.
#[derive(Debug, thiserror::Error)]
#[error("the client takes nothing of what it asks for")]
struct Untold;

async fn answer(edge: Edge, traffic: Arc<Traffic>, peer: Peer, mut request: Request<Incoming>) -> Result<Response<Answer>, Untold> {
    let (is_vital, version) = (request.uri().path().starts_with("/health/"), request.version());
    let shared = edge.shared();
    let account = shared.account(&traffic, peer, request.headers());
    let room = shared.budget.room(&account, BESIDE, is_vital);
    if room == Room::None {
        shared.meter().cut(1);
        return Err(Untold);
    }
    let refusal = match room {
        _ if traffic.is_spare() && !is_vital => Some(overloaded("Too many clients are connected.")),
        Room::Short if traffic.staying() > 0 => Some(overloaded(NO_ROOM)),
        // What others of the same client let wait is not his fault who asks for one thing on a connection of his own.
        Room::Short | Room::Enough | Room::None => None,
    };
    let stay = Stay::new(Arc::clone(&traffic), Arc::clone(&shared.budget), account, !request.body().is_end_stream());
    request.extensions_mut().insert(peer);
    let request = request.map(|body| Asked::new(body, Arc::clone(&stay)));
    let (mut response, is_left) = Arc::clone(&stay).during(edge.answer(request, refusal)).await;
    if is_left {
        traffic.refused();
    }
    if traffic.is_spare() && version < Version::HTTP_2 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(Answer::to(response, &stay))
}

fn protocol(settings: &Settings) -> Builder<Streams> {
    let mut protocol = Builder::new(Streams);
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
        .initial_connection_window_size(WINDOW * 2)
        // Beside what it asks for and resets again (20 streams that were not looked at), pings and parts of heads, which are
        // bounded there.
        .max_send_buf_size(PIECE);
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
