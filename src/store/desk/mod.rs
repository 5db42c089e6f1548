//! The desk: lookups and books over an engine, the same whether a transaction is open or not.

mod blob;
mod books;
mod earlier;
mod ledger;
mod lookup;
mod message;
mod words;

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;

pub(super) use blob::{DELETE_UNUSED_BLOB, let_go};
pub(super) use ledger::{LET_GO_OF_COPY, source};
pub(super) use lookup::{known, places};

use super::engine::Engine;

/// Keeps books with whatever engine it is given.
pub(super) struct Desk<'a> {
    pub(super) engine: &'a mut dyn Engine,
}
