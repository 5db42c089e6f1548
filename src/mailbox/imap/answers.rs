//! Puts a server's answers right before the `imap` crate sees them, and takes out what it is slow or helpless with.
//!
//! * FETCH answers are read here and kept as [`Record`]s: the crate would parse a message anew at each of its lines.
//!   Their literals go into bounded buffers; what is beyond the bounds is counted past.
//! * The crate panics at an untagged NO, BAD or BYE during SELECT and loses step at any octet above 0x7F, doubled
//!   blank, unknown answer or unknown status code. So untagged NO and BAD become warnings, BYE a fault, unknown
//!   answers are dropped, and what is left is repaired and tried on the parser first.
//! * All is bounded: a line, the crate's share and the kept octets of one command's answer.
//!
//! Pure: octets in, octets out; how they are split does not matter. A [`Fault`] ends the session.

use super::ahead::{Ahead, Sent, Verdict};
use super::line;
use super::record::{self, Body, Record, TAKEN};
use crate::transport::wire::text;

/// The longest line, and the longest literal outside FETCH.
const LINE: usize = 1024 * 1024;
/// The most that the crate is given in answer to one command.
const GIVEN: usize = 16 * 1024 * 1024;
/// The most messages that one answer may tell of, and the most octets of lines for it.
const RECORDS: usize = 5_000_000;
const LINES: usize = 200 * RECORDS;
/// The most that is counted past in answer to one command: who sends more will not stop.
const WASTED: u64 = 4 * 1024 * 1024 * 1024;
/// The most warnings that are kept of one answer.
const WARNINGS: usize = 8;

/// How much of the literals of one command's answer is kept, in octets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Of each.
    pub(super) each: usize,
    /// Of all together.
    pub(super) all: usize,
}

/// Whether the server may end the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// It was not asked to.
    Unexpected,
    /// LOGOUT was sent.
    Asked,
}

/// Why the session cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// The server ended it, with this text.
    #[error("the server ended the session: {0}")]
    Bye(String),
    /// A line is too long.
    #[error("a line of the server is longer than 1 MiB")]
    LongLine,
    /// An answer is too long.
    #[error("an answer of the server is without end")]
    LongAnswer,
    /// It answers what was not asked.
    #[error("the answer is to another command")]
    Stray,
    /// A line that is no answer at all.
    #[error("the server's line is no IMAP answer")]
    NoAnswer,
}

/// What came in answer to one command, besides what the crate was given.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The FETCH answers.
    pub(super) records: Vec<Record>,
    /// The words of the last CAPABILITY answer or code.
    pub(super) capabilities: Option<Vec<String>>,
    /// The texts of untagged NO and BAD.
    pub(super) warnings: Vec<String>,
    /// The code of the tagged answer, in capitals, such as `TRYCREATE`; empty if there is none.
    pub(super) code: String,
    /// The text of the tagged answer.
    pub(super) text: String,
    /// Whether other commands were under way beside this one.
    pub(super) in_company: bool,
}

/// The answers of one session.
#[derive(Debug)]
pub(super) struct Answers {
    bounds: Bounds,
    farewell: Farewell,
    fault: Option<Fault>,
    told: Told,
    /// Commands that were sent and not waited for, and the FETCH answers that came while one was open.
    ahead: Ahead,
    pool: Vec<Record>,
    /// How many octets of messages lie there.
    pooled: usize,
    /// What of `bounds.all`, `GIVEN`, `LINES` and `WASTED` is used up.
    kept: usize,
    given: usize,
    read: usize,
    wasted: u64,
    /// The line begun, and the lines of the answer before it.
    line: Vec<u8>,
    answer: Vec<u8>,
    kind: Kind,
    /// The literals taken out of the answer, and the one being read.
    taken: Vec<Body>,
    literal: Option<Literal>,
}

#[derive(Debug)]
struct Literal {
    missing: u64,
    /// How much of it is kept.
    room: usize,
    body: Body,
}

