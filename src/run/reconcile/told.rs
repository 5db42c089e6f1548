//! What `outcomes --reconcile` tells while it goes: items and folders, then mailboxes, then a summary.

use std::time::Duration;

use crate::model::exit::Exit;
use crate::model::ids::MailboxName;
use crate::model::trouble::Trouble;
use crate::run::MailboxStatus;
use crate::store::HeldRow;

use super::compare::{self, ItemState};

/// Who is told.
pub trait Auditor {
    /// An item was held against the ledger. Those of a folder come together: as they lie there, then what is gone.
    fn item(&mut self, line: &ItemLine);

    /// A folder is done with.
    fn folder(&mut self, line: &FolderLine);

    /// A mailbox is done with; all of them come after all items.
    fn mailbox(&mut self, line: &AuditedMailbox);

    /// All is done.
    fn summary(&mut self, line: &Audited);
}

/// An item with its row.
#[derive(Debug)]
pub struct ItemLine {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// The folder.
    pub folder: String,
    /// The item's key.
    pub item: String,
    /// How it stands.
    pub state: ItemState,
    /// Its row in the ledger.
    pub row: Option<HeldRow>,
}

impl ItemLine {
    /// Whether nobody can say what became of the item.
    pub fn is_unaccounted(&self) -> bool {
        compare::is_unaccounted(self.state, self.row.as_ref())
    }
}

/// What a folder comes to.
#[derive(Debug)]
pub struct FolderLine {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// The folder.
    pub folder: String,
    /// What was counted.
    pub sums: Sums,
}

/// What a mailbox comes to.
#[derive(Debug)]
pub struct AuditedMailbox {
    /// The mailbox.
    pub mailbox: MailboxName,
    /// Whether all its folders could be looked at.
    pub status: MailboxStatus,
    /// What was counted.
    pub sums: Sums,
    /// How long it took.
    pub duration: Duration,
    /// What went wrong.
    pub error: Option<Trouble>,
}

/// What all of it comes to.
#[derive(Debug)]
pub struct Audited {
    /// How it ends.
    pub exit: Exit,
    /// What was counted.
    pub sums: Sums,
    /// How long it took.
    pub duration: Duration,
}

/// What was counted in a folder, a mailbox, or all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many items lie there, those flagged for deletion included.
    pub listed: u64,
    /// How many are in which state, in the order of [`ItemState::ALL`].
    states: [u64; ItemState::ALL.len()],
    /// How many rows are of items that went as they should.
    pub past: u64,
    /// How many rows are of older numberings (UIDVALIDITY), whose items cannot be asked for.
    pub renumbered: u64,
    /// How many items nobody can account for.
    pub unaccounted: u64,
}

impl Sums {
    /// Counts an item.
    pub(super) fn add(&mut self, line: &ItemLine) {
        self.states
            .iter_mut()
            .zip(ItemState::ALL)
            .filter(|(_, state)| *state == line.state)
            .for_each(|(count, _)| *count += 1);
        self.unaccounted += u64::from(line.is_unaccounted());
    }

    /// Adds what another counted.
    pub(super) fn merge(&mut self, other: &Self) {
        self.listed += other.listed;
        self.states.iter_mut().zip(other.states).for_each(|(mine, theirs)| *mine += theirs);
        self.past += other.past;
        self.renumbered += other.renumbered;
        self.unaccounted += other.unaccounted;
    }

    /// Every state with its count.
    pub fn iter(&self) -> impl Iterator<Item = (ItemState, u64)> + '_ {
        ItemState::ALL.into_iter().zip(self.states)
    }
}
