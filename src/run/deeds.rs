//! Deeds: carries a decision out in the books. What is to be done was decided before.

use jiff::Timestamp;

use crate::model::decision::{Decision, Effect, Marks, Trust};
use crate::model::ids::{Digest, QueueSlug, TicketId, TicketRef};
use crate::model::mail::Mail;
use crate::model::ticket::{Role, Status};
use crate::policy::{self, Queue};
use crate::store::{Books, KeepRaw, NewMessage, NewParticipant, NewTicket, StoreError};

/// A mail with what the books want to know of it besides.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) mail: &'a Mail,
    pub(super) raw: &'a [u8],
    pub(super) raw_sha256: Digest,
    pub(super) received_at: Timestamp,
    pub(super) at: Timestamp,
    pub(super) queues: &'a [Queue],
    pub(super) keep_raw: KeepRaw,
}

/// Carries `decision` out and tells the ticket that the mail is on now, or was before.
pub(super) fn carry_out(
    decision: &Decision,
    arrival: &Arrival<'_>,
    books: &mut dyn Books,
) -> Result<Option<TicketRef>, StoreError> {
    match decision {
        Decision::Create { queue, linked, marks, .. } => {
            let id = create(queue, marks, arrival, books)?;
            link(id, linked, arrival, books)?;
            Ok(Some(TicketRef { queue: queue.clone(), id }))
        }
        Decision::Update { ticket, queue, effect, trust, linked, .. } => {
            books.append(&message(*ticket, arrival))?;
            if *effect == Effect::Reopen {
                books.set_status(*ticket, Status::Reopened, arrival.at)?;
            }
            if *trust == Trust::Proven {
                join(*ticket, Role::Author, arrival, books)?;
            }
            link(*ticket, linked, arrival, books)?;
            Ok(Some(TicketRef { queue: queue.clone(), id: *ticket }))
        }
        Decision::Duplicate { ticket: Some(ticket), .. } => {
            let facts = books.ticket(*ticket)?;
            Ok(facts.map(|facts| TicketRef { queue: facts.queue, id: facts.id }))
        }
        Decision::Duplicate { ticket: None, .. }
        | Decision::Skip(_)
        | Decision::Ignore(_)
        | Decision::Defer(_)
        | Decision::Fail(_) => Ok(None),
    }
}

fn create(
    queue: &QueueSlug,
    marks: &Marks,
    arrival: &Arrival<'_>,
    books: &mut dyn Books,
) -> Result<TicketId, StoreError> {
    let mail = arrival.mail;
    let title = if mail.subject.trim().is_empty() { "(no subject)" } else { mail.subject.as_str() };
    let of_queue = arrival.queues.iter().find(|own| own.slug == *queue).map_or(3, |own| own.priority);
    let priority = marks.priority.unwrap_or(of_queue);
    let requester = policy::author(mail, arrival.queues);
    let id = books.open_ticket(&NewTicket {
        queue,
        title,
        priority,
        tags: &marks.tags,
        notify: marks.notify.unwrap_or(true),
        requester,
        at: arrival.at,
    })?;
    join(id, Role::Requester, arrival, books)?;
    books.append(&message(id, arrival))?;
    Ok(id)
}

fn link(
    ticket: TicketId,
    others: &[TicketId],
    arrival: &Arrival<'_>,
    books: &mut dyn Books,
) -> Result<(), StoreError> {
    others.iter().try_for_each(|other| books.link(ticket, *other, arrival.at))
}

fn join(
    ticket: TicketId,
    author: Role,
    arrival: &Arrival<'_>,
    books: &mut dyn Books,
) -> Result<(), StoreError> {
    for (address, role) in policy::participants(arrival.mail, arrival.queues, author) {
        books.join(ticket, &NewParticipant { address, role, at: arrival.at })?;
    }
    Ok(())
}

/// The raw octets are kept where they are wanted, and where the mail is odd: then they are the only whole copy.
fn message<'a>(ticket: TicketId, arrival: &Arrival<'a>) -> NewMessage<'a> {
    let keep = match arrival.keep_raw {
        KeepRaw::All => true,
        KeepRaw::Failed => !arrival.mail.defects.is_empty(),
    };
    NewMessage {
        ticket,
        mail: arrival.mail,
        author: policy::author(arrival.mail, arrival.queues),
        raw: keep.then_some(arrival.raw),
        raw_sha256: arrival.raw_sha256,
        received_at: arrival.received_at,
        at: arrival.at,
    }
}
