//! `cargo xtask fuzz`: every target of `fuzz/` for a bounded time, from the committed seeds.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{root, succeed};

/// How long each target runs unless it is told otherwise.
const SECONDS: &str = "60";

/// Runs all targets; `seconds` is how long each.
pub(crate) fn run(seconds: Option<&str>) -> Result<()> {
    let seconds = seconds.unwrap_or(SECONDS);
    if seconds.parse::<u32>().is_err() {
        bail!("{seconds:?} is no number of seconds");
    }
    ensure()?;
    for target in targets()? {
        // What it finds on the way is kept apart from the seeds, and out of the repository.
        let corpus = format!("fuzz/corpus/{target}");
        fs::create_dir_all(root().join(&corpus)).with_context(|| format!("cannot make {corpus}"))?;
        let mut command = Command::new("cargo");
        command
            .args(["fuzz", "run", &target, &corpus, &format!("fuzz/seeds/{target}"), "--"])
            .args([
                &format!("-max_total_time={seconds}"),
                "-max_len=65536",
                "-rss_limit_mb=1024",
                "-timeout=10",
            ])
            // The sanitizer's flags are not stable, and this toolchain is.
            .env("RUSTC_BOOTSTRAP", "1");
        succeed(&mut command)?;
    }
    Ok(())
}

/// The names of the targets.
fn targets() -> Result<Vec<String>> {
    let directory = root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    if names.is_empty() {
        bail!("there is no target in {}", directory.display());
    }
    Ok(names)
}

/// Installs cargo-fuzz where it is missing.
fn ensure() -> Result<()> {
    let mut ask = Command::new("cargo");
    ask.args(["fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if ask.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    succeed(Command::new("cargo").args(["install", "cargo-fuzz", "--locked"]))
}
