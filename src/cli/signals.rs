//! Signals: while messages are processed, the first asks the run to end where nothing is left half done and ends the
//! process if that takes longer than [`GRACE`]; before and after it ends the process at once. The second does so always.
//!
//! At whatever instant the process ends, the next run goes on: that it may be asked first is a courtesy to servers.
//! A file that may not grow any further is an error of writing here, as a full disk is, and no end of the process.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::model::exit::Exit;
use crate::model::trouble::ErrorCode;
use crate::run::Stop;

/// How long a run may take to end by itself: a server that is silent would hold it for its `timeout`.
const GRACE: Duration = Duration::from_secs(10);

/// Watches for signals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    /// Raised by the first signal.
    asked: Arc<AtomicBool>,
    /// Whether there is something that can end by itself.
    at_work: Arc<AtomicBool>,
}

impl Watch {
    /// Watches from now on.
    pub(crate) fn begin() -> Self {
        let watch = Self::default();
        if let Err(error) = watch.register() {
            log::warn!("signals end the program at once: {error}");
        }
        watch
    }

    /// What asks a run to end; from now on the first signal only does that.
    pub(crate) fn stop(&self) -> Stop {
        self.at_work.store(true, Ordering::SeqCst);
        Stop::new(Arc::clone(&self.asked))
    }

    fn register(&self) -> io::Result<()> {
        let ending = [SIGTERM, SIGINT, SIGHUP];
        for signal in ending {
            // In this order: the first signal finds the flag down and only raises it.
            flag::register_conditional_default(signal, Arc::clone(&self.asked))?;
            flag::register(signal, Arc::clone(&self.asked))?;
        }
        flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        let (mut signals, at_work) = (Signals::new(ending)?, Arc::clone(&self.at_work));
        let wait = move || {
            if signals.forever().next().is_some() {
                if at_work.load(Ordering::SeqCst) {
                    thread::sleep(GRACE);
                }
                let code = ErrorCode::Interrupted.as_str();
                log::error!(error_code = code; "a signal ended the run; nothing is left half done, and the next run goes on");
                process::exit(i32::from(Exit::Temporary.code()));
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
    }
}
