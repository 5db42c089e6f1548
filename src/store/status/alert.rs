//! Thresholds as they stood when they were last looked at, so that a mail is sent when one changes and at no other time.

use super::{AlertChange, AlertRow};
use crate::store::engine::{Engine, Row, Value};
use crate::store::outbox::enqueue_alert;
use crate::store::{Store, StoreError};

/// A row for each threshold and mailbox.
const SELECT_ALERTS: &str = "
SELECT threshold, subject, reached, since, text, told, told_at
FROM alert
ORDER BY threshold, subject";

pub(in crate::store) const UPSERT_ALERT: &str = "
INSERT INTO alert (threshold, subject, reached, since, text, told, told_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (threshold, subject) DO UPDATE
SET reached = excluded.reached,
    since = excluded.since,
    text = excluded.text,
    told = excluded.told,
    told_at = excluded.told_at";

pub(in crate::store) const DELETE_ALERT: &str = "
DELETE FROM alert
WHERE threshold = ?1
  AND subject = ?2";

impl Store {
    /// The thresholds, as they were last looked at.
    pub fn alerts(&mut self) -> Result<Vec<AlertRow>, StoreError> {
        select(self.engine.as_mut())
    }

    /// Changes what is remembered of thresholds and writes what is to be sent of it, in one transaction: of two runs that end
    /// at once one sees what the other wrote.
    pub fn change_alerts(
        &mut self,
        mut change: impl FnMut(&[AlertRow]) -> Result<AlertChange, StoreError>,
    ) -> Result<(), StoreError> {
        self.atomically(|engine| {
            let before = select(engine)?;
            let change = change(&before)?;
            write(engine, &before, &change)
        })
    }
}

/// Writes the rows that changed, and removes those that are not spoken of any more.
fn write(engine: &mut dyn Engine, before: &[AlertRow], change: &AlertChange) -> Result<(), StoreError> {
    let key = |row: &AlertRow| (row.threshold.clone(), row.subject.clone());
    for gone in before.iter().filter(|old| !change.rows.iter().any(|row| key(row) == key(old))) {
        engine.execute(DELETE_ALERT, &[Value::Text(&gone.threshold), Value::Text(&gone.subject)])?;
    }
    for row in change.rows.iter().filter(|row| !before.contains(row)) {
        let values = [
            Value::Text(&row.threshold),
            Value::Text(&row.subject),
            Value::Boolean(row.reached),
            Value::Time(row.since),
            Value::Text(&row.text),
            Value::Boolean(row.told),
            Value::time(row.told_at),
        ];
        engine.execute(UPSERT_ALERT, &values)?;
    }
    change.mails.iter().try_for_each(|mail| enqueue_alert(engine, mail))
}

fn select(engine: &mut dyn Engine) -> Result<Vec<AlertRow>, StoreError> {
    engine.query(SELECT_ALERTS, &[])?.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Result<AlertRow, StoreError> {
    Ok(AlertRow {
        threshold: row.take(0)?,
        subject: row.take(1)?,
        reached: row.take(2)?,
        since: row.take(3)?,
        text: row.take(4)?,
        told: row.take(5)?,
        told_at: row.take(6)?,
    })
}
