//! Fetches messages; one that the server cannot give never costs the others.
//!
//! RETR brings a message; of one that LIST says is too large TOP brings the headers and some lines. Who only looks
//! gets all by TOP: servers that keep IMAP's flags set `\Seen` at RETR, even if QUIT is never sent. A server without
//! TOP is read to the end, as far as that is bearable, and the beginning kept. A message that does not end ends the
//! session: it is taken as far as it came, and `recover` sees to what should have come behind it.

use std::collections::HashMap;

use super::Pop3Mailbox;
use super::answers::{End, Refusal, Room};
use super::maildrop::Place;
use super::session::{Go, of_the_maildrop, told};
use crate::mailbox::files::BEGINNING;
use crate::mailbox::{Access, MailboxError};
use crate::model::item::{Extent, ItemKey, Listed};

/// How many lines of text are asked for of a message that is too large.
const LINES: u32 = 2000;

/// What servers may be wrong about a size, in octets, besides a quarter: some count line ends as one.
const SLACK: u64 = 1024 * 1024;

/// A message to be asked for.
#[derive(Debug, Clone, Copy)]
struct Question {
    number: u32,
    /// Its size as LIST told it.
    size: u64,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// All of it by RETR.
    Whole,
    /// All of it by TOP.
    WholeByTop,
    /// Headers and lines by TOP.
    Top,
    /// RETR, of which the beginning is kept.
    Cut,
}

impl Question {
    fn is_for_all(&self) -> bool {
        match self.how {
            How::Whole | How::WholeByTop => true,
            How::Top | How::Cut => false,
        }
    }

    fn command(&self) -> String {
        match self.how {
            How::Whole | How::Cut => format!("RETR {}", self.number),
            How::Top => format!("TOP {} {LINES}", self.number),
            How::WholeByTop => format!("TOP {} {}", self.number, i32::MAX),
        }
    }

    fn room(&self, max: u64, left: usize) -> Room {
        match self.how {
            How::Whole | How::WholeByTop => Room { keep: octets(max).min(left), cap: roomy(max) },
            How::Top => Room { keep: octets(BEGINNING.min(max)), cap: roomy(max) },
            How::Cut => Room { keep: octets(BEGINNING.min(max)), cap: roomy(self.size) },
        }
    }
}

/// What was fetched, by key.
pub(super) type Bodies = HashMap<ItemKey, (Vec<u8>, Extent)>;

/// What became of a question that was not answered with a message.
type Refused = (Question, Refusal);

impl Pop3Mailbox {
    /// Fetches those items that are there and that nobody has fetched yet.
    pub(super) fn fetch_missing(
        &mut self,
        items: &[Listed],
        bodies: &mut Bodies,
    ) -> Result<(), MailboxError> {
        let mut missing = Vec::new();
        let mut keys = HashMap::new();
        for key in
            items.iter().map(|item| &item.key).filter(|key| !bodies.contains_key(*key)).collect::<Vec<_>>()
        {
            let Some(place) = self.place_of(key).filter(|place| !place.is_doomed) else { continue };
            match self.maildrop.as_mut().and_then(|maildrop| maildrop.unspool(place.number)) {
                Some(body) => drop(bodies.insert(key.clone(), body)),
                None => missing.push(place),
            }
            keys.insert(place.number, key);
        }
        let max = self.max_message_size;
        let listed = missing.iter().map(|place| place.size.min(max)).fold(0, u64::saturating_add);
        let all = octets(roomy(listed).max(max));
        let next = self.commands_for_what_is_expected();
        self.retrieve_ahead((&missing, &next), all, &mut |number, bytes, extent| {
            bodies.extend(keys.get(&number).map(|key| ((*key).clone(), (bytes, extent))));
        })
    }

    /// Reads messages, of which at most `all` octets are kept, and hands each over with its number.
    pub(super) fn retrieve(
        &mut self,
        places: &[Place],
        all: usize,
        each: &mut dyn FnMut(u32, Vec<u8>, Extent),
    ) -> Result<(), MailboxError> {
        self.retrieve_ahead((places, &[]), all, each)
    }

    /// As [`Self::retrieve`], with commands for what is asked for next.
    fn retrieve_ahead(
        &mut self,
        (places, next): (&[Place], &[String]),
        all: usize,
        each: &mut dyn FnMut(u32, Vec<u8>, Extent),
    ) -> Result<(), MailboxError> {
        let questions: Vec<Question> = places.iter().map(|place| self.question(place)).collect();
        for (question, refusal) in self.ask((&questions, next), all, each)? {
            if let Some(error) =
                of_the_maildrop(&self.session.peer, &refusal).filter(|_| refusal.code != "SYS/PERM")
            {
                return Err(error);
            }
            if self.session.is_alive() {
                self.ask_again(question, &refusal, each)?;
            }
        }
        Ok(())
    }

