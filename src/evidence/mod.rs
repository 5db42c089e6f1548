//! Evidence: which tickets a mail names, strongest first (contract section 4).
//!
//! Pure: whether what is named exists is the store's to say, whether it counts the policy's.
//! At most [`MAX_NAMES`](crate::model::mail::MAX_NAMES) ids of a thread and [`MAX_NUMBERS`] numbers of each kind are followed; a mail that names
//! more is not a reply a person wrote, and every name costs a lookup.

mod recipient;
mod subject;
mod thread;
mod token;

pub use token::Signer;

use crate::model::address;
use crate::model::evidence::{Evidence, Named, Reference};
use crate::model::ids::{QueueSlug, TicketRef};
use crate::model::mail::Mail;

/// The most ticket numbers that are followed of subject, recipients or headers each.
pub const MAX_NUMBERS: usize = 20;

/// A queue as far as it can be recognised in a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// Its slug.
    pub slug: QueueSlug,
    /// Its addresses.
    pub addresses: Vec<String>,
}

/// What evidence is reckoned against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The queue of the mailbox; its tags come before those of other queues.
    pub own: &'a QueueSlug,
    /// Every queue.
    pub desks: &'a [Desk],
    /// Whether `X-Helpdesk-Ticket` counts.
    pub headers: HeaderTrust,
    /// Checks our signatures; a dry run without a store has none.
    pub signer: Option<&'a Signer>,
}

/// Whether headers that anybody could write are evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderTrust {
    /// The mailbox is fed by a program of ours.
    Trusted,
    /// They are passed over.
    Untrusted,
}

/// All evidence in `mail`, strongest first.
pub fn of(mail: &Mail, context: &Context<'_>) -> Vec<Reference> {
    let mut all = Vec::new();
    if let Some(signer) = context.signer {
        all.extend(thread::tokens(mail, |id| signer.ticket_of_message_id(id)));
        all.extend(recipient::tokens(mail, |address| signer.ticket_of_address(address)));
    }
    all.extend(thread::messages(mail));
    all.extend(thread::itself(mail));
    if context.headers == HeaderTrust::Trusted {
        all.extend(headers(mail, |slug| known(context.desks, slug)));
    }
    all.extend(recipient::numbers(mail, |base| {
        let base = address::key(base);
        let owns = |desk: &&Desk| desk.addresses.iter().any(|own| address::key(own) == base);
        context.desks.iter().find(owns).map(|desk| desk.slug.clone())
    }));
    let (own, others): (Vec<_>, Vec<_>) = subjects(mail)
        .filter(|tag| known(context.desks, &tag.queue))
        .partition(|tag| tag.queue == *context.own);
    all.extend(own.into_iter().chain(others).take(MAX_NUMBERS).map(|tag| reference(Evidence::Subject, tag)));
    all
}

/// All that looks like evidence, without knowing queues or secrets: what `inspect` shows.
///
/// A [`Evidence::Token`] among it is unverified.
pub fn unverified(mail: &Mail) -> Vec<Reference> {
    let mut all: Vec<Reference> = thread::tokens(mail, token::claimed_by_message_id).collect();
    all.extend(recipient::tokens(mail, token::claimed_by_address));
    all.extend(headers(mail, |_| true));
    all.extend(recipient::numbers(mail, |base| base.split('@').next().and_then(|local| local.parse().ok())));
    all.extend(subjects(mail).take(MAX_NUMBERS).map(|tag| reference(Evidence::Subject, tag)));
    all
}

/// Whether we sent `mail` ourselves: its Message-ID carries our signature.
pub fn is_ours(mail: &Mail, signer: &Signer) -> bool {
    mail.message_id.as_ref().is_some_and(|id| signer.ticket_of_message_id(id).is_some())
}

fn headers(mail: &Mail, knows: impl Fn(&QueueSlug) -> bool) -> impl Iterator<Item = Reference> {
    mail.ticket_headers
        .iter()
        .take(MAX_NUMBERS)
        .filter_map(|value| subject::ticket(value.trim()))
        .filter(move |tag| knows(&tag.queue))
        .map(|tag| reference(Evidence::Header, tag))
}

/// The tags of the subject, then those of the mail which a notice says was not delivered.
fn subjects(mail: &Mail) -> impl Iterator<Item = TicketRef> {
    let own: Vec<TicketRef> = subject::tags(&mail.subject).collect();
    let bounced = mail.bounce.iter().filter_map(|bounce| bounce.original_subject.as_deref());
    let bounced: Vec<TicketRef> =
        bounced.flat_map(subject::tags).take(MAX_NUMBERS).filter(|tag| !own.contains(tag)).collect();
    own.into_iter().chain(bounced)
}

fn known(desks: &[Desk], slug: &QueueSlug) -> bool {
    desks.iter().any(|desk| desk.slug == *slug)
}

fn reference(evidence: Evidence, tag: TicketRef) -> Reference {
    Reference { evidence, names: Named::Ticket { queue: Some(tag.queue), id: tag.id } }
}

#[cfg(test)]
mod tests;
