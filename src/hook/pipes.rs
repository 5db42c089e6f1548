//! The pipes to a program: its input is written and its output read as it goes, until it ends or its time is over.
//!
//! One thread does both, without ever waiting for a pipe: a program that reads nothing, floods us, or leaves a child
//! behind that holds its pipes keeps nobody. What it says beyond [`MOST_OUTPUT`] is read away and lost.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::transport::process;

/// How much of its standard output is kept, in octets.
const MOST_OUTPUT: usize = 64 * 1024;

/// How much of its standard error is kept.
const MOST_COMPLAINT: usize = 4 * 1024;

/// How often it is looked whether the program has ended while its pipes are silent.
const LOOK: Duration = Duration::from_millis(2);

/// The most that is read of a pipe at a time, so that a flood does not keep us from the clock.
const GULP: usize = 64 * 1024;

/// What a program said.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) output: Vec<u8>,
    pub(super) complaint: Vec<u8>,
}

/// How long a program is attended to.
pub(super) struct Span<'a> {
    /// When its time is over.
    pub(super) deadline: Instant,
    /// Whether it is to end before.
    pub(super) stop: &'a dyn Fn() -> bool,
}

/// What came of attending to a program.
pub(super) enum Attended {
    /// It has ended.
    Ended(Heard),
    /// Its time is over.
    TimeOver,
    /// It is to end.
    Stopped,
}

/// Feeds a program and listens to it. It is neither ended nor reaped.
pub(super) fn attend(child: &mut Child, input: &[u8], span: &Span<'_>) -> io::Result<Attended> {
    let mut pipes = Pipes::of(child, input)?;
    loop {
        // Asked before the pipes are emptied: what it wrote before its end is in them.
        let has_ended = process::has_ended(child)?;
        pipes.move_on(if has_ended { Duration::ZERO } else { LOOK })?;
        if has_ended {
            return Ok(Attended::Ended(pipes.heard));
        }
        if (span.stop)() {
            return Ok(Attended::Stopped);
        }
        if Instant::now() >= span.deadline {
            return Ok(Attended::TimeOver);
        }
    }
}

/// Our ends of the pipes; one that is closed is gone.
struct Pipes<'a> {
    input: Option<(ChildStdin, &'a [u8])>,
    output: Option<ChildStdout>,
    complaint: Option<ChildStderr>,
    heard: Heard,
}

impl<'a> Pipes<'a> {
    fn of(child: &mut Child, input: &'a [u8]) -> io::Result<Self> {
        let pipes = Self {
            input: child.stdin.take().map(|pipe| (pipe, input)),
            output: child.stdout.take(),
            complaint: child.stderr.take(),
            heard: Heard::default(),
        };
        pipes.input.as_ref().map_or(Ok(()), |(pipe, _)| never_wait(pipe))?;
        pipes.output.as_ref().map_or(Ok(()), never_wait)?;
        pipes.complaint.as_ref().map_or(Ok(()), never_wait)?;
        Ok(pipes)
    }

    /// Waits for so long at most until a pipe is ready, then writes and reads once.
    fn move_on(&mut self, wait: Duration) -> io::Result<()> {
        self.wait(wait)?;
        if let Some((pipe, rest)) = &mut self.input {
            match write(pipe, rest) {
                Flow::Open => {}
                // A program need not read what it is told.
                Flow::Closed => self.input = None,
            }
        }
        if let Some(pipe) = &mut self.output
            && read(pipe, &mut self.heard.output, MOST_OUTPUT) == Flow::Closed
        {
            self.output = None;
        }
        if let Some(pipe) = &mut self.complaint
            && read(pipe, &mut self.heard.complaint, MOST_COMPLAINT) == Flow::Closed
        {
            self.complaint = None;
        }
        Ok(())
    }

    fn wait(&self, wait: Duration) -> io::Result<()> {
        let mut fds = Vec::with_capacity(3);
        fds.extend(self.input.as_ref().map(|(pipe, _)| PollFd::new(pipe, PollFlags::OUT)));
        fds.extend(self.output.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(self.complaint.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
        match poll(&mut fds, Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a pipe goes on.
#[derive(PartialEq, Eq)]
enum Flow {
    Open,
    Closed,
}

fn never_wait(pipe: &impl AsFd) -> io::Result<()> {
    Ok(fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?)
}

fn write(pipe: &mut ChildStdin, rest: &mut &[u8]) -> Flow {
    match pipe.write(rest) {
        Ok(octets) => {
            *rest = rest.get(octets..).unwrap_or_default();
            if rest.is_empty() { Flow::Closed } else { Flow::Open }
        }
        Err(error) => after(&error),
    }
}

fn read(pipe: &mut impl Read, kept: &mut Vec<u8>, most: usize) -> Flow {
    let mut gulp = [0; GULP];
    match pipe.read(&mut gulp) {
        Ok(0) => Flow::Closed,
        Ok(octets) => {
            let room = most.saturating_sub(kept.len()).min(octets);
            kept.extend_from_slice(gulp.get(..room).unwrap_or_default());
            Flow::Open
        }
        Err(error) => after(&error),
    }
}

/// What an error of a pipe means; whatever it is besides, the pipe is of no more use.
fn after(error: &io::Error) -> Flow {
    let passes = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted);
    if passes { Flow::Open } else { Flow::Closed }
}
