//! Values on their way to the server, and cells on their way back.

use std::error::Error;

use jiff::Timestamp;
use postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use super::super::sqlite::written;
use super::super::{Cell, Row, Value, without_nul};
use crate::store::StoreError;

/// Microseconds from the epoch of UNIX to PostgreSQL's, 2000-01-01.
const EPOCH: i64 = 946_684_800_000_000;

/// Refuses texts that are to be times and are none; COPY would break off at them as a connection does.
pub(super) fn all_fit(types: &[Type], rows: &[Row]) -> Result<(), StoreError> {
    let fits = |(cell, wanted): (&Cell, &Type)| match cell {
        Cell::Text(text) if *wanted == Type::TIMESTAMPTZ => text.parse::<Timestamp>().is_ok(),
        Cell::Null | Cell::Integer(_) | Cell::Text(_) | Cell::Blob(_) => true,
    };
    if rows.iter().all(|row| row.0.iter().zip(types).all(fits)) {
        return Ok(());
    }
    Err(StoreError::Odd { what: "a time that is none".to_owned() })
}

/// A value as the place in the statement wants it.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub(super) Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let number = |number: i64, out: &mut BytesMut| match *wanted {
            Type::INT2 => i16::try_from(number)?.to_sql(wanted, out),
            Type::INT4 => i32::try_from(number)?.to_sql(wanted, out),
            // As rows of either engine give it.
            Type::BOOL => (number != 0).to_sql(wanted, out),
            _ => number.to_sql(wanted, out),
        };
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(value) => number(value, out),
            Value::Text(text) if *wanted == Type::TIMESTAMPTZ => {
                Bound(Value::Time(text.parse()?)).to_sql(wanted, out)
            }
            Value::Text(text) => without_nul(text).as_ref().to_sql(wanted, out),
            Value::Blob(octets) => octets.to_sql(wanted, out),
            Value::Room(_) => (&[] as &[u8]).to_sql(wanted, out),
            Value::Time(time) => (time.as_microsecond() - EPOCH).to_sql(&Type::INT8, out),
            Value::Boolean(value) => value.to_sql(wanted, out),
        }
    }

    /// Any place: our statements and our schema agree on types, which the tests of the store hold them to.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Cell {
    fn from_sql(found: &Type, octets: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *found {
            Type::BOOL => Self::Integer(bool::from_sql(found, octets)?.into()),
            Type::INT2 => Self::Integer(i16::from_sql(found, octets)?.into()),
            Type::INT4 => Self::Integer(i32::from_sql(found, octets)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(found, octets)?),
            Type::BYTEA => Self::Blob(octets.to_vec()),
            Type::TIMESTAMPTZ => {
                let since = i64::from_sql(&Type::INT8, octets)?;
                let time = Timestamp::from_microsecond(since.saturating_add(EPOCH))?;
                Self::Text(written(time))
            }
            _ => Self::Text(String::from_sql(found, octets)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(found: &Type) -> bool {
        [Type::BOOL, Type::INT2, Type::INT4, Type::INT8, Type::BYTEA, Type::TIMESTAMPTZ].contains(found)
            || <String as FromSql>::accepts(found)
    }
}
