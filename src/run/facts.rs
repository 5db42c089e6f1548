//! Facts: asks the store for what a mail's evidence leads to.

use std::collections::HashSet;

use crate::model::evidence::{Named, Reference};
use crate::model::found::{Candidate, Earlier, Found, Standing};
use crate::model::ids::{MessageId, QueueSlug, TicketId};
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
    let copies = Copies::of(lookup, print)?;
    let earlier = match copies.within(queue) {
        Some(ticket) => Some(Earlier::OnTicket(ticket)),
        None => lookup.settled_before(print)?,
    };
    let mut candidates = Vec::with_capacity(references.len());
    for reference in references {
        let tickets = named(lookup, &reference.names, queue, &copies)?;
        if tickets.is_empty() {
            let reference = reference.clone();
            candidates.push(Candidate { reference, ticket: None, standing: Standing::Stranger, twin: None });
        }
        for ticket in tickets {
            let standing = author.map(|author| lookup.standing(ticket.id, author)).transpose()?;
            candidates.push(Candidate {
                reference: reference.clone(),
                standing: standing.unwrap_or(Standing::Stranger),
                twin: if ticket.queue == *queue { None } else { copies.within(&ticket.queue) },
                ticket: Some(ticket),
            });
        }
    }
    Ok(Found { candidates, earlier, elsewhere: copies.elsewhere(queue) })
}

/// The tickets that hold the same mail.
struct Copies {
    /// Those that it came to, newest first.
    tickets: Vec<TicketFacts>,
    /// What became of each by merges.
    ends: Vec<TicketFacts>,
}

impl Copies {
    fn of(lookup: &mut dyn Lookup, print: &Fingerprint<'_>) -> Result<Self, StoreError> {
        let tickets = lookup.copies(print)?;
        let ends = ends_of_merges(lookup, tickets.clone())?;
        Ok(Self { tickets, ends })
    }

    /// The ticket of a queue that holds the mail.
    fn within(&self, queue: &QueueSlug) -> Option<TicketId> {
        self.tickets.iter().chain(&self.ends).find(|ticket| ticket.queue == *queue).map(|ticket| ticket.id)
    }

    /// The tickets of other queues that hold it.
    fn elsewhere(&self, queue: &QueueSlug) -> Vec<TicketFacts> {
        self.ends.iter().filter(|ticket| ticket.queue != *queue).cloned().collect()
    }
}

/// What is named, at the end of any merges.
fn named(
    lookup: &mut dyn Lookup,
    names: &Named,
    queue: &QueueSlug,
    copies: &Copies,
) -> Result<Vec<TicketFacts>, StoreError> {
    let tickets = match names {
        Named::Ticket { queue, id } => {
            let ticket = lookup.ticket(*id)?;
            ticket
                .filter(|ticket| queue.as_ref().is_none_or(|queue| *queue == ticket.queue))
                .into_iter()
                .collect()
        }
        Named::Message(id) => holding(lookup, id, queue)?.into_iter().collect(),
        Named::Itself(id) => naming(lookup, id, queue, copies)?,
    };
    ends_of_merges(lookup, tickets)
}

/// The ticket that holds a message: of the own queue, where there is one in each, and of several the newest.
fn holding(
    lookup: &mut dyn Lookup,
    id: &MessageId,
    queue: &QueueSlug,
) -> Result<Option<TicketFacts>, StoreError> {
    Ok(own_first(lookup.holding(id)?, queue).into_iter().next())
}

/// The tickets that name a mail which is missing there, those of the own queue first.
///
/// Once a mail with that id is on a ticket, no other gets in by it: not one that uses the id again, and the same mail,
/// which went to several queues, only where its own queue lacks it.
fn naming(
    lookup: &mut dyn Lookup,
    id: &MessageId,
    queue: &QueueSlug,
    copies: &Copies,
) -> Result<Vec<TicketFacts>, StoreError> {
    let mut tickets = own_first(lookup.naming(id)?, queue);
    if tickets.is_empty() {
        return Ok(tickets);
    }
    match holding(lookup, id, queue)? {
        None => {}
        Some(holder) if holder.queue != *queue && !copies.tickets.is_empty() => {
            tickets.retain(|ticket| ticket.queue == *queue);
        }
        Some(_) => tickets.clear(),
    }
    Ok(tickets)
}

fn own_first(mut tickets: Vec<TicketFacts>, queue: &QueueSlug) -> Vec<TicketFacts> {
    tickets.sort_by_key(|ticket| ticket.queue != *queue);
    tickets
}

/// The tickets that are left of these, each once.
fn ends_of_merges(
    lookup: &mut dyn Lookup,
    tickets: Vec<TicketFacts>,
) -> Result<Vec<TicketFacts>, StoreError> {
    let mut ends: Vec<TicketFacts> = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let end = end_of_merges(lookup, ticket)?;
        if ends.iter().all(|other| other.id != end.id) {
            ends.push(end);
        }
    }
    Ok(ends)
}

/// Follows merges to the ticket that is left; a circle, which the store does not make, ends where it closes.
fn end_of_merges(lookup: &mut dyn Lookup, first: TicketFacts) -> Result<TicketFacts, StoreError> {
    let mut met: HashSet<TicketId> = HashSet::from([first.id]);
    let mut ticket = first;
    while let Some(next) = ticket.merged_into {
        match lookup.ticket(next)? {
            Some(target) if met.insert(target.id) => ticket = target,
            _ => break,
        }
    }
    Ok(ticket)
}
