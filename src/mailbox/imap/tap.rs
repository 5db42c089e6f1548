//! The connection: the `imap` crate reads the server through [`Answers`], and what is sent ahead of its commands is written
//! and read here.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ahead::{Sent, Verdict};
use super::answers::{Answers, Bounds, Told};
use crate::transport::wire::Stream;

/// How much is read from the server at once, in octets.
const BLOCK: usize = 64 * 1024;

/// A connection, shared between the crate inside and the session outside.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Line>>);

impl Shared {
    pub(super) fn new(stream: Stream) -> Self {
        let line = Line { stream, answers: Answers::new(), block: vec![0; BLOCK], outgoing: Vec::new() };
        Self(Arc::new(Mutex::new(line)))
    }

    /// The two sides take turns: the crate reads only while the session waits for it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection.
pub(super) struct Line {
    stream: Stream,
    pub(super) answers: Answers,
    block: Vec<u8>,
    /// What leaves with the next command.
    outgoing: Vec<u8>,
}

impl Line {
    /// Sends a command at once; its answer is waited for later.
    pub(super) fn send(&mut self, command: &str, bounds: Bounds) -> io::Result<Sent> {
        let sent = self.answers.send(bounds);
        self.put(sent, command);
        self.write(&[])?;
        self.stream.flush()?;
        Ok(sent)
    }

    /// Sends a command in one breath with the next; its answer is nobody's.
    pub(super) fn mention(&mut self, command: &str) {
        let sent = self.answers.forget();
        self.put(sent, command);
    }

    /// Waits for the answer to a command that was sent.
    pub(super) fn wait(&mut self, sent: Sent) -> io::Result<(Verdict, Told)> {
        loop {
            match self.answers.take(sent) {
                Some(end) => return Ok(end),
                None => self.read_unasked()?,
            }
        }
    }

    /// Waits until all that was sent is answered.
    pub(super) fn wait_for_all(&mut self) -> io::Result<()> {
        while self.answers.has_open() {
            self.read_unasked()?;
        }
        Ok(())
    }

    /// Waits until all that was sent is answered, and drops the answers.
    pub(super) fn drop_all(&mut self) -> io::Result<()> {
        self.wait_for_all()?;
        self.answers.drop_ahead();
        Ok(())
    }

    /// Reads while the crate waits for nothing: what the server tells by itself is not for it, and what answers is to nothing.
    fn read_unasked(&mut self) -> io::Result<()> {
        let mut unasked = Vec::new();
        if self.read(&mut unasked)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if unasked.split(|octet| *octet == b'\n').any(|line| !matches!(line.first(), None | Some(b'*'))) {
            self.answers.stray();
        }
        Ok(())
    }

    fn put(&mut self, sent: Sent, command: &str) {
        self.outgoing.extend([sent.tag().as_bytes(), b" ", command.as_bytes(), b"\r\n"].concat());
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        if self.outgoing.is_empty() {
            return self.stream.write_all(octets);
        }
        self.outgoing.extend_from_slice(octets);
        self.stream.write_all(&std::mem::take(&mut self.outgoing))
    }

    /// Reads some octets of the server and adds to `out` what the crate may see of them; 0 where the server has closed.
    fn read(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        if let Some(fault) = self.answers.fault() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, fault.clone()));
        }
        let octets = self.stream.read(&mut self.block)?;
        self.answers.feed(self.block.get(..octets).unwrap_or_default(), out);
        Ok(octets)
    }
}

/// The stream that the crate is given.
pub(super) struct Tap {
    line: Shared,
    ready: io::Cursor<Vec<u8>>,
}

impl Tap {
    pub(super) fn new(line: Shared) -> Self {
        Self { line, ready: io::Cursor::default() }
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let octets = self.ready.read(buffer)?;
            if octets > 0 || buffer.is_empty() {
                return Ok(octets);
            }
            let ready = self.ready.get_mut();
            ready.clear();
            let octets = self.line.lock().read(ready)?;
            self.ready.set_position(0);
            if octets == 0 {
                return Ok(0);
            }
        }
    }
}

impl Write for Tap {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.line.lock().write(octets).map(|()| octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.line.lock().stream.flush()
    }
}
