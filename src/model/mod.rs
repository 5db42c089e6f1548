//! The words of the trade: data and total functions over it.
//!
//! No I/O and nothing else of ours is used here, so that every other module may speak these words.

#[macro_use]
mod words;

pub mod address;
pub mod decision;
pub mod event;
pub mod evidence;
pub mod exit;
pub mod found;
pub mod ids;
pub mod item;
pub mod json;
pub mod mail;
pub mod notification;
pub mod outbox;
pub mod outcome;
pub mod remedy;
pub mod report;
pub mod schedule;
pub mod ticket;
pub mod trouble;
