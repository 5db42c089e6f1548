//! What follows a run: thresholds are held to how things stand then, and metrics are written.
//!
//! Trouble with either is a line in the log: a run ends as its mailboxes and messages did.

use crate::run::{self, Alert, Ran, Written};
use crate::settings::Settings;
use crate::store::Store;

use super::status::textfile;

/// Holds the thresholds of `[alert]` to how things stand, and writes the mails of what changed.
pub(crate) fn alerts(settings: &Settings, store: &mut Store, ran: Option<&Ran>) -> Written {
    if settings.plan.alert == Alert::default() {
        return Written::Nothing;
    }
    run::watch(&settings.plan, store, ran).unwrap_or_else(|trouble| {
        log::error!("thresholds are not looked at: {}", trouble.with_causes());
        Written::Nothing
    })
}

/// Writes the metrics, if that is asked for.
pub(crate) fn metrics(settings: &Settings) {
    textfile::write(settings);
}
