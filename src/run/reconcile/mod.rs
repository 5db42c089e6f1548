//! `outcomes --reconcile`: what lies in the mailboxes, held against the ledger.
//!
//! Nothing is changed: the reading half of a mailbox, a store to look at, and no lock, as in a dry run. So it may go
//! beside a fetch, and the order of looks keeps that from being told as a loss: watermark and open rows are read before
//! a folder is listed, the rows of its items after that. What is said of an item was then true at one of the two times.
//!
//! Memory is bounded by the listing of one folder and what is open in it, as that of a fetch is.

mod compare;
mod ledger;
mod told;

pub use compare::ItemState;
pub use told::{Audited, AuditedMailbox, Auditor, FolderLine, ItemLine, Sums};

use std::collections::HashSet;
use std::slice;
use std::time::Instant;

use crate::mailbox::{self, Reader};
use crate::model::exit::Exit;
use crate::model::ids::MailboxName;
use crate::model::item::ItemKey;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::store::{HeldRow, Source, Store};

use super::config::{MailboxPlan, Plan};
use super::fetch;
use super::report::MailboxStatus;
use super::stop::{Deadline, Stop};
use compare::{Presence, Reach};
use ledger::{Before, Ledger};

/// So many items are looked up and told at once.
const TOGETHER: usize = 512;

/// Holds the chosen mailbox, or each, against the ledger; one that cannot be reached does not block the others.
pub fn reconcile(
    plan: &Plan,
    mailbox: Option<&MailboxName>,
    stop: &Stop,
    store: Option<Store>,
    auditor: &mut dyn Auditor,
) -> Result<Audited, Trouble> {
    let started = Instant::now();
    let chosen = fetch::choose(plan, mailbox.map_or(&[], slice::from_ref))?;
    let configured = plan.names();
    let mut ledger = Ledger(store);
    let mut lines = Vec::with_capacity(chosen.len());
    for mailbox in chosen {
        let mut audit = Audit {
            mailbox,
            configured: &configured,
            stop,
            ledger: &mut ledger,
            auditor,
            sums: Sums::default(),
            passed: None,
        };
        lines.push(audit.line());
    }
    let mut sums = Sums::default();
    lines.iter().for_each(|line| sums.merge(&line.sums));
    let found = if sums.unaccounted > 0 { Exit::Attention } else { Exit::Ok };
    let troubles = lines.iter().filter_map(|line| line.error.as_ref());
    let exit = troubles.fold(found, |exit, trouble| exit.worse(trouble.code.exit()));
    lines.iter().for_each(|line| auditor.mailbox(line));
    let audited = Audited { exit, sums, duration: started.elapsed() };
    auditor.summary(&audited);
    Ok(audited)
}

/// The look at one mailbox.
struct Audit<'a> {
    mailbox: &'a MailboxPlan,
    /// The names of all mailboxes.
    configured: &'a [MailboxName],
    stop: &'a Stop,
    ledger: &'a mut Ledger,
    auditor: &'a mut dyn Auditor,
    sums: Sums,
    /// The first trouble with one folder.
    passed: Option<Trouble>,
}

