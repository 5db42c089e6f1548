//! The integration tests: one binary, whose modules are listed here with what each of them claims.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

/// The demonstration's mails are there, described, and come in the order of their story.
mod local_demo;
/// A directory of files: names and hashes, order, what is told.
mod local_directory;
/// A Maildir: keys that outlive renames, flags, sub-folders.
mod local_maildir;
/// An mbox: locks, keys, deletion, watermark.
mod local_mbox;
mod store_killed; // a killed run leaves what it committed
mod store_look; // a dry run leaves no trace in the store
