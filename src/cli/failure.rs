//! The one place where errors are put into words for users.
//!
//! Text goes to standard error: `error: …`, `hint: …`, with `-v` the causes. With `--json` the error object goes to
//! standard output as the last line, too, so that a program that reads it sees why the lines end.

use std::io::Write;

use serde_json::Value;

use crate::model::json;
use crate::model::trouble::Trouble;
use crate::store::StoredError;

use super::args::{Color, Early};
use super::output::style::{self, Paint, Palette};
use super::output::{Form, escape};

/// Whether the causes of an error are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Causes {
    /// With `-v`.
    Told,
    /// Without.
    Left,
}

/// How and where failures are told.
pub(crate) struct Report {
    pub(crate) form: Form,
    pub(crate) causes: Causes,
    pub(crate) palette: Palette,
}

impl Report {
    /// For failures that come before the command line is understood.
    pub(crate) fn before_parsing(early: &Early) -> Self {
        Self {
            form: if early.json { Form::Json } else { Form::Human },
            causes: Causes::Left,
            palette: style::of_stderr(early.color),
        }
    }

    /// Tells of a failure; where that cannot be written nobody is left to be told.
    pub(crate) fn failure(&self, trouble: &Trouble) {
        let _ = std::io::stderr().lock().write_all(text(trouble, self.causes, self.palette).as_bytes());
        if self.form == Form::Json {
            let line = format!("{}\n", object(trouble, self.causes));
            let _ = std::io::stdout().lock().write_all(line.as_bytes());
        }
    }
}

/// The error as people read it, ending in a line feed.
pub(crate) fn text(trouble: &Trouble, causes: Causes, palette: Palette) -> String {
    // A wrong configuration has a line for each problem.
    let message = escape::lines(&trouble.message);
    let mut text = format!("{} {message}\n", palette.paint(Paint::Bad, "error:"));
    if causes == Causes::Told {
        let detail = trouble.detail();
        if !detail.is_empty() {
            text.push_str(&format!("{} {}\n", palette.paint(Paint::Dim, "cause:"), escape::line(&detail)));
        }
    }
    let more = causes == Causes::Left && trouble.source.is_some() && trouble.hint.is_none();
    let more = if more { "; -v tells the cause" } else { "" };
    let hint = escape::line(trouble.advice());
    text.push_str(&format!("{} {hint}{more}\n", palette.paint(Paint::Note, "hint:")));
    text
}

/// The error object of contract section 5.
pub fn object(trouble: &Trouble, causes: Causes) -> Value {
    let detail = match causes {
        Causes::Told => Some(trouble.detail()).filter(|detail| !detail.is_empty()),
        Causes::Left => None,
    };
    json::error(trouble.code.as_str(), &trouble.message, Some(trouble.advice()), detail.as_deref())
}

/// The error object of an error that the ledger kept; its causes were not.
pub fn stored(error_row: &StoredError) -> Value {
    json::error(&error_row.code, &error_row.message, error_row.hint.as_deref(), None)
}

/// The palette of standard error for the chosen colours.
pub(crate) fn palette(color: Color) -> Palette {
    style::of_stderr(color)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::trouble::ErrorCode;

    fn trouble() -> Trouble {
        Trouble::new(ErrorCode::MailboxAuth, "no login to server \"x\u{1b}[2J\"")
            .hint("check the password")
            .because("NO [AUTHENTICATIONFAILED]")
    }

    #[test]
    fn text_names_error_and_hint_and_escapes_controls() {
        assert_eq!(
            text(&trouble(), Causes::Left, Palette::plain()),
            "error: no login to server \"x\\u{1b}[2J\"\nhint: check the password\n"
        );
    }

    #[test]
    fn causes_are_told_with_v_alone() {
        assert!(
            text(&trouble(), Causes::Told, Palette::plain()).contains("cause: NO [AUTHENTICATIONFAILED]\n")
        );
        assert_eq!(object(&trouble(), Causes::Left)["detail"], Value::Null);
        assert_eq!(object(&trouble(), Causes::Told)["detail"], "NO [AUTHENTICATIONFAILED]");
    }
}
