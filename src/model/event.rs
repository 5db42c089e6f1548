//! Events: the steps of the road that hooks are told of or asked about, and what becomes of those that wait.

use std::fmt;

use data_encoding::BASE32_NOPAD;

/// A step that a hook listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A message is in hand, unread.
    PreValidate,
    /// A message was read.
    PostValidate,
    /// It is decided that a message comes on a ticket, and not yet carried out.
    PreProcess,
    /// A message is on a ticket.
    PostProcess,
    /// A message failed or was deferred.
    ProcessingError,
    /// A mailbox could not be fetched.
    MailboxError,
    /// A notification was given up.
    DeliveryError,
}

words! { EventKind:
    PreValidate "pre-validate", PostValidate "post-validate", PreProcess "pre-process", PostProcess "post-process",
    ProcessingError "processing-error", MailboxError "mailbox-error", DeliveryError "delivery-error",
}

impl EventKind {
    /// Whether hooks are asked on the road; the other events are written down and delivered afterwards.
    pub fn is_asked(self) -> bool {
        match self {
            Self::PreValidate | Self::PostValidate | Self::PreProcess => true,
            Self::PostProcess | Self::ProcessingError | Self::MailboxError | Self::DeliveryError => false,
        }
    }
}

/// The states of an event for one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventState {
    /// It waits until it is due.
    Queued,
    /// A program has it in hand.
    Delivering,
    /// The hook took it.
    Delivered,
    /// It was given up.
    Failed,
    /// A person dropped it.
    Dropped,
}

words! { EventState:
    Queued "queued", Delivering "delivering", Delivered "delivered", Failed "failed", Dropped "dropped",
}

/// Why an event was given up for a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Undelivered {
    /// The hook failed too often.
    TooManyAttempts,
    /// The endpoint says that it is there no more (410).
    Gone,
    /// Twice the program ended while it delivered it: it may have been taken.
    Uncertain,
    /// Its hook is not configured any more.
    NoHook,
}

words! { Undelivered:
    TooManyAttempts "too-many-attempts", Gone "gone", Uncertain "uncertain", NoHook "no-hook",
}

/// The id of an event, the same for every hook and attempt (Standard Webhooks: `webhook-id`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventId(String);

impl EventId {
    /// The id with these random octets.
    pub fn of(random: [u8; 16]) -> Self {
        Self(format!("msg_{}", BASE32_NOPAD.encode(&random).to_lowercase()))
    }

    /// The id of a row; `None` if it is none.
    pub fn from_word(word: &str) -> Option<Self> {
        let rest = word.strip_prefix("msg_")?;
        let fits = !rest.is_empty() && rest.bytes().all(|octet| octet.is_ascii_alphanumeric());
        fits.then(|| Self(word.to_owned()))
    }

    /// The id as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back() {
        assert!(EventKind::ALL.iter().all(|kind| EventKind::from_word(kind.as_str()) == Some(*kind)));
        assert!(EventState::ALL.iter().all(|state| EventState::from_word(state.as_str()) == Some(*state)));
        assert!(Undelivered::ALL.iter().all(|why| Undelivered::from_word(why.as_str()) == Some(*why)));
    }

    #[test]
    fn an_id_holds_no_dot_since_dots_part_what_is_signed() {
        let id = EventId::of([255; 16]);
        assert_eq!(id.as_str(), "msg_77777777777777777777777774");
        assert_eq!(EventId::from_word(id.as_str()), Some(id));
        for odd in ["", "msg_", "msg_a.b", "evt_a", "msg_a b"] {
            assert_eq!(EventId::from_word(odd), None, "{odd:?}");
        }
    }
}
