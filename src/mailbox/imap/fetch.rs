//! Fetches batches of messages; one that the server cannot give never costs the others.
//!
//! The commands for a batch leave together, and with them those for the batches that are expected next: their answers are on
//! their way while this one is worked at. After a session broke, or the server refused something that was under way beside
//! others, each command waits for the one before it, and so does what the folder is told.

use std::collections::{HashMap, HashSet, VecDeque};

use super::ahead::Sent;
use super::answers::{Bounds, Farewell};
use super::record::{Body, Record};
use super::recover::RETURNS;
use super::session::Refusal;
use super::uids::{self, Set};
use super::{ImapMailbox, uids::parse_key};
use crate::mailbox::MailboxError;
use crate::model::item::{Extent, Fetched, Listed};

/// How much is fetched of a message that is larger than allowed, in octets: headers and some text.
const BEGINNING: u64 = 256 * 1024;

/// What is asked of messages.
pub(super) struct Question {
    set: Set,
    section: String,
    /// The most that is kept of one, and of all.
    bounds: Bounds,
    extent: Extent,
}

impl Question {
    /// Whether an answer is to it. What comes without its UID is nobody's; that it came says that something is not known.
    fn asks_for(&self, record: &Record) -> bool {
        record.uid.is_none_or(|uid| self.set.uids.binary_search(&uid).is_ok())
    }

    fn command(&self) -> String {
        format!("UID FETCH {} (UID {})", self.set.text, self.section)
    }
}

/// What was asked for before its time, oldest first.
pub(super) type OnTheWay = VecDeque<(Question, Sent)>;

pub(super) type Bodies = HashMap<u32, (Vec<u8>, Extent)>;

/// What is wanted of a batch, and what of it has come.
pub(super) struct Order {
    /// UIDs of messages that are wanted whole, and how many octets they should be together.
    whole: (Vec<u32>, u64),
    /// UIDs of messages whose beginning is wanted.
    large: Vec<u32>,
    /// What has come.
    pub(super) bodies: Bodies,
    /// UIDs that were answered for, with a body or because they are gone.
    answered: HashSet<u32>,
}

impl Order {
    /// The message that was due when a session broke: the first that was not answered for behind the last that came.
    ///
    /// Servers answer in this order, and what is missing before has vanished.
    pub(super) fn next(&self) -> Option<u32> {
        [&self.whole.0, &self.large].into_iter().find_map(|uids| {
            let last = uids.iter().rposition(|uid| self.bodies.contains_key(uid)).map_or(0, |at| at + 1);
            uids.iter().skip(last).copied().find(|uid| !self.answered.contains(uid))
        })
    }

    /// Gives up on a message, which the server has and never gives.
    pub(super) fn give_up(&mut self, uid: u32, why: &str) {
        self.bodies.insert(uid, (Vec::new(), Extent::Nothing { why: why.to_owned() }));
    }

    fn open(&self, uids: &[u32]) -> Vec<u32> {
        let is_open = |uid: &u32| !self.answered.contains(uid) && !self.bodies.contains_key(uid);
        uids.iter().copied().filter(is_open).collect()
    }
}

impl ImapMailbox {
    /// Fetches items in their order, without those that vanished.
    pub(super) fn fetched(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        let mut order = self.order(items)?;
        self.cut_short = self.fetch_and_return(&mut order).err();
        let number = self.opened()?.validity;
        Ok(items
            .iter()
            .filter_map(|item| {
                let (bytes, extent) = order.bodies.remove(&uid(item, number)?)?;
                Some(Fetched { listed: item.clone(), bytes, extent })
            })
            .collect())
    }

    fn order(&self, items: &[Listed]) -> Result<Order, MailboxError> {
        let number = self.opened()?.validity;
        let max = self.max_message_size;
        let (large, whole): (Vec<&Listed>, Vec<&Listed>) =
            items.iter().partition(|item| item.size.is_some_and(|size| size > max));
        let all = whole.iter().map(|item| item.size.unwrap_or(max).min(max)).fold(0, u64::saturating_add);
        let ascending = |items: Vec<&Listed>| {
            let mut uids: Vec<u32> = items.into_iter().filter_map(|item| uid(item, number)).collect();
            uids.sort_unstable();
            uids
        };
        Ok(Order {
            whole: (ascending(whole), all),
            large: ascending(large),
            bodies: Bodies::new(),
            answered: HashSet::new(),
        })
    }

