//! What a run tells while it goes, as JSON lines or for people.

use crate::cli::failure::{self, Causes};
use crate::model::ids::MailboxName;
use crate::model::outcome::OutcomeWord;
use crate::model::trouble::Trouble;
use crate::run::{Listener, MailboxLine, MailboxStatus, MessageLine, Mode, Summary};

use super::progress::Progress;
use super::style::Paint;
use super::{Form, Out, escape, json, words};

/// A listener that writes to `out`.
pub fn of<'a>(out: &'a mut Out, form: Form, causes: Causes) -> Box<dyn Listener + 'a> {
    let progress = Progress::on_stderr();
    match form {
        Form::Json => Box::new(Objects { out, causes, progress }),
        Form::Human => Box::new(People { out, causes, progress }),
    }
}

struct Objects<'a> {
    out: &'a mut Out,
    causes: Causes,
    progress: Progress,
}

impl Listener for Objects<'_> {
    fn progress(&mut self, mailbox: &MailboxName, done: u64, of: u64) {
        self.progress.show(mailbox.as_str(), done, of);
    }

    fn message(&mut self, line: MessageLine) {
        self.progress.aside(|| self.out.json(&json::message(&line, self.causes)));
    }

    fn mailbox(&mut self, line: &MailboxLine) {
        self.progress.end();
        self.out.json(&json::mailbox(line, self.causes));
    }

    fn summary(&mut self, line: &Summary) {
        self.progress.end();
        self.out.json(&json::summary(line, self.causes));
    }
}

struct People<'a> {
    out: &'a mut Out,
    causes: Causes,
    progress: Progress,
}

impl People<'_> {
    fn trouble(&mut self, trouble: &Trouble) {
        for line in failure::text(trouble, self.causes, self.out.palette).lines() {
            self.out.line(&format!("  {line}"));
        }
    }
}

impl Listener for People<'_> {
    fn progress(&mut self, mailbox: &MailboxName, done: u64, of: u64) {
        self.progress.show(mailbox.as_str(), done, of);
    }

    fn message(&mut self, line: MessageLine) {
        let word =
            self.out.palette.paint(Paint::of_outcome(line.outcome), &format!("{:<9}", line.outcome.as_str()));
        let text = format!(
            "{:<10} {word} {:<22} {:<12} {:<28} {}",
            line.mailbox.as_str(),
            escape::line(&line.reason),
            escape::line(words::or_dash(line.ticket.as_deref())),
            words::cut(&escape::line(words::or_dash(line.from.as_deref())), 40),
            words::cut(&escape::line(words::or_dash(line.subject.as_deref())), 78),
        );
        self.progress.aside(|| {
            self.out.line(text.trim_end());
            for note in &line.notes {
                self.out.line(&format!("  note: {}", escape::line(note)));
            }
        });
        if let Some(trouble) = &line.error {
            self.trouble(trouble);
        }
    }

    fn mailbox(&mut self, line: &MailboxLine) {
        self.progress.end();
        let paint = match line.status {
            MailboxStatus::Ok => Paint::Good,
            MailboxStatus::NotDue => Paint::Dim,
            MailboxStatus::Locked => Paint::Warn,
            MailboxStatus::Failed => Paint::Bad,
        };
        let status = self.out.palette.paint(paint, line.status.as_str());
        // What was never listed is not said to be empty.
        let seen = if line.error.is_some() && line.listed == 0 && line.new == 0 {
            String::new()
        } else {
            format!(", {} there, {} new: {}", line.listed, line.new, words::counts(&line.counts))
        };
        let took = words::duration(line.duration);
        self.out.line(&format!("{}: {status}{seen} ({took})", line.mailbox));
        if let Some(trouble) = &line.error {
            self.trouble(trouble);
        }
    }

    fn summary(&mut self, line: &Summary) {
        self.progress.end();
        let name = match (line.mode, line.run) {
            (Mode::DryRun, _) => "dry run, nothing was changed".to_owned(),
            (Mode::Real, Some(run)) => format!("run {run}"),
            (Mode::Real, None) => "run".to_owned(),
        };
        let (counts, span) = (words::counts(&line.counts), words::duration(line.duration));
        self.out.line(&format!(
            "{name}: {counts} ({span}); exit code {} ({})",
            line.exit.code(),
            line.exit.name()
        ));
        for alert in &line.alerts {
            self.out.line(&format!(
                "{} {}",
                self.out.palette.paint(Paint::Warn, "alert:"),
                escape::line(alert)
            ));
        }
        if line.counts.of(OutcomeWord::Failed) > 0 && line.mode == Mode::Real {
            self.out.line(
                "hint: see \"helpdesk-mail outcomes --outcome failed\" and \"helpdesk-mail quarantine list\"",
            );
        }
        if let Some(trouble) = &line.error {
            self.trouble(trouble);
        }
    }
}
