//! After a run: thresholds that changed are told in the log, and to whom `[alert] to` names.
//!
//! One mail tells of all that changed at once. A threshold that is reached and left again and again gives one pair of mails
//! an hour at most; that it is over is only told to whom was told that it was reached.

use jiff::{SignedDuration, Timestamp};

use crate::evidence::Signer;
use crate::model::address::{self, Address};
use crate::model::ids::{MessageId, TicketId};
use crate::model::trouble::Trouble;
use crate::run::config::{AlertMails, Plan};
use crate::run::notices::nonce;
use crate::store::{AlertChange, AlertRow, NewAlertMail, Store, StoreError};

use super::threshold::{AlertLine, Ran, of_run};
use super::{Status, status};

/// A threshold is told of as reached at most so often.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// An alert that could not be delivered for so long is no news any more.
const NEWS: SignedDuration = SignedDuration::from_hours(72);

/// Whether there is something to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// Mails were written.
    Mails,
    /// None were.
    Nothing,
}

/// Holds all thresholds to how things stand after a run, and writes the mails of what changed.
pub fn watch(plan: &Plan, store: &mut Store, ran: Option<&Ran>) -> Result<Written, Trouble> {
    let now = Timestamp::now();
    let mut status = status(plan, Some(store), now)?;
    if let Some(ran) = ran {
        let fresh: Vec<AlertLine> = of_run(&plan.alert, ran).collect();
        let same = |line: &AlertLine| {
            fresh.iter().any(|new| (new.threshold, &new.subject) == (line.threshold, &line.subject))
        };
        status.alerts.retain(|line| !same(line));
        status.alerts.extend(fresh);
    }
    let mails = plan.outbox.as_ref().and_then(|outbox| outbox.alerts.as_ref());
    let signer = Signer::new(&store.token_secret()?);
    let desk = Desk { status: &status, mails, signer: &signer };
    let before = store.alerts()?;
    let change = desk.change(&before)?;
    if change.mails.is_empty() && change.rows == before {
        return Ok(Written::Nothing);
    }
    let mut written = Written::Nothing;
    store.change_alerts(|before| {
        let change = desk.change(before)?;
        tell(before, &change.rows);
        written = if change.mails.is_empty() { Written::Nothing } else { Written::Mails };
        Ok(change)
    })?;
    Ok(written)
}

/// The log hears of each change once; what is about one run was told when that ended.
fn tell(before: &[AlertRow], after: &[AlertRow]) {
    let is_of_a_run = |row: &AlertRow| ["skipped", "failed"].contains(&row.threshold.as_str());
    for row in after.iter().filter(|row| !is_of_a_run(row)) {
        let was = before.iter().any(|old| same(old, row) && old.reached);
        match (was, row.reached) {
            (false, true) => log::error!("alert: {}", row.text),
            (true, false) => log::warn!("alert is over: {}", row.text),
            (true, true) | (false, false) => {}
        }
    }
}

fn same(one: &AlertRow, other: &AlertRow) -> bool {
    (&one.threshold, &one.subject) == (&other.threshold, &other.subject)
}

/// What changes are made of.
struct Desk<'a> {
    status: &'a Status,
    mails: Option<&'a AlertMails>,
    signer: &'a Signer,
}

impl Desk<'_> {
    /// What is to be remembered, and sent.
    fn change(&self, before: &[AlertRow]) -> Result<AlertChange, StoreError> {
        let mut news = News::default();
        let mut rows: Vec<AlertRow> = Vec::new();
        for line in &self.status.alerts {
            let old = before.iter().find(|row| line.is_of(row));
            rows.push(self.row(line, old, &mut news));
        }
        rows.sort_by(|one, other| (&one.threshold, &one.subject).cmp(&(&other.threshold, &other.subject)));
        let mails = match self.mails {
            Some(mails) if !news.is_empty() => self.mails(mails, &news)?,
            Some(_) | None => Vec::new(),
        };
        Ok(AlertChange { rows, mails })
    }

    fn row(&self, line: &AlertLine, old: Option<&AlertRow>, news: &mut News) -> AlertRow {
        let now = self.status.at;
        let stays = old.filter(|old| old.reached == line.reached);
        let text = stays.filter(|_| !line.threshold.is_of_a_run()).map_or(&line.text, |old| &old.text);
        let mut row = AlertRow {
            threshold: line.threshold.as_str().to_owned(),
            subject: line.subject.clone().unwrap_or_default(),
            reached: line.reached,
            since: stays.map_or(now, |old| old.since),
            text: text.clone(),
            told: old.is_some_and(|old| old.told),
            told_at: old.and_then(|old| old.told_at),
        };
        if self.mails.is_none() {
            return row;
        }
        // A clock that was ahead has left a time to come, which must not silence what is told until then.
        let may_be_told = row.told_at.is_none_or(|at| now.duration_since(at).abs() >= PAUSE);
        match (row.reached, row.told) {
            (true, false) if may_be_told => {
                (row.told, row.told_at) = (true, Some(now));
                news.reached.push(line.text.clone());
            }
            (false, true) => {
                row.told = false;
                news.over.push(line.text.clone());
            }
            (true, true) => news.still.push(line.text.clone()),
            (true, false) | (false, false) => {}
        }
        row
    }

    fn mails(&self, mails: &AlertMails, news: &News) -> Result<Vec<NewAlertMail>, StoreError> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let (subject, text) = (news.subject(), news.text(&host));
        let one = |to: &String| {
            Ok(NewAlertMail {
                to: Address::bare(to),
                message_id: self.message_id(&mails.voice.address)?,
                subject: subject.clone(),
                text: text.clone(),
                at: self.status.at,
                expires_at: self.status.at.checked_add(NEWS).ok(),
            })
        };
        mails.to.iter().map(one).collect()
    }

    /// Signed like those of tickets, of none: where it comes into a mailbox of ours it is known for our own.
    fn message_id(&self, from: &str) -> Result<MessageId, StoreError> {
        let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
        let nonce = nonce();
        nonce
            .and_then(|nonce| self.signer.message_id(TicketId(0), &nonce, &address::domain_key(domain)))
            .ok_or_else(|| StoreError::Misuse { what: "the system gives no random numbers".to_owned() })
    }
}

/// What a mail tells.
#[derive(Debug, Default)]
struct News {
    reached: Vec<String>,
    over: Vec<String>,
    /// Reached, and told before.
    still: Vec<String>,
}

impl News {
    fn is_empty(&self) -> bool {
        self.reached.is_empty() && self.over.is_empty()
    }

    fn subject(&self) -> String {
        let (word, first) = match (self.reached.first(), self.over.first()) {
            (Some(first), _) => ("alert", first.as_str()),
            (None, first) => ("alert is over", first.map_or("", String::as_str)),
        };
        let more = match self.reached.len() + self.over.len() {
            0 | 1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        format!("[helpdesk-mail] {word}: {first}{more}")
    }

    fn text(&self, host: &str) -> String {
        let parts = [("Reached:", &self.reached), ("Over:", &self.over), ("Still reached:", &self.still)];
        let mut text = String::new();
        for (heading, lines) in parts.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            text.push_str(heading);
            text.push('\n');
            lines.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
            text.push('\n');
        }
        text + &format!("\"helpdesk-mail status\" on {host} tells more.\n")
    }
}
