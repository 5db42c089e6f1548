//! What is there, asked for once in a session.
//!
//! The server holds its state during a session, so numbers stay what they are. A message whose unique-id is missing or
//! not as the RFC has it is named by its content; it is then read here, and kept as far as there is room.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use super::Pop3Mailbox;
use super::name::{Names, digest};
use super::survey::Told;
use crate::mailbox::MailboxError;
use crate::model::ids::Digest;
use crate::model::item::{Extent, ItemKey, Listed, Watermark};

/// How much of what was read to be named is kept for `fetch`, in octets.
const SPOOL: usize = 16 * 1024 * 1024;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number in this session.
    pub(super) number: u32,
    /// Its size in octets, as LIST told it.
    pub(super) size: u64,
    /// Whether QUIT will remove it.
    pub(super) is_doomed: bool,
}

#[derive(Debug)]
struct Message {
    place: Place,
    key: Option<ItemKey>,
}

/// What was read to be named, by number.
type Spool = HashMap<u32, (Vec<u8>, Extent)>;

/// The messages of a session.
#[derive(Debug, Default)]
pub(super) struct Maildrop {
    /// By number.
    messages: Vec<Message>,
    /// Where they stand there, by name; made when one is looked for by its name.
    by_key: OnceCell<Vec<usize>>,
    /// The last that a watermark passes, which is asked of each item that lies there.
    pub(super) passed: OnceCell<(Watermark, u32)>,
    spool: Spool,
}

impl Maildrop {
    /// How many messages are there and stay there.
    pub(super) fn there(&self) -> u64 {
        self.messages.iter().filter(|message| !message.place.is_doomed).count() as u64
    }

    /// Those that have a name and stay there, oldest first.
    pub(super) fn standing(&self) -> impl Iterator<Item = (Place, &ItemKey)> {
        let standing = self.messages.iter().filter(|message| !message.place.is_doomed);
        standing.filter_map(|message| Some((message.place, message.key.as_ref()?)))
    }

    /// The same for a listing, those behind a number alone.
    pub(super) fn listed(&self, last: u32) -> impl Iterator<Item = Listed> {
        let behind = self.standing().filter(move |(place, _)| place.number > last);
        behind.map(|(place, key)| Listed { key: key.clone(), size: Some(place.size), arrived: None })
    }

    /// Where a message is, if it is there.
    pub(super) fn place_of(&self, key: &ItemKey) -> Option<Place> {
        let name = |at: &usize| self.messages.get(*at).and_then(|message| message.key.as_ref());
        let by_key = self.by_key.get_or_init(|| {
            let mut all: Vec<usize> = (0..self.messages.len()).collect();
            all.sort_by_key(name);
            all
        });
        let found = by_key.binary_search_by(|at| name(at).cmp(&Some(key))).ok()?;
        self.messages.get(*by_key.get(found)?).map(|message| message.place)
    }

    /// The name of a message.
    pub(super) fn key_of(&self, number: u32) -> Option<&ItemKey> {
        self.messages.get(self.at(number)?)?.key.as_ref()
    }

    /// Notes that QUIT will remove a message.
    pub(super) fn doom(&mut self, number: u32) {
        if let Some(message) = self.at(number).and_then(|at| self.messages.get_mut(at)) {
            message.place.is_doomed = true;
            self.passed = OnceCell::new();
        }
        self.spool.remove(&number);
    }

    /// Whether a message that was read to be named is kept.
    pub(super) fn has_spooled(&self, number: u32) -> bool {
        self.spool.contains_key(&number)
    }

    /// Takes a message that was read to be named.
    pub(super) fn unspool(&mut self, number: u32) -> Option<(Vec<u8>, Extent)> {
        self.spool.remove(&number)
    }

    #[cfg(test)]
    pub(super) fn named(messages: impl Iterator<Item = (ItemKey, u32)>) -> Self {
        let message =
            |(key, number)| Message { place: Place { number, size: 1, is_doomed: false }, key: Some(key) };
        Self { messages: messages.map(message).collect(), ..Self::default() }
    }

    fn at(&self, number: u32) -> Option<usize> {
        self.messages.binary_search_by_key(&number, |message| message.place.number).ok()
    }
}

impl Pop3Mailbox {
    /// What is there.
    pub(super) fn maildrop(&mut self) -> Result<&Maildrop, MailboxError> {
        let maildrop = match self.maildrop.take() {
            Some(maildrop) => maildrop,
            None => match self.look() {
                Err(trouble @ MailboxError::Timeout { .. }) if self.session.is_lossy => {
                    self.look_again(&trouble)?
                }
                other => other?,
            },
        };
        Ok(self.maildrop.insert(maildrop))
    }

    /// Where a message is, if it is there.
    pub(super) fn place_of(&self, key: &ItemKey) -> Option<Place> {
        self.maildrop.as_ref()?.place_of(key)
    }

    /// Looks at what is there, and names every message, those without a unique-id by reading them.
    pub(super) fn look(&mut self) -> Result<Maildrop, MailboxError> {
        let told = self.survey()?;
        let (contents, spool) = self.contents(&told)?;
        // The newest first: each keeps its name when older ones are deleted.
        let mut names = Names::default();
        let named = told.iter().rev().map(|(number, message)| {
            let key = match (&message.id, contents.get(number)) {
                (Some(id), _) => Some(names.of_unique_id(id)),
                (None, Some(content)) => Some(names.of_content(*content)),
                (None, None) => None,
            };
            if key.is_none() {
                log::warn!("{} neither names nor gives message {number}", self.session.peer);
            }
            Message { place: Place { number: *number, size: message.size, is_doomed: false }, key }
        });
        let mut messages: Vec<Message> = named.collect();
        messages.reverse();
        Ok(Maildrop { messages, spool, ..Maildrop::default() })
    }

    /// Reads the messages without a unique-id.
    fn contents(
        &mut self,
        told: &BTreeMap<u32, Told>,
    ) -> Result<(HashMap<u32, Digest>, Spool), MailboxError> {
        // The newest first: they are the ones that will be fetched, and the room in the spool is theirs.
        let nameless: Vec<Place> = told
            .iter()
            .rev()
            .filter(|(_, message)| message.id.is_none())
            .map(|(number, message)| Place { number: *number, size: message.size, is_doomed: false })
            .collect();
        let (mut contents, mut spool) = (HashMap::new(), Spool::new());
        if nameless.is_empty() {
            return Ok((contents, spool));
        }
        log::debug!("{}: {} messages without a unique-id are read", self.session.peer, nameless.len());
        let mut room = SPOOL;
        self.retrieve(&nameless, usize::MAX, &mut |number, bytes, extent| {
            if matches!(extent, Extent::Nothing { .. }) {
                return;
            }
            contents.insert(number, digest(&bytes));
            if bytes.len() <= room {
                room = room.saturating_sub(bytes.len());
                spool.insert(number, (bytes, extent));
            }
        })?;
        Ok((contents, spool))
    }
}
