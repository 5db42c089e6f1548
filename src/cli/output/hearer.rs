//! What a delivery tells while it goes, as JSON lines, for people, or not at all.

use crate::cli::failure::{self, Causes};
use crate::model::notification::About;
use crate::model::outbox::GivenUp;
use crate::run::{Hearer, NotificationLine, Sent};

use super::style::Paint;
use super::{Form, Out, escape, json, words};

/// A hearer that writes to `out`.
pub fn of<'a>(out: &'a mut Out, form: Form, causes: Causes) -> Box<dyn Hearer + 'a> {
    match form {
        Form::Json => Box::new(Objects { out, causes }),
        Form::Human => Box::new(People { out, causes }),
    }
}

/// Writes nothing: at the end of a fetch the log tells what needs a person.
pub struct Silent;

impl Hearer for Silent {
    fn notification(&mut self, _: &NotificationLine) {}

    fn summary(&mut self, _: &Sent) {}
}

struct Objects<'a> {
    out: &'a mut Out,
    causes: Causes,
}

impl Hearer for Objects<'_> {
    fn notification(&mut self, line: &NotificationLine) {
        self.out.json(&json::sent_notification(line));
    }

    fn summary(&mut self, sent: &Sent) {
        self.out.json(&json::sent(sent, self.causes));
    }
}

struct People<'a> {
    out: &'a mut Out,
    causes: Causes,
}

impl Hearer for People<'_> {
    fn notification(&mut self, line: &NotificationLine) {
        let state = self.out.palette.paint(Paint::of_state(line.state), line.state.as_str());
        let why = words::why(line.reason.map(GivenUp::as_str), line.last_error.as_deref());
        let to = escape::line(&line.to);
        let what = match &line.about {
            About::Ticket(ticket, occasion) => format!("{ticket} {occasion}"),
            About::Alert => line.about.to_string(),
        };
        self.out.line(&format!("{what} {to}: {state}{why}"));
    }

    fn summary(&mut self, sent: &Sent) {
        for trouble in &sent.troubles {
            for line in failure::text(trouble, self.causes, self.out.palette).lines() {
                self.out.line(line);
            }
        }
        let counts: Vec<String> = sent
            .counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        let counts = if counts.is_empty() { "nothing due".to_owned() } else { counts.join(", ") };
        let waiting = sent.backlog.waiting;
        let took = words::duration(sent.duration);
        self.out.line(&format!("{counts}; {waiting} waiting ({took})"));
    }
}
