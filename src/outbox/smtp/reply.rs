//! Replies of a server (RFC 5321 section 4.2), read within bounds.

use std::io::{self, Read};

use crate::transport::wire::text;

/// The most lines of a reply.
const LINES: usize = 200;
/// The longest line, in octets.
const LONGEST: usize = 4096;
/// How much is read at once.
pub(super) const BLOCK: usize = 4096;

/// A reply: its code and its lines, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// Three digits, from 200 to 599.
    pub(super) code: u16,
    /// What stands behind the code, a line each.
    pub(super) lines: Vec<String>,
}

/// What the first digit of a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// 2yz: it is done.
    Done,
    /// 3yz: more is wanted.
    More,
    /// 4yz: not now.
    Later,
    /// 5yz: never.
    Never,
}

impl Reply {
    pub(super) fn class(&self) -> Class {
        match self.code {
            ..300 => Class::Done,
            300..400 => Class::More,
            400..500 => Class::Later,
            500.. => Class::Never,
        }
    }

    /// Whether the server hangs up with it.
    pub(super) fn ends_the_session(&self) -> bool {
        self.code == 421
    }

    /// The reply on one line, as attempts keep it.
    pub(super) fn told(&self) -> String {
        text(format!("{} {}", self.code, self.lines.join(" ")).as_bytes())
    }
}

/// Reads replies from a stream.
#[derive(Debug)]
pub(super) struct Replies<S> {
    stream: S,
    /// What was read and not yet taken.
    ahead: Vec<u8>,
    block: usize,
}

impl<S: Read> Replies<S> {
    /// Replies of a stream of which so much is read at once; with 1 nothing behind a reply is taken.
    pub(super) fn new(stream: S, block: usize) -> Self {
        Self { stream, ahead: Vec::new(), block }
    }

    pub(super) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// The next reply.
    ///
    /// What is none is an error of kind `InvalidData`, the end of the stream `UnexpectedEof`.
    pub(super) fn next(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        for _ in 0..LINES {
            let line = self.line()?;
            let (code, end, rest) =
                parts(&line).ok_or_else(|| odd("what the server says is no reply of SMTP"))?;
            lines.push(text(rest));
            if end {
                return Ok(Reply { code, lines });
            }
        }
        Err(odd("a reply without end"))
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.ahead) {
                let rest = self.ahead.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.ahead, rest);
                line.truncate(line.trim_ascii_end().len());
                return Ok(line);
            }
            if self.ahead.len() > LONGEST {
                return Err(odd("a line without end"));
            }
            let mut block = [0; BLOCK];
            let room = block.get_mut(..self.block.min(BLOCK)).unwrap_or_default();
            let octets = match self.stream.read(room) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(octets) => octets,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.ahead.extend_from_slice(room.get(..octets).unwrap_or_default());
        }
    }
}

/// Code, whether it is the last line, and the text. A server may leave the text, and the blank before it, away.
fn parts(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code: u16 =
        std::str::from_utf8(digits).ok()?.parse().ok().filter(|code| (200..600).contains(code))?;
    match rest.split_first() {
        None => Some((code, true, rest)),
        Some((b' ', rest)) => Some((code, true, rest)),
        Some((b'-', rest)) => Some((code, false, rest)),
        Some(_) => None,
    }
}

fn odd(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8], block: usize) -> Vec<Result<String, io::ErrorKind>> {
        let mut replies = Replies::new(octets, block);
        let mut all = Vec::new();
        loop {
            let next = replies.next();
            let over = next.is_err();
            all.push(
                next.map(|reply| format!("{}|{}", reply.code, reply.lines.join("|"))).map_err(|e| e.kind()),
            );
            if over {
                return all;
            }
        }
    }

    #[test]
    fn replies_are_read_whatever_the_size_of_the_blocks() {
        let octets = b"220 hi\r\n250-a\r\n250-\x1b[31mb\xfc\r\n250 c\r\n354\n421 \r\n";
        for block in [1, 2, 7, BLOCK] {
            let eof = Err(io::ErrorKind::UnexpectedEof);
            let expected =
                ["220|hi", "250|a|[31mb\u{fffd}|c", "354|", "421|"].map(|text| Ok(text.to_owned()));
            assert_eq!(read(octets, block), [&expected[..], &[eof]].concat(), "{block}");
        }
    }

    #[test]
    fn what_is_no_reply_is_refused_and_nothing_is_read_without_end() {
        let long = vec![b'2'; 10_000];
        let many = b"250-x\r\n".repeat(LINES);
        for octets in [
            &b"* OK hi\r\n"[..],
            b"25\r\n",
            b"250_x\r\n",
            b"199 x\r\n",
            b"600 x\r\n",
            b"+50 x\r\n",
            &long,
            &many,
        ] {
            assert_eq!(read(octets, BLOCK), [Err(io::ErrorKind::InvalidData)]);
        }
    }
}
