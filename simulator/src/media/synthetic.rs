//! A body of any size that is made while it is sent.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

const HEADER: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00";
const CHUNK: u64 = 64 * 1024;

pub(crate) struct Synthetic {
    left: u64,
    started: bool,
    random: u64,
}

impl Synthetic {
    /// The same bytes for the same size.
    pub(crate) fn new(size: u64) -> Self {
        Self { left: size, started: false, random: 0x9e37_79b9_7f4a_7c15 ^ size }
    }

    fn next_word(&mut self) -> u64 {
        // xorshift64 (Marsaglia 2003): cheap, and incompressible enough for a media test.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

impl Body for Synthetic {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let size = self.left.min(CHUNK);
        let mut chunk = Vec::with_capacity(CHUNK as usize + 8);
        if !self.started {
            self.started = true;
            chunk.extend_from_slice(HEADER);
        }
        while (chunk.len() as u64) < size {
            chunk.extend_from_slice(&self.next_word().to_le_bytes());
        }
        chunk.truncate(size as usize);
        self.left -= size;
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
