//! POP3 mailboxes as the library takes them, and what tests do with them.

use std::time::Duration;

use helpdesk_mail::mailbox::{Access, Config, MailboxError, Place, Pop3Mailbox, Reader as _, Server, Tls};
use helpdesk_mail::model::item::{Extent, Listed};

pub use super::account::plain;
use super::dovecot::Dovecot;

/// The account `support` on a Dovecot.
pub fn on(server: &Dovecot, tls: Tls) -> Server {
    let port = if tls == Tls::Implicit { server.pop3s_port } else { server.pop3_port };
    Server { tls, ca_file: Some(server.ca_file()), ..plain(port) }
}

/// Connects, for messages of at most 1 MB.
pub fn connect(server: &Server) -> Result<Pop3Mailbox, MailboxError> {
    connect_as(server, Access::ReadWrite, 1_000_000)
}

/// Connects with another access or size.
pub fn connect_as(
    server: &Server,
    access: Access,
    max_message_size: u64,
) -> Result<Pop3Mailbox, MailboxError> {
    let name = "support".parse().unwrap();
    Pop3Mailbox::connect(
        &Config {
            name,
            place: Place::Pop3(server.clone()),
            max_message_size,
            run_timeout: Duration::from_secs(600),
        },
        server,
        access,
    )
}

/// What is listed.
pub fn listed(mailbox: &mut Pop3Mailbox) -> Vec<Listed> {
    mailbox.open("INBOX").unwrap();
    mailbox.list(None).unwrap().items
}

/// Everything that is there: key, text, extent.
pub fn all(mailbox: &mut Pop3Mailbox) -> Vec<(String, String, Extent)> {
    let items = listed(mailbox);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let fetched = mailbox.fetch(&items).unwrap();
    fetched.into_iter().map(|item| (item.listed.key.0, text(item.bytes), item.extent)).collect()
}
