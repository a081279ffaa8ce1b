//! Answers that are kept: what strangers ask again and again is answered from memory, before anything is parsed.
//!
//! Only answers that any stranger would get are kept: to queries without a credential, without errors, in which nothing
//! depends on the request itself (`rateLimit`) and nothing had to be noted. Whoever proves who he is gets every answer
//! made for him. A kept answer belongs to the very bytes of the request (so to its document, operation, variables and
//! language), its form, the era and revision of the graph and the day; one that is of another is not found.
//! (docs/adr/0015)

use std::hash::Hash;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::civil::Date;
use quick_cache::{Equivalent, Weighter};

use super::accept::Format;
use super::answer::{self, Written};
use super::graphql::known_tag;
use super::operation::Made;
use super::pack::{self, Twins, Wanted};
use super::pages::Encoding;
use crate::sync::Cache;

/// What an answer takes beside its bytes and those of its request.
const BESIDE: usize = 256;
/// No single answer may take more than this part of the room.
const LARGEST_PART: u64 = 8;

/// An answer that is true for a while.
#[derive(Debug)]
pub(super) struct Kept {
    era: u64,
    revision: u64,
    day: Date,
    /// What the same operation costs again.
    pub cost: u64,
    /// Whether it was asked for by the name of its document.
    pub is_named: bool,
    tag: HeaderValue,
    body: Twins,
}

/// For how long an answer is true, where it is true for all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lasting {
    pub era: u64,
    pub revision: u64,
    pub day: Date,
    pub cost: u64,
    pub is_named: bool,
}

/// By which request an answer is found: the form it was asked for in, and its bytes.
#[derive(Debug, Hash, PartialEq, Eq)]
struct Key {
    format: Format,
    text: Box<[u8]>,
}

#[derive(Hash)]
struct Asked<'a> {
    format: Format,
    text: &'a [u8],
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.format == key.format && *self.text == *key.text
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<Kept>> for ByBytes {
    fn weight(&self, key: &Key, kept: &Arc<Kept>) -> u64 {
        (key.text.len() + 2 * kept.body.body().len() + BESIDE) as u64
    }
}

impl Kept {
    /// How its body goes out to a client.
    pub const fn encoding(&self, wanted: Wanted) -> Encoding {
        wanted.for_length(self.body.body().len())
    }

    /// Packs its body, if it never was in this encoding.
    pub fn pack(&self, encoding: Encoding) {
        self.body.packed(encoding);
    }
}

/// The answers of one server.
pub(super) struct Answers {
    kept: Option<Cache<Key, Arc<Kept>, ByBytes>>,
    bytes: u64,
    compress_bytes: u64,
}

impl Answers {
    /// Room for so many bytes; none where that is nothing.
    pub fn new(bytes: u64, compress_bytes: u64) -> Self {
        let items = usize::try_from(bytes / 4096).unwrap_or(usize::MAX).max(16);
        Self { kept: (bytes > 0).then(|| Cache::with_weighter(items, bytes, ByBytes)), bytes, compress_bytes }
    }

    /// The answer to a request, where it is known and true: of that era and revision, and that day.
    pub fn find(&self, format: Format, text: &[u8], (era, revision): (u64, u64), day: Date) -> Option<Arc<Kept>> {
        self.kept.as_ref()?.get(&Asked { format, text }).filter(|kept| (kept.era, kept.revision) == (era, revision) && kept.day == day)
    }

    /// Keeps an answer, where it is true for all.
    pub fn keep(&self, format: Format, text: &[u8], made: &Made) {
        let (Some(cache), Some(lasting), Some(tag)) = (&self.kept, made.written.lasting, &made.tag) else { return };
        let body = made.written.body.clone();
        let weight = (text.len() + 2 * body.len() + BESIDE) as u64;
        let Ok(tag) = HeaderValue::from_str(tag) else { return };
        if weight > self.bytes / LARGEST_PART {
            return;
        }
        let Lasting { era, revision, day, cost, is_named } = lasting;
        let kept = Kept { era, revision, day, cost, is_named, tag, body: Twins::new(body) };
        if let Some((encoding, packed)) = &made.packed {
            kept.body.keep(*encoding, packed.clone());
        }
        cache.insert(Key { format, text: text.into() }, Arc::new(kept));
    }

