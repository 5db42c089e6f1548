//! Tells the server what became of items, in one command for each disposition.
//!
//! The commands leave at once; their answers come among the messages of the next batches, and are waited for at the end.
//!
//! Repeatable: a UID names the same message for ever, and telling one that is gone changes nothing. The one deed that
//! could happen twice is COPY where the server has no MOVE; before it is repeated the target is searched.

use std::collections::HashSet;

use imap_proto::{MailboxDatum, Response};

use super::ahead::Sent;
use super::answers::Bounds;
use super::folder::responses;
use super::session::Refusal;
use super::{Access, ImapMailbox, name, uids};
use crate::mailbox::MailboxError;
use crate::model::ids::MessageId;
use crate::model::item::{Acknowledgement, Disposition, ItemKey, Telling};

/// The shortest part of a Message-ID that is searched for.
const SHORTEST: usize = 8;

/// What a folder is told of a set of items.
pub(super) struct Deed {
    command: String,
    /// `None` where it is still to be sent, or once more in another session.
    sent: Option<Sent>,
    /// What follows once that is done: a server may look for what EXPUNGE is to remove before it has flagged it.
    then: Option<String>,
    set: String,
    target: Option<String>,
    /// What it has heard of once all is done.
    keys: Vec<ItemKey>,
}

/// Items of one disposition.
type Group<'a> = [(u32, &'a Acknowledgement)];

/// Whether an answer that has not been read is waited for: messages that were asked for earlier come before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Yes,
    No,
}

/// So many deeds may wait for their answers: neither side can then be kept from reading by what it writes.
const UNANSWERED: usize = 32;

impl ImapMailbox {
    /// Tells the open folder; the keys are those it has heard of by now.
    ///
    /// Where the session breaks, the next fetch makes another and tells it there; if there is none, `settle` says so.
    pub(super) fn tell(&mut self, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
        let open = self.opened()?;
        let mut groups: Vec<(&Disposition, Vec<(u32, &Acknowledgement)>)> = Vec::new();
        let mut gone = Vec::new();
        for item in items {
            let Some(uid) = open.uid(&item.key).filter(|_| item.disposition != Disposition::Keep) else {
                // A key of another UIDVALIDITY can no longer be addressed: it counts as told.
                gone.push(item.key.clone());
                continue;
            };
            match groups.iter_mut().find(|(disposition, _)| **disposition == item.disposition) {
                Some((_, group)) => group.push((uid, item)),
                None => groups.push((&item.disposition, vec![(uid, item)])),
            }
        }
        if !groups.is_empty() && (!open.writable || self.access == Access::ReadOnly) {
            let hint =
                "give the user the right to change flags there, or set on_success and the others to \"keep\"";
            return Err(self.folder_error(&open.name, Some(hint.to_owned()), "it is read-only"));
        }
        let earlier = self.hear(Wait::No);
        self.heard.extend(gone);
        let told = groups.iter().fold(earlier, |end, (disposition, group)| {
            let told = self.tell_group(disposition, group);
            end.and(told)
        });
        match told {
            // What was copied in vain is nothing that is told again in this run.
            Err(error) if !self.session.is_alive() && !self.unanswered.is_empty() => {
                self.broke = self.broke.take().or(Some(error));
            }
            told => told?,
        }
        Ok(std::mem::take(&mut self.heard))
    }

    fn tell_group(&mut self, disposition: &Disposition, group: &Group<'_>) -> Result<(), MailboxError> {
        match disposition {
            Disposition::Keep => {}
            Disposition::Seen => self.plan(group, None, |set| (flagged(set, "\\Seen"), None)),
            Disposition::Delete => self.plan_removal(group),
            Disposition::Move(target) if self.offers("MOVE") => {
                let command = |set: &str| format!("UID MOVE {set} {}", name::mailbox(target));
                self.plan(group, Some(target), |set| (command(set), None));
            }
            Disposition::Move(target) => self.copy_and_remove(group, target)?,
        }
        self.send_deeds()
    }

    /// Plans a command for each set that a group is divided into, and perhaps another behind it.
    fn plan(
        &mut self,
        group: &Group<'_>,
        target: Option<&str>,
        commands: impl Fn(&str) -> (String, Option<String>),
    ) {
        for set in uids::sets(group.iter().map(|(uid, _)| *uid)) {
            let (command, then) = commands(&set.text);
            let of_set = group.iter().filter(|(uid, _)| set.uids.binary_search(uid).is_ok());
            let keys = of_set.map(|(_, item)| item.key.clone()).collect();
            let target = target.map(str::to_owned);
            self.unanswered.push(Deed { command, sent: None, then, set: set.text, target, keys });
        }
    }

