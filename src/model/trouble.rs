//! Trouble: what went wrong, whose it is, and whether to try again.

use std::error::Error;
use std::fmt;

use super::exit::Exit;

/// The stable `error_code` words (contract section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The configuration file is not there or cannot be read.
    ConfigMissing,
    /// A key is unknown, missing or wrong.
    ConfigInvalid,
    /// Others may write the configuration file.
    ConfigPermissions,
    /// No connection to the server came about, or it broke off.
    MailboxConnect,
    /// TLS was refused, stripped or does not verify.
    MailboxTls,
    /// The credentials were refused or could not be had.
    MailboxAuth,
    /// A folder or path is not there.
    MailboxFolder,
    /// The server said what the protocol does not allow.
    MailboxProtocol,
    /// The server did not answer in time.
    MailboxTimeout,
    /// Another run holds the mailbox.
    MailboxLocked,
    /// No connection to a mail server came about, or it takes no mail.
    OutboxConnect,
    /// TLS was refused, stripped or does not verify.
    OutboxTls,
    /// The credentials were refused or could not be had.
    OutboxAuth,
    /// The directory or program of a back end cannot be used.
    OutboxPath,
    /// The mail server said what the protocol does not allow.
    OutboxProtocol,
    /// The mail server did not answer in time.
    OutboxTimeout,
    /// Another program delivers.
    OutboxLocked,
    /// A hook did not end in time.
    HookTimeout,
    /// A hook could not be called, or failed.
    HookFailed,
    /// Nothing could be made out in a message.
    MessageUnreadable,
    /// Trouble of one message that came again too often.
    MessageAttempts,
    /// A part of the program gave up on a message.
    MessageCrashed,
    /// The store refuses what is in one message.
    MessageStore,
    /// Another program holds the store, or its server is away.
    StoreBusy,
    /// The disk is full.
    StoreFull,
    /// The store is newer than the program, or is no store.
    StoreSchema,
    /// The store cannot be opened, read or written.
    StoreUnavailable,
    /// The command line is wrong.
    Usage,
    /// The input is not a message.
    InputData,
    /// A named file, ticket or item does not exist.
    InputMissing,
    /// A file would be overwritten.
    OutputExists,
    /// A file could not be written.
    OutputIo,
    /// A signal ended the run.
    Interrupted,
    /// A bug.
    Internal,
}

impl ErrorCode {
    /// All codes, in the order they are documented.
    pub const ALL: [Self; 34] = [
        Self::ConfigMissing,
        Self::ConfigInvalid,
        Self::ConfigPermissions,
        Self::MailboxConnect,
        Self::MailboxTls,
        Self::MailboxAuth,
        Self::MailboxFolder,
        Self::MailboxProtocol,
        Self::MailboxTimeout,
        Self::MailboxLocked,
        Self::OutboxConnect,
        Self::OutboxTls,
        Self::OutboxAuth,
        Self::OutboxPath,
        Self::OutboxProtocol,
        Self::OutboxTimeout,
        Self::OutboxLocked,
        Self::HookTimeout,
        Self::HookFailed,
        Self::MessageUnreadable,
        Self::MessageAttempts,
        Self::MessageCrashed,
        Self::MessageStore,
        Self::StoreBusy,
        Self::StoreFull,
        Self::StoreSchema,
        Self::StoreUnavailable,
        Self::Usage,
        Self::InputData,
        Self::InputMissing,
        Self::OutputExists,
        Self::OutputIo,
        Self::Interrupted,
        Self::Internal,
    ];

