//! Which ticket a mail belongs to: the strongest evidence that is there and that its sender may use.

use std::collections::HashSet;

use crate::model::decision::{Decision, Effect, Marks, Requester, Trust};
use crate::model::evidence::{Evidence, Named};
use crate::model::found::{Candidate, Standing};
use crate::model::ids::TicketId;
use crate::model::outcome::Reason;
use crate::model::ticket::TicketFacts;

use super::{Authentication, Case, ClosedTicket, Entry, FollowupsFrom, Forwarded, Looks, Queue, author};

/// What the evidence of a mail comes to.
pub(super) struct Thread<'a> {
    /// The strongest evidence that leads to a ticket which the sender may write to.
    pub(super) permitted: Option<Lead<'a>>,
    /// The strongest that leads to a ticket which the sender may not write to.
    refused: Option<Lead<'a>>,
    /// Whether a ticket is named that is not there.
    names_unknown: bool,
    /// Other tickets that its thread is on.
    joined: Vec<TicketId>,
    /// Evidence that leads elsewhere.
    pub(super) notes: Vec<String>,
}

/// The most tickets that one mail links.
const MAX_JOINED: usize = 20;

/// Evidence and the ticket it leads to.
#[derive(Clone, Copy)]
pub(super) struct Lead<'a> {
    evidence: Evidence,
    pub(super) ticket: &'a TicketFacts,
    /// A ticket of the same queue that holds this very mail.
    pub(super) twin: Option<TicketId>,
}

impl<'a> Thread<'a> {
    pub(super) fn of(case: &Case<'a>) -> Self {
        let leads =
            || case.found.candidates.iter().filter_map(|candidate| Some((candidate, lead(candidate)?)));
        let permitted = leads().find(|(candidate, _)| may_use(case, candidate)).map(|(_, lead)| lead);
        let refused = leads().find(|(candidate, _)| !may_use(case, candidate)).map(|(_, lead)| lead);
        let notes = permitted.map(|chosen| disagreements(leads().map(|(_, lead)| lead), chosen));
        let joined = permitted.map(|chosen| joined(leads().map(|(_, lead)| lead), chosen));
        Self {
            permitted,
            refused,
            names_unknown: names_unknown(case),
            joined: joined.unwrap_or_default(),
            notes: notes.unwrap_or_default(),
        }
    }

    /// The decision for mail that people wrote.
    pub(super) fn decide(&self, case: &Case<'_>) -> Decision {
        if let Some(lead) = self.permitted {
            return follow_up(case, lead, &self.joined);
        }
        if let Some(lead) = self.refused {
            return create(case, Reason::SenderNotParticipant, Some(lead.ticket), Reason::SenderNotAllowed);
        }
        if self.names_unknown {
            return create(case, Reason::UnknownTicket, None, Reason::UnknownTicket);
        }
        create(case, Reason::New, None, Reason::NoTicketId)
    }
}

fn lead(candidate: &Candidate) -> Option<Lead<'_>> {
    let evidence = candidate.reference.evidence;
    candidate.ticket.as_ref().map(|ticket| Lead { evidence, ticket, twin: candidate.twin })
}

/// What can be guessed counts only for those whom the ticket or its queue knows.
fn may_use(case: &Case<'_>, candidate: &Candidate) -> bool {
    if !candidate.reference.evidence.is_guessable() {
        return true;
    }
    // Whoever wrote what fails DMARC, it is not whom it names.
    let believed = case.authentication != Authentication::Fail;
    if believed && candidate.standing == Standing::Participant {
        return true;
    }
    let queue =
        candidate.ticket.as_ref().and_then(|ticket| case.queues.iter().find(|q| q.slug == ticket.queue));
    let Some(queue) = queue else { return false };
    is_agent(case, queue) || queue.followups_from == FollowupsFrom::Anyone
}

/// Whether an agent of the queue wrote it. Where the own server looks, an agent is who passes.
fn is_agent(case: &Case<'_>, queue: &Queue) -> bool {
    let proven = case.authentication == Authentication::Pass;
    let believed = case.looks == Looks::No && case.authentication != Authentication::Fail;
    (proven || believed)
        && author(case.mail, case.queues)
            .is_some_and(|author| queue.agents.iter().any(|agent| agent.matches(&author.address)))
}

fn names_unknown(case: &Case<'_>) -> bool {
    case.found.candidates.iter().any(|candidate| {
        candidate.ticket.is_none() && matches!(candidate.reference.names, Named::Ticket { .. })
    })
}

/// The tickets besides the chosen one that message ids lead to: the mail that makes them one thread came after them.
fn joined<'a>(leads: impl Iterator<Item = Lead<'a>>, chosen: Lead<'a>) -> Vec<TicketId> {
    let mut met = HashSet::from([chosen.ticket.id]);
    leads
        .filter(|other| !other.evidence.is_guessable())
        .map(|other| other.ticket.id)
        .filter(|id| met.insert(*id))
        .take(MAX_JOINED)
        .collect()
}

fn disagreements<'a>(leads: impl Iterator<Item = Lead<'a>>, chosen: Lead<'a>) -> Vec<String> {
    let mut notes: Vec<String> = leads
        .filter(|other| other.ticket.id != chosen.ticket.id)
        .map(|other| {
            let ticket = other.ticket;
            format!(
                "{} names {}-{}, {} decided",
                other.evidence.as_str(),
                ticket.queue,
                ticket.id,
                chosen.evidence.as_str()
            )
        })
        .collect();
    notes.dedup();
    notes
}

fn follow_up(case: &Case<'_>, lead: Lead<'_>, joined: &[TicketId]) -> Decision {
    let ticket = lead.ticket;
    let effect = if !ticket.status.is_closed() {
        Effect::Append
    } else if reopens(case, ticket) {
        Effect::Reopen
    } else {
        return create(case, Reason::ClosedTicket, Some(ticket), Reason::ClosedTicket);
    };
    let proven = lead.evidence == Evidence::Token || case.authentication == Authentication::Pass;
    Decision::Update {
        ticket: ticket.id,
        queue: ticket.queue.clone(),
        reason: Reason::Evidence(lead.evidence),
        effect,
        trust: if proven { Trust::Proven } else { Trust::Claimed },
        linked: joined.to_vec(),
    }
}

fn reopens(case: &Case<'_>, ticket: &TicketFacts) -> bool {
    let queue = case.queues.iter().find(|queue| queue.slug == ticket.queue).unwrap_or(case.own);
    match queue.closed_ticket {
        ClosedTicket::New => false,
        ClosedTicket::Reopen { within: None } => true,
        ClosedTicket::Reopen { within: Some(limit) } => case.now.duration_since(ticket.status_since) <= limit,
    }
}

/// A new ticket, linked to what was named and to those of other queues with the same mail, or a skip where only updates are allowed.
fn create(case: &Case<'_>, reason: Reason, named: Option<&TicketFacts>, skip: Reason) -> Decision {
    match case.applied.then.entry.unwrap_or(case.entry) {
        Entry::CreateAndUpdate => {
            let (then, home) = (&case.applied.then, case.home());
            let first_author = home.forwarded == Forwarded::Sender && is_agent(case, home);
            let linked = named.into_iter().chain(&case.found.elsewhere).map(|ticket| ticket.id);
            Decision::Create {
                queue: home.slug.clone(),
                reason,
                marks: Marks { priority: then.priority, tags: then.tags.clone(), notify: then.notify },
                requester: if first_author { Requester::FirstAuthor } else { Requester::Author },
                linked: linked.collect(),
            }
        }
        Entry::UpdateOnly => Decision::Skip(skip),
    }
}
