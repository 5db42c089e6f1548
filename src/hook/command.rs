//! A program that is given an event on its standard input and answers by its exit status.
//!
//! No shell is involved. It has a clean environment, the directory `/`, a process group of its own and bounds of memory;
//! when its time is over the group is asked to end (SIGTERM) and a second later ended, and what a program leaves running
//! in its group is ended with it.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Access, access};
use rustix::process::Signal;

use super::config::{Hook, Program, Start};
use super::pipes::{self, Attended, Heard, Span};
use super::{Answer, Call, HookError, first_line};
use crate::transport::process;
use crate::transport::wire;

/// Where programs are looked for, and what they find as `PATH`.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The file that this process runs, even once another one has its name.
const OWN: &str = "/proc/self/exe";

/// How long a program may take to end once it is asked to.
const GRACE: Duration = Duration::from_secs(1);

/// The exit status of a veto.
const VETO: i32 = 10;

/// Runs the program to its end.
pub(super) fn run(hook: &Hook, program: &Program, call: &Call<'_>) -> Result<Answer, HookError> {
    let file = find(hook, program)?;
    let uncallable = |error: io::Error| HookError::Uncallable {
        hook: hook.name.clone(),
        hint: Some("see that the user that runs this program may run it by hand".to_owned()),
        source: error.into(),
    };
    let mut child = spawn(&file, program, call).map_err(uncallable)?;
    let span = Span { deadline: Instant::now() + hook.timeout, stop: call.stop };
    let bounded = if is_confined(program) { Ok(()) } else { bound(&child, program.memory) };
    let attended = bounded.and_then(|()| pipes::attend(&mut child, call.body.as_bytes(), &span));
    match attended {
        Ok(Attended::Ended(heard)) => {
            // What it left running in its group goes with it, before its number can be another's.
            process::signal(&child, Signal::KILL);
            let status = child.wait().map_err(uncallable)?;
            answer(hook, status, &heard)
        }
        Ok(Attended::TimeOver) => {
            end(&mut child);
            Err(HookError::Timeout { hook: hook.name.clone(), limit: hook.timeout })
        }
        Ok(Attended::Stopped) => {
            end(&mut child);
            Err(HookError::Interrupted { hook: hook.name.clone() })
        }
        Err(error) => {
            process::kill(&mut child);
            Err(uncallable(error))
        }
    }
}

/// Where the program is.
pub(super) fn find(hook: &Hook, program: &Program) -> Result<PathBuf, HookError> {
    let name = &program.file;
    let unusable = |source: io::Error| HookError::Uncallable {
        hook: hook.name.clone(),
        hint: Some(format!("\"command\" begins with the path of a program, or its name in {PATH}")),
        source: io::Error::new(source.kind(), format!("{}: {source}", name.display())).into(),
    };
    if name.components().count() > 1 {
        return executable(name).map(|()| name.clone()).map_err(unusable);
    }
    let places = PATH.split(':').map(|directory| Path::new(directory).join(name));
    let found = places.into_iter().find(|place| executable(place).is_ok());
    found.ok_or_else(|| unusable(io::Error::new(io::ErrorKind::NotFound, "there is no such program")))
}

fn executable(path: &Path) -> io::Result<()> {
    if path.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(access(path, Access::EXEC_OK)?)
}

/// Whether the program is bounded before it begins.
fn is_confined(program: &Program) -> bool {
    program.start == Start::Confined && Path::new(OWN).exists()
}

fn command(file: &Path, program: &Program) -> Command {
    if !is_confined(program) {
        return Command::new(file);
    }
    let mut command = Command::new(OWN);
    command.arg0(env!("CARGO_PKG_NAME")).arg("confine").arg(format!("--memory={}", program.memory));
    command.arg("--").arg(file);
    command
}

fn spawn(file: &Path, program: &Program, call: &Call<'_>) -> io::Result<Child> {
    command(file, program)
        .args(program.arguments.iter().map(OsStr::new))
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .env("HELPDESK_MAIL_EVENT", call.kind.as_str())
        .env("HELPDESK_MAIL_EVENT_ID", call.id.as_str())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// Bounds the memory of the program and of all that it starts from now on; nothing of a mail is left in a core file.
///
/// What counts is what they can write to, not the address space: programs of Go, Java and Node reserve more than they use.
#[cfg(target_os = "linux")]
fn bound(child: &Child, memory: u64) -> io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    for (resource, most) in [(Resource::Data, memory), (Resource::Core, 0)] {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        match prlimit(pid, resource, limit) {
            // It has ended already.
            Ok(_) | Err(rustix::io::Errno::SRCH) => {}
            // The limits that it has are lower.
            Err(rustix::io::Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Other systems set limits on the own process alone.
#[cfg(not(target_os = "linux"))]
fn bound(_: &Child, _: u64) -> io::Result<()> {
    Ok(())
}

/// Ends a program, with a moment to do so itself.
fn end(child: &mut Child) {
    process::signal(child, Signal::TERM);
    // Whatever it says now, its time is over.
    let _ = pipes::attend(child, &[], &Span { deadline: Instant::now() + GRACE, stop: &|| false });
    process::kill(child);
}

fn answer(hook: &Hook, status: ExitStatus, heard: &Heard) -> Result<Answer, HookError> {
    let first = first_line(&heard.output);
    let failed = |how: String| {
        // The last line of a trace is what went wrong.
        let complaint = heard.complaint.rsplit(|octet| *octet == b'\n').map(wire::text);
        let complaint = complaint.into_iter().find(|line| !line.is_empty()).unwrap_or_default();
        let said = if complaint.is_empty() { how } else { format!("{how}: {complaint}") };
        Err(HookError::Failed { hook: hook.name.clone(), said, again_after: None })
    };
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(Answer::Taken(first)),
        (Some(VETO), _) => Ok(Answer::Veto(first)),
        (Some(code), _) => failed(format!("exit status {code}")),
        (None, Some(signal)) => failed(format!("ended by signal {signal}")),
        (None, None) => failed(status.to_string()),
    }
}
