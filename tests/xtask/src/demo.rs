//! `cargo xtask demo`: the main job on the demo mailbox, in a fresh copy, with every command shown.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{cargo, root};

/// The program and the place of the demo, beside this program wherever the build is.
struct Demo {
    program: PathBuf,
    place: PathBuf,
}

/// Builds, fetches and shows.
///
/// The build is the one that the tests use: a release build takes several times as long and shows nothing more.
pub(crate) fn run() -> Result<()> {
    cargo(&["build", "--package", "helpdesk-mail"])?;
    let demo = Demo::beside_us()?;
    let place = &demo.place;
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    copy(&root().join("fixtures/demo"), place)?;
    println!("The mailboxes are a copy of fixtures/demo/mail in {}.\n", shown(&place.join("mail")));
    println!("What a fetch would do; nothing is changed:");
    demo.run(&["-q", "fetch", "--dry-run"])?;
    println!("Now it is done:");
    let code = demo.run(&["fetch"])?;
    explain(code)?;
    println!("A second fetch finds nothing new:");
    demo.run(&["fetch"])?;
    println!("The ledger has a row for every message:");
    demo.run(&["outcomes"])?;
    println!("The tickets:");
    demo.run(&["ticket", "list"])?;
    println!("What failed waits in quarantine:");
    demo.run(&["quarantine", "list"])?;
    println!("A page on all that, to be opened in a browser:");
    demo.run(&["report", "--output", &place.join("report.html").display().to_string()])?;
    println!("The store is {}. Go on with, for instance:\n", shown(&place.join("helpdesk-mail.db")));
    println!("  {} ticket show 1", demo.words());
    Ok(())
}

impl Demo {
    fn beside_us() -> Result<Self> {
        let us = std::env::current_exe().context("this program cannot be found")?;
        let target = us.ancestors().nth(2).context("this program is not in a target directory")?;
        Ok(Self { program: us.with_file_name("helpdesk-mail"), place: target.join("demo") })
    }

    /// Runs the program on the demo and gives its exit code.
    fn run(&self, arguments: &[&str]) -> Result<i32> {
        println!("\n$ {} {}", self.words(), arguments.join(" "));
        let status = Command::new(&self.program)
            .arg("--config")
            .arg(self.place.join("helpdesk-mail.toml"))
            .args(arguments)
            .status()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        println!();
        status.code().context("helpdesk-mail was killed")
    }

    /// The command as one would type it in the root of the repository.
    fn words(&self) -> String {
        format!("{} --config {}", shown(&self.program), shown(&self.place.join("helpdesk-mail.toml")))
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn explain(code: i32) -> Result<()> {
    match code {
        0 => println!("Exit code 0: every message is settled and nothing waits for a person.\n"),
        1 => println!(
            "Exit code 1: all was processed, and what cannot be read waits in quarantine for a person.\n"
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
