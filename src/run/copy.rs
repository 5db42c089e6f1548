//! `store copy`: a store into another database, until a signal.

use crate::model::trouble::Trouble;
use crate::store::{self, Config, Copied, Progress};

use super::stop::Stop;

/// Copies a store, or goes on with that; `heard` is told how far it is.
///
/// # Errors
/// `run.interrupted` after a signal, between two parts, and trouble of either store; the source is as it was.
pub fn copy(
    stores: (&Config, &Config),
    stop: &Stop,
    heard: &mut dyn FnMut(Progress),
) -> Result<Vec<Copied>, Trouble> {
    store::copy(stores, &mut |progress| {
        heard(progress);
        stop.check().map_err(|trouble| trouble.hint("the same command once more goes on from there"))
    })
}
