//! `helpdesk-mail ingest`, and what its exit code says to a mail server.

use std::path::PathBuf;

use crate::model::exit::Exit;
use crate::model::ids::QueueSlug;
use crate::model::trouble::{ErrorCode, Trouble};

use super::context::Context;
use super::output::listener;

/// Take messages from files, an mbox or standard input
///
/// The same road as fetch, for a Postfix pipe, procmail, or mail that lies around. Without FILE, or for "-", standard
/// input is read. A file that begins with "From " is an mbox of any number of messages.
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

    /// Write JSON objects, one per line: messages, mailboxes, a summary
    #[arg(long)]
    pub json: bool,

    /// Files to read
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Ingests.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings()?;
    if let Some(slug) = &args.queue
        && !settings.plan.queues.iter().any(|queue| queue.slug == *slug)
    {
        let slugs: Vec<_> = settings.plan.queues.iter().map(|queue| queue.slug.as_str()).collect();
        return Err(Trouble::new(ErrorCode::Usage, format!("there is no queue {:?}", slug.as_str()))
            .hint(format!("configured in {} are: {}", settings.file.display(), slugs.join(", "))));
    }
    let causes = context.causes();
    let _listener = listener::of(&mut context.out, context.form, causes);
    Err(Trouble::new(ErrorCode::Internal, "ingest is not built in yet"))
}

/// The exit code of `ingest --mta`: 0 if the mail is ours, also in quarantine, else 75.
///
/// A command line that only asks for help takes no mail, so that the mail server must keep it.
pub(crate) fn for_the_mail_server(exit: Exit, asks_only: bool) -> Exit {
    match exit {
        Exit::Ok | Exit::Attention if !asks_only => Exit::Ok,
        Exit::Ok
        | Exit::Attention
        | Exit::Usage
        | Exit::Data
        | Exit::NoInput
        | Exit::Unavailable
        | Exit::Internal
        | Exit::CantCreate
        | Exit::Io
        | Exit::Temporary
        | Exit::Refused
        | Exit::Config => Exit::Temporary,
    }
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
