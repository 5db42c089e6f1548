//! Tells the server what became of items, in one command for each disposition.
//!
//! Repeatable: a UID names the same message for ever, and telling one that is gone changes nothing. The one deed that
//! could happen twice is COPY where the server has no MOVE; before it is repeated the target is searched.

use std::collections::HashSet;

use imap_proto::{MailboxDatum, Response};

use super::folder::responses;
use super::session::Refusal;
use super::{Access, ImapMailbox, name, uids};
use crate::mailbox::MailboxError;
use crate::model::ids::MessageId;
use crate::model::item::{Acknowledgement, Disposition, ItemKey, Telling};

/// The shortest part of a Message-ID that is searched for.
const SHORTEST: usize = 8;

impl ImapMailbox {
    /// Tells the open folder; the keys are those it has heard of.
    pub(super) fn tell(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        let open = self.opened()?;
        let mut groups: Vec<(&Disposition, Vec<(u32, &Acknowledgement)>)> = Vec::new();
        // A key of another UIDVALIDITY can no longer be addressed: it counts as told.
        for (uid, item) in items.iter().filter_map(|item| Some((open.uid(&item.key)?, item))) {
            match groups.iter_mut().find(|(disposition, _)| **disposition == item.disposition) {
                Some((_, group)) => group.push((uid, item)),
                None => groups.push((&item.disposition, vec![(uid, item)])),
            }
        }
        groups.retain(|(disposition, _)| **disposition != Disposition::Keep);
        if !groups.is_empty() && (!open.writable || self.access == Access::ReadOnly) {
            let hint =
                "give the user the right to change flags there, or set on_success and the others to \"keep\"";
            return Err(self.folder_error(&open.name, Some(hint.to_owned()), "it is read-only"));
        }
        for (disposition, group) in groups {
            let all: Vec<u32> = group.iter().map(|(uid, _)| *uid).collect();
            match disposition {
                Disposition::Keep => {}
                Disposition::Seen => self.flag(&all, "\\Seen")?,
                Disposition::Delete => self.remove(&all)?,
                Disposition::Move(target) if self.offers("MOVE") => self.relocate("MOVE", &all, target)?,
                Disposition::Move(target) => self.copy_and_remove(&group, target)?,
            }
        }
        Ok(items.iter().map(|item| item.key.clone()).collect())
    }

    fn flag(&mut self, uids: &[u32], flag: &str) -> Result<(), MailboxError> {
        for set in uids::sets(uids.iter().copied()) {
            self.deed(&format!("UID STORE {} +FLAGS.SILENT ({flag})", set.text), &set.text, None)?;
        }
        Ok(())
    }

    /// Removes messages without touching what others flagged (RFC 4315 section 2.1).
    fn remove(&mut self, uids: &[u32]) -> Result<(), MailboxError> {
        self.flag(uids, "\\Deleted")?;
        if self.offers("UIDPLUS") {
            for set in uids::sets(uids.iter().copied()) {
                self.deed(&format!("UID EXPUNGE {}", set.text), &set.text, None)?;
            }
        } else if !self.warned {
            self.warned = true;
            log::warn!(
                "{} has no UIDPLUS: items are flagged \\Deleted and stay until somebody expunges the folder",
                self.session.peer
            );
        }
        Ok(())
    }

    fn relocate(&mut self, word: &str, uids: &[u32], target: &str) -> Result<(), MailboxError> {
        for set in uids::sets(uids.iter().copied()) {
            let command = format!("UID {word} {} {}", set.text, name::mailbox(target));
            self.deed(&command, &set.text, Some(target))?;
        }
        Ok(())
    }

    fn copy_and_remove(
        &mut self,
        group: &[(u32, &Acknowledgement)],
        target: &str,
    ) -> Result<(), MailboxError> {
        let again = group.iter().filter(|(_, item)| item.telling == Telling::Again);
        let again: Vec<(u32, &MessageId)> =
            again.filter_map(|(uid, item)| Some((*uid, item.message_id.as_ref()?))).collect();
        let copied = if again.is_empty() { HashSet::new() } else { self.copied_before(&again, target)? };
        let all: Vec<u32> = group.iter().map(|(uid, _)| *uid).collect();
        if !again.is_empty() && !self.came_back()? {
            return Ok(());
        }
        let missing: Vec<u32> = all.iter().filter(|uid| !copied.contains(uid)).copied().collect();
        self.relocate("COPY", &missing, target)?;
        self.remove(&all)
    }

    /// Which of the items lie in the target already, by their Message-IDs.
    fn copied_before(
        &mut self,
        items: &[(u32, &MessageId)],
        target: &str,
    ) -> Result<HashSet<u32>, MailboxError> {
        if let Err(refusal) = self.session.run(&format!("EXAMINE {}", name::mailbox(target)))? {
            return Err(self.refused(target, refusal));
        }
        let mut copied = HashSet::new();
        for (uid, id) in items {
            // HEADER finds parts of a text (RFC 3501 section 6.4.4), so what is beyond ASCII can be left out.
            let part = id.as_str().split(|c: char| !c.is_ascii_graphic()).max_by_key(|part| part.len());
            let Some(part) = part.filter(|part| part.len() >= SHORTEST) else { continue };
            match self
                .session
                .run(&format!("UID SEARCH UNDELETED HEADER Message-ID {}", name::quoted(part)))?
            {
                Ok(answer) => {
                    let found = responses(&answer.data).any(|response| {
                        matches!(response, Response::MailboxData(MailboxDatum::Search(uids)) if !uids.is_empty())
                    });
                    if found {
                        copied.insert(*uid);
                    }
                }
                Err(refusal) => return Err(self.refused(target, refusal)),
            }
        }
        Ok(copied)
    }

    /// Opens the folder again after the target was looked at; false if its UIDs no longer mean the same.
    fn came_back(&mut self) -> Result<bool, MailboxError> {
        let before = self.opened()?.clone();
        let now = self.select(&before.name)?;
        Ok(now.validity == before.validity)
    }

    /// Runs a command on a set. A NO for messages that are all gone is no trouble; where some are, the rest is tried again.
    fn deed(&mut self, command: &str, set: &str, target: Option<&str>) -> Result<(), MailboxError> {
        let Err(mut refusal) = self.session.run(command)? else { return Ok(()) };
        if !refusal.is("TRYCREATE") {
            let left = self.there_in(set)?;
            if left.is_empty() {
                return Ok(());
            }
            // Somebody removed some of them meanwhile (RFC 5530).
            if let ([rest], true) = (uids::sets(left).as_slice(), refusal.is("EXPUNGEISSUED")) {
                match self.session.run(&command.replacen(set, &rest.text, 1))? {
                    Ok(_) => return Ok(()),
                    Err(again) => refusal = again,
                }
            }
        }
        let folder = match target {
            Some(target) => target.to_owned(),
            None => self.opened()?.name.clone(),
        };
        Err(self.refused(&folder, refusal))
    }

    fn refused(&self, folder: &str, refusal: Refusal) -> MailboxError {
        let hint = match refusal.told.code.as_str() {
            "TRYCREATE" | "NONEXISTENT" => "create the folder on the server; it is not created by itself",
            "OVERQUOTA" => "the account is full: make room on the server",
            "NOPERM" | "READ-ONLY" => "give the user the rights for it on the server",
            _ => "check that the folder exists and the user's rights; folders are not created",
        };
        self.folder_error(folder, Some(hint.to_owned()), refusal)
    }
}
