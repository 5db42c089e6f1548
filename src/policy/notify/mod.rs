//! Whom to tell of what became of a mail, and why somebody is not told.
//!
//! Pure, in two steps: [`intended`] goes by the mail and the people on its ticket, [`limited`] by what the store knows of
//! each of those. Never told are own addresses, the author (save by an acknowledgement) and nobody twice; there is nothing
//! to say of that. Whoever else is not told gets a row that says why.
//!
//! No loop comes about: mail that answers by itself causes nothing; what a program or a list wrote is told to agents
//! alone; and what is told to one address in [`WINDOW`] is limited, as is what is told to all.

mod limits;
mod people;

#[cfg(test)]
mod tests;

pub use limits::{Known, Limits, WINDOW, limited, subject};

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::address::Address;
use crate::model::decision::{Decision, Effect};
use crate::model::ids::TicketId;
use crate::model::mail::{Kind, Mail};
use crate::model::notification::Occasion;
use crate::model::outbox::{Told, Untold};
use crate::model::outcome::Reason;
use crate::model::ticket::Role;

use super::{Authentication, Queue};

/// The most people that are told of one mail; more is a mistake or an attack.
pub const MOST_TOLD: usize = 100;

/// What happened, and what is known of the people it concerns.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// What became of the mail.
    pub decision: &'a Decision,
    /// The mail as it came.
    pub mail: &'a Mail,
    /// The mail that it passes on, whose author's the ticket is.
    pub original: Option<&'a Mail>,
    /// When it came.
    pub arrived: Timestamp,
    /// What is known of its From.
    pub authentication: Authentication,
    /// Everybody on the ticket, the requester first.
    pub people: &'a [(Address, Role)],
    /// Whether the ticket's people are told at all.
    pub notify: bool,
    /// The ticket's queue.
    pub queue: &'a Queue,
    /// Every queue.
    pub queues: &'a [Queue],
    /// Who is told in that queue.
    pub told: &'a [Told],
    /// Nothing is told of mail older than this.
    pub max_age: SignedDuration,
    /// The time of the run.
    pub now: Timestamp,
}

/// Somebody to be told, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What of.
    pub occasion: Occasion,
    /// Who.
    pub to: Address,
    /// What that one is.
    pub told: Told,
    /// The ticket that was written to, where another one was opened.
    pub other: Option<TicketId>,
    /// Why not.
    pub untold: Option<Untold>,
}

/// Whom to tell by the mail and its ticket alone.
pub fn intended(event: &Event<'_>) -> Vec<Notice> {
    if answers_by_itself(event.mail.kind) {
        return Vec::new();
    }
    let notices = match event.decision {
        Decision::Create { reason, linked, .. } => opened(event, *reason, linked),
        Decision::Update { effect, .. } => followed(event, *effect),
        Decision::Duplicate { .. }
        | Decision::Skip(_)
        | Decision::Ignore(_)
        | Decision::Defer(_)
        | Decision::Fail(_) => Vec::new(),
    };
    let mut met = HashSet::new();
    notices
        .into_iter()
        .filter(|notice| event.told.contains(&notice.told))
        .filter(|notice| people::can_be_written_to(&notice.to, event.queues))
        .filter(|notice| answers_the_author(notice.occasion) || !event.is_author(&notice.to))
        .filter(|notice| met.insert(notice.to.key()))
        .take(MOST_TOLD)
        .map(|notice| Notice { untold: event.forbids(&notice), ..notice })
        .collect()
}

/// Bounces, delay notices, vacation replies and feedback reports never cause a notification.
fn answers_by_itself(kind: Kind) -> bool {
    !kind.opens_tickets()
}

/// Whether it goes to who wrote the mail, or in whose name it was passed on.
fn answers_the_author(occasion: Occasion) -> bool {
    match occasion {
        Occasion::Created | Occasion::Closed | Occasion::TooLarge => true,
        Occasion::Announced | Occasion::Updated | Occasion::Reopened => false,
    }
}

/// A new ticket: its requester is answered, agents hear of it.
fn opened(event: &Event<'_>, reason: Reason, linked: &[TicketId]) -> Vec<Notice> {
    let closed = (reason == Reason::ClosedTicket).then(|| linked.first().copied()).flatten();
    let occasion = if closed.is_some() {
        Occasion::Closed
    } else if event.is_cut() {
        Occasion::TooLarge
    } else {
        Occasion::Created
    };
    let requester = event.people.iter().find(|(_, role)| *role == Role::Requester);
    let answer = requester
        .map(|(address, _)| Notice { other: closed, ..notice(occasion, address.clone(), Told::Requester) });
    let agents = people::agents(event).map(|agent| notice(Occasion::Announced, agent, Told::Agents));
    answer.into_iter().chain(agents).collect()
}

/// A follow-up: everybody else on the ticket hears of it, and its author if it was cut.
fn followed(event: &Event<'_>, effect: Effect) -> Vec<Notice> {
    let occasion = match effect {
        Effect::Append => Occasion::Updated,
        Effect::Reopen => Occasion::Reopened,
    };
    let cut = super::author(event.mail, event.queues)
        .filter(|_| event.is_cut())
        .map(|author| notice(Occasion::TooLarge, author.clone(), people::stands(event, author)));
    let people = event.people.iter().map(|(address, role)| {
        let told = if people::is_agent(event, address) { Told::Agents } else { people::told(*role) };
        notice(occasion, address.clone(), told)
    });
    let agents = people::agents(event).map(|agent| notice(occasion, agent, Told::Agents));
    cut.into_iter().chain(people).chain(agents).collect()
}

fn notice(occasion: Occasion, to: Address, told: Told) -> Notice {
    Notice { occasion, to, told, other: None, untold: None }
}

impl Event<'_> {
    /// Whether only the beginning of the mail was taken.
    fn is_cut(&self) -> bool {
        self.mail.defects.iter().any(|defect| defect == "truncated")
    }

    fn is_author(&self, address: &Address) -> bool {
        let key = address.key();
        [Some(self.mail), self.original]
            .into_iter()
            .flatten()
            .any(|mail| super::author(mail, self.queues).is_some_and(|author| author.key() == key))
    }

    /// Why somebody is not told, by the mail and its ticket.
    fn forbids(&self, notice: &Notice) -> Option<Untold> {
        let is_answer = answers_the_author(notice.occasion);
        let kinds = [Some(self.mail), self.original].into_iter().flatten().map(|mail| mail.kind);
        let is_ordinary = kinds.into_iter().all(|kind| kind == Kind::Ordinary);
        if !self.notify {
            Some(Untold::Rule)
        } else if self.is_old() {
            Some(Untold::Age)
        } else if (is_answer || notice.told != Told::Agents) && !is_ordinary {
            Some(Untold::Kind)
        } else if is_answer && self.authentication == Authentication::Fail {
            Some(Untold::Dmarc)
        } else if !is_answer && notice.told != Told::Agents && self.went_to(&notice.to) {
            Some(Untold::Addressed)
        } else {
            None
        }
    }

    /// By its own date or by when it came, whichever is older: an old mailbox may have been copied today.
    fn is_old(&self) -> bool {
        let sent = self.mail.sent().map_or(self.arrived, |sent| sent.min(self.arrived));
        self.now.duration_since(sent) > self.max_age
    }

    /// Whether the mail itself names the address as a recipient.
    fn went_to(&self, address: &Address) -> bool {
        let key = address.key();
        self.mail.to.iter().chain(&self.mail.cc).any(|recipient| recipient.key() == key)
    }
}
