//! Tickets as the commands list, show and change them.

mod change;
mod show;

#[cfg(test)]
mod tests;

pub(super) use show::{at_most, facts, lines, named};
