//! Books that remember what they "did", over a lookup that knows what is really there.
//!
//! So a reply in the same run finds the ticket that the mail before it would have opened. What a savepoint holds is
//! kept apart until it is released; within one message nothing is looked up that the same message wrote.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use jiff::Timestamp;

use crate::model::address;
use crate::model::found::{Earlier, Standing};
use crate::model::ids::{Digest, MailboxName, MessageId, TicketId};
use crate::model::item::{Acknowledgement, Baseline, ItemKey, Watermark};
use crate::model::ticket::{Status, TicketFacts};
use crate::store::{
    Books, Fingerprint, LedgerEntry, Lookup, MailboxState, NewEvent, NewMessage, NewParticipant, NewTicket,
    SEVERAL, Source, StoreError,
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
    messages: HashMap<MessageId, BTreeSet<TicketId>>,
    references: HashMap<MessageId, BTreeSet<TicketId>>,
    copies: HashMap<Copy, BTreeSet<TicketId>>,
    participants: HashSet<(TicketId, String)>,
    settled: HashSet<(Source, ItemKey)>,
}

/// What makes two copies of a mail the same.
type Copy = (MessageId, Digest);

impl Notebook {
    pub(super) fn over(mut base: Box<dyn Lookup + Send>) -> Result<Self, StoreError> {
        let next = base.next_ticket()?;
        Ok(Self { base, kept: Notes::default(), pending: Notes::default(), next })
    }

    /// These tickets and those noted, as they are now, newest first.
    fn with(
        &mut self,
        there: Vec<TicketFacts>,
        noted: Option<BTreeSet<TicketId>>,
    ) -> Result<Vec<TicketFacts>, StoreError> {
        let mut ids = noted.unwrap_or_default();
        ids.extend(there.into_iter().map(|ticket| ticket.id));
        let tickets = ids.into_iter().rev().map(|id| self.ticket(id)).collect::<Result<Vec<_>, _>>()?;
        Ok(tickets.into_iter().flatten().collect())
    }
}

impl Lookup for Notebook {
    fn ticket(&mut self, id: TicketId) -> Result<Option<TicketFacts>, StoreError> {
        match self.pending.tickets.get(&id).or_else(|| self.kept.tickets.get(&id)) {
            Some(ticket) => Ok(Some(ticket.clone())),
            None => self.base.ticket(id),
        }
    }

    fn holding(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        let there = self.base.holding(id)?;
        let mut tickets = self.with(there, self.kept.messages.get(id).cloned())?;
        tickets.truncate(SEVERAL);
        Ok(tickets)
    }

    fn naming(&mut self, id: &MessageId) -> Result<Vec<TicketFacts>, StoreError> {
        let there = self.base.naming(id)?;
        let mut tickets = self.with(there, self.kept.references.get(id).cloned())?;
        tickets.truncate(SEVERAL);
        Ok(tickets)
    }

    fn copies(&mut self, print: &Fingerprint<'_>) -> Result<Vec<TicketFacts>, StoreError> {
        let there = self.base.copies(print)?;
        let noted = print.message_id.and_then(|id| self.kept.copies.get(&(id.clone(), print.digest)));
        self.with(there, noted.cloned())
    }

    fn standing(&mut self, ticket: TicketId, address: &str) -> Result<Standing, StoreError> {
        if self.kept.participants.contains(&(ticket, address.to_owned())) {
            return Ok(Standing::Participant);
        }
        self.base.standing(ticket, address)
    }

    fn settled_before(&mut self, print: &Fingerprint<'_>) -> Result<Option<Earlier>, StoreError> {
        self.base.settled_before(print)
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
        let Notes { tickets, messages, references, copies, participants, settled } =
            std::mem::take(&mut self.pending);
        let opened = tickets.keys().map(|id| TicketId(id.0 + 1)).max();
        self.next = self.next.max(opened.unwrap_or(self.next));
        self.kept.tickets.extend(tickets);
        merge(&mut self.kept.messages, messages);
        merge(&mut self.kept.references, references);
        merge(&mut self.kept.copies, copies);
        self.kept.participants.extend(participants);
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

    fn append(&mut self, message: &NewMessage<'_>) -> Result<i64, StoreError> {
        let NewMessage { ticket, mail, .. } = message;
        for named in mail.names() {
            self.pending.references.entry(named.clone()).or_default().insert(*ticket);
        }
        if let Some(id) = &mail.message_id {
            self.pending.messages.entry(id.clone()).or_default().insert(*ticket);
            self.pending.copies.entry((id.clone(), mail.digest)).or_default().insert(*ticket);
        }
        // Nothing speaks of a message that is noted here.
        Ok(0)
    }

    fn set_status(&mut self, ticket: TicketId, status: Status, at: Timestamp) -> Result<(), StoreError> {
        match self.ticket(ticket)? {
            Some(facts) => {
                let status_since = if facts.status == status { facts.status_since } else { at };
                self.pending.tickets.insert(ticket, TicketFacts { status, status_since, ..facts });
                Ok(())
            }
            None => Err(StoreError::Missing { what: format!("ticket {ticket}") }),
        }
    }

    fn join(&mut self, ticket: TicketId, participant: &NewParticipant<'_>) -> Result<(), StoreError> {
        self.pending.participants.insert((ticket, address::key(&participant.address.address)));
        Ok(())
    }

    fn link(&mut self, _: TicketId, _: TicketId, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    /// Nobody is told of what is only said.
    fn announce(&mut self, _: &NewEvent) -> Result<(), StoreError> {
        Ok(())
    }

    fn record(&mut self, entry: &LedgerEntry<'_>) -> Result<(), StoreError> {
        if entry.outcome.is_settled() {
            self.pending.settled.insert((entry.source.clone(), entry.key.clone()));
        }
        Ok(())
    }
}

/// Adds what is pending to what is kept.
fn merge<K: Eq + Hash>(kept: &mut HashMap<K, BTreeSet<TicketId>>, pending: HashMap<K, BTreeSet<TicketId>>) {
    for (key, tickets) in pending {
        kept.entry(key).or_default().extend(tickets);
    }
}

#[cfg(test)]
mod tests;
