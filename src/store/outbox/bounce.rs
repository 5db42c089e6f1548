//! Notifications that come back.

use jiff::Timestamp;

use super::suppressed::{self, NewSuppression};
use super::{CameBack, SentAs};
use crate::model::address::{Address, key};
use crate::model::ids::MessageId;
use crate::model::outbox::BounceKind;
use crate::store::StoreError;
use crate::store::engine::{Engine, Value, first};

/// So many soft bounces in the time that a hard one suppresses for do the same.
const MOST_SOFT: i64 = 5;

pub(in crate::store) const SELECT_BY_MESSAGE_ID: &str = "
SELECT id, ticket, address, name
FROM outbox
WHERE message_id = ?1
  AND state <> 'suppressed'";

/// What came back was sent, whatever the row believed. A notice of delay changes no state, and takes back no bounce.
pub(in crate::store) const UPDATE_BOUNCED: &str = "
UPDATE outbox
SET bounce = ?2,
    bounce_status = ?3,
    bounced_at = ?4,
    state = CASE WHEN ?2 = 'delayed' THEN state ELSE 'bounced' END,
    state_since = CASE WHEN ?2 = 'delayed' THEN state_since ELSE ?4 END,
    lease = CASE WHEN ?2 = 'delayed' THEN lease END
WHERE id = ?1
  AND (bounce IS NULL OR bounce = 'delayed' OR ?2 = 'hard')";

pub(in crate::store) const COUNT_SOFT: &str = "
SELECT count(*)
FROM outbox
WHERE key = ?1
  AND created_at > ?2
  AND state <> 'suppressed'
  AND bounce = 'soft'";

/// The notification that bears a Message-ID.
pub(super) fn sent_as(engine: &mut dyn Engine, id: &MessageId) -> Result<Option<SentAs>, StoreError> {
    let Some(mut row) = first(engine.query(SELECT_BY_MESSAGE_ID, &[Value::Text(id.as_str())])?) else {
        return Ok(None);
    };
    let to = Address { address: row.take(2)?, name: row.take(3)? };
    Ok(Some(SentAs { id: row.take(0)?, ticket: row.take(1)?, to }))
}

/// Marks a notification that came back, and suppresses its address where that is asked for.
pub(super) fn came_back(
    engine: &mut dyn Engine,
    back: &CameBack<'_>,
) -> Result<Option<Timestamp>, StoreError> {
    let values = [
        Value::Integer(back.sent.id),
        Value::Text(back.kind.as_str()),
        Value::text(back.status),
        Value::Time(back.at),
    ];
    engine.execute(UPDATE_BOUNCED, &values)?;
    let reason = match back.kind {
        BounceKind::Hard if back.is_its_own => "hard-bounce",
        BounceKind::Soft if back.is_its_own && too_often(engine, back)? => "soft-bounces",
        BounceKind::Hard | BounceKind::Soft | BounceKind::Delayed => return Ok(None),
    };
    let until = back.at.checked_add(back.suppress_for).unwrap_or(Timestamp::MAX);
    let new = NewSuppression {
        address: &back.sent.to.address,
        reason,
        status: back.status,
        since: back.at,
        until: Some(until),
        outbox: Some(back.sent.id),
    };
    suppressed::suppress(engine, &new).map(|()| Some(until))
}

fn too_often(engine: &mut dyn Engine, back: &CameBack<'_>) -> Result<bool, StoreError> {
    let since = back.at.checked_sub(back.suppress_for).unwrap_or(Timestamp::MIN);
    let values = [Value::Text(&key(&back.sent.to.address)), Value::Time(since)];
    let count: i64 = first(engine.query(COUNT_SOFT, &values)?).map_or(Ok(0), |mut row| row.take(0))?;
    Ok(count >= MOST_SOFT)
}
