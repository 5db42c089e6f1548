//! Comes back after a session broke while messages were fetched, so that one message never keeps the others back and a
//! bad line costs no run.
//!
//! The message that was due is asked for alone then. If that breaks the session once more, the message is the trouble
//! itself and is fetched as nothing; once may be the network's doing.

use super::fetch::Order;
use super::{ImapMailbox, connect};
use crate::mailbox::MailboxError;

/// How often a run comes back.
pub(super) const RETURNS: u8 = 4;

impl ImapMailbox {
    /// Fetches what was ordered, over as many sessions as it takes.
    ///
    /// # Errors
    /// What broke the last session, when there was no way back.
    pub(super) fn fetch_and_return(&mut self, order: &mut Order) -> Result<(), MailboxError> {
        let mut suspect = None;
        loop {
            let trouble = match self.fetch_missing(order, suspect) {
                Ok(()) => return Ok(()),
                Err(trouble) if self.session.is_alive() => return Err(trouble),
                Err(trouble) => trouble,
            };
            let due = order.next();
            let is_to_blame = due.is_some() && due == suspect;
            if let Err(error) = self.come_back() {
                log::debug!("{}: no way back: {error}", self.session.peer);
                return Err(self.broke.take().unwrap_or(trouble));
            }
            self.broke = None;
            suspect = due;
            if let Some(uid) = due.filter(|_| is_to_blame) {
                order.give_up(uid, "the server breaks off or falls silent whenever it is to give it");
                suspect = None;
            }
        }
    }

    /// Logs in again and opens the same folder.
    fn come_back(&mut self) -> Result<(), MailboxError> {
        let Some(returns) = self.returns.checked_sub(1) else {
            return Err(self.session.peer.connect("", "the session broke too often"));
        };
        self.returns = returns;
        let (name, validity) = self.opened().map(|open| (open.name.clone(), open.validity))?;
        log::warn!(
            "{} is being connected to again: the session broke while messages were fetched",
            self.session.peer
        );
        self.on_the_way.clear();
        (self.session, self.capabilities) = connect::session(&self.server, self.until, None)?;
        let again = self.select(&name).and_then(|open| {
            let anew = || self.session.peer.protocol("the folder was numbered anew meanwhile");
            if open.validity == validity { Ok(()) } else { Err(anew()) }
        });
        // Whether the server carried out what it was told last is not known.
        let again = again.and_then(|()| self.tell_again());
        if again.is_err() {
            // Nothing may be told to another folder than the one that was listed.
            self.session.hang_up();
        }
        // What was listed is what the watermark will speak of: the folder stays open as it was then.
        again
    }
}
