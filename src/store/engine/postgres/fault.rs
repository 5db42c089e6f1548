//! Whose trouble an error of the server is.

use postgres::error::SqlState;

use crate::store::StoreError;

/// What the server says of data quotes them, which are people's words: only the kind and the place are told.
fn without_values(error: &postgres::Error) -> String {
    let Some(error) = error.as_db_error() else { return "the server refuses a value".to_owned() };
    let place = [("constraint", error.constraint()), ("table", error.table()), ("column", error.column())];
    let place = place.iter().filter_map(|(what, name)| name.map(|name| format!(", {what} {name}")));
    format!("SQLSTATE {}{}", error.code().code(), place.collect::<String>())
}

/// Whether a password is asked for that nobody configured; the library knows no code for that.
fn needs_password(error: &postgres::Error) -> bool {
    error.to_string().contains("configuration")
}

/// Whose trouble it is (appendix A of PostgreSQL's manual, "Error Codes").
pub(super) fn fault(error: postgres::Error, place: &str) -> StoreError {
    let place = place.to_owned();
    let Some(state) = error.code().cloned() else {
        // No word of the server: the network, TLS, or an answer that cannot be read.
        let is_tls = error.to_string().contains("TLS");
        return match is_tls || needs_password(&error) {
            true => StoreError::Unavailable { place, source: error.into() },
            false => StoreError::Away { place, source: error.into() },
        };
    };
    let class = state.code().get(..2).unwrap_or_default();
    match class {
        _ if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(&state) => {
            StoreError::Conflict { place, source: error.into() }
        }
        _ if [SqlState::DISK_FULL, SqlState::OUT_OF_MEMORY].contains(&state) => {
            StoreError::Full { place, source: error.into() }
        }
        // Data, constraints, a program limit such as a row that is too large.
        "22" | "23" | "54" => StoreError::Data { source: without_values(&error).into() },
        // A standby, or a server on which others have written last.
        _ if state == SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::Away { place, source: error.into() },
        // This program held still in the middle of a transaction.
        _ if state == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => {
            StoreError::Away { place, source: error.into() }
        }
        // Connection, resources, an administrator's shutdown, a lock that takes too long.
        "08" | "53" | "55" | "57" => StoreError::Away { place, source: error.into() },
        // Who we are, which database, what we may, the system's own trouble.
        "28" | "3D" | "3F" | "58" => StoreError::Unavailable { place, source: error.into() },
        _ if state == SqlState::INSUFFICIENT_PRIVILEGE => {
            StoreError::Unavailable { place, source: error.into() }
        }
        "XX" => StoreError::Damaged { place, source: error.into() },
        // What the server makes of a statement of ours; it quotes no values.
        _ => {
            let what =
                error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
            StoreError::Misuse { what: format!("{}: {what}", state.code()) }
        }
    }
}
