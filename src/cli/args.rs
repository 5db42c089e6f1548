//! What may be typed: the options of every command, and the list of commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::output::Form;
use super::{
    check, completions, confine, events, fetch, ingest, init, inspect, man, outbox, outcomes, probe, prune,
    quarantine, report, send, status, store, ticket,
};

/// Turns the mail of IMAP, POP3 and local mailboxes into tickets.
///
/// Each run fetches every configured mailbox once, turns its messages into tickets and follow-ups in the store, and
/// records an outcome for every message. A bad message goes into quarantine and never stops the rest; a bad mailbox
/// never stops the others.
///
/// Whatever ends a run, the next one goes on from there. What was in hand then is first read in a process of its own,
/// which the program starts from its own file and whose memory the key "memory" of the section "limits" bounds: a message
/// that ends that process too goes into quarantine unread. A message is never blamed for a signal from outside.
#[derive(Debug, Parser)]
#[command(name = "helpdesk-mail", version, arg_required_else_help = false, max_term_width = 100)]
#[command(disable_help_subcommand = true, propagate_version = true, subcommand_value_name = "COMMAND")]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub globals: Globals,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Parses with the colours that the command line itself asks for, so that its errors have them too.
    pub(crate) fn try_parse_from_colored(words: &[OsString], early: &Early) -> Result<Self, clap::Error> {
        let choice = match early.color {
            Color::Auto => clap::ColorChoice::Auto,
            Color::Always => clap::ColorChoice::Always,
            Color::Never => clap::ColorChoice::Never,
        };
        let mut matches = Self::command().color(choice).try_get_matches_from(words)?;
        Self::from_arg_matches_mut(&mut matches)
    }
}

const EVERYWHERE: &str = "Options of every command";

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub struct Globals {
    /// Configuration file
    ///
    /// Without it: $HELPDESK_MAIL_CONFIG, then $XDG_CONFIG_HOME/helpdesk-mail/helpdesk-mail.toml, then
    /// /etc/helpdesk-mail/helpdesk-mail.toml.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Log more: -v for information, -vv for debugging, -vvv for everything; errors show their causes
    #[arg(short, long, global = true, help_heading = EVERYWHERE, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Log errors only
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,

    /// How the log is written
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// Append the log to a file
    ///
    /// Standard error then has errors alone, so that cron still mails them. The file is made with mode 0640. It is opened by
    /// each command and closed at its end, so that it can be rotated between runs.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// When output is coloured; NO_COLOR is honoured by "auto"
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// `--log-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object per line: time, level, message and, where they apply, run, mailbox, folder, item, outcome, reason,
    /// ticket, notification, event, hook, error_code
    Json,
    /// A line for journald or a logger that reads its priorities: <4> and the like in front (sd-daemon(3)), no time
    Journal,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where a terminal is
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "the argument structs' own comments are the help")]
pub enum Command {
    Fetch(fetch::Args),
    Ingest(ingest::Args),
    Inspect(inspect::Args),
    Outcomes(outcomes::Args),
    Quarantine(quarantine::Args),
    Ticket(ticket::Args),
    Send(send::Args),
    Outbox(outbox::Args),
    Status(status::Args),
    Prune(prune::Args),
    Report(report::Args),
    Events(events::Args),
    Store(store::Args),
    Check(check::Args),
    Init(init::Args),
    Completions(completions::Args),
    Man(man::Args),
    #[command(hide = true)]
    Probe(probe::Args),
    #[command(hide = true)]
    Confine(confine::Args),
}

impl Command {
    /// Whether the command was asked for JSON lines.
    pub(crate) fn form(&self) -> Form {
        let json = match self {
            Self::Fetch(args) => args.json,
            Self::Ingest(args) => args.json,
            Self::Inspect(_) => true,
            Self::Outcomes(args) => args.json(),
            Self::Quarantine(args) => args.json(),
            Self::Ticket(args) => args.json(),
            Self::Send(args) => args.json,
            Self::Outbox(args) => args.json(),
            Self::Status(args) => args.format == status::Format::Json,
            Self::Prune(args) => args.json,
            Self::Report(args) => args.json(),
            Self::Events(args) => args.json(),
            Self::Store(args) => args.json(),
            Self::Check(args) => args.json,
            Self::Init(_) | Self::Completions(_) | Self::Man(_) | Self::Probe(_) | Self::Confine(_) => false,
        };
        if json { Form::Json } else { Form::Human }
    }

    /// Whether a monitor called it that knows the words and codes of plug-ins alone.
    pub(crate) fn is_plugin(&self) -> bool {
        matches!(self, Self::Status(args) if args.format == status::Format::Nagios)
    }
}

/// What must be known of a command line even if it turns out wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Early {
    /// `ingest --mta`: the exit code is for a mail server.
    pub(crate) mta: bool,
    /// `--json`: errors are for a program.
    pub(crate) json: bool,
    /// `status --format nagios`: the exit code is for a monitor.
    pub(crate) plugin: bool,
    /// Help or the version is asked for, so that no mail is taken.
    pub(crate) asks_only: bool,
    /// Colours of clap's own messages.
    pub(crate) color: Color,
}

impl Early {
    /// Looks at the words without parsing them; what follows `--` are names.
    pub(crate) fn of(words: &[OsString]) -> Self {
        let words: Vec<&str> = words
            .iter()
            .skip(1)
            .map_while(|word| word.to_str().or(Some("")))
            .take_while(|word| *word != "--")
            .collect();
        let ingest = words.iter().position(|word| *word == "ingest");
        let has = |wanted: &str| words.contains(&wanted);
        Self {
            mta: ingest.is_some_and(|at| words.iter().skip(at).any(|word| *word == "--mta")),
            json: has("--json") || (has("status") && Self::format(&words) == Some("json")),
            plugin: has("status") && Self::format(&words) == Some("nagios"),
            asks_only: ["-h", "--help", "-V", "--version"].into_iter().any(has),
            color: Self::color(&words),
        }
    }

    fn format<'a>(words: &[&'a str]) -> Option<&'a str> {
        let separate = words.iter().skip_while(|word| **word != "--format").nth(1).copied();
        words.iter().find_map(|word| word.strip_prefix("--format=")).or(separate)
    }

    fn color(words: &[&str]) -> Color {
        let separate = words.iter().skip_while(|word| **word != "--color").nth(1).copied();
        match words.iter().find_map(|word| word.strip_prefix("--color=")).or(separate) {
            Some("always") => Color::Always,
            Some("never") => Color::Never,
            Some(_) | None => Color::Auto,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn early(line: &str) -> Early {
        Early::of(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_mail_servers_mode_is_seen_in_a_wrong_command_line() {
        assert!(early("helpdesk-mail --config x ingest --bogus --mta").mta);
        assert!(!early("helpdesk-mail ingest -- --mta").mta);
        assert!(!early("helpdesk-mail fetch --mta").mta);
        assert!(early("helpdesk-mail status --format nagios --bogus").plugin);
        assert!(early("helpdesk-mail status --format=nagios").plugin);
        assert!(!early("helpdesk-mail fetch --format nagios").plugin);
    }

    #[test]
    fn colours_are_read_in_both_spellings() {
        assert_eq!(early("helpdesk-mail --color=never x").color, Color::Never);
        assert_eq!(early("helpdesk-mail x --color always").color, Color::Always);
        assert_eq!(early("helpdesk-mail x --color").color, Color::Auto);
    }
}