    /// The word that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMissing => "config.missing",
            Self::ConfigInvalid => "config.invalid",
            Self::ConfigPermissions => "config.permissions",
            Self::MailboxConnect => "mailbox.connect",
            Self::MailboxTls => "mailbox.tls",
            Self::MailboxAuth => "mailbox.auth",
            Self::MailboxFolder => "mailbox.folder",
            Self::MailboxProtocol => "mailbox.protocol",
            Self::MailboxTimeout => "mailbox.timeout",
            Self::MailboxLocked => "mailbox.locked",
            Self::OutboxConnect => "outbox.connect",
            Self::OutboxTls => "outbox.tls",
            Self::OutboxAuth => "outbox.auth",
            Self::OutboxPath => "outbox.path",
            Self::OutboxProtocol => "outbox.protocol",
            Self::OutboxTimeout => "outbox.timeout",
            Self::OutboxLocked => "outbox.locked",
            Self::HookTimeout => "hook.timeout",
            Self::HookFailed => "hook.failed",
            Self::MessageUnreadable => "message.unreadable",
            Self::MessageAttempts => "message.too-many-attempts",
            Self::MessageCrashed => "message.crashed",
            Self::MessageStore => "message.store",
            Self::StoreBusy => "store.busy",
            Self::StoreFull => "store.full",
            Self::StoreSchema => "store.schema",
            Self::StoreUnavailable => "store.unavailable",
            Self::Usage => "usage",
            Self::InputData => "input.data",
            Self::InputMissing => "input.missing",
            Self::OutputExists => "output.exists",
            Self::OutputIo => "output.io",
            Self::Interrupted => "run.interrupted",
            Self::Internal => "internal.bug",
        }
    }

    /// Whether it is a mailbox's own failure, which makes its interval grow; being held by another run is none.
    pub fn is_of_the_mailbox(self) -> bool {
        matches!(self.exit(), Exit::Unavailable | Exit::Refused)
    }

    /// Whether the store gave out.
    pub fn is_of_the_store(self) -> bool {
        matches!(
            self,
            Self::StoreBusy
                | Self::StoreFull
                | Self::StoreSchema
                | Self::StoreUnavailable
                | Self::MailboxLocked
        )
    }

    /// The exit code of a run that met this and nothing worse.
    pub fn exit(self) -> Exit {
        match self {
            Self::ConfigMissing | Self::ConfigInvalid | Self::ConfigPermissions => Exit::Config,
            Self::MailboxConnect
            | Self::MailboxTls
            | Self::MailboxFolder
            | Self::MailboxProtocol
            | Self::MailboxTimeout
            | Self::OutboxConnect
            | Self::OutboxTls
            | Self::OutboxPath
            | Self::OutboxProtocol
            | Self::OutboxTimeout => Exit::Unavailable,
            Self::MailboxAuth | Self::OutboxAuth => Exit::Refused,
            Self::MailboxLocked
            | Self::OutboxLocked
            | Self::HookTimeout
            | Self::HookFailed
            | Self::StoreBusy
            | Self::Interrupted => Exit::Temporary,
            Self::MessageUnreadable | Self::MessageAttempts | Self::MessageCrashed | Self::MessageStore => {
                Exit::Attention
            }
            Self::StoreFull | Self::StoreSchema | Self::StoreUnavailable | Self::OutputIo => Exit::Io,
            Self::Usage => Exit::Usage,
            Self::InputData => Exit::Data,
            Self::InputMissing => Exit::NoInput,
            Self::OutputExists => Exit::CantCreate,
            Self::Internal => Exit::Internal,
        }
    }
}

/// Something that went wrong, told for a person, with the causes beneath it.
#[derive(Debug)]
pub struct Trouble {
    /// The stable word.
    pub code: ErrorCode,
    /// One sentence: lower case, no full stop, naming the thing.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What caused it.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Trouble {
    /// Trouble without a hint and a cause.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, source: None }
    }

    /// Adds what to do.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds the cause.
    pub fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The message with its chain of causes, for a log.
    pub fn with_causes(&self) -> String {
        with_causes(self)
    }

    /// The causes, outermost first, as one line; empty if there are none.
    pub fn detail(&self) -> String {
        causes(self)
    }
}

/// An error with its chain of causes, as one line.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = causes(error);
    if causes.is_empty() { error.to_string() } else { format!("{error}: {causes}") }
}

fn causes(error: &(dyn Error + 'static)) -> String {
    let mut chain = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    chain.join(": ")
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
