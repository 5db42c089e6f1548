//! Books that remember what they "did", over a lookup that knows what is really there.
//!
//! So a reply in the same run finds the ticket that the mail before it would have opened. What a savepoint holds is
//! kept apart until it is released; within one message nothing is looked up that the same message wrote.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::model::address;
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{Digest, MailboxName, MessageId, QueueSlug, TicketId};
use crate::model::item::{Acknowledgement, ItemKey, Watermark};
use crate::model::ticket::{Status, TicketFacts};
use crate::store::{
    Books, Fingerprint, LedgerEntry, Lookup, NewMessage, NewParticipant, NewTicket, Source, StoreError,
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

/// What makes two copies of a mail the same: Message-ID and digest, or the octets where there is no Message-ID.
#[derive(PartialEq, Eq, Hash)]
enum Copy {
    Named(QueueSlug, MessageId, Digest),
    Nameless(QueueSlug, Digest),
}

impl Copy {
    fn of(queue: &QueueSlug, id: Option<&MessageId>, digest: Digest, raw: Digest) -> Self {
        match id {
            Some(id) => Self::Named(queue.clone(), id.clone(), digest),
            None => Self::Nameless(queue.clone(), raw),
        }
    }
}

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
        let copy = Copy::of(queue, print.message_id, print.digest, print.raw_sha256);
        match (self.kept.copies.get(&copy), self.base.earlier(queue, print)?) {
            (Some(here), Some(Earlier::OnTicket(there))) => Ok(Some(Earlier::OnTicket(there.max(*here)))),
            (Some(here), _) => Ok(Some(Earlier::OnTicket(*here))),
            (None, there) => Ok(there),
        }
    }

    fn settled(&mut self, source: &Source, keys: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError> {
        let mut settled = self.base.settled(source, keys)?;
        let noted = keys.iter().filter(|key| self.kept.settled.contains(&(source.clone(), (*key).clone())));
        settled.extend(noted.cloned());
        Ok(settled)
    }

    fn attempts(&mut self, source: &Source, key: &ItemKey) -> Result<u32, StoreError> {
        self.base.attempts(source, key)
    }

    fn watermark(&mut self, source: &Source) -> Result<Option<Watermark>, StoreError> {
        self.base.watermark(source)
    }

    /// A dry run owes nothing.
    fn owed(&mut self, _: &Source) -> Result<Vec<Acknowledgement>, StoreError> {
        Ok(Vec::new())
    }

    fn last_success(&mut self, mailbox: &MailboxName) -> Result<Option<Timestamp>, StoreError> {
        self.base.last_success(mailbox)
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
        let mail = message.mail;
        if let Some(ticket) = self.ticket(message.ticket)? {
            let copy = Copy::of(&ticket.queue, mail.message_id.as_ref(), mail.digest, message.raw_sha256);
            self.pending.copies.insert(copy, ticket.id);
        }
        if let Some(id) = &mail.message_id {
            self.pending.messages.insert(id.clone(), message.ticket);
        }
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

/// A store that is not there yet.
pub(super) struct Empty;

impl Lookup for Empty {
    fn ticket(&mut self, _: TicketId) -> Result<Option<TicketFacts>, StoreError> {
        Ok(None)
    }

    fn ticket_of_message(&mut self, _: &MessageId) -> Result<Option<TicketId>, StoreError> {
        Ok(None)
    }

    fn standing(&mut self, _: TicketId, _: &str) -> Result<Standing, StoreError> {
        Ok(Standing::Stranger)
    }

    fn earlier(&mut self, _: &QueueSlug, _: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError> {
        Ok(None)
    }

    fn settled(&mut self, _: &Source, _: &[ItemKey]) -> Result<HashSet<ItemKey>, StoreError> {
        Ok(HashSet::new())
    }

    fn attempts(&mut self, _: &Source, _: &ItemKey) -> Result<u32, StoreError> {
        Ok(0)
    }

    fn watermark(&mut self, _: &Source) -> Result<Option<Watermark>, StoreError> {
        Ok(None)
    }

    fn owed(&mut self, _: &Source) -> Result<Vec<Acknowledgement>, StoreError> {
        Ok(Vec::new())
    }

    fn last_success(&mut self, _: &MailboxName) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    fn next_ticket(&mut self) -> Result<TicketId, StoreError> {
        Ok(TicketId(1))
    }
}
