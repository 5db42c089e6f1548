//! The rim: a panic that nobody caught ends in exit code 70, not in a trace.
//!
//! Panics that the run catches for one message pass through the hook too and stay silent. The text of a panic may
//! quote a mail, so that only its place is ever told.

use std::backtrace::Backtrace;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::trouble::{ErrorCode, Trouble};

/// Remembers where the last panic was.
pub(crate) struct Rim {
    place: Arc<Mutex<Option<String>>>,
}

impl Rim {
    /// Takes the place of the standard panic hook.
    pub(crate) fn install() -> Self {
        let place = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&place);
        panic::set_hook(Box::new(move |info| {
            let here = info.location().map(ToString::to_string);
            log::debug!(
                "panic at {}\n{}",
                here.as_deref().unwrap_or("an unknown place"),
                Backtrace::capture()
            );
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = here;
        }));
        Self { place }
    }

    /// Runs `work` and turns a panic into trouble.
    pub(crate) fn guard<T>(&self, work: impl FnOnce() -> T) -> Result<T, Trouble> {
        panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
            let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
            bug(place.as_deref().unwrap_or("an unknown place"))
        })
    }
}

fn bug(place: &str) -> Trouble {
    let message = format!("a bug in helpdesk-mail {} at {place}", env!("CARGO_PKG_VERSION"));
    Trouble::new(ErrorCode::Internal, message).hint(
        "report this line and the command to the maintainers, as the README says; what was not settled is taken again \
         by the next run",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exit::Exit;

    #[test]
    fn a_panic_becomes_a_bug_with_its_place_and_without_its_text() {
        let rim = Rim { place: Arc::new(Mutex::new(Some("src/x.rs:1:2".to_owned()))) };
        let trouble = rim.guard(|| -> () { panic!("text of a mail") }).unwrap_err();
        assert_eq!(trouble.code.exit(), Exit::Internal);
        assert!(trouble.message.contains("src/x.rs:1:2"));
        assert!(!trouble.message.contains("text of a mail"));
    }
}
