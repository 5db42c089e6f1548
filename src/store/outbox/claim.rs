//! Claims, attempts and their ends.

use jiff::Timestamp;

use super::{AttemptResult, Begun, Claimed, Fate, OnGivenUp, Resolution, TakenBack, list, suppressed};
use crate::model::address::Address;
use crate::model::ids::{MessageId, QueueSlug, TicketId, TicketRef};
use crate::model::outbox::{GivenUp, OutboxState, Untold, Urgency};
use crate::model::schedule;
use crate::store::engine::{Engine, Row, Value, first};
use crate::store::{NewEvent, Store, StoreError, events, lease};

/// After so many attempts that ended without an answer a notification is given up.
pub const MOST_UNCERTAIN: u32 = 2;

pub(in crate::store) const UPDATE_EXPIRED: &str = "
UPDATE outbox
SET state = 'expired',
    state_since = ?1
WHERE state = 'queued'
  AND expires_at <= ?1
RETURNING id";

pub(in crate::store) const UPDATE_AHEAD: &str = "
UPDATE outbox
SET due_at = ?1
WHERE state = 'queued'
  AND priority BETWEEN 0 AND 3
  AND due_at > ?2";

pub(in crate::store) const SELECT_DUE: &str = "
SELECT id
FROM outbox
WHERE state = 'queued'
  AND priority = ?1
  AND due_at <= ?2
ORDER BY due_at, id
LIMIT ?3";

pub(in crate::store) const UPDATE_CLAIMED: &str = "
UPDATE outbox
SET state = 'sending',
    state_since = ?2,
    lease = ?3
WHERE id = ?1
  AND state = 'queued'
  AND due_at <= ?2";

pub(in crate::store) const SELECT_CLAIMED: &str = "
SELECT outbox.id, outbox.template, ticket.queue, ticket.id, coalesce(ticket.title, outbox.subject), outbox.address,
  outbox.name, outbox.message_id, message.message_id, message.author, message.author_name,
  coalesce(message.reply, outbox.text), other.queue, other.id, outbox.attempts, outbox.uncertain, outbox.message
FROM outbox
LEFT JOIN ticket ON ticket.id = outbox.ticket
LEFT JOIN message ON message.id = outbox.message
LEFT JOIN ticket AS other ON other.id = outbox.other
WHERE outbox.id = ?1";

pub(in crate::store) const SELECT_ROOT: &str = "
SELECT message_id
FROM message
WHERE ticket = ?1
  AND id < ?2
  AND message_id IS NOT NULL
ORDER BY id
LIMIT 1";

pub(in crate::store) const SELECT_ANCESTORS: &str = "
SELECT message_id
FROM message
WHERE ticket = ?1
  AND id < ?2
  AND message_id IS NOT NULL
ORDER BY id DESC
LIMIT 9";

pub(in crate::store) const UPDATE_BEGUN: &str = "
UPDATE outbox
SET attempts = attempts + 1
WHERE id = ?1
  AND state = 'sending'
  AND lease = ?2
RETURNING key";

pub(in crate::store) const INSERT_ATTEMPT: &str = "
INSERT INTO outbox_attempt (outbox, began_at)
VALUES (?1, ?2)
RETURNING id";

pub(in crate::store) const UPDATE_ATTEMPT: &str = "
UPDATE outbox_attempt
SET ended_at = ?2,
    result = ?3,
    answer = ?4,
    duration_ms = ?5,
    note = ?6
WHERE id = ?1
  AND ended_at IS NULL";

pub(in crate::store) const UPDATE_RESOLVED: &str = "
UPDATE outbox
SET state = ?3,
    state_since = ?4,
    reason = ?5,
    due_at = coalesce(?6, due_at),
    last_error = CASE WHEN ?3 = 'sent' THEN NULL ELSE coalesce(?7, last_error) END,
    uncertain = uncertain + ?8,
    attempts = attempts - ?9,
    lease = NULL
WHERE id = ?1
  AND state = 'sending'
  AND lease = ?2";

