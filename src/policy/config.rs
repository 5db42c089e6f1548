//! What a queue and a mailbox allow: the settings that decisions depend on.

use jiff::SignedDuration;

use crate::model::address::AddressPattern;
use crate::model::ids::QueueSlug;
use crate::model::outbox::Told;

/// A queue as the policy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its slug.
    pub slug: QueueSlug,
    /// Its name for people.
    pub title: String,
    /// Its own address and aliases, the main one first; empty if it has none.
    pub addresses: Vec<String>,
    /// Whether mail may only update tickets.
    pub entry: Entry,
    /// What a mail to a closed ticket does.
    pub closed_ticket: ClosedTicket,
    /// What becomes of a mail that is on a ticket of another queue.
    pub same_mail: SameMail,
    /// Who may update by a guessable reference.
    pub followups_from: FollowupsFrom,
    /// Who works on tickets.
    pub agents: Vec<AddressPattern>,
    /// Whose ticket it is that an agent passes on.
    pub forwarded: Forwarded,
    /// The priority of new tickets, 1 (highest) to 5.
    pub priority: u8,
    /// The language of notifications, as BCP 47 writes it.
    pub locale: String,
    /// Who is notified; nobody, if it is empty.
    pub notify: Vec<Told>,
    /// Where answers to notifications go.
    pub answers_to: AnswersTo,
    /// The name of the back end that its notifications leave by.
    pub outbox: String,
    /// Files of so many octets go along with them, 0 for none; `None`: as `[outbox]` says.
    pub attach_files: Option<u64>,
}

/// `plus_addressing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswersTo {
    /// To the queue's address.
    Queue,
    /// To the queue's address with the ticket and a signature behind a plus.
    Ticket,
}

/// `forwarded_by_agents`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forwarded {
    /// The agent's.
    Agent,
    /// Its first author's.
    Sender,
}

/// `update_only`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Mail may open tickets.
    CreateAndUpdate,
    /// Mail may only update tickets.
    UpdateOnly,
}

/// `closed_ticket` and `reopen_within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedTicket {
    /// It is opened again, if it was closed no longer ago than this.
    Reopen {
        /// `None`: however long ago.
        within: Option<SignedDuration>,
    },
    /// A new, linked ticket is opened.
    New,
}

/// `same_mail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameMail {
    /// Each queue that it reaches has a ticket of its own, and they are linked.
    OnePerQueue,
    /// It is a duplicate.
    One,
}

/// `followups_from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowupsFrom {
    /// Participants and agents.
    Participants,
    /// Anyone.
    Anyone,
}
