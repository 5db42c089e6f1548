//! The thresholds of `[alert]`: which there are, and whether they are reached. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::model::outcome::OutcomeWord;
use crate::run::config::Alert;
use crate::run::report::{Counts, Summary};
use crate::store::{AlertRow, Vitals};

use super::words::age;
use super::{Membership, Status, Watched};

/// The thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// Skipped messages of one run.
    Skipped,
    /// Failed messages of one run.
    Failed,
    /// Notifications that wait.
    Backlog,
    /// A mailbox without a successful fetch.
    Stale,
    /// Messages in quarantine.
    Quarantine,
    /// A message that is put off.
    Oldest,
    /// A certificate that expires.
    Certificate,
}

impl Threshold {
    /// All of them, in the order they are documented.
    pub const ALL: [Self; 7] = [
        Self::Skipped,
        Self::Failed,
        Self::Backlog,
        Self::Stale,
        Self::Quarantine,
        Self::Oldest,
        Self::Certificate,
    ];

    /// The key of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Backlog => "backlog",
            Self::Stale => "stale",
            Self::Quarantine => "quarantine",
            Self::Oldest => "oldest",
            Self::Certificate => "certificate",
        }
    }

    /// Whether it is about one run, not about how all stands.
    pub(super) fn is_of_a_run(self) -> bool {
        match self {
            Self::Skipped | Self::Failed => true,
            Self::Backlog | Self::Stale | Self::Quarantine | Self::Oldest | Self::Certificate => false,
        }
    }
}

/// How a threshold stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertLine {
    /// Which.
    pub threshold: Threshold,
    /// What it is about: a mailbox, a back end as `outbox:NAME`, or `fetch`, `ingest` and `retry` for those of a run; `None` for
    /// all.
    pub subject: Option<String>,
    /// Whether it is reached.
    pub reached: bool,
    /// Since when that is so, if a run has noticed it.
    pub since: Option<Timestamp>,
    /// What was found, a sentence.
    pub text: String,
}

impl AlertLine {
    /// Whether the row remembers this threshold.
    pub(super) fn is_of(&self, row: &AlertRow) -> bool {
        row.threshold == self.threshold.as_str() && row.subject == self.subject.as_deref().unwrap_or_default()
    }
}

/// What a run did, for the thresholds of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// `fetch`, `ingest` or `retry`.
    pub what: &'static str,
    counts: Counts,
}

impl Ran {
    /// A run of that kind. One that reached no mailbox, because none was due, says nothing: `None`.
    pub fn of(what: &'static str, summary: &Summary) -> Option<Self> {
        let any = summary.counts.iter().any(|(_, count)| count > 0);
        (any || summary.fetched > 0).then(|| Self { what, counts: summary.counts.clone() })
    }
}

/// The command that is called by a timer.
const FETCH: &str = "fetch";

/// A threshold that another command has reached is over after so long at the latest.
const BY_HAND: SignedDuration = SignedDuration::from_hours(24);

/// How the thresholds of one run stand after this one.
pub(super) fn of_run<'a>(alert: &'a Alert, ran: &'a Ran) -> impl Iterator<Item = AlertLine> + 'a {
    let all = [
        (Threshold::Skipped, OutcomeWord::Skipped, alert.skipped),
        (Threshold::Failed, OutcomeWord::Failed, alert.failed),
    ];
    all.into_iter().filter_map(|(threshold, outcome, limit)| {
        let (count, limit) = (ran.counts.of(outcome), limit?);
        let text = format!("{count} {outcome} in one {}, the threshold is {limit}", ran.what);
        let subject = Some(ran.what.to_owned());
        Some(AlertLine { threshold, subject, reached: count >= limit, since: None, text })
    })
}

/// How the thresholds of one run stood after the last run of each kind.
///
/// Mailboxes are fetched again and again; a person who hands a message over, or retries one, may do so once.
pub(super) fn remembered<'a>(
    alert: &Alert,
    before: &'a [AlertRow],
    now: Timestamp,
) -> impl Iterator<Item = AlertLine> + 'a {
    let configured = [(Threshold::Skipped, alert.skipped), (Threshold::Failed, alert.failed)];
    before.iter().filter_map(move |row| {
        let (threshold, limit) =
            configured.iter().find(|(threshold, _)| threshold.as_str() == row.threshold)?;
        limit.map(|_| AlertLine {
            threshold: *threshold,
            subject: Some(row.subject.clone()),
            reached: row.reached && (row.subject == FETCH || now.duration_since(row.since).abs() < BY_HAND),
            since: None,
            text: row.text.clone(),
        })
    })
}