/// What was claimed and not begun waits as before.
pub(in crate::store) const UPDATE_RELEASED: &str = "
UPDATE outbox
SET state = 'queued',
    state_since = ?2,
    lease = NULL
WHERE lease = ?1
  AND state = 'sending'";

/// Few: what programs that died had in hand. Beside an embedded store no delivery has a lease, and whoever asks holds the
/// lock: it is all that there is.
const SELECT_LEFT: &str = "
SELECT outbox.id, outbox.lease, outbox.uncertain,
  (SELECT outbox_attempt.id
   FROM outbox_attempt
   WHERE outbox_attempt.outbox = outbox.id
     AND outbox_attempt.ended_at IS NULL)
FROM outbox
WHERE outbox.state = 'sending'
  AND NOT EXISTS (SELECT 1 FROM lease WHERE lease.name = outbox.lease)
ORDER BY outbox.id";

impl Store {
    /// What is queued and no news any more expires, and what a clock that ran ahead put off is due now; tells how many
    /// expired. `told` is what hooks are told of each.
    pub fn expire(&mut self, now: Timestamp, told: OnGivenUp<'_>) -> Result<u64, StoreError> {
        let farthest = now.checked_add(schedule::FARTHEST).unwrap_or(Timestamp::MAX);
        self.atomically(|engine| {
            engine.execute(UPDATE_AHEAD, &[Value::Time(now), Value::Time(farthest)])?;
            let expired = engine.query(UPDATE_EXPIRED, &[Value::Time(now)])?;
            let count = expired.len() as u64;
            for mut row in expired {
                announce(engine, row.take(0)?, told)?;
            }
            Ok(count)
        })
    }

    /// Claims at most so many that are due, the most urgent and oldest first.
    pub fn claim(&mut self, lease: &str, now: Timestamp, most: u64) -> Result<Vec<Claimed>, StoreError> {
        self.atomically(|engine| {
            let mut claimed = Vec::new();
            for urgency in Urgency::ALL {
                let left = most.saturating_sub(claimed.len() as u64);
                let left = Value::Integer(left.try_into().unwrap_or(i64::MAX));
                let values = [Value::Integer(urgency as i64), Value::Time(now), left];
                for mut row in engine.query(SELECT_DUE, &values)? {
                    let id: i64 = row.take(0)?;
                    let values = [Value::Integer(id), Value::Time(now), Value::Text(lease)];
                    if engine.execute(UPDATE_CLAIMED, &values)? == 1 {
                        claimed.push(read(engine, id)?);
                    }
                }
            }
            Ok(claimed)
        })
    }

    /// Writes down how attempts ended and that the next ones begin, in one transaction.
    ///
    /// An attempt is made only after this: whatever ends the program, the row knows of it.
    pub fn resolve_and_begin(
        &mut self,
        lease: &str,
        ended: &[Resolution],
        next: &[i64],
        now: Timestamp,
    ) -> Result<Vec<Begun>, StoreError> {
        self.atomically(|engine| {
            ended.iter().try_for_each(|ended| resolve(engine, lease, ended))?;
            next.iter().map(|id| begin(engine, lease, *id, now)).collect()
        })
    }

    /// Gives up a claimed row that cannot be composed; with what hooks are told of it.
    pub fn give_up(
        &mut self,
        lease: &str,
        (id, why): (i64, GivenUp),
        at: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        self.atomically(|engine| {
            let end = End::of(id, lease, OutboxState::Failed, at);
            End { reason: Some(why.as_str()), ..end }.write(engine)?;
            events.iter().try_for_each(|event| events::write(engine, event))
        })
    }

    /// Lets go of what was claimed and not begun.
    pub fn release(&mut self, lease: &str, at: Timestamp) -> Result<(), StoreError> {
        let values = [Value::Text(lease), Value::Time(at)];
        self.atomically(|engine| engine.execute(UPDATE_RELEASED, &values).map(drop))
    }

