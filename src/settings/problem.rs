//! What is wrong with a configuration, all of it at once, each with its place.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::trouble::{ErrorCode, Trouble};

/// A configuration that cannot be used, and everything that is wrong with it.
#[derive(Debug)]
pub struct Invalid {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Missing, badly protected or wrong.
    pub code: ErrorCode,
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// Why the file could not be read.
    pub source: Option<io::Error>,
}

impl Invalid {
    /// One problem with the file as a whole.
    pub(super) fn whole(file: &Path, code: ErrorCode, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), code, problems: vec![Problem::of_file(what)], source: None }
    }

    /// Adds the cause.
    pub(super) fn because(self, source: io::Error) -> Self {
        Self { source: Some(source), ..self }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{}", problem.in_file(&self.file))?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

impl From<Invalid> for Trouble {
    /// The message has a line for each problem.
    fn from(invalid: Invalid) -> Self {
        let unreadable = invalid.source.as_ref().is_some_and(|cause| cause.kind() != io::ErrorKind::NotFound);
        let hint = if unreadable {
            UNREADABLE_HINT.to_owned()
        } else if invalid.code == ErrorCode::ConfigMissing {
            MISSING_HINT.to_owned()
        } else if invalid.code == ErrorCode::ConfigPermissions {
            let file = invalid.file.display();
            format!("chown it to root or to the user that runs helpdesk-mail, and chmod go-w {file}")
        } else {
            "helpdesk-mail.toml(5) tells of every key".to_owned()
        };
        let trouble = Self::new(invalid.code, invalid.to_string()).hint(hint);
        match invalid.source {
            Some(source) => trouble.because(source),
            None => trouble,
        }
    }
}

/// What to do where a configuration cannot be read.
pub(super) const UNREADABLE_HINT: &str =
    "a configuration is a file that the user who runs helpdesk-mail may read";

/// What to do where there is no configuration.
pub(super) const MISSING_HINT: &str = "`helpdesk-mail init` writes one; `--config FILE` names another";

/// One thing that is wrong, or odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; `None` if it is about what is not there.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// The key with its sections, for instance `mailbox.support.port`; empty if it is about the whole file.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What is allowed; empty if there is nothing to choose from.
    pub allowed: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Problem {
    pub(super) fn of_file(what: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            key: String::new(),
            what: what.into(),
            allowed: String::new(),
            suggestion: None,
        }
    }

    /// The line that a person sees: `FILE:LINE: KEY: WHAT`.
    pub fn in_file(&self, file: &Path) -> String {
        let file = file.display();
        match (self.line, self.column) {
            // Without a key the column is what leads to the place.
            (Some(line), Some(column)) if self.key.is_empty() => format!("{file}:{line}:{column}: {self}"),
            (Some(line), _) => format!("{file}:{line}: {self}"),
            (None, _) => format!("{file}: {self}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)?;
        match &self.suggestion {
            Some(meant) => write!(f, "; did you mean {meant:?}?"),
            None => Ok(()),
        }
    }
}
