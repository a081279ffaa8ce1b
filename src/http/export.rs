//! The list of an operation as a file: CSV, NDJSON or a workbook, for those who count with other tools.
//!
//! The file is made while it goes out: page after page of the list ([`walk`]), each turned into bytes ([`csv`],
//! [`ndjson`], [`xlsx`]) when the client takes them, so that a file of millions of rows needs the memory of a hundred. What is
//! wrong before the first byte is answered as GraphQL, never as 200; what breaks later breaks the connection off, so
//! that no file looks whole and is not. (docs/adr/0013)

mod csv;
mod ndjson;
mod table;
mod walk;
mod wish;
mod xlsx;

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::stream::try_unfold;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::graph::Viewer;
use crate::graphql::export::Page;

use super::accept::Format;
use super::places::{Full, Place};
use super::rate::Ticket;
use super::refusal::{Refusal, code};
use super::request::Incoming;
use super::request_id::RequestId;
use super::settings::Settings;
use super::{Shared, answer};

use table::Table;
use walk::{Failed, Walk};

pub(super) use wish::{Kind, asked};

/// Who asks for a file, and how.
pub(super) struct Asking {
    pub kind: Kind,
    pub viewer: Viewer,
    /// What the request said of him, to be looked at again while the file grows.
    pub headers: HeaderMap,
    pub cache: HeaderValue,
    pub id: RequestId,
}

/// Seconds after which someone who has as many files under way as he may can try again.
const AGAIN: u64 = 5;

/// Answers with a file.
///
/// # Errors
/// Where there is none to be made, or not now.
pub(super) async fn answer(shared: &Arc<Shared>, asking: Asking, ticket: &mut Ticket, incoming: Incoming<'_>) -> Result<Response, Refusal> {
    let Asking { kind, viewer, headers, cache, id } = asking;
    let place = shared.export_places.take(ticket.who()).map_err(|full| no_place(full, &shared.settings))?;
    let text = shared.documents.text(&incoming)?;
    let prepared = shared.api.prepare(&text.text)?;
    shared.documents.remember(&text);
    let plan = shared.api.plan(&prepared, incoming.operation.as_deref(), &incoming.variables)?;
    let most = if kind == Kind::Xlsx { shared.settings.export_sheet_rows.min(xlsx::MOST_ROWS) } else { shared.settings.export_rows };
    let again = ticket.again();
    let mut walk = Walk::new(Arc::clone(shared), plan, incoming.variables, viewer, headers, again, most, id);
    let first = match walk.first(ticket).await {
        Ok(page) => page,
        Err(Failed::Refused(refusal)) => return Err(refusal),
        // Nothing of it is a file, so that none of it goes out.
        Err(Failed::Answered(response)) => {
            let written = answer::write(*response, false, Format::GraphQl, &shared.settings, id)?;
            return Ok(answer::response(written, Format::GraphQl, cache));
        }
    };
    let (table, day) = (Table::of(walk.plan(), &first), walk.day());
    let name = format!("{}-{day}.{}", walk.plan().name, kind.extension());
    let mut writer = Writer::new(kind, table, &walk.plan().name, day);
    let mut bytes = Vec::new();
    writer.head(&mut bytes).and_then(|()| writer.rows(first, &mut bytes)).map_err(|fault| Refusal::document(code::LIMIT_ANSWER, fault.to_string()))?;
    let made = Made { walk, writer, ready: Some(bytes), is_done: false, id, _place: place };
    Ok(response(kind, &name, cache, made))
}

fn no_place(full: Full, settings: &Settings) -> Refusal {
    match full {
        Full::Own => {
            let message =
                format!("{} files are being made for you, as many as one client may have at once; try again when one is done.", settings.exports_each);
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, code::THROTTLED, message).retry_after(AGAIN)
        }
        Full::All => {
            let message = "As many files are being made as may be at once, half of them for those without a key at most; try again.";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, message)
        }
    }
}

