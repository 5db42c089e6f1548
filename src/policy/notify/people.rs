//! Who is who among those that may be told.

use crate::model::address::Address;
use crate::model::outbox::Told;
use crate::model::ticket::Role;

use super::Event;
use crate::policy::Queue;
use crate::policy::sender::is_own;

/// The agents of the queue that can be written to: full addresses, not patterns.
pub(super) fn agents(event: &Event<'_>) -> impl Iterator<Item = Address> {
    let full = event.queue.agents.iter().filter(|agent| agent.is_full_address());
    full.map(|agent| Address::bare(agent.as_str()))
}

/// Whether the queue counts an address among its agents, also by a pattern.
pub(super) fn is_agent(event: &Event<'_>, address: &Address) -> bool {
    event.queue.agents.iter().any(|agent| agent.matches(&address.address))
}

/// As what a participant is told.
pub(super) fn told(role: Role) -> Told {
    match role {
        Role::Requester => Told::Requester,
        Role::Cc | Role::Author => Told::Cc,
        Role::Agent => Told::Agents,
    }
}

/// As what the author of a mail is told, who may not be on the ticket.
pub(super) fn stands(event: &Event<'_>, author: &Address) -> Told {
    if is_agent(event, author) {
        return Told::Agents;
    }
    let key = author.key();
    let role = event.people.iter().find(|(address, _)| address.key() == key).map(|(_, role)| *role);
    role.map_or(Told::Cc, told)
}

/// Whether an address is somebody else's and can stand in an envelope.
pub(super) fn can_be_written_to(address: &Address, queues: &[Queue]) -> bool {
    let text = address.address.trim();
    let parts = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let is_clean = !text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ','));
    parts && is_clean && !is_own(address, queues)
}