    /// Asks for all that has not come; for `alone` in a command of its own, and then for one set after the other.
    pub(super) fn fetch_missing(
        &mut self,
        order: &mut Order,
        alone: Option<u32>,
    ) -> Result<(), MailboxError> {
        let questions = self.questions(order, alone);
        if self.is_patient() {
            for question in questions {
                let sent = self.sent(&question)?;
                self.take_in(question, sent, order)?;
            }
            return Ok(());
        }
        let mut sent = Vec::with_capacity(questions.len());
        for question in questions {
            sent.push((self.sent(&question)?, question));
        }
        self.send_what_is_expected()?;
        for (sent, question) in sent {
            self.take_in(question, sent, order)?;
        }
        Ok(())
    }

    fn questions(&self, order: &Order, alone: Option<u32>) -> Vec<Question> {
        let max = self.max_message_size;
        let part = BEGINNING.min(max).max(1);
        let parts = part.saturating_mul(order.large.len() as u64);
        let beginning = format!("BODY.PEEK[]<0.{part}>");
        let mut questions = Vec::new();
        for (uids, section, each, listed, extent) in [
            (&order.whole.0, "BODY.PEEK[]", max, order.whole.1, Extent::Whole),
            (&order.large, beginning.as_str(), part, parts, Extent::Beginning),
        ] {
            // Sizes are guesses on some servers (Exchange counts before it converts), hence the margin.
            let all = octets(listed.saturating_add(listed / 4).saturating_add(1024 * 1024));
            let bounds = Bounds { each: octets(each), all };
            let (first, rest): (Vec<u32>, Vec<u32>) =
                order.open(uids).into_iter().partition(|uid| Some(*uid) == alone);
            let sets = uids::sets(first).into_iter().chain(uids::sets(rest));
            questions.extend(sets.map(|set| Question {
                set,
                section: section.to_owned(),
                bounds,
                extent: extent.clone(),
            }));
        }
        questions
    }

    fn send(&mut self, question: &Question) -> Result<Sent, MailboxError> {
        self.session.send(&question.command(), question.bounds)
    }

    /// Sends the command for this question unless that was done before its time; what was sent for others by then is dropped.
    fn sent(&mut self, question: &Question) -> Result<Sent, MailboxError> {
        let command = question.command();
        while let Some((other, sent)) = self.on_the_way.pop_front() {
            if other.command() == command {
                return Ok(sent);
            }
            drop(self.session.answer(sent)?);
            drop(self.session.claim(|record| other.asks_for(record)));
        }
        self.send(question)
    }

    /// Asks for the batches that are fetched next, as far as they are not on their way.
    fn send_what_is_expected(&mut self) -> Result<(), MailboxError> {
        for batch in std::mem::take(&mut self.expected) {
            let order = self.order(&batch)?;
            for question in self.questions(&order, None) {
                if self.on_the_way.iter().any(|(other, _)| other.command() == question.command()) {
                    continue;
                }
                let sent = self.send(&question)?;
                self.on_the_way.push_back((question, sent));
            }
        }
        Ok(())
    }

    /// Whether each command waits for the answer to the one before: after a session broke, or the server refused something
    /// that was sent ahead, which may have been the reason.
    pub(super) fn is_patient(&self) -> bool {
        self.is_patient || self.returns < RETURNS
    }

    /// Takes the answer to a question, and asks again for what did not come.
    fn take_in(&mut self, question: Question, sent: Sent, order: &mut Order) -> Result<(), MailboxError> {
        let (mut refusal, mut unread) = self.take_answer(&question, sent, order)?;
        if refusal.as_ref().is_some_and(Refusal::may_be_for_the_company) {
            self.is_patient = true;
            self.session.wait_for_all()?;
            let sent = self.send(&question)?;
            (refusal, unread) = self.take_answer(&question, sent, order)?;
        }
        let unread = refusal.is_some() || unread;
        let bodies = &order.bodies;
        let missing: Vec<u32> =
            question.set.uids.iter().filter(|uid| !bodies.contains_key(uid)).copied().collect();
        // In a clean answer what is missing has vanished, or so it should be: what is left out here is never listed again.
        let missing = if unread { missing } else { self.there(&missing)? };
        for uid in missing {
            if let Some(body) = self.alone(uid, &question)? {
                order.bodies.insert(uid, body);
            }
        }
        order.answered.extend(question.set.uids);
        Ok(())
    }

    /// The refusal, if it is one, and whether something came that was not read.
    fn take_answer(
        &mut self,
        question: &Question,
        sent: Sent,
        order: &mut Order,
    ) -> Result<(Option<Refusal>, bool), MailboxError> {
        let reply = self.session.answer(sent);
        let unread =
            keep(self.session.claim(|record| question.asks_for(record)), question, &mut order.bodies);
        Ok((reply?.err(), unread))
    }

