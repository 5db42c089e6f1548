//! Books that remember what they "did", over a lookup that knows what is really there.
//!
//! So a reply in the same run finds the ticket that the mail before it would have opened. What a savepoint holds is
//! kept apart until it is released; within one message nothing is looked up that the same message wrote.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::model::address;
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{Digest, MailboxName, MessageId, QueueSlug, TicketId};
use crate::model::item::{Acknowledgement, Baseline, ItemKey, Watermark};
use crate::model::ticket::{Status, TicketFacts};
use crate::store::{
    Books, Fingerprint, LedgerEntry, Lookup, MailboxState, NewMessage, NewParticipant, NewTicket, Source,
    StoreError,
};

/// Books of which nothing is left.
pub(super) struct Notebook {
    base: Box<dyn Lookup + Send>,
    kept: Notes,
    pending: Notes,
    next: TicketId,
}

#[derive(Default)]
struct Notes {
    tickets: HashMap<TicketId, TicketFacts>,
    messages: HashMap<MessageId, TicketId>,
    participants: HashSet<(TicketId, String)>,
    copies: HashMap<Copy, TicketId>,
    settled: HashSet<(Source, ItemKey)>,
}

/// What makes two copies of a mail the same: queue, Message-ID and digest.
type Copy = (QueueSlug, MessageId, Digest);

impl Notebook {
    pub(super) fn over(mut base: Box<dyn Lookup + Send>) -> Result<Self, StoreError> {
        let next = base.next_ticket()?;
        Ok(Self { base, kept: Notes::default(), pending: Notes::default(), next })
    }
}

impl Lookup for Notebook {
    fn ticket(&mut self, id: TicketId) -> Result<Option<TicketFacts>, StoreError> {
        match self.pending.tickets.get(&id).or_else(|| self.kept.tickets.get(&id)) {
            Some(ticket) => Ok(Some(ticket.clone())),
            None => self.base.ticket(id),
        }
    }

    fn ticket_of_message(&mut self, id: &MessageId) -> Result<Option<TicketId>, StoreError> {
        let there = self.base.ticket_of_message(id)?;
        Ok(self.kept.messages.get(id).copied().max(there))
    }

    fn standing(&mut self, ticket: TicketId, address: &str) -> Result<Standing, StoreError> {
        if self.kept.participants.contains(&(ticket, address.to_owned())) {
            return Ok(Standing::Participant);
        }
        self.base.standing(ticket, address)
    }

    fn earlier(&mut self, queue: &QueueSlug, print: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError> {
        let copy = print.message_id.map(|id| (queue.clone(), id.clone(), print.digest));
        let here = copy.and_then(|copy| self.kept.copies.get(&copy).copied());
        match (here, self.base.earlier(queue, print)?) {
            (Some(here), Some(Earlier::OnTicket(there))) => Ok(Some(Earlier::OnTicket(there.max(here)))),
            (Some(here), _) => Ok(Some(Earlier::OnTicket(here))),
            (None, there) => Ok(there),
        }
    }

    fn former(&mut self, source: &Source, configured: &[MailboxName]) -> Result<Option<Source>, StoreError> {
        self.base.former(source, configured)
    }

    fn settled(&mut self, source: &Source, keys: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError> {
        let mut settled = self.base.settled(source, keys)?;
        let noted = keys.iter().filter(|key| self.kept.settled.contains(&(source.clone(), (*key).clone())));
        settled.extend(noted.cloned());
        Ok(settled)
    }

    fn deferred(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        self.base.deferred(source)
    }

    fn attempts(&mut self, source: &Source, key: &ItemKey) -> Result<u32, StoreError> {
        self.base.attempts(source, key)
    }

    fn in_flight(&mut self, source: &Source) -> Result<Vec<(ItemKey, u32)>, StoreError> {
        self.base.in_flight(source)
    }

    fn watermark(&mut self, source: &Source) -> Result<Option<Watermark>, StoreError> {
        self.base.watermark(source)
    }

    fn baseline(&mut self, source: &Source) -> Result<Option<Baseline>, StoreError> {
        self.base.baseline(source)
    }

    /// A dry run owes nothing.
    fn owed(&mut self, _: &Source) -> Result<Vec<Acknowledgement>, StoreError> {
        Ok(Vec::new())
    }

    fn mailbox_state(&mut self, mailbox: &MailboxName) -> Result<MailboxState, StoreError> {
        self.base.mailbox_state(mailbox)
    }

    fn next_ticket(&mut self) -> Result<TicketId, StoreError> {
        Ok(self.next)
    }
}

impl Books for Notebook {
    fn savepoint(&mut self) -> Result<(), StoreError> {
        self.pending = Notes::default();
        Ok(())
    }

    fn release(&mut self) -> Result<(), StoreError> {
        let Notes { tickets, messages, participants, copies, settled } = std::mem::take(&mut self.pending);
        let opened = tickets.keys().map(|id| TicketId(id.0 + 1)).max();
        self.next = self.next.max(opened.unwrap_or(self.next));
        self.kept.tickets.extend(tickets);
        for (id, ticket) in messages {
            let newest = self.kept.messages.entry(id).or_insert(ticket);
            *newest = ticket.max(*newest);
        }
        self.kept.participants.extend(participants);
        self.kept.copies.extend(copies);
        self.kept.settled.extend(settled);
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.pending = Notes::default();
        Ok(())
    }

    fn open_ticket(&mut self, ticket: &NewTicket<'_>) -> Result<TicketId, StoreError> {
        let facts = TicketFacts {
            id: self.next,
            queue: ticket.queue.clone(),
            status: Status::Open,
            status_since: ticket.at,
            merged_into: None,
        };
        self.pending.tickets.insert(self.next, facts);
        if let Some(requester) = ticket.requester {
            self.pending.participants.insert((self.next, requester.key()));
        }
        Ok(self.next)
    }

    fn append(&mut self, message: &NewMessage<'_>) -> Result<(), StoreError> {
        let Some(id) = &message.mail.message_id else { return Ok(()) };
        if let Some(ticket) = self.ticket(message.ticket)? {
            self.pending.copies.insert((ticket.queue, id.clone(), message.mail.digest), ticket.id);
        }
        self.pending.messages.insert(id.clone(), message.ticket);
        Ok(())
    }

    fn set_status(&mut self, ticket: TicketId, status: Status, at: Timestamp) -> Result<(), StoreError> {
        if let Some(facts) = self.ticket(ticket)? {
            self.pending.tickets.insert(ticket, TicketFacts { status, status_since: at, ..facts });
        }
        Ok(())
    }

    fn join(&mut self, ticket: TicketId, participant: &NewParticipant<'_>) -> Result<(), StoreError> {
        self.pending.participants.insert((ticket, address::key(&participant.address.address)));
        Ok(())
    }

    fn link(&mut self, _: TicketId, _: TicketId, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    fn record(&mut self, entry: &LedgerEntry<'_>) -> Result<(), StoreError> {
        if entry.outcome.is_settled() {
            self.pending.settled.insert((entry.source.clone(), entry.key.clone()));
        }
        Ok(())
    }
}
