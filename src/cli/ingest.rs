//! `helpdesk-mail ingest`, and what its exit code says to a mail server.

use std::path::PathBuf;
use std::time::Instant;

use crate::mailbox::mbox;
use crate::model::exit::Exit;
use crate::model::ids::QueueSlug;
use crate::model::trouble::{ErrorCode, Trouble};
use crate::policy::Queue;
use crate::run::{self, Audience, Handed, Mode, Ran, Summary};
use crate::settings::Settings;

use super::context::Context;
use super::output::listener;
use super::{desk, inspect, watch};

/// Take messages from files, an mbox or standard input
///
/// The same road as fetch, for a Postfix pipe, procmail, or mail that lies around. Without FILE, or for "-", standard
/// input is read. A file that begins with "From " is an mbox of any number of messages; with --mta it is one message.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Queue of new tickets; without it the only one that is configured
    #[arg(long, value_name = "SLUG")]
    pub queue: Option<QueueSlug>,

    /// Speak to a mail server: exit 0 if the message is ours now (also in quarantine), 75 if it is to keep it
    ///
    /// No other exit code is given, a wrong configuration included, so that no mail is bounced.
    #[arg(long)]
    pub mta: bool,

    /// Write JSON objects, one per line: messages, then a summary
    #[arg(long)]
    pub json: bool,

    /// Files to read
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Ingests.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let started = Instant::now();
    let unbegun = |trouble| Summary::unbegun(trouble, Mode::Real, audience(args), started);
    ingest(args, context).or_else(|trouble| context.unbegun(trouble, unbegun))
}

fn audience(args: &Args) -> Audience {
    if args.mta { Audience::MailServer } else { Audience::Giver }
}

fn ingest(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings()?;
    let queue = queue(args.queue.as_ref(), &settings)?;
    let stdin = [PathBuf::from("-")];
    let files = if args.files.is_empty() { &stdin[..] } else { &args.files };
    let mut messages = Vec::new();
    for file in files {
        let bytes = inspect::read(file)?;
        messages.extend(taken_apart(bytes, args));
    }
    let mut companions = desk::acting(&settings, &desk::locks(&settings))?;
    let causes = context.causes();
    let mut listener = listener::of(&mut context.out, context.form, causes);
    let handed = Handed { queue, messages, audience: audience(args), stop: context.signals.stop() };
    let summary = run::ingest(&settings.plan, handed, &mut companions, listener.as_mut())?;
    // What there is to tell leaves with the next fetch or send, as notifications do.
    let _written = watch::alerts(&settings, companions.store(), Ran::of("ingest", &summary).as_ref());
    watch::metrics(&settings);
    Ok(summary.exit)
}

/// The messages of a file. A mail server hands over one, quoted or not, under a `From ` line of each delivery's own.
fn taken_apart(bytes: Vec<u8>, args: &Args) -> Vec<Vec<u8>> {
    if args.mta {
        return vec![mbox::without_separator(bytes)];
    }
    mbox::split(&bytes).unwrap_or_else(|| vec![bytes])
}

fn queue<'a>(named: Option<&QueueSlug>, settings: &'a Settings) -> Result<&'a Queue, Trouble> {
    let queues = &settings.plan.queues;
    let (found, what) = match (named, queues.as_slice()) {
        (Some(slug), _) => {
            (queues.iter().find(|queue| queue.slug == *slug), format!("there is no queue \"{slug}\""))
        }
        (None, [only]) => (Some(only), String::new()),
        (None, _) => (None, "several queues are configured: name one with --queue".to_owned()),
    };
    found.ok_or_else(|| {
        let slugs: Vec<_> = queues.iter().map(|queue| queue.slug.as_str()).collect();
        Trouble::new(ErrorCode::Usage, what).hint(format!(
            "configured in {} are: {}",
            settings.file.display(),
            slugs.join(", ")
        ))
    })
}

/// The exit code of `ingest --mta`.
///
/// A command line that only asks for help takes no mail, so that the mail server must keep it.
pub(crate) fn for_the_mail_server(exit: Exit, asks_only: bool) -> Exit {
    if asks_only { Exit::Temporary } else { exit.for_a_mail_server() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_hears_0_or_75() {
        for exit in Exit::ALL {
            let expected = if matches!(exit, Exit::Ok | Exit::Attention) { 0 } else { 75 };
            assert_eq!(for_the_mail_server(exit, false).code(), expected, "{exit:?}");
            assert_eq!(for_the_mail_server(exit, true).code(), 75, "{exit:?}");
        }
    }
}
