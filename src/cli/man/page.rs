//! helpdesk-mail(1): the commands as clap knows them, then the tables of codes and words.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::args::Cli;
use crate::model::event::{EventState, Undelivered};
use crate::model::exit::Exit;
use crate::model::outbox::{GivenUp, OutboxState, Untold};
use crate::model::outcome::{OutcomeWord, Reason};
use crate::model::trouble::ErrorCode;
use crate::parse;
use crate::run::ItemState;

use super::meanings;

const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

const FILES: &[(&str, &str)] = &[
    (
        "$XDG_CONFIG_HOME/helpdesk-mail/helpdesk-mail.toml",
        "The user's configuration; ~/.config where the variable is not set. See helpdesk-mail.toml(5).",
    ),
    ("/etc/helpdesk-mail/helpdesk-mail.toml", "The system's configuration, where the user has none."),
    (
        "helpdesk-mail.db",
        "The store, where [store] url puts it: an SQLite database. See helpdesk-mail-schema(5).",
    ),
    (
        "helpdesk-mail.service, helpdesk-mail.timer",
        "Units of systemd that fetch every five minutes once the timer is enabled; the log is in the journal.",
    ),
    ("/etc/cron.d/helpdesk-mail", "The same without systemd; an example comes with the package."),
    ("/var/lib/helpdesk-mail", "Where a package puts the store: the home of the user helpdesk-mail."),
    ("/var/log/helpdesk-mail", "For --log-file; logrotate keeps twelve weeks of what is in it."),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    ("HELPDESK_MAIL_CONFIG", "The configuration file, where --config is not given."),
    ("XDG_CONFIG_HOME, HOME", "Where the user's configuration is."),
    ("RUST_LOG", "What is logged, as env_logger reads it; stands above -v and -q. Libraries may log mail."),
    ("NO_COLOR", "Where it is set and not empty, --color auto means never."),
];

const EXAMPLES: &[(&str, &str)] = &[
    (
        "*/5 * * * * helpdesk-mail --config /etc/helpdesk-mail/helpdesk-mail.toml -q fetch >/dev/null",
        "Fetch by cron.",
    ),
    ("helpdesk-mail fetch --dry-run", "See what a fetch would do, and why."),
    ("helpdesk-mail fetch --baseline", "Begin with an old mailbox: no tickets for what lies there now."),
    ("helpdesk-mail outcomes --outcome skipped --since 7d", "See what was skipped in the last seven days."),
    ("helpdesk-mail outcomes reset --outcome skipped --since 7d", "Let the next fetch take it again."),
    ("helpdesk-mail outcomes --reconcile", "See whether each message in the mailboxes is accounted for."),
    (
        "helpdesk-mail quarantine retry --all",
        "Take the failed messages again, for instance after an upgrade.",
    ),
    (
        "30 3 * * * helpdesk-mail -q prune >/dev/null",
        "Remove each night what the retention settings let go of.",
    ),
    ("helpdesk-mail status", "See how all is doing; with --format nagios or prometheus for a monitor."),
    (
        "0 6 * * 1 helpdesk-mail report --since 7d --output /srv/reports/mail.html >/dev/null",
        "Each Monday, a page on the mail of the week.",
    ),
    ("helpdesk-mail outbox list --state failed", "See which notifications were given up, and why."),
    ("helpdesk-mail events list --state failed", "See which events hooks were not told, and why."),
    (
        "support: \"|/usr/bin/helpdesk-mail ingest --mta --queue support\"",
        "Take mail from Postfix, in aliases(5).",
    ),
];

/// The text of helpdesk-mail(1).
pub fn helpdesk_mail() -> String {
    let mut page = Vec::new();
    // A Vec takes whatever is written to it.
    let _ = write(&mut page);
    let text = String::from_utf8_lossy(&page).into_owned();
    // Each part that is rendered begins with the same definitions; once is enough.
    let title = format!(
        ".TH helpdesk-mail 1 \"\" \"helpdesk-mail {}\" \"helpdesk-mail\"\n",
        env!("CARGO_PKG_VERSION")
    );
    format!("{PREAMBLE}{title}{}", text.replace(PREAMBLE, ""))
}

