//! Notices: writes whom to tell, in the transaction of what they are told of, and heeds what came back.
//!
//! Whom to tell is the policy's to say; here the store is asked what that needs to know.

use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};

use crate::evidence::Signer;
use crate::model::address;
use crate::model::decision::Decision;
use crate::model::ids::{MessageId, TicketId, TicketRef};
use crate::model::mail::Mail;
use crate::model::outbox::{BounceKind, Urgency};
use crate::policy::notify::{self, Event, Known, Notice};
use crate::policy::{self, Authentication};
use crate::store::{Books, CameBack, Circle, NewNotification, Outgoing, SentAs, StoreError};

use super::deeds::Arrival;

/// How much to tell anybody, as `[outbox]` says; whom, the queues say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// How much anybody is told.
    pub limits: notify::Limits,
    /// Nobody is told of mail that is older, and what could not be told for so long is no news any more.
    pub max_age: SignedDuration,
    /// An address that bounces is left alone for so long.
    pub suppress_for: SignedDuration,
}

/// What notices are written with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notices<'a> {
    pub(super) notify: &'a Notify,
    pub(super) signer: &'a Signer,
    pub(super) authentication: Authentication,
    /// The mail as it came; the arrival's own may be one that it passes on.
    pub(super) came: &'a Mail,
}

impl Notices<'_> {
    /// Writes who is told of a mail, which is on its ticket now in this row.
    pub(super) fn write(
        &self,
        decision: &Decision,
        (ticket, message): (&TicketRef, i64),
        arrival: &Arrival<'_>,
        books: &mut dyn Books,
    ) -> Result<(), StoreError> {
        let Some(outgoing) = books.outgoing() else { return Ok(()) };
        let Some(queue) = arrival.queues.iter().find(|queue| queue.slug == ticket.queue) else {
            return Ok(());
        };
        // Without an address there is nobody that a notification could come from.
        let Some((_, domain)) = queue.addresses.first().and_then(|own| own.rsplit_once('@')) else {
            return Ok(());
        };
        let circle = outgoing.circle(ticket.id)?;
        let event = Event {
            decision,
            mail: self.came,
            original: (!std::ptr::eq(self.came, arrival.mail)).then_some(arrival.mail),
            arrived: arrival.received_at,
            authentication: self.authentication,
            people: &circle.people,
            notify: circle.notify,
            queue,
            queues: arrival.queues,
            told: &queue.notify,
            max_age: self.notify.max_age,
            now: arrival.at,
        };
        let intended = notify::intended(&event);
        if intended.is_empty() {
            return Ok(());
        }
        let domain = address::domain_key(domain);
        let post = Post { ticket: ticket.id, message, circle: &circle, domain: &domain, at: arrival.at };
        self.limited(intended, &post, outgoing)?
            .iter()
            .try_for_each(|notice| self.enqueue(notice, &post, outgoing))
    }

    /// Asks the store what it knows of each, and heeds it.
    fn limited(
        &self,
        notices: Vec<Notice>,
        post: &Post<'_>,
        outgoing: &mut dyn Outgoing,
    ) -> Result<Vec<Notice>, StoreError> {
        let since = post.at.checked_sub(notify::WINDOW).unwrap_or(Timestamp::MIN);
        let subject = notify::subject(&post.circle.title);
        let mut known = Vec::with_capacity(notices.len());
        for notice in notices {
            let key = notice.to.key();
            let written = outgoing.written_to(&key, &subject, since)?;
            let suppressed = outgoing.is_suppressed(&key, post.at)?;
            known.push((notice, Known { suppressed, written: written.all, same: written.same }));
        }
        Ok(notify::limited(known, &self.notify.limits, outgoing.written(since)?))
    }

    fn enqueue(
        &self,
        notice: &Notice,
        post: &Post<'_>,
        outgoing: &mut dyn Outgoing,
    ) -> Result<(), StoreError> {
        let message_id = self.message_id(post)?;
        outgoing
            .enqueue(&NewNotification {
                ticket: post.ticket,
                message: post.message,
                other: notice.other,
                occasion: notice.occasion,
                to: &notice.to,
                told: notice.told,
                subject: &notify::subject(&post.circle.title),
                message_id: &message_id,
                urgency: Urgency::of_priority(post.circle.priority),
                at: post.at,
                due_at: post.at,
                expires_at: post.at.checked_add(self.notify.max_age).ok(),
                untold: notice.untold,
            })
            .map(drop)
    }

    /// A Message-ID that an answer or a bounce leads back by.
    fn message_id(&self, post: &Post<'_>) -> Result<MessageId, StoreError> {
        let misuse = |what: &str| StoreError::Misuse { what: what.to_owned() };
        let nonce = nonce().ok_or_else(|| misuse("the system gives no random numbers"))?;
        self.signer
            .message_id(post.ticket, &nonce, post.domain)
            .ok_or_else(|| misuse("a Message-ID of ours is empty"))
    }

    /// Marks the notification that came back with this mail, and says so on its ticket.
    pub(super) fn heed(&self, at: Timestamp, books: &mut dyn Books) -> Result<(), StoreError> {
        let Some(outgoing) = books.outgoing() else { return Ok(()) };
        let Some(sent) = self.sent(outgoing)? else { return Ok(()) };
        let Some(returned) = policy::returned(self.came, &sent.to.address) else { return Ok(()) };
        let back = CameBack {
            sent: &sent,
            kind: returned.kind,
            status: returned.status.as_deref(),
            is_its_own: returned.is_its_own,
            suppress_for: self.notify.suppress_for,
            at,
        };
        let until = outgoing.came_back(&back)?;
        let told = told(&back, until);
        match sent.ticket {
            Some(ticket) => outgoing.note(ticket, &told, at),
            None => {
                log::error!("alert: {told}");
                Ok(())
            }
        }
    }

    /// The notification that a notice speaks of: one whose Message-ID bears our signature.
    fn sent(&self, outgoing: &mut dyn Outgoing) -> Result<Option<SentAs>, StoreError> {
        let Some(bounce) = &self.came.bounce else { return Ok(None) };
        let named = bounce.original_message_id.iter().chain(self.came.names());
        let ours = named.filter(|id| self.signer.ticket_of_message_id(id).is_some());
        for id in ours {
            if let Some(sent) = outgoing.sent_as(id)? {
                return Ok(Some(sent));
            }
        }
        Ok(None)
    }
}

/// What the notifications of one mail have in common.
struct Post<'a> {
    ticket: TicketId,
    message: i64,
    circle: &'a Circle,
    /// Of the queue's address, in ASCII.
    domain: &'a str,
    at: Timestamp,
}

/// The note on the ticket.
fn told(back: &CameBack<'_>, until: Option<Timestamp>) -> String {
    let happened = match back.kind {
        BounceKind::Hard | BounceKind::Soft => "came back",
        BounceKind::Delayed => "is delayed",
    };
    let status = back.status.map(|status| format!(" ({status})")).unwrap_or_default();
    let day = |until: Timestamp| until.strftime("%Y-%m-%d").to_string();
    let end = until.map(|until| format!("; the address gets none until {}", day(until))).unwrap_or_default();
    format!("notification {} to {} {happened}{status}{end}", back.sent.id, back.sent.to.address)
}

/// 80 random bits, in letters that a Message-ID may hold.
pub(super) fn nonce() -> Option<String> {
    let mut octets = [0; 10];
    getrandom::fill(&mut octets).ok()?;
    Some(BASE32_NOPAD.encode(&octets).to_lowercase())
}

#[cfg(test)]
mod tests;
