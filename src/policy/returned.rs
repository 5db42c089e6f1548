//! What a bounce or a delay notice says of a notification of ours.

use crate::model::address;
use crate::model::mail::{BouncedRecipient, Mail};
use crate::model::outbox::BounceKind;

/// How a notification came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Whether trying again is of any use.
    pub kind: BounceKind,
    /// The enhanced status code (RFC 3463).
    pub status: Option<String>,
    /// Whether the notice names the address that we wrote to, and not one that it was passed on to.
    pub is_its_own: bool,
}

/// What `mail` says of what was sent to `to`; `None` if it is no such notice, or says that all is well.
pub fn returned(mail: &Mail, to: &str) -> Option<Returned> {
    let bounce = mail.bounce.as_ref()?;
    let troubles = || bounce.recipients.iter().filter_map(|one| Some((one, trouble(one)?)));
    if bounce.recipients.is_empty() {
        // Without a recipient nothing is known but that it did not arrive.
        return Some(Returned { kind: BounceKind::Soft, status: None, is_its_own: false });
    }
    let key = address::key(to);
    let own = troubles().find(|(one, _)| address::key(&one.address) == key);
    let (recipient, kind) = own.or_else(|| troubles().next())?;
    Some(Returned { kind, status: recipient.status.clone(), is_its_own: own.is_some() })
}

/// RFC 3464 section 2.3.3: what is not failed or delayed arrived, or went on.
fn trouble(recipient: &BouncedRecipient) -> Option<BounceKind> {
    match recipient.action.as_deref() {
        Some("delayed") => Some(BounceKind::Delayed),
        Some("delivered" | "relayed" | "expanded") => None,
        Some(_) | None if recipient.permanent => Some(BounceKind::Hard),
        Some(_) | None => Some(BounceKind::Soft),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mail::Bounce;

    /// Address, action, status, and whether it is permanent.
    type Told = (&'static str, &'static str, &'static str, bool);

    fn of(recipients: &[Told]) -> Option<String> {
        let recipient = |(address, action, status, permanent): &Told| BouncedRecipient {
            address: (*address).to_owned(),
            action: Some((*action).to_owned()),
            status: Some((*status).to_owned()),
            permanent: *permanent,
        };
        let recipients = recipients.iter().map(recipient).collect();
        let bounce = Some(Bounce { recipients, original_message_id: None, original_subject: None });
        let told = returned(&Mail { bounce, ..Mail::sample("MAILER-DAEMON@x", "") }, "Bob@x")?;
        let own = if told.is_its_own { "own" } else { "passed on" };
        Some(format!("{} {} {own}", told.kind, told.status.unwrap_or_default()))
    }

    #[test]
    fn the_own_address_counts_and_what_arrived_is_no_bounce() {
        let table: [(&[Told], Option<&str>); 7] = [
            (&[("bob@X", "failed", "5.1.1", true)], Some("hard 5.1.1 own")),
            (
                &[("a@x", "failed", "5.1.1", true), ("bob@x", "failed", "4.2.2", false)],
                Some("soft 4.2.2 own"),
            ),
            (&[("bob@x", "delayed", "4.4.1", false)], Some("delayed 4.4.1 own")),
            (&[("bob@y", "failed", "5.7.1", true)], Some("hard 5.7.1 passed on")),
            (&[("bob@x", "relayed", "2.1.5", false)], None),
            (
                &[("bob@x", "delivered", "2.1.5", false), ("a@x", "failed", "5.0.0", true)],
                Some("hard 5.0.0 passed on"),
            ),
            (&[], Some("soft  passed on")),
        ];
        for (recipients, expected) in table {
            assert_eq!(of(recipients).as_deref(), expected, "{recipients:?}");
        }
        assert_eq!(returned(&Mail::sample("a@x", ""), "a@x"), None);
    }
}
