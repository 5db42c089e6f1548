//! Who wrote a mail, and who joins a ticket because of it.

use std::collections::HashSet;

use crate::model::address::{self, Address};
use crate::model::mail::Mail;
use crate::model::ticket::Role;

use super::Queue;

/// The most participants that come from one mail; more is a mistake or an attack.
pub const MAX_PARTICIPANTS: usize = 20;

/// The author for whom rights are reckoned and who is asked back.
///
/// An own address in `From` is a mailing group that rewrote it; then `X-Original-From` or `Reply-To` tells the author.
pub fn author<'a>(mail: &'a Mail, queues: &[Queue]) -> Option<&'a Address> {
    let author = mail.author()?;
    if !is_own(author, queues) {
        return Some(author);
    }
    let behind = mail.original_from.iter().chain(&mail.reply_to).find(|address| !is_own(address, queues));
    Some(behind.unwrap_or(author))
}

/// The key of the address whose rights count: the author's; where a notice tells whom a mail of ours did not reach, theirs.
///
/// Mail systems are on no ticket, and either is as easily claimed as the other.
pub fn spoken_for(mail: &Mail, queues: &[Queue]) -> Option<String> {
    match mail.bounce.as_ref().and_then(|bounce| bounce.recipients.first()) {
        Some(recipient) => Some(address::key(&recipient.address)),
        None => author(mail, queues).map(Address::key),
    }
}

/// Those who join a ticket with this mail, the author first, without own addresses and without repetition.
pub fn participants<'a>(mail: &'a Mail, queues: &[Queue], author_role: Role) -> Vec<(&'a Address, Role)> {
    let mut met = HashSet::new();
    author(mail, queues)
        .into_iter()
        .map(|address| (address, author_role))
        .chain(mail.to.iter().chain(&mail.cc).map(|address| (address, Role::Cc)))
        .filter(|(address, _)| address.address.contains('@') && !is_own(address, queues))
        .filter(|(address, _)| met.insert(address.key()))
        .take(MAX_PARTICIPANTS)
        .collect()
}

/// Whether an address is a queue's or an agent's: such a one asks nobody for help by being passed on.
pub fn is_one_of_us(address: &Address, queues: &[Queue]) -> bool {
    is_own(address, queues)
        || queues.iter().any(|queue| queue.agents.iter().any(|agent| agent.matches(&address.address)))
}

/// Whether an address is a queue's, also with a detail: `support+12@example.org`.
pub(super) fn is_own(address: &Address, queues: &[Queue]) -> bool {
    let key = address.key();
    // A queue's own address may hold "+" itself, so that every one may begin the detail.
    let has_detail = |own: &str| {
        let (own, address) = (own.rsplit_once('@'), key.rsplit_once('@'));
        let (Some((own, of)), Some((local, domain))) = (own, address) else { return false };
        of == domain && local.strip_prefix(own).is_some_and(|rest| rest.starts_with('+'))
    };
    let is_key = |own: &String| {
        let own = address::key(own);
        own == key || has_detail(&own)
    };
    queues.iter().any(|queue| queue.addresses.iter().any(is_key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{ClosedTicket, Entry, FollowupsFrom, SameMail};

    #[test]
    fn an_own_address_is_known_with_every_detail() {
        let queue = Queue {
            slug: "support".parse().unwrap(),
            title: "Support".to_owned(),
            addresses: vec![
                "support@example.org".to_owned(),
                "c+Sales@example.org".to_owned(),
                "hilfe@München.example".to_owned(),
            ],
            entry: Entry::CreateAndUpdate,
            closed_ticket: ClosedTicket::New,
            same_mail: SameMail::OnePerQueue,
            followups_from: FollowupsFrom::Participants,
            agents: Vec::new(),
            forwarded: crate::policy::Forwarded::Agent,
            priority: 3,
            locale: "en".to_owned(),
            notify: Vec::new(),
            answers_to: crate::policy::AnswersTo::Queue,
            outbox: "default".to_owned(),
            attach_files: None,
        };
        let table = [
            ("Support@Example.org", true),
            ("support+12@example.org", true),
            ("support+12-abc+def@example.org", true),
            ("c+sales@example.org", true),
            ("c+sales+12@example.org", true),
            ("c@example.org", false),
            ("supporter@example.org", false),
            ("support+12@evil.example", false),
            ("hilfe+12@xn--mnchen-3ya.example", true),
            ("+support@example.org", false),
        ];
        for (address, expected) in table {
            assert_eq!(is_own(&Address::bare(address), std::slice::from_ref(&queue)), expected, "{address}");
        }
    }
}
