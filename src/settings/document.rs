//! Walks the whole document, section by section, and puts the settings together.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::alert;
use super::hook;
use super::keys::Section;
use super::limits;
use super::mailbox::{self, Context};
use super::notices;
use super::outbox::{self, Ways};
use super::problem::{Invalid, Problem};
use super::queue::{self, OwnAddresses};
use super::rule;
use super::source::Source;
use super::store;
use super::table::{self, Findings, Table};
use super::value::{self, Wrong};
use super::{Environment, Settings};
use crate::hook::Hook;
use crate::model::ids::{MailboxName, QueueSlug};
use crate::model::trouble::ErrorCode;
use crate::outbox::TemplateConfig;
use crate::parse::Limits;
use crate::policy::{Queue, Rule};
use crate::run::{MailboxPlan, Plan};
use crate::store::Retention;

/// Turns the text of a configuration into settings.
pub(super) fn settings(
    file: &Path,
    source: &Source,
    environment: &Environment<'_>,
) -> Result<Settings, Invalid> {
    let invalid = |problems| {
        Err(Invalid { file: file.to_owned(), code: ErrorCode::ConfigInvalid, problems, source: None })
    };
    let (text, root) = match parse(&source.bytes) {
        Ok(parsed) => parsed,
        Err(problem) => return invalid(vec![*problem]),
    };
    let findings = Findings::new(text);
    let base = directory(file);
    let document = Document { root: root.get_ref(), findings: &findings };
    document.check_sections();
    let queues = document.named::<QueueSlug>(Section::Queue);
    let slugs: Vec<QueueSlug> = queues.iter().map(|(slug, _)| slug.clone()).collect();
    let context = Context {
        base: &base,
        queues: &slugs,
        environment,
        readers: source.readers,
        tokens: RefCell::default(),
    };
    let (store, retention) = document.store(&context);
    let rules = document.rules(&slugs);
    let alerts = document.single(Section::Alert);
    let alert = alerts.as_ref().map(alert::thresholds).unwrap_or_default();
    let textfile = document.single(Section::Metrics).and_then(|table| alert::textfile(&table, &context));
    let limits = document.single(Section::Limits).as_ref().map_or_else(Limits::default, limits::limits);
    let table = document.single(Section::Outbox);
    let outbox = table.as_ref().and_then(|table| outbox::outbox(table, &context));
    let templates =
        table.as_ref().map_or_else(TemplateConfig::default, |table| notices::templates(table, &context));
    let queues = document.queues(queues, &document.ways_out());
    let mails = alerts.as_ref().and_then(|table| alert::mails(table, &document.ways_out(), &queues));
    let plan = outbox.as_ref().map(|outbox| notices::plan(outbox, &queues, mails));
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut own = vec![("the configuration", absolute.as_path())];
    own.extend(store.as_ref().and_then(|store| Some(("the store", store.file()?))));
    let mailboxes = document.mailboxes(&context, &own);
    if let Some(table) = &alerts {
        alert::compare(table, &alert, &mailboxes);
    }
    let hooks = document.hooks(&context);
    let (problems, warnings) = findings.into_parts();
    let Some(store) = store.filter(|_| problems.is_empty()) else { return invalid(problems) };
    let keep_raw = store.keep_raw;
    Ok(Settings {
        file: file.to_owned(),
        plan: Plan { queues, mailboxes, rules, keep_raw, alert, limits, outbox: plan, hooks },
        store,
        retention,
        outbox,
        templates,
        textfile,
        warnings: warnings.iter().map(|warning| warning.in_file(file)).collect(),
    })
}

fn parse(bytes: &[u8]) -> Result<(&str, Spanned<DeTable<'_>>), Box<Problem>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (good, _) = bytes.split_at(error.valid_up_to());
        let good = String::from_utf8_lossy(good);
        syntax(&good, good.len(), "this is not UTF-8")
    })?;
    let root = DeTable::parse(text).map_err(|error| {
        // The parser's own rendering quotes the line, and that line may hold a password.
        syntax(text, error.span().map_or(text.len(), |span| span.start), error.message())
    })?;
    Ok((text, root))
}

