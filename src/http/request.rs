//! A GraphQL request as it arrives: a JSON body, or the query of a URL.
//!
//! Read by hand and not by the integration's extractor, which takes any content type, batches and forms, reads without
//! limit, and answers with the parser's own text. Here each member is looked at by itself, so that an error can name it,
//! and `variables` stay raw until their nesting is known to be harmless.

use std::borrow::Cow;

use async_graphql::Variables;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::graphql::limit::{self, Limits};

use super::persisted::{self, Named};
use super::refusal::{Refusal, code};

/// What is to be run.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The document; none where it is only named.
    pub query: Option<Cow<'a, str>>,
    /// How the document is named.
    pub named: Option<Named>,
    /// Which of its operations.
    pub operation: Option<String>,
    /// The values of its variables.
    pub variables: Variables,
}

/// The members that the GraphQL-over-HTTP document knows; others are left for its later versions and not read.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "operationName")]
    operation_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "documentId")]
    document_id: Option<&'a RawValue>,
}

/// Whether the body of a POST is what it must be: JSON in UTF-8, not compressed.
///
/// Nothing else is taken, as a page of another site can send any other kind of body without being asked (CSRF).
///
/// # Errors
/// 415 with what would be right.
pub fn check_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let unsupported = |message| Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::BAD_REQUEST, message);
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return Err(unsupported("The request has no Content-Type; send application/json."));
    };
    if content_type != "application/json" {
        let text = content_type.to_str().unwrap_or_default();
        let mut parts = text.split(';').map(str::trim);
        if !parts.next().unwrap_or_default().eq_ignore_ascii_case("application/json") {
            return Err(unsupported("The Content-Type of a request must be application/json."));
        }
        let is_utf8 = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        };
        if !parts.all(is_utf8) {
            return Err(unsupported("The charset of a request must be utf-8."));
        }
    }
    // Inflating would let a small body become a large one; requests are short enough as they are.
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported("Compressed requests are not accepted; send the body without Content-Encoding."));
    }
    Ok(())
}

/// Reads the body of a POST.
///
/// # Errors
/// A member that is missing or not of its kind, or text that is not JSON.
pub fn from_json<'a>(body: &'a [u8], limits: &Limits) -> Result<Incoming<'a>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::bad_request("The body of the request is not UTF-8."))?;
    match text.trim_ascii_start().bytes().next() {
        Some(b'{') => {}
        None => return Err(Refusal::bad_request("The request has no body; send a JSON object with `query`.")),
        Some(b'[') => {
            return Err(Refusal::bad_request("Batches are not accepted; send one operation with each request."));
        }
        Some(_) => return Err(Refusal::bad_request("The body of the request must be a JSON object with `query`.")),
    }
    let members: Members<'_> = serde_json::from_str(text).map_err(|fault| malformed("The body of the request", &fault))?;
    if let Some(extensions) = members.extensions {
        check_kind("extensions", extensions, "an object", b'{')?;
    }
    let id = members.document_id.map(|id| string("documentId", id)).transpose()?.map(Cow::into_owned);
    let named = persisted::named(id, members.extensions.map(RawValue::get))?;
    if members.query.is_none() && named.is_none() {
        return Err(missing_query());
    }
    Ok(Incoming {
        query: members.query.map(|query| string("query", query)).transpose()?,
        named,
        operation: members.operation_name.map(|name| string("operationName", name)).transpose()?.map(Cow::into_owned),
        variables: members.variables.map(|raw| variables(raw.get(), limits)).transpose()?.unwrap_or_default(),
    })
}

