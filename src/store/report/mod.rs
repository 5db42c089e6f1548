//! The numbers of a report, read of one moment and counted by the database.
//!
//! Most is asked day by day: each question is bounded by an index over time, a day without rows is a day all the same,
//! and a database need not know how to cut a time into days or take one from another.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::engine::{Engine, Row, Value};
use super::{Store, StoreError};
use crate::model::outcome::OutcomeWord;
use crate::model::report::{Busy, Day, ReasonCount, Report, Spans};

/// How many of the busiest are told.
const BUSIEST: i64 = 10;

pub(super) const COUNT_OUTCOMES: &str = "
SELECT outcome, reason, count(*)
FROM outcome
WHERE at >= ?1
  AND at < ?2
GROUP BY outcome, reason";

/// Every state is named, so that the index over state and time is used.
pub(super) const COUNT_OUTBOX: &str = "
SELECT state, count(*)
FROM outbox
WHERE state IN ('queued', 'sending', 'sent', 'failed', 'cancelled', 'suppressed', 'expired', 'bounced')
  AND created_at >= ?1
  AND created_at < ?2
GROUP BY state";

pub(super) const SELECT_ARRIVALS: &str = "
SELECT received_at, stored_at
FROM message
WHERE direction = 'in'
  AND stored_at >= ?1
  AND stored_at < ?2";

/// What came back was taken, too. What was requeued after that counts by the first time.
pub(super) const SELECT_DELIVERIES: &str = "
SELECT outbox.created_at, min(outbox_attempt.ended_at)
FROM outbox
JOIN outbox_attempt ON outbox_attempt.outbox = outbox.id
WHERE outbox.state IN ('sent', 'bounced')
  AND outbox.created_at >= ?1
  AND outbox.created_at < ?2
  AND outbox_attempt.result = 'accepted'
GROUP BY outbox.id, outbox.created_at";

pub(super) const SELECT_SENDERS: &str = "
SELECT lower(author), count(*), count(CASE WHEN outcome = 'created' THEN 1 END)
FROM outcome
WHERE at >= ?1
  AND at < ?2
  AND author IS NOT NULL
GROUP BY lower(author)
ORDER BY count(*) DESC, lower(author)
LIMIT ?3";

pub(super) const SELECT_QUEUES: &str = "
SELECT lower(ticket.queue), count(*), count(CASE WHEN outcome.outcome = 'created' THEN 1 END)
FROM outcome
JOIN ticket ON ticket.id = outcome.ticket
WHERE outcome.at >= ?1
  AND outcome.at < ?2
GROUP BY lower(ticket.queue)
ORDER BY count(*) DESC, lower(ticket.queue)
LIMIT ?3";

impl Store {
    /// The numbers of the days from `first` up to `until`; the last day goes so far.
    pub fn report(&mut self, first: Date, until: Timestamp) -> Result<Report, StoreError> {
        self.at_one_moment(|engine| read(engine, first, until))
    }
}

fn read(engine: &mut dyn Engine, first: Date, until: Timestamp) -> Result<Report, StoreError> {
    let (mut days, mut reasons) = (Vec::new(), BTreeMap::new());
    let (mut arrivals, mut deliveries) = (BTreeMap::new(), BTreeMap::new());
    for date in first.series(1.day()).take_while(|date| begin(*date) <= until) {
        let within = within(begin(date), date.tomorrow().map_or(until, begin).min(until));
        days.push(day(engine, date, &within, &mut reasons)?);
        measure(engine.query(SELECT_ARRIVALS, &within)?, &mut arrivals)?;
        measure(engine.query(SELECT_DELIVERIES, &within)?, &mut deliveries)?;
    }
    let whole = within(begin(first), until);
    Ok(Report {
        until,
        days,
        reasons: sorted(reasons),
        to_ticket: Spans::of(&arrivals),
        senders: busiest(engine, SELECT_SENDERS, whole)?,
        queues: busiest(engine, SELECT_QUEUES, whole)?,
        to_delivery: Spans::of(&deliveries),
    })
}

/// The first moment of a day, UTC; a day beyond all time begins at its end.
fn begin(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

fn within(from: Timestamp, to: Timestamp) -> [Value<'static>; 2] {
    [Value::Time(from), Value::Time(to)]
}

type Reasons = BTreeMap<(OutcomeWord, String), u64>;

fn day(
    engine: &mut dyn Engine,
    date: Date,
    within: &[Value<'static>; 2],
    reasons: &mut Reasons,
) -> Result<Day, StoreError> {
    let mut day = Day { date, outcomes: Default::default(), outbox: Default::default() };
    for mut row in engine.query(COUNT_OUTCOMES, within)? {
        let (outcome, count) = (row.take(0)?, row.take(2)?);
        day.outcomes.add(outcome, count);
        *reasons.entry((outcome, row.take(1)?)).or_default() += count;
    }
    for mut row in engine.query(COUNT_OUTBOX, within)? {
        day.outbox.add(row.take(0)?, row.take(1)?);
    }
    Ok(day)
}

/// Adds the time from the first to the second column; a clock that went back makes it none.
fn measure(rows: Vec<Row>, times: &mut BTreeMap<u64, u64>) -> Result<(), StoreError> {
    for mut row in rows {
        let (from, to): (Timestamp, Timestamp) = (row.take(0)?, row.take(1)?);
        let seconds = u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0);
        *times.entry(seconds).or_default() += 1;
    }
    Ok(())
}

fn sorted(reasons: Reasons) -> Vec<ReasonCount> {
    let list = reasons.into_iter().map(|((outcome, reason), count)| ReasonCount { outcome, reason, count });
    let mut list: Vec<_> = list.collect();
    list.sort_by_key(|one| (one.outcome, std::cmp::Reverse(one.count)));
    list
}

fn busiest(
    engine: &mut dyn Engine,
    sql: &'static str,
    [from, to]: [Value<'static>; 2],
) -> Result<Vec<Busy>, StoreError> {
    let values = [from, to, Value::Integer(BUSIEST)];
    let read = |mut row: Row| Ok(Busy { name: row.take(0)?, messages: row.take(1)?, tickets: row.take(2)? });
    engine.query(sql, &values)?.into_iter().map(read).collect()
}