    /// Bytes that are taken.
    pub fn weight(&self) -> u64 {
        self.kept.as_ref().map_or(0, Cache::weight)
    }

    /// Whether the response takes long, as its body was never packed like this.
    pub fn takes_long(&self, kept: &Kept, encoding: Encoding) -> bool {
        kept.body.body().len() as u64 >= self.compress_bytes && kept.body.takes_long(encoding)
    }

    /// The response in an encoding, for caches as they may keep it; to a GET (`is_get`) with its mark, and 304 where the client
    /// has it.
    pub fn response(&self, kept: &Kept, encoding: Encoding, headers: &HeaderMap, format: Format, (cache, is_get): (HeaderValue, bool)) -> Response {
        let known = kept.tag.to_str().ok().filter(|_| is_get).and_then(|tag| known_tag(headers, tag));
        let is_small = (kept.body.body().len() as u64) < self.compress_bytes;
        let encoding = if is_small || known.is_some() { Encoding::Identity } else { encoding };
        let packed = kept.body.packed(encoding);
        let (body, encoding) = packed.map_or_else(|| (kept.body.body().clone(), None), |bytes| (bytes, pack::name(encoding)));
        let written = Written { body, status: StatusCode::OK, code: None, revision: None, lasting: None };
        let mut response = answer::response(written, format, cache);
        if let Some(encoding) = encoding {
            response.headers_mut().insert(CONTENT_ENCODING, encoding);
        }
        match known {
            Some(known) => {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                *response.body_mut() = Body::empty();
                response.headers_mut().remove(CONTENT_TYPE);
                response.headers_mut().insert(ETAG, known);
            }
            None if is_get => {
                response.headers_mut().insert(ETAG, kept.tag.clone());
            }
            None => {}
        }
        response
    }
}

#[cfg(all(test, feature = "interleavings"))]
mod interleavings;

#[cfg(test)]
mod tests {
    use super::super::graphql::tag_of;
    use super::*;
    use axum::body::Bytes;
    use jiff::civil::date;

    const DAY: Date = date(2026, 11, 27);

    fn made(body: impl Into<Bytes>, revision: u64) -> Made {
        let body = body.into();
        let tag = Some(tag_of(&body));
        let lasting = Lasting { era: 0, revision, day: DAY, cost: 3, is_named: false };
        Made { written: Written { body, status: StatusCode::OK, code: None, revision: None, lasting: Some(lasting) }, is_named: false, tag, packed: None }
    }

    #[test]
    fn an_answer_is_found_by_its_bytes_form_era_revision_and_day_and_by_nothing_else() {
        let answers = Answers::new(1 << 20, 1024);
        answers.keep(Format::Json, b"{a}", &made("1", 7));
        assert_eq!(answers.find(Format::Json, b"{a}", (0, 7), DAY).map(|kept| kept.cost), Some(3));
        assert!(answers.find(Format::Json, b"{a }", (0, 7), DAY).is_none());
        assert!(answers.find(Format::GraphQl, b"{a}", (0, 7), DAY).is_none());
        assert!(answers.find(Format::Json, b"{a}", (0, 8), DAY).is_none());
        assert!(answers.find(Format::Json, b"{a}", (0, 7), DAY.tomorrow().unwrap()).is_none());
        assert!(answers.find(Format::Json, b"{a}", (1, 7), DAY).is_none(), "of another era");
        answers.keep(Format::Json, b"{a}", &made("2", 8));
        assert!(answers.find(Format::Json, b"{a}", (0, 7), DAY).is_none(), "the newer one took its place");
        let none = Answers::new(0, 1024);
        none.keep(Format::Json, b"{a}", &made("1", 7));
        assert!(none.find(Format::Json, b"{a}", (0, 7), DAY).is_none());
    }

    #[test]
    fn the_room_is_never_exceeded_and_no_answer_takes_most_of_it() {
        let answers = Answers::new(100_000, 1024);
        for n in 0..10_000_u32 {
            answers.keep(Format::Json, &n.to_be_bytes(), &made(vec![0; 1000], 1));
            assert!(answers.weight() <= 100_000);
        }
        assert!(answers.weight() > 50_000);
        answers.keep(Format::Json, b"long", &made(vec![0; 10_000], 1));
        assert!(answers.find(Format::Json, b"long", (0, 1), DAY).is_none());
    }
}
