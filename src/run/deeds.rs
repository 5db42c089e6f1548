//! Deeds: carries a decision out in the books. What is to be done was decided before.

use jiff::Timestamp;

use crate::model::decision::{Decision, Effect, Marks, Trust};
use crate::model::ids::{Digest, QueueSlug, TicketId, TicketRef};
use crate::model::item::ItemKey;
use crate::model::mail::Mail;
use crate::model::outcome::Reason;
use crate::model::ticket::{Role, Status};
use crate::policy::{self, Queue};
use crate::store::{Books, KeepRaw, NewMessage, NewParticipant, NewTicket, Source, StoreError};

use super::notices::Notices;

/// A mail with what the books want to know of it besides.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) mail: &'a Mail,
    pub(super) raw: &'a [u8],
    pub(super) raw_sha256: Digest,
    pub(super) received_at: Timestamp,
    pub(super) item: (&'a Source, &'a ItemKey),
    pub(super) at: Timestamp,
    pub(super) queues: &'a [Queue],
    pub(super) keep_raw: KeepRaw,
    /// How people are told; `None` where nobody is.
    pub(super) notices: Option<Notices<'a>>,
}

/// Carries `decision` out and tells the ticket that the mail is on now, or was before.
pub(super) fn carry_out(
    decision: &Decision,
    arrival: &Arrival<'_>,
    books: &mut dyn Books,
) -> Result<Option<TicketRef>, StoreError> {
    match decision {
        Decision::Create { queue, linked, marks, .. } => {
            let (id, message) = create(queue, marks, arrival, books)?;
            link(id, linked, arrival, books)?;
            let ticket = TicketRef { queue: queue.clone(), id };
            tell(decision, (&ticket, message), arrival, books)?;
            Ok(Some(ticket))
        }
        Decision::Update { ticket, queue, effect, trust, linked, .. } => {
            let message = books.append(&message(*ticket, arrival))?;
            if *effect == Effect::Reopen {
                books.set_status(*ticket, Status::Reopened, arrival.at)?;
            }
            if *trust == Trust::Proven {
                join(*ticket, Role::Author, arrival, books)?;
            }
            link(*ticket, linked, arrival, books)?;
            let ticket = TicketRef { queue: queue.clone(), id: *ticket };
            tell(decision, (&ticket, message), arrival, books)?;
            Ok(Some(ticket))
        }
        Decision::Duplicate { ticket: Some(ticket), .. } => {
            let facts = books.ticket(*ticket)?;
            Ok(facts.map(|facts| TicketRef { queue: facts.queue, id: facts.id }))
        }
        // A bounce of an alert has no ticket to be put on.
        Decision::Skip(Reason::Bounce) => {
            arrival.notices.as_ref().map_or(Ok(()), |notices| notices.heed(arrival.at, books)).map(|()| None)
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
) -> Result<(TicketId, i64), StoreError> {
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
    let message = books.append(&message(id, arrival))?;
    Ok((id, message))
}

/// Writes who is told, last of all: by then everybody is on the ticket who joins it.
fn tell(
    decision: &Decision,
    place: (&TicketRef, i64),
    arrival: &Arrival<'_>,
    books: &mut dyn Books,
) -> Result<(), StoreError> {
    let Some(notices) = &arrival.notices else { return Ok(()) };
    notices.write(decision, place, arrival, books)?;
    notices.heed(arrival.at, books)
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
        item: Some(arrival.item),
    }
}
