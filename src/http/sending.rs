//! The bytes of a request as they come, and of an answer as they go, counted for their [`Stay`].
//!
//! An answer is handed out in pieces over HTTP/2: what was handed out waits where its stream cannot be reset any more once it is
//! the last, so that only short answers end with their last piece; longer ones end when all of it was taken. Pieces are parts of
//! one memory, and cost none of their own.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONTENT_ENCODING;
use axum::response::Response;
use hyper::body::{Buf, Frame, SizeHint};

use super::stay::Stay;

/// Bytes of a piece: four frames. A client's window is mostly as large.
pub(super) const PIECE: usize = 64 * 1024;

/// An answer of at most so many bytes is one piece, and is done with it.
const SHORT: usize = 16 * 1024;

/// A request's body.
pub(super) struct Asked<B> {
    body: B,
    stay: Arc<Stay>,
}

impl<B: HttpBody> Asked<B> {
    pub const fn new(body: B, stay: Arc<Stay>) -> Self {
        Self { body, stay }
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Asked<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let asked = self.get_mut();
        let frame = ready!(Pin::new(&mut asked.body).poll_frame(context));
        if let Some(Ok(data)) = frame.as_ref().map(|frame| frame.as_ref().map(Frame::data_ref)) {
            asked.stay.heard(data.map_or(0, Bytes::len));
        }
        if frame.is_none() || asked.body.is_end_stream() {
            asked.stay.asked();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What a response is made of, where it is packed on its way out and its body does not show it.
#[derive(Debug, Clone)]
pub(super) struct Unpacked(pub Bytes);

/// An answer's body.
pub(super) struct Answer {
    body: Body,
    /// What came of it and was not handed out yet.
    rest: Bytes,
    /// Bytes that came of it.
    length: usize,
    /// It comes in parts, each counted while it is there; one that is whole is counted as such.
    is_in_parts: bool,
    stay: Arc<Stay>,
}

impl Answer {
    /// Gives a response the body that is counted.
    pub fn to(mut response: Response, stay: &Arc<Stay>) -> hyper::Response<Self> {
        let is_whole = response.body().size_hint().exact().is_some();
        let is_packed = !is_whole && response.headers().contains_key(CONTENT_ENCODING);
        let unpacked = response.extensions_mut().remove::<Unpacked>();
        stay.answered(unpacked.filter(|_| is_packed).as_ref().map(|unpacked| &unpacked.0), is_packed);
        response.map(|body| {
            let mut answer = Self { body, rest: Bytes::new(), length: 0, is_in_parts: !is_whole, stay: Arc::clone(stay) };
            if is_whole && let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut answer.body).poll_frame(&mut Context::from_waker(Waker::noop())) {
                // It is there already, and counted from now on, whenever it is asked for.
                answer.came(frame);
            }
            if answer.body.is_end_stream() {
                stay.made();
            }
            answer
        })
    }

    /// Trailers there are none.
    fn came(&mut self, frame: Frame<Bytes>) {
        let Ok(part) = frame.into_data() else { return };
        self.length += part.len();
        if self.is_in_parts {
            self.stay.hold(part.len());
        } else {
            self.stay.answered(Some(&part), false);
        }
        if self.body.is_end_stream() {
            self.stay.made();
        }
        self.rest = part;
    }

    fn piece(&mut self) -> Piece {
        let most = if self.stay.is_stream() { PIECE } else { usize::MAX };
        let bytes = self.rest.split_to(self.rest.len().min(most));
        self.stay.gave(bytes.len());
        let counted = if self.is_in_parts { bytes.len() } else { 0 };
        Piece { bytes, counted, stay: Arc::clone(&self.stay) }
    }

    /// Whether it may be said to be at its end before all of it was taken.
    fn ends_early(&self) -> bool {
        !self.stay.is_stream() || self.length <= SHORT
    }
}

impl HttpBody for Answer {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        let answer = self.get_mut();
        while answer.rest.is_empty() {
            let Some(frame) = ready!(Pin::new(&mut answer.body).poll_frame(context)).transpose()? else {
                answer.stay.made();
                return if answer.ends_early() { Poll::Ready(None) } else { answer.stay.poll_taken(context).map(|()| None) };
            };
            answer.came(frame);
        }
        Poll::Ready(Some(Ok(Frame::data(answer.piece()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.ends_early() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}

/// Part of an answer on its way into the socket.
pub(super) struct Piece {
    bytes: Bytes,
    /// So many bytes go with it.
    counted: usize,
    stay: Arc<Stay>,
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.stay.took(count);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if self.counted > 0 {
            self.stay.let_go(self.counted);
        }
    }
}
