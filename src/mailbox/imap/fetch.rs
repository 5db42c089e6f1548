//! Fetches batches of messages; one that the server cannot give never costs the others.

use std::collections::{HashMap, HashSet};

use super::answers::{Bounds, Farewell};
use super::record::{Body, Record};
use super::session::Refusal;
use super::uids::{self, Set};
use super::{ImapMailbox, uids::parse_key};
use crate::mailbox::MailboxError;
use crate::model::item::{Extent, Fetched, Listed};

/// How much is fetched of a message that is larger than allowed, in octets: headers and some text.
const BEGINNING: u64 = 256 * 1024;

/// What is asked of messages.
struct Question {
    section: String,
    /// The most that is kept of one.
    each: usize,
    extent: Extent,
}

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
        let number = self.opened()?.validity;
        let max = self.max_message_size;
        let uid = |item: &Listed| parse_key(&item.key).filter(|(of, _)| *of == number).map(|(_, uid)| uid);
        let (large, whole): (Vec<&Listed>, Vec<&Listed>) =
            items.iter().partition(|item| item.size.is_some_and(|size| size > max));
        let all = whole.iter().map(|item| item.size.unwrap_or(max).min(max)).fold(0, u64::saturating_add);
        let ascending = |items: Vec<&Listed>| {
            let mut uids: Vec<u32> = items.into_iter().filter_map(uid).collect();
            uids.sort_unstable();
            uids
        };
        let mut order = Order {
            whole: (ascending(whole), all),
            large: ascending(large),
            bodies: Bodies::new(),
            answered: HashSet::new(),
        };
        self.cut_short = self.fetch_and_return(&mut order).err();
        Ok(items
            .iter()
            .filter_map(|item| {
                let (bytes, extent) = order.bodies.remove(&uid(item)?)?;
                Some(Fetched { listed: item.clone(), bytes, extent })
            })
            .collect())
    }

    /// Asks for all that has not come; for `alone` in a command of its own.
    pub(super) fn fetch_missing(
        &mut self,
        order: &mut Order,
        alone: Option<u32>,
    ) -> Result<(), MailboxError> {
        let max = self.max_message_size;
        let part = BEGINNING.min(max).max(1);
        let whole = Question { section: "BODY.PEEK[]".to_owned(), each: octets(max), extent: Extent::Whole };
        let section = format!("BODY.PEEK[]<0.{part}>");
        let beginning = Question { section, each: octets(part), extent: Extent::Beginning };
        let parts = part.saturating_mul(order.large.len() as u64);
        let wanted =
            [(order.whole.0.clone(), &whole, order.whole.1), (order.large.clone(), &beginning, parts)];
        for (uids, question, octets) in wanted {
            let open = order.open(&uids);
            let (first, rest): (Vec<u32>, Vec<u32>) = open.into_iter().partition(|uid| Some(*uid) == alone);
            for set in uids::sets(first).into_iter().chain(uids::sets(rest)) {
                self.ask(&set, question, octets, &mut order.bodies)?;
                order.answered.extend(set.uids);
            }
        }
        Ok(())
    }

    /// Asks for a set; `listed` is how much it should be together.
    fn ask(
        &mut self,
        set: &Set,
        question: &Question,
        listed: u64,
        bodies: &mut Bodies,
    ) -> Result<(), MailboxError> {
        // Sizes are guesses on some servers (Exchange counts before it converts), hence the margin.
        let all = octets(listed.saturating_add(listed / 4).saturating_add(1024 * 1024));
        let command = format!("UID FETCH {} (UID {})", set.text, question.section);
        let bounds = Bounds { each: question.each, all };
        let reply = match self.session.run_bounded(&command, bounds, Farewell::Unexpected) {
            Ok(reply) => reply,
            Err(error) => {
                keep(self.session.salvage().records, set, question, bodies);
                return Err(error);
            }
        };
        let refused = reply.is_err();
        let told = reply.map_or_else(|refusal| refusal.told, |answer| answer.told);
        let unread = keep(told.records, set, question, bodies) || refused;
        let missing: Vec<u32> = set.uids.iter().filter(|uid| !bodies.contains_key(uid)).copied().collect();
        // In a clean answer what is missing has vanished, or so it should be: what is left out here is never listed again.
        let missing = if unread { missing } else { self.there(&missing)? };
        for uid in missing {
            if let Some(body) = self.alone(uid, question)? {
                bodies.insert(uid, body);
            }
        }
        Ok(())
    }

    /// Fetches one message that did not come with the others; `None` if it is no longer there.
    ///
    /// One that the server has but cannot give comes as its headers, or as nothing at all, so that it is seen to.
    fn alone(&mut self, uid: u32, question: &Question) -> Result<Option<(Vec<u8>, Extent)>, MailboxError> {
        let header = ("BODY.PEEK[HEADER]", Extent::Beginning);
        for (section, extent) in [(question.section.as_str(), question.extent.clone()), header] {
            let command = format!("UID FETCH {uid} (UID {section})");
            let bounds = Bounds { each: question.each, all: question.each };
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
fn keep(records: Vec<Record>, set: &Set, question: &Question, bodies: &mut Bodies) -> bool {
    let mut unread = false;
    for record in records {
        match (record.uid, record.body) {
            (Some(uid), Some(body)) if set.uids.binary_search(&uid).is_ok() => {
                // Cut because the others took the room, or not given at all: it is asked for alone.
                if body.absent || body.cut && body.bytes.len() < question.each {
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
