//! The endpoint: `POST /graphql` for every operation, `GET /graphql` for queries.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::tz::Offset;
use tokio::time::{Instant, timeout};

use crate::graph::Viewer;
use crate::graphql::{Call, RateLimit};

use super::accept::{self, Format, Wish};
use super::answer::{self, Written};
use super::kept::{Kept, Lasting};
use super::rate::{Peer, Ticket};
use super::refusal::{Refusal, code};
use super::request::{self, Incoming};
use super::request_id::RequestId;
use super::settings::Span;
use super::{Shared, body, export, pages, revision, stay, work};

/// Never kept: the answer to a POST, and any error.
const KEEP_NOT: HeaderValue = HeaderValue::from_static("no-store");
/// Kept, but asked about each time. Longer only what a document that is asked for by its name answers, where the settings say so.
const KEEP_AND_ASK: HeaderValue = HeaderValue::from_static("no-cache");
/// Kept by nobody, as it may be meant for one viewer.
pub(super) const KEEP_PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// `POST /graphql`.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let id = super::id_of(&request);
    let wanted = export::asked(request.headers(), request.uri().query().unwrap_or_default());
    let format = format_beside(&wanted, accept::wish(request.headers()));
    let (viewer, mut ticket) = match admit(&shared, request.headers(), peer_of(&request)).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(format, id),
    };
    let answered = match wanted {
        Ok(wanted) => answer_post(&shared, viewer, &mut ticket, request, wanted, id).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = answered.unwrap_or_else(|refusal| refusal.into_response(format, id));
    ticket.finish(response.headers_mut());
    response
}

async fn answer_post(
    shared: &Arc<Shared>,
    viewer: Viewer,
    ticket: &mut Ticket,
    request: Request,
    wanted: Option<export::Kind>,
    id: RequestId,
) -> Result<Response, Refusal> {
    ticket.check()?;
    request::check_content(request.headers())?;
    let format = match (accept::wish(request.headers()), wanted) {
        (_, Some(_)) => Format::GraphQl,
        (Wish::Answer(format) | Wish::Page(Some(format)), None) => format,
        (Wish::Page(None) | Wish::Other, None) => return Err(not_acceptable()),
    };
    let (head, body) = request.into_parts();
    let headers = &head.headers;
    let cache = if is_personal(headers) { KEEP_PRIVATE } else { KEEP_NOT };
    let body = body::read(body, &shared.settings).await?;
    if wanted.is_none()
        && let Some(kept) = from_memory(shared, &viewer, ticket, format, &body)?
    {
        return Ok(shared.answers.response(&kept, headers, format, cache, false));
    }
    let incoming = request::from_json(&body, &shared.document_limits)?;
    if let Some(kind) = wanted {
        let asking = export::Asking { kind, viewer, headers: credentials(headers), cache, id };
        return export::answer(shared, asking, ticket, incoming).await;
    }
    let written = run(shared, viewer, ticket, incoming, format, id, Method::Post).await?;
    keep(shared, format, &body, &written);
    Ok(answer::response(written, format, cache))
}

/// `GET /graphql`: a query in the URL; for a browser without one, GraphiQL.
///
/// It needs no header against CSRF: nothing that it can do changes anything.
pub(super) async fn get(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let id = super::id_of(&request);
    let wish = accept::wish(request.headers());
    let url = request.uri().query().unwrap_or_default();
    let wanted = export::asked(request.headers(), url);
    let format = format_beside(&wanted, wish);
    let wants_page = match wish {
        _ if wanted != Ok(None) => false,
        Wish::Page(None) => true,
        Wish::Page(Some(_)) => !url.split('&').any(|pair| pair.starts_with("query=")),
        Wish::Answer(_) | Wish::Other => false,
    };
    if wants_page {
        let mut page = pages::graphiql(request.headers().clone()).await;
        page.headers_mut().append(VARY, HeaderValue::from_static("accept"));
        return page;
    }
    let (viewer, mut ticket) = match admit(&shared, request.headers(), peer_of(&request)).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(format, id),
    };
    let answered = match (wanted, wish) {
        (Err(refusal), _) => Err(refusal),
        (Ok(Some(kind)), _) => file_from_url(&shared, viewer, &mut ticket, url, request.headers(), kind, id).await,
        (Ok(None), Wish::Other) => Err(not_acceptable()),
        (Ok(None), _) => answer_get(&shared, viewer, &mut ticket, url, request.headers(), format, id).await,
    };
    let mut response = answered.unwrap_or_else(|refusal| refusal.into_response(format, id));
    let is_public = shared.longer_kept.is_some() && response.headers().get(CACHE_CONTROL) == shared.longer_kept.as_ref();
    // What one client has left is not for those who get the same answer from a cache.
    let mut unsaid = HeaderMap::new();
    ticket.finish(if is_public { &mut unsaid } else { response.headers_mut() });
    response
}

