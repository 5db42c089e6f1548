//! POP3 mailboxes as the library takes them, and what tests do with them.

use std::time::Duration;

use helpdesk_mail::mailbox::{
    Access, Config, MailboxError, Password, Place, Plaintext, Pop3, Pop3Mailbox, Reader as _, Tls,
};
use helpdesk_mail::model::item::{Extent, Listed};

use super::dovecot::Dovecot;

/// The account `support` on a server of this host without TLS; change what the test is about.
pub fn plain(port: u16) -> Pop3 {
    Pop3 {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        plaintext: Plaintext::LoopbackOnly,
        ca_file: None,
        username: "support".to_owned(),
        password: Password::Literal("secret".into()),
        timeout: Duration::from_secs(10),
    }
}

/// The account `support` on a Dovecot.
pub fn on(server: &Dovecot, tls: Tls) -> Pop3 {
    let port = if tls == Tls::Implicit { server.pop3s_port } else { server.pop3_port };
    Pop3 { tls, ca_file: Some(server.ca_file()), ..plain(port) }
}

/// Connects, for messages of at most 1 MB.
pub fn connect(pop3: &Pop3) -> Result<Pop3Mailbox, MailboxError> {
    connect_as(pop3, Access::ReadWrite, 1_000_000)
}

/// Connects with another access or size.
pub fn connect_as(pop3: &Pop3, access: Access, max_message_size: u64) -> Result<Pop3Mailbox, MailboxError> {
    let name = "support".parse().unwrap();
    Pop3Mailbox::connect(&Config { name, place: Place::Pop3(pop3.clone()), max_message_size }, pop3, access)
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
