//! Signals: the first asks the run to end where nothing is left half done, the second ends the process at once.
//!
//! A file that may not grow any further is an error of writing here, as a full disk is, and no end of the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

use crate::run::Stop;

/// Watches for signals from now on.
pub(crate) fn watch() -> Stop {
    let asked = Arc::new(AtomicBool::new(false));
    if let Err(error) = register(&asked) {
        log::warn!("signals end the program at once: {error}");
    }
    Stop::new(asked)
}

fn register(asked: &Arc<AtomicBool>) -> io::Result<()> {
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        // In this order: the first signal finds the flag down and only raises it.
        flag::register_conditional_default(signal, Arc::clone(asked))?;
        flag::register(signal, Arc::clone(asked))?;
    }
    flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    Ok(())
}
