//! The mark of one request: in its answer, in its errors and in the log.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries it.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Long enough for a UUID or a trace id, short enough for a log line.
const LONGEST: usize = 64;

/// The mark itself; kept in place, as every request has one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    bytes: [u8; LONGEST],
    length: u8,
}

impl RequestId {
    /// Of a request that did not come through [`edge`](super::edge).
    pub(super) const NONE: Self = Self { bytes: [b'-'; LONGEST], length: 1 };

    /// Letters, digits, `-`, `_` and `.`, at most 64: nothing that a log or a header could misread.
    fn parse(token: &[u8]) -> Option<Self> {
        let safe = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if token.is_empty() || !token.iter().all(safe) {
            return None;
        }
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..token.len())?.copy_from_slice(token);
        Some(Self { bytes, length: u8::try_from(token.len()).ok()? })
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Its text as a header.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_str(self.as_str()).unwrap_or(HeaderValue::from_static("-"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Gives each request its mark.
///
/// Marks must be unlike each other, not unguessable: a count mixed with a seed is enough, and costs no system call.
#[derive(Debug)]
pub struct RequestIds {
    seed: [u64; 2],
    next: AtomicU64,
}

impl RequestIds {
    /// Marks that differ from those of every process with another seed.
    #[must_use]
    pub const fn new(seed: [u64; 2]) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }

    /// The mark that the client sent, if it is a short and safe token; else a new one.
    pub fn of(&self, headers: &HeaderMap) -> RequestId {
        let sent = headers.get(HEADER).and_then(|value| RequestId::parse(value.as_bytes()));
        sent.unwrap_or_else(|| self.fresh())
    }

    fn fresh(&self) -> RequestId {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self.seed.map(|seed| mix(seed.wrapping_add(count)));
        let mut bytes = [0; LONGEST];
        for (place, half) in bytes.chunks_exact_mut(16).zip([high, low]) {
            hexadecimal(half, place);
        }
        RequestId { bytes, length: 32 }
    }
}

/// The finalizer of `SplitMix64`: one in, one out, neighbours far apart.
const fn mix(count: u64) -> u64 {
    let mut z = count.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn hexadecimal(mut number: u64, place: &mut [u8]) {
    for byte in place.iter_mut().rev() {
        *byte = char::from_digit((number & 15) as u32, 16).map_or(b'0', |digit| digit as u8);
        number >>= 4;
    }
}

thread_local! {
    static CURRENT: Cell<Option<RequestId>> = const { Cell::new(None) };
}

/// The request that this thread works on at this moment, for the log of a panic.
#[must_use]
pub fn current() -> Option<RequestId> {
    CURRENT.get()
}

/// Says what this thread works on, while `work` runs.
pub(super) fn during<T>(id: RequestId, work: impl FnOnce() -> T) -> T {
    let outer = CURRENT.replace(Some(id));
    let result = work();
    CURRENT.set(outer);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(token: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HEADER, HeaderValue::from_static(token))])
    }

    #[test]
    fn a_safe_token_is_kept_and_any_other_replaced() {
        let ids = RequestIds::new([1, 2]);
        let longest: &'static str = "a".repeat(64).leak();
        let too_long: &'static str = "a".repeat(65).leak();
        for token in ["abc-DEF_1.2", longest] {
            assert_eq!(ids.of(&sent(token)).as_str(), token);
        }
        for token in ["", "a b", "a\"b", "{}", too_long] {
            let id = ids.of(&sent(token));
            assert_eq!(id.as_str().len(), 32, "{token}");
            assert!(id.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn marks_differ() {
        let ids = RequestIds::new([7, 9]);
        let marks: std::collections::HashSet<_> = (0..10_000).map(|_| ids.fresh().to_string()).collect();
        assert_eq!(marks.len(), 10_000);
    }
}
