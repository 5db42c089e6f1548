//! What can go wrong with a back end, by its stable codes.

use crate::model::trouble::{ErrorCode, Trouble, with_causes};
use crate::transport::Fault;

/// Trouble with a back end; never a notification's own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OutboxError(#[from] pub Fault);

impl OutboxError {
    /// The message with its causes on one line, as an attempt keeps it.
    pub(super) fn told(&self) -> String {
        with_causes(self)
    }
}

impl From<OutboxError> for Trouble {
    fn from(OutboxError(fault): OutboxError) -> Self {
        let message = fault.to_string();
        let (code, hint, source) = match fault {
            Fault::Connect { hint, source, .. } => (ErrorCode::OutboxConnect, hint, source),
            Fault::Tls { hint, source, .. } => (ErrorCode::OutboxTls, hint, source),
            Fault::Auth { hint, source, .. } => (ErrorCode::OutboxAuth, hint, source),
            Fault::Protocol { hint, source, .. } => (ErrorCode::OutboxProtocol, hint, source),
            Fault::Timeout { hint, source, .. } => (ErrorCode::OutboxTimeout, hint, source),
            Fault::Folder { hint, source, .. } | Fault::Locked { hint, source, .. } => {
                (ErrorCode::OutboxPath, hint, source)
            }
        };
        Self { code, message, hint, source }
    }
}