/// Reads the query of a GET's URL: `query`, `documentId`, `operationName`, `variables` and `extensions` (these two as JSON).
///
/// # Errors
/// A parameter that is missing, given twice or not of its kind.
pub fn from_url<'a>(query: &'a str, limits: &Limits) -> Result<Incoming<'a>, Refusal> {
    const NAMES: [&str; 5] = ["query", "operationName", "variables", "extensions", "documentId"];
    let mut given: [Option<Cow<'a, str>>; 5] = Default::default();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        let Some(place) = NAMES.iter().position(|known| *known == name).and_then(|at| given.get_mut(at)) else { continue };
        if place.is_some() {
            return Err(Refusal::bad_request(format!("The URL gives `{name}` twice.")));
        }
        let value = decode(value)?;
        *place = (!value.is_empty()).then_some(value);
    }
    let [query, operation, raw_variables, extensions, id] = given;
    if let Some(extensions) = &extensions {
        let raw: &RawValue = serde_json::from_str(extensions).map_err(|fault| malformed("`extensions`", &fault))?;
        check_kind("extensions", raw, "an object", b'{')?;
    }
    let named = persisted::named(id.map(Cow::into_owned), extensions.as_deref())?;
    if query.is_none() && named.is_none() {
        return Err(missing_query());
    }
    Ok(Incoming {
        query,
        named,
        operation: operation.map(Cow::into_owned),
        variables: raw_variables.map(|raw| variables(&raw, limits)).transpose()?.unwrap_or_default(),
    })
}

fn missing_query() -> Refusal {
    Refusal::bad_request("The request has no `query`; it must be a string with a GraphQL document.")
}

fn variables(raw: &str, limits: &Limits) -> Result<Variables, Refusal> {
    match raw.trim_ascii_start().bytes().next() {
        Some(b'{') => {}
        Some(b'n') if raw.trim_ascii() == "null" => return Ok(Variables::default()),
        first => return Err(Refusal::bad_request(format!("`variables` must be an object, not {}.", kind(first)))),
    }
    limit::check_variables(raw, limits)?;
    serde_json::from_str(raw).map_err(|fault| malformed("`variables`", &fault))
}

fn check_kind(name: &'static str, raw: &RawValue, wanted: &'static str, start: u8) -> Result<(), Refusal> {
    let first = raw.get().bytes().next();
    if first == Some(start) {
        return Ok(());
    }
    Err(Refusal::bad_request(format!("`{name}` must be {wanted}, not {}.", kind(first))))
}

/// The kind of a JSON value, by how it begins.
const fn kind(first: Option<u8>) -> &'static str {
    match first {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        Some(b'-' | b'0'..=b'9') => "a number",
        _ => "what it is",
    }
}

fn string<'a>(name: &'static str, raw: &'a RawValue) -> Result<Cow<'a, str>, Refusal> {
    check_kind(name, raw, "a string", b'"')?;
    let inner = raw.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner {
        // Without an escape the text stands in the body as it is meant.
        Some(text) if !text.contains('\\') => Ok(Cow::Borrowed(text)),
        _ => serde_json::from_str(raw.get()).map(Cow::Owned).map_err(|fault| malformed(name, &fault)),
    }
}

/// What is wrong with some JSON, and where; of serde's words only those on JSON itself.
fn malformed(what: &str, fault: &serde_json::Error) -> Refusal {
    use serde_json::error::Category;
    let (line, column) = (fault.line(), fault.column());
    let text = fault.to_string();
    Refusal::bad_request(match fault.classify() {
        Category::Eof => format!("{what} is not JSON: it ends too early, at line {line}, column {column}."),
        Category::Data if text.starts_with("duplicate field") => format!("{what} gives a member twice, at line {line}, column {column}."),
        Category::Data | Category::Io | Category::Syntax if text.starts_with("number out of range") => {
            format!("{what} has a number that is out of range, at line {line}, column {column}.")
        }
        _ => format!("{what} is not JSON that can be read, from line {line}, column {column} on."),
    })
}

/// Takes off the percent signs of a URL's query, where `+` is a space.
fn decode(text: &str) -> Result<Cow<'_, str>, Refusal> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let wrong = || Refusal::bad_request("The query of the URL is not well encoded: `%` must be followed by two hexadecimal digits.");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16)).ok_or_else(wrong);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high << 4 | low).map_err(|_| wrong())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Refusal::bad_request("The query of the URL is not UTF-8."))
}

#[cfg(test)]
mod tests;
