//! Tickets as the commands list, show and change them.

mod change;
mod show;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use change::{INSERT_MERGED_PARTICIPANTS, UPDATE_MERGED, UPDATE_TARGET};
#[cfg(test)]
pub(super) use show::{
    SELECT_ATTACHMENTS, SELECT_LINKS, SELECT_MESSAGES, SELECT_PARTICIPANTS, SELECT_TAGS, SELECT_TICKET_ROW,
    SELECT_TICKETS,
};

pub(super) use show::{at_most, facts, lines, named};
