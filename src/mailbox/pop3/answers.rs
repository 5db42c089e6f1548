//! Reads what a POP3 server answers (RFC 1939 section 3, RFC 2449 section 8): status lines, listings, messages.
//!
//! Bytes in, bytes out, in bounded memory: a line is at most [`LONGEST`] octets, a listing as many lines as the caller
//! allows, a message what the caller keeps of it. Nothing here knows the rest of the program, so that `fuzz/` takes the
//! file as it is. Errors are of kind `InvalidData` where the server does not keep to the protocol, `UnexpectedEof`
//! where it breaks off; after one the reader is out of step and of no more use.

use std::io::{self, Read};

use memchr::memchr;

/// The longest line that is taken, in octets; RFC 2449 section 4 has 512.
pub const LONGEST: usize = 8 * 1024;

/// How much is read at once of a server that is trusted to send nothing ahead of its turn, in octets.
pub const BLOCK: usize = 64 * 1024;

/// The first line of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// `+OK` and a text.
    Ok(Vec<u8>),
    /// `-ERR`.
    Refused(Refusal),
    /// `+` and a text: the server waits for more of an AUTH (RFC 5034 section 4).
    Continue(Vec<u8>),
}

/// A `-ERR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The response code in capitals, for instance `SYS/TEMP` (RFC 2449 section 8); empty if there is none.
    pub code: String,
    /// The text behind it.
    pub text: Vec<u8>,
}

/// How much of a message is wanted, in octets.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// So much is kept.
    pub keep: usize,
    /// After so much the end is no longer waited for.
    pub cap: u64,
}

/// A message, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What was kept.
    pub bytes: Vec<u8>,
    /// How much came, kept or not.
    pub octets: u64,
    /// Whether its end was met.
    pub end: End,
}

/// Whether the end of a message was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was; the next answer may be read.
    Reached,
    /// It was given up: the reader is in the middle of it.
    GivenUp,
}

/// The answers of a server, one after the other.
pub struct Answers<R> {
    source: R,
    block: Vec<u8>,
    from: usize,
    to: usize,
}

impl<R> Answers<R> {
    /// Reads `block` octets at once; with 1, nothing behind a line is taken from the source.
    pub fn new(source: R, block: usize) -> Self {
        Self { source, block: vec![0; block.max(1)], from: 0, to: 0 }
    }

    /// The source, for writing to it.
    pub fn source(&mut self) -> &mut R {
        &mut self.source
    }

    /// The source alone; what was read ahead is lost.
    pub fn into_source(self) -> R {
        self.source
    }

    /// Whether something came that no answer has used up.
    pub fn is_ahead(&self) -> bool {
        self.from < self.to
    }
}

impl<R: Read> Answers<R> {
    /// Reads the first line of an answer.
    pub fn status(&mut self) -> io::Result<Status> {
        let line = self.line()?;
        let behind = |word: &[u8]| match line.strip_prefix(word) {
            Some([]) => Some(Vec::new()),
            Some([b' ' | b'\t', text @ ..]) => Some(text.to_vec()),
            Some(_) | None => None,
        };
        if let Some(text) = behind(b"+OK") {
            Ok(Status::Ok(text))
        } else if let Some(text) = behind(b"-ERR") {
            Ok(Status::Refused(refusal(text)))
        } else if let Some(text) = behind(b"+") {
            Ok(Status::Continue(text))
        } else {
            Err(fault("the answer is none of a POP3 server"))
        }
    }

    /// Reads the lines of a listing up to its end, at most `most`.
    pub fn listing(&mut self, most: usize, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let (mut left, mut line) = (most, Vec::new());
        loop {
            self.read_line(&mut line)?;
            let line = match line.strip_prefix(b".") {
                Some([]) => return Ok(()),
                Some(unstuffed) => unstuffed,
                None => &line,
            };
            left = left.checked_sub(1).ok_or_else(|| fault("a listing without end"))?;
            each(line);
        }
    }

