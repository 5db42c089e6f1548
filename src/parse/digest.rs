//! The fingerprint by which a repeated message is known: what people see of it, and nothing that transport changes.

use sha2::{Digest as _, Sha256};

use crate::model::ids::Digest;
use crate::model::mail::Mail;

/// SHA-256 of From, Date, Subject, text and files, each item with its length, so that none runs into the next.
///
/// `Received`, `Status`, line ends and header order do not matter.
pub(super) fn of(mail: &Mail) -> Digest {
    let mut hash = Sha256::new();
    count(&mut hash, mail.from.len());
    for author in &mail.from {
        item(&mut hash, author.key().as_bytes());
    }
    item(&mut hash, mail.date.map(|date| date.as_second().to_string()).unwrap_or_default().as_bytes());
    item(&mut hash, mail.subject.as_bytes());
    item(&mut hash, mail.text.as_bytes());
    count(&mut hash, mail.attachments.len());
    for file in &mail.attachments {
        item(&mut hash, file.filename.as_bytes());
        item(&mut hash, &file.sha256.0);
    }
    Digest(hash.finalize().into())
}

fn item(hash: &mut Sha256, octets: &[u8]) {
    count(hash, octets.len());
    hash.update(octets);
}

fn count(hash: &mut Sha256, number: usize) {
    hash.update((number as u64).to_be_bytes());
}
