//! Recipients: `support+12@example.org` and our signed reply addresses.

use crate::model::address::Address;
use crate::model::evidence::{Evidence, Named, Reference};
use crate::model::ids::{QueueSlug, TicketId};
use crate::model::mail::Mail;

use super::{MAX_NUMBERS, subject};

/// Signed reply addresses among the recipients.
pub(super) fn tokens(
    mail: &Mail,
    ticket: impl Fn(&str) -> Option<TicketId>,
) -> impl Iterator<Item = Reference> {
    recipients(mail)
        .filter_map(move |recipient| ticket(&recipient.address))
        .take(MAX_NUMBERS)
        .map(|id| Reference { evidence: Evidence::Token, names: Named::Ticket { queue: None, id } })
}

/// Plain numbered addresses; `queue` tells whose address the rest is.
pub(super) fn numbers(
    mail: &Mail,
    queue: impl Fn(&str) -> Option<QueueSlug>,
) -> impl Iterator<Item = Reference> {
    recipients(mail)
        .filter_map(move |recipient| {
            let (base, detail) = detail(&recipient.address)?;
            let id = subject::number_of(detail)?;
            Some(Reference {
                evidence: Evidence::Address,
                names: Named::Ticket { queue: Some(queue(&base)?), id },
            })
        })
        .take(MAX_NUMBERS)
}

/// Splits `support+12@example.org` into `support@example.org` and `12` (RFC 5233 subaddress).
pub(super) fn detail(address: &str) -> Option<(String, &str)> {
    let (local, domain) = address.rsplit_once('@')?;
    let (user, detail) = local.rsplit_once('+')?;
    Some((format!("{user}@{domain}"), detail))
}

fn recipients(mail: &Mail) -> impl Iterator<Item = &Address> {
    mail.to.iter().chain(&mail.cc).chain(&mail.delivered_to)
}
