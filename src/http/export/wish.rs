//! Whether a file is wanted, and which: `?format=` before the `Accept` header.

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};

use super::super::refusal::Refusal;

/// A form of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lines of cells with commas between, in UTF-8.
    Csv {
        /// With the mark in front by which Excel knows UTF-8.
        mark: bool,
    },
    /// A JSON object a line.
    Ndjson,
    /// A workbook.
    Xlsx,
}

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl Kind {
    /// The `Content-Type` of the file.
    pub const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Csv { .. } => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson; charset=utf-8",
            Self::Xlsx => XLSX,
        })
    }

    /// How the file's name ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Ndjson => "ndjson",
            Self::Xlsx => "xlsx",
        }
    }
}

/// The file that a request wants; none where it wants an answer of GraphQL.
///
/// # Errors
/// A `format` that there is not.
pub fn asked(headers: &HeaderMap, url: &str) -> Result<Option<Kind>, Refusal> {
    let mut formats = url.split('&').filter_map(|pair| pair.strip_prefix("format="));
    match (formats.next(), formats.next()) {
        (Some(_), Some(_)) => Err(Refusal::bad_request("The URL gives `format` twice.")),
        (Some("csv"), _) => Ok(Some(Kind::Csv { mark: false })),
        (Some("csv-excel"), _) => Ok(Some(Kind::Csv { mark: true })),
        (Some("ndjson"), _) => Ok(Some(Kind::Ndjson)),
        (Some("xlsx"), _) => Ok(Some(Kind::Xlsx)),
        (Some("json"), _) => Ok(None),
        (Some(_), _) => Err(Refusal::bad_request("`format` is csv, csv-excel, ndjson or xlsx for a file, or json for an answer of GraphQL.")),
        (None, _) => Ok(accepted(headers)),
    }
}

/// The type of highest quality in `Accept`, where that is a file; of equals the first.
fn accepted(headers: &HeaderMap) -> Option<Kind> {
    let mut best: (f32, Option<Kind>) = (0.0, None);
    for line in headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok()) {
        // Nearly all requests end here.
        if matches!(line, "*/*" | "application/json" | "application/graphql-response+json") {
            best = (best.0.max(1.0), best.1);
            continue;
        }
        for range in line.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.trim().parse().unwrap_or(1.0));
            let kind = match media.as_str() {
                CSV => Some(Kind::Csv { mark: false }),
                NDJSON | "application/ndjson" | "application/jsonl" => Some(Kind::Ndjson),
                XLSX => Some(Kind::Xlsx),
                _ => None,
            };
            if quality > best.0 {
                best = (quality, kind);
            }
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_comes_first_and_then_what_is_most_welcome() {
        let wish = |accept: &'static str, url: &str| asked(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]), url);
        let csv = Ok(Some(Kind::Csv { mark: false }));
        for (accept, url, wanted) in [
            ("*/*", "query=x", Ok(None)),
            ("text/html,*/*;q=0.8", "query=x&format=csv", csv.clone()),
            ("text/csv", "format=json", Ok(None)),
            ("text/csv", "", csv.clone()),
            ("TEXT/CSV; charset=utf-8, */*;q=0.1", "", csv.clone()),
            ("application/json, text/csv", "", Ok(None)),
            ("application/json;q=0.5, text/csv;q=0.9", "", csv),
            ("text/csv;q=0", "", Ok(None)),
            ("application/x-ndjson", "", Ok(Some(Kind::Ndjson))),
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "", Ok(Some(Kind::Xlsx))),
            ("*/*", "format=csv-excel", Ok(Some(Kind::Csv { mark: true }))),
        ] {
            assert_eq!(wish(accept, url), wanted, "{accept} {url}");
        }
        assert!(wish("*/*", "format=pdf").is_err());
        assert!(wish("*/*", "format=csv&format=csv").is_err());
    }
}