fn response(kind: Kind, name: &str, cache: HeaderValue, made: Made) -> Response {
    let until = made.walk.until();
    let body = Body::from_stream(try_unfold(Kept::new(made, until), async |kept| Ok::<_, io::Error>(kept.more().await?.map(|bytes| (bytes, kept)))));
    let mut response = Response::new(body);
    let head = response.headers_mut();
    answer::protect(head);
    head.insert(CONTENT_TYPE, kind.content_type());
    head.insert(CACHE_CONTROL, cache);
    head.insert(VARY, answer::VARIES);
    // A name of GraphQL and a day: letters, digits and signs that need no quoting.
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        head.insert(CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A file that is being made, and given up when its time is over: even where nobody asks for more of it, as a client of
/// HTTP/2 that takes nothing does.
struct Kept {
    made: Arc<Mutex<Option<Made>>>,
    _end: Timer,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // At once: the timer lets go of it when the runtime gets round to that.
        if let Ok(mut made) = self.made.try_lock() {
            made.take();
        }
    }
}

/// Does something when its time has come, unless it is dropped before.
struct Timer(AbortHandle);

impl Timer {
    fn new(until: Instant, then: impl Future<Output = ()> + Send + 'static) -> Self {
        let waiting = tokio::spawn(async move {
            tokio::time::sleep_until(until).await;
            then.await;
        });
        Self(waiting.abort_handle())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Kept {
    fn new(made: Made, until: Instant) -> Self {
        let made = Arc::new(Mutex::new(Some(made)));
        let given_up = Arc::clone(&made);
        let end = Timer::new(until, async move {
            given_up.lock().await.take();
        });
        Self { made, _end: end }
    }

    async fn more(&self) -> io::Result<Option<Bytes>> {
        match self.made.lock().await.as_mut() {
            Some(made) => made.more().await,
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// A file as it is made.
struct Made {
    walk: Walk,
    writer: Writer,
    ready: Option<Vec<u8>>,
    is_done: bool,
    id: RequestId,
    _place: Place,
}

impl Made {
    /// The next bytes; none at the end. An error breaks the connection off.
    async fn more(&mut self) -> io::Result<Option<Bytes>> {
        let mut bytes = self.ready.take().unwrap_or_default();
        while bytes.is_empty() {
            if self.is_done {
                return Ok(None);
            }
            let written = match self.walk.next().await {
                Ok(Some(page)) => self.writer.rows(page, &mut bytes),
                Ok(None) => {
                    self.is_done = true;
                    self.writer.end(self.walk.rows(), &mut bytes)
                }
                Err(failed) => Err(io::Error::other(failed.reason())),
            };
            if let Err(fault) = written {
                tracing::warn!(request_id = self.id.as_str(), rows = self.walk.rows(), %fault, "a file was broken off");
                return Err(fault);
            }
        }
        Ok(Some(bytes.into()))
    }
}

/// A form of file.
enum Writer {
    Csv(csv::Csv),
    Ndjson(ndjson::Ndjson),
    Xlsx(Box<xlsx::Xlsx>),
}

impl Writer {
    fn new(kind: Kind, table: Table, name: &str, day: jiff::civil::Date) -> Self {
        match kind {
            Kind::Csv { mark } => Self::Csv(csv::Csv::new(table, mark)),
            Kind::Ndjson => Self::Ndjson(ndjson::Ndjson::new(table)),
            Kind::Xlsx => Self::Xlsx(Box::new(xlsx::Xlsx::new(table, name, day))),
        }
    }

    fn head(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Csv(csv) => csv.head(out),
            Self::Ndjson(_) => {}
            Self::Xlsx(xlsx) => return xlsx.head(out),
        }
        Ok(())
    }

    fn rows(&mut self, page: Page, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Csv(csv) => csv.rows(&page, out),
            Self::Ndjson(ndjson) => return ndjson.rows(page, out),
            Self::Xlsx(xlsx) => return xlsx.rows(&page, out),
        }
        Ok(())
    }

    fn end(&mut self, rows: u64, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Csv(_) | Self::Ndjson(_) => Ok(()),
            Self::Xlsx(xlsx) => xlsx.end(rows, out),
        }
    }
}
