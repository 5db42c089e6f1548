//! Words in, words out: command line, log, output, exit codes.
//!
//! What was typed is turned into values by [`args`], carried out by one file per command, and every error leaves
//! through [`failure`]. The exit code is computed here and nowhere else.

pub mod args;
mod check;
mod completions;
mod confine;
mod context;
mod desk;
mod environment;
mod events;
pub mod failure;
mod fetch;
mod hook_lines;
mod ingest;
mod init;
pub mod inspect;
mod logging;
pub mod man;
mod names;
mod outbox;
mod outbox_lines;
mod outcomes;
pub mod output;
mod probe;
mod prune;
mod quarantine;
mod reconcile;
mod report;
mod retry;
mod rim;
mod send;
mod signals;
pub mod status;
mod store;
mod ticket;
mod watch;
mod when;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::model::exit::Exit;
use crate::model::trouble::{ErrorCode, Trouble};

use args::{Cli, Command};
use context::Context;
use failure::Report;
use status::Plugin;

/// Runs the program on the process's arguments and gives its exit code.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let rim = rim::Rim::install();
    let early = args::Early::of(&words);
    let code = rim.guard(|| run(&words, &early)).unwrap_or_else(|trouble| {
        Report::before_parsing(&early).failure(&trouble);
        if early.plugin { unknown(&trouble) } else { heard(trouble.code.exit(), &early) }
    });
    ExitCode::from(code)
}

fn run(words: &[OsString], early: &args::Early) -> u8 {
    match Cli::try_parse_from_colored(words, early) {
        Ok(cli) => carry_out(cli, early),
        Err(error) => {
            let exit = refuse(&error, early);
            if early.plugin && exit != Exit::Ok {
                return unknown(&Trouble::new(ErrorCode::Usage, "the command line is wrong"));
            }
            heard(exit, early)
        }
    }
}

/// The code that whoever called the program understands.
fn heard(exit: Exit, early: &args::Early) -> u8 {
    if early.mta { ingest::for_the_mail_server(exit, early.asks_only) } else { exit }.code()
}

/// A monitor that calls plug-ins knows its own words alone.
fn unknown(trouble: &Trouble) -> u8 {
    let line = format!("{}\n", Plugin::Unknown.line(&trouble.message));
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
    Plugin::Unknown.code()
}

/// Help and version are asked for; all else that clap ends is a wrong command line.
fn refuse(error: &clap::Error, early: &args::Early) -> Exit {
    // Nobody is left to be told when standard error or output is closed.
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if asked || !early.json {
        let _ = error.print();
    }
    if asked {
        return Exit::Ok;
    }
    if early.json {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let trouble = Trouble::new(ErrorCode::Usage, line).hint("see helpdesk-mail --help");
        Report::before_parsing(early).failure(&trouble);
    }
    Exit::Usage
}

fn carry_out(cli: Cli, early: &args::Early) -> u8 {
    let Cli { globals, command } = cli;
    let log = logging::start(&globals);
    let mut context = Context::new(globals, command.form());
    if command.is_plugin() {
        // A log that cannot be written is a warning of nobody's concern here: the answer goes to standard output.
        return status::plugin(&mut context).code();
    }
    let result = log.and_then(|()| dispatch(command, &mut context));
    heard(context.end(result), early)
}

fn dispatch(command: Command, context: &mut Context) -> Result<Exit, Trouble> {
    match command {
        Command::Fetch(args) => fetch::run(&args, context),
        Command::Ingest(args) => ingest::run(&args, context),
        Command::Inspect(args) => inspect::run(&args, context),
        Command::Outcomes(args) => outcomes::run(&args, context),
        Command::Send(args) => send::run(&args, context),
        Command::Status(args) => status::run(&args, context),
        Command::Outbox(args) => outbox::run(&args, context),
        Command::Report(args) => report::run(&args, context),
        Command::Events(args) => events::run(&args, context),
        Command::Quarantine(args) => quarantine::run(&args, context),
        Command::Ticket(args) => ticket::run(&args, context),
        Command::Prune(args) => prune::run(&args, context),
        Command::Store(args) => store::run(&args, context),
        Command::Check(args) => check::run(&args, context),
        Command::Init(args) => init::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Man(args) => man::run(&args, context),
        Command::Probe(args) => probe::run(&args, context),
        Command::Confine(args) => Ok(confine::run(&args)),
    }
}