    /// Removes messages without touching what others flagged (RFC 4315 section 2.1).
    fn plan_removal(&mut self, group: &Group<'_>) {
        if self.offers("UIDPLUS") {
            let commands = |set: &str| (flagged(set, "\\Deleted"), Some(format!("UID EXPUNGE {set}")));
            return self.plan(group, None, commands);
        }
        if !self.warned {
            self.warned = true;
            log::warn!(
                "{} has no UIDPLUS: items are flagged \\Deleted and stay until somebody expunges the folder",
                self.session.peer
            );
        }
        self.plan(group, None, |set| (flagged(set, "\\Deleted"), None));
    }

    /// Sends what is planned.
    fn send_deeds(&mut self) -> Result<(), MailboxError> {
        if self.is_patient() {
            return self.hear_all();
        }
        for deed in self.unanswered.iter_mut().take(UNANSWERED).filter(|deed| deed.sent.is_none()) {
            deed.sent = Some(self.session.send(&deed.command, Bounds::default())?);
        }
        if self.unanswered.len() > UNANSWERED { self.hear(Wait::Yes) } else { Ok(()) }
    }

    /// Takes the answers to what was told, and goes on where something follows; what one refuses takes nothing from the others.
    fn hear(&mut self, wait: Wait) -> Result<(), MailboxError> {
        let mut end = Ok(());
        for mut deed in std::mem::take(&mut self.unanswered) {
            let is_due = wait == Wait::Yes || deed.sent.is_some_and(|sent| self.session.is_answered(sent));
            let heard = if is_due && self.session.is_alive() { self.hear_of(&mut deed) } else { Ok(false) };
            match heard {
                Ok(true) => self.heard.append(&mut deed.keys),
                Err(error) if self.session.is_alive() => end = end.and(Err(error)),
                heard => {
                    end = end.and(heard.map(drop));
                    self.unanswered.push(deed);
                }
            }
        }
        end
    }

    /// Tells the same folder once more what it has not answered, in another session.
    pub(super) fn tell_again(&mut self) -> Result<(), MailboxError> {
        self.unanswered.iter_mut().for_each(|deed| deed.sent = None);
        self.send_deeds()
    }

    /// Waits for the answer to one, having sent it if it was not; tells whether all is done.
    fn hear_of(&mut self, deed: &mut Deed) -> Result<bool, MailboxError> {
        let sent =
            deed.sent.take().map_or_else(|| self.session.send(&deed.command, Bounds::default()), Ok)?;
        if let Err(refusal) = self.session.answer(sent)? {
            let target = deed.target.as_deref();
            if refusal.may_be_for_the_company() {
                self.is_patient = true;
                self.carry_out(&deed.command, &deed.set, target)?;
            } else {
                self.mend(&deed.command, refusal, &deed.set, target)?;
            }
        }
        let Some(command) = deed.then.take() else { return Ok(true) };
        deed.command = command;
        deed.sent = Some(self.session.send(&deed.command, Bounds::default())?);
        Ok(false)
    }

    /// Waits until nothing is left to be answered.
    pub(super) fn hear_all(&mut self) -> Result<(), MailboxError> {
        let mut end = Ok(());
        while self.session.is_alive() && !self.unanswered.is_empty() {
            end = end.and(self.hear(Wait::Yes));
        }
        end
    }

    fn copy_and_remove(&mut self, group: &Group<'_>, target: &str) -> Result<(), MailboxError> {
        // Another folder may be opened meanwhile, where nothing could be asked about what was told here.
        let earlier = self.hear_all();
        let again = group.iter().filter(|(_, item)| item.telling == Telling::Again);
        let again: Vec<(u32, &MessageId)> =
            again.filter_map(|(uid, item)| Some((*uid, item.message_id.as_ref()?))).collect();
        let copied = if again.is_empty() { HashSet::new() } else { self.copied_before(&again, target)? };
        if !again.is_empty() && !self.came_back()? {
            self.heard.extend(group.iter().map(|(_, item)| item.key.clone()));
            // What was listed means other messages now.
            self.session.hang_up();
            return earlier;
        }
        let missing = group.iter().map(|(uid, _)| *uid).filter(|uid| !copied.contains(uid));
        // Nothing is removed before it lies there.
        for set in uids::sets(missing) {
            let command = format!("UID COPY {} {}", set.text, name::mailbox(target));
            self.carry_out(&command, &set.text, Some(target))?;
        }
        self.plan_removal(group);
        earlier
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

    /// Runs a command on a set and waits for its answer.
    fn carry_out(&mut self, command: &str, set: &str, target: Option<&str>) -> Result<(), MailboxError> {
        match self.session.run(command)? {
            Ok(_) => Ok(()),
            Err(refusal) => self.mend(command, refusal, set, target),
        }
    }

    /// A NO for messages that are all gone is no trouble; where some are, the rest is tried again.
    fn mend(
        &mut self,
        command: &str,
        mut refusal: Refusal,
        set: &str,
        target: Option<&str>,
    ) -> Result<(), MailboxError> {
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

fn flagged(set: &str, flag: &str) -> String {
    format!("UID STORE {set} +FLAGS.SILENT ({flag})")
}
