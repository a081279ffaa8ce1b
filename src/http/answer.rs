//! The executor's answer on its way out: dressed, written within its limit, and marked for caches.
//!
//! It travels in `async-graphql-axum`'s [`GraphQLResponse`], which also knows lists of answers for the day that batches
//! are served. Its own `into_response` is not used: it always says 200, never looks at `Accept`, writes `data: null`
//! for requests that never ran, knows no limit, sets `Cache-Control` from hints that know no viewer, and does not know
//! that parts of the data may be JSON already.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{BatchResponse, Response as Executed, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::accept::Format;
use super::kept::Lasting;
use super::refusal::{Code, Refusal, code, is_retryable};
use super::request_id::RequestId;
use super::revision::REVISION;
use super::sending::Unpacked;
use super::settings::Settings;

/// Everything that an answer can depend on, so that no cache gives one viewer's to another.
pub(super) const VARIES: HeaderValue = HeaderValue::from_static("accept, accept-encoding, accept-language, authorization, cookie");

/// Answers are about as long as the last one: a good first guess saves growing the buffer.
static LAST_LENGTH: AtomicUsize = AtomicUsize::new(512);

/// From so many bytes on an answer that is packed on its way out is counted with what it is made of.
const LONG: usize = 64 * 1024;

/// An executor's answer, written out.
#[derive(Debug)]
pub struct Written {
    /// The JSON.
    pub body: Bytes,
    /// Its status.
    pub status: StatusCode,
    /// The code of its first error.
    pub code: Option<&'static str>,
    /// The revision that it wrote, if it did.
    pub revision: Option<u64>,
    /// How long it is true, where it is true for all.
    pub(super) lasting: Option<Lasting>,
}

/// Writes out what the executor answered.
///
/// # Errors
/// Where it is longer than may be.
pub fn write(mut answer: Executed, executed: bool, format: Format, settings: &Settings, id: RequestId) -> Result<Written, Refusal> {
    let code = dress(&mut answer.errors, settings.errors, id);
    let mut sink = Bounded::new(settings.answer_bytes);
    let (written, status) = if executed {
        let GraphQLResponse(answer): GraphQLResponse = answer.into();
        (write_executed(&answer, &mut sink), executed_status(&answer))
    } else {
        let status = refused_status(code, format);
        let request_error = RequestError { errors: &answer.errors, extensions: &answer.extensions };
        (serde_json::to_writer(&mut sink, &request_error).map_err(io::Error::from), status)
    };
    if written.is_err() {
        let message = format!("The answer is longer than {} bytes; ask for smaller pages or fewer fields.", settings.answer_bytes);
        return Err(Refusal::document(code::LIMIT_ANSWER, message));
    }
    LAST_LENGTH.store(sink.bytes.len(), Ordering::Relaxed);
    Ok(Written { body: sink.bytes.into(), status, code, revision: None, lasting: None })
}

fn write_executed<W: Write>(answer: &BatchResponse, sink: &mut W) -> io::Result<()> {
    match answer {
        BatchResponse::Single(answer) => write_one(answer, sink),
        BatchResponse::Batch(answers) => crate::graphql::write_list(answers, sink, write_one),
    }
}

fn write_one<W: Write>(answer: &Executed, sink: &mut W) -> io::Result<()> {
    sink.write_all(b"{")?;
    if !answer.errors.is_empty() {
        sink.write_all(b"\"errors\":")?;
        serde_json::to_writer(&mut *sink, &answer.errors)?;
        sink.write_all(b",")?;
    }
    sink.write_all(b"\"data\":")?;
    crate::graphql::write(&answer.data, sink)?;
    if !answer.extensions.is_empty() {
        sink.write_all(b",\"extensions\":")?;
        serde_json::to_writer(&mut *sink, &answer.extensions)?;
    }
    sink.write_all(b"}")
}

/// The response around it, with the headers that every answer of the endpoint has.
#[must_use]
pub fn response(written: Written, format: Format, cache: HeaderValue) -> Response {
    let unpacked = Some(Unpacked(written.body.clone())).filter(|_| written.body.len() >= LONG);
    let mut response = Response::new(Body::from(written.body));
    *response.status_mut() = written.status;
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(CONTENT_TYPE, format.content_type());
    headers.insert(CACHE_CONTROL, cache);
    headers.insert(VARY, VARIES);
    protect(headers);
    if let Some(revision) = written.revision {
        headers.insert(REVISION, HeaderValue::from(revision));
    }
    if let Some(code) = written.code {
        response.extensions_mut().insert(Code(code));
    }
    if let Some(unpacked) = unpacked {
        response.extensions_mut().insert(unpacked);
    }
    response
}

/// What keeps a browser from making anything else of an answer than data.
pub(super) fn protect(headers: &mut HeaderMap) {
    const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    const RESOURCES: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, NOTHING);
    headers.insert(RESOURCES, HeaderValue::from_static("same-origin"));
}

/// An answer to a request that never ran has no `data` entry at all.
#[derive(Serialize)]
struct RequestError<'a> {
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

