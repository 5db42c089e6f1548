//! Reads the keys of one TOML table and notes everything that is wrong, with its place, instead of stopping.

use std::cell::RefCell;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Echo, Kind, Section};
use super::problem::Problem;
use super::value::{self, Wrong};

/// What was found wrong or odd so far.
pub(super) struct Findings<'a> {
    text: &'a str,
    /// Where each line begins, so that a file full of problems is not searched for each of them.
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, lines, problems: RefCell::default(), warnings: RefCell::default() }
    }

    /// Notes a problem at an octet of the text; `None` is about what is not there.
    pub(super) fn problem(&self, at: Option<usize>, key: String, wrong: Wrong) {
        self.problems.borrow_mut().push(self.placed(at, key, wrong));
    }

    /// Notes what works but is probably not meant.
    pub(super) fn warning(&self, at: Option<usize>, key: String, what: impl Into<String>) {
        self.warnings.borrow_mut().push(self.placed(at, key, Wrong::because(what)));
    }

    /// Problems and warnings, each in the order of the file; what is not there comes last.
    pub(super) fn into_parts(self) -> (Vec<Problem>, Vec<Problem>) {
        let sorted = |found: RefCell<Vec<Problem>>| {
            let mut found = found.into_inner();
            found.sort_by_key(|problem| (problem.line.is_none(), problem.line, problem.column));
            found
        };
        (sorted(self.problems), sorted(self.warnings))
    }

    fn placed(&self, at: Option<usize>, key: String, wrong: Wrong) -> Problem {
        let place = at.map(|at| self.position(at));
        Problem {
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            key,
            what: wrong.what,
            allowed: wrong.allowed,
            suggestion: wrong.suggestion,
        }
    }

    /// Line and column of an octet, both from 1; the column counts characters.
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = line.checked_sub(1).and_then(|before| self.lines.get(before)).copied().unwrap_or(0);
        (line, self.text.get(start..at).map_or(0, |before| before.chars().count()) + 1)
    }
}

/// One table of the file.
pub(super) struct Table<'a> {
    section: Section,
    /// Its header without brackets, for instance `mailbox.support`.
    path: String,
    /// Where its header stands.
    at: Option<usize>,
    entries: &'a DeTable<'a>,
    findings: &'a Findings<'a>,
}

impl<'a> Table<'a> {
    pub(super) fn new(
        section: Section,
        path: String,
        at: Option<usize>,
        entries: &'a DeTable<'a>,
        findings: &'a Findings<'a>,
    ) -> Self {
        Self { section, path, at, entries, findings }
    }

