//! What the tests share and the benchmark needs: a real server.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "made for tests"
)]

#[path = "../../tests/support/ca.rs"]
pub mod ca;
#[path = "../../tests/support/dovecot.rs"]
pub mod dovecot;
#[path = "../../tests/support/ports.rs"]
pub mod ports;
#[path = "../../tests/support/raw.rs"]
pub mod raw;
