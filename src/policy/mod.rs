//! Decisions: from what a mail says and what the store knows to what shall be done. No clock, disk or network.

mod config;

pub use config::{ClosedTicket, Entry, FollowupsFrom, Queue};
