//! Which form of answer a client wants: the `Accept` header, read as the HTTP and GraphQL-over-HTTP documents ask.

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};

/// The two media types that a GraphQL answer can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `application/graphql-response+json`: the status tells whether the request was at fault.
    GraphQl,
    /// `application/json`, for older clients: a document at fault is still answered 200.
    Json,
}

impl Format {
    /// The `Content-Type` of the answer.
    #[must_use]
    pub const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// What the client would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// An answer in this form.
    Answer(Format),
    /// A web page before all; a browser's address line says so. The form comes second, if at all.
    Page(Option<Format>),
    /// Nothing that is served here.
    Other,
}

impl Wish {
    /// The form to answer in; where the client takes none, errors go out as JSON all the same.
    #[must_use]
    pub fn format(self) -> Format {
        match self {
            Self::Answer(format) | Self::Page(Some(format)) => format,
            Self::Page(None) | Self::Other => Format::Json,
        }
    }
}

/// Reads the wish from the headers of a request.
#[must_use]
pub fn wish(headers: &HeaderMap) -> Wish {
    let mut lines = headers.get_all(ACCEPT).iter();
    let (first, second) = (lines.next(), lines.next());
    // Nearly all clients send one of these.
    if second.is_none() {
        match first.map(HeaderValue::as_bytes) {
            None | Some(b"" | b"*/*" | b"application/json") => return Wish::Answer(Format::Json),
            Some(b"application/graphql-response+json") => return Wish::Answer(Format::GraphQl),
            Some(_) => {}
        }
    }
    negotiate(headers)
}

/// How much a media type is wanted: its quality in thousandths, and how closely the range names it (0 to 3).
type Weight = (u16, u8);

fn negotiate(headers: &HeaderMap) -> Wish {
    let mut graphql: Weight = (0, 0);
    let mut json: Weight = (0, 0);
    let mut html: Weight = (0, 0);
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    for range in lines.flat_map(|line| line.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let Some(quality) = quality(parts) else { continue };
        // The closest range decides, wherever it stands.
        let weigh = |weight: &mut Weight, closeness| {
            if closeness > weight.1 || (closeness == weight.1 && quality > weight.0) {
                *weight = (quality, closeness);
            }
        };
        let is = |name: &str| media.eq_ignore_ascii_case(name);
        if is("application/graphql-response+json") {
            weigh(&mut graphql, 3);
        } else if is("application/json") {
            weigh(&mut json, 3);
        } else if is("text/html") {
            weigh(&mut html, 3);
        } else if is("application/*") {
            weigh(&mut graphql, 2);
            weigh(&mut json, 2);
        } else if is("text/*") {
            weigh(&mut html, 2);
        } else if is("*/*") {
            weigh(&mut graphql, 1);
            weigh(&mut json, 1);
            weigh(&mut html, 1);
        }
    }
    // Among equals: what was named over what a wildcard covers, then the newer form where it was named.
    let answer = match (graphql, json) {
        ((0, _), (0, _)) => None,
        (graphql, json) if graphql > json || (graphql == json && graphql.1 == 3) => Some((graphql, Format::GraphQl)),
        (_, json) => Some((json, Format::Json)),
    };
    match answer {
        Some((weight, format)) if weight >= html => Wish::Answer(format),
        answer if html.0 > 0 => Wish::Page(answer.map(|(_, format)| format)),
        _ => Wish::Other,
    }
}

/// The quality among a range's parameters, in thousandths; none where the range asks for another charset.
fn quality<'a>(parameters: impl Iterator<Item = &'a str>) -> Option<u16> {
    let mut quality = 1000;
    for parameter in parameters {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("q") {
            let parsed: f32 = value.parse().unwrap_or(1.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1000")]
            let thousandths = (parsed.clamp(0.0, 1.0) * 1000.0) as u16;
            quality = thousandths;
        } else if name.eq_ignore_ascii_case("charset") && !value.trim_matches('"').eq_ignore_ascii_case("utf-8") {
            return None;
        }
    }
    Some(quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish_of(accept: &'static str) -> Wish {
        wish(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]))
    }

    #[test]
    fn the_table_of_wishes() {
        let json = Wish::Answer(Format::Json);
        let graphql = Wish::Answer(Format::GraphQl);
        assert_eq!(wish(&HeaderMap::new()), json);
        for (accept, wanted) in [
            ("*/*", json),
            ("application/json", json),
            ("application/json; charset=utf-8", json),
            ("application/*", json),
            ("APPLICATION/JSON;q=0.5", json),
            ("application/graphql-response+json", graphql),
            ("application/graphql-response+json, application/json;q=0.9", graphql),
            ("application/json, application/graphql-response+json", graphql),
            ("application/graphql-response+json;q=0.1, application/json", json),
            ("application/graphql-response+json, */*", graphql),
            ("application/json, multipart/mixed", json),
            ("application/graphql-response+json;q=0, */*", json),
            ("text/html", Wish::Page(None)),
            ("text/html, application/json;q=0", Wish::Page(None)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Wish::Page(Some(Format::Json))),
            ("application/json, text/html", json),
            ("text/event-stream", Wish::Other),
            ("image/png", Wish::Other),
            ("application/json; charset=latin1", Wish::Other),
            ("application/json;q=0", Wish::Other),
            ("", json),
        ] {
            assert_eq!(wish_of(accept), wanted, "{accept}");
        }
    }
}
