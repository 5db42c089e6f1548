//! What can go wrong with a place that mail comes from or goes to; never a message's own trouble.

use std::error::Error;

type Cause = Box<dyn Error + Send + Sync>;

/// Trouble with a mailbox or a back end of the outbox. `what` names it, for instance `server "imap.example.org" port 993`.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No connection came about, or it broke off.
    #[error("no connection to {what}")]
    Connect {
        /// The thing.
        what: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// TLS was refused, stripped or does not verify.
    #[error("no protected connection to {what}")]
    Tls {
        /// The thing.
        what: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// The credentials were refused or could not be had.
    #[error("no login to {what}")]
    Auth {
        /// The thing.
        what: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// A folder, path or file is not there or may not be used.
    #[error("cannot use {what}")]
    Folder {
        /// The thing.
        what: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// The server said what the protocol does not allow.
    #[error("not understood: {what}")]
    Protocol {
        /// The thing.
        what: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// No answer came in time.
    #[error("no answer in time from {what}")]
    Timeout {
        /// The thing.
        what: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
    /// Another program holds it.
    #[error("{what} is held by another program")]
    Locked {
        /// The thing.
        what: String,
        /// What to do.
        hint: Option<String>,
        /// Why.
        #[source]
        source: Option<Cause>,
    },
}

impl Fault {
    /// What to do.
    pub fn hint(&self) -> Option<&str> {
        let (Self::Connect { hint, .. }
        | Self::Tls { hint, .. }
        | Self::Auth { hint, .. }
        | Self::Folder { hint, .. }
        | Self::Protocol { hint, .. }
        | Self::Timeout { hint, .. }
        | Self::Locked { hint, .. }) = self;
        hint.as_deref()
    }

    /// What to do and what caused it, without the sentence around them.
    pub(crate) fn into_hint_and_cause(self) -> (Option<String>, Option<Cause>) {
        let (Self::Connect { hint, source, .. }
        | Self::Tls { hint, source, .. }
        | Self::Auth { hint, source, .. }
        | Self::Folder { hint, source, .. }
        | Self::Protocol { hint, source, .. }
        | Self::Timeout { hint, source, .. }
        | Self::Locked { hint, source, .. }) = self;
        (hint, source)
    }

    /// The same trouble with another thing.
    pub(super) fn about(mut self, thing: String) -> Self {
        let (Self::Connect { what, .. }
        | Self::Tls { what, .. }
        | Self::Auth { what, .. }
        | Self::Folder { what, .. }
        | Self::Protocol { what, .. }
        | Self::Timeout { what, .. }
        | Self::Locked { what, .. }) = &mut self;
        *what = thing;
        self
    }
}
