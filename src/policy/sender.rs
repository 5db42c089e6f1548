//! Who wrote a mail, and who joins a ticket because of it.

use std::collections::HashSet;

use crate::model::address::Address;
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

/// Whether an address is a queue's, also with a detail: `support+12@example.org`.
fn is_own(address: &Address, queues: &[Queue]) -> bool {
    let key = address.key();
    let plain = match key.rsplit_once('@') {
        Some((local, domain)) => match local.split_once('+') {
            Some((user, _)) => format!("{user}@{domain}"),
            None => key.clone(),
        },
        None => key.clone(),
    };
    let own = |own: &String| own.eq_ignore_ascii_case(&key) || own.eq_ignore_ascii_case(&plain);
    queues.iter().any(|queue| queue.addresses.iter().any(own))
}
