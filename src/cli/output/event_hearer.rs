//! What a delivery of events tells while it goes, as JSON lines, for people, or not at all.

use crate::cli::failure::{self, Causes};
use crate::model::event::Undelivered;
use crate::run::{EventCounts, EventHearer, EventLine, EventSum};

use super::style::Paint;
use super::{Form, Out, escape, json, words};

/// A hearer that writes to `out`.
pub fn of<'a>(out: &'a mut Out, form: Form, causes: Causes) -> Box<dyn EventHearer + 'a> {
    match form {
        Form::Json => Box::new(Objects { out, causes }),
        Form::Human => Box::new(People { out, causes }),
    }
}

/// Writes nothing: at the end of a fetch the log tells what needs a person.
pub struct Silent;

impl EventHearer for Silent {
    fn event(&mut self, _: &EventLine) {}

    fn summary(&mut self, _: &EventSum) {}
}

struct Objects<'a> {
    out: &'a mut Out,
    causes: Causes,
}

impl EventHearer for Objects<'_> {
    fn event(&mut self, line: &EventLine) {
        self.out.json(&json::delivered_event(line));
    }

    fn summary(&mut self, sum: &EventSum) {
        self.out.json(&json::delivered_events(sum, self.causes));
    }
}

struct People<'a> {
    out: &'a mut Out,
    causes: Causes,
}

impl EventHearer for People<'_> {
    fn event(&mut self, line: &EventLine) {
        let state = self.out.palette.paint(Paint::of_event(line.state), line.state.as_str());
        let why = words::why(line.reason.map(Undelivered::as_str), line.last_error.as_deref());
        let (row, kind, hook) = (line.row, line.kind, escape::line(&line.hook));
        self.out.line(&format!("event {row} {kind} for {hook}: {state}{why}"));
    }

    fn summary(&mut self, sum: &EventSum) {
        if let Some(trouble) = &sum.trouble {
            for line in failure::text(trouble, self.causes, self.out.palette).lines() {
                self.out.line(line);
            }
        }
        let EventCounts { delivered, queued, failed } = sum.counts;
        let counts = [(delivered, "delivered"), (queued, "put off"), (failed, "failed")];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let counts = if counts.is_empty() { "no event due".to_owned() } else { counts.join(", ") };
        let waiting = sum.backlog.waiting;
        self.out.line(&format!("events: {counts}; {waiting} waiting ({})", words::duration(sum.duration)));
    }
}
