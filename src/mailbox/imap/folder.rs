//! Opens a folder and lists what is new in it.

use std::collections::BTreeMap;

use imap_proto::{MailboxDatum, Response, ResponseCode};

use super::fetch::temporary;
use super::record::Record;
use super::session::Refusal;
use super::{Access, ImapMailbox, name, uids};
use crate::mailbox::MailboxError;
use crate::model::item::{ItemKey, Listed, Listing, Watermark};

/// How many folders a hint names.
const NEAR: usize = 5;

/// The open folder, as SELECT or EXAMINE told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) name: String,
    /// UIDVALIDITY: while it is the same, so is what a UID names.
    pub(super) validity: u32,
    /// UIDNEXT; a server that gives none lets no watermark be remembered.
    next: Option<u32>,
    exists: u64,
    /// Whether the server lets flags be changed.
    pub(super) writable: bool,
    /// The lowest UID met that is flagged `\Deleted`: the flag may be taken back, so it stays above the watermark.
    lowest_deleted: Option<u32>,
}

impl Open {
    pub(super) fn watermark(&self, first_open: Option<&ItemKey>) -> Option<Watermark> {
        let (validity, next) = (self.validity, self.next?);
        let first_open = match first_open {
            None => None,
            Some(key) => match uids::parse_key(key) {
                Some((of, uid)) if of == validity => Some(uid),
                // Not of this folder's present numbering: nothing can be said.
                Some(_) | None => return None,
            },
        };
        let uid = [first_open, self.lowest_deleted].into_iter().flatten().fold(next, u32::min);
        Some(uids::watermark(validity, uid))
    }

    /// Whether a listing from the watermark on begins above the item.
    pub(super) fn has_passed(&self, settled: &Watermark, item: &ItemKey) -> bool {
        let first = uids::parse_watermark(settled).filter(|(validity, _)| *validity == self.validity);
        first.zip(self.uid(item)).is_some_and(|((_, first), uid)| uid < first)
    }

    /// The UID of a key, if it is of the present numbering.
    pub(super) fn uid(&self, key: &ItemKey) -> Option<u32> {
        uids::parse_key(key).filter(|(validity, _)| *validity == self.validity).map(|(_, uid)| uid)
    }
}

impl ImapMailbox {
    /// Opens a folder; whichever is open is left as it is (SELECT does not expunge, RFC 3501 section 6.3.1).
    pub(super) fn select(&mut self, folder: &str) -> Result<Open, MailboxError> {
        let word = match self.access {
            Access::ReadOnly => "EXAMINE",
            Access::ReadWrite => "SELECT",
        };
        let answer = match self.session.run(&format!("{word} {}", name::mailbox(folder)))? {
            Ok(answer) => answer,
            Err(refusal) => return Err(self.missing(folder, refusal)),
        };
        let mut open = Open {
            name: folder.to_owned(),
            validity: 0,
            next: None,
            exists: 0,
            writable: self.access == Access::ReadWrite && answer.told.code != "READ-ONLY",
            lowest_deleted: None,
        };
        for response in responses(&answer.data) {
            if let Response::MailboxData(MailboxDatum::Exists(exists)) = response {
                open.exists = exists.into();
            } else if let Response::Data { code: Some(ResponseCode::UidValidity(number)), .. } = response {
                open.validity = number;
            } else if let Response::Data { code: Some(ResponseCode::UidNext(uid)), .. } = response {
                open.next = Some(uid);
            }
        }
        if open.validity == 0 {
            // RFC 3501 section 2.3.1.1: its UIDs may name other messages tomorrow, which would pass for settled.
            let hint = "without UIDVALIDITY messages cannot be told apart: fetch this account from a Maildir or mbox";
            return Err(self.folder_error(folder, Some(hint.to_owned()), "the server tells no UIDVALIDITY"));
        }
        Ok(open)
    }

