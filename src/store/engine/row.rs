//! Rows, and the types that are read from them.

use jiff::Timestamp;

use super::Value;
use crate::model::event::{EventId, EventKind, EventState, Undelivered};
use crate::model::ids::{Digest, MailboxName, MessageId, QueueSlug, RunId, TicketId};
use crate::model::item::{Disposition, ItemKey};
use crate::model::notification::Occasion;
use crate::model::outbox::{BounceKind, OutboxState, Told, Urgency};
use crate::model::outcome::OutcomeWord;
use crate::model::ticket::{Role, Status};
use crate::store::StoreError;

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number; SQLite gives booleans this way.
    Integer(i64),
    /// Text; SQLite gives times this way.
    Text(String),
    /// Octets.
    Blob(Vec<u8>),
}

impl Cell {
    /// What stands there, for a place in a statement.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(text),
            Self::Blob(octets) => Value::Blob(octets),
        }
    }

    fn sort(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Integer(_) => "a number",
            Self::Text(_) => "text",
            Self::Blob(_) => "octets",
        }
    }
}

/// A row of an answer; each column is taken out once.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub Vec<Cell>);

impl Row {
    /// Takes out a column, counted from 0; what does not fit the type is a damaged store or one changed by hand.
    pub fn take<T: FromCell>(&mut self, column: usize) -> Result<T, StoreError> {
        let Some(cell) = self.0.get_mut(column) else {
            return Err(StoreError::Misuse { what: format!("a row has no column {column}") });
        };
        let cell = std::mem::replace(cell, Cell::Null);
        // The cell itself may hold a person's words and stays out of the error.
        let sort = cell.sort();
        T::from_cell(cell).ok_or_else(|| StoreError::Odd {
            what: format!("column {column} of a row holds {sort} that is no {}", std::any::type_name::<T>()),
        })
    }
}

/// A type that a column can hold.
pub trait FromCell: Sized {
    /// The value, if the cell holds one.
    fn from_cell(cell: Cell) -> Option<Self>;
}

impl FromCell for i64 {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Integer(number) => Some(number),
            Cell::Null | Cell::Text(_) | Cell::Blob(_) => None,
        }
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text),
            Cell::Null | Cell::Integer(_) | Cell::Blob(_) => None,
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Blob(octets) => Some(octets),
            Cell::Null | Cell::Integer(_) | Cell::Text(_) => None,
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell @ (Cell::Integer(_) | Cell::Text(_) | Cell::Blob(_)) => T::from_cell(cell).map(Some),
        }
    }
}

impl FromCell for bool {
    fn from_cell(cell: Cell) -> Option<Self> {
        match i64::from_cell(cell)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Types that are stored as another one.
macro_rules! stored_as {
    ($($own:ty: $stored:ty, $read:expr;)*) => {
        $(impl FromCell for $own {
            fn from_cell(cell: Cell) -> Option<Self> {
                let read: fn($stored) -> Option<$own> = $read;
                read(<$stored>::from_cell(cell)?)
            }
        })*
    };
}

stored_as! {
    u8: i64, |number| number.try_into().ok();
    u32: i64, |number| number.try_into().ok();
    u64: i64, |number| number.try_into().ok();
    TicketId: i64, |number| Some(TicketId(number));
    RunId: i64, |number| Some(RunId(number));
    Timestamp: String, |text| text.parse().ok();
    Digest: Vec<u8>, |octets| octets.try_into().ok().map(Digest);
    QueueSlug: String, |text| text.parse().ok();
    MailboxName: String, |text| text.parse().ok();
    MessageId: String, |text| MessageId::new(&text);
    ItemKey: String, |text| Some(ItemKey(text));
    Disposition: String, |text| text.parse().ok();
    OutcomeWord: String, |text| OutcomeWord::from_word(&text);
    Status: String, |text| Status::from_word(&text);
    Role: String, |text| Role::from_word(&text);
    Occasion: String, |text| Occasion::from_word(&text);
    OutboxState: String, |text| OutboxState::from_word(&text);
    Told: String, |text| Told::from_word(&text);
    BounceKind: String, |text| BounceKind::from_word(&text);
    EventId: String, |text| EventId::from_word(&text);
    EventKind: String, |text| EventKind::from_word(&text);
    EventState: String, |text| EventState::from_word(&text);
    Undelivered: String, |text| Undelivered::from_word(&text);
    Urgency: i64, |number| Urgency::ALL.get(usize::try_from(number).ok()?).copied();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_another_type_is_odd_and_one_too_many_a_misuse() {
        let mut row = Row(vec![Cell::Text("secret words".to_owned()), Cell::Null, Cell::Integer(2)]);
        for error in [
            row.clone().take::<i64>(0).unwrap_err(),
            row.clone().take::<Timestamp>(0).unwrap_err(),
            row.clone().take::<String>(1).unwrap_err(),
            row.clone().take::<bool>(2).unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Odd { .. }));
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        assert!(matches!(row.take::<i64>(3), Err(StoreError::Misuse { .. })));
        assert_eq!(row.take::<Option<i64>>(1).unwrap(), None);
        assert_eq!(row.take::<Option<i64>>(2).unwrap(), Some(2));
    }
}
