//! From a row to what a mail is composed of.

use crate::evidence::Signer;
use crate::model::address::Address;
use crate::model::ids::QueueSlug;
use crate::model::notification::Notification;
use crate::store::Claimed;

/// As whom, and how, a queue writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The queue.
    pub queue: QueueSlug,
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

/// All that the mail of a row is composed of, save for the files.
pub(super) fn notification(row: &Claimed, voice: &Voice, signer: &Signer) -> Notification {
    let quotes = row.occasion.quotes();
    let reply_to =
        voice.plus_addressing.then(|| signer.reply_address(&voice.address, row.ticket.id)).flatten();
    Notification {
        occasion: row.occasion,
        locale: voice.locale.clone(),
        ticket: row.ticket.clone(),
        title: row.title.clone(),
        queue: row.ticket.queue.clone(),
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