    /// Fetches one message that did not come with the others; `None` if it is no longer there.
    ///
    /// One that the server has but cannot give comes as its headers, or as nothing at all, so that it is seen to.
    fn alone(&mut self, uid: u32, question: &Question) -> Result<Option<(Vec<u8>, Extent)>, MailboxError> {
        let header = ("BODY.PEEK[HEADER]", Extent::Beginning);
        for (section, extent) in [(question.section.as_str(), question.extent.clone()), header] {
            let command = format!("UID FETCH {uid} (UID {section})");
            let each = question.bounds.each;
            let bounds = Bounds { each, all: each };
            let (told, refusal) = match self.session.run_bounded(&command, bounds, Farewell::Unexpected)? {
                Ok(answer) => (answer.told.records, None),
                Err(Refusal { mut told }) => (std::mem::take(&mut told.records), Some(Refusal { told })),
            };
            let body =
                told.into_iter().filter(|record| record.uid == Some(uid)).find_map(|record| record.body);
            match (body, refusal) {
                (Some(body), _) if !body.absent => return Ok(Some(given(body, extent))),
                (_, Some(refusal)) if gone(&refusal) => return Ok(None),
                (_, Some(refusal)) if temporary(&refusal) => {
                    return Err(self.folder_error(&self.opened()?.name, None, refusal));
                }
                (_, _) => {}
            }
        }
        let why = "the server has it and sends neither it nor its headers".to_owned();
        Ok(self.still_there(&uid.to_string())?.then(|| (Vec::new(), Extent::Nothing { why })))
    }

    /// Whether any message of a set is there.
    pub(super) fn still_there(&mut self, set: &str) -> Result<bool, MailboxError> {
        Ok(!self.there_in(set)?.is_empty())
    }

    /// Which of these messages are there.
    fn there(&mut self, uids: &[u32]) -> Result<Vec<u32>, MailboxError> {
        let mut there = Vec::new();
        for set in uids::sets(uids.iter().copied()) {
            let told = self.there_in(&set.text)?;
            there.extend(set.uids.into_iter().filter(|uid| told.contains(uid)));
        }
        Ok(there)
    }

    /// NOOP lets the server tell what others removed (RFC 2180 section 4.1).
    pub(super) fn there_in(&mut self, set: &str) -> Result<Vec<u32>, MailboxError> {
        if let Err(refusal) = self.session.run("NOOP")? {
            return Err(self.folder_error(&self.opened()?.name, None, refusal));
        }
        match self.session.run(&format!("UID FETCH {set} (UID)"))? {
            Ok(answer) => Ok(answer.told.records.iter().filter_map(|record| record.uid).collect()),
            Err(refusal) => Err(self.folder_error(&self.opened()?.name, None, refusal)),
        }
    }
}

/// Keeps the bodies that were asked for, and says whether one was not read.
fn keep(records: Vec<Record>, question: &Question, bodies: &mut Bodies) -> bool {
    let mut unread = false;
    for record in records {
        match (record.uid, record.body) {
            (Some(uid), Some(body)) if question.set.uids.binary_search(&uid).is_ok() => {
                // Cut because the others took the room, or not given at all: it is asked for alone.
                if body.absent || body.cut && body.bytes.len() < question.bounds.each {
                    unread = true;
                } else {
                    bodies.entry(uid).or_insert_with(|| given(body, question.extent.clone()));
                }
            }
            (None, Some(_)) => unread = true,
            (Some(_) | None, None) | (Some(_), Some(_)) => {}
        }
    }
    unread
}

/// The UID of an item of this numbering.
fn uid(item: &Listed, number: u32) -> Option<u32> {
    parse_key(&item.key).filter(|(of, _)| *of == number).map(|(_, uid)| uid)
}

fn given(body: Body, extent: Extent) -> (Vec<u8>, Extent) {
    let extent = if body.cut { Extent::Beginning } else { extent };
    (body.bytes, extent)
}

/// Whether the server says that the message was removed meanwhile (RFC 5530).
fn gone(refusal: &Refusal) -> bool {
    ["EXPUNGEISSUED", "NONEXISTENT"].into_iter().any(|code| refusal.is(code))
}

/// Whether the server speaks of itself rather than of the message (RFC 5530).
///
/// Not SERVERBUG: Dovecot says so of one message that is damaged, and its neighbours are well.
pub(super) fn temporary(refusal: &Refusal) -> bool {
    ["UNAVAILABLE", "INUSE", "LIMIT"].into_iter().any(|code| refusal.is(code))
}

fn octets(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
