//! Suspects: a message that a run died with is first read in a process of its own.
//!
//! A stack that overflows and a failed allocation end the whole process, and nothing in it can catch that. Only the
//! death of a child that its living parent saw counts against a message: a kill from outside may meet any.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::Signal;

use crate::model::ids::{MailboxName, RunId};
use crate::model::item::{Extent, Fetched, ItemKey, Listed};
use crate::model::trouble::Trouble;
use crate::parse::Limits;
use crate::store::Source;
use crate::transport::process;

use super::batch::Batch;
use super::companions::Companions as _;
use super::config::Plan;
use super::job::Job;
use super::rehearsing::Rehearsing;
use super::report::{Listener, MailboxLine, MessageLine, Summary};
use super::suspects::Suspects;
use super::tally::Tally;

/// What became of a child that read a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It came to an end: the message is as good as any.
    Survived,
    /// It died of the message.
    Died(String),
    /// It was killed from outside or could not be begun: nothing is known of the message.
    Unknown(String),
}

/// Who reads suspects.
#[derive(Debug, Clone)]
pub enum Prober {
    /// This program with this configuration, in a process of its own.
    Program {
        /// The program.
        program: PathBuf,
        /// Its configuration.
        config: PathBuf,
        /// How long it is waited for.
        limit: Duration,
    },
    /// Nobody: suspects are read like any other message.
    Nobody,
}

/// What a child is told besides the octets: where the message lies.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// Its place in the ledger.
    pub source: Source,
    /// Its key.
    pub key: ItemKey,
    /// When it came.
    pub arrived: Option<Timestamp>,
    /// Whether the octets are all of it.
    pub extent: Extent,
    /// The octets.
    pub bytes: Vec<u8>,
}

impl Prober {
    /// Whether the message ends a process that reads it.
    pub(super) fn try_out(&self, source: &Source, message: &Fetched) -> Fate {
        let Self::Program { program, config, limit } = self else { return Fate::Survived };
        let mut command = command(program, config, source, &message.listed);
        if message.extent != Extent::Whole {
            command.arg("--beginning");
        }
        watch(command.stdin(Stdio::piped()), &message.bytes, *limit).map_or_else(Fate::Unknown, fate)
    }

    /// Whether the message ends a process that fetches and reads it. One that cannot come to it knows nothing against it.
    pub(super) fn try_whole(&self, source: &Source, item: &Listed) -> Fate {
        let Self::Program { program, config, limit } = self else { return Fate::Survived };
        let mut command = command(program, config, source, item);
        match watch(command.arg("--fetch").stdin(Stdio::null()), &[], *limit) {
            Ok(status) if status.signal().is_none() && status.code() != Some(BUG) => Fate::Survived,
            Ok(status) => fate(status),
            Err(why) => Fate::Unknown(why),
        }
    }
}

