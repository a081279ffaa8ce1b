//! What can be set about the transport: its limits, its patience, and who may call it from another page.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::persisted::DocumentMode;

/// Makes the structure, its defaults, and the sentence of each setting (for `silkroutes config`) from one list.
macro_rules! settings {
    ($($(#[doc = $sentence:literal])+ $field:ident: $type:ty = $default:expr;)+) => {
        /// Settings of the transport; each names the largest value that passes.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Settings {
            $($(#[doc = $sentence])+ pub $field: $type,)+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl Settings {
            /// Each setting's name and what it does.
            pub const SENTENCES: &'static [(&'static str, &'static str)] =
                &[$((stringify!($field), concat!($($sentence),+)),)+];
        }
    };
}

settings! {
    /// Bytes of a request's body; one more is answered 413.
    body_bytes: usize = 64 * 1024;
    /// Bytes of a request's path and query; one more is answered 414.
    uri_bytes: usize = 8 * 1024;
    /// Bytes of a request's headers, names, values and four for each line; one more is answered 431.
    header_bytes: usize = 16 * 1024;
    /// Headers of a request, at most 100; one more is answered 431.
    header_count: usize = 64;
    /// Time for the head of a request to arrive; then 408.
    header_time: Span = Span::seconds(5);
    /// Time for the body of a request to arrive; then 408.
    body_time: Span = Span::seconds(5);
    /// Time to answer one operation; then TIMEOUT.
    answer_time: Span = Span::seconds(5);
    /// Bytes of an answer, before compression; one more is refused.
    answer_bytes: usize = 16 * 1024 * 1024;
    /// Bytes of requests and of answers that wait to be read, of all clients; one more, and what is not read is cut, and requests are answered 503.
    waiting_bytes: usize = 128 * 1024 * 1024;
    /// The same of one client: an address, as for `rate_points_anonymous`.
    waiting_bytes_each: usize = 32 * 1024 * 1024;
    /// Errors in an answer; one more, `TRUNCATED_ERRORS`, stands for the others.
    errors: usize = 20;
    /// Bytes from which on an answer is compressed.
    compress_bytes: u64 = 1024;
    /// Connections at the same time; one more takes the place of an idle one of the address that holds most, or is answered 503.
    connections: usize = 1024;
    /// Connections of one address, or network of IPv6, at the same time; one more takes the place of its longest idle one, or is answered 503. 0: as many as there are; and so where `client_header` names clients, as all are the proxy's then.
    connections_each: usize = 512;
    /// Requests at the same time on one HTTP/2 connection.
    streams: u32 = 100;
    /// Time that a connection may stay open without a request.
    idle_time: Span = Span::seconds(60);
    /// Time that a client may take nothing of an answer, or less than 1 KiB a second once it is over; then its stream is cut, or its connection.
    write_time: Span = Span::seconds(30);
    /// Time that a request waits for the revision that its header `at-least-revision` names; then BEHIND.
    revision_time: Span = Span::seconds(2);
    /// Time that this node may hear nothing from its database; then callers with keys or tokens get UNAVAILABLE, until it does.
    silence_time: Span = Span::seconds(1);
    /// Time between saying that this node is not ready any more and taking no more connections: for a balancer in front to notice.
    notice_time: Span = Span::seconds(0);
    /// Time to finish what is running when asked to stop; then it is cut.
    drain_time: Span = Span::seconds(30);
    /// Files (CSV, NDJSON, workbooks) that are made at the same time, half of them for those without a key at most; one more is answered 503.
    exports: usize = 8;
    /// Files of these that one client may have under way: one holder of keys or tokens, or one address; one more is answered 429.
    exports_each: usize = 2;
    /// Rows of a file in CSV or NDJSON; a list with more is refused.
    export_rows: u64 = 20_000_000;
    /// Rows of a workbook, at most 1,048,575; a list with more is refused.
    export_sheet_rows: u64 = 200_000;
    /// Time in which a file must be made and taken; then it is broken off.
    export_time: Span = Span::seconds(30 * 60);
    /// Bytes of answers that are kept for strangers who ask the same again; 0 keeps none.
    cache_bytes: u64 = 32 * 1024 * 1024;
    /// How long caches between here and clients may use an answer to a document that is asked for by its name, without asking; 0s: not at all.
    shared_time: Span = Span::seconds(0);
    /// Bytes of documents that are remembered for clients that name them by a hash; 0 remembers none.
    persisted_bytes: u64 = 4 * 1024 * 1024;
    /// Which documents are run: any, or trusted-only, those of `document_source`, by their ids.
    documents: DocumentMode = DocumentMode::Any;
    /// A folder of `.graphql` files, or a manifest of Relay or Apollo: documents that are run by their ids; none by default.
    document_source: String = String::new();
    /// Operations that run at the same time, short ones and long ones apart, half of them of one client and three quarters of strangers at most; 0 for four on each processor.
    executions: usize = 0;
    /// Operations that wait for that, three quarters of them of one client at most; one more is answered 503.
    queue: usize = 256;
    /// Writes that are carried out or wait for their turn, one after the other, three quarters of them of one client at most; one more is answered 503, and nothing of it is written.
    writes: usize = 256;
    /// How long an operation may have to wait; where it would be longer, it is answered 503 at once.
    queue_time: Span = Span(Duration::from_millis(300));
    /// Points of cost that a holder of keys or tokens may use at once, and again within `rate_time`; then 429.
    rate_points: u64 = 600_000;
    /// The same for all without a key that come from one address.
    rate_points_anonymous: u64 = 120_000;
    /// Time in which used points come back.
    rate_time: Span = Span::seconds(60);
    /// A header in which a proxy in front names the client's address, such as x-forwarded-for; none by default.
    client_header: String = String::new();
    /// Origins whose pages may read answers (CORS), as `https://example.org`; `*` for all, none by default.
    cors_origins: Vec<String> = Vec::new();
}

/// A length of time as people write it in settings: `250ms`, `5s`, `2m`, `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

impl Span {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX) {
            0 => f.write_str("0s"),
            ms if ms % 3_600_000 == 0 => write!(f, "{}h", ms / 3_600_000),
            ms if ms % 60_000 == 0 => write!(f, "{}m", ms / 60_000),
            ms if ms % 1_000 == 0 => write!(f, "{}s", ms / 1_000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is no length of time; write a whole number and ms, s, m or h, as in 250ms or 5s");
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(split);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(wrong()),
        };
        // A year is longer than any patience, and short enough for every clock to add.
        let ms = number.checked_mul(factor).filter(|ms| *ms <= 366 * 24 * 3_600_000).ok_or_else(wrong)?;
        Ok(Self(Duration::from_millis(ms)))
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_alike() {
        for text in ["250ms", "5s", "2m", "1h", "0s", "90s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("60s".parse::<Span>().unwrap().to_string(), "1m");
        for text in ["", "5", "s", "5 s", "-1s", "1.5s", "5d", "99999999999999999999s", "999999999h"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_setting_has_a_sentence_and_survives_its_own_text() {
        let table = toml::Table::try_from(Settings::default()).unwrap();
        assert_eq!(table.len(), Settings::SENTENCES.len());
        assert_eq!(table.try_into::<Settings>().unwrap(), Settings::default());
    }
}
