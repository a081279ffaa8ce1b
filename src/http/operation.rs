//! One operation, from the text in which it came to the text of its answer: what is done with it where it was read, and
//! what on threads for long work ([`work`]).

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::tz::Offset;
use tokio::time::{Instant, timeout};

use crate::graph::{Stop, Viewer};
use crate::graphql::limit::Limits;
use crate::graphql::{Call, RateLimit};

use super::accept::Format;
use super::answer::{self, Written};
use super::graphql::tag_of;
use super::kept::Lasting;
use super::pack::Wanted;
use super::pages::Encoding;
use super::places::Place;
use super::rate::Ticket;
use super::refusal::{Refusal, code};
use super::request::{self, Incoming};
use super::request_id::RequestId;
use super::settings::Span;
use super::shed::{Turn, Way};
use super::{Shared, pack, stay, work};

/// By which method an operation came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
}

/// What was asked, as it came.
pub(super) struct Asked {
    pub viewer: Viewer,
    /// The body of a POST, the query of a GET's URL.
    pub text: Bytes,
    pub method: Method,
    pub format: Format,
    /// How the answer is packed, where that is worth it.
    pub packing: Wanted,
    pub id: RequestId,
}

impl Asked {
    /// By a GET.
    pub fn by_url(viewer: Viewer, url: &str, headers: &HeaderMap, format: Format, id: RequestId) -> Self {
        let text = Bytes::copy_from_slice(url.as_bytes());
        Self { viewer, text, method: Method::Get, format, packing: Wanted::of(headers), id }
    }

    /// The text taken apart.
    pub fn read(&self, limits: &Limits) -> Result<Incoming<'_>, Refusal> {
        match self.method {
            Method::Post => request::from_json(&self.text, limits),
            // What stands in a URL is text.
            Method::Get => request::from_url(std::str::from_utf8(&self.text).unwrap_or_default(), limits),
        }
    }

    fn again(&self) -> Self {
        let Self { viewer, text, method, format, packing, id } = self;
        Self { viewer: viewer.clone(), text: text.clone(), method: *method, format: *format, packing: *packing, id: *id }
    }
}

/// An operation that was read, charged, and can be run.
struct Ready {
    call: Call,
    name: Option<String>,
    lasting: Lasting,
    /// Whether the request brings a document to be known.
    registers: bool,
    is_write: bool,
    is_long: bool,
}

/// An answer as it goes out.
pub(super) struct Made {
    pub written: Written,
    /// Whether its document was asked for by a name.
    pub is_named: bool,
    /// The mark of its body, where it may be kept here or by the client.
    pub tag: Option<String>,
    /// Its body packed, where that took long.
    pub packed: Option<(Encoding, Bytes)>,
}

/// Runs an operation.
///
/// # Errors
/// Where it is refused: by what it says, by what it costs, or as there is too much else; or where it takes too long.
pub(super) async fn run(shared: &Arc<Shared>, ticket: &mut Ticket, asked: &Asked) -> Result<Made, Refusal> {
    in_time(shared.settings.answer_time, async {
        let stop = Stop::default();
        if asked.text.len() <= work::LARGE
            && let Some(ready) = read(shared, ticket, asked, &stop, true)?
        {
            let cost = ready.lasting.cost;
            return run_ready(shared, ticket, asked, ready, stop).await.inspect_err(|refusal| {
                if matches!(refusal.code(), code::OVERLOADED | code::UNAVAILABLE) {
                    ticket.give_back(cost);
                }
            });
        }
        run_large(shared, ticket, asked, stop).await
    })
    .await?
}

/// What is held while an operation runs: a place at the executor, or in the line of writes.
type Held = (Option<Turn>, Option<Place>);

/// Runs what was read where it came in: there, or elsewhere where it may be long.
async fn run_ready(shared: &Arc<Shared>, ticket: &mut Ticket, asked: &Asked, ready: Ready, stop: Stop) -> Result<Made, Refusal> {
    if ready.is_write {
        let place = shared.gate.enter_to_write(ticket.who())?;
        return run_elsewhere(shared, ticket, asked, ready, (None, Some(place)), stop).await;
    }
    if ready.is_long {
        let turn = shared.gate.enter(Way::Long, ticket.who()).await?;
        return run_elsewhere(shared, ticket, asked, ready, (Some(turn), None), stop).await;
    }
    let turn = shared.gate.enter(Way::Short, ticket.who()).await?;
    stay::make_room()?;
    let made = finish(shared, ready, asked, ticket).await?;
    drop(turn);
    if made.written.body.len() < pack::LARGE {
        return Ok(made.dressed(shared, asked));
    }
    let turn = shared.gate.join(ticket.who()).await?;
    let (own, asked) = (Arc::clone(shared), asked.again());
    let work = async move {
        let _turn = turn;
        made.dressed(&own, &asked)
    };
    work::elsewhere(shared, stop, work).await
}

