//! What a process costs. Each runs as the only child of another process, whose sums of its children are then that one's.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

/// What one run took.
#[derive(Clone, Copy, Default)]
pub struct Cost {
    /// Seconds.
    pub wall: f64,
    /// Seconds, of user and system together.
    pub cpu: f64,
    /// Octets, at the most.
    pub memory: u64,
}

/// The word that makes this program measure another.
pub const WORD: &str = "--measure";

/// Runs a command in a process between and tells what it took.
pub fn run(program: &str, arguments: &[String]) -> Result<Cost> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.env_clear().arg(WORD).arg(program).args(arguments).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let words: Vec<&str> = said.split_whitespace().collect();
    ensure!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    let [wall, cpu, memory] = words.as_slice() else { anyhow::bail!("nothing was measured: {said}") };
    Ok(Cost { wall: wall.parse()?, cpu: cpu.parse()?, memory: memory.parse()? })
}

/// The process between: runs a command and prints what it took.
pub fn between(words: &[String]) -> Result<()> {
    let (program, arguments) = words.split_first().context("what is to be measured?")?;
    let started = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    let wall = started.elapsed().as_secs_f64();
    // 1: some mails wait in quarantine, as they should.
    ensure!(matches!(status.code(), Some(0 | 1)), "{program} ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    println!("{wall} {cpu} {}", usage.max_rss() * 1024);
    Ok(())
}
