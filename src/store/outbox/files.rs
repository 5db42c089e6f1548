//! The files of the message that a notification tells of: first which there are, then the octets of one.

use super::FileRow;
use crate::store::engine::{Row, Value, first};
use crate::store::{Store, StoreError};

/// A file whose octets are gone is one all the same.
pub(in crate::store) const SELECT_FILES: &str = "
SELECT attachment.filename, attachment.content_type, blob.id, blob.size
FROM attachment
LEFT JOIN blob ON blob.id = attachment.blob
WHERE attachment.message = ?1
ORDER BY attachment.id";

pub(in crate::store) const SELECT_CONTENT: &str = "
SELECT content
FROM blob
WHERE id = ?1";

impl Store {
    /// The files of a message, in their order.
    pub fn files(&mut self, message: i64) -> Result<Vec<FileRow>, StoreError> {
        self.engine.query(SELECT_FILES, &[Value::Integer(message)])?.into_iter().map(file).collect()
    }

    /// What is in a file, by [`FileRow::content`]; `None` if it is gone.
    pub fn content(&mut self, row: i64) -> Result<Option<Vec<u8>>, StoreError> {
        first(self.engine.query(SELECT_CONTENT, &[Value::Integer(row)])?)
            .map(|mut row| row.take(0))
            .transpose()
    }
}

fn file(mut row: Row) -> Result<FileRow, StoreError> {
    let (content, size): (Option<i64>, Option<u64>) = (row.take(2)?, row.take(3)?);
    Ok(FileRow { filename: row.take(0)?, content_type: row.take(1)?, content: content.zip(size) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mail::{Attachment, Mail};
    use crate::store::sample::{self, Place, mail, message, ticket};

    fn file(name: &str, content: &[u8]) -> Attachment {
        Attachment {
            filename: name.to_owned(),
            given_name: None,
            content_type: "image/png".to_owned(),
            content: content.to_vec(),
            sha256: sample::digest(content),
            inline: false,
            content_id: None,
        }
    }

    #[test]
    fn files_are_told_in_their_order_also_those_that_are_gone() {
        let place = Place::embedded();
        let mut store = place.open();
        let ticket = ticket(&mut store, "support");
        let mut append =
            |mail: &Mail| store.transaction(|books| books.append(&message(ticket, mail))).unwrap();
        let without = append(&mail("none@x"));
        let files = vec![file("b.png", b"12345"), file("a.png", b"1")];
        let with = append(&Mail { attachments: files, ..mail("files@x") });
        let told = |store: &mut Store, message| {
            let files = store.files(message).unwrap().into_iter();
            files.map(|file| (file.filename, file.content.map(|(_, size)| size))).collect::<Vec<_>>()
        };
        assert_eq!(told(&mut store, with), [("b.png".to_owned(), Some(5)), ("a.png".to_owned(), Some(1))]);
        assert_eq!(told(&mut store, without), []);
        let (content, _) = store.files(with).unwrap().remove(0).content.unwrap();
        assert_eq!(store.content(content).unwrap().as_deref(), Some(&b"12345"[..]));

        // What no run does: the database was changed by hand.
        store.engine.script("PRAGMA foreign_keys = OFF; DELETE FROM blob WHERE size = 5").unwrap();
        assert_eq!(told(&mut store, with), [("b.png".to_owned(), None), ("a.png".to_owned(), Some(1))]);
        assert_eq!(store.content(content).unwrap(), None);
    }
}