async fn run_elsewhere(shared: &Arc<Shared>, ticket: &mut Ticket, asked: &Asked, ready: Ready, held: Held, stop: Stop) -> Result<Made, Refusal> {
    stay::make_room()?;
    let (own, asked, mut again) = (Arc::clone(shared), asked.again(), ticket.again());
    let work = async move {
        // Held by the work itself: whoever waits for it may be gone before it has stopped.
        let _held = held;
        let made = finish(&own, ready, &asked, &mut again).await.map(|made| made.dressed(&own, &asked));
        (made, again)
    };
    let (made, again) = work::elsewhere(shared, stop, work).await?;
    ticket.resume(&again);
    made
}

/// The same for what takes long to be read, which is all done elsewhere.
async fn run_large(shared: &Arc<Shared>, ticket: &mut Ticket, asked: &Asked, stop: Stop) -> Result<Made, Refusal> {
    let turn = shared.gate.enter(Way::Long, ticket.who()).await?;
    stay::make_room()?;
    let (own, asked, mut again, switch) = (Arc::clone(shared), asked.again(), ticket.again(), stop.clone());
    let work = async move {
        let made = read_and_run(&own, &mut again, &asked, turn, &switch).await;
        (made, again)
    };
    let (made, again) = work::elsewhere(shared, stop, work).await?;
    ticket.resume(&again);
    made
}

async fn read_and_run(shared: &Arc<Shared>, ticket: &mut Ticket, asked: &Asked, turn: Turn, stop: &Stop) -> Result<Made, Refusal> {
    let too_large = || Refusal::bad_request("The request is too large to be read.");
    let ready = read(shared, ticket, asked, stop, false)?.ok_or_else(too_large)?;
    // What writes waits in a line of its own.
    let _held: Held = if ready.is_write { (None, Some(shared.gate.enter_to_write(ticket.who())?)) } else { (Some(turn), None) };
    Ok(finish(shared, ready, asked, ticket).await?.dressed(shared, asked))
}

/// Reads an operation and takes what it costs. `None` where that would take long, and only what is short is to be done.
fn read(shared: &Arc<Shared>, ticket: &mut Ticket, asked: &Asked, stop: &Stop, only_short: bool) -> Result<Option<Ready>, Refusal> {
    take_to_read(ticket, &asked.text)?;
    let incoming = asked.read(&shared.document_limits)?;
    let text = shared.documents.text(&incoming)?;
    let prepared = match shared.api.known(&text.text) {
        Some(prepared) => prepared,
        None if text.text.len() <= work::LARGE_UNSEEN => shared.api.prepare(&text.text)?,
        None if only_short => return Ok(None),
        None => {
            take_to_read(ticket, text.text.as_bytes())?;
            shared.api.prepare(&text.text)?
        }
    };
    shared.documents.remember(&text);
    let (is_named, registers, is_large) = (text.is_named, text.registers(), text.text.len() > work::LARGE_UNSEEN);
    let Incoming { operation, variables, .. } = incoming;
    match shared.api.operation_kind(&prepared, operation.as_deref())? {
        OperationType::Query => {}
        OperationType::Mutation if asked.method == Method::Post => {}
        OperationType::Mutation => return Err(Refusal::method("POST", "A mutation must be sent by POST.")),
        OperationType::Subscription => {
            return Err(Refusal::document(code::BAD_REQUEST, "Subscriptions are not served; send a query."));
        }
    }
    let charge = shared.api.charge(&prepared, operation.as_deref(), &variables)?;
    let left = ticket.take(charge.cost)?;
    let now = (shared.clock)();
    let (day, cost, snapshot) = (Offset::UTC.to_datetime(now).date(), charge.cost, shared.follower.current());
    let full_at = now.saturating_add(Duration::from_secs(left.reset)).unwrap_or(now);
    Ok(Some(Ready {
        name: prepared.operation_name(operation.as_deref()).map(str::to_owned),
        lasting: Lasting { era: snapshot.era(), revision: snapshot.revision(), day, cost, is_named },
        registers,
        is_write: charge.kind == OperationType::Mutation,
        is_long: work::is_long(&prepared, &charge, is_large),
        call: Call {
            prepared,
            operation,
            variables,
            charge,
            rate: RateLimit::new(left.limit, left.cost, left.remaining, full_at),
            follower: Arc::clone(&shared.follower),
            snapshot,
            viewer: asked.viewer.clone(),
            today: day,
            store: Arc::clone(&shared.store),
            carry: None,
            stop: stop.clone(),
        },
    }))
}

