//! Tells the server what became of items: DELE, which counts at QUIT (RFC 1939 sections 5 and 6), and is said of all together.
//!
//! Repeatable: a key that is no longer there counts as told.

use super::Pop3Mailbox;
use super::session::{Go, told};
use crate::mailbox::{Access, MailboxError};
use crate::model::item::{Acknowledgement, Disposition, ItemKey};

impl Pop3Mailbox {
    /// Has items deleted in the end; the keys are those for which nothing is left to do.
    pub(super) fn tell(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        if self.access == Access::ReadOnly && !items.is_empty() {
            return Err(self.maildrop_error("open it for writing", "it is only looked at"));
        }
        self.maildrop()?;
        let mut heard = Vec::new();
        let mut condemned = Vec::new();
        for item in items {
            match &item.disposition {
                Disposition::Keep => heard.push(item.key.clone()),
                Disposition::Delete => match self.place_of(&item.key) {
                    Some(place) if place.is_doomed => {}
                    Some(place) => condemned.push((place.number, item.key.clone())),
                    None => heard.push(item.key.clone()),
                },
                Disposition::Seen | Disposition::Move(_) => {
                    let source = format!("it cannot be told {:?}", item.disposition.to_string());
                    return Err(self.maildrop_error("POP3 can \"keep\" or \"delete\"", source));
                }
            }
        }
        for (number, key) in condemned {
            self.maildrop.iter_mut().for_each(|maildrop| maildrop.doom(number));
            self.condemned.push(key);
        }
        Ok(heard)
    }

    /// Sends DELE for what was told until now.
    pub(super) fn doom_condemned(&mut self) -> Result<(), MailboxError> {
        let condemned = std::mem::take(&mut self.condemned);
        if condemned.is_empty() { Ok(()) } else { self.doom(condemned) }
    }

    /// Sends DELE for those of these messages that are there.
    pub(super) fn doom(&mut self, keys: Vec<ItemKey>) -> Result<(), MailboxError> {
        let there = |key: ItemKey| Some((self.place_of(&key)?.number, key));
        let items: Vec<(u32, ItemKey)> = keys.into_iter().filter_map(there).collect();
        let commands: Vec<String> = items.iter().map(|(number, _)| format!("DELE {number}")).collect();
        let mut replies = Vec::with_capacity(items.len());
        self.session.pipeline(&commands, |_, reply, _| {
            replies.push(reply);
            Ok(Go::On)
        })?;
        for ((number, key), reply) in items.into_iter().zip(replies) {
            match reply {
                Ok(_) => {
                    self.maildrop.iter_mut().for_each(|maildrop| maildrop.doom(number));
                    self.doomed.push(key);
                }
                // It stays owed, and its neighbours go.
                Err(refusal) => {
                    log::warn!("{} does not delete item {key}: {}", self.session.peer, told(&refusal));
                }
            }
        }
        Ok(())
    }

    /// Ends the session; gives the keys that the server has now removed.
    pub(super) fn quit(&mut self) -> Result<Vec<ItemKey>, MailboxError> {
        if self.access == Access::ReadOnly {
            // QUIT lets some servers note what was read.
            self.session.hang_up();
            return Ok(Vec::new());
        }
        if !self.session.is_alive() {
            let source = "it broke off or was left in the middle of a message";
            return Err(self.session.peer.connect("the next run goes on from there", source));
        }
        let reply = self.doom_condemned().map(|()| self.session.run("QUIT"));
        self.session.hang_up();
        let reply = reply?;
        let doomed = std::mem::take(&mut self.doomed);
        match reply {
            Ok(Ok(_)) => Ok(doomed),
            // Some servers hang up without a word; where nothing was to be done nothing is lost.
            Ok(Err(_)) | Err(_) if doomed.is_empty() => Ok(doomed),
            Ok(Err(refusal)) => Err(self.maildrop_error(
                "the server may not have deleted everything; the next run tells it again",
                told(&refusal),
            )),
            Err(error) => Err(error),
        }
    }
}