/// What becomes of the answer being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fetch,
    Data,
    Capability,
    Ok,
    Warning,
    Bye,
    Tagged,
    Continue,
    Unknown,
}

impl Answers {
    pub(super) fn new() -> Self {
        Self {
            bounds: Bounds::default(),
            farewell: Farewell::Unexpected,
            fault: None,
            told: Told::default(),
            ahead: Ahead::default(),
            pool: Vec::new(),
            pooled: 0,
            kept: 0,
            given: 0,
            read: 0,
            wasted: 0,
            line: Vec::new(),
            answer: Vec::new(),
            kind: Kind::Unknown,
            taken: Vec::new(),
            literal: None,
        }
    }

    /// Begins the answer to a new command; nothing that was sent ahead is open.
    pub(super) fn begin(&mut self, bounds: Bounds, farewell: Farewell) {
        self.bounds = bounds;
        self.farewell = farewell;
        self.kept = 0;
        self.anew();
    }

    /// Nothing is told yet.
    fn anew(&mut self) -> Told {
        (self.given, self.read, self.wasted) = (0, 0, 0);
        std::mem::take(&mut self.told)
    }

    /// A command is sent, and its answer asked for later.
    pub(super) fn send(&mut self, bounds: Bounds) -> Sent {
        if !self.has_open() {
            self.anew();
        }
        if self.ahead.is_empty() {
            // What came for nobody.
            self.drop_pool();
        }
        self.ahead.send(bounds)
    }

    /// A command is sent whose answer is nobody's.
    pub(super) fn forget(&mut self) -> Sent {
        self.ahead.forget()
    }

    /// Whether a command that was sent ahead is not answered yet.
    pub(super) fn has_open(&self) -> bool {
        self.ahead.has_open()
    }

    /// Whether a command that was sent is answered.
    pub(super) fn is_answered(&self, sent: Sent) -> bool {
        self.ahead.is_answered(sent)
    }

    /// What was answered to a command that was sent, once it was; messages are [`claimed`](Self::claim).
    pub(super) fn take(&mut self, sent: Sent) -> Option<(Verdict, Told)> {
        self.ahead.take(sent)
    }

    /// What was answered to commands sent ahead is of no use any more.
    pub(super) fn drop_ahead(&mut self) {
        self.ahead.drop_all();
        self.drop_pool();
    }

    fn drop_pool(&mut self) {
        self.pool.clear();
        self.pooled = 0;
    }

    /// What came of these messages for commands that were sent ahead.
    pub(super) fn claim(&mut self, is_wanted: impl Fn(&Record) -> bool) -> Vec<Record> {
        let (claimed, rest) = std::mem::take(&mut self.pool).into_iter().partition(is_wanted);
        self.pool = rest;
        self.pooled = octets(&self.pool);
        claimed
    }

    /// What was told since [`Self::begin`].
    pub(super) fn told(&mut self) -> Told {
        std::mem::take(&mut self.told)
    }

    /// The answer to a command came that nobody waits for.
    pub(super) fn stray(&mut self) {
        self.fault.get_or_insert(Fault::Stray);
    }

    /// Why the session cannot go on, if it cannot.
    pub(super) fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Takes octets of the server and adds to `out` what the crate may see of them.
    ///
    /// What stands before or, in the same breath, behind a BYE still counts: a refused login is often both.
    pub(super) fn feed(&mut self, mut octets: &[u8], out: &mut Vec<u8>) {
        while !octets.is_empty() {
            let rest = match self.literal.take() {
                Some(literal) => Ok(self.fill(literal, octets)),
                None => self.lines(octets, out),
            };
            match rest {
                Ok(rest) => octets = rest,
                Err(fault) => {
                    self.fault = Some(fault);
                    return;
                }
            }
        }
    }

