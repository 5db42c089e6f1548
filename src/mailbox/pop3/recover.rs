//! Comes back after a session broke in the middle of a message, so that one message never keeps the others back, or over
//! commands that were sent ahead.
//!
//! A server that dies over a message, or one that does not end, is connected to again, a few times in a run. A message
//! that has broken two sessions in succession is the trouble itself and is fetched as nothing; once may be the
//! network's doing. Commands are then sent one at a time: there is no doubt what a session broke at, and servers that
//! offer PIPELINING and lose commands are served too. What was to be deleted is told anew, since only QUIT would have
//! made it last.

use super::fetch::Bodies;
use super::maildrop::Maildrop;
use super::session::Ahead;
use super::{Pop3Mailbox, connect};
use crate::mailbox::MailboxError;
use crate::model::item::{Extent, Fetched, ItemKey, Listed};

/// How often a run comes back.
pub(super) const RETURNS: u8 = 4;

impl Pop3Mailbox {
    /// Fetches items in their order, without those that vanished; what is not given stays above the watermark.
    pub(super) fn fetched(&mut self, items: &[Listed]) -> Result<Vec<Fetched>, MailboxError> {
        self.maildrop()?;
        let mut bodies = Bodies::new();
        let mut suspect: Option<ItemKey> = None;
        loop {
            let attempt = self.fetch_missing(items, &mut bodies);
            let broke = match &attempt {
                Ok(()) if self.session.is_alive() => break,
                Ok(()) => None,
                Err(MailboxError::Connect { .. } | MailboxError::Timeout { .. })
                    if !self.session.is_alive() =>
                {
                    self.stumbled_over()
                }
                Err(_) => return attempt.map(|()| Vec::new()),
            };
            suspect = match broke {
                Some(key) if suspect.as_ref() == Some(&key) => {
                    let why = "the server breaks off or falls silent whenever it is to give it".to_owned();
                    bodies.insert(key, (Vec::new(), Extent::Nothing { why }));
                    None
                }
                other => other,
            };
            if let Err(trouble) = self.come_back() {
                log::debug!("{}: no way back: {trouble}", self.session.peer);
                // What came before a message without end is good; after any other break all is taken again.
                attempt?;
                break;
            }
        }
        let is_missing = |item: &&Listed| !bodies.contains_key(&item.key);
        let missing = items.iter().filter(is_missing).filter_map(|item| self.place_of(&item.key));
        let lowest = missing.filter(|place| !place.is_doomed).map(|place| place.number).min();
        self.not_given = self.not_given.into_iter().chain(lowest).min();
        let given = |item: &Listed| {
            let (bytes, extent) = bodies.remove(&item.key)?;
            Some(Fetched { listed: item.clone(), bytes, extent })
        };
        Ok(items.iter().filter_map(given).collect())
    }

    /// Looks once more at what is there, in a session that sends nothing ahead.
    pub(super) fn look_again(&mut self, trouble: &MailboxError) -> Result<Maildrop, MailboxError> {
        log::warn!("{} is connected to again, one command at a time: {trouble}", self.session.peer);
        (self.session, self.offer) = connect::session(&self.server, Ahead::Never, self.until, None)?;
        self.look()
    }

    /// The message at which the session broke.
    fn stumbled_over(&mut self) -> Option<ItemKey> {
        let number = self.stumbled.take()?;
        self.maildrop.as_ref()?.key_of(number).cloned()
    }

    /// Logs in again and is where it was.
    fn come_back(&mut self) -> Result<(), MailboxError> {
        let Some(returns) = self.returns.checked_sub(1) else {
            return Err(self.session.peer.connect("", "the session broke too often"));
        };
        self.returns = returns;
        log::warn!(
            "{} is connected to again: the session broke in the middle of a message",
            self.session.peer
        );
        let doomed = std::mem::take(&mut self.doomed);
        self.maildrop = None;
        self.is_as_listed = false;
        (self.session, self.offer) = connect::session(&self.server, Ahead::Never, self.until, None)?;
        let again = self.maildrop().map(drop).and_then(|()| self.doom(doomed));
        if again.is_err() {
            self.session.hang_up();
        }
        again
    }
}
