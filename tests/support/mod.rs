//! What the tests stand on: mails, help desks, real servers.

pub mod desk;
pub mod letter;