/// Takes what reading costs, of what is large: a document of a kilobyte is looked at and validated for a tenth of a millisecond and
/// more, whatever comes of it.
pub(super) fn take_to_read(ticket: &mut Ticket, text: &[u8]) -> Result<(), Refusal> {
    if text.len() > work::LARGE {
        ticket.take(text.len() as u64 / 1024)?;
    }
    Ok(())
}

/// Runs an operation and writes its answer, wherever this is called.
async fn finish(shared: &Arc<Shared>, ready: Ready, asked: &Asked, ticket: &mut Ticket) -> Result<Made, Refusal> {
    let Ready { call, name, lasting, registers, .. } = ready;
    let running = Running { shared, name, begun: Instant::now() };
    let outcome = work::run(shared, call, asked.id).await;
    drop(running);
    ticket.take_beyond(outcome.cost.saturating_sub(lasting.cost));
    let lasting = Lasting { cost: outcome.cost, ..lasting };
    // What brings a document is asked again as it is where the document was forgotten: it must then be brought again.
    let is_for_all = outcome.is_for_all && !registers;
    let written = answer::write(outcome.response, outcome.executed, asked.format, &shared.settings, asked.id)?;
    let written = Written { revision: outcome.revision, lasting: is_for_all.then_some(lasting), ..written };
    Ok(Made { written, is_named: lasting.is_named, tag: None, packed: None })
}

/// Measures an operation. What was given up counts, too: it took that long.
struct Running<'a> {
    shared: &'a Shared,
    name: Option<String>,
    begun: Instant,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.shared.meter.ran(self.name.as_deref(), self.begun.elapsed());
    }
}

impl Made {
    /// With its mark, and packed where that takes long.
    fn dressed(self, shared: &Shared, asked: &Asked) -> Self {
        let body = &self.written.body;
        let is_marked = self.written.code.is_none() && (asked.method == Method::Get || self.written.lasting.is_some());
        let tag = is_marked.then(|| tag_of(body));
        let is_large = body.len() >= pack::LARGE && body.len() as u64 >= shared.settings.compress_bytes;
        let encoding = asked.packing.for_length(body.len());
        let packed = is_large.then(|| pack::whole(body, encoding)).flatten().map(|bytes| (encoding, bytes));
        Self { tag, packed, ..self }
    }

    /// The response with its body as it was written.
    pub fn unpacked(self, format: Format, cache: HeaderValue) -> Response {
        answer::response(self.written, format, cache)
    }

    /// The response.
    pub fn response(self, format: Format, cache: HeaderValue) -> Response {
        let Self { written, packed, .. } = self;
        let mut response = answer::response(written, format, cache);
        if let Some((encoding, bytes)) = packed
            && let Some(name) = pack::name(encoding)
        {
            *response.body_mut() = Body::from(bytes);
            response.headers_mut().insert(CONTENT_ENCODING, name);
        }
        response
    }
}

/// What waits for the database is dropped when the time is over, and with it its statement.
pub(super) async fn in_time<T>(limit: Span, work: impl Future<Output = T>) -> Result<T, Refusal> {
    timeout(limit.0, work).await.map_err(|_| {
        let message = format!("The operation took longer than {limit}; ask for smaller pages or fewer fields.");
        Refusal::new(StatusCode::GATEWAY_TIMEOUT, code::TIMEOUT, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_operation_has_a_time_limit() {
        let limit: Span = "20ms".parse().unwrap();
        assert_eq!(in_time(limit, async { 1 }).await, Ok(1));
        let refusal = in_time(limit, std::future::pending::<()>()).await.unwrap_err();
        assert_eq!((refusal.code(), refusal.status(Format::Json)), (code::TIMEOUT, StatusCode::GATEWAY_TIMEOUT));
    }
}
