//! Decisions: from what a mail says and what the store knows to what shall be done. No clock, disk or network.
//!
//! [`decide`] is an ordered list of rules; the first that speaks decides. The files beneath hold one rule each.

mod authentication;
mod automatic;
mod config;
pub mod notify;
mod returned;
mod rules;
mod sender;
mod thread;

pub use authentication::{Authentication, of as authentication};
pub use config::{AnswersTo, ClosedTicket, Entry, FollowupsFrom, Forwarded, Queue, SameMail};
pub use returned::{Returned, returned};
pub use rules::{After, Applied, Rule, Then, When, apply};
pub use sender::{MAX_PARTICIPANTS, author, is_one_of_us, participants, spoken_for};

use jiff::Timestamp;

use crate::model::decision::{Decision, Verdict};
use crate::model::found::{Earlier, Found};
use crate::model::mail::Mail;
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::ticket::TicketFacts;

/// Everything that a decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The mail.
    pub mail: &'a Mail,
    /// Who wrote it.
    pub authorship: Authorship,
    /// What the store knows.
    pub found: &'a Found,
    /// The mailbox's own queue.
    pub own: &'a Queue,
    /// Every queue.
    pub queues: &'a [Queue],
    /// Whether this mailbox may open tickets.
    pub entry: Entry,
    /// What the rules of the configuration say of it.
    pub applied: &'a Applied,
    /// Whether the own mail server looks at every From (`authserv_id`).
    pub looks: Looks,
    /// What is known of its From.
    pub authentication: Authentication,
    /// The time of the run.
    pub now: Timestamp,
}

impl Case<'_> {
    /// The queue of a new ticket.
    fn home(&self) -> &Queue {
        let moved = self.applied.then.queue.as_ref();
        moved.and_then(|slug| self.queues.iter().find(|queue| queue.slug == *slug)).unwrap_or(self.own)
    }
}

/// Whether the own mail server checks who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// It does, and its word is heeded.
    Yes,
    /// Nothing is known of it.
    No,
}

/// Whether we wrote a mail ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorship {
    /// Its Message-ID carries our signature.
    Ours,
    /// Anybody else.
    Theirs,
}

/// What shall become of a mail.
pub fn decide(case: &Case<'_>) -> Verdict {
    let thread = thread::Thread::of(case);
    let decision = unreadable(case)
        .or_else(|| own_message(case))
        .or_else(|| case.applied.ignored_by.map(|rule| Decision::Ignore(Reason::Rule(rule))))
        .or_else(|| duplicate(case))
        .or_else(|| automatic::decide(case, &thread))
        .unwrap_or_else(|| thread.decide(case));
    let decision = repeated(&decision, &thread).unwrap_or(decision);
    let mut notes = thread.notes;
    match &decision {
        // What rules do is for new tickets, and whether there may be one.
        Decision::Create { .. } => {
            notes.extend_from_slice(&case.applied.notes);
            notes.extend(case.found.elsewhere.iter().map(also_on));
        }
        Decision::Skip(_) => notes.extend_from_slice(&case.applied.notes),
        Decision::Update { .. }
        | Decision::Duplicate { .. }
        | Decision::Ignore(_)
        | Decision::Defer(_)
        | Decision::Fail(_) => {}
    }
    if case.authentication == Authentication::Fail {
        notes.push("dmarc=fail: From is not believed".to_owned());
    }
    Verdict { decision, notes }
}

/// What becomes of an item that the mailbox will not give, or that a hook fails with, after so much trouble with it before;
/// the reason is that of its failure.
pub fn put_off(attempts: u32, max_attempts: u32, reason: Reason) -> Decision {
    if attempts + 1 < max_attempts { Decision::Defer(Reason::Temporary) } else { Decision::Fail(reason) }
}

/// Whether a mail has neither a sender nor a text nor a file: there is nothing to make a ticket of.
pub fn is_unreadable(mail: &Mail) -> bool {
    mail.author().is_none()
        && mail.subject.trim().is_empty()
        && mail.text.trim().is_empty()
        && mail.attachments.is_empty()
}

fn unreadable(case: &Case<'_>) -> Option<Decision> {
    is_unreadable(case.mail).then_some(Decision::Fail(Reason::Unreadable))
}

fn own_message(case: &Case<'_>) -> Option<Decision> {
    (case.authorship == Authorship::Ours).then_some(Decision::Ignore(Reason::OwnMessage))
}

fn duplicate(case: &Case<'_>) -> Option<Decision> {
    let on = |ticket| Decision::Duplicate {
        reason: Reason::MessageId,
        repeats: OutcomeWord::Created,
        ticket: Some(ticket),
    };
    match (&case.found.earlier, case.home().same_mail) {
        (Some(Earlier::OnTicket(ticket)), _) => Some(on(*ticket)),
        (Some(Earlier::Settled { outcome, ticket }), _) => {
            Some(Decision::Duplicate { reason: Reason::AlreadySettled, repeats: *outcome, ticket: *ticket })
        }
        (None, SameMail::One) => case.found.elsewhere.first().map(|ticket| on(ticket.id)),
        (None, SameMail::OnePerQueue) => None,
    }
}

fn also_on(ticket: &TicketFacts) -> String {
    format!("the same mail is on {}-{}", ticket.queue, ticket.id)
}

/// A follow-up that came to its queue through another mailbox before.
fn repeated(decision: &Decision, thread: &thread::Thread<'_>) -> Option<Decision> {
    let ticket = thread.permitted?.twin?;
    let repeats = decision.outcome();
    matches!(decision, Decision::Update { .. }).then_some(Decision::Duplicate {
        reason: Reason::MessageId,
        repeats,
        ticket: Some(ticket),
    })
}

#[cfg(test)]
mod tests;