    /// Looks whether a folder is there; it is the server's open one afterwards.
    pub(super) fn examined(&mut self, folder: &str) -> Result<(), MailboxError> {
        match self.session.run(&format!("EXAMINE {}", name::mailbox(folder)))? {
            Ok(_) => Ok(()),
            Err(refusal) => Err(self.missing(folder, refusal)),
        }
    }

    /// The error for a folder that cannot be opened, with the names of near ones.
    fn missing(&mut self, folder: &str, refusal: Refusal) -> MailboxError {
        let hint = match self.session.run("LIST \"\" \"*\"") {
            Ok(Ok(answer)) => near(folder, &answer.data),
            Ok(Err(_)) | Err(_) => None,
        };
        let hint = hint.unwrap_or_else(|| "check \"folder\"; folders are not created".to_owned());
        self.folder_error(folder, Some(hint), refusal)
    }

    /// Lists what lies at or above the watermark.
    pub(super) fn listing(&mut self, settled: Option<&Watermark>) -> Result<Listing, MailboxError> {
        let open = self.opened()?;
        let first = settled
            .and_then(uids::parse_watermark)
            .filter(|(validity, _)| *validity == open.validity)
            .map_or(1, |(_, uid)| uid.max(1));
        // Without a watermark all is new, whatever a server says that counts wrongly.
        let nothing_new = first > 1 && open.next.is_some_and(|next| next <= first);
        let exists = open.exists;
        if exists == 0 || nothing_new {
            return Ok(Listing { there: exists, ..Listing::default() });
        }
        let met = merged(self.told_of(first)?, first);
        let number = self.opened()?.validity;
        let (gone, there): (BTreeMap<u32, Record>, BTreeMap<u32, Record>) =
            met.into_iter().partition(|(_, record)| record.deleted == Some(true));
        if let Some(open) = &mut self.open {
            open.lowest_deleted = gone.keys().next().copied();
        }
        let deleted: Vec<ItemKey> = gone.into_keys().map(|uid| uids::key(number, uid)).collect();
        let items: Vec<Listed> = there
            .into_iter()
            .map(|(uid, record)| Listed {
                key: uids::key(number, uid),
                size: record.size,
                arrived: record.arrived,
            })
            .collect();
        let there = exists.saturating_sub(deleted.len() as u64).max(items.len() as u64);
        Ok(Listing { there, items, deleted })
    }

    /// Asks for what is listed of all messages from `first` on.
    ///
    /// A damaged message has no size, and one NO answers for all: then nothing but UIDs and flags is asked, so that its
    /// neighbours are fetched and the trouble shows where it lies.
    fn told_of(&mut self, first: u32) -> Result<Vec<Record>, MailboxError> {
        let mut records = Vec::new();
        for wanted in ["UID RFC822.SIZE INTERNALDATE FLAGS", "UID FLAGS"] {
            match self.session.run(&format!("UID FETCH {first}:* ({wanted})"))? {
                Ok(answer) => {
                    records.extend(answer.told.records);
                    return Ok(records);
                }
                Err(refusal) if wanted == "UID FLAGS" || temporary(&refusal) => {
                    return Err(self.folder_error(&self.opened()?.name, None, refusal));
                }
                Err(refusal) => records.extend(refusal.told.records),
            }
        }
        Ok(records)
    }
}

/// One record for each UID from `first` on: `n:*` also gives the last message if it lies below (RFC 3501 section
/// 6.4.8), and flags changed by others come as answers of their own.
fn merged(records: Vec<Record>, first: u32) -> BTreeMap<u32, Record> {
    let mut met: BTreeMap<u32, Record> = BTreeMap::new();
    for record in records {
        let Some(uid) = record.uid.filter(|uid| *uid >= first) else { continue };
        let known = met.entry(uid).or_default();
        known.size = record.size.or(known.size);
        known.arrived = record.arrived.or(known.arrived);
        known.deleted = record.deleted.or(known.deleted);
    }
    met
}

