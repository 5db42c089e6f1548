//! What `outcomes --reconcile` tells, as JSON lines or for people.

use serde_json::{Value, json};

use crate::cli::failure::{self, Causes};
use crate::run::{Audited, AuditedMailbox, Auditor, FolderLine, ItemLine, ItemState, MailboxStatus, Sums};

use super::json::{milliseconds, object};
use super::style::Paint;
use super::{Form, Out, escape, words};

/// An auditor that writes to `out`. For people without `-v` only what is not simply settled is told one by one.
pub fn of<'a>(out: &'a mut Out, form: Form, causes: Causes) -> Box<dyn Auditor + 'a> {
    match form {
        Form::Json => Box::new(Objects { out, causes }),
        Form::Human => Box::new(People { out, causes }),
    }
}

struct Objects<'a> {
    out: &'a mut Out,
    causes: Causes,
}

impl Auditor for Objects<'_> {
    fn item(&mut self, line: &ItemLine) {
        let row = line.row.as_ref();
        self.out.json(&Value::Object(object([
            ("type", json!("item")),
            ("mailbox", json!(line.mailbox.as_str())),
            ("folder", json!(line.folder)),
            ("item", json!(line.item)),
            ("state", json!(line.state.as_str())),
            ("outcome", json!(row.map(|row| row.outcome.as_str()))),
            ("reason", json!(row.map(|row| &row.reason))),
            ("ticket", json!(row.and_then(|row| row.ticket.as_ref()))),
            ("accounted_for", json!(!line.is_unaccounted())),
            ("owed", json!(row.and_then(|row| row.owed.as_ref()).map(ToString::to_string))),
            ("message_id", json!(row.and_then(|row| row.message_id.as_ref()))),
            ("from", json!(row.and_then(|row| row.from.as_ref()))),
            ("subject", json!(row.and_then(|row| row.subject.as_ref()))),
        ])));
    }

    /// The items of a folder name it; a mailbox sums its folders up.
    fn folder(&mut self, _: &FolderLine) {}

    fn mailbox(&mut self, line: &AuditedMailbox) {
        let sums = &line.sums;
        self.out.json(&Value::Object(object([
            ("type", json!("mailbox")),
            ("mailbox", json!(line.mailbox.as_str())),
            ("status", json!(line.status.as_str())),
            ("listed", json!(sums.listed)),
            ("counts", counts(sums)),
            ("past", json!(sums.past)),
            ("renumbered", json!(sums.renumbered)),
            ("unaccounted", json!(sums.unaccounted)),
            ("duration_ms", milliseconds(line.duration)),
            (
                "error",
                line.error.as_ref().map_or(Value::Null, |trouble| failure::object(trouble, self.causes)),
            ),
        ])));
    }

    fn summary(&mut self, line: &Audited) {
        self.out.json(&Value::Object(object([
            ("type", json!("summary")),
            ("exit_code", json!(line.exit.code())),
            ("counts", counts(&line.sums)),
            ("unaccounted", json!(line.sums.unaccounted)),
            ("duration_ms", milliseconds(line.duration)),
        ])));
    }
}

fn counts(sums: &Sums) -> Value {
    let some = sums.iter().filter(|(_, count)| *count > 0);
    Value::Object(some.map(|(state, count)| (state.as_str().to_owned(), json!(count))).collect())
}

struct People<'a> {
    out: &'a mut Out,
    causes: Causes,
}

impl Auditor for People<'_> {
    fn item(&mut self, line: &ItemLine) {
        let wanted = line.is_unaccounted() || line.state == ItemState::Waiting;
        if !wanted && self.causes == Causes::Left {
            return;
        }
        let row = line.row.as_ref();
        let became = row.map_or_else(|| "-".to_owned(), |row| format!("{}/{}", row.outcome, row.reason));
        let word = self.out.palette.paint(paint(line), &format!("{:<8}", line.state.as_str()));
        let text = format!(
            "{:<10} {:<12} {word} {:<24} {:<24} {:<12} {:<28} {}",
            line.mailbox.as_str(),
            words::cut(&escape::line(&line.folder), 24),
            words::cut(&escape::line(&line.item), 40),
            escape::line(&became),
            escape::line(words::or_dash(row.and_then(|row| row.ticket.as_deref()))),
            words::cut(&escape::line(words::or_dash(row.and_then(|row| row.from.as_deref()))), 40),
            words::cut(&escape::line(words::or_dash(row.and_then(|row| row.subject.as_deref()))), 78),
        );
        self.out.line(text.trim_end());
    }

    fn folder(&mut self, line: &FolderLine) {
        let sums = &line.sums;
        let mut counts = vec![format!("{} there", sums.listed)];
        counts.extend(
            sums.iter().filter(|(_, count)| *count > 0).map(|(state, n)| format!("{n} {}", state.as_str())),
        );
        counts.push(format!("{} past", sums.past));
        if sums.renumbered > 0 {
            counts.push(format!("{} renumbered", sums.renumbered));
        }
        let folder = escape::line(&line.folder);
        self.out.line(&format!("{} {folder}: {}", line.mailbox, counts.join(", ")));
    }

    fn mailbox(&mut self, line: &AuditedMailbox) {
        let Some(trouble) = &line.error else { return };
        let paint = if line.status == MailboxStatus::Locked { Paint::Warn } else { Paint::Bad };
        self.out.line(&format!("{}: {}", line.mailbox, self.out.palette.paint(paint, line.status.as_str())));
        for text in failure::text(trouble, self.causes, self.out.palette).lines() {
            self.out.line(&format!("  {text}"));
        }
    }

    fn summary(&mut self, line: &Audited) {
        let count = line.sums.unaccounted;
        let (paint, said) = if count == 0 {
            (Paint::Good, "all that was looked at is accounted for".to_owned())
        } else {
            (Paint::Bad, format!("{count} not accounted for"))
        };
        let said = self.out.palette.paint(paint, &said);
        self.out.line(&format!("{said}; exit code {} ({})", line.exit.code(), line.exit.name()));
        if line.sums.iter().any(|(state, count)| state == ItemState::Unknown && count > 0) {
            self.out.line(
                "hint: \"helpdesk-mail outcomes reset --unknown\" lets the next fetch take what is unknown",
            );
        }
    }
}

fn paint(line: &ItemLine) -> Paint {
    match line.state {
        _ if line.is_unaccounted() => Paint::Bad,
        ItemState::Settled => Paint::Good,
        ItemState::Waiting => Paint::Note,
        ItemState::Deleted | ItemState::Gone | ItemState::Unknown => Paint::Dim,
    }
}
