//! The stream that the `imap` crate is given: reads the server through [`Answers`].

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answers::Answers;

/// How much is read from the server at once, in octets.
const BLOCK: usize = 64 * 1024;

/// The answers, shared between the stream inside the crate and the session outside.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Answers>>);

impl Shared {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Answers::new())))
    }

    /// The two sides take turns: the crate reads only while the session waits for it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream whose answers are put right.
pub(super) struct Tap<S> {
    stream: S,
    answers: Shared,
    block: Vec<u8>,
    ready: io::Cursor<Vec<u8>>,
}

impl<S> Tap<S> {
    pub(super) fn new(stream: S, answers: Shared) -> Self {
        Self { stream, answers, block: vec![0; BLOCK], ready: io::Cursor::default() }
    }
}

impl<S: Read> Read for Tap<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let octets = self.ready.read(buffer)?;
            if octets > 0 || buffer.is_empty() {
                return Ok(octets);
            }
            if let Some(fault) = self.answers.lock().fault() {
                return Err(io::Error::new(io::ErrorKind::InvalidData, fault.clone()));
            }
            let block = match self.stream.read(&mut self.block)? {
                0 => return Ok(0),
                octets => self.block.get(..octets).unwrap_or_default(),
            };
            let ready = self.ready.get_mut();
            ready.clear();
            self.answers.lock().feed(block, ready);
            self.ready.set_position(0);
        }
    }
}

impl<S: Write> Write for Tap<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let first = self.answers.lock().first();
        if let Some(first) = first {
            self.stream.write_all(first.as_bytes())?;
        }
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