/// A file, by a GET.
async fn file_from_url(
    shared: &Arc<Shared>,
    viewer: Viewer,
    ticket: &mut Ticket,
    url: &str,
    headers: &HeaderMap,
    kind: export::Kind,
    id: RequestId,
) -> Result<Response, Refusal> {
    ticket.check()?;
    let incoming = request::from_url(url, &shared.document_limits)?;
    let cache = if is_personal(headers) { KEEP_PRIVATE } else { KEEP_NOT };
    export::answer(shared, export::Asking { kind, viewer, headers: credentials(headers), cache, id }, ticket, incoming).await
}

/// What is wrong with a file is said under its own status, whatever the client takes.
fn format_beside(wanted: &Result<Option<export::Kind>, Refusal>, wish: Wish) -> Format {
    if *wanted == Ok(None) { wish.format() } else { Format::GraphQl }
}

/// What a request says of its sender.
fn credentials(headers: &HeaderMap) -> HeaderMap {
    headers.get_all(AUTHORIZATION).iter().map(|value| (AUTHORIZATION, value.clone())).collect()
}

async fn answer_get(
    shared: &Arc<Shared>,
    viewer: Viewer,
    ticket: &mut Ticket,
    url: &str,
    headers: &HeaderMap,
    format: Format,
    id: RequestId,
) -> Result<Response, Refusal> {
    ticket.check()?;
    if let Some(kept) = from_memory(shared, &viewer, ticket, format, url.as_bytes())? {
        let (cache, has_mark) = if is_personal(headers) { (KEEP_PRIVATE, false) } else { (keep_for(shared, kept.is_named), true) };
        return Ok(shared.answers.response(&kept, headers, format, cache, has_mark));
    }
    let incoming = request::from_url(url, &shared.document_limits)?;
    let is_named = incoming.query.is_none();
    let written = run(shared, viewer, ticket, incoming, format, id, Method::Get).await?;
    keep(shared, format, url.as_bytes(), &written);
    let is_for_all = written.lasting.is_some();
    // An answer with errors is not worth keeping, and carries the id of one request.
    if is_personal(headers) {
        return Ok(answer::response(written, format, KEEP_PRIVATE));
    }
    if written.code.is_some() {
        return Ok(answer::response(written, format, KEEP_NOT));
    }
    let tag = tag_of(&written.body);
    let known = known_tag(headers, &tag);
    let mut response = answer::response(written, format, keep_for(shared, is_named && is_for_all));
    if let Some(known) = known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
        response.headers_mut().remove(axum::http::header::CONTENT_TYPE);
        response.headers_mut().insert(ETAG, known);
    } else if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// By which method an operation came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Post,
}

