//! When a notification or event that was put off is tried again: later each time, and not all at once.

use std::time::Duration;

/// After the first attempt.
const FIRST: Duration = Duration::from_secs(2 * 60);

/// It grows no further than this.
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

/// Nothing is put off for longer; what is was put off by a clock that ran ahead.
pub const FARTHEST: Duration = Duration::from_secs(LONGEST.as_secs() / 4 * 5);

/// How long is waited after so many attempts: doubled each time, up to six hours, and changed by up to a quarter either way.
///
/// `chance` is any number. Without it all that one outage put off would be tried in one instant.
pub fn pause(attempts: u32, chance: u64) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    let plain = doubled.min(LONGEST);
    // From -25 % to +25 % in steps of a thousandth.
    let share = u32::try_from(750 + chance % 501).unwrap_or(1000);
    plain.saturating_mul(share) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_six_hours() {
        let minutes = |attempts| pause(attempts, 250).as_secs() / 60;
        let table =
            [(0, 2), (1, 2), (2, 4), (3, 8), (7, 128), (8, 256), (9, 360), (99, 360), (u32::MAX, 360)];
        for (attempts, expected) in table {
            assert_eq!(minutes(attempts), expected, "after {attempts}");
        }
    }

    #[test]
    fn chance_changes_it_by_a_quarter_at_most() {
        let pauses: Vec<u64> = (0..2000).map(|chance| pause(3, chance).as_secs()).collect();
        assert_eq!(pauses.iter().min(), Some(&360));
        assert_eq!(pauses.iter().max(), Some(&600));
        assert!(pauses.contains(&480));
        assert!(pause(5, u64::MAX) < LONGEST);
        let longest = (0..501).map(|chance| pause(99, chance)).max();
        assert_eq!(longest, Some(FARTHEST));
    }
}
