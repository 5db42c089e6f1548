//! The object of `status --format json` (contract section 5).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::cli::output::json::object;
use crate::cli::output::words;
use crate::model::outcome::OutcomeWord;
use crate::run::{AlertLine, Status, Watched};
use crate::store::{Backlog, LastRun, Pile, Vitals};

/// Behind what the contract names stands what is worth knowing besides.
pub(super) fn of(status: &Status, store: &str) -> Value {
    let mailboxes = status.mailboxes.iter().map(|one| (one.health.name.to_string(), mailbox(one, status)));
    let alerts = status.alerts.iter().map(|line| (name(line), alert(line)));
    let reached = status.reached().count();
    Value::Object(object([
        ("mailboxes", Value::Object(mailboxes.collect())),
        ("outcomes", outcomes(status)),
        ("quarantine", pile(status.store.quarantine)),
        ("outbox", outbox(status)),
        ("events", Value::Object(backlog(status.store.events))),
        ("alerts", Value::Object(alerts.collect())),
        ("reached", json!(reached)),
        ("last_run", status.store.last_run.as_ref().map_or(Value::Null, run)),
        (
            "store",
            json!({
                "path": store.to_owned(),
                "size": status.store.size,
                "schema": Some(status.store.schema).filter(|schema| *schema > 0),
            }),
        ),
        ("at", json!(words::time(status.at))),
    ]))
}

fn mailbox(watched: &Watched, status: &Status) -> Value {
    let health = &watched.health;
    let mut fields = object([("membership", json!(watched.membership.as_str()))]);
    fields.extend(vitals(&health.vitals, status.at));
    fields.insert("deferred".to_owned(), pile(health.waiting));
    fields.insert("owed".to_owned(), json!(health.owed));
    Value::Object(fields)
}

fn vitals(vitals: &Vitals, now: Timestamp) -> Map<String, Value> {
    let age = vitals.last_success.map(|at| now.duration_since(at).as_secs().max(0));
    let error = vitals.error.as_ref().map(|(code, msg)| json!({ "error_code": code, "msg": msg }));
    object([
        ("last_success", json!(vitals.last_success.map(words::time))),
        ("age_s", json!(age)),
        ("last_failure", json!(vitals.last_failure.map(words::time))),
        ("failures", json!(vitals.failures)),
        ("failing_since", json!(vitals.failing_since.map(words::time))),
        ("error", json!(error)),
        ("certificate_expires", json!(vitals.certificate_expires.map(words::time))),
        ("token_expires", json!(vitals.token_expires.map(words::time))),
    ])
}

fn outcomes(status: &Status) -> Value {
    let last = status.store.last_run.as_ref().map_or(&[][..], |run| &run.outcomes);
    Value::Object(object([
        ("last_run", counts(last)),
        ("hour", counts(&status.store.hour)),
        ("day", counts(&status.store.day)),
    ]))
}

fn counts(counts: &[(OutcomeWord, u64)]) -> Value {
    let counts = counts.iter().map(|(word, count)| (word.as_str().to_owned(), json!(count)));
    Value::Object(counts.collect())
}

fn pile(pile: Pile) -> Value {
    json!({ "count": pile.count, "oldest": pile.oldest.map(words::time) })
}

fn outbox(status: &Status) -> Value {
    let mut fields = backlog(status.store.outbox);
    fields.insert("bounced".to_owned(), json!(status.store.outbox.bounced));
    fields.insert("suppressed_addresses".to_owned(), json!(status.store.suppressed));
    let backends = status.store.backends.iter();
    let backends = backends.map(|(name, of)| (name.clone(), Value::Object(vitals(of, status.at))));
    fields.insert("backends".to_owned(), Value::Object(backends.collect()));
    Value::Object(fields)
}

fn backlog(backlog: Backlog) -> Map<String, Value> {
    object([
        ("waiting", json!(backlog.waiting)),
        ("oldest", json!(backlog.oldest.map(words::time))),
        ("failed", json!(backlog.failed)),
    ])
}

/// `backlog`, or `stale:support` where there is one for each mailbox.
fn name(line: &AlertLine) -> String {
    let threshold = line.threshold.as_str();
    line.subject.as_ref().map_or_else(|| threshold.to_owned(), |subject| format!("{threshold}:{subject}"))
}

fn alert(line: &AlertLine) -> Value {
    json!({ "reached": line.reached, "since": line.since.map(words::time), "msg": line.text })
}

fn run(run: &LastRun) -> Value {
    json!({
        "run": run.run.0,
        "started_at": words::time(run.started_at),
        "ended_at": run.ended_at.map(words::time),
        "exit_code": run.exit_code,
    })
}
