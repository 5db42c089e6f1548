//! The outbox: how notifications leave.

mod schedule;

pub use schedule::pause;
