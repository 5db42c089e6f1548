//! Programs that are run: waited for within a time, and ended with all that they started.

use std::io;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// Waits for the end of a program; `None` if it does not come in time.
pub(crate) fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// Ends the command and all it started; they share a process group of their own.
pub(crate) fn kill(child: &mut Child) {
    signal(child, Signal::KILL);
    drop((child.kill(), child.wait()));
}

/// Whether the program has ended; it is not reaped, so that its number is nobody else's yet.
pub(crate) fn has_ended(child: &Child) -> io::Result<bool> {
    let Some(pid) = pid(child) else { return Ok(true) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

/// Sends a signal to the program and all it started; they share a process group of their own.
pub(crate) fn signal(child: &Child, signal: Signal) {
    if let Some(group) = pid(child) {
        // Of a group that has ended nobody is left to hear it.
        let _ = kill_process_group(group, signal);
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}
