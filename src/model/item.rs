//! Items: messages as they lie in a mailbox, before anything is read from them.

use std::fmt;

use jiff::Timestamp;

use super::ids::MessageId;

/// Names an item within its mailbox, account and folder, for ever the same.
///
/// IMAP: `UIDVALIDITY:UID`. POP3: the unique-id, without one SHA-256 and ordinal. Maildir: the file name before `:`.
/// Directory: file name and SHA-256. mbox and `ingest`: SHA-256 and ordinal among equal messages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey(pub String);

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An item that a mailbox has told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name in the ledger.
    pub key: ItemKey,
    /// Its size in octets, as far as the mailbox knows it.
    pub size: Option<u64>,
    /// When it came into the mailbox (IMAP INTERNALDATE, a file's modification time).
    pub arrived: Option<Timestamp>,
}

/// An item with its octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its name and what was listed of it.
    pub listed: Listed,
    /// The octets, whole or the beginning.
    pub bytes: Vec<u8>,
    /// Whether `bytes` is all of it.
    pub extent: Extent,
}

/// How much of a message was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Headers and the beginning: the message is larger than the mailbox allows.
    Beginning,
    /// Nothing: the mailbox has it and will not give it, while it gives others.
    Nothing {
        /// What the mailbox said.
        why: String,
    },
}

/// What the mailbox is told of an item once its outcome is committed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Nothing.
    Keep,
    /// It is marked as read.
    Seen,
    /// It is removed.
    Delete,
    /// It is moved to the named folder.
    Move(String),
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Seen => f.write_str("seen"),
            Self::Delete => f.write_str("delete"),
            Self::Move(folder) => write!(f, "move:{folder}"),
        }
    }
}

impl std::str::FromStr for Disposition {
    type Err = UnknownDisposition;

    fn from_str(text: &str) -> Result<Self, UnknownDisposition> {
        match text {
            "keep" => Ok(Self::Keep),
            "seen" => Ok(Self::Seen),
            "delete" => Ok(Self::Delete),
            other => match other.strip_prefix("move:") {
                Some(folder) if !folder.is_empty() => Ok(Self::Move(folder.to_owned())),
                _ => Err(UnknownDisposition),
            },
        }
    }
}

/// A word that is none of the dispositions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("allowed are \"keep\", \"seen\", \"delete\" and \"move:FOLDER\"")]
pub struct UnknownDisposition;

/// What a mailbox is told of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The item.
    pub key: ItemKey,
    /// What becomes of it; never [`Disposition::Keep`].
    pub disposition: Disposition,
    /// Finds the item in the target folder if a copy was begun before.
    pub message_id: Option<MessageId>,
    /// Whether an earlier run may have told the mailbox already.
    pub telling: Telling,
}

/// Whether an acknowledgement may have been given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// It is given for the first time, by the run that settled the item.
    First,
    /// An earlier run owed it and may have been cut off while giving it.
    Again,
}

/// Where a mailbox says all before is settled; only the mailbox that made it reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark(pub String);

/// What `--baseline` settled in a folder whose items are numbered anew now and then.
///
/// The old mail then has new keys, and nothing was read of it that it could be recognised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// When it was done.
    pub at: Timestamp,
    /// Under which numbering everything older is settled.
    pub numbering: String,
}

impl Baseline {
    /// Whether the item, numbered thus, lay in the folder before.
    pub fn covers(&self, item: &Listed, numbering: &str) -> bool {
        numbering != self.numbering && item.arrived.is_some_and(|at| at < self.at)
    }
}

/// What lies in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// How many items lie there; those flagged `\Deleted` that were met do not count.
    pub there: u64,
    /// Those above the watermark, oldest first.
    pub items: Vec<Listed>,
    /// Those above the watermark that somebody flagged for deletion (`\Deleted`, Maildir `T`); no run takes them.
    pub deleted: Vec<ItemKey>,
}