fn syntax(text: &str, at: usize, what: &str) -> Box<Problem> {
    let findings = Findings::new(text);
    findings.problem(Some(at), String::new(), Wrong::because(format!("not TOML: {what}")));
    let (problems, _) = findings.into_parts();
    Box::new(problems.into_iter().next().unwrap_or_else(|| Problem::of_file(what)))
}

/// The directory of a file; it does not change with the working directory, since the ledger names paths by it.
fn directory(file: &Path) -> PathBuf {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    absolute.parent().map_or_else(PathBuf::new, Path::to_owned)
}

struct Document<'a> {
    root: &'a DeTable<'a>,
    findings: &'a Findings<'a>,
}

impl<'a> Document<'a> {
    fn check_sections(&self) {
        let known: Vec<&str> = Section::ALL
            .into_iter()
            .filter(|section| section.parents().is_empty())
            .map(Section::name)
            .collect();
        for (name, at, _) in table::in_order(self.root) {
            if !known.contains(&name) {
                let wrong = table::unknown("unknown section", name, &known);
                self.findings.problem(Some(at), table::shown_key(name), wrong);
            }
        }
    }

    fn store(&self, context: &Context<'_>) -> (Option<crate::store::Config>, Retention) {
        if !self.root.contains_key(Section::Store.name()) {
            let what = "missing (string, sqlite:PATH or postgresql://USER@HOST/DATABASE)";
            self.findings.problem(None, "store.url".to_owned(), Wrong::because(what));
        }
        let Some(table) = self.single(Section::Store) else { return (None, Retention::default()) };
        (store::store(&table, context), store::retention(&table))
    }