fn write(page: &mut Vec<u8>) -> io::Result<()> {
    let command = Cli::command();
    let man = Man::new(command.clone());
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    Roff::new().control("SH", ["COMMANDS"]).to_writer(page)?;
    commands(&command, page)?;
    exit_status(page)?;
    outcomes(page)?;
    reconciliation(page)?;
    notifications(page)?;
    events(page)?;
    errors(page)?;
    defects(page)?;
    table("FILES", None, FILES.iter().copied(), page)?;
    table("ENVIRONMENT", None, ENVIRONMENT.iter().copied(), page)?;
    examples(page)?;
    Roff::new()
        .control("SH", ["SEE ALSO"])
        .text([bold("helpdesk-mail.toml"), roman("(5), "), bold("helpdesk-mail-schema"), roman("(5)")])
        .to_writer(page)
}

/// Each command that can be run, with the names of those above it.
fn commands(parent: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let above = parent.get_bin_name().unwrap_or_else(|| parent.get_name()).to_owned();
    for command in
        parent.get_subcommands().filter(|command| command.get_name() != "help" && !command.is_hide_set())
    {
        let command = command
            .clone()
            .bin_name(format!("{above} {}", command.get_name()))
            .disable_help_flag(true)
            .disable_help_subcommand(true)
            .disable_version_flag(true);
        if !command.is_subcommand_required_set() {
            section(&command, page)?;
        }
        commands(&command, page)?;
    }
    Ok(())
}

fn section(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let man = Man::new(command.clone());
    let name = command.get_bin_name().unwrap_or_default();
    Roff::new().control("SS", [name.trim_start_matches("helpdesk-mail ")]).to_writer(page)?;
    let mut parts: [Vec<u8>; 3] = Default::default();
    let [synopsis, description, options] = &mut parts;
    man.render_synopsis_section(synopsis)?;
    man.render_description_section(description)?;
    man.render_options_section(options)?;
    for (part, break_before) in parts.iter().zip([false, true, false]) {
        if break_before {
            page.write_all(b".PP\n")?;
        }
        page.write_all(without_heading(part))?;
    }
    Ok(())
}

/// The rest of a rendered section: what roff sets before it, and the heading, stand once on the page already.
fn without_heading(part: &[u8]) -> &[u8] {
    let heading = b".SH ";
    let at = part.windows(heading.len()).position(|window| window == heading);
    let rest = at.and_then(|at| part.get(at..)).unwrap_or(part);
    let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
    rest.get(end..).unwrap_or_default()
}

fn exit_status(page: &mut Vec<u8>) -> io::Result<()> {
    let intro = "Where several apply, the one standing furthest forward here is given: 70, 74, 77, 69, 75, 1, 0. \
                 \"ingest --mta\" ends with 0 or 75 only, \"status --format nagios\" with 0, 1, 2 or 3.";
    let codes: Vec<_> =
        Exit::ALL.map(|exit| (format!("{} {}", exit.code(), exit.name()), meanings::exit(exit))).into();
    table("EXIT STATUS", Some(intro), codes.iter().map(|(term, meaning)| (term.as_str(), *meaning)), page)
}

fn outcomes(page: &mut Vec<u8>) -> io::Result<()> {
    let intro = "Every message that was listed ends in exactly one outcome:";
    let words = OutcomeWord::ALL.map(|word| (word.as_str(), meanings::outcome(word)));
    table("OUTCOMES", Some(intro), words.into_iter(), page)?;
    let intro = "The reason says why:";
    let words = Reason::ALL.map(|reason| (reason.as_str(), meanings::reason(reason)));
    table("REASONS", Some(intro), words.into_iter(), page)
}

fn reconciliation(page: &mut Vec<u8>) -> io::Result<()> {
    let intro = "outcomes --reconcile opens every folder read-only (IMAP: EXAMINE), lists all of it, whatever was \
                 fetched before, and tells how each item stands to the ledger, in one word. It takes no lock and may go \
                 beside a fetch. Rows of items that went as they should are counted as \"past\", those from before a \
                 folder was numbered anew (UIDVALIDITY) as \"renumbered\": what they name cannot be asked for any more. \
                 A mailbox that cannot be reached has its error and exit code, and the others go on.";
    let words = ItemState::ALL.map(|state| (state.as_str(), meanings::state(state)));
    table("RECONCILIATION", Some(intro), words.into_iter(), page)
}