    fn fill<'a>(&mut self, mut literal: Literal, octets: &'a [u8]) -> &'a [u8] {
        let here = usize::try_from(literal.missing).unwrap_or(usize::MAX).min(octets.len());
        let (part, rest) = octets.split_at(here);
        let (kept, _) = part.split_at(part.len().min(literal.room));
        literal.body.bytes.extend_from_slice(kept);
        literal.room -= kept.len();
        literal.body.cut |= kept.len() < part.len();
        literal.missing -= part.len() as u64;
        if literal.missing > 0 {
            self.literal = Some(literal);
        } else {
            self.took(literal.body);
        }
        rest
    }

    /// Puts a literal that is complete in its place: a mark in FETCH, else a string the crate can read.
    fn took(&mut self, body: Body) {
        match self.kind {
            Kind::Fetch => {
                self.answer.push(TAKEN);
                self.taken.push(body);
            }
            Kind::Data => self.answer.extend_from_slice(super::name::quoted(&text_of(&body)).as_bytes()),
            Kind::Capability
            | Kind::Ok
            | Kind::Warning
            | Kind::Bye
            | Kind::Tagged
            | Kind::Continue
            | Kind::Unknown => {}
        }
    }

    fn lines<'a>(&mut self, octets: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], Fault> {
        let end = memchr::memchr(b'\n', octets);
        let (part, rest) = octets.split_at(end.map_or(octets.len(), |at| at + 1));
        self.read = self.read.saturating_add(part.len());
        self.line.extend_from_slice(part);
        if self.line.len().saturating_add(self.answer.len()) > LINE {
            return Err(Fault::LongLine);
        }
        if self.read > LINES {
            return Err(Fault::LongAnswer);
        }
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            self.whole_line(line.trim_ascii_end(), out)?;
            self.line = line;
            self.line.clear();
        }
        Ok(rest)
    }

    fn whole_line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.answer.is_empty() {
            if line.is_empty() {
                return Ok(());
            }
            self.kind = classify(line);
        }
        let literal = match self.kind {
            Kind::Fetch | Kind::Data | Kind::Unknown => line::literal(line),
            Kind::Capability | Kind::Ok | Kind::Warning | Kind::Bye | Kind::Tagged | Kind::Continue => None,
        };
        let (text, size) = literal.map_or((line, None), |(text, size)| (text, Some(size)));
        self.answer.extend(text.iter().map(|octet| if *octet == TAKEN { b'?' } else { *octet }));
        match size {
            Some(missing) => self.expect(missing)?,
            None => self.finish(out)?,
        }
        Ok(())
    }

    fn expect(&mut self, missing: u64) -> Result<(), Fault> {
        let room = match self.kind {
            Kind::Fetch => {
                let own = (self.bounds, self.kept);
                let (bounds, kept) = self.ahead.bounds().map_or(own, |bounds| (bounds, self.pooled));
                let begun: usize = self.taken.iter().map(|body| body.bytes.len()).sum();
                bounds.each.min(bounds.all.saturating_sub(kept).saturating_sub(begun))
            }
            Kind::Data => 1024,
            Kind::Capability
            | Kind::Ok
            | Kind::Warning
            | Kind::Bye
            | Kind::Tagged
            | Kind::Continue
            | Kind::Unknown => 0,
        };
        let announced = usize::try_from(missing).unwrap_or(usize::MAX);
        self.wasted = self.wasted.saturating_add(announced.saturating_sub(room) as u64);
        if self.wasted > WASTED {
            return Err(Fault::LongAnswer);
        }
        // What is only announced is not yet worth memory.
        let bytes = Vec::with_capacity(announced.min(room).min(LINE));
        let literal = Literal { missing, room, body: Body { bytes, cut: false, absent: false } };
        if missing > 0 {
            self.literal = Some(literal);
        } else {
            self.took(literal.body);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let answer = std::mem::take(&mut self.answer);
        match self.kind {
            Kind::Fetch => {
                let taken = std::mem::take(&mut self.taken);
                self.remember(record::read(&answer, taken))?;
            }
            Kind::Data => self.give(line::repaired(&answer), out)?,
            Kind::Capability => self.told.capabilities = Some(line::words(&answer, 2)),
            Kind::Ok => {
                let status = line::status(&answer);
                if status.code.starts_with("CAPABILITY ") {
                    self.told.capabilities = Some(line::words(status.code.as_bytes(), 1));
                }
                self.give(line::repaired(&answer), out)?;
            }
            Kind::Warning if self.told.warnings.len() < WARNINGS => {
                self.told.warnings.push(text(line::status(&answer).text));
            }
            Kind::Bye if self.farewell == Farewell::Unexpected => {
                self.fault = Some(Fault::Bye(text(line::status(&answer).text)));
            }
            Kind::Tagged => self.tagged(&answer, out)?,
            Kind::Continue => self.give(line::continuation(&answer), out)?,
            Kind::Warning | Kind::Bye | Kind::Unknown => {}
        }
        Ok(())
    }

    fn remember(&mut self, record: Record) -> Result<(), Fault> {
        let is_ahead = self.has_open();
        let (records, kept) = if is_ahead {
            (&mut self.pool, &mut self.pooled)
        } else {
            (&mut self.told.records, &mut self.kept)
        };
        *kept = kept.saturating_add(octets(std::slice::from_ref(&record)));
        // Flags of a message without its UID are of no use, and nothing but messages is asked for ahead.
        if record.body.is_some() || record.uid.is_some() && !is_ahead {
            records.push(record);
        }
        if records.len() > RECORDS { Err(Fault::LongAnswer) } else { Ok(()) }
    }

    fn tagged(&mut self, answer: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let tag = answer.split(|octet| *octet == b' ').next().unwrap_or_default();
        if self.ahead.is_nobodys(tag) {
            return Ok(());
        }
        let sent = self.ahead.find(tag);
        let status = line::status(answer);
        if status.code.starts_with("CAPABILITY ") {
            self.told.capabilities = Some(line::words(status.code.as_bytes(), 1));
        }
        self.told.text = text(status.text);
        if let Some(sent) = sent {
            self.told.code = status.code;
            let verdict = Verdict::of(answer).ok_or(Fault::NoAnswer)?;
            let told = self.anew();
            self.ahead.end(sent, verdict, told);
            return Ok(());
        }
        let repaired = line::repaired(answer);
        let given =
            if line::parses(&repaired) { repaired } else { line::bare(answer).ok_or(Fault::NoAnswer)? };
        self.told.code = status.code;
        self.give(given, out)
    }

    fn give(&mut self, mut answer: Vec<u8>, out: &mut Vec<u8>) -> Result<(), Fault> {
        if !line::parses(&answer) {
            return Ok(());
        }
        answer.extend_from_slice(b"\r\n");
        self.given = self.given.saturating_add(answer.len());
        if self.given > GIVEN {
            return Err(Fault::LongAnswer);
        }
        out.append(&mut answer);
        Ok(())
    }
}

fn octets(records: &[Record]) -> usize {
    records.iter().filter_map(|record| record.body.as_ref()).map(|body| body.bytes.len()).sum()
}

fn text_of(body: &Body) -> String {
    body.bytes.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { '?' }).collect()
}

fn classify(line: &[u8]) -> Kind {
    let mut words = line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    match first {
        b"+" => return Kind::Continue,
        b"*" => {}
        _ => return Kind::Tagged,
    }
    let mut word = words.next().unwrap_or_default().to_ascii_uppercase();
    if !word.is_empty() && word.iter().all(u8::is_ascii_digit) {
        word = words.next().unwrap_or_default().to_ascii_uppercase();
        return match word.as_slice() {
            b"FETCH" => Kind::Fetch,
            b"EXISTS" | b"RECENT" | b"EXPUNGE" => Kind::Data,
            _ => Kind::Unknown,
        };
    }
    match word.as_slice() {
        b"OK" => Kind::Ok,
        b"NO" | b"BAD" => Kind::Warning,
        b"BYE" => Kind::Bye,
        b"CAPABILITY" => Kind::Capability,
        b"FLAGS" | b"LIST" | b"LSUB" | b"SEARCH" | b"STATUS" => Kind::Data,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests;