async fn run(
    shared: &Arc<Shared>,
    viewer: Viewer,
    ticket: &mut Ticket,
    incoming: Incoming<'_>,
    format: Format,
    id: RequestId,
    method: Method,
) -> Result<Written, Refusal> {
    let text = shared.documents.text(&incoming)?;
    let prepared = shared.api.prepare(&text.text)?;
    shared.documents.remember(&text);
    let (is_named, registers) = (text.is_named, text.registers());
    let Incoming { operation, variables, .. } = incoming;
    match shared.api.operation_kind(&prepared, operation.as_deref())? {
        OperationType::Query => {}
        OperationType::Mutation if method == Method::Post => {}
        OperationType::Mutation => return Err(Refusal::method("POST", "A mutation must be sent by POST.")),
        OperationType::Subscription => {
            return Err(Refusal::document(code::BAD_REQUEST, "Subscriptions are not served; send a query."));
        }
    }
    let charge = shared.api.charge(&prepared, operation.as_deref(), &variables)?;
    let left = ticket.take(charge.cost)?;
    let (name, begun) = (prepared.operation_name(operation.as_deref()).map(str::to_owned), Instant::now());
    let now = (shared.clock)();
    let (day, cost, snapshot) = (Offset::UTC.to_datetime(now).date(), charge.cost, shared.follower.current());
    let is_write = charge.kind == OperationType::Mutation;
    let lasting = Lasting { era: snapshot.era(), revision: snapshot.revision(), day, cost, is_named };
    let full_at = now.saturating_add(Duration::from_secs(left.reset)).unwrap_or(now);
    let call = Call {
        prepared,
        operation,
        variables,
        charge,
        rate: RateLimit::new(left.limit, left.cost, left.remaining, full_at),
        follower: Arc::clone(&shared.follower),
        snapshot,
        viewer,
        today: day,
        store: Arc::clone(&shared.store),
        carry: None,
    };
    let run = async {
        let _places = if is_write { (Some(shared.gate.enter_to_write(ticket.who())?), None) } else { (None, Some(shared.gate.enter().await?)) };
        stay::make_room()?;
        work::run(shared, call, id).await
    };
    let outcome = in_time(shared.settings.answer_time, run).await;
    if !matches!(outcome, Ok(Err(_))) {
        // What was given up counts, too: it took that long.
        shared.meter.ran(name.as_deref(), begun.elapsed());
    }
    let outcome = outcome?.inspect_err(|_| ticket.give_back(cost))?;
    // What brings a document is asked again as it is where the document was forgotten: it must then be brought again.
    let is_for_all = outcome.is_for_all && !registers;
    let written = answer::write(outcome.response, outcome.executed, format, &shared.settings, id)?;
    Ok(Written { revision: outcome.revision, lasting: is_for_all.then_some(lasting), ..written })
}

/// An answer that is kept, for a stranger; it is charged like one that is made.
fn from_memory(shared: &Shared, viewer: &Viewer, ticket: &mut Ticket, format: Format, text: &[u8]) -> Result<Option<Arc<Kept>>, Refusal> {
    if viewer.member().is_some() {
        return Ok(None);
    }
    let day = Offset::UTC.to_datetime((shared.clock)()).date();
    let graph = shared.follower.current();
    let kept = shared.answers.find(format, text, (graph.era(), graph.revision()), day);
    shared.meter.looked(kept.is_some());
    if let Some(kept) = &kept {
        ticket.take(kept.cost)?;
    }
    Ok(kept)
}

fn keep(shared: &Shared, format: Format, text: &[u8], written: &Written) {
    if let Some(lasting) = written.lasting.filter(|_| written.code.is_none() && written.status == StatusCode::OK) {
        shared.answers.keep(format, text, written, lasting);
    }
}

/// How long caches on the way may keep the answer to a GET.
fn keep_for(shared: &Shared, is_named: bool) -> HeaderValue {
    shared.longer_kept.clone().filter(|_| is_named).unwrap_or(KEEP_AND_ASK)
}

/// Lets caches on the way use an answer for so long; none where they are not to.
pub(super) fn longer_kept(time: Span) -> Option<HeaderValue> {
    let seconds = time.0.as_secs();
    HeaderValue::from_str(&format!("public, max-age={seconds}")).ok().filter(|_| seconds > 0)
}

/// What waits for the database is dropped when the time is over, and with it its statement.
pub(super) async fn in_time<T>(limit: Span, work: impl Future<Output = T>) -> Result<T, Refusal> {
    timeout(limit.0, work).await.map_err(|_| {
        let message = format!("The operation took longer than {limit}; ask for smaller pages or fewer fields.");
        Refusal::new(StatusCode::GATEWAY_TIMEOUT, code::TIMEOUT, message)
    })
}

