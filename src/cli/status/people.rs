//! `status` for people: short lines, no wider than 80 columns where names are short.

use jiff::{SignedDuration, Timestamp};

use crate::cli::output::style::Paint;
use crate::cli::output::table::{self, Cell};
use crate::cli::output::{Out, escape, words};
use crate::model::outcome::OutcomeWord;
use crate::run::{Membership, Status, Watched, age};
use crate::store::{LastRun, Pile, Vitals};

/// A certificate that lives longer is not spoken of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Writes it.
pub(super) fn write(status: &Status, store: &str, out: &mut Out) {
    let rows: Vec<Vec<Cell>> = status.mailboxes.iter().map(|one| mailbox(one, status.at)).collect();
    table::write(out, &["mailbox", "fetched", "failed", "deferred", "owed"], &rows);
    for watched in &status.mailboxes {
        notes(watched, status.at).iter().for_each(|note| out.line(&format!("  {}", escape::line(note))));
    }
    if !status.mailboxes.is_empty() {
        out.line("");
    }
    let mut field = |name: &str, text: &str| out.line(&format!("{name:<12}{}", escape::line(text)));
    let told = &status.store;
    field("last run", &told.last_run.as_ref().map_or_else(|| "none yet".to_owned(), |it| run(it, status.at)));
    field("last hour", &counts(&told.hour));
    field("last day", &counts(&told.day));
    let messages = if told.quarantine.count == 1 { "message" } else { "messages" };
    field("quarantine", &pile(told.quarantine, messages, status.at));
    let waiting = Pile { count: told.outbox.waiting, oldest: told.outbox.oldest };
    let (failed, bounced) = (told.outbox.failed, told.outbox.bounced);
    field("outbox", &format!("{}; {failed} failed, {bounced} bounced", pile(waiting, "wait", status.at)));
    let backends = told.backends.iter().flat_map(|(name, vitals)| condition(name, vitals, status.at));
    backends.for_each(|note| field("", &note));
    let waiting = Pile { count: told.events.waiting, oldest: told.events.oldest };
    field("events", &format!("{}; {} failed", pile(waiting, "wait", status.at), told.events.failed));
    let addresses = if told.suppressed == 1 { "address" } else { "addresses" };
    field("suppressed", &format!("{} {addresses}", told.suppressed));
    let there = format!("{}, schema {}", words::size(told.size), told.schema);
    let there = if told.schema == 0 { "is made by the first run".to_owned() } else { there };
    field("store", &format!("{store} ({there})"));
    alerts(status, out);
}

fn alerts(status: &Status, out: &mut Out) {
    if status.alerts.is_empty() {
        out.line(&format!("{:<12}no thresholds are configured", "alerts"));
    } else if status.reached().next().is_none() {
        let word = out.palette.paint(Paint::Good, "none");
        out.line(&format!("{:<12}{word}; thresholds: {}", "alerts", status.alerts.len()));
    }
    for line in status.reached() {
        let word = out.palette.paint(Paint::Bad, "alert:");
        let since = line.since.map(|since| format!(" (since {})", words::time(since))).unwrap_or_default();
        out.line(&format!("{word} {}{since}", escape::line(&line.text)));
    }
}

fn mailbox(watched: &Watched, now: Timestamp) -> Vec<Cell> {
    let health = &watched.health;
    let never = match watched.membership {
        Membership::Ingest => "-",
        Membership::Configured | Membership::Former => "never",
    };
    let fetched = health.vitals.last_success.map_or_else(|| never.to_owned(), |at| ago(at, now));
    let failed = match health.vitals.failures {
        0 => "-".to_owned(),
        times => times.to_string(),
    };
    let paint = match (health.vitals.failures, health.vitals.last_success, watched.membership) {
        (_, _, Membership::Former | Membership::Ingest) => Paint::Dim,
        (0, Some(_), Membership::Configured) => Paint::Good,
        (0, None, Membership::Configured) => Paint::Warn,
        (1.., _, Membership::Configured) => Paint::Bad,
    };
    vec![
        health.name.as_str().into(),
        Cell::painted(fetched, paint),
        Cell::painted(failed, paint),
        health.waiting.count.to_string().into(),
        health.owed.to_string().into(),
    ]
}

/// What is worth knowing of a mailbox besides its row.
fn notes(watched: &Watched, now: Timestamp) -> Vec<String> {
    let health = &watched.health;
    let name = &health.name;
    let mut notes = Vec::new();
    if watched.membership == Membership::Former {
        notes.push(format!("{name}: not configured any more"));
    }
    if let Some(oldest) = health.waiting.oldest {
        notes.push(format!("{name}: the oldest deferred message came {}", ago(oldest, now)));
    }
    notes.extend(condition(name.as_str(), &health.vitals, now));
    notes
}

/// What is worth knowing of how a mailbox or a back end is.
fn condition(name: &str, vitals: &Vitals, now: Timestamp) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((code, message)) = &vitals.error {
        let since = vitals.failing_since.map(|at| format!(" since {}", ago(at, now))).unwrap_or_default();
        notes.push(format!("{name}: fails{since}: {code}, {message}"));
    }
    let certificate = vitals.certificate_expires.map(|at| at.duration_since(now));
    match certificate.filter(|left| *left < SOON) {
        Some(left) if left.is_positive() => {
            notes.push(format!("{name}: the certificate expires in {}", age(left)));
        }
        Some(left) => notes.push(format!("{name}: the certificate expired {} ago", age(-left))),
        None => {}
    }
    // One that is over was that of a login before: the next one has another.
    if let Some(left) = vitals.token_expires.map(|at| at.duration_since(now)).filter(|it| it.is_positive()) {
        notes.push(format!("{name}: the access token expires in {}", age(left)));
    }
    notes
}

fn run(run: &LastRun, now: Timestamp) -> String {
    let outcomes = counts(&run.outcomes);
    let begun = ago(run.started_at, now);
    match (run.ended_at, run.exit_code) {
        (Some(ended), Some(code)) => {
            let took = age(ended.duration_since(run.started_at));
            format!("{}, {begun}, took {took}, exit code {code}: {outcomes}", run.run.0)
        }
        _ => format!("{}, {begun}, goes on or was killed: {outcomes}", run.run.0),
    }
}

fn counts(counts: &[(OutcomeWord, u64)]) -> String {
    let some: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    if some.is_empty() { "nothing new".to_owned() } else { some.join(", ") }
}

fn pile(pile: Pile, what: &str, now: Timestamp) -> String {
    let oldest = pile.oldest.map(|at| format!(", the oldest since {}", ago(at, now))).unwrap_or_default();
    format!("{} {what}{oldest}", pile.count)
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    format!("{} ago", age(now.duration_since(at)))
}
