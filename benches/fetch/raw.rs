//! The yardstick: reads mail and drops it. No program can be done before this one is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use helpdesk_mail::mailbox::Tls;
use native_tls::{Certificate, TlsConnector};

use crate::server::{Protocol, Way};

/// How many RETRs are under way at most.
const WINDOW: u64 = 512;

/// Reads the mails of a user behind the first so many; `new` of them are there.
pub fn read(way: Way, port: u16, ca_file: &Path, user: &str, (old, new): (u64, u64)) -> Result<()> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    match way.tls {
        Tls::None | Tls::StartTls => session(way, stream, user, old, new),
        Tls::Implicit => {
            let mut connector = TlsConnector::builder();
            connector.add_root_certificate(Certificate::from_pem(&std::fs::read(ca_file)?)?);
            session(way, connector.build()?.connect("localhost", stream)?, user, old, new)
        }
    }
}

fn session<S: Read + Write>(way: Way, stream: S, user: &str, old: u64, new: u64) -> Result<()> {
    let mut line = Line { stream, buffer: vec![0; 256 * 1024], start: 0, end: 0 };
    match way.protocol {
        Protocol::Imap => imap(&mut line, user, old, new),
        Protocol::Pop3 => pop3(&mut line, user, old, new),
    }
}

fn imap<S: Read + Write>(line: &mut Line<S>, user: &str, old: u64, new: u64) -> Result<()> {
    line.text()?;
    line.say(&format!("a1 LOGIN {user} secret\r\n"))?;
    line.until_tagged("a1 ")?;
    line.say("a2 SELECT INBOX\r\n")?;
    line.until_tagged("a2 ")?;
    if new > 0 {
        line.say(&format!("a3 UID FETCH {}:* BODY.PEEK[]\r\n", old + 1))?;
        let mails = line.until_tagged("a3 ")?;
        ensure!(mails == new, "{mails} mails came, not {new}");
    }
    line.say("a4 LOGOUT\r\n")?;
    line.until_tagged("a4 ").map(drop)
}

fn pop3<S: Read + Write>(line: &mut Line<S>, user: &str, old: u64, new: u64) -> Result<()> {
    line.ok()?;
    line.say(&format!("USER {user}\r\n"))?;
    line.ok()?;
    line.say("PASS secret\r\n")?;
    line.ok()?;
    line.say("UIDL\r\n")?;
    line.ok()?;
    line.skip_past(b"\r\n.\r\n")?;
    for at in 0..new {
        if at % (WINDOW / 2) == 0 {
            // The first time a whole window, then the half that is free again.
            let from = if at == 0 { 0 } else { at + WINDOW / 2 };
            let commands = (from..(at + WINDOW).min(new)).map(|at| format!("RETR {}\r\n", old + at + 1));
            line.say(&commands.collect::<String>())?;
        }
        line.ok()?;
        line.skip_past(b"\r\n.\r\n")?;
    }
    line.say("QUIT\r\n")?;
    line.ok()
}

/// What comes, without a copy of it.
struct Line<S> {
    stream: S,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<S: Read + Write> Line<S> {
    fn say(&mut self, words: &str) -> Result<()> {
        self.stream.write_all(words.as_bytes())?;
        Ok(self.stream.flush()?)
    }

    fn there(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads more behind what is there.
    fn more(&mut self) -> Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        ensure!(!room.is_empty(), "a line is too long");
        let count = self.stream.read(room)?;
        ensure!(count > 0, "the server closed the connection");
        self.end += count;
        Ok(())
    }

    fn text(&mut self) -> Result<String> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', self.there()) {
                let line = self.there().get(..at).unwrap_or_default();
                let text = String::from_utf8_lossy(line).trim_end().to_owned();
                self.start += at + 1;
                return Ok(text);
            }
            self.more()?;
        }
    }

    fn skip(&mut self, mut count: usize) -> Result<()> {
        while count > self.there().len() {
            count -= self.there().len();
            self.start = self.end;
            self.more()?;
        }
        self.start += count;
        Ok(())
    }

    /// Skips all up to the end of some octets; the line break before them may have been read already.
    fn skip_past(&mut self, octets: &[u8]) -> Result<()> {
        self.start = self.start.saturating_sub(2);
        let finder = memchr::memmem::Finder::new(octets);
        loop {
            if let Some(at) = finder.find(self.there()) {
                self.start += at + octets.len();
                return Ok(());
            }
            self.start = self.start.max((self.end + 1).saturating_sub(octets.len()));
            self.more()?;
        }
    }

    fn ok(&mut self) -> Result<()> {
        let line = self.text()?;
        ensure!(line.starts_with("+OK"), "the server said {line:?}");
        Ok(())
    }

    /// Reads all answers to a command and says how many literals there were.
    fn until_tagged(&mut self, tag: &str) -> Result<u64> {
        let mut literals = 0;
        loop {
            let line = self.text()?;
            if let Some(answer) = line.strip_prefix(tag) {
                if !answer.starts_with("OK") {
                    bail!("the server said {line:?}");
                }
                return Ok(literals);
            }
            if let Some((_, size)) = line.strip_suffix('}').and_then(|line| line.rsplit_once('{')) {
                self.skip(size.parse().context("a literal without its size")?)?;
                literals += 1;
            }
        }
    }
}
