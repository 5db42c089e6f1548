//! The outbox: the states of a notification, whom it is for, and why somebody is not told.

/// The states of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxState {
    /// It waits until it is due.
    Queued,
    /// A program has it in hand.
    Sending,
    /// A mail server took it.
    Sent,
    /// It was given up.
    Failed,
    /// A person took it back.
    Cancelled,
    /// The person is not told; the reason says why.
    Suppressed,
    /// It could not be delivered while it was news.
    Expired,
    /// A mail server took it, and it came back.
    Bounced,
}

words! { OutboxState:
    Queued "queued", Sending "sending", Sent "sent", Failed "failed", Cancelled "cancelled",
    Suppressed "suppressed", Expired "expired", Bounced "bounced",
}

/// Which of those that are due go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Before all others: a person asked for it, or it is an alert.
    Now,
    /// Of a ticket of priority 1.
    High,
    /// Of priority 2 or 3.
    Medium,
    /// Of priority 4 or 5.
    Low,
}

words! { Urgency: Now "now", High "high", Medium "medium", Low "low" }

impl Urgency {
    /// That of the notifications of a ticket of this priority, 1 (highest) to 5.
    pub fn of_priority(priority: u8) -> Self {
        match priority {
            0 | 1 => Self::High,
            2 | 3 => Self::Medium,
            4.. => Self::Low,
        }
    }
}

/// What somebody is that is told; the words of a queue's `notify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Told {
    /// Who asked.
    Requester,
    /// Who was copied in, or wrote on the ticket.
    Cc,
    /// Who works on tickets of the queue.
    Agents,
}

words! { Told: Requester "requester", Cc "cc", Agents "agents" }

/// Why somebody is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Untold {
    /// A rule of the configuration says so.
    Rule,
    /// The mail was not written by a person to us; only agents hear of it.
    Kind,
    /// The mail is older than `max_age`.
    Age,
    /// The mail fails DMARC: whoever wrote it is not whom it names.
    Dmarc,
    /// The mail itself went there, too.
    Addressed,
    /// What was sent there came back, or a person said so.
    Address,
    /// It got too many of late.
    RateLimit,
    /// It got too many with this subject of late.
    SameSubject,
    /// Too many were written to anybody of late.
    RateLimitTotal,
}

words! { Untold:
    Rule "rule", Kind "kind", Age "age", Dmarc "dmarc", Addressed "addressed", Address "address",
    RateLimit "rate-limit", SameSubject "same-subject", RateLimitTotal "rate-limit-total",
}

/// Why a notification was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GivenUp {
    /// A mail server refused it for good.
    Rejected,
    /// It was put off too often.
    TooManyAttempts,
    /// Twice it was given and no answer came: it may have been taken.
    Uncertain,
    /// Its queue is not configured any more, or has no address.
    NoQueue,
}

words! { GivenUp:
    Rejected "rejected", TooManyAttempts "too-many-attempts", Uncertain "uncertain", NoQueue "no-queue",
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BounceKind {
    /// Trying again is of no use.
    Hard,
    /// It was given up for now, such as for a full mailbox.
    Soft,
    /// It is late and not given up.
    Delayed,
}

words! { BounceKind: Hard "hard", Soft "soft", Delayed "delayed" }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_and_are_not_used_twice() {
        assert!(OutboxState::ALL.iter().all(|one| OutboxState::from_word(one.as_str()) == Some(*one)));
        let mut reasons: Vec<&str> = Untold::ALL.map(Untold::as_str).to_vec();
        reasons.extend(GivenUp::ALL.map(GivenUp::as_str));
        let count = reasons.len();
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), count, "a reason means two things");
        assert_eq!(Urgency::from_word("urgent"), None);
    }
}
