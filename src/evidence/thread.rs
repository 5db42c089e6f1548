//! Threads: the ids of `In-Reply-To` and `References` (RFC 5322 section 3.6.4).

use crate::model::evidence::{Evidence, Named, Reference};
use crate::model::ids::{MessageId, TicketId};
use crate::model::mail::{MAX_NAMES, Mail};

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

/// The mail itself, to be looked for among what messages on tickets name.
pub(super) fn itself(mail: &Mail) -> Option<Reference> {
    let id = mail.message_id.clone()?;
    Some(Reference { evidence: Evidence::ReferencedBy, names: Named::Itself(id) })
}

/// The mail that bounced, `In-Reply-To`, then `References` from its end, where the message stands that was answered.
fn nearest(mail: &Mail) -> impl Iterator<Item = (Evidence, &MessageId)> {
    let bounced = mail.bounce.iter().filter_map(|bounce| bounce.original_message_id.as_ref());
    let bounced =
        bounced.filter(|id| mail.message_id.as_ref() != Some(*id)).map(|id| (Evidence::InReplyTo, id));
    let named = mail.names().map(|id| match mail.in_reply_to.contains(id) {
        true => (Evidence::InReplyTo, id),
        false => (Evidence::References, id),
    });
    bounced.chain(named).take(MAX_NAMES)
}
