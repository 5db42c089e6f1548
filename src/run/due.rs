//! When a mailbox is fetched: its `interval`, and how that grows while the mailbox keeps failing.

use std::time::Duration;

use jiff::Timestamp;

use crate::store::MailboxState;

/// An interval grows no further than this, unless it is longer itself.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Whether the mailbox is fetched now. Without an interval it always is.
pub(super) fn is_due(interval: Option<Duration>, state: MailboxState, now: Timestamp) -> bool {
    let (Some(interval), Some(last)) = (interval, state.last_success.max(state.last_failure)) else {
        return true;
    };
    // A clock that was set back must not stop a mailbox for ever.
    last > now || now.duration_since(last).unsigned_abs() >= pause(interval, state.failures)
}

/// The interval, doubled with every failure since the last success.
fn pause(interval: Duration, failures: u32) -> Duration {
    let doubled = interval.saturating_mul(2_u32.saturating_pow(failures));
    doubled.min(LONGEST.max(interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_doubles_with_every_failure_up_to_an_hour() {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let table = [(5, 0, 5), (5, 1, 10), (5, 2, 20), (5, 3, 40), (5, 4, 60), (5, 99, 60), (90, 3, 90)];
        for (interval, failures, expected) in table {
            assert_eq!(pause(minutes(interval), failures), minutes(expected), "{interval} {failures}");
        }
    }

    #[test]
    fn the_last_attempt_counts_whatever_became_of_it() {
        let at = |minute: i64| Timestamp::from_second(60 * minute).unwrap();
        let interval = Some(Duration::from_secs(5 * 60));
        let state = |last_success: Option<i64>, last_failure: Option<i64>, failures| MailboxState {
            last_success: last_success.map(at),
            last_failure: last_failure.map(at),
            failures,
        };
        let table = [
            (None, state(Some(0), None, 0), 0, true),
            (interval, state(None, None, 0), 0, true),
            (interval, state(Some(0), None, 0), 4, false),
            (interval, state(Some(0), None, 0), 5, true),
            (interval, state(Some(0), Some(5), 1), 14, false),
            (interval, state(Some(0), Some(5), 1), 15, true),
            (interval, state(Some(9), Some(5), 0), 14, true),
            (interval, state(Some(100), None, 0), 1, true),
        ];
        for (interval, state, now, expected) in table {
            assert_eq!(is_due(interval, state, at(now)), expected, "{state:?} at {now}");
        }
    }
}
