//! What the transport answers when no operation ran: a GraphQL error with a code, under the right status.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::graphql::limit;

use super::accept::Format;
use super::answer;
use super::request_id::RequestId;

/// The codes that the transport gives by itself, beside those of the executor.
pub mod code {
    pub use crate::graphql::error::code::{INTERNAL, LIMIT_COST, UNAVAILABLE};

    /// Not a GraphQL request, or not one that is served here.
    pub const BAD_REQUEST: &str = "BAD_REQUEST";
    /// A body beyond the limit.
    pub const LIMIT_BODY: &str = "LIMIT_BODY";
    /// A path and query beyond the limit.
    pub const LIMIT_URI: &str = "LIMIT_URI";
    /// Headers beyond the limit, in bytes or number.
    pub const LIMIT_HEADERS: &str = "LIMIT_HEADERS";
    /// An answer beyond the limit.
    pub const LIMIT_ANSWER: &str = "LIMIT_ANSWER";
    /// Stands for the errors that an answer had no room for.
    pub const TRUNCATED_ERRORS: &str = "TRUNCATED_ERRORS";
    /// The credentials are not good, for whatever reason.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// All points are used up; try again later.
    pub const THROTTLED: &str = "THROTTLED";
    /// The request took too long to arrive or to answer.
    pub const TIMEOUT: &str = "TIMEOUT";
    /// This node does not know the wanted revision yet; try again.
    pub const BEHIND: &str = "BEHIND";
    /// No document has that id.
    pub const DOCUMENT_NOT_FOUND: &str = "DOCUMENT_NOT_FOUND";
    /// No document of that hash is known; clients of automatic persisted queries then send its text.
    pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
    /// Documents are not remembered here.
    pub const PERSISTED_QUERY_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
    /// Too many at once; try again.
    pub const OVERLOADED: &str = "OVERLOADED";
}

/// Why a request is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    /// A document at fault was still a well-formed request: older clients (`application/json`) get 200 for it.
    is_document: bool,
    code: &'static str,
    message: Cow<'static, str>,
    place: Option<(usize, usize)>,
    allow: Option<&'static str>,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Refusal {
    /// With a status that holds whatever form the client wants.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, is_document: false, code, message: message.into(), place: None, allow: None, retry_after: None }
    }

    /// A request that cannot be read as GraphQL over HTTP.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::BAD_REQUEST, message)
    }

    /// A method that is not for this.
    pub fn method(allow: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_REQUEST, message) }
    }

    /// A document or its values at fault.
    pub fn document(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { is_document: true, ..Self::new(StatusCode::BAD_REQUEST, code, message) }
    }

    /// The same, to be tried again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The status under which it goes out in a form.
    #[must_use]
    pub fn status(&self, format: Format) -> StatusCode {
        if self.is_document && format == Format::Json { StatusCode::OK } else { self.status }
    }

    /// Its code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The whole answer.
    #[must_use]
    pub fn into_response(self, format: Format, id: RequestId) -> Response {
        let status = self.status(format);
        let body = serde_json::to_vec(&Errors { errors: [self.error(id)] }).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, format.content_type());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, answer::VARIES);
        answer::protect(headers);
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For the count of refusals, which is kept where all answers pass.
        response.extensions_mut().insert(Code(self.code));
        response
    }

    fn error(&self, id: RequestId) -> Error<'_> {
        Error {
            message: &self.message,
            locations: self.place.map(|(line, column)| [Place { line, column }]),
            extensions: Extensions { code: self.code, request_id: id.as_str().to_owned(), retryable: is_retryable(self.code) },
        }
    }
}

impl From<limit::Refusal> for Refusal {
    fn from(refusal: limit::Refusal) -> Self {
        Self { place: refusal.line, ..Self::document(refusal.code, refusal.message) }
    }
}

/// The code of an answer's (first) error, as a mark on the response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code(pub &'static str);

/// Whether the same request may well be answered a little later.
pub(super) fn is_retryable(code: &str) -> bool {
    matches!(code, code::TIMEOUT | code::BEHIND | code::OVERLOADED | code::UNAVAILABLE | code::THROTTLED)
}

#[derive(Serialize)]
struct Errors<'a> {
    errors: [Error<'a>; 1],
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<[Place; 1]>,
    extensions: Extensions,
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    code: &'static str,
    request_id: String,
    retryable: bool,
}