fn not_acceptable() -> Refusal {
    Refusal::new(
        StatusCode::NOT_ACCEPTABLE,
        code::BAD_REQUEST,
        "Answers are application/graphql-response+json or application/json, and files text/csv, application/x-ndjson or a workbook (xlsx); the Accept header takes none.",
    )
}

/// Who sends a request, and his place at his bucket of points.
async fn admit(shared: &Shared, headers: &HeaderMap, peer: Option<Peer>) -> Result<(Viewer, Ticket), Refusal> {
    revision::may_answer(shared, headers).await?;
    let viewer = shared.auth.viewer(headers, &shared.follower.current(), (shared.clock)()).await.map_err(|refusal| {
        // A provider that is silent is not the fault of whoever holds its token.
        if refusal.code() == code::UNAUTHENTICATED { shared.rates.guess(peer, headers, refusal) } else { refusal }
    })?;
    let mut ticket = shared.rates.ticket(&viewer, peer, headers);
    if revision::is_asked(headers) {
        // Waiting is for those who have points left.
        ticket.check()?;
        revision::reach(shared, headers, &viewer).await?;
    }
    Ok((viewer, ticket))
}

/// Where the connection comes from.
fn peer_of(request: &Request) -> Option<Peer> {
    request.extensions().get::<Peer>().copied()
}

/// Whether a request says who sends it. A cookie says nothing here, but caches must not learn that.
pub(super) fn is_personal(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || headers.contains_key(COOKIE)
}

/// A strong mark of a body: its digest. (`compress` adds the encoding, as another encoding is another body.)
pub(super) fn tag_of(body: &[u8]) -> String {
    let digest = blake3::hash(body).to_hex();
    format!("\"{}\"", digest.as_str().get(..32).unwrap_or_default())
}

/// The mark in `If-None-Match` that stands for the same content, in whatever encoding; `*` stands for any.
pub(super) fn known_tag(headers: &HeaderMap, tag: &str) -> Option<HeaderValue> {
    let digest = tag.trim_matches('"');
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .find(|known| *known == "*" || known.trim_matches('"').trim_end_matches("-br").trim_end_matches("-gzip") == digest)?;
    HeaderValue::from_str(if known == "*" { tag } else { known }).ok()
}

/// What a whole answer of this slab is made of when it is text that is kept by its mark: `/schema.graphql`.
pub(super) fn text(headers: &HeaderMap, text: &str, tag: &str, content_type: &'static str) -> Response {
    let mut response = Response::new(axum::body::Body::empty());
    let head = response.headers_mut();
    answer::protect(head);
    head.insert(VARY, HeaderValue::from_static("accept-encoding, authorization, cookie"));
    let is_personal = is_personal(headers);
    head.insert(CACHE_CONTROL, if is_personal { KEEP_PRIVATE } else { KEEP_AND_ASK });
    if let Some(known) = known_tag(headers, tag).filter(|_| !is_personal) {
        head.insert(ETAG, known);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    head.insert(axum::http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(tag) = HeaderValue::from_str(tag).ok().filter(|_| !is_personal) {
        head.insert(ETAG, tag);
    }
    *response.body_mut() = axum::body::Body::from(text.to_owned());
    response
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

    #[test]
    fn a_mark_is_known_in_every_encoding() {
        let tag = tag_of(b"body");
        assert_eq!(tag.len(), 34);
        let known = |sent: String| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(&sent).unwrap())]);
            known_tag(&headers, &tag).is_some()
        };
        let bare = tag.trim_matches('"');
        for sent in [tag.clone(), format!("\"x\", {tag}"), format!("\"{bare}-br\""), format!("W/\"{bare}-gzip\""), "*".into()] {
            assert!(known(sent.clone()), "{sent}");
        }
        assert!(!known("\"other\"".into()));
        assert!(!known(String::new()));
    }
}
