//! Packing of what goes out (brotli, gzip): whole answers, and files while they are made. What is large is packed where
//! long work runs ([`work`](super::work)); small answers are left to the layer around the routes.

use std::io::{self, Write};
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue};
use flate2::write::GzEncoder;

use super::pages::{Encoding, best_encoding, light_encoding};

/// Bytes from which on packing is long work: a third of a millisecond.
pub(super) const LARGE: usize = 16 * 1024;

/// Bytes up to which brotli packs: of a long body it holds five times as much while it does, gzip next to nothing, and both
/// come out alike.
const FOR_BROTLI: usize = 256 * 1024;

/// Where brotli and gzip stop being cheap.
const LEVEL: u32 = 4;

/// How a client wants bodies to be packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    short: Encoding,
    long: Encoding,
}

impl Wanted {
    /// As its request says.
    pub fn of(headers: &HeaderMap) -> Self {
        Self { short: best_encoding(headers), long: light_encoding(headers) }
    }

    /// For a body of so many bytes.
    pub const fn for_length(self, length: usize) -> Encoding {
        if length <= FOR_BROTLI { self.short } else { self.long }
    }

    /// For a body whose length nobody knows.
    pub const fn for_any_length(self) -> Encoding {
        self.long
    }
}

/// What `Content-Encoding` says.
pub(super) fn name(encoding: Encoding) -> Option<HeaderValue> {
    match encoding {
        Encoding::Brotli => Some(HeaderValue::from_static("br")),
        Encoding::Gzip => Some(HeaderValue::from_static("gzip")),
        Encoding::Identity => None,
    }
}

/// A body in an encoding; none where it would be no shorter.
pub(super) fn whole(body: &[u8], encoding: Encoding) -> Option<Bytes> {
    let mut packer = Packer::new(encoding)?;
    packer.write(body).ok()?;
    let bytes = packer.end().ok()?;
    (bytes.len() < body.len()).then(|| bytes.into())
}

/// A body that goes out again and again, and its packed forms, each made when it is first asked for. Together these take
/// less than the body itself.
#[derive(Debug)]
pub(super) struct Twins {
    body: Bytes,
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

impl Twins {
    /// None of them is made yet.
    pub const fn new(body: Bytes) -> Self {
        Self { body, brotli: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// The body as it is.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    const fn place(&self, encoding: Encoding) -> Option<&OnceLock<Option<Bytes>>> {
        match encoding {
            Encoding::Brotli => Some(&self.brotli),
            Encoding::Gzip => Some(&self.gzip),
            Encoding::Identity => None,
        }
    }

    /// The body in an encoding; none where it is no shorter.
    pub fn packed(&self, encoding: Encoding) -> Option<Bytes> {
        self.place(encoding)?.get_or_init(|| whole(&self.body, encoding)).clone()
    }

    /// Whether that takes long, as it is large and was never asked for.
    pub fn takes_long(&self, encoding: Encoding) -> bool {
        self.body.len() >= LARGE && self.place(encoding).is_some_and(|place| place.get().is_none())
    }

    /// Keeps a form that was made already.
    pub fn keep(&self, encoding: Encoding, packed: Bytes) {
        if let Some(place) = self.place(encoding) {
            let _ = place.set(Some(packed));
        }
    }
}

/// Packs what comes piece by piece.
pub(super) enum Packer {
    Brotli(Box<::brotli::CompressorWriter<Vec<u8>>>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
}

impl Packer {
    /// None where nothing is to be packed.
    pub fn new(encoding: Encoding) -> Option<Self> {
        match encoding {
            Encoding::Brotli => Some(Self::Brotli(Box::new(::brotli::CompressorWriter::new(Vec::new(), 4096, LEVEL, 20)))),
            Encoding::Gzip => Some(Self::Gzip(Box::new(GzEncoder::new(Vec::new(), flate2::Compression::new(LEVEL))))),
            Encoding::Identity => None,
        }
    }

    fn write(&mut self, part: &[u8]) -> io::Result<()> {
        match self {
            Self::Brotli(packer) => packer.write_all(part),
            Self::Gzip(packer) => packer.write_all(part),
        }
    }

    /// What can be unpacked to all that came so far, without what was given before.
    pub fn more(&mut self, part: &[u8]) -> io::Result<Vec<u8>> {
        self.write(part)?;
        match self {
            Self::Brotli(packer) => {
                packer.flush()?;
                Ok(std::mem::take(packer.get_mut()))
            }
            Self::Gzip(packer) => {
                packer.flush()?;
                Ok(std::mem::take(packer.get_mut()))
            }
        }
    }

    /// The rest.
    pub fn end(self) -> io::Result<Vec<u8>> {
        match self {
            // It ends what it packs when it is taken apart.
            Self::Brotli(packer) => Ok(packer.into_inner()),
            Self::Gzip(packer) => packer.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn unpacked(bytes: &[u8], encoding: Encoding) -> String {
        let mut text = String::new();
        match encoding {
            Encoding::Brotli => ::brotli::Decompressor::new(bytes, 4096).read_to_string(&mut text),
            Encoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text),
            Encoding::Identity => unreachable!("nothing is packed"),
        }
        .unwrap();
        text
    }

    #[test]
    fn packed_forms_hold_the_same_bytes_as_a_whole_and_in_pieces() {
        let body = "Türkiye ".repeat(5000);
        for encoding in [Encoding::Brotli, Encoding::Gzip] {
            let at_once = whole(body.as_bytes(), encoding).unwrap();
            assert!(at_once.len() < body.len() / 10);
            assert_eq!(unpacked(&at_once, encoding), body);
            assert!(whole(b"x", encoding).is_none());
            let mut by_and_by = Packer::new(encoding).unwrap();
            let mut pieces = Vec::new();
            for piece in body.as_bytes().chunks(7001) {
                let made = by_and_by.more(piece).unwrap();
                assert!(!made.is_empty(), "a piece goes out when it is there");
                pieces.extend(made);
            }
            pieces.extend(by_and_by.end().unwrap());
            assert_eq!(unpacked(&pieces, encoding), body);
        }
        assert!(Packer::new(Encoding::Identity).is_none());
    }
}
