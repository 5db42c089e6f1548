//! The files that go along with a notification, read when it leaves: no more of them are in memory than may go along.
//!
//! Each courier has a connection of its own to the store, one that cannot write; it is opened for the first file.

use crate::model::notification::File;
use crate::store::{Config, FileRow, Store, StoreError};

/// Where files are read.
pub struct Attachments {
    config: Config,
    store: Option<Store>,
}

impl Attachments {
    /// Those of this store, which is opened when it is needed.
    pub fn new(config: &Config) -> Self {
        Self { config: config.clone(), store: None }
    }

    /// The files of a message, in their order, with what is in them as long as that is at most so many octets.
    ///
    /// What does not fit stays behind, and what comes after it may fit. What is gone or damaged stays behind as well, without
    /// a size: people are told without it rather than not at all.
    pub(super) fn of(&mut self, message: i64, most: u64) -> Result<Vec<File>, StoreError> {
        let mut store = match self.store.take() {
            Some(store) => store,
            None => open(&self.config)?,
        };
        let mut left = most;
        let rows = store.files(message)?.into_iter();
        let files = rows.map(|row| file(&mut store, row, &mut left)).collect::<Result<_, _>>();
        self.store = Some(store);
        files
    }
}

fn open(config: &Config) -> Result<Store, StoreError> {
    let gone = || StoreError::Replaced { place: config.shown() };
    Store::look(config)?.ok_or_else(gone)
}

/// A file, with what is in it if there is room `left` for it.
fn file(store: &mut Store, row: FileRow, left: &mut u64) -> Result<File, StoreError> {
    let mut file = File { name: row.filename, content_type: row.content_type, size: None, content: None };
    match row.content {
        Some((id, size)) if size <= *left => {
            file.content = content(store, id)?.filter(|octets| octets.len() as u64 == size);
            file.size = file.content.is_some().then_some(size);
            *left -= file.size.unwrap_or_default();
        }
        Some((_, size)) => file.size = Some(size),
        None => {}
    }
    Ok(file)
}

/// The octets of a file, unless they are gone or damaged.
fn content(store: &mut Store, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    match store.content(id) {
        Err(StoreError::Damaged { .. } | StoreError::Odd { .. }) => Ok(None),
        read => read,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::ids::Digest;
    use crate::model::mail::{Attachment, Mail};
    use crate::store::{NewMessage, NewTicket};
    use jiff::Timestamp;
    use sha2::{Digest as _, Sha256};

    /// A store with a message of files of so many octets, each of one letter.
    pub(in super::super) fn kept(sizes: &[usize]) -> (tempfile::TempDir, Config, i64) {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::of_file(folder.path().join("a.db"));
        let file = |(at, size): (usize, &usize)| {
            let content = vec![b'a' + u8::try_from(at).unwrap(); *size];
            Attachment {
                filename: format!("{at}.txt"),
                given_name: None,
                content_type: "text/plain".to_owned(),
                sha256: Digest(Sha256::digest(&content).into()),
                content,
                inline: false,
                content_id: None,
            }
        };
        let attachments = sizes.iter().enumerate().map(file).collect();
        let mail = Mail { attachments, ..Mail::sample("alice@example.org", "t") };
        let message = Store::open(&config).unwrap().transaction(|books| {
            let (queue, at) = ("support".parse().unwrap(), Timestamp::UNIX_EPOCH);
            let new = NewTicket {
                queue: &queue,
                title: "t",
                priority: 3,
                tags: &[],
                notify: true,
                requester: None,
                at,
            };
            let ticket = books.open_ticket(&new)?;
            let raw_sha256 = mail.digest;
            books.append(&NewMessage {
                ticket,
                mail: &mail,
                author: None,
                raw: None,
                raw_sha256,
                received_at: at,
                at,
                item: None,
            })
        });
        (folder, config, message.unwrap())
    }

    /// The names, with a `-` before those that stay behind.
    fn taken(config: &Config, message: i64, most: u64) -> Vec<String> {
        let files = Attachments::new(config).of(message, most).unwrap();
        let shown = |file: File| format!("{}{}", if file.content.is_some() { "" } else { "-" }, file.name);
        files.into_iter().map(shown).collect()
    }

    #[test]
    fn what_fits_goes_along_in_its_order() {
        let (_folder, config, message) = kept(&[4, 8, 0, 3]);
        assert_eq!(taken(&config, message, 15), ["0.txt", "1.txt", "2.txt", "3.txt"]);
        assert_eq!(taken(&config, message, 14), ["0.txt", "1.txt", "2.txt", "-3.txt"]);
        assert_eq!(taken(&config, message, 7), ["0.txt", "-1.txt", "2.txt", "3.txt"]);
        assert_eq!(taken(&config, message, 1), ["-0.txt", "-1.txt", "2.txt", "-3.txt"]);
        let first = Attachments::new(&config).of(message, 4).unwrap().remove(0);
        let expected = File {
            name: "0.txt".to_owned(),
            content_type: "text/plain".to_owned(),
            size: Some(4),
            content: Some(b"aaaa".to_vec()),
        };
        assert_eq!(first, expected);
    }

    #[test]
    fn without_a_store_there_is_an_error_and_no_new_store() {
        let (folder, _, message) = kept(&[1]);
        let config = Config::of_file(folder.path().join("other.db"));
        assert!(matches!(Attachments::new(&config).of(message, 1), Err(StoreError::Replaced { .. })));
        assert!(!config.file().unwrap().exists());
    }
}
