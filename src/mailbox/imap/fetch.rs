//! Fetches batches of messages; one that the server cannot give never costs the others.

use std::collections::HashMap;

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

type Bodies = HashMap<u32, (Vec<u8>, Extent)>;

impl ImapMailbox {
    /// Fetches items in their order, without those that vanished.
    pub(super) fn fetched(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        let number = self.opened()?.validity;
        let max = self.max_message_size;
        let uid = |item: &Listed| parse_key(&item.key).filter(|(of, _)| *of == number).map(|(_, uid)| uid);
        let (large, whole): (Vec<&Listed>, Vec<&Listed>) =
            items.iter().partition(|item| item.size.is_some_and(|size| size > max));
        let mut bodies = Bodies::new();

        let all = whole.iter().map(|item| item.size.unwrap_or(max).min(max)).fold(0, u64::saturating_add);
        let question =
            Question { section: "BODY.PEEK[]".to_owned(), each: octets(max), extent: Extent::Whole };
        let mut cut_short = Ok(());
        for set in uids::sets(whole.iter().filter_map(|item| uid(item))) {
            cut_short = cut_short.and_then(|()| self.ask(&set, &question, all, &mut bodies));
        }
        let part = BEGINNING.min(max).max(1);
        let section = format!("BODY.PEEK[]<0.{part}>");
        let question = Question { section, each: octets(part), extent: Extent::Beginning };
        for set in uids::sets(large.iter().filter_map(|item| uid(item))) {
            let all = part.saturating_mul(set.uids.len() as u64);
            cut_short = cut_short.and_then(|()| self.ask(&set, &question, all, &mut bodies));
        }
        self.cut_short = cut_short.err();
        Ok(items
            .iter()
            .filter_map(|item| {
                let (bytes, extent) = bodies.remove(&uid(item)?)?;
                Some(Fetched { listed: item.clone(), bytes, extent })
            })
            .collect())
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
    fn there_in(&mut self, set: &str) -> Result<Vec<u32>, MailboxError> {
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
