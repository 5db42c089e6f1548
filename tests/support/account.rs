//! Configurations of IMAP mailboxes as the library takes them, and what tests do with them.

use std::time::Duration;

use helpdesk_mail::mailbox::imap::ImapMailbox;
use helpdesk_mail::mailbox::{
    Access, Config, Imap, Login, Mailbox as _, MailboxError, Password, Place, Plaintext, Server, Tls,
};
use helpdesk_mail::model::item::{Acknowledgement, Disposition, ItemKey, Telling};

use super::dovecot::Dovecot;

/// The account `support` on a server of this host without TLS; change what the test is about.
pub fn plain(port: u16) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        plaintext: Plaintext::LoopbackOnly,
        ca_file: None,
        username: "support".to_owned(),
        login: Login::Password(Password::Literal("secret".into())),
        timeout: Duration::from_secs(10),
        proxy: None,
    }
}

/// The account `support` on a Dovecot.
pub fn on(server: &Dovecot, tls: Tls) -> Server {
    let port = if tls == Tls::Implicit { server.tls_port } else { server.port };
    Server { tls, ca_file: Some(server.ca_file()), ..plain(port) }
}

/// Connects, for messages of at most 1 MB.
pub fn connect(server: &Server) -> Result<ImapMailbox, MailboxError> {
    connect_as(server, Access::ReadWrite, 1_000_000)
}

/// Tells the open folder and waits until it has heard.
pub fn heard(mailbox: &mut ImapMailbox, items: &[Acknowledgement]) -> Result<Vec<ItemKey>, MailboxError> {
    let mut heard = mailbox.acknowledge(items)?;
    let settled = mailbox.settle();
    heard.extend(settled.heard);
    settled.end.map(|()| heard)
}

/// Connects with another access or size.
pub fn connect_as(
    server: &Server,
    access: Access,
    max_message_size: u64,
) -> Result<ImapMailbox, MailboxError> {
    let name = "support".parse().unwrap();
    let imap = Imap { server: server.clone(), folders: vec!["INBOX".to_owned()] };
    ImapMailbox::connect(
        &Config {
            name,
            place: Place::Imap(imap.clone()),
            max_message_size,
            run_timeout: Duration::from_secs(600),
        },
        &imap,
        access,
    )
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
