//! The endpoint: `POST /graphql` for every operation, `GET /graphql` for queries.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, COOKIE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::tz::Offset;

use crate::graph::{Stop, Viewer};

use super::accept::{self, Format, Wish};
use super::kept::Kept;
use super::operation::{self, Asked, Made, Method};
use super::pack::{self, Twins, Wanted};
use super::pages::best_encoding;
use super::rate::{Peer, Ticket};
use super::refusal::{Refusal, code};
use super::request_id::RequestId;
use super::settings::Span;
use super::shed::Way;
use super::{Shared, answer, body, export, pages, request, revision, work};

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
    let text = body::read(body, &shared.settings).await?;
    let asked = Asked { viewer, text, method: Method::Post, format, packing: Wanted::of(headers), id };
    if let Some(kind) = wanted {
        return export::answer(shared, export::Asking { kind, asked, headers: credentials(headers), cache }, ticket).await;
    }
    if let Some(kept) = from_memory(shared, ticket, &asked)? {
        return again(shared, ticket, &kept, headers, &asked, (cache, false)).await;
    }
    let made = operation::run(shared, ticket, &asked).await?;
    keep(shared, &asked, &made);
    Ok(made.response(format, cache))
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
    let asked = Asked::by_url(viewer, url, headers, Format::GraphQl, id);
    let cache = if is_personal(headers) { KEEP_PRIVATE } else { KEEP_NOT };
    export::answer(shared, export::Asking { kind, asked, headers: credentials(headers), cache }, ticket).await
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
    let asked = Asked::by_url(viewer, url, headers, format, id);
    if let Some(kept) = from_memory(shared, ticket, &asked)? {
        let caching = if is_personal(headers) { (KEEP_PRIVATE, false) } else { (keep_for(shared, kept.is_named), true) };
        return again(shared, ticket, &kept, headers, &asked, caching).await;
    }
    let made = operation::run(shared, ticket, &asked).await?;
    keep(shared, &asked, &made);
    // An answer with errors is not worth keeping, and carries the id of one request.
    if is_personal(headers) {
        return Ok(made.response(format, KEEP_PRIVATE));
    }
    if made.written.code.is_some() {
        return Ok(made.response(format, KEEP_NOT));
    }
    let is_for_all = made.written.lasting.is_some();
    let cache = keep_for(shared, made.is_named && is_for_all);
    let tag = made.tag.clone().unwrap_or_default();
    if let Some(known) = known_tag(headers, &tag) {
        let mut response = made.unpacked(format, cache);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
        response.headers_mut().remove(axum::http::header::CONTENT_TYPE);
        response.headers_mut().insert(ETAG, known);
        return Ok(response);
    }
    let mut response = made.response(format, cache);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// An answer that is kept, for a stranger; it is charged like one that is made.
fn from_memory(shared: &Shared, ticket: &mut Ticket, asked: &Asked) -> Result<Option<Arc<Kept>>, Refusal> {
    if asked.viewer.member().is_some() {
        return Ok(None);
    }
    let day = Offset::UTC.to_datetime((shared.clock)()).date();
    let graph = shared.follower.current();
    let kept = shared.answers.find(asked.format, &asked.text, (graph.era(), graph.revision()), day);
    shared.meter.looked(kept.is_some());
    if let Some(kept) = &kept {
        ticket.take(kept.cost)?;
    }
    Ok(kept)
}

/// The response to it, for caches that may keep it for so long, with or without its mark.
async fn again(
    shared: &Arc<Shared>,
    ticket: &Ticket,
    kept: &Arc<Kept>,
    headers: &HeaderMap,
    asked: &Asked,
    (cache, has_mark): (HeaderValue, bool),
) -> Result<Response, Refusal> {
    let encoding = kept.encoding(asked.packing);
    if shared.answers.takes_long(kept, encoding) {
        let turn = shared.gate.enter(Way::Long, ticket.who()).await?;
        let kept = Arc::clone(kept);
        let pack = async move {
            let _turn = turn;
            kept.pack(encoding);
        };
        work::elsewhere(shared, Stop::default(), pack).await?;
    }
    Ok(shared.answers.response(kept, encoding, headers, asked.format, (cache, has_mark)))
}

fn keep(shared: &Shared, asked: &Asked, made: &Made) {
    if made.written.code.is_none() && made.written.status == StatusCode::OK {
        shared.answers.keep(asked.format, &asked.text, made);
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
pub(super) fn text(headers: &HeaderMap, text: &Twins, tag: &str, content_type: &'static str) -> Response {
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
    let encoding = best_encoding(headers);
    let body = match (text.packed(encoding), pack::name(encoding)) {
        (Some(packed), Some(name)) => {
            head.insert(CONTENT_ENCODING, name);
            packed
        }
        _ => text.body().clone(),
    };
    *response.body_mut() = axum::body::Body::from(body);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

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
