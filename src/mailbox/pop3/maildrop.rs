//! What is there, asked for once in a session.
//!
//! The server holds its state during a session, so numbers stay what they are. A message whose unique-id is missing or
//! not as the RFC has it is named by its content; it is then read here, and kept as far as there is room.

use std::collections::{BTreeMap, HashMap};

use super::Pop3Mailbox;
use super::name::{Names, digest};
use crate::mailbox::MailboxError;
use crate::model::ids::Digest;
use crate::model::item::{Extent, ItemKey, Listed};

/// How much of what was read to be named is kept for `fetch`, in octets.
const SPOOL: usize = 16 * 1024 * 1024;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number in this session.
    pub(super) number: u32,
    /// Its size in octets, as LIST told it.
    pub(super) size: Option<u64>,
    /// Whether QUIT will remove it.
    pub(super) is_doomed: bool,
}

/// The messages of a session.
#[derive(Debug, Default)]
pub(super) struct Maildrop {
    /// By number.
    places: BTreeMap<u32, Place>,
    numbers: HashMap<ItemKey, u32>,
    keys: BTreeMap<u32, ItemKey>,
    spool: HashMap<u32, (Vec<u8>, Extent)>,
}

impl Maildrop {
    /// How many messages are there and stay there.
    pub(super) fn there(&self) -> u64 {
        self.places.values().filter(|place| !place.is_doomed).count() as u64
    }

    /// Those that have a name and stay there, oldest first.
    pub(super) fn listed(&self) -> impl Iterator<Item = Listed> {
        let listed = |(key, size): (&ItemKey, Option<u64>)| Listed { key: key.clone(), size, arrived: None };
        self.standing().map(listed)
    }

    /// Their names and sizes.
    pub(super) fn standing(&self) -> impl Iterator<Item = (&ItemKey, Option<u64>)> {
        self.keys.iter().filter_map(|(number, key)| {
            let place = self.places.get(number).filter(|place| !place.is_doomed)?;
            Some((key, place.size))
        })
    }

    /// The name of a message.
    pub(super) fn key_of(&self, number: u32) -> Option<&ItemKey> {
        self.keys.get(&number)
    }

    /// Notes that QUIT will remove a message.
    pub(super) fn doom(&mut self, number: u32) {
        self.places.entry(number).and_modify(|place| place.is_doomed = true);
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

    fn name(&mut self, number: u32, key: ItemKey) {
        self.numbers.insert(key.clone(), number);
        self.keys.insert(number, key);
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
        let maildrop = self.maildrop.as_ref()?;
        maildrop.places.get(maildrop.numbers.get(key)?).copied()
    }

    /// Looks at what is there.
    pub(super) fn look(&mut self) -> Result<Maildrop, MailboxError> {
        let survey = self.survey()?;
        let mut maildrop = Maildrop { places: survey.places, ..Maildrop::default() };
        self.name(&mut maildrop, &survey.ids)?;
        Ok(maildrop)
    }

    /// Names every message, those without a unique-id by reading them.
    fn name(&mut self, maildrop: &mut Maildrop, ids: &BTreeMap<u32, String>) -> Result<(), MailboxError> {
        // The newest first: they are the ones that will be fetched, and the room in the spool is theirs.
        let nameless: Vec<Place> = maildrop
            .places
            .values()
            .rev()
            .filter(|place| !ids.contains_key(&place.number))
            .copied()
            .collect();
        let mut contents: HashMap<u32, Digest> = HashMap::new();
        let mut room = SPOOL;
        if !nameless.is_empty() {
            log::debug!("{}: {} messages without a unique-id are read", self.session.peer, nameless.len());
            self.retrieve(&nameless, usize::MAX, &mut |number, bytes, extent| {
                if matches!(extent, Extent::Nothing { .. }) {
                    return;
                }
                contents.insert(number, digest(&bytes));
                if bytes.len() <= room {
                    room = room.saturating_sub(bytes.len());
                    maildrop.spool.insert(number, (bytes, extent));
                }
            })?;
        }
        let mut names = Names::default();
        let numbers: Vec<u32> = maildrop.places.keys().rev().copied().collect();
        for number in numbers {
            let key = match (ids.get(&number), contents.get(&number)) {
                (Some(id), _) => names.of_unique_id(id),
                (None, Some(content)) => names.of_content(*content),
                (None, None) => {
                    log::warn!("{} neither names nor gives message {number}", self.session.peer);
                    continue;
                }
            };
            maildrop.name(number, key);
        }
        Ok(())
    }
}
