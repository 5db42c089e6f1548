//! `helpdesk-mail report`: the numbers of some days as a page, or for programs.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::exit::Exit;
use crate::model::report::{MOST_DAYS, Report};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::report;
use crate::transport::files;

use super::context::Context;
use super::output::{Form, escape};
use super::when::When;

/// Write a page that shows outcomes, reasons, times, senders, queues and notifications of the last days
///
/// The page is one HTML file that needs no network and no script. Days are those of UTC and whole, but for the last. A
/// message counts on the day of its latest outcome, a notification on the day that it was written, by what became of it.
/// With --output the file is for its owner alone; redirect standard output where another user is to read it, such as a web
/// server.
///
/// The JSON is one object: "since" (the first day), "until" (when it was made), "messages" (how many), "outcomes" (how many
/// had each), "reasons" (each "outcome" and "reason" with its "count"), "time_to_ticket" (from the arrival of each message on
/// a ticket: "count", "median_seconds", "p95_seconds", "longest_seconds", and "bins", each with the "count" of those that took
/// "up_to_seconds" and longer than the bin before), "senders" and "queues" (the ten busiest: "address" or "queue",
/// "messages", and the "tickets" that these opened), "outbox" (how many notifications are in each state),
/// "time_to_delivery" (until a server took a notification, as "time_to_ticket"), and "days", each with its "date",
/// "outcomes" and "outbox". What there is not is null.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// From the day of a time (2026-11-21T08:00:00Z), a date (2026-11-21) or an age (24h, 30d) on; 400 days at most, today among them
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    pub since: When,

    /// The file to write, as a whole or not at all and for its owner alone; "-" is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,

    /// What is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Html)]
    pub format: Format,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// Leave out the addresses of senders
    #[arg(long)]
    pub anonymous: bool,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A page for people
    Html,
    /// The numbers for programs: a JSON object
    Json,
}

impl Args {
    pub(crate) fn json(&self) -> bool {
        self.json || self.format == Format::Json
    }
}

/// Counts and writes.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let now = Timestamp::now();
    let first = args.since.day(now);
    require_period(first, now)?;
    let report = context.store()?.report(first, now)?;
    let report = if args.anonymous { report.without_addresses() } else { report };
    let text = written(&report, context.form);
    if args.output == Path::new("-") {
        context.out.bytes(text.as_bytes());
        return Ok(Exit::Ok);
    }
    write(&args.output, text.as_bytes()).map_err(|error| {
        Trouble::new(ErrorCode::OutputIo, format!("cannot write {}", args.output.display()))
            .hint("name a file in a directory that is there, has room, and in which you may write")
            .because(error)
    })?;
    if context.form == Form::Human {
        context.out.line(&format!("wrote {}", escape::line(&args.output.display().to_string())));
    }
    Ok(Exit::Ok)
}

fn written(report: &Report, form: Form) -> String {
    match form {
        Form::Human => report::page(report),
        Form::Json => format!("{}\n", report::json(report)),
    }
}

/// A period that has begun and that a page can show.
fn require_period(first: Date, now: Timestamp) -> Result<(), Trouble> {
    let today = When::At(now).day(now);
    let days = first.until(today).map_or(i32::MAX, |span| span.get_days());
    let refused = |what: &str, hint: String| Err(Trouble::new(ErrorCode::Usage, what).hint(hint));
    match usize::try_from(days) {
        Ok(days) if days < MOST_DAYS => Ok(()),
        Ok(_) => refused(
            &format!(
                "a report covers {MOST_DAYS} days at most, today among them, and --since is {days} days ago"
            ),
            format!("give --since {}d or less", MOST_DAYS - 1),
        ),
        Err(_) => {
            refused("--since is in the future", "give a date that is past, or an age such as 30d".to_owned())
        }
    }
}

/// A file is replaced in one step; a device or a pipe is written into.
fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    if path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(octets);
    }
    files::replace(path, octets, 0o600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_at_most_four_hundred_days_and_has_begun() {
        let now: Timestamp = "2026-11-30T18:00:00Z".parse().unwrap();
        let required = |since: &str| require_period(since.parse::<When>().unwrap().day(now), now);
        for good in ["0s", "30d", "399d", "2026-11-30", "2025-10-27"] {
            assert!(required(good).is_ok(), "{good}");
        }
        for (bad, told) in [
            ("400d", "a report covers 400 days at most, today among them, and --since is 400 days ago"),
            ("2026-12-01", "--since is in the future"),
        ] {
            let trouble = required(bad).unwrap_err();
            assert_eq!((trouble.code, trouble.message.as_str()), (ErrorCode::Usage, told));
        }
        assert!(required("9999999999999d").is_err());
    }
}
