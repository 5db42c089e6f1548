//! The outbox: notifications from the transaction that asks for them to their end.
//!
//! A row is written with what it tells of ([`Outgoing`]). A program that delivers claims rows under a lease, writes down
//! each attempt before it is made, and resolves it. Every change of a state names the state before it, so that of two
//! programs one wins, whatever the database. A program that dies leaves its lease, which [`Store::take_back`] ends: an
//! attempt that was begun and never ended may have been taken, and counts as uncertain.

mod bounce;
mod change;
mod claim;
mod files;
mod list;
mod records;
mod suppressed;
mod write;

#[cfg(test)]
mod tests;

pub use claim::MOST_UNCERTAIN;
pub(super) use list::attempt;
pub use records::*;
pub(super) use write::enqueue_alert;

#[cfg(test)]
pub(super) use bounce::{COUNT_SOFT, SELECT_BY_MESSAGE_ID, UPDATE_BOUNCED};
#[cfg(test)]
pub(super) use change::{SELECT_STATE, UPDATE_CANCELLED, UPDATE_REQUEUED};
#[cfg(test)]
pub(super) use claim::{
    INSERT_ATTEMPT, SELECT_ANCESTORS, SELECT_CLAIMED, SELECT_DUE, SELECT_ROOT, UPDATE_AHEAD, UPDATE_ATTEMPT,
    UPDATE_BEGUN, UPDATE_CLAIMED, UPDATE_EXPIRED, UPDATE_RELEASED, UPDATE_RESOLVED,
};
#[cfg(test)]
pub(super) use files::{SELECT_CONTENT, SELECT_FILES};
#[cfg(test)]
pub(super) use list::{COUNT_ENDED, SELECT_ATTEMPTS, SELECT_NOTES, SELECT_NOTIFICATION, SELECT_WAITING};
#[cfg(test)]
pub(super) use suppressed::{DELETE_SUPPRESSED, SELECT_SUPPRESSION, UPSERT_SUPPRESSED};
#[cfg(test)]
pub(super) use write::{
    COUNT_WRITTEN, COUNT_WRITTEN_TO, INSERT_ALERT_MAIL, INSERT_NOTE, INSERT_NOTIFICATION, SELECT_PEOPLE,
    SELECT_SUBJECT,
};

use jiff::Timestamp;

use super::StoreError;
use crate::model::ids::TicketId;

#[cfg(doc)]
use super::Store;

/// What the road asks and writes of notifications, in the transaction of what they tell of.
pub trait Outgoing {
    /// Who is on a ticket and what it is about.
    fn circle(&mut self, ticket: TicketId) -> Result<Circle, StoreError>;

    /// Whether an address (as [`crate::model::address::key`] gives it) gets nothing at that time.
    fn is_suppressed(&mut self, key: &str, at: Timestamp) -> Result<bool, StoreError>;

    /// How much was written to an address since then, in all and with this subject; not what agents were told as such.
    fn written_to(&mut self, key: &str, subject: &str, since: Timestamp) -> Result<Written, StoreError>;

    /// How much was written to anybody since then.
    fn written(&mut self, since: Timestamp) -> Result<u64, StoreError>;

    /// Writes a notification, or why somebody gets none.
    fn enqueue(&mut self, notification: &NewNotification<'_>) -> Result<i64, StoreError>;

    /// The notification that bears a Message-ID.
    fn sent_as(&mut self, id: &crate::model::ids::MessageId) -> Result<Option<SentAs>, StoreError>;

    /// Marks a notification that came back, and suppresses its address where that is asked for or it came back too often.
    ///
    /// Gives the end of the suppression.
    fn came_back(&mut self, back: &CameBack<'_>) -> Result<Option<Timestamp>, StoreError>;

    /// Puts a note on a ticket.
    fn note(&mut self, ticket: TicketId, text: &str, at: Timestamp) -> Result<(), StoreError>;
}
