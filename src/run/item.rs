//! An item on the road, with what was fetched and read of it.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::model::ids::Digest;
use crate::model::item::{Extent, Fetched, ItemKey, Listed};
use crate::model::mail::Mail;
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::parse::{self, Limits};
use crate::store::KeptCopy;

use super::hooks::{Failure, Said};
use super::job::{Job, received};

/// An item on the road.
pub(super) enum Item {
    /// It lay there before the first run and is not read.
    Old(Listed),
    /// It was fetched, but the mailbox would not give it.
    Withheld(Listed, String),
    /// The mailbox broke off when it was due, perhaps because of it, and could not be reached any more.
    Suspected(Listed, String),
    /// A run died with it, and whether of it could not be found out.
    Untried(Listed, String),
    /// A process that fetched and read it died of it.
    Deadly(Listed, String),
    /// It was fetched. Boxed: old items come by the hundred thousand.
    Read(Box<Reading>),
}

/// What was fetched and what was read from it.
pub(super) struct Reading {
    pub(super) listed: Listed,
    /// Shared with the thread that reads them, which may be left behind with a message that takes too long.
    pub(super) octets: Arc<Vec<u8>>,
    pub(super) extent: Extent,
    /// Of the octets that were fetched; reckoned once, they may be many.
    pub(super) raw_sha256: Digest,
    /// `None` if reading it crashed.
    pub(super) mail: Option<Mail>,
    /// How the process ended that read it before.
    pub(super) end: Option<String>,
    /// What hooks said of it.
    pub(super) said: Said,
}

impl Item {
    pub(super) fn key(&self) -> &ItemKey {
        match self {
            Self::Old(listed)
            | Self::Withheld(listed, _)
            | Self::Suspected(listed, _)
            | Self::Untried(listed, _)
            | Self::Deadly(listed, _) => &listed.key,
            Self::Read(read) => &read.listed.key,
        }
    }

    pub(super) fn mail(&self) -> Option<&Mail> {
        match self {
            Self::Old(_)
            | Self::Withheld(..)
            | Self::Suspected(..)
            | Self::Untried(..)
            | Self::Deadly(..) => None,
            Self::Read(read) => read.mail.as_ref(),
        }
    }

    /// The item with all that was read of it.
    pub(super) fn seen(&self) -> Seen<'_> {
        Seen { item: self, mail: self.mail() }
    }

    pub(super) fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Old(_)
            | Self::Withheld(..)
            | Self::Suspected(..)
            | Self::Untried(..)
            | Self::Deadly(..) => None,
            Self::Read(read) => Some(read),
        }
    }

    /// Why hooks let it go no further, if one failed.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.reading().and_then(|read| read.said.failure())
    }

    /// Whether all of it is in hand.
    pub(super) fn is_whole(&self) -> bool {
        self.reading().is_some_and(|read| read.extent == Extent::Whole)
    }

    /// What went wrong, for the outcomes that are told with it.
    pub(super) fn trouble(&self, outcome: OutcomeWord, reason: Reason) -> Option<Trouble> {
        if let Self::Withheld(_, why) = self {
            let code = ErrorCode::MessageAttempts;
            let message = format!("the mailbox does not give item {}: {why}", self.key());
            let hint = if outcome == OutcomeWord::Deferred {
                "look at the message in the mailbox itself; the next run takes it again"
            } else {
                // Nothing of it is in quarantine.
                "look at the message in the mailbox itself; \"helpdesk-mail outcomes reset\" lets the next fetch take it again"
            };
            return Some(Trouble::new(code, message).hint(hint));
        }
        if let Self::Suspected(_, why) = self {
            let message = format!("the mailbox broke off when item {} was due: {why}", self.key());
            return Some(
                Trouble::new(ErrorCode::MailboxConnect, message).hint("the next run takes it again"),
            );
        }
        if let Self::Untried(_, why) = self {
            let message =
                format!("item {} could not be tried out in a process of its own: {why}", self.key());
            return Some(Trouble::new(ErrorCode::Interrupted, message).hint("it is tried out again"));
        }
        if let Self::Deadly(_, end) = self {
            let message = format!("item {} is not fetched: {end}", self.key());
            return Some(Trouble::new(ErrorCode::MessageCrashed, message).hint(
                "look at the message in the mailbox itself; \"helpdesk-mail outcomes reset\" lets the next fetch take it again",
            ));
        }
        if outcome != OutcomeWord::Failed {
            return None;
        }
        let crashed = || {
            let end = self.reading().and_then(|read| read.end.as_deref());
            end.map_or("a part of the program gave up on the message".to_owned(), |end| {
                format!("the message is not read: {end}")
            })
        };
        let (code, what) = if reason == Reason::Unreadable {
            (ErrorCode::MessageUnreadable, "neither a sender nor a text can be made out".to_owned())
        } else if reason == Reason::Store {
            (ErrorCode::MessageStore, "the store refuses what is in the message".to_owned())
        } else {
            (ErrorCode::MessageCrashed, crashed())
        };
        Some(
            Trouble::new(code, what)
                .hint("see \"helpdesk-mail quarantine list\"; \"quarantine retry\" takes it again"),
        )
    }
}