    /// The commands for the batches that are fetched next.
    fn commands_for_what_is_expected(&mut self) -> Vec<String> {
        let expected = std::mem::take(&mut self.expected);
        let places = expected.iter().flatten().filter_map(|item| self.place_of(&item.key));
        let is_to_be_asked_for = |place: &Place| {
            let is_read = self.maildrop.as_ref().is_some_and(|maildrop| maildrop.has_spooled(place.number));
            !place.is_doomed && !is_read
        };
        let questions = places.filter(is_to_be_asked_for).map(|place| self.question(&place));
        questions
            .filter(|question| !self.is_unbearable(*question))
            .map(|question| question.command())
            .collect()
    }

    fn question(&self, place: &Place) -> Question {
        let size = place.size;
        let how = match (size > self.max_message_size, self.may_have_top()) {
            (false, true) if self.access == Access::ReadOnly => How::WholeByTop,
            (false, _) => How::Whole,
            (true, true) => How::Top,
            (true, false) => How::Cut,
        };
        Question { number: place.number, size, how }
    }

    /// TOP is optional (RFC 1939 section 7); a server that does not tell may have it.
    fn may_have_top(&self) -> bool {
        self.offer.has("TOP") || !self.offer.is_told()
    }

    /// Whether a message is so large that it is not even read to throw it away.
    fn is_unbearable(&self, question: Question) -> bool {
        question.how == How::Cut && question.size > self.max_message_size.saturating_mul(4)
    }

    /// Asks for messages, many at once where the server allows it.
    fn ask(
        &mut self,
        (questions, next): (&[Question], &[String]),
        all: usize,
        each: &mut dyn FnMut(u32, Vec<u8>, Extent),
    ) -> Result<Vec<Refused>, MailboxError> {
        let (too_large, questions): (Vec<Question>, Vec<Question>) =
            questions.iter().partition(|question| self.is_unbearable(**question));
        for question in too_large {
            let why = "it is too large, and the server has no TOP to give its beginning".to_owned();
            each(question.number, Vec::new(), Extent::Nothing { why });
        }
        let commands: Vec<String> = questions.iter().map(Question::command).collect();
        let (max, mut left) = (self.max_message_size, all);
        let (mut refused, mut crowded_out, mut answered) = (Vec::new(), 0_usize, 0_usize);
        let went = self.session.pipeline_ahead(&commands, next, |at, reply, answers| {
            let Some(question) = questions.get(at) else { return Ok(Go::On) };
            if let Err(refusal) = reply {
                refused.push((*question, refusal));
                answered = at.saturating_add(1);
                return Ok(Go::On);
            }
            let room = question.room(max, left);
            let message = answers.message(room)?;
            let is_cut = message.octets > message.bytes.len() as u64;
            left = left.saturating_sub(message.bytes.len());
            answered = at.saturating_add(1);
            if is_cut && question.is_for_all() && room.keep < octets(max) {
                crowded_out = crowded_out.saturating_add(1);
            } else {
                let is_whole = question.is_for_all() && !is_cut && message.end == End::Reached;
                let extent = if is_whole { Extent::Whole } else { Extent::Beginning };
                each(question.number, message.bytes, extent);
            }
            Ok(if message.end == End::Reached { Go::On } else { Go::Leave })
        });
        if let Err(error) = went {
            self.stumbled = questions.get(answered).map(|question| question.number);
            return Err(error);
        }
        let peer = &self.session.peer;
        if crowded_out > 0 {
            log::warn!("{peer} was wrong about sizes: {crowded_out} messages are left to the next run");
        }
        if !self.session.is_alive() {
            log::warn!("{peer} was left in the middle of a message without end");
        }
        Ok(refused)
    }

    /// Asks once more for a message that was refused; it is left out if it is no longer there.
    fn ask_again(
        &mut self,
        question: Question,
        refusal: &Refusal,
        each: &mut dyn FnMut(u32, Vec<u8>, Extent),
    ) -> Result<(), MailboxError> {
        let other = match question.how {
            How::Whole | How::Cut if self.may_have_top() => Some(How::Top),
            How::Whole | How::Cut => None,
            How::Top => Some(How::Cut),
            How::WholeByTop => Some(How::Whole),
        };
        if let Some(how) = other {
            let unheard = self.ask((&[Question { how, ..question }], &[]), usize::MAX, each)?;
            if unheard.is_empty() || !self.session.is_alive() {
                return Ok(());
            }
        }
        if self.session.run(&format!("LIST {}", question.number))?.is_ok() {
            each(question.number, Vec::new(), Extent::Nothing { why: told(refusal) });
        }
        Ok(())
    }
}

fn roomy(size: u64) -> u64 {
    size.saturating_add(size / 4).saturating_add(SLACK)
}

fn octets(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
