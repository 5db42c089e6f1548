//! What a report tells: the mail and the notifications of some days, in numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::outbox::OutboxState;
use super::outcome::OutcomeWord;

/// The most days that a report covers: a year and a month.
pub const MOST_DAYS: usize = 400;

/// The numbers of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When it was made; the last day goes so far.
    pub until: Timestamp,
    /// Every day of the period, oldest first, also those on which nothing happened; at least one.
    pub days: Vec<Day>,
    /// Why messages had their outcome; by outcome, the most frequent first.
    pub reasons: Vec<ReasonCount>,
    /// From a message's arrival to its ticket.
    pub to_ticket: Spans,
    /// Who wrote most.
    pub senders: Vec<Busy>,
    /// The queues by the messages on their tickets, busiest first.
    pub queues: Vec<Busy>,
    /// From a notification's row to the server that took it.
    pub to_delivery: Spans,
}

impl Report {
    /// The outcomes of all days.
    pub fn outcomes(&self) -> Tally<OutcomeWord> {
        sum(self.days.iter().map(|day| &day.outcomes))
    }

    /// The same without anybody's address.
    #[must_use]
    pub fn without_addresses(mut self) -> Self {
        self.senders.iter_mut().for_each(|sender| sender.name = None);
        self
    }

    /// The notifications of all days.
    pub fn outbox(&self) -> Tally<OutboxState> {
        sum(self.days.iter().map(|day| &day.outbox))
    }
}

/// What happened on one day, UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// The messages that had their outcome on it.
    pub outcomes: Tally<OutcomeWord>,
    /// The notifications that were written on it, by what became of them.
    pub outbox: Tally<OutboxState>,
}

/// How many there are of each word; words of which there are none are not held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<T>(Vec<(T, u64)>);

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + PartialEq> Tally<T> {
    /// Counts so many more.
    pub fn add(&mut self, word: T, count: u64) {
        match self.0.iter_mut().find(|(one, _)| *one == word) {
            Some((_, sum)) => *sum += count,
            None => self.0.push((word, count)),
        }
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(word, count)| self.add(*word, *count));
    }

    /// How many there are.
    pub fn of(&self, word: T) -> u64 {
        self.0.iter().find(|(one, _)| *one == word).map_or(0, |(_, count)| *count)
    }

    /// How many there are of all.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

/// All of them together.
pub fn sum<'a, T: Copy + PartialEq + 'a>(tallies: impl Iterator<Item = &'a Tally<T>>) -> Tally<T> {
    let mut sum = Tally::default();
    tallies.for_each(|tally| sum.merge(tally));
    sum
}

/// How many messages had an outcome for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonCount {
    /// The outcome.
    pub outcome: OutcomeWord,
    /// The word of the contract, or `rule:NAME`.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// One of the busiest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// An address or a queue; `None` if it is not to be told.
    pub name: Option<String>,
    /// The messages.
    pub messages: u64,
    /// The tickets that they opened.
    pub tickets: u64,
}

/// The upper ends of the bins of [`Spans`], in seconds; the last bin has none.
pub const EDGES: [u64; 9] = [30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400];

/// How long something took, in whole seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans {
    /// How many times were measured; without any the others mean nothing.
    pub count: u64,
    /// Half of them took at most so long.
    pub median: u64,
    /// 95 of 100 took at most so long.
    pub p95: u64,
    /// None took longer.
    pub longest: u64,
    /// How many took at most as long as the edge of that place and longer than the one before; the last took longer still.
    pub bins: [u64; EDGES.len() + 1],
}

impl Spans {
    /// Of times in seconds, each with how often it was measured.
    pub fn of(times: &BTreeMap<u64, u64>) -> Self {
        let mut spans = Self { count: times.values().sum(), ..Self::default() };
        for (seconds, count) in times {
            let place = EDGES.partition_point(|edge| edge < seconds);
            spans.bins.iter_mut().skip(place).take(1).for_each(|bin| *bin += count);
        }
        let quantile = |percent: u64| rank(times, (spans.count * percent).div_ceil(100));
        (spans.median, spans.p95, spans.longest) = (quantile(50), quantile(95), quantile(100));
        spans
    }
}

/// The time that so many do not exceed.
fn rank(times: &BTreeMap<u64, u64>, wanted: u64) -> u64 {
    let mut seen = 0;
    let reached = times.iter().find(|(_, count)| {
        seen += *count;
        seen >= wanted
    });
    reached.map_or(0, |(seconds, _)| *seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_adds_up() {
        let mut one = Tally::default();
        one.add(OutcomeWord::Created, 2);
        one.add(OutcomeWord::Created, 1);
        let mut other = Tally::default();
        other.add(OutcomeWord::Failed, 4);
        let both = sum([&one, &other].into_iter());
        assert_eq!((both.of(OutcomeWord::Created), both.of(OutcomeWord::Skipped), both.total()), (3, 0, 7));
    }

    #[test]
    fn spans_have_the_nearest_rank_and_bins_that_hold_their_upper_edge() {
        let spans = Spans::of(&BTreeMap::from([(0, 1), (30, 1), (31, 1), (90_000, 1)]));
        assert_eq!((spans.count, spans.median, spans.p95, spans.longest), (4, 30, 90_000, 90_000));
        assert_eq!(spans.bins, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        let many = Spans::of(&BTreeMap::from([(5, 95), (7, 5)]));
        assert_eq!((many.median, many.p95, many.longest), (5, 5, 7));
        assert_eq!(Spans::of(&BTreeMap::new()), Spans::default());
    }
}
