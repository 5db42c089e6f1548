//! What can go wrong in the store, in two kinds: the message's and the store's own.

use std::error::Error;
use std::io;

use super::Lease;
use crate::model::trouble::{ErrorCode, Trouble, with_causes};

type Cause = Box<dyn Error + Send + Sync>;

/// Trouble with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A constraint or a value: it fails one message and nothing else.
    #[error("the store refuses the message")]
    Data {
        /// Why.
        #[source]
        source: Cause,
    },
    /// The item has a settled row: another run was faster.
    #[error("the item is settled already")]
    Settled,
    /// Another program holds the store longer than we wait.
    #[error("the store {place} is busy")]
    Busy {
        /// The file.
        place: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The server cannot be reached, or broke off.
    #[error("the store {place} is away")]
    Away {
        /// The server and database.
        place: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Another program changed at the same time what was read: it is to be done again.
    #[error("the store {place} is busy: others change the same")]
    Conflict {
        /// The server and database.
        place: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Another has taken over what was worked at.
    #[error("another program has taken over {lease}")]
    Lost {
        /// What.
        lease: Lease,
    },
    /// No room is left.
    #[error("no room for the store {place}")]
    Full {
        /// The file.
        place: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// It is newer than the program, or is no store of ours.
    #[error("the store {place} cannot be used: {what}")]
    Schema {
        /// The file.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// It is of a former program, and is only looked at.
    #[error("the store {place} has schema version {found}, this program reads {reads}")]
    Older {
        /// The file.
        place: String,
        /// Its version.
        found: i64,
        /// The program's.
        reads: usize,
    },
    /// A copy was begun there and is not whole.
    #[error("the store {place} is a copy that did not come to its end")]
    Unfinished {
        /// The file, or the server and database.
        place: String,
    },
    /// What a copy is to be written to holds something.
    #[error("{place} holds {what}")]
    Taken {
        /// The file, or the server and database.
        place: String,
        /// What.
        what: String,
    },
    /// A copy is not what it was copied from.
    #[error("the copy {place} differs from its source in the table {table}")]
    Differs {
        /// The file, or the server and database.
        place: String,
        /// The table.
        table: &'static str,
    },
    /// It cannot be opened, read or written.
    #[error("the store {place} cannot be read or written")]
    Unavailable {
        /// The file.
        place: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The file is no longer what was written to it.
    #[error("the store {place} cannot be made out")]
    Damaged {
        /// The file.
        place: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Another file lies in its place, or none: what was written since is lost.
    #[error("the store {place} was replaced or removed during the run")]
    Replaced {
        /// The file.
        place: String,
    },
    /// A row holds what this program never wrote.
    #[error("the store holds what was never written: {what}")]
    Odd {
        /// What.
        what: String,
    },
    /// The file of the signing secret cannot be used.
    #[error("the secret in {place} cannot be used")]
    Secret {
        /// The file.
        place: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A statement is not what the database expects: a bug.
    #[error("the store was misused: {what}")]
    Misuse {
        /// What.
        what: String,
    },
    /// A ticket, item or quarantined message that was named is not there.
    #[error("there is no {what}")]
    Missing {
        /// What.
        what: String,
    },
    /// What was asked of a ticket cannot be done.
    #[error("{what}")]
    Refused {
        /// What and why.
        what: String,
    },
}

impl StoreError {
    /// Whether it is the one message's own trouble, so that the rest of the batch stands.
    pub fn is_of_the_message(&self) -> bool {
        match self {
            Self::Data { .. } => true,
            Self::Settled
            | Self::Busy { .. }
            | Self::Away { .. }
            | Self::Lost { .. }
            | Self::Conflict { .. }
            | Self::Full { .. }
            | Self::Schema { .. }
            | Self::Older { .. }
            | Self::Unfinished { .. }
            | Self::Taken { .. }
            | Self::Differs { .. }
            | Self::Unavailable { .. }
            | Self::Damaged { .. }
            | Self::Odd { .. }
            | Self::Replaced { .. }
            | Self::Secret { .. }
            | Self::Misuse { .. }
            | Self::Missing { .. }
            | Self::Refused { .. } => false,
        }
    }
}

/// Whether it is the trouble of a database on a server.
fn is_of_a_server(error: &StoreError) -> bool {
    matches!(error, StoreError::Away { .. })
        || matches!(error, StoreError::Unavailable { place, .. } if place.starts_with("postgresql:"))
}

/// A server has more reasons than a file, and what it says holds no secret.
fn words(error: &StoreError) -> String {
    match error.source().filter(|_| is_of_a_server(error)) {
        Some(source) => format!("{error}: {}", with_causes(source)),
        None => error.to_string(),
    }
}

/// What to do where a store cannot be opened, read or written.
fn advice(is_of_a_server: bool, cause: &Cause) -> &'static str {
    if is_of_a_server {
        "check url, password and ca_file, and what its user may do on the server; see helpdesk-mail.toml(5)"
    } else if is_missing(cause) {
        "make its directory first; it must belong to the user that runs the program"
    } else {
        "check that the file and its directory belong to the user that runs the program"
    }
}

/// Whether the cause is a file or directory that is not there.
fn is_missing(cause: &Cause) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        let (message, is_of_a_server) = (words(&error), is_of_a_server(&error));
        match error {
            StoreError::Data { source } => Self::new(ErrorCode::MessageStore, message)
                .hint("see \"helpdesk-mail quarantine show\" and report it if the message is ordinary")
                .because(source),
            StoreError::Busy { source, .. } => Self::new(ErrorCode::StoreBusy, message)
                .hint("another program holds the store; the next run goes on")
                .because(source),
            StoreError::Away { source, .. } => Self::new(ErrorCode::StoreBusy, message)
                .hint("nothing is lost: what was not committed is taken again by the next run")
                .because(source),
            StoreError::Lost { lease } => {
                let code = match lease {
                    Lease::Mailbox(_) => ErrorCode::MailboxLocked,
                    Lease::Delivery(_) => ErrorCode::OutboxLocked,
                };
                Self::new(code, message)
                    .hint("this one held still for too long; nothing it did since was kept, and the other goes on")
            }
            StoreError::Conflict { source, .. } => Self::new(ErrorCode::StoreBusy, message)
                .hint("it was tried several times; the next run goes on")
                .because(source),
            StoreError::Full { source, .. } => Self::new(ErrorCode::StoreFull, message)
                .hint("make room on the disk; nothing was told to the mailbox and the next run goes on")
                .because(source),
            StoreError::Schema { .. } => Self::new(ErrorCode::StoreSchema, message)
                .hint("use the program version that wrote it, or name another file in [store] url"),
            StoreError::Older { .. } => Self::new(ErrorCode::StoreSchema, message)
                .hint("the next \"fetch\" upgrades it; make a copy first if the former program is to read it again"),
            StoreError::Unfinished { .. } => Self::new(ErrorCode::StoreSchema, message)
                .hint("the same \"helpdesk-mail store copy\" once more goes on with it"),
            StoreError::Taken { .. } => Self::new(ErrorCode::OutputExists, message)
                .hint("copy into a database or a file that is empty or not there yet; a copy that came to its end is a store, too"),
            StoreError::Differs { .. } => Self::new(ErrorCode::StoreUnavailable, message)
                .hint("something else wrote to it, or it is damaged: empty it and copy again; the source is as it was"),
            StoreError::Unavailable { source, .. } => Self::new(ErrorCode::StoreUnavailable, message)
                .hint(advice(is_of_a_server, &source))
                .because(source),
            StoreError::Secret { source, .. } => Self::new(ErrorCode::ConfigInvalid, message)
                .hint("\"token_secret_file\" must be a readable file of 16 octets or more")
                .because(source),
            StoreError::Damaged { source, .. } => Self::new(ErrorCode::StoreUnavailable, message)
                .hint(
                    "the file is damaged or no database: restore a backup, or try \"sqlite3 FILE .recover\"",
                )
                .because(source),
            StoreError::Replaced { .. } => Self::new(ErrorCode::StoreUnavailable, message)
                .hint("no mailbox was told of what is lost; the next run goes on with the store that is there"),
            StoreError::Odd { .. } => Self::new(ErrorCode::StoreUnavailable, message)
                .hint("the store is damaged or was changed by hand: restore a backup, or try \"sqlite3 FILE .recover\""),
            StoreError::Settled | StoreError::Misuse { .. } => Self::new(ErrorCode::Internal, message),
            StoreError::Missing { .. } => Self::new(ErrorCode::InputMissing, message),
            StoreError::Refused { .. } => Self::new(ErrorCode::Usage, message),
        }
    }
}