/// The untagged answers that the crate let through.
pub(super) fn responses(mut data: &[u8]) -> impl Iterator<Item = Response<'_>> {
    std::iter::from_fn(move || match imap_proto::parser::parse_response(data) {
        Ok((rest, response)) if rest.len() < data.len() => {
            data = rest;
            Some(response)
        }
        Ok(_) | Err(_) => None,
    })
}

fn near(wanted: &str, list: &[u8]) -> Option<String> {
    let wanted = wanted.to_lowercase();
    let mut names: Vec<(f64, String)> = responses(list)
        .filter_map(|response| {
            let Response::MailboxData(MailboxDatum::List { name, .. }) = response else { return None };
            Some(name::decode(&name))
        })
        .map(|name| {
            let lower = name.to_lowercase();
            // `Support` is usually meant to be `INBOX.Support`.
            let bonus = if lower.ends_with(&wanted) { 1.0 } else { 0.0 };
            (strsim::jaro_winkler(&wanted, &lower) + bonus, name)
        })
        .collect();
    names.sort_by(|one, other| other.0.total_cmp(&one.0));
    let names: Vec<String> = names.into_iter().take(NEAR).map(|(_, name)| format!("{name:?}")).collect();
    (!names.is_empty()).then(|| format!("folders are not created; there is {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(lowest_deleted: Option<u32>) -> Open {
        let name = "INBOX".to_owned();
        Open { name, validity: 7, next: Some(100), exists: 3, writable: true, lowest_deleted }
    }

    #[test]
    fn the_watermark_is_the_lowest_that_is_not_settled() {
        let mark = |open: Open, first: Option<u32>| {
            open.watermark(first.map(|uid| uids::key(7, uid)).as_ref()).map(|mark| mark.0)
        };
        assert_eq!(mark(open(None), None).as_deref(), Some("7:100"));
        assert_eq!(mark(open(None), Some(40)).as_deref(), Some("7:40"));
        assert_eq!(mark(open(Some(30)), Some(40)).as_deref(), Some("7:30"));
        assert_eq!(mark(open(None), Some(120)).as_deref(), Some("7:100"));
        assert_eq!(mark(Open { next: None, ..open(None) }, None), None);
        assert_eq!(open(None).watermark(Some(&uids::key(8, 1))), None);
    }

    #[test]
    fn a_watermark_has_passed_what_lies_below_it_under_its_own_numbering() {
        let passed = |mark: (u32, u32), uid: u32| {
            open(None).has_passed(&uids::watermark(mark.0, mark.1), &uids::key(7, uid))
        };
        assert!(passed((7, 40), 39));
        assert!(!passed((7, 40), 40));
        assert!(!passed((8, 40), 39));
        assert!(
            !open(None).has_passed(&uids::watermark(8, 40), &uids::key(8, 39)),
            "a key of the older numbering"
        );
    }

    #[test]
    fn near_folders_come_nearest_first() {
        let list = b"* LIST () \".\" \"INBOX.Gel&APY-scht\"\r\n* LIST () \".\" Sent\r\n* LIST () \".\" INBOX.Support\r\n";
        let hint = near("support", list).unwrap();
        assert!(hint.starts_with("folders are not created; there is \"INBOX.Support\", "), "{hint}");
        assert!(hint.contains("Gelöscht"), "{hint}");
        assert_eq!(near("x", b""), None);
    }

    #[test]
    fn flags_changed_by_others_are_no_messages_of_their_own() {
        let records = vec![
            Record { uid: Some(5), size: Some(9), deleted: Some(false), ..Record::default() },
            Record { uid: Some(5), deleted: Some(true), ..Record::default() },
            Record { uid: Some(3), size: Some(1), ..Record::default() },
            Record { deleted: Some(true), ..Record::default() },
        ];
        let met = merged(records, 4);
        assert_eq!(met.len(), 1);
        assert_eq!(met[&5], Record { size: Some(9), deleted: Some(true), ..Record::default() });
    }
}
