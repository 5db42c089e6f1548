//! Facts: asks the store for what a mail's evidence leads to.

use std::collections::HashSet;

use crate::model::evidence::{Named, Reference};
use crate::model::found::{Candidate, Earlier, Found, Standing};
use crate::model::ids::{QueueSlug, TicketId};
use crate::model::ticket::TicketFacts;
use crate::store::{Fingerprint, Lookup, StoreError};

/// Looks up each reference, and whether the mail was met before in `queue`.
pub(super) fn gather(
    lookup: &mut dyn Lookup,
    references: Vec<Reference>,
    author: Option<&str>,
    queue: &QueueSlug,
    print: &Fingerprint<'_>,
) -> Result<Found, StoreError> {
    let earlier = lookup.earlier(queue, print)?;
    let mut candidates = Vec::with_capacity(references.len());
    for reference in references {
        let ticket = named(lookup, &reference.names)?;
        let standing = match (&ticket, author) {
            (Some(ticket), Some(author)) => lookup.standing(ticket.id, author)?,
            _ => Standing::Stranger,
        };
        let twin = match ticket.as_ref().filter(|ticket| ticket.queue != *queue) {
            Some(ticket) => twin(lookup, &ticket.queue, print)?,
            None => None,
        };
        candidates.push(Candidate { reference, ticket, standing, twin });
    }
    Ok(Found { candidates, earlier })
}

/// A ticket of another queue that holds the same mail: it went to several mailboxes and names that queue in each.
fn twin(
    lookup: &mut dyn Lookup,
    queue: &QueueSlug,
    print: &Fingerprint<'_>,
) -> Result<Option<TicketId>, StoreError> {
    Ok(match lookup.earlier(queue, print)? {
        Some(Earlier::OnTicket(ticket)) => Some(ticket),
        Some(Earlier::Settled { .. }) | None => None,
    })
}

fn named(lookup: &mut dyn Lookup, names: &Named) -> Result<Option<TicketFacts>, StoreError> {
    let ticket = match names {
        Named::Ticket { queue, id } => {
            let ticket = lookup.ticket(*id)?;
            ticket.filter(|ticket| queue.as_ref().is_none_or(|queue| *queue == ticket.queue))
        }
        Named::Message(id) => match lookup.ticket_of_message(id)? {
            Some(ticket) => lookup.ticket(ticket)?,
            None => None,
        },
    };
    match ticket {
        Some(ticket) => end_of_merges(lookup, ticket),
        None => Ok(None),
    }
}

/// Follows merges to the ticket that is left; a circle, which the store does not make, ends where it closes.
fn end_of_merges(lookup: &mut dyn Lookup, first: TicketFacts) -> Result<Option<TicketFacts>, StoreError> {
    let mut met: HashSet<TicketId> = HashSet::from([first.id]);
    let mut ticket = first;
    while let Some(next) = ticket.merged_into {
        match lookup.ticket(next)? {
            Some(target) if met.insert(target.id) => ticket = target,
            _ => break,
        }
    }
    Ok(Some(ticket))
}