/// How the thresholds stand that are not about one run.
pub(super) fn standing(alert: &Alert, status: &Status) -> Vec<AlertLine> {
    let store = &status.store;
    let configured =
        || status.mailboxes.iter().filter(|mailbox| mailbox.membership == Membership::Configured);
    let oldest = status.mailboxes.iter().filter_map(|mailbox| mailbox.health.waiting.oldest).min();
    let mut lines = Vec::new();
    lines.extend(alert.backlog.map(|limit| {
        // Mails of alerts are none: what tells of a threshold must not reach another.
        let waiting = store.outbox.waiting.saturating_sub(store.outbox.alerts);
        number(Threshold::Backlog, waiting, limit, &format!("notifications that wait: {waiting}"))
    }));
    if let Some(limit) = alert.stale {
        lines.extend(configured().map(|mailbox| stale(mailbox, limit, status.at)));
    }
    lines.extend(alert.quarantine.map(|limit| {
        let text = format!("messages in quarantine: {}", store.quarantine.count);
        number(Threshold::Quarantine, store.quarantine.count, limit, &text)
    }));
    lines.extend(alert.oldest.map(|limit| put_off(oldest, limit, status.at)));
    if let Some(limit) = alert.certificate {
        let mailboxes = configured().map(|it| (&it.health.vitals, it.health.name.to_string(), "mailbox"));
        let backends = store.backends.iter().map(|(name, vitals)| (vitals, name.clone(), "back end"));
        lines.extend(mailboxes.chain(backends).filter_map(|(vitals, name, kind)| {
            let left = vitals.certificate_expires?.duration_since(status.at);
            Some(certificate(left, limit, (kind, &name)))
        }));
    }
    lines
}

fn number(threshold: Threshold, count: u64, limit: u64, what: &str) -> AlertLine {
    let text = format!("{what}, the threshold is {limit}");
    AlertLine { threshold, subject: None, reached: count >= limit, since: None, text }
}

/// One that was never tried is neither: nothing is known of it.
fn stale(mailbox: &Watched, limit: SignedDuration, now: Timestamp) -> AlertLine {
    let health = &mailbox.health;
    let name = &health.name;
    let Vitals { last_success, failing_since, .. } = health.vitals;
    // A success that a clock which was ahead has dated to come hides no failures until then.
    let success = last_success.filter(|at| *at <= now || failing_since.is_none());
    let (reached, text) = match success.or(failing_since) {
        Some(since) => {
            let for_long = now.duration_since(since);
            let why = health.vitals.error.as_ref().map(|(code, _)| format!(" ({code})")).unwrap_or_default();
            let span = age(for_long);
            (for_long >= limit, format!("mailbox \"{name}\": no successful fetch for {span}{why}"))
        }
        None => (false, format!("mailbox \"{name}\": never fetched")),
    };
    let text = format!("{text}, the threshold is {}", age(limit));
    AlertLine { threshold: Threshold::Stale, subject: Some(name.to_string()), reached, since: None, text }
}

fn put_off(oldest: Option<Timestamp>, limit: SignedDuration, now: Timestamp) -> AlertLine {
    let for_long = oldest.map(|oldest| now.duration_since(oldest));
    let text = match for_long {
        Some(span) => format!("a message is put off for {}", age(span)),
        None => "no message is put off".to_owned(),
    };
    let text = format!("{text}, the threshold is {}", age(limit));
    let reached = for_long.is_some_and(|span| span >= limit);
    AlertLine { threshold: Threshold::Oldest, subject: None, reached, since: None, text }
}

/// Names of mailboxes hold no colon, so that a back end of the same name is told from one.
fn certificate(left: SignedDuration, limit: SignedDuration, (kind, name): (&str, &str)) -> AlertLine {
    let when =
        if left.is_positive() { format!("expires in {}", age(left)) } else { "has expired".to_owned() };
    let text = format!("the certificate of {kind} \"{name}\" {when}, the threshold is {}", age(limit));
    let subject = if kind == "mailbox" { name.to_owned() } else { format!("outbox:{name}") };
    let threshold = Threshold::Certificate;
    AlertLine { threshold, subject: Some(subject), reached: left <= limit, since: None, text }
}
