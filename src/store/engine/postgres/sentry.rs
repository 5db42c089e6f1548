//! A server that takes a command and never answers: the process ends, for no limit of the connection speaks of that.
//!
//! The network is well then, and acknowledges what the server does not read. It may end at any instant: the server takes back
//! what was under way, and the next run goes on.

use std::collections::HashMap;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::model::exit::Exit;
use crate::model::trouble::ErrorCode;

/// So long an answer is waited for: more than twice as long as a transaction waits for another.
const LIMIT: Duration = Duration::from_secs(120);

/// Watches over the commands of this process.
pub(super) struct Sentry {
    under_way: Arc<Mutex<UnderWay>>,
}

/// When commands were sent, and to which server.
#[derive(Default)]
struct UnderWay {
    last: u64,
    begun: HashMap<u64, (Instant, String)>,
}

/// A command that is under way until this is dropped.
pub(super) struct Watched {
    under_way: Arc<Mutex<UnderWay>>,
    number: u64,
}

impl Sentry {
    /// The one of this process, which ends it.
    pub(super) fn of_the_process() -> &'static Self {
        static SENTRY: OnceLock<Sentry> = OnceLock::new();
        SENTRY.get_or_init(|| {
            Self::with(LIMIT, |place| {
                let code = ErrorCode::StoreBusy.as_str();
                let seconds = LIMIT.as_secs();
                log::error!(error_code = code; "{place} has not answered for {seconds} s; nothing is left half done, and the next run goes on");
                process::exit(i32::from(Exit::Temporary.code()));
            })
        })
    }

    /// One that does something once a command takes longer; where no thread can be had it never does.
    fn with(limit: Duration, end: impl Fn(&str) + Send + 'static) -> Self {
        let under_way: Arc<Mutex<UnderWay>> = Arc::default();
        let watched = Arc::clone(&under_way);
        let watch = move || {
            loop {
                thread::sleep(limit / 20);
                let late =
                    locked(&watched).begun.values().find(|(begun, _)| begun.elapsed() > limit).cloned();
                if let Some((_, place)) = late {
                    return end(&place);
                }
            }
        };
        // It ends with the process.
        drop(thread::Builder::new().name("sentry".to_owned()).spawn(watch));
        Self { under_way }
    }

    /// A command is sent.
    pub(super) fn watch(&self, place: &str) -> Watched {
        let mut under_way = locked(&self.under_way);
        under_way.last += 1;
        let number = under_way.last;
        under_way.begun.insert(number, (Instant::now(), place.to_owned()));
        Watched { under_way: Arc::clone(&self.under_way), number }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        locked(&self.under_way).begun.remove(&self.number);
    }
}

fn locked(under_way: &Mutex<UnderWay>) -> MutexGuard<'_, UnderWay> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn what_is_never_answered_ends_it_and_nothing_else_does() {
        let (sender, ended) = channel();
        let sentry =
            Sentry::with(Duration::from_millis(100), move |place| sender.send(place.to_owned()).unwrap());
        drop(sentry.watch("postgresql://answers.example.org/desk"));
        let _silent = sentry.watch("postgresql://silent.example.org/desk");
        assert_eq!(ended.recv().unwrap(), "postgresql://silent.example.org/desk");
    }
}
