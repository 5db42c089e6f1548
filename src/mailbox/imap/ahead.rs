//! Commands that are sent and not waited for (RFC 3501 section 5.5).
//!
//! A server need not end them in the order in which they came: Dovecot says OK to STORE once it has written that down, and
//! sends messages meanwhile. So what it tells of messages is whose UIDs they are, and no command that lists a folder is sent
//! while one of these is open.

use std::collections::VecDeque;

use super::answers::{Bounds, Told};

/// What the tags of these commands begin with; the crate's own begin otherwise.
const PREFIX: &str = "h";

/// A command that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent(u64);

impl Sent {
    pub(super) fn tag(self) -> String {
        format!("{PREFIX}{}", self.0)
    }
}

/// How a server ends its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// OK.
    Done,
    /// NO or BAD.
    Refused,
}

impl Verdict {
    /// Of `TAG OK text`.
    pub(super) fn of(answer: &[u8]) -> Option<Self> {
        let word = answer.split(|octet| *octet == b' ').filter(|word| !word.is_empty()).nth(1)?;
        let is = |known: &[u8]| word.eq_ignore_ascii_case(known);
        if is(b"OK") {
            Some(Self::Done)
        } else if is(b"NO") || is(b"BAD") {
            Some(Self::Refused)
        } else {
            None
        }
    }
}

#[derive(Debug)]
struct Entry {
    sent: Sent,
    bounds: Bounds,
    in_company: bool,
    end: Option<(Verdict, Told)>,
}

/// The commands of one session that were sent so.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    last: u64,
    /// Those whose answers are asked for, oldest first.
    entries: VecDeque<Entry>,
    /// Those whose answers are nobody's.
    forgotten: Vec<Sent>,
}

impl Ahead {
    /// One more, whose answer is [`taken`](Self::take) later.
    pub(super) fn send(&mut self, bounds: Bounds) -> Sent {
        let sent = self.next();
        let mut in_company = false;
        for other in self.entries.iter_mut().filter(|entry| entry.end.is_none()) {
            (other.in_company, in_company) = (true, true);
        }
        self.entries.push_back(Entry { sent, bounds, in_company, end: None });
        sent
    }

    /// One more, whose answer is nobody's.
    pub(super) fn forget(&mut self) -> Sent {
        let sent = self.next();
        self.forgotten.push(sent);
        sent
    }

    fn next(&mut self) -> Sent {
        self.last += 1;
        Sent(self.last)
    }

    /// How much is kept of what comes for those that nobody has taken yet: of one message, and of all. `None` where all are
    /// answered.
    pub(super) fn bounds(&self) -> Option<Bounds> {
        if !self.has_open() {
            return None;
        }
        self.entries.iter().map(|entry| entry.bounds).reduce(|one, other| Bounds {
            each: one.each.max(other.each),
            all: one.all.saturating_add(other.all),
        })
    }

    /// Whether one is not answered yet.
    pub(super) fn has_open(&self) -> bool {
        self.open().next().is_some()
    }

    /// Whether no answer is still to be taken.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Nobody takes the answers any more.
    pub(super) fn drop_all(&mut self) {
        self.entries.clear();
    }

    fn open(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.end.is_none())
    }

    /// Whether a tag is one of those that nobody asks for.
    pub(super) fn is_nobodys(&mut self, tag: &[u8]) -> bool {
        let at = self.forgotten.iter().position(|sent| sent.tag().as_bytes() == tag);
        at.map(|at| self.forgotten.swap_remove(at)).is_some()
    }

    /// The command of a tag, if one waits for its answer.
    pub(super) fn find(&self, tag: &[u8]) -> Option<Sent> {
        self.open().map(|entry| entry.sent).find(|sent| sent.tag().as_bytes() == tag)
    }

    /// Notes how a command was answered.
    pub(super) fn end(&mut self, sent: Sent, verdict: Verdict, told: Told) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.sent == sent) {
            entry.end = Some((verdict, Told { in_company: entry.in_company, ..told }));
        }
    }

    /// Whether a command was answered.
    pub(super) fn is_answered(&self, sent: Sent) -> bool {
        self.entries.iter().any(|entry| entry.sent == sent && entry.end.is_some())
    }

    /// What was answered, once it was.
    pub(super) fn take(&mut self, sent: Sent) -> Option<(Verdict, Told)> {
        let at = self.entries.iter().position(|entry| entry.sent == sent && entry.end.is_some())?;
        self.entries.remove(at)?.end
    }
}