    /// Reads a message up to its end, octet for octet but for the dots that were put before others.
    pub fn message(&mut self, room: Room) -> io::Result<Message> {
        let mut message = Message { bytes: Vec::new(), octets: 0, end: End::GivenUp };
        let mut at = At::LineStart;
        while at != At::End && message.octets <= room.cap {
            let block = self.ahead()?;
            let used = unstuff(block, &mut at, |octets| {
                message.octets = message.octets.saturating_add(octets.len() as u64);
                let missing = room.keep.saturating_sub(message.bytes.len());
                message.bytes.extend_from_slice(octets.get(..missing).unwrap_or(octets));
            });
            self.from = self.from.saturating_add(used);
        }
        if at == At::End {
            message.end = End::Reached;
        }
        // A batch of them lies in memory, each with half its room in vain.
        message.bytes.shrink_to_fit();
        Ok(message)
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.read_line(&mut line).map(|()| line)
    }

    /// Reads a line without its end, which may be LF alone, in the place of another.
    fn read_line(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        line.clear();
        loop {
            let block = self.ahead()?;
            let end = memchr(b'\n', block);
            line.extend_from_slice(block.get(..end.unwrap_or(block.len())).unwrap_or_default());
            let used = end.map_or(block.len(), |at| at.saturating_add(1));
            self.from = self.from.saturating_add(used);
            if line.len() > LONGEST {
                return Err(fault("a line without end"));
            }
            if end.is_some() {
                break;
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(())
    }

    /// What was read and not used; reads where that is nothing.
    fn ahead(&mut self) -> io::Result<&[u8]> {
        while self.from >= self.to {
            (self.from, self.to) = (0, 0);
            match self.source.read(&mut self.block) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(octets) => self.to = octets,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.block.get(self.from..self.to).unwrap_or_default())
    }
}

/// Where a message is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    /// Behind a dot that begins a line.
    Dot,
    /// Behind such a dot and CR.
    DotCr,
    Text,
    /// Behind CR.
    Cr,
    End,
}

/// Takes dots away (RFC 1939 section 3) and tells how much of the block was used; the rest is behind the end.
///
/// Only CRLF ends a line: a bare CR or LF is text like any other octet.
fn unstuff(block: &[u8], at: &mut At, mut put: impl FnMut(&[u8])) -> usize {
    let mut rest = block;
    while let Some((octet, after)) = rest.split_first() {
        let (next, length) = match (*at, octet) {
            (At::End, _) => break,
            (At::LineStart, b'.') => (At::Dot, 0),
            (At::Dot, b'\r') => (At::DotCr, 0),
            (At::DotCr, b'\n') => (At::End, 0),
            (At::DotCr, _) => {
                // The dot was put before a bare CR, which is still owed; this octet is looked at again behind it.
                put(b"\r");
                *at = At::Cr;
                continue;
            }
            (At::Cr, b'\n') => (At::LineStart, 1),
            (At::LineStart | At::Text | At::Cr, b'\r') => (At::Cr, 1),
            (At::LineStart | At::Dot | At::Text | At::Cr, _) => {
                (At::Text, memchr(b'\r', rest).unwrap_or(rest.len()))
            }
        };
        *at = next;
        if length == 0 {
            rest = after;
        } else {
            let (text, behind) = rest.split_at(length.min(rest.len()));
            put(text);
            rest = behind;
        }
    }
    block.len().saturating_sub(rest.len())
}

/// Takes the code from the text of a `-ERR`.
fn refusal(text: Vec<u8>) -> Refusal {
    let code = text
        .strip_prefix(b"[")
        .and_then(|rest| memchr(b']', rest).and_then(|end| rest.split_at_checked(end)));
    match code {
        Some((code, rest)) => Refusal {
            code: String::from_utf8_lossy(code).to_ascii_uppercase(),
            text: rest.strip_prefix(b"]").unwrap_or(rest).trim_ascii().to_vec(),
        },
        None => Refusal { code: String::new(), text },
    }
}

fn fault(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests;
