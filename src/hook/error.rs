//! What can go wrong with a hook.

use std::error::Error;
use std::time::Duration;

use crate::model::trouble::{ErrorCode, Trouble};

type Cause = Box<dyn Error + Send + Sync>;

/// Why a hook neither agreed nor vetoed.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It did not end or answer in time.
    #[error("hook {hook:?} did not end within {limit:?}")]
    Timeout {
        /// Its name.
        hook: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// It was ended because the run is to end.
    #[error("hook {hook:?} was ended: a signal ends the run")]
    Interrupted {
        /// Its name.
        hook: String,
    },
    /// It could not be called.
    #[error("hook {hook:?} cannot be called")]
    Uncallable {
        /// Its name.
        hook: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Cause,
    },
    /// It ended or answered as one does that fails.
    #[error("hook {hook:?} failed: {said}")]
    Failed {
        /// Its name.
        hook: String,
        /// Status and first words.
        said: String,
        /// When it wants to be tried again (`Retry-After`).
        again_after: Option<Duration>,
    },
    /// Its endpoint says that it is there no more (410).
    #[error("hook {hook:?} is gone: {said}")]
    Gone {
        /// Its name.
        hook: String,
        /// Status and first words.
        said: String,
    },
}

impl HookError {
    /// Its code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Timeout { .. } => ErrorCode::HookTimeout,
            Self::Interrupted { .. } => ErrorCode::Interrupted,
            Self::Uncallable { .. } | Self::Failed { .. } | Self::Gone { .. } => ErrorCode::HookFailed,
        }
    }

    /// When it wants to be tried again, at the earliest.
    pub fn again_after(&self) -> Option<Duration> {
        match self {
            Self::Failed { again_after, .. } => *again_after,
            Self::Timeout { .. } | Self::Interrupted { .. } | Self::Uncallable { .. } | Self::Gone { .. } => {
                None
            }
        }
    }
}

impl From<HookError> for Trouble {
    fn from(error: HookError) -> Self {
        let trouble = Self::new(error.code(), error.to_string());
        match error {
            HookError::Timeout { .. } => {
                trouble.hint("it was ended; a slow hook may need a longer \"timeout\"")
            }
            HookError::Interrupted { .. } => trouble.hint("nothing is left half done; the next run goes on"),
            HookError::Uncallable { hint, source, .. } => Self { hint, ..trouble.because(source) },
            HookError::Failed { .. } => {
                trouble.hint("what a hook's answer means stands under HOOKS in helpdesk-mail.toml(5)")
            }
            HookError::Gone { .. } => trouble.hint(
                "correct its \"url\" or remove the hook, then \"events retry\" or \"events drop\" what waits",
            ),
        }
    }
}