impl Reading {
    fn of(
        listed: Listed,
        extent: Extent,
        (octets, raw_sha256): (Arc<Vec<u8>>, Digest),
        mail: Option<Mail>,
    ) -> Self {
        Self { listed, octets, extent, raw_sha256, mail, end: None, said: Said::default() }
    }

    /// Of a message that nobody is to read again, and why.
    pub(super) fn deadly(fetched: Fetched, end: String) -> Self {
        let Fetched { listed, bytes, extent } = fetched;
        let raw_sha256 = sha256(&bytes);
        Self { end: Some(end), ..Self::of(listed, extent, (Arc::new(bytes), raw_sha256), None) }
    }

    /// What quarantine keeps.
    pub(super) fn copy(&self) -> KeptCopy<'_> {
        KeptCopy { octets: &self.octets, sha256: self.raw_sha256, is_whole: self.extent == Extent::Whole }
    }
}

/// An item with as much of its mail as is told of it: the store may refuse what was read.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) item: &'a Item,
    pub(super) mail: Option<&'a Mail>,
}

/// What messages are read under.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// How much of them.
    pub(super) limits: Limits,
    /// The time of the run, which no message came after.
    pub(super) now: Timestamp,
}

impl Terms {
    pub(super) fn of(job: &Job<'_>) -> Self {
        Self { limits: job.limits, now: Timestamp::now() }
    }
}

fn sha256(octets: &[u8]) -> Digest {
    Digest(Sha256::digest(octets).into())
}

/// Reads what was fetched, and hashes it meanwhile.
pub(super) fn read(fetched: Vec<Fetched>, terms: &Terms) -> Vec<Item> {
    let (facts, octets): (Vec<_>, Vec<_>) =
        fetched.into_iter().map(|one| ((one.listed, one.extent), Arc::new(one.bytes))).unzip();
    let hash = || octets.iter().map(|octets| sha256(octets)).collect::<Vec<_>>();
    let (mails, hashes) = parse::all_while(&octets, &terms.limits, hash);
    facts
        .into_iter()
        .zip(octets.into_iter().zip(hashes))
        .zip(mails)
        .map(|(((listed, extent), octets), mail)| {
            let mut mail = mail.ok();
            if let Some(mail) = &mut mail {
                let traced = listed.arrived.or(mail.received);
                parse::heed_arrival(mail, received(traced, terms.now));
            }
            if extent == Extent::Beginning {
                mail.iter_mut().for_each(parse::mark_truncated);
            }
            match extent {
                Extent::Nothing { why } => Item::Withheld(listed, why),
                Extent::Whole | Extent::Beginning => {
                    Item::Read(Box::new(Reading::of(listed, extent, octets, mail)))
                }
            }
        })
        .collect()
}