    /// Takes back what dead programs had in hand: those that have no lease, or did not renew it in time.
    ///
    /// What was begun and not ended may have been taken: it is tried once more, with the same Message-ID, and given up the
    /// second time; `told` is what hooks are told of that.
    pub fn take_back(&mut self, now: Timestamp, told: OnGivenUp<'_>) -> Result<TakenBack, StoreError> {
        self.atomically(|engine| {
            lease::bury(engine)?;
            let mut back = TakenBack::default();
            for mut row in engine.query(SELECT_LEFT, &[])? {
                let (id, lease): (i64, String) = (row.take(0)?, row.take(1)?);
                let (uncertain, attempt): (u32, Option<i64>) = (row.take(2)?, row.take(3)?);
                let state = one_back(engine, &Left { id, lease, uncertain, attempt }, now)?;
                let failed = u64::from(state == OutboxState::Failed);
                if failed > 0 {
                    announce(engine, id, told)?;
                }
                back.failed += failed;
                back.queued += 1 - failed;
            }
            Ok(back)
        })
    }
}

/// Writes what hooks are told of a row that was given up.
fn announce(engine: &mut dyn Engine, id: i64, told: OnGivenUp<'_>) -> Result<(), StoreError> {
    let written = told(&list::one(engine, id)?)?;
    written.iter().try_for_each(|event| events::write(engine, event))
}

/// A row in the hands of a dead program.
struct Left {
    id: i64,
    lease: String,
    uncertain: u32,
    /// The attempt that never ended.
    attempt: Option<i64>,
}

fn one_back(engine: &mut dyn Engine, left: &Left, now: Timestamp) -> Result<OutboxState, StoreError> {
    const CUT_OFF: &str = "the program ended before an answer came";
    let queued = End::of(left.id, &left.lease, OutboxState::Queued, now);
    let Some(attempt) = left.attempt else {
        return queued.write(engine).map(|()| OutboxState::Queued);
    };
    let values = [
        Value::Integer(attempt),
        Value::Time(now),
        Value::Text(AttemptResult::Uncertain.as_str()),
        Value::Text(CUT_OFF),
        Value::Null,
        Value::Null,
    ];
    engine.execute(UPDATE_ATTEMPT, &values)?;
    let given_up = left.uncertain + 1 >= MOST_UNCERTAIN;
    let state = if given_up { OutboxState::Failed } else { OutboxState::Queued };
    let reason = given_up.then_some(GivenUp::Uncertain.as_str());
    let end = End { state, reason, error: Some(CUT_OFF), uncertain: 1, ..queued };
    end.write(engine).map(|()| state)
}

fn begin(engine: &mut dyn Engine, lease: &str, id: i64, now: Timestamp) -> Result<Begun, StoreError> {
    let values = [Value::Integer(id), Value::Text(lease)];
    let Some(mut row) = first(engine.query(UPDATE_BEGUN, &values)?) else { return Ok(Begun::Lost) };
    if suppressed::is_suppressed(engine, &row.take::<String>(0)?, now)? {
        let end = End::of(id, lease, OutboxState::Suppressed, now);
        let end = End { reason: Some(Untold::Address.as_str()), untried: 1, ..end };
        return end.write(engine).map(|()| Begun::Suppressed);
    }
    match first(engine.query(INSERT_ATTEMPT, &[Value::Integer(id), Value::Time(now)])?) {
        Some(mut row) => row.take(0).map(Begun::Attempt),
        None => Err(StoreError::Misuse { what: "a new attempt has no number".to_owned() }),
    }
}