    /// A section that is there once.
    fn single(&self, section: Section) -> Option<Table<'a>> {
        let (key, value) = self.root.get_key_value(section.name())?;
        self.table(section, section.name().to_owned(), key.span().start, value)
    }

    /// The tables of a section that has one for each name, in the order of the file, with the names parsed.
    fn named<Name>(&self, section: Section) -> Vec<(Name, Table<'a>)>
    where
        Name: std::str::FromStr<Err = crate::model::ids::InvalidId>,
    {
        let Some((key, value)) = self.root.get_key_value(section.name()) else { return Vec::new() };
        let Some(tables) = self.entries(section, section.name(), key.span().start, value) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, at, value) in table::in_order(tables) {
            let path = format!("{}.{}", section.name(), table::shown_key(name));
            match name.parse::<Name>() {
                Ok(name) => {
                    found.extend(self.table(section, path, at, value).map(|table| (name, table)));
                }
                Err(invalid) => {
                    let what = format!("not a {}: {}", invalid.what, invalid.allowed);
                    let wrong = Wrong { allowed: invalid.allowed.to_owned(), ..Wrong::because(what) };
                    self.findings.problem(Some(at), path, wrong);
                }
            }
        }
        found
    }

    fn has_none(&self, section: Section) -> bool {
        match self.root.get(section.name()) {
            Some(value) => value.get_ref().as_table().is_some_and(DeTable::is_empty),
            None => true,
        }
    }

    fn table(
        &self,
        section: Section,
        path: String,
        at: usize,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Option<Table<'a>> {
        let entries = self.entries(section, &path, at, value)?;
        Some(Table::new(section, path, Some(at), entries, self.findings))
    }

    fn entries(
        &self,
        section: Section,
        path: &str,
        at: usize,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Option<&'a DeTable<'a>> {
        let entries = value.get_ref().as_table();
        if entries.is_none() {
            let found = value::type_of(value.get_ref());
            let wrong = Wrong::expected(format!("a table {}", section.heading())).with_found(&found);
            self.findings.problem(Some(at), path.to_owned(), wrong);
        }
        entries
    }

    fn queues(&self, tables: Vec<(QueueSlug, Table<'a>)>, ways: &Ways) -> Vec<Queue> {
        if self.has_none(Section::Queue) {
            let what = "missing: at least one [queue.SLUG] is needed";
            self.findings.problem(None, Section::Queue.name().to_owned(), Wrong::because(what));
        }
        let mut own = OwnAddresses::default();
        let mut queues: Vec<Queue> = Vec::new();
        for (slug, table) in tables {
            if let Some(twin) = queues.iter().find(|queue| queue.slug == slug) {
                let what = format!("the same as queue.{}: the case of a slug does not matter", twin.slug);
                table.report_header(Wrong::because(what));
            }
            let queue = queue::queue(slug, &table, ways);
            own.claim(&queue, &table);
            queues.push(queue);
        }
        queues
    }

    /// The back ends that queues may name, also those that are wrong otherwise.
    fn ways_out(&self) -> Ways {
        self.root
            .get(Section::Outbox.name())
            .and_then(|value| value.get_ref().as_table())
            .map_or(Ways::None, Ways::of)
    }

    /// Reads the rules, in their order.
    fn rules(&self, queues: &[QueueSlug]) -> Vec<Rule> {
        let mailboxes = self.mailbox_names();
        let names = RefCell::default();
        let known = rule::Known { mailboxes: &mailboxes, queues, names: &names };
        self.listed(Section::Rule).iter().filter_map(|table| rule::rule(table, &known)).collect()
    }

    /// Reads the hooks, in their order.
    fn hooks(&self, context: &Context<'_>) -> Vec<Hook> {
        let mailboxes = self.mailbox_names();
        let names = RefCell::default();
        let known = hook::Known { mailboxes: &mailboxes, names: &names };
        self.listed(Section::Hook).iter().filter_map(|table| hook::hook(table, context, &known)).collect()
    }

    /// The tables of a section that is a list, in their order.
    fn listed(&self, section: Section) -> Vec<Table<'a>> {
        let Some((key, value)) = self.root.get_key_value(section.name()) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            let found = value::type_of(value.get_ref());
            let wrong = Wrong::expected(format!("tables {}", section.heading())).with_found(&found);
            self.findings.problem(Some(key.span().start), section.name().to_owned(), wrong);
            return Vec::new();
        };
        let table = |(at, value): (usize, &'a Spanned<DeValue<'a>>)| {
            let path = format!("{}[{}]", section.name(), at + 1);
            self.table(section, path, value.span().start, value)
        };
        array.iter().enumerate().filter_map(table).collect()
    }

    /// The names of all mailboxes, also of those that are wrong otherwise.
    fn mailbox_names(&self) -> Vec<MailboxName> {
        let mailboxes = self.root.get(Section::Mailbox.name()).and_then(|value| value.get_ref().as_table());
        let names = mailboxes.into_iter().flat_map(|tables| tables.keys());
        names.filter_map(|name| name.get_ref().parse().ok()).collect()
    }

    /// Reads the mailboxes; none may hold one of our `own` files.
    fn mailboxes(&self, context: &Context<'_>, own: &[(&str, &Path)]) -> Vec<MailboxPlan> {
        let tables = self.named::<MailboxName>(Section::Mailbox);
        if self.has_none(Section::Mailbox) {
            let what = "there is no [mailbox.NAME]: `fetch` has nothing to do";
            self.findings.warning(None, Section::Mailbox.name().to_owned(), what);
        }
        let mut mailboxes: Vec<MailboxPlan> = Vec::new();
        for (name, table) in tables {
            let Some(plan) = mailbox::mailbox(name, &table, context) else { continue };
            let twin =
                mailboxes.iter().find(|other| mailbox::overlap(&other.mailbox.place, &plan.mailbox.place));
            if let Some(twin) = twin {
                let name = twin.mailbox.name.as_str();
                table.warn(
                    "type",
                    format!("fetches what mailbox.{name} fetches: each mail is processed twice"),
                );
            }
            for (what, file) in own {
                if mailbox::holds(&plan.mailbox.place, file) {
                    let why = format!("{what} lies in there and would be taken for a message");
                    table.report("path", Wrong::because(why));
                }
            }
            mailboxes.push(plan);
        }
        mailboxes
    }
}
