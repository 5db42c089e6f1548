//! The same numbers for programs: one JSON object.

use serde_json::{Map, Value, json};

use super::words::Word;
use crate::model::outbox::OutboxState;
use crate::model::outcome::OutcomeWord;
use crate::model::report::{EDGES, Report, Spans, Tally};

/// The numbers; every word is there, also where there are none.
pub fn json(report: &Report) -> Value {
    let outcomes = report.outcomes();
    let day = |day: &crate::model::report::Day| {
        json!({
            "date": day.date.to_string(),
            "outcomes": tally(&day.outcomes, OutcomeWord::ALL),
            "outbox": tally(&day.outbox, OutboxState::ALL),
        })
    };
    json!({
        "since": report.days.first().map(|day| day.date.to_string()),
        "until": report.until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "messages": outcomes.total(),
        "outcomes": tally(&outcomes, OutcomeWord::ALL),
        "reasons": report.reasons.iter().map(|one| json!({
            "outcome": one.outcome.as_str(), "reason": one.reason, "count": one.count
        })).collect::<Value>(),
        "time_to_ticket": spans(&report.to_ticket),
        "senders": report.senders.iter().map(|one| json!({
            "address": one.name, "messages": one.messages, "tickets": one.tickets
        })).collect::<Value>(),
        "queues": report.queues.iter().map(|one| json!({
            "queue": one.name, "messages": one.messages, "tickets": one.tickets
        })).collect::<Value>(),
        "outbox": tally(&report.outbox(), OutboxState::ALL),
        "time_to_delivery": spans(&report.to_delivery),
        "days": report.days.iter().map(day).collect::<Value>(),
    })
}

fn tally<T: Word, const N: usize>(tally: &Tally<T>, words: [T; N]) -> Value {
    let counts = words.into_iter().map(|word| (word.as_str().to_owned(), json!(tally.of(word))));
    Value::Object(counts.collect::<Map<_, _>>())
}

/// Without anything that was measured the times are null.
fn spans(spans: &Spans) -> Value {
    let time = |seconds: u64| (spans.count > 0).then_some(seconds);
    let edges = EDGES.into_iter().map(Some).chain([None]);
    let bins = edges.zip(spans.bins).map(|(edge, count)| json!({ "up_to_seconds": edge, "count": count }));
    json!({
        "count": spans.count,
        "median_seconds": time(spans.median),
        "p95_seconds": time(spans.p95),
        "longest_seconds": time(spans.longest),
        "bins": bins.collect::<Value>(),
    })
}
