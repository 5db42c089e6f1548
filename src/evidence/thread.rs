//! Threads: the ids of `In-Reply-To` and `References` (RFC 5322 section 3.6.4).

use crate::model::evidence::{Evidence, Named, Reference};
use crate::model::ids::{MessageId, TicketId};
use crate::model::mail::Mail;

use super::MAX_THREAD;

/// Ids that carry our signature, nearest first.
pub(super) fn tokens(
    mail: &Mail,
    ticket: impl Fn(&MessageId) -> Option<TicketId>,
) -> impl Iterator<Item = Reference> {
    nearest(mail)
        .filter_map(move |(_, id)| ticket(id))
        .map(|id| Reference { evidence: Evidence::Token, names: Named::Ticket { queue: None, id } })
}

/// Every id, nearest first, to be looked for on tickets.
pub(super) fn messages(mail: &Mail) -> impl Iterator<Item = Reference> {
    nearest(mail).map(|(evidence, id)| Reference { evidence, names: Named::Message(id.clone()) })
}

/// The mail that bounced, `In-Reply-To`, then `References` from its end, where the message stands that was answered.
fn nearest(mail: &Mail) -> impl Iterator<Item = (Evidence, &MessageId)> {
    let bounced = mail.bounce.iter().filter_map(|bounce| bounce.original_message_id.as_ref());
    let parents = bounced.chain(&mail.in_reply_to).map(|id| (Evidence::InReplyTo, id));
    let ancestors = mail.references.iter().rev().map(|id| (Evidence::References, id));
    parents
        .chain(ancestors.filter(|(_, id)| !mail.in_reply_to.contains(id)))
        .filter(|(_, id)| mail.message_id.as_ref() != Some(*id))
        .take(MAX_THREAD)
}
