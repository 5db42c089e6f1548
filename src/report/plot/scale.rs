//! An axis from zero to a round number.

/// An axis for counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    /// From one tick to the next: 1, 2 or 5 with zeros.
    step: u64,
    /// Where it ends: a tick that is not below any count.
    pub(super) top: u64,
}

/// The most steps, so that their numbers do not crowd.
const STEPS: u64 = 5;

impl Scale {
    /// The axis for counts up to that.
    pub(super) fn up_to(most: u64) -> Self {
        let most = most.max(1);
        let sizes = (0..19).flat_map(|zeros| [1, 2, 5].map(|digit: u64| digit * 10_u64.pow(zeros)));
        let step = sizes.into_iter().find(|step| most.div_ceil(*step) <= STEPS).unwrap_or(most);
        Self { step, top: most.div_ceil(step).saturating_mul(step) }
    }

    /// Its ticks, from zero.
    pub(super) fn ticks(self) -> impl Iterator<Item = u64> {
        (0..=self.top / self.step).map(move |place| place * self.step)
    }

    /// Which part of the axis a count takes.
    #[allow(clippy::cast_precision_loss, reason = "a plot shows no more than three digits")]
    pub(super) fn part(self, count: u64) -> f64 {
        count as f64 / self.top as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(most: u64) -> Vec<u64> {
        Scale::up_to(most).ticks().collect()
    }

    #[test]
    fn ticks_are_round_numbers_from_zero_to_above_the_highest_count() {
        assert_eq!(ticks(0), [0, 1]);
        assert_eq!(ticks(3), [0, 1, 2, 3]);
        assert_eq!(ticks(6), [0, 2, 4, 6]);
        assert_eq!(ticks(23), [0, 5, 10, 15, 20, 25]);
        assert_eq!(ticks(101), [0, 50, 100, 150]);
        assert_eq!(ticks(87_654), [0, 20_000, 40_000, 60_000, 80_000, 100_000]);
    }

    #[test]
    fn no_count_leaves_the_axis() {
        for most in (0..2_000).chain([u64::MAX / 2, u64::MAX]) {
            let scale = Scale::up_to(most);
            assert!(scale.top >= most && scale.part(most) <= 1.0 && scale.ticks().count() <= 6, "{most}");
        }
    }
}
