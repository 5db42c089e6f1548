//! A Dovecot of our own with a mailbox for each size; the mails lie there as if delivered, none of them seen.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use helpdesk_mail::mailbox::Tls;

use crate::corpus;
use crate::support::dovecot::{Dovecot, Options};

/// How a mailbox is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Way {
    pub name: &'static str,
    pub protocol: Protocol,
    pub tls: Tls,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Imap,
    Pop3,
}

pub const WAYS: [Way; 4] = [
    Way { name: "imap", protocol: Protocol::Imap, tls: Tls::None },
    Way { name: "imaps", protocol: Protocol::Imap, tls: Tls::Implicit },
    Way { name: "pop3", protocol: Protocol::Pop3, tls: Tls::None },
    Way { name: "pop3s", protocol: Protocol::Pop3, tls: Tls::Implicit },
];

/// The mails of one size, and how large they are.
#[derive(Clone, Copy)]
pub struct Mails {
    pub count: u64,
    pub octets: u64,
    pub largest: u64,
}

pub struct Server {
    dovecot: Dovecot,
    sizes: Vec<Mails>,
}

impl Server {
    /// Starts it with a mailbox of each of these sizes.
    pub fn start(sizes: &[u64]) -> Result<Self> {
        let dovecot = Dovecot::start_with(Options { quick: true, ..Options::default() });
        let most = sizes.iter().max().copied().context("no size is given")?;
        let (mut octets, mut largest, mut sums) = (0, 0, Vec::new());
        let boxes = sizes.iter().map(|count| Ok((*count, Box::new(&dovecot, *count)?)));
        let boxes: Vec<(u64, Box)> = boxes.collect::<Result<_>>()?;
        for number in 0..most {
            let mail = corpus::mail(number);
            let size = mail.len() as u64 + mail.iter().filter(|octet| **octet == b'\n').count() as u64;
            (octets, largest) = (octets + size, largest.max(size));
            let mut wanting = boxes.iter().filter(|(count, _)| number < *count).map(|(_, there)| there);
            // The same file for all, as far as the disk is concerned.
            let first = wanting.next().context("nobody wants a mail")?.write(number, &mail, size)?;
            for there in wanting {
                there.link(&first)?;
            }
            if sizes.contains(&(number + 1)) {
                sums.push(Mails { count: number + 1, octets, largest });
            }
        }
        let users: Vec<String> = sizes.iter().map(|count| user(*count)).collect();
        dovecot.set_passwords(&users.iter().map(|user| (user.as_str(), "secret")).collect::<Vec<_>>());
        let server = Self { dovecot, sizes: sums };
        for count in sizes {
            server.session(*count).run("UID FETCH 1:* (UID RFC822.SIZE INTERNALDATE FLAGS)");
        }
        Ok(server)
    }

    pub fn mails(&self, count: u64) -> Result<Mails> {
        self.sizes.iter().find(|mails| mails.count == count).copied().context("there is no such mailbox")
    }

    /// Makes all mails but so many new: not seen by anybody.
    pub fn renew(&self, count: u64, old: u64) {
        self.session(count).run(&format!("UID STORE {}:* -FLAGS.SILENT (\\Seen)", old + 1));
    }

    pub fn port(&self, way: Way) -> u16 {
        match (way.protocol, way.tls) {
            (Protocol::Imap, Tls::Implicit) => self.dovecot.tls_port,
            (Protocol::Imap, Tls::StartTls | Tls::None) => self.dovecot.port,
            (Protocol::Pop3, Tls::Implicit) => self.dovecot.pop3s_port,
            (Protocol::Pop3, Tls::StartTls | Tls::None) => self.dovecot.pop3_port,
        }
    }

    pub fn ca_file(&self) -> PathBuf {
        self.dovecot.ca_file()
    }

    fn session(&self, count: u64) -> crate::support::raw::Raw {
        let mut session = self.dovecot.session(&user(count));
        session.run("SELECT INBOX");
        session
    }
}

/// Whose mailbox has so many mails.
pub fn user(count: u64) -> String {
    format!("desk-{count}")
}

/// A Maildir's folder of mails that are not new to the server.
struct Box {
    cur: PathBuf,
}

impl Box {
    fn new(dovecot: &Dovecot, count: u64) -> Result<Self> {
        let maildir = dovecot.maildir(&user(count));
        for name in ["cur", "new", "tmp"] {
            fs::create_dir_all(maildir.join(name))?;
            give(&maildir.join(name))?;
        }
        give(&maildir)?;
        give(maildir.parent().context("a Maildir lies in a home")?)?;
        Ok(Self { cur: maildir.join("cur") })
    }

    /// With both sizes in its name, as Dovecot itself delivers.
    fn write(&self, number: u64, mail: &[u8], size: u64) -> Result<PathBuf> {
        let time = corpus::arrival(number);
        let path = self.cur.join(format!("{time}.M{number}.desk,S={},W={size}:2,", mail.len()));
        fs::write(&path, mail)?;
        File::open(&path)?.set_modified(UNIX_EPOCH + Duration::from_secs(time))?;
        give(&path)?;
        Ok(path)
    }

    fn link(&self, first: &Path) -> Result<()> {
        Ok(fs::hard_link(first, self.cur.join(first.file_name().context("a mail without a name")?))?)
    }
}

/// Root's mail is served by nobody, as the server was told.
fn give(path: &Path) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        chown(path, Some(65534), Some(65534))?;
    }
    Ok(())
}