fn command(program: &Path, config: &Path, source: &Source, item: &Listed) -> Command {
    let mut command = Command::new(program);
    command.arg("--config").arg(config).args(["--quiet", "probe", "--mailbox"]).arg(source.mailbox.as_str());
    // Written with `=`, no value is taken for an option.
    command.arg(format!("--account={}", source.account)).arg(format!("--folder={}", source.folder));
    command.arg(format!("--item={}", item.key));
    if let Some(arrived) = item.arrived {
        command.arg(format!("--arrived={arrived}"));
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The exit status of a process that gave up over a bug.
const BUG: i32 = 70;

/// Gives a child the message and waits for its end; an error says why nothing is known of that.
fn watch(command: &mut Command, bytes: &[u8], limit: Duration) -> Result<ExitStatus, String> {
    let mut child = command
        .spawn()
        .map_err(|error| format!("{} cannot be run: {error}", command.get_program().display()))?;
    let input = child.stdin.take();
    thread::scope(|scope| {
        if let Some(mut input) = input {
            // A child that dies reads no further, and that shows in its status.
            scope.spawn(move || drop(input.write_all(bytes)));
        }
        process::wait(&mut child, Instant::now() + limit).ok_or_else(|| {
            drop((child.kill(), child.wait()));
            format!("its process did not end within {limit:?}")
        })
    })
}

/// What a process says by its end. What a fault of its own raises is told from what others send.
fn fate(status: ExitStatus) -> Fate {
    match status.signal() {
        None if status.success() => Fate::Survived,
        // A bug that only this message meets.
        None if status.code() == Some(BUG) => Fate::Died("the process that read it gave up".to_owned()),
        None => Fate::Unknown(format!("its process ended with {status}")),
        Some(signal) => {
            let own = [Signal::ABORT, Signal::SEGV, Signal::BUS, Signal::ILL, Signal::FPE, Signal::XCPU]
                .iter()
                .any(|own| own.as_raw() == signal);
            let how = format!("the process that read it ended with {status}");
            if own { Fate::Died(how) } else { Fate::Unknown(how) }
        }
    }
}

/// How long a child may compute: reading has a limit of its own, and what follows is short.
pub fn cpu_limit(limits: &Limits) -> Duration {
    limits.time * 4 + Duration::from_secs(10)
}

/// Address space of a child that reads so many octets.
pub fn memory_limit(limits: &Limits, octets: usize) -> u64 {
    /// Copies of a message that the road may need at once: as it came, decoded, as text, in the database.
    const COPIES: u64 = 8;
    (limits.memory as u64).saturating_add(COPIES.saturating_mul(octets as u64))
}

/// Walks the road for one message as a dry run does; the child of [`Prober`] does this and nothing else.
pub fn probe(plan: &Plan, suspect: Suspect, desk: &mut Rehearsing) -> Result<(), Trouble> {
    let Suspect { source, key, arrived, extent, bytes } = suspect;
    let job = Job { run: RunId(0), hooks: &[], ..Job::of_source(plan, &source, desk)? };
    let listed = Listed { key, size: Some(bytes.len() as u64), arrived };
    let none = Suspects::default();
    let road = Batch { job: &job, source: &source, old: None, suspects: &none };
    let items = road.read(vec![Fetched { listed, bytes, extent }], desk);
    let mut silent = Silent;
    let mut tally = Tally::of(source.mailbox.clone(), &mut silent);
    road.receive(&items, desk, &mut tally).map(drop)
}

/// Fetches the message from its mailbox, which is only looked at, and walks the road for it.
pub fn probe_from_mailbox(
    plan: &Plan,
    source: Source,
    key: &ItemKey,
    desk: &mut Rehearsing,
) -> Result<(), Trouble> {
    let Some(mailbox) = plan.mailboxes.iter().find(|mailbox| mailbox.mailbox.name == source.mailbox) else {
        return Ok(());
    };
    let mut gate = desk.open(&mailbox.mailbox)?;
    let reader = gate.reader();
    reader.open(&source.folder)?;
    let Some(listed) = reader.list(None)?.items.into_iter().find(|item| item.key == *key) else {
        return Ok(());
    };
    for Fetched { listed, bytes, extent } in reader.fetch(&[listed])? {
        let (arrived, key) = (listed.arrived, listed.key);
        probe(plan, Suspect { source: source.clone(), key, arrived, extent, bytes }, desk)?;
    }
    Ok(())
}

/// Tells nobody.
pub(super) struct Silent;

impl Listener for Silent {
    fn progress(&mut self, _: &MailboxName, _: u64, _: u64) {}

    fn message(&mut self, _: MessageLine) {}

    fn mailbox(&mut self, _: &MailboxLine) {}

    fn summary(&mut self, _: &Summary) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate_of(script: &str, input: &[u8]) -> Fate {
        let mut shell = Command::new("/bin/sh");
        watch(shell.args(["-c", script]).stdin(Stdio::piped()), input, Duration::from_secs(20))
            .map_or_else(Fate::Unknown, fate)
    }

    #[test]
    fn only_a_death_of_its_own_counts_against_a_message() {
        let large = vec![b'x'; 1_000_000];
        let table = [
            ("cat >/dev/null", "survived"),
            ("exit 0", "survived"),
            ("exit 70", "died"),
            ("exit 75", "unknown"),
            ("ulimit -c 0; kill -ABRT $$", "died"),
            ("ulimit -c 0; kill -SEGV $$", "died"),
            ("ulimit -c 0; kill -XCPU $$", "died"),
            ("kill -KILL $$", "unknown"),
            ("kill -TERM $$", "unknown"),
        ];
        for (script, expected) in table {
            let fate = match fate_of(script, &large) {
                Fate::Survived => "survived",
                Fate::Died(_) => "died",
                Fate::Unknown(_) => "unknown",
            };
            assert_eq!(fate, expected, "{script}");
        }
    }

    #[test]
    fn a_child_that_hangs_is_given_up_and_nothing_is_known() {
        let mut shell = Command::new("/bin/sh");
        let shell = shell.args(["-c", "exec sleep 60"]).stdin(Stdio::piped());
        let fate = watch(shell, b"x", Duration::from_millis(50));
        assert_eq!(fate, Err("its process did not end within 50ms".to_owned()));
    }
}
