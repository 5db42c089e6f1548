//! The integration tests: one binary, whose modules are listed here with what each of them claims.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

/// A home with a configuration and a store, for the modules below.
mod cli_place;

/// Finding, checking and writing the configuration.
mod cli_config;
/// Tickets, outcomes and quarantine from the command line.
mod cli_desk;
/// Completions and man pages.
mod cli_man;
/// What a run tells, and what becomes of it where it cannot be written.
mod cli_output;
/// Wrong command lines, help, and what a mail server hears.
mod cli_usage;
/// The man page documents every code and word.
mod docs;
/// Modules use what is below them; a foreign crate has one home.
mod layers;
