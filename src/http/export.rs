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

use async_graphql::Variables;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::stream::try_unfold;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::graph::Stop;
use crate::graphql::export::{Page, Plan};

use super::accept::Format;
use super::operation::{Asked, in_time, take_to_read};
use super::pack::{self, Packer};
use super::pages::Encoding;
use super::places::{Full, Place};
use super::rate::Ticket;
use super::refusal::{Refusal, code};
use super::request_id::RequestId;
use super::settings::Settings;
use super::shed::Way;
use super::{Shared, answer, work};

use table::Table;
use walk::{Failed, Walk};

pub(super) use wish::{Kind, asked};

/// Who asks for a file, and how.
pub(super) struct Asking {
    pub kind: Kind,
    pub asked: Asked,
    /// What the request said of its sender, to be looked at again while the file grows.
    pub headers: HeaderMap,
    pub cache: HeaderValue,
}

/// Seconds after which someone who has as many files under way as he may can try again.
const AGAIN: u64 = 5;

/// Answers with a file.
///
/// # Errors
/// Where there is none to be made, or not now.
pub(super) async fn answer(shared: &Arc<Shared>, asking: Asking, ticket: &mut Ticket) -> Result<Response, Refusal> {
    let Asking { kind, asked, headers, cache } = asking;
    let place = shared.export_places.take(ticket.who()).map_err(|full| no_place(full, &shared.settings))?;
    let (id, viewer, encoding) = (asked.id, asked.viewer.clone(), if kind == Kind::Xlsx { Encoding::Identity } else { asked.packing.for_any_length() });
    take_to_read(ticket, &asked.text)?;
    let (plan, variables) = in_time(shared.settings.answer_time, read(shared, ticket, asked)).await??;
    let most = if kind == Kind::Xlsx { shared.settings.export_sheet_rows.min(xlsx::MOST_ROWS) } else { shared.settings.export_rows };
    let again = ticket.again();
    let mut walk = Walk::new(Arc::clone(shared), plan, variables, viewer, headers, again, most, id);
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
    let writer = Writer::new(kind, table, &walk.plan().name, day);
    let mut made = Made { walk, writer: Some(writer), packer: Packer::new(encoding), ready: None, id, _place: place };
    let head = made.write(Part::First(Box::new(first))).await;
    made.ready = Some(head.map_err(|fault| Refusal::document(code::LIMIT_ANSWER, fault.to_string()))?);
    Ok(response(kind, encoding, &name, cache, made))
}

/// How an operation becomes a file: its text is read, and looked at, where that may take long.
async fn read(shared: &Arc<Shared>, ticket: &Ticket, asked: Asked) -> Result<(Plan, Variables), Refusal> {
    let turn = shared.gate.enter(Way::Long, ticket.who()).await?;
    let own = Arc::clone(shared);
    let work = async move {
        let _turn = turn;
        let incoming = asked.read(&own.document_limits)?;
        let text = own.documents.text(&incoming)?;
        let prepared = own.api.prepare(&text.text)?;
        own.documents.remember(&text);
        let plan = own.api.plan(&prepared, incoming.operation.as_deref(), &incoming.variables)?;
        Ok((plan, incoming.variables))
    };
    work::elsewhere(shared, Stop::default(), work).await?
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

fn response(kind: Kind, encoding: Encoding, name: &str, cache: HeaderValue, made: Made) -> Response {
    let until = made.walk.until();
    let body = Body::from_stream(try_unfold(Kept::new(made, until), async |kept| Ok::<_, io::Error>(kept.more().await?.map(|bytes| (bytes, kept)))));
    let mut response = Response::new(body);
    let head = response.headers_mut();
    answer::protect(head);
    head.insert(CONTENT_TYPE, kind.content_type());
    if let Some(encoding) = pack::name(encoding) {
        head.insert(CONTENT_ENCODING, encoding);
    }
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
    /// None while it writes, and behind the end.
    writer: Option<Writer>,
    packer: Option<Packer>,
    ready: Option<Vec<u8>>,
    id: RequestId,
    _place: Place,
}

/// What is written of a file.
enum Part {
    /// Its head, and the first page.
    First(Box<Page>),
    /// A further page.
    More(Box<Page>),
    /// What stands behind all rows.
    End,
}

impl Made {
    /// The next bytes; none at the end. An error breaks the connection off.
    async fn more(&mut self) -> io::Result<Option<Bytes>> {
        let mut bytes = self.ready.take().unwrap_or_default();
        while bytes.is_empty() {
            if self.writer.is_none() {
                return Ok(None);
            }
            let written = match self.walk.next().await {
                Ok(Some(page)) => self.write(Part::More(Box::new(page))).await,
                Ok(None) => self.write(Part::End).await,
                Err(failed) => Err(io::Error::other(failed.reason())),
            };
            match written {
                Ok(written) => bytes = written,
                Err(fault) => {
                    tracing::warn!(request_id = self.id.as_str(), rows = self.walk.rows(), %fault, "a file was broken off");
                    return Err(fault);
                }
            }
        }
        Ok(Some(bytes.into()))
    }

    /// Writes and packs a part, where that may take long: some pages are long, and workbooks are packed, too.
    async fn write(&mut self, part: Part) -> io::Result<Vec<u8>> {
        let Some(mut writer) = self.writer.take() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let (mut packer, rows) = (self.packer.take(), self.walk.rows());
        let work = async move {
            let mut bytes = Vec::new();
            let is_end = matches!(part, Part::End);
            match part {
                Part::First(page) => writer.head(&mut bytes).and_then(|()| writer.rows(*page, &mut bytes))?,
                Part::More(page) => writer.rows(*page, &mut bytes)?,
                Part::End => writer.end(rows, &mut bytes)?,
            }
            if let Some(packer) = &mut packer {
                bytes = packer.more(&bytes)?;
            }
            if is_end {
                bytes.extend(packer.map(Packer::end).transpose()?.unwrap_or_default());
                return Ok((bytes, None, None));
            }
            Ok::<_, io::Error>((bytes, Some(writer), packer))
        };
        let (bytes, writer, packer) = self.walk.elsewhere(work).await.map_err(|refusal| io::Error::other(refusal.message().to_owned()))??;
        (self.writer, self.packer) = (writer, packer);
        Ok(bytes)
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
