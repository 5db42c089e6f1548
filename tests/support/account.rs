//! Configurations of IMAP mailboxes as the library takes them, and what tests do with them.

use std::time::Duration;

use helpdesk_mail::mailbox::imap::ImapMailbox;
use helpdesk_mail::mailbox::{Access, Config, Imap, MailboxError, Password, Place, Plaintext, Tls};
use helpdesk_mail::model::item::{Acknowledgement, Disposition, ItemKey, Telling};

use super::dovecot::Dovecot;

/// The account `support` on a server of this host without TLS; change what the test is about.
pub fn plain(port: u16) -> Imap {
    Imap {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        plaintext: Plaintext::LoopbackOnly,
        ca_file: None,
        username: "support".to_owned(),
        password: Password::Literal("secret".into()),
        folders: vec!["INBOX".to_owned()],
        timeout: Duration::from_secs(10),
    }
}

/// The account `support` on a Dovecot.
pub fn on(server: &Dovecot, tls: Tls) -> Imap {
    let port = if tls == Tls::Implicit { server.tls_port } else { server.port };
    Imap { tls, ca_file: Some(server.ca_file()), ..plain(port) }
}

/// Connects, for messages of at most 1 MB.
pub fn connect(imap: &Imap) -> Result<ImapMailbox, MailboxError> {
    connect_as(imap, Access::ReadWrite, 1_000_000)
}

/// Connects with another access or size.
pub fn connect_as(imap: &Imap, access: Access, max_message_size: u64) -> Result<ImapMailbox, MailboxError> {
    let name = "support".parse().unwrap();
    ImapMailbox::connect(&Config { name, place: Place::Imap(imap.clone()), max_message_size }, imap, access)
}

/// The error as `kind: message | hint | causes`; panics if there is none.
pub fn told<T>(result: Result<T, MailboxError>) -> String {
    let trouble = helpdesk_mail::model::trouble::Trouble::from(result.err().expect("an error was expected"));
    let hint = trouble.hint.clone().unwrap_or_default();
    format!("{}: {} | {hint} | {}", trouble.code.as_str(), trouble.message, trouble.detail())
}

/// An acknowledgement for the first time.
pub fn first(key: &ItemKey, disposition: Disposition) -> Acknowledgement {
    Acknowledgement { key: key.clone(), disposition, message_id: None, telling: Telling::First }
}