fn notifications(page: &mut Vec<u8>) -> io::Result<()> {
    let intro = "Each person that is told of a ticket has a row in the outbox, written together with what it tells of and \
                 delivered afterwards: at the end of a fetch, or by send. What a server puts off is tried again after two \
                 minutes, then ever later, up to six hours. An attempt is written down before it is made, and again \
                 once it ended. When the program dies between the two, or no answer comes, nobody knows whether the \
                 notification was taken: it is sent once more, alone and with the same Message-ID, so that it may arrive \
                 twice, and given up if that happens again. At most thirty-two are under way at one time. A server \
                 that cannot be reached, or breaks off, with two in a row gets no more in that run. Mails about the \
                 thresholds of [alert] wait there too, before all others, with the template \"alert\" and without a ticket. \
                 A notification is in one of these states:";
    let words = OutboxState::ALL.map(|state| (state.as_str(), meanings::notification(state)));
    table("NOTIFICATIONS", Some(intro), words.into_iter(), page)?;
    let intro = "Why somebody is suppressed, or a notification failed. The author of a message, own addresses, what \
                 cannot be an address, and whom \"notify\" of the queue does not name have no row.";
    let untold = Untold::ALL.map(|why| (why.as_str(), meanings::untold(why)));
    let given_up = GivenUp::ALL.map(|why| (why.as_str(), meanings::given_up(why)));
    table("REASONS OF NOTIFICATIONS", Some(intro), untold.into_iter().chain(given_up), page)
}

fn events(page: &mut Vec<u8>) -> io::Result<()> {
    let intro = "An event that hooks are told afterwards has a row for each hook that listens, written together with what it \
                 tells of; see HOOKS in helpdesk-mail.toml(5). Each is in one of these states:";
    let words = EventState::ALL.map(|state| (state.as_str(), meanings::event(state)));
    table("EVENTS", Some(intro), words.into_iter(), page)?;
    let intro = "Why an event was given up for a hook:";
    let words = Undelivered::ALL.map(|why| (why.as_str(), meanings::undelivered(why)));
    table("REASONS OF EVENTS", Some(intro), words.into_iter(), page)
}

fn errors(page: &mut Vec<u8>) -> io::Result<()> {
    let intro = "The error_code of an error object with --json, with the exit code of a command that met it and \
                 nothing worse, and what to do where the error's own hint does not say more:";
    let row = |code: ErrorCode| {
        let (meaning, exit) = (meanings::error(code), code.exit().code());
        (code.as_str(), format!("{meaning} Exit code {exit}. {}", sentence(code.remedy())))
    };
    let words: Vec<_> = ErrorCode::ALL.map(row).into();
    table("ERRORS", Some(intro), words.iter().map(|(term, meaning)| (*term, meaning.as_str())), page)
}

fn defects(page: &mut Vec<u8>) -> io::Result<()> {
    let intro = "What is odd about a message that was read all the same; ticket show and inspect tell it, some with \
                 detail behind a colon:";
    let words: Vec<_> = parse::DEFECTS.iter().map(|(word, meaning)| (*word, sentence(meaning))).collect();
    table("DEFECTS", Some(intro), words.iter().map(|(term, meaning)| (*term, meaning.as_str())), page)
}

/// A meaning as the page writes it: with a capital and a full stop.
fn sentence(meaning: &str) -> String {
    let mut letters = meaning.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).chain(['.']).collect()
}

/// Literal, so that a line can be copied as it stands.
fn examples(page: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for (at, (line, meaning)) in EXAMPLES.iter().enumerate() {
        if at > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*meaning)]).control("PP", []).control("RS", ["4"]).control("nf", []);
        roff.text([roman(*line)]).control("fi", []).control("RE", []);
    }
    roff.to_writer(page)
}

fn table<'a>(
    heading: &str,
    intro: Option<&str>,
    rows: impl Iterator<Item = (&'a str, &'a str)>,
    page: &mut Vec<u8>,
) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [heading]);
    if let Some(intro) = intro {
        roff.text([roman(intro)]);
    }
    for (term, meaning) in rows {
        roff.control("TP", []).text([bold(term)]).text([roman(meaning)]);
    }
    roff.to_writer(page)
}
