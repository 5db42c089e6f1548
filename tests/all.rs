//! The integration tests: one binary, whose modules are listed here with what each of them claims.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod store_killed; // a killed run leaves what it committed
mod store_look; // a dry run leaves no trace in the store
