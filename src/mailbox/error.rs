//! What can go wrong with a mailbox, by its stable codes.

use crate::model::trouble::{ErrorCode, Trouble};
pub use crate::transport::Fault as MailboxError;

impl From<MailboxError> for Trouble {
    fn from(error: MailboxError) -> Self {
        let message = error.to_string();
        let (code, hint, source) = match error {
            MailboxError::Connect { hint, source, .. } => (ErrorCode::MailboxConnect, hint, source),
            MailboxError::Tls { hint, source, .. } => (ErrorCode::MailboxTls, hint, source),
            MailboxError::Auth { hint, source, .. } => (ErrorCode::MailboxAuth, hint, source),
            MailboxError::Folder { hint, source, .. } => (ErrorCode::MailboxFolder, hint, source),
            MailboxError::Protocol { hint, source, .. } => (ErrorCode::MailboxProtocol, hint, source),
            MailboxError::Timeout { hint, source, .. } => (ErrorCode::MailboxTimeout, hint, source),
            MailboxError::Locked { hint, source, .. } => (ErrorCode::MailboxLocked, hint, source),
        };
        Self { code, message, hint, source }
    }
}
