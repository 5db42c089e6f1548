//! `cargo xtask demo`: the main job on the demo mailbox, in a fresh copy, with every command shown.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{cargo, root};

/// Builds, fetches and shows.
///
/// The build is the one that the tests use: a release build takes several times as long and shows nothing more.
pub(crate) fn run() -> Result<()> {
    cargo(&["build", "--package", "helpdesk-mail"])?;
    let place = root().join("target/demo");
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    copy(&root().join("fixtures/demo"), &place)?;
    println!("The mailbox is a copy of fixtures/demo/mail in target/demo/mail.\n");
    println!("What a fetch would do; nothing is changed:");
    helpdesk_mail(&["fetch", "--dry-run"])?;
    println!("Now it is done:");
    let code = helpdesk_mail(&["fetch"])?;
    explain(code)?;
    println!("A second fetch finds nothing new:");
    helpdesk_mail(&["fetch"])?;
    println!("The ledger has a row for every message:");
    helpdesk_mail(&["outcomes"])?;
    println!("The tickets:");
    helpdesk_mail(&["ticket", "list"])?;
    println!("What failed waits in quarantine:");
    helpdesk_mail(&["quarantine", "list"])?;
    println!("The store is target/demo/helpdesk-mail.db. Go on with, for instance:");
    println!("  {} ticket show 1", shown());
    Ok(())
}

/// Runs the program on the demo and gives its exit code.
fn helpdesk_mail(arguments: &[&str]) -> Result<i32> {
    println!("\n$ {} {}", shown(), arguments.join(" "));
    let program = root().join("target/debug/helpdesk-mail");
    let status = Command::new(&program)
        .args(["--config", "target/demo/helpdesk-mail.toml"])
        .args(arguments)
        .current_dir(root())
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    println!();
    status.code().context("helpdesk-mail was killed")
}

fn shown() -> &'static str {
    "target/debug/helpdesk-mail --config target/demo/helpdesk-mail.toml"
}

fn explain(code: i32) -> Result<()> {
    match code {
        0 => println!("Exit code 0: every message is settled and nothing waits for a person.\n"),
        1 => println!(
            "Exit code 1: all was processed, and one message, which cannot be read, waits in quarantine.\n"
        ),
        other => bail!("fetch ended with exit code {other}; 0 or 1 was expected"),
    }
    Ok(())
}

/// Copies a directory; the copies are the user's alone, as the program demands of its configuration.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let source = entry?.path();
        let target = to.join(source.file_name().context("a file without a name")?);
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}
