//! `status --format nagios`: one line and an exit code, as the Monitoring Plugins Development Guidelines have it.

use jiff::Timestamp;

use crate::cli::output::escape;
use crate::model::trouble::Trouble;
use crate::run::{Membership, Status, Threshold, age};

/// How a monitoring plug-in ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plugin {
    /// All is well.
    Ok,
    /// Somebody should have a look.
    Warning,
    /// A threshold is reached.
    Critical,
    /// Nothing can be said.
    Unknown,
}

impl Plugin {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    pub(super) fn of(status: &Status) -> Self {
        if status.reached().next().is_some() {
            Self::Critical
        } else if worries(status).is_empty() {
            Self::Ok
        } else {
            Self::Warning
        }
    }

    /// The line of what kept the plug-in from looking.
    pub(crate) fn line(self, what: &str) -> String {
        format!("HELPDESK-MAIL {} - {}", self.word(), plain(what))
    }
}

pub(super) fn line(status: &Status) -> String {
    let plugin = Plugin::of(status);
    let what = match plugin {
        // A threshold that stays reached, such as of a message in quarantine, hides nothing else.
        Plugin::Critical | Plugin::Warning => {
            let reached = status.reached().map(|line| line.text.clone());
            reached.chain(worries(status)).collect::<Vec<_>>().join("; ")
        }
        Plugin::Ok | Plugin::Unknown => well(status),
    };
    format!("{} | {}", plugin.line(&what), performance(status))
}

pub(super) fn unknown(trouble: &Trouble) -> String {
    Plugin::Unknown.line(&trouble.to_string())
}

/// One line without the sign that parts text from numbers.
fn plain(text: &str) -> String {
    escape::line(&text.replace('\n', ", ")).replace('|', "/")
}

/// What is no threshold that is reached and yet waits for somebody.
fn worries(status: &Status) -> Vec<String> {
    let configured = status.mailboxes.iter().filter(|one| one.membership == Membership::Configured);
    let mut worries: Vec<String> = configured
        .filter_map(|one| {
            let health = &one.health;
            let name = &health.name;
            match (&health.vitals.error, health.vitals.last_success) {
                (Some((code, _)), _) => Some(format!(
                    "mailbox \"{name}\" failed {} times in a row, last {code}",
                    health.vitals.failures
                )),
                (None, None) => Some(format!("mailbox \"{name}\" was never fetched")),
                (None, Some(_)) => None,
            }
        })
        .collect();
    worries.extend(status.store.backends.iter().filter_map(|(name, vitals)| {
        let (code, _) = vitals.error.as_ref()?;
        Some(format!("back end \"{name}\" failed {} times in a row, last {code}", vitals.failures))
    }));
    let is_told = status.reached().any(|line| line.threshold == Threshold::Quarantine);
    if status.store.quarantine.count > 0 && !is_told {
        worries.push(format!("messages in quarantine: {}", status.store.quarantine.count));
    }
    worries
}

fn well(status: &Status) -> String {
    let configured = || status.mailboxes.iter().filter(|one| one.membership == Membership::Configured);
    let oldest: Option<Timestamp> = configured().filter_map(|one| one.health.vitals.last_success).min();
    let fetched = oldest.map(|at| format!(", fetched {} ago or less", age(status.at.duration_since(at))));
    format!("mailboxes: {}{}", configured().count(), fetched.unwrap_or_default())
}

/// `'label'=value[UOM]`, for what a graph is wanted of.
fn performance(status: &Status) -> String {
    let store = &status.store;
    let mut all: Vec<String> = status
        .mailboxes
        .iter()
        .filter(|one| one.membership == Membership::Configured)
        .filter_map(|one| {
            let age = status.at.duration_since(one.health.vitals.last_success?).as_secs().max(0);
            Some(format!("'age_{}'={age}s", one.health.name))
        })
        .collect();
    let deferred: u64 = status.mailboxes.iter().map(|one| one.health.waiting.count).sum();
    for (label, value) in [
        ("deferred", deferred),
        ("quarantine", store.quarantine.count),
        ("outbox", store.outbox.waiting),
        ("events", store.events.waiting),
    ] {
        all.push(format!("'{label}'={value}"));
    }
    all.push(format!("'store'={}B", store.size));
    all.join(" ")
}
