//! Pictures that HTML templates show: files of the directory of templates, sent along.

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::outbox) struct Image {
    /// Its file name.
    pub(in crate::outbox) name: String,
    /// Its media type.
    pub(in crate::outbox) media: &'static str,
    /// Its octets.
    pub(in crate::outbox) octets: Arc<[u8]>,
    /// Its Content-ID without brackets, made of its content (RFC 2392).
    pub(in crate::outbox) content_id: String,
}

impl Image {
    pub(super) fn new(name: &str, media: &'static str, octets: Vec<u8>) -> Self {
        let hash = Sha256::digest(&octets);
        let short = HEXLOWER.encode(hash.get(..12).unwrap_or_default());
        Self {
            name: name.to_owned(),
            media,
            octets: octets.into(),
            content_id: format!("{short}@inline.helpdesk-mail"),
        }
    }
}

/// All pictures of the directory, by queue (in lower case; empty for those of all) and file name.
#[derive(Debug, Clone, Default)]
pub(super) struct Images(Arc<BTreeMap<(String, String), Image>>);

impl Images {
    pub(super) fn new(images: BTreeMap<(String, String), Image>) -> Self {
        Self(Arc::new(images))
    }

    /// The picture of a queue, else that of all queues. A name is looked up here, never on the disk.
    pub(super) fn find(&self, queue: &str, name: &str) -> Option<&Image> {
        let at = |folder: &str| self.0.get(&(folder.to_owned(), name.to_owned()));
        at(&queue.to_ascii_lowercase()).or_else(|| at(""))
    }
}
