//! `helpdesk-mail probe`: what a run starts to read a message that an earlier run died with.

use std::fs;
use std::io::{Read as _, stdin};
use std::path::Path;

use jiff::Timestamp;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::model::exit::Exit;
use crate::model::ids::MailboxName;
use crate::model::item::{Extent, ItemKey};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::parse::Limits;
use crate::run::{self, Suspect};
use crate::store::Source;

use super::context::Context;
use super::desk;

/// Read the message on standard input as a dry run would, and say nothing
///
/// For the program itself: should the message end the process, a living one has seen it.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Its mailbox
    #[arg(long)]
    pub mailbox: MailboxName,

    /// Its account, as the ledger names it
    #[arg(long)]
    pub account: String,

    /// Its folder
    #[arg(long)]
    pub folder: String,

    /// Its key
    #[arg(long)]
    pub item: String,

    /// When it arrived
    #[arg(long)]
    pub arrived: Option<Timestamp>,

    /// It is only the beginning of a message
    #[arg(long)]
    pub beginning: bool,

    /// Fetch it from the mailbox, instead
    #[arg(long, conflicts_with = "beginning")]
    pub fetch: bool,
}

/// Reads the message under limits that a message in its right mind never meets.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let settings = context.settings()?;
    let source =
        Source { mailbox: args.mailbox.clone(), account: args.account.clone(), folder: args.folder.clone() };
    if args.fetch {
        let largest = settings.plan.mailboxes.iter().map(|mailbox| mailbox.mailbox.max_message_size).max();
        limit(&settings.plan.limits, usize::try_from(largest.unwrap_or(0)).unwrap_or(usize::MAX))?;
        let key = ItemKey(args.item.clone());
        run::probe_from_mailbox(&settings.plan, source, &key, &mut desk::probing(&settings)?)?;
        return Ok(Exit::Ok);
    }
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes).map_err(|error| {
        Trouble::new(ErrorCode::InputMissing, "standard input cannot be read").because(error)
    })?;
    limit(&settings.plan.limits, bytes.len())?;
    let suspect = Suspect {
        source,
        key: ItemKey(args.item.clone()),
        arrived: args.arrived,
        extent: if args.beginning { Extent::Beginning } else { Extent::Whole },
        bytes,
    };
    run::probe(&settings.plan, suspect, &mut desk::probing(&settings)?)?;
    Ok(Exit::Ok)
}

/// Limits what this process may use for a message of so many octets.
fn limit(limits: &Limits, octets: usize) -> Result<(), Trouble> {
    // No picture of a customer's mail is left on the disk.
    lower(Resource::Core, 0)?;
    lower(Resource::Cpu, run::cpu_limit(limits).as_secs())?;
    let most = run::memory_limit(limits, octets);
    lower(Resource::As, group_limit().map_or(most, |of_group| most.min(of_group)))
}

/// What the control group leaves a child (cgroups(7), version 2): the kernel ends who takes more by a signal that
/// tells nothing of the message, so it must not come to that. The parent lives in the other half.
fn group_limit() -> Option<u64> {
    /// The program itself needs so much.
    const LEAST: u64 = 200_000_000;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let file = Path::new("/sys/fs/cgroup").join(group.trim_start_matches('/')).join("memory.max");
    let limit: u64 = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    Some((limit / 2).max(LEAST))
}

/// Lowers a limit of the process; one that is lower already stays.
fn lower(resource: Resource, limit: u64) -> Result<(), Trouble> {
    let Rlimit { current, maximum } = getrlimit(resource);
    let lowered = |before: Option<u64>| Some(before.map_or(limit, |before| before.min(limit)));
    setrlimit(resource, Rlimit { current: lowered(current), maximum }).map_err(|error| {
        Trouble::new(ErrorCode::Internal, "the limits of the process cannot be set").because(error)
    })
}
