//! A configuration with its store, which a run opens anew each time.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use helpdesk_mail::model::ids::MailboxName;
use helpdesk_mail::model::outcome::OutcomeWord;
use helpdesk_mail::run::{
    self, Acting, Audience, Handed, Listener, Locks, MailboxLine, MessageLine, Prober, Stop, Summary,
};
use helpdesk_mail::settings::{self, Settings};
use helpdesk_mail::store::Store;
use postgres::{Client, NoTls};

use crate::letters::TOGETHER;

/// How long a batch took.
#[derive(Clone, Copy)]
pub struct Took {
    /// From the first question to the last commit.
    pub taking: Duration,
    /// Letting the store go, when SQLite brings its log into the file.
    pub closing: Duration,
}

/// A configuration with a store.
pub struct Desk {
    settings: Settings,
    url: String,
}

impl Desk {
    /// A desk whose store is new.
    pub fn new(directory: &Path, url: &str) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let file = directory.join("desk.toml");
        let text = format!(
            "[store]\nurl = \"{url}\"\n[queue.support]\ntitle = \"Support\"\naddress = \"support@example.org\"\n\
             [mailbox.m2]\ntype = \"maildir\"\npath = \"mail\"\nqueue = \"support\"\n\
             [outbox]\nbackend = \"null\"\ndeliver = \"separately\"\n"
        );
        fs::write(&file, text)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
        let settings = settings::load(&file, &|_| None).map_err(|invalid| anyhow::anyhow!("{invalid:?}"))?;
        Store::open(&settings.store)?;
        Ok(Self { settings, url: url.to_owned() })
    }

    /// Opens the store.
    pub fn store(&self) -> Result<Store> {
        Ok(Store::open(&self.settings.store)?)
    }

    /// How long it takes to take a batch: to look up, decide, carry out and commit, and then to let the store go.
    pub fn take(&self, messages: Vec<Vec<u8>>) -> Result<Took> {
        let mut desk = Acting::new(self.store()?, &Locks::new(&self.settings.store), Prober::Nobody)?;
        let queue = self.settings.plan.queues.first().context("no queue is configured")?;
        let handed = Handed { queue, messages, audience: Audience::Giver, stop: Stop::default() };
        let started = Instant::now();
        let summary = run::ingest(&self.settings.plan, handed, &mut desk, &mut Silence)
            .map_err(|trouble| anyhow::anyhow!("{trouble:?}"))?;
        let taking = started.elapsed();
        drop(desk);
        let closing = started.elapsed().saturating_sub(taking);
        let of = |word| summary.counts.of(word);
        let taken = [of(OutcomeWord::Created), of(OutcomeWord::Updated)];
        ensure!(taken == [TOGETHER as u64 / 2; 2], "other outcomes than expected: {:?}", summary.counts);
        self.let_time_pass()?;
        Ok(Took { taking, closing })
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

/// Nobody listens.
struct Silence;

impl Listener for Silence {
    fn progress(&mut self, _: &MailboxName, _: u64, _: u64) {}
    fn message(&mut self, _: MessageLine) {}
    fn mailbox(&mut self, _: &MailboxLine) {}
    fn summary(&mut self, _: &Summary) {}
}
