//! Tells the server what became of items: DELE, which counts at QUIT (RFC 1939 sections 5 and 6).
//!
//! Repeatable: a key that is no longer there counts as told.

use super::Pop3Mailbox;
use super::session::{Go, told};
use crate::mailbox::{Access, MailboxError};
use crate::model::item::{Acknowledgement, Disposition, ItemKey};

impl Pop3Mailbox {
    /// Asks for deletion; the keys are those for which nothing is left to do.
    pub(super) fn tell(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        if self.access == Access::ReadOnly && !items.is_empty() {
            return Err(self.maildrop_error("open it for writing", "it is only looked at"));
        }
        self.maildrop()?;
        let mut heard = Vec::new();
        let mut doomed = Vec::new();
        for item in items {
            match &item.disposition {
                Disposition::Keep => heard.push(item.key.clone()),
                Disposition::Delete => match self.place_of(&item.key) {
                    Some(place) if place.is_doomed => {}
                    Some(place) => doomed.push((place.number, item.key.clone())),
                    None => heard.push(item.key.clone()),
                },
                Disposition::Seen | Disposition::Move(_) => {
                    let source = format!("it cannot be told {:?}", item.disposition.to_string());
                    return Err(self.maildrop_error("POP3 can \"keep\" or \"delete\"", source));
                }
            }
        }
        self.doom(doomed)?;
        Ok(heard)
    }

    /// Sends DELE for messages that are there.
    pub(super) fn doom(&mut self, items: Vec<(u32, ItemKey)>) -> Result<(), MailboxError> {
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
        let reply = self.session.run("QUIT");
        self.session.hang_up();
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