/// Cuts a long list of errors, marks each with the request; returns the code of the first.
fn dress(errors: &mut Vec<ServerError>, most: usize, id: RequestId) -> Option<&'static str> {
    if errors.is_empty() {
        return None;
    }
    if errors.len() > most {
        let left_out = errors.len() - most;
        errors.truncate(most);
        let mut last = ServerError::new(format!("{left_out} more errors are left out."), None);
        last.extensions.get_or_insert_default().set("code", code::TRUNCATED_ERRORS);
        errors.push(last);
    }
    for error in errors.iter_mut() {
        let retryable = code_of(error).is_some_and(is_retryable);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("requestId", id.as_str());
        extensions.set("retryable", retryable);
    }
    errors.first().and_then(code_of).map(known)
}

/// The code as one of a closed list: a label of a metric, never a client's text.
fn known(name: &str) -> &'static str {
    const KNOWN: [&str; 10] = [
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "LIMIT_DEPTH",
        "LIMIT_COST",
        "LIMIT_TOKENS",
        "LIMIT_ALIASES",
        code::BAD_REQUEST,
        code::INTERNAL,
        code::UNAVAILABLE,
    ];
    KNOWN.into_iter().find(|known| *known == name).unwrap_or("OTHER")
}

/// What ran is answered 200, errors and all. The exception: it broke, and nothing is left of it.
fn executed_status(answer: &BatchResponse) -> StatusCode {
    match answer {
        BatchResponse::Single(Executed { data: Value::Null, errors, .. }) if has_code(errors, code::INTERNAL) => StatusCode::INTERNAL_SERVER_ERROR,
        BatchResponse::Single(Executed { data: Value::Null, errors, .. }) if has_code(errors, code::UNAVAILABLE) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    }
}

fn has_code(errors: &[ServerError], wanted: &str) -> bool {
    errors.iter().any(|error| code_of(error) == Some(wanted))
}

fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// A request at fault: 400, but 200 for clients that only know `application/json`. A fault of ours is never 200.
fn refused_status(code: Option<&str>, format: Format) -> StatusCode {
    match (code, format) {
        (Some(code::INTERNAL), _) => StatusCode::INTERNAL_SERVER_ERROR,
        (Some(code::UNAVAILABLE), _) => StatusCode::SERVICE_UNAVAILABLE,
        (_, Format::GraphQl) => StatusCode::BAD_REQUEST,
        (_, Format::Json) => StatusCode::OK,
    }
}

/// A buffer that refuses to grow beyond a limit.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Bounded {
    fn new(limit: usize) -> Self {
        // The guess is bounded: one long answer must not make the next short one costly.
        let guess = (LAST_LENGTH.load(Ordering::Relaxed) + 128).min(64 * 1024).min(limit);
        Self { bytes: Vec::with_capacity(guess), limit }
    }
}

impl Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.write_all(part).map(|()| part.len())
    }

    #[inline]
    fn write_all(&mut self, part: &[u8]) -> io::Result<()> {
        if self.bytes.len() + part.len() > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> RequestId {
        super::super::request_id::RequestIds::new([1, 2]).of(&HeaderMap::new())
    }

    fn text(written: &Written) -> String {
        String::from_utf8(written.body.to_vec()).unwrap()
    }

    #[test]
    fn an_answer_at_its_limit_passes_and_one_byte_more_does_not() {
        let answer = || Executed::new(Value::from("x".repeat(100)));
        let length = r#"{"data":""}"#.len() + 100;
        let settings = |answer_bytes| Settings { answer_bytes, ..Settings::default() };
        let written = write(answer(), true, Format::Json, &settings(length), id()).unwrap();
        assert_eq!(written.body.len(), length);
        let refusal = write(answer(), true, Format::Json, &settings(length - 1), id()).err().unwrap();
        assert_eq!(refusal.code(), code::LIMIT_ANSWER);
    }

    #[test]
    fn twenty_errors_pass_and_the_twenty_first_stands_for_the_rest() {
        for (errors, expected) in [(20, 20), (21, 21), (1000, 21)] {
            let answer = Executed::from_errors((0..errors).map(|n| ServerError::new(format!("e{n}"), None)).collect());
            let written = write(answer, true, Format::Json, &Settings::default(), id()).unwrap();
            let json: serde_json::Value = serde_json::from_slice(&written.body).unwrap();
            let list = json["errors"].as_array().unwrap();
            assert_eq!(list.len(), expected);
            let is_cut = list.last().unwrap()["extensions"]["code"] == code::TRUNCATED_ERRORS;
            assert_eq!(is_cut, errors > 20);
            assert!(list.iter().all(|error| error["extensions"]["requestId"].is_string()));
        }
    }

    #[test]
    fn what_never_ran_has_no_data_entry() {
        let refused = || Executed::from_errors(vec![ServerError::new("no", None)]);
        let written = write(refused(), false, Format::GraphQl, &Settings::default(), id()).unwrap();
        assert_eq!(written.status, StatusCode::BAD_REQUEST);
        assert!(!text(&written).contains("\"data\""));
        let written = write(refused(), true, Format::GraphQl, &Settings::default(), id()).unwrap();
        assert_eq!(written.status, StatusCode::OK);
        assert!(text(&written).contains("\"data\":null"));
    }
}