/// A row that was lost meanwhile keeps what it has become; the attempt is written down all the same.
fn resolve(engine: &mut dyn Engine, lease: &str, ended: &Resolution) -> Result<(), StoreError> {
    let duration = i64::try_from(ended.took.as_millis()).unwrap_or(i64::MAX);
    let values = [
        Value::Integer(ended.attempt),
        Value::Time(ended.at),
        Value::Text(ended.result.as_str()),
        Value::Text(&ended.answer),
        Value::Integer(duration),
        Value::text(ended.note.as_deref()),
    ];
    engine.execute(UPDATE_ATTEMPT, &values)?;
    let (state, reason, due) = match ended.fate {
        Fate::Sent => (OutboxState::Sent, None, None),
        Fate::Again(at) => (OutboxState::Queued, None, Some(at)),
        Fate::Failed(why) => (OutboxState::Failed, Some(why.as_str()), None),
    };
    let end = End::of(ended.id, lease, state, ended.at);
    let uncertain = i64::from(ended.result == AttemptResult::Uncertain);
    End { reason, due, error: Some(&ended.answer), uncertain, ..end }.write(engine)?;
    ended.events.iter().try_for_each(|event| events::write(engine, event))
}

/// What becomes of a row that a program lets go of.
struct End<'a> {
    id: i64,
    lease: &'a str,
    state: OutboxState,
    at: Timestamp,
    reason: Option<&'a str>,
    /// When it is due, if that changes.
    due: Option<Timestamp>,
    error: Option<&'a str>,
    /// 1 if nobody knows how its attempt ended.
    uncertain: i64,
    /// 1 if its attempt was not made after all.
    untried: i64,
}

impl<'a> End<'a> {
    fn of(id: i64, lease: &'a str, state: OutboxState, at: Timestamp) -> Self {
        Self { id, lease, state, at, reason: None, due: None, error: None, uncertain: 0, untried: 0 }
    }

    /// Does nothing to a row that a person or another program has by now.
    fn write(self, engine: &mut dyn Engine) -> Result<(), StoreError> {
        let values = [
            Value::Integer(self.id),
            Value::Text(self.lease),
            Value::Text(self.state.as_str()),
            Value::Time(self.at),
            Value::text(self.reason),
            Value::time(self.due),
            Value::text(self.error),
            Value::Integer(self.uncertain),
            Value::Integer(self.untried),
        ];
        engine.execute(UPDATE_RESOLVED, &values).map(drop)
    }
}

fn read(engine: &mut dyn Engine, id: i64) -> Result<Claimed, StoreError> {
    let Some(mut row) = first(engine.query(SELECT_CLAIMED, &[Value::Integer(id)])?) else {
        return Err(StoreError::Missing { what: format!("notification {id}") });
    };
    let about = list::about(row.take(2)?, row.take(3)?, row.take(1)?)?;
    let message: Option<i64> = row.take(16)?;
    let references = match about.ticket().zip(message) {
        Some((ticket, message)) => thread(engine, ticket.id, message)?,
        None => Vec::new(),
    };
    let author: Option<String> = row.take(9)?;
    let author_name = row.take(10)?;
    let (queue, other): (Option<QueueSlug>, Option<TicketId>) = (row.take(12)?, row.take(13)?);
    Ok(Claimed {
        id: row.take(0)?,
        about,
        title: row.take(4)?,
        to: Address { address: row.take(5)?, name: row.take(6)? },
        message_id: row.take(7)?,
        message,
        in_reply_to: row.take(8)?,
        references,
        author: author.map(|address| Address { name: author_name, address }),
        text: row.take(11)?,
        other: queue.zip(other).map(|(queue, id)| TicketRef { queue, id }),
        attempts: row.take(14)?,
        uncertain: row.take(15)?,
    })
}

/// The first message of the ticket and the last few before this one (RFC 5322 section 3.6.4 lets the middle be left out).
fn thread(engine: &mut dyn Engine, ticket: TicketId, before: i64) -> Result<Vec<MessageId>, StoreError> {
    let values = [Value::Integer(ticket.0), Value::Integer(before)];
    let ids = |rows: Vec<Row>| rows.into_iter().map(|mut row| row.take(0)).collect::<Result<Vec<_>, _>>();
    let mut thread: Vec<MessageId> = ids(engine.query(SELECT_ANCESTORS, &values)?)?;
    thread.extend(ids(engine.query(SELECT_ROOT, &values)?)?);
    thread.reverse();
    let mut met = std::collections::HashSet::new();
    thread.retain(|id| met.insert(id.clone()));
    Ok(thread)
}
