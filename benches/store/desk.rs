//! A configuration with its store, which a run opens anew each time.

use std::fs;
use std::hint::black_box;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use helpdesk_mail::mailbox;
use helpdesk_mail::model::ids::MailboxName;
use helpdesk_mail::model::outcome::OutcomeWord;
use helpdesk_mail::parse::{self, Limits};
use helpdesk_mail::run::{
    self, Acting, Audience, Handed, Listener, Locks, MailboxLine, MessageLine, Options, Prober, Stop, Summary,
};
use helpdesk_mail::settings::{self, Settings};
use helpdesk_mail::store::Store;
use postgres::{Client, NoTls};

use crate::letters::TOGETHER;

/// How messages come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// In a Maildir, under keys that ascend as they do in all mailboxes.
    Fetch,
    /// From a mail server, under keys that are the hashes of their octets.
    Ingest,
}

/// How long a batch took.
#[derive(Clone, Copy)]
pub struct Took {
    /// Reading the mail, which needs no store, and is done once more for this.
    pub reading: Duration,
    /// From the first question to the last commit.
    pub taking: Duration,
    /// Letting the store go, when SQLite brings its log into the file.
    pub closing: Duration,
}

/// A configuration with a store.
pub struct Desk {
    settings: Settings,
    url: String,
    /// The Maildir.
    mail: PathBuf,
}

impl Desk {
    /// A desk whose store is new.
    pub fn new(directory: &Path, url: &str) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let file = directory.join("desk.toml");
        let text = format!(
            "[store]\nurl = \"{url}\"\n[queue.support]\ntitle = \"Support\"\naddress = \"support@example.org\"\n\
             [mailbox.m7]\ntype = \"maildir\"\npath = \"mail\"\nqueue = \"support\"\non_success = \"keep\"\n\
             [outbox]\nbackend = \"null\"\ndeliver = \"separately\"\n"
        );
        fs::write(&file, text)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
        let settings = settings::load(&file, &|_| None).map_err(|invalid| anyhow::anyhow!("{invalid:?}"))?;
        Store::open(&settings.store)?;
        let mail = directory.join("mail");
        for part in ["new", "cur", "tmp"] {
            fs::create_dir_all(mail.join(part))?;
        }
        Ok(Self { settings, url: url.to_owned(), mail })
    }

    /// The ledger of a folder that the store was filled with becomes that of the Maildir.
    pub fn settle_in(&self) -> Result<()> {
        const SETTLE: &str = "UPDATE source SET account = ?1, folder = ?2 WHERE mailbox = 'm7'";
        let mailbox = mailbox::read_only(self.mailbox()?)?;
        let folder = mailbox.folders().concat();
        let changed = match self.settings.store.file() {
            Some(file) => {
                rusqlite::Connection::open(file)?.execute(SETTLE, [mailbox.account(), folder])? as u64
            }
            None => {
                let sql = SETTLE.replace('?', "$");
                Client::connect(&self.url, NoTls)?.execute(sql.as_str(), &[&mailbox.account(), &folder])?
            }
        };
        ensure!(changed == 1, "the store has no folder to settle in");
        Ok(())
    }

    fn mailbox(&self) -> Result<&mailbox::Config> {
        Ok(&self.settings.plan.mailboxes.first().context("no mailbox is configured")?.mailbox)
    }

    /// Opens the store.
    pub fn store(&self) -> Result<Store> {
        Ok(Store::open(&self.settings.store)?)
    }

    /// How long it takes to take a batch: to look up, decide, carry out and commit, and then to let the store go.
    ///
    /// `number` is that of the first message of all that ever come.
    pub fn take(&self, road: Road, messages: &[Vec<u8>], number: u64) -> Result<Took> {
        let mut desk = Acting::new(self.store()?, &Locks::new(&self.settings.store), Prober::Nobody)?;
        let reading = match road {
            Road::Fetch => self.lay_out(messages, number)?,
            Road::Ingest => reading(messages.to_vec()),
        };
        let started = Instant::now();
        let summary = match road {
            Road::Fetch => {
                run::fetch(&self.settings.plan, &Options::default(), &mut [&mut desk], &mut Silence)
            }
            Road::Ingest => {
                let queue = self.settings.plan.queues.first().context("no queue is configured")?;
                let messages = messages.to_vec();
                let handed = Handed { queue, messages, audience: Audience::Giver, stop: Stop::default() };
                run::ingest(&self.settings.plan, handed, &mut desk, &mut Silence)
            }
        };
        let taking = started.elapsed();
        let summary = summary.map_err(|trouble| anyhow::anyhow!("{trouble:?}"))?;
        drop(desk);
        let closing = started.elapsed().saturating_sub(taking);
        let of = |word| summary.counts.of(word);
        let taken = [of(OutcomeWord::Created), of(OutcomeWord::Updated)];
        ensure!(taken == [TOGETHER as u64 / 2; 2], "other outcomes than expected: {:?}", summary.counts);
        self.let_time_pass()?;
        Ok(Took { reading, taking, closing })
    }

    /// Puts messages into the Maildir in place of those that were there; tells how long it takes to read them from it.
    fn lay_out(&self, messages: &[Vec<u8>], number: u64) -> Result<Duration> {
        let new = self.mail.join("new");
        for old in fs::read_dir(&new)? {
            fs::remove_file(old?.path())?;
        }
        for (at, message) in (number..).zip(messages) {
            fs::write(new.join(format!("{}.M1P1.host", 7_000_000 + at)), message)?;
        }
        let begun = Instant::now();
        let mut mailbox = mailbox::read_only(self.mailbox()?)?;
        let folder = mailbox.folders().concat();
        mailbox.open(&folder)?;
        let items = mailbox.list(None)?.items;
        let fetched = mailbox.fetch(&items)?;
        let listing = begun.elapsed();
        Ok(listing + reading(fetched.into_iter().map(|one| one.bytes).collect()))
    }

    /// What was written just now counts for the limits of all that is sent, and is counted for each message.
    fn let_time_pass(&self) -> Result<()> {
        const LONG_AGO: &str = "UPDATE outbox SET created_at = '2020-01-01T00:00:00.000000Z' WHERE state = 'queued' AND created_at > '2021-01-01T00:00:00.000000Z'";
        match self.settings.store.file() {
            Some(file) => rusqlite::Connection::open(file)?.execute(LONG_AGO, []).map(drop)?,
            None => Client::connect(&self.url, NoTls)?.execute(LONG_AGO, &[]).map(drop)?,
        }
        Ok(())
    }

    /// What `status` tells.
    pub fn status(&self, store: &mut Store) -> Result<()> {
        run::status(&self.settings.plan, Some(store), jiff::Timestamp::now()).map(drop).map_err(Into::into)
    }
}

fn reading(messages: Vec<Vec<u8>>) -> Duration {
    let shared: Vec<Arc<Vec<u8>>> = messages.into_iter().map(Arc::new).collect();
    let begun = Instant::now();
    black_box(parse::all(black_box(&shared), &Limits::default()));
    begun.elapsed()
}

/// Nobody listens.
struct Silence;

impl Listener for Silence {
    fn progress(&mut self, _: &MailboxName, _: u64, _: u64) {}
    fn message(&mut self, _: MessageLine) {}
    fn mailbox(&mut self, _: &MailboxLine) {}
    fn summary(&mut self, _: &Summary) {}
}