    /// Reads a key; `None` if it is not there or wrong, and what is wrong is noted.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        reading: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let known = keys::find(self.section, key);
        debug_assert!(known.is_some(), "{} is not in the table of keys", self.key(key));
        let value = self.entries.get(key)?;
        match reading(value.get_ref()) {
            Ok(read) => Some(read),
            Err(wrong) => {
                let secret = known.is_some_and(|known| known.echo == Echo::Secret);
                let shown =
                    if secret { value::type_of(value.get_ref()) } else { value::found(value.get_ref()) };
                self.report(key, wrong.with_found(&shown));
                None
            }
        }
    }

    /// As [`Table::read`]; that it is not there is noted too, with what it should have been.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        reading: impl FnOnce(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        if !self.has(key) {
            let kind = keys::find(self.section, key).map_or("", |known| known.kind);
            self.report(
                key,
                Wrong { allowed: kind.to_owned(), ..Wrong::because(format!("missing ({kind})")) },
            );
        }
        self.read(key, reading)
    }

    /// Whether the key is there, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The text of a key whose value may be wrong.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.entries.get(key).and_then(|value| value.get_ref().as_str())
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The table of a section that is part of this one, if it is there.
    pub(super) fn sub(&self, part: Section) -> Option<Table<'a>> {
        let (key, value) = self.entries.get_key_value(part.name())?;
        let path = self.key(part.name());
        match value.get_ref().as_table() {
            Some(entries) => Some(Table::new(part, path, Some(key.span().start), entries, self.findings)),
            None => {
                let found = value::type_of(value.get_ref());
                let wrong = Wrong::expected(format!("a table {}", self.part(part))).with_found(&found);
                self.findings.problem(Some(key.span().start), path, wrong);
                None
            }
        }
    }

    /// The header of a part, as the man page writes it or as it is here.
    pub(super) fn part(&self, part: Section) -> String {
        let documented = part.parents().first() == Some(&self.section);
        if documented { part.heading().to_owned() } else { format!("[{}]", self.key(part.name())) }
    }

    /// Notes a problem where the value of a key stands, or at the header if it has none.
    pub(super) fn report(&self, key: &str, wrong: Wrong) {
        self.findings.problem(self.place(key), self.key(key), wrong);
    }

    /// Notes that a key is odd.
    pub(super) fn warn(&self, key: &str, what: impl Into<String>) {
        self.findings.warning(self.place(key), self.key(key), what);
    }

    /// Notes a problem with the table itself, at its header.
    pub(super) fn report_header(&self, wrong: Wrong) {
        self.findings.problem(self.at, self.path.clone(), wrong);
    }

    /// Notes every key that is unknown, or does not belong to that kind of mailbox or back end.
    pub(super) fn check_keys(&self, kind: Option<Kind>) {
        for key in self.entries.keys() {
            let name: &str = key.get_ref();
            let part = Section::ALL.into_iter().find(|part| self.has_part(*part) && part.name() == name);
            // A word of a key may be the name of a part, too: then its value tells them apart.
            let known = keys::find(self.section, name).filter(|_| part.is_none() || !self.is_parted(name));
            let wrong = match (known, part, kind) {
                (None, None, _) => Some(unknown_key(self.section, kind, name)),
                (Some(known), _, Some(kind)) if !known.fits(kind) => {
                    Some(foreign_key(kind, |it| known.fits(it)))
                }
                (None, Some(part), Some(kind)) if !part.fits(kind) => {
                    Some(foreign_key(kind, |it| part.fits(it)))
                }
                (Some(_), _, _) | (None, Some(_), _) => None,
            };
            if let Some(wrong) = wrong {
                self.findings.problem(Some(key.span().start), self.key(name), wrong);
            }
        }
    }

    fn has_part(&self, part: Section) -> bool {
        part.parents().contains(&self.section)
    }

    /// Whether the key is there and is a table.
    pub(super) fn is_parted(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| value.get_ref().as_table().is_some())
    }

    /// The tables of a section that is part of this one and has one for each name, in the order of the file.
    pub(super) fn named(&self, part: Section) -> Vec<(&'a str, Table<'a>)> {
        let Some(tables) = self.entries.get(part.name()).and_then(|value| value.get_ref().as_table()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, at, value) in in_order(tables) {
            let path = format!("{}.{}", self.key(part.name()), shown_key(name));
            match value.get_ref().as_table() {
                Some(entries) => found.push((name, Table::new(part, path, Some(at), entries, self.findings))),
                None => {
                    let wrong = Wrong::expected(format!("a table {}", part.heading()))
                        .with_found(&value::type_of(value.get_ref()));
                    self.findings.problem(Some(at), path, wrong);
                }
            }
        }
        found
    }

    fn key(&self, key: &str) -> String {
        format!("{}.{}", self.path, shown_key(key))
    }

    fn place(&self, key: &str) -> Option<usize> {
        self.entries.get(key).map(|value| value.span().start).or(self.at)
    }
}

fn unknown_key(section: Section, kind: Option<Kind>, name: &str) -> Wrong {
    let parts = Section::ALL.into_iter().filter(|part| part.parents().contains(&section)).map(Section::name);
    let mut known: Vec<&str> = keys::of(section)
        .filter(|key| kind.is_none_or(|kind| key.fits(kind)))
        .map(|key| key.name)
        .chain(parts)
        .collect();
    // A name may be that of a key and of a part.
    let mut seen = Vec::new();
    known.retain(|name| {
        let new = !seen.contains(name);
        seen.push(*name);
        new
    });
    unknown("unknown key", name, &known)
}

/// What belongs to other kinds than this one.
fn foreign_key(kind: Kind, fits: impl Fn(Kind) -> bool) -> Wrong {
    let words = kind.siblings().into_iter().filter(|kind| fits(*kind)).map(|kind| kind.setting().1);
    let allowed = value::choice(&words.collect::<Vec<_>>());
    let (key, word) = kind.setting();
    let what = format!("not for {key} = {word:?}, only for {allowed}");
    Wrong { allowed, ..Wrong::because(what) }
}

/// A name that is none of those known: the near one is offered, else all are.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> Wrong {
    let suggestion = value::nearest(name, known);
    let allowed = known.join(", ");
    let what = match suggestion {
        Some(_) => what.to_owned(),
        None => format!("{what}; known are {allowed}"),
    };
    Wrong { what, allowed, suggestion, found: None }
}

/// A key as an error writes it: bare, or quoted and without control characters.
pub(super) fn shown_key(key: &str) -> String {
    let bare =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { key.to_owned() } else { format!("{:?}", value::clipped(key)) }
}

/// The entries of a table in the order of the file; the parser sorts them by name.
pub(super) fn in_order<'a>(table: &'a DeTable<'a>) -> Vec<(&'a str, usize, &'a Spanned<DeValue<'a>>)> {
    let mut entries: Vec<_> =
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span().start, value)).collect();
    entries.sort_by_key(|(_, at, _)| *at);
    entries
}
