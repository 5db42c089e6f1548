//! From a row to what a mail is composed of.

use crate::evidence::Signer;
use crate::model::address::Address;
use crate::model::ids::{QueueSlug, TicketRef};
use crate::model::notification::{About, AlertMail, Notification, Occasion};
use crate::store::Claimed;

/// As whom, and how, a queue writes, or the program itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The queue; `None` for the alerts of the program.
    pub queue: Option<QueueSlug>,
    /// The name of its back end.
    pub way: String,
    /// The queue's name for people.
    pub title: String,
    /// Its address.
    pub address: String,
    /// Its language, as BCP 47 writes it.
    pub locale: String,
    /// Whether answers go to a signed address of the ticket.
    pub plus_addressing: bool,
    /// Files of so many octets go along, all together; 0: none are looked at.
    pub attach_files: u64,
}

impl Voice {
    /// Whether it writes of that.
    pub(super) fn speaks_of(&self, about: &About) -> bool {
        self.queue.as_ref() == about.ticket().map(|ticket| &ticket.queue)
    }
}

/// The alert of a row.
pub(super) fn alert(row: &Claimed, voice: &Voice) -> AlertMail {
    AlertMail {
        from: Address { name: Some(voice.title.clone()), address: voice.address.clone() },
        to: row.to.clone(),
        message_id: row.message_id.clone(),
        subject: row.title.clone(),
        text: row.text.clone().unwrap_or_default(),
    }
}

/// All that the mail of a row is composed of, save for the files. What answers the author of a mail quotes nothing.
pub(super) fn notification(
    row: &Claimed,
    (ticket, occasion): (&TicketRef, Occasion),
    voice: &Voice,
    signer: &Signer,
) -> Notification {
    let quotes = occasion.quotes();
    let reply_to = voice.plus_addressing.then(|| signer.reply_address(&voice.address, ticket.id)).flatten();
    Notification {
        occasion,
        locale: voice.locale.clone(),
        ticket: ticket.clone(),
        title: row.title.clone(),
        queue: ticket.queue.clone(),
        queue_title: voice.title.clone(),
        from: Address { name: Some(voice.title.clone()), address: voice.address.clone() },
        to: row.to.clone(),
        reply_to,
        message_id: row.message_id.clone(),
        in_reply_to: row.in_reply_to.clone(),
        references: row.references.clone(),
        author: row.author.clone().filter(|_| quotes),
        text: row.text.clone().filter(|_| quotes),
        files: Vec::new(),
        other: row.other.clone(),
    }
}
