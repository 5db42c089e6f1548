//! Asks what is there: CAPA, STAT, LIST and UIDL (RFC 1939 sections 5 and 7), in one write where the server allows it.
//!
//! One by one, nothing is asked behind a refusal or about an empty maildrop; in one write each answer is read before the
//! first refusal counts, so that the session stays in step.

use std::collections::BTreeMap;
use std::io;

use super::Pop3Mailbox;
use super::answers::{Answers, Refusal};
use super::lines;
use super::offer::{self, Offer};
use super::session::{Go, Reply, of_the_maildrop, told};
use crate::mailbox::MailboxError;
use crate::transport::wire::Stream;

/// The most messages.
const MESSAGES: u32 = 1_000_000;

/// What is asked, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// What is offered may change with the login (RFC 2449 section 5).
    Offer,
    Count,
    Sizes,
    UniqueIds,
}

impl AsRef<str> for Question {
    fn as_ref(&self) -> &str {
        match self {
            Self::Offer => "CAPA",
            Self::Count => "STAT",
            Self::Sizes => "LIST",
            Self::UniqueIds => "UIDL",
        }
    }
}

/// What the server told of a message.
#[derive(Debug)]
pub(super) struct Told {
    /// Its size in octets.
    pub(super) size: u64,
    /// Its unique-id.
    pub(super) id: Option<String>,
}

/// What the server told.
#[derive(Debug, Default)]
struct Survey {
    capabilities: Vec<String>,
    /// `None` if STAT told none.
    count: Option<u32>,
    /// The messages by number.
    messages: BTreeMap<u32, Told>,
}

impl Survey {
    /// Reads what follows the first line of an answer.
    fn hear(&mut self, question: Question, reply: &Reply, answers: &mut Answers<Stream>) -> io::Result<()> {
        let Ok(text) = reply else { return Ok(()) };
        // Some lines more than STAT promises: what is no entry costs nothing.
        let most = usize::try_from(self.count.unwrap_or(MESSAGES)).unwrap_or(usize::MAX).saturating_add(100);
        let there = 1..=self.count.filter(|count| *count <= MESSAGES).unwrap_or(0);
        match question {
            Question::Offer => answers.listing(offer::LINES, |line| {
                self.capabilities.extend(lines::capability(line));
            }),
            Question::Count => {
                self.count = lines::pair(text).map(|(count, _)| count);
                Ok(())
            }
            Question::Sizes => answers.listing(most, |line| {
                let entry = lines::pair(line).filter(|(number, _)| there.contains(number));
                self.messages.extend(entry.map(|(number, size)| (number, Told { size, id: None })));
            }),
            Question::UniqueIds => answers.listing(most, |line| {
                let entry = lines::unique_id(line);
                if let Some((message, id)) =
                    entry.and_then(|(number, id)| Some((self.messages.get_mut(&number)?, id)))
                {
                    message.id = Some(id.to_owned());
                }
            }),
        }
    }
}

impl Pop3Mailbox {
    /// Asks all that a listing takes; gives the messages by number.
    pub(super) fn survey(&mut self) -> Result<BTreeMap<u32, Told>, MailboxError> {
        let all = [Question::Offer, Question::Count, Question::Sizes, Question::UniqueIds];
        let mut left = all.get(usize::from(!self.offer.is_told())..).unwrap_or_default();
        let mut survey = Survey::default();
        while !left.is_empty() && survey.count != Some(0) {
            let (now, later) = left.split_at(if self.session.is_pipelining() { left.len() } else { 1 });
            let mut heard = Vec::with_capacity(now.len());
            let went = self.session.pipeline(now, |at, reply, answers| {
                if let Some(question) = now.get(at) {
                    survey.hear(*question, &reply, answers)?;
                    heard.push((*question, reply));
                }
                Ok(Go::On)
            });
            // What the server said before it broke off is worth more than that it did.
            for (question, reply) in heard {
                self.judge(question, reply, &mut survey)?;
                if survey.count == Some(0) {
                    break;
                }
            }
            went?;
            left = later;
        }
        Ok(survey.messages)
    }

    /// Says whether an answer is one to go on with.
    fn judge(&mut self, question: Question, reply: Reply, survey: &mut Survey) -> Result<(), MailboxError> {
        match (question, reply) {
            (Question::Offer, reply) => {
                let lines = std::mem::take(&mut survey.capabilities);
                let offer = Offer::told(&self.session.peer, reply, lines)?;
                self.offer = offer.or(std::mem::take(&mut self.offer));
                self.offer.heed(&mut self.session);
                Ok(())
            }
            (Question::Count, Ok(_)) => match survey.count {
                Some(count) if count <= MESSAGES => Ok(()),
                Some(count) => Err(self.maildrop_error(
                    "make room: let another program archive old mail",
                    format!("{count} messages are there, and at most {MESSAGES} can be listed"),
                )),
                None => Err(self.session.peer.protocol("the answer to STAT holds no numbers")),
            },
            (Question::Sizes | Question::UniqueIds, Ok(_)) => Ok(()),
            (Question::Count | Question::Sizes, Err(refusal)) => Err(self.unlisted(&refusal)),
            // A server that has UIDL and will not use it now would make all that was seen look new.
            (Question::UniqueIds, Err(refusal)) => {
                let is_grave =
                    self.offer.has("UIDL") || of_the_maildrop(&self.session.peer, &refusal).is_some();
                if is_grave { Err(self.unlisted(&refusal)) } else { Ok(()) }
            }
        }
    }

    fn unlisted(&self, refusal: &Refusal) -> MailboxError {
        of_the_maildrop(&self.session.peer, refusal)
            .unwrap_or_else(|| self.maildrop_error("the server does not list the messages", told(refusal)))
    }
}