impl Audit<'_> {
    /// Looks at the mailbox; whatever goes wrong becomes its line.
    fn line(&mut self) -> AuditedMailbox {
        let started = Instant::now();
        let mailbox = self.mailbox.mailbox.name.clone();
        let error = self.folders().err().or(self.passed.take());
        let status = match &error {
            None => MailboxStatus::Ok,
            Some(trouble) if trouble.code == ErrorCode::MailboxLocked => MailboxStatus::Locked,
            Some(_) => MailboxStatus::Failed,
        };
        if let Some(trouble) = &error {
            let code = trouble.code.as_str();
            log::error!(mailbox:display, error_code = code; "mailbox \"{mailbox}\": {}", trouble.with_causes());
        }
        let sums = std::mem::take(&mut self.sums);
        AuditedMailbox { mailbox, status, sums, duration: started.elapsed(), error }
    }

    fn folders(&mut self) -> Result<(), Trouble> {
        self.stop.check()?;
        let config = &self.mailbox.mailbox;
        let deadline = Deadline::after(Instant::now(), config.run_timeout);
        let mut reader = mailbox::read_only(config)?;
        let account = reader.account();
        for folder in reader.folders() {
            self.stop.check()?;
            deadline.check(&config.name)?;
            let source = Source { mailbox: config.name.clone(), account: account.clone(), folder };
            let source = self.ledger.place(source, self.configured)?;
            match self.folder(reader.as_mut(), &source) {
                Err(trouble) if trouble.code == ErrorCode::MailboxFolder => {
                    self.passed.get_or_insert(trouble);
                }
                done => done?,
            }
        }
        Ok(())
    }

    fn folder(&mut self, reader: &mut dyn Reader, source: &Source) -> Result<(), Trouble> {
        let before = self.ledger.before(source)?;
        reader.open(&source.folder)?;
        let listing = reader.list(None)?;
        let listed: Vec<ItemKey> = listing.items.into_iter().map(|item| item.key).collect();
        let numbering = reader.numbering();
        let absent = absent(source, &before, [&listed, &listing.deleted], numbering.as_deref());
        let mailbox = &self.mailbox.mailbox.name;
        let mut folder =
            Folder { mailbox, source, reader: &*reader, before: &before, sums: Sums::default(), rows: 0 };
        folder.sums.listed = (listed.len() + listing.deleted.len()) as u64;
        for (presence, keys) in
            [(Presence::Listed, &listed), (Presence::Deleted, &listing.deleted), (Presence::Absent, &absent)]
        {
            folder.look(presence, keys, self.ledger, self.auditor)?;
        }
        let Folder { mut sums, rows, .. } = folder;
        let count = self.ledger.count(source, numbering.as_deref())?;
        sums.past = count.present.saturating_sub(rows);
        sums.renumbered = count.older;
        self.sums.merge(&sums);
        let (mailbox, folder) = (mailbox.clone(), source.folder.clone());
        self.auditor.folder(&FolderLine { mailbox, folder, sums });
        Ok(())
    }
}

/// What is open in the ledger and does not lie there, under the numbering that holds now.
fn absent(source: &Source, before: &Before, there: [&[ItemKey]; 2], numbering: Option<&str>) -> Vec<ItemKey> {
    let there: HashSet<&ItemKey> = there.into_iter().flatten().collect();
    let is_older = |key: &ItemKey| source.numbering(key).zip(numbering).is_some_and(|(of, now)| of != now);
    before.open.iter().filter(|key| !there.contains(key) && !is_older(key)).cloned().collect()
}

/// One folder while its items are told.
struct Folder<'a> {
    mailbox: &'a MailboxName,
    /// Where the ledger has it, perhaps under a former name of the mailbox.
    source: &'a Source,
    reader: &'a dyn Reader,
    before: &'a Before,
    sums: Sums,
    /// How many rows were told with their items.
    rows: u64,
}

impl Folder<'_> {
    fn look(
        &mut self,
        presence: Presence,
        keys: &[ItemKey],
        ledger: &mut Ledger,
        auditor: &mut dyn Auditor,
    ) -> Result<(), Trouble> {
        for keys in keys.chunks(TOGETHER) {
            let mut rows = ledger.rows(self.source, keys)?;
            for key in keys {
                if let Some(line) = self.line(presence, key, rows.remove(key)) {
                    self.sums.add(&line);
                    self.rows += u64::from(line.row.is_some());
                    auditor.item(&line);
                }
            }
        }
        Ok(())
    }

    fn line(&self, presence: Presence, key: &ItemKey, row: Option<HeldRow>) -> Option<ItemLine> {
        let passed = self.before.mark.as_ref().is_some_and(|mark| self.reader.has_passed(mark, key));
        let reach = if passed { Reach::Passed } else { Reach::Ahead };
        let state = compare::state(presence, reach, row.as_ref())?;
        let (mailbox, folder) = (self.mailbox.clone(), self.source.folder.clone());
        Some(ItemLine { mailbox, folder, item: key.to_string(), state, row })
    }
}
