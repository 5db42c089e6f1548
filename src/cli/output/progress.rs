//! The progress bar: on standard error, and only where that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::escape;

/// A bar that shows nothing where no terminal is.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar on standard error; indicatif itself hides it where that is no terminal.
    pub(crate) fn on_stderr() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Shows how far a mailbox, or whatever is so called, is.
    pub(crate) fn show(&self, name: &str, done: u64, of: u64) {
        self.0.set_message(escape::line(name));
        self.0.set_length(of);
        self.0.set_position(done);
    }

    /// Takes the bar out of the way while something is written.
    pub(crate) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }

    /// Takes the bar away for good.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
