//! The integration tests: one binary, whose modules are listed here with what each of them claims.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

/// A session comes about with the protection that is configured, or not at all.
mod imap_connect;
/// Servers that break off, answer oddly, hang or lie never cost more than the run, and never a message.
mod imap_faults;
/// What is new is listed and fetched octet for octet; where nothing is new, nothing is asked.
mod imap_fetch;
/// The server is told what became of items, repeatably, without touching what is not ours.
mod imap_tell;
/// Real servers, certificates, scripted servers.
mod support;
