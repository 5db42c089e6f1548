//! How much anybody is told.

use jiff::SignedDuration;

use super::Notice;
use crate::model::outbox::{Told, Untold};

/// Over which limits are counted.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(3);

/// `rate_limit` and `rate_limit_total`, each for [`WINDOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most notifications to one address, unless it is an agent's; half as many with one subject.
    pub to_one: u64,
    /// The most notifications to all.
    pub to_all: u64,
}

/// What the store knows of somebody that is to be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether the address gets nothing.
    pub suppressed: bool,
    /// How much was written to it of late.
    pub written: u64,
    /// How much of that with the same subject.
    pub same: u64,
}

/// Heeds what is known of each notice, in order, and how much was written to all of late.
pub fn limited(notices: Vec<(Notice, Known)>, limits: &Limits, mut written: u64) -> Vec<Notice> {
    let limit = |(notice, known): (Notice, Known)| {
        let untold = notice.untold.or_else(|| limits.forbid(&notice, known, written));
        written += u64::from(untold.is_none());
        Notice { untold, ..notice }
    };
    notices.into_iter().map(limit).collect()
}

impl Limits {
    fn forbid(&self, notice: &Notice, known: Known, written: u64) -> Option<Untold> {
        let is_agent = notice.told == Told::Agents;
        if known.suppressed {
            Some(Untold::Address)
        } else if !is_agent && known.written >= self.to_one {
            Some(Untold::RateLimit)
        } else if !is_agent && known.same >= self.to_one.div_ceil(2) {
            Some(Untold::SameSubject)
        } else if written >= self.to_all {
            Some(Untold::RateLimitTotal)
        } else {
            None
        }
    }
}

/// A subject as subjects are compared: in lower case, without tags, reply marks and repeated blanks.
///
/// Two programs that answer each other add a mark and a tag each time.
pub fn subject(text: &str) -> String {
    let mut rest = text.trim();
    loop {
        let before = rest;
        if let Some((tag, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            // A whole subject in brackets is no tag.
            if !after.trim().is_empty() && !tag.contains('[') {
                rest = after.trim_start();
            }
        }
        if let Some((mark, after)) = rest.split_once([':', '：']) {
            let is_mark = mark.chars().count() <= 4 && mark.chars().all(|c| c.is_alphabetic());
            if is_mark && !after.trim().is_empty() {
                rest = after.trim_start();
            }
        }
        if rest == before {
            break;
        }
    }
    rest.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
