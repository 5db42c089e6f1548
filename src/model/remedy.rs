//! What to do about each kind of trouble: the hint of an error that brings none of its own, and the man page's advice.

use super::trouble::{ErrorCode, Trouble};

impl ErrorCode {
    /// What to do, in the manner of a hint: lower case, no full stop.
    #[allow(clippy::too_many_lines, reason = "a table")]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::ConfigMissing => {
                "name the file with --config, or write one with \"helpdesk-mail init\"; nothing was done"
            }
            Self::ConfigInvalid => {
                "put the named line right, as helpdesk-mail.toml(5) says; \"helpdesk-mail check\" tells whether it is"
            }
            Self::ConfigPermissions => "take others' right to write from the file: chmod go-w FILE",
            Self::MailboxConnect => {
                "see whether host and port are right and the server is up; nothing is lost, and the next fetch goes on"
            }
            Self::MailboxTls => {
                "see whether tls is what the server speaks there, and whether its certificate is of a known authority \
                 (ca_file) and of that name"
            }
            Self::MailboxAuth => {
                "see whether username, password and auth are right; \"check --connect\" tries them"
            }
            Self::MailboxFolder => {
                "see whether the folder or path is there and may be read; \"check --connect\" lists folders"
            }
            Self::MailboxProtocol => {
                "see with -vv what it was asked, and whether it is a server of that type"
            }
            Self::MailboxTimeout => {
                "see whether the server answers at all; timeout and run_timeout may be longer; the next fetch goes on"
            }
            Self::MailboxLocked => "let the other run end; if none is there, see who holds the file named",
            Self::OutboxConnect => {
                "see whether host and port of [outbox] are right and the server is up; notifications wait and are tried again"
            }
            Self::OutboxTls => {
                "see whether tls of [outbox] is what the server speaks there, and whether its certificate verifies (ca_file)"
            }
            Self::OutboxAuth => {
                "see whether username, password and auth of [outbox] are right; \"check --connect\" tries them"
            }
            Self::OutboxPath => "see whether the directory or program of [outbox] is there and may be used",
            Self::OutboxProtocol => "see with -vv what it was asked, and whether it speaks SMTP",
            Self::OutboxTimeout => {
                "see whether the server answers at all; notifications wait and are tried again"
            }
            Self::OutboxLocked => "let the other delivery end; it takes what is due",
            Self::MessageUnreadable => {
                "look at it with \"quarantine show\" or \"quarantine export\"; drop it, or retry it after an upgrade"
            }
            Self::MessageAttempts => {
                "look at it with \"quarantine show\"; once the trouble is over, \"quarantine retry\" takes it again"
            }
            Self::MessageCrashed => {
                "please report it, with the message if it may be shown; \"quarantine retry\" takes it again after an upgrade"
            }
            Self::MessageStore => {
                "look at it with \"quarantine show\"; \"quarantine retry\" takes it again after an upgrade"
            }
            Self::HookTimeout => {
                "see with \"check\" and by hand why the hook takes so long; timeout of [[hook]] may be longer"
            }
            Self::HookFailed => "see with -v what the hook said, and try its program or URL by hand",
            Self::StoreBusy => {
                "wait until the other program is done, or the server is back; the next run goes on"
            }
            Self::StoreFull => "make room where the store lies; nothing is lost, and the next run goes on",
            Self::StoreSchema => {
                "use the program that wrote the store or a newer one, or name the store's file in [store] url"
            }
            Self::StoreUnavailable => {
                "see whether the user that runs this may read and write the store and its directory"
            }
            Self::Usage => "see helpdesk-mail --help",
            Self::InputData => "give a message as it came over the wire (RFC 5322), or an mbox of such",
            Self::InputMissing => "see whether what was named is there and may be read",
            Self::OutputExists => "name another file, or take that one away",
            Self::OutputIo => {
                "see whether there is room, and whether the file and its directory may be written"
            }
            Self::Interrupted => "nothing is half done, and the next run goes on",
            Self::Internal => {
                "please report the message and the command, as the README says; the next run goes on"
            }
        }
    }
}

impl Trouble {
    /// What to do: its own hint, or what helps against its kind.
    pub fn advice(&self) -> &str {
        self.hint.as_deref().unwrap_or_else(|| self.code.remedy())
    }
}
