//! The package, and one with a lower version to be upgraded from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{folder, inside};
use crate::{cargo, root, succeed};

const CARGO_DEB: &str = "3.8.0";

/// The version of the package that is upgraded from.
const FORMER: &str = "0.0.9-1";

/// Where the example's store is; `init` writes one beside the configuration, which the service may not write.
const STORE: (&str, &str) =
    ("url = \"sqlite:helpdesk-mail.db\"", "url = \"sqlite:/var/lib/helpdesk-mail/helpdesk-mail.db\"");

/// Two packages of the same program.
pub(crate) struct Packages {
    /// With a lower version number.
    pub(crate) former: PathBuf,
    /// The package.
    pub(crate) current: PathBuf,
}

/// Builds the program for use, what it says of itself, and the packages.
pub(crate) fn packages() -> Result<Packages> {
    ensure()?;
    cargo(&["build", "--release", "--locked", "--package", "helpdesk-mail"])?;
    files(&program())?;
    let packages = Packages {
        former: folder().join("helpdesk-mail_former.deb"),
        current: folder().join("helpdesk-mail.deb"),
    };
    deb(&packages.former, &["--fast", "--deb-version", FORMER])?;
    deb(&packages.current, &[])?;
    Ok(packages)
}

fn program() -> PathBuf {
    root().join("target/release/helpdesk-mail")
}

fn tool() -> PathBuf {
    root().join("target/tools/bin/cargo-deb")
}

/// Installs cargo-deb, in the version that the package was tried out with, where it is missing.
fn ensure() -> Result<()> {
    let there = Command::new(tool()).arg("--version").output();
    if there.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).trim().ends_with(CARGO_DEB)) {
        return Ok(());
    }
    cargo(&["install", "cargo-deb", "--version", CARGO_DEB, "--locked", "--force", "--root", "target/tools"])
}

fn deb(file: &Path, options: &[&str]) -> Result<()> {
    let mut command = Command::new(tool());
    command.args(["--no-build", "--locked", "--output"]).arg(file).args(options);
    succeed(&mut command)
}

/// What the program writes: completions and the example of a configuration.
fn files(program: &Path) -> Result<()> {
    let place = folder().join("files");
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    for (name, words) in [
        ("helpdesk-mail.bash", ["completions", "bash"].as_slice()),
        ("_helpdesk-mail", &["completions", "zsh"]),
        ("helpdesk-mail.fish", &["completions", "fish"]),
        ("helpdesk-mail.toml", &["init", "--output", "-"]),
    ] {
        let mut text = inside::output(Command::new(program).args(words))?;
        if name.ends_with(".toml") {
            if !text.contains(STORE.0) {
                bail!("the configuration that \"init\" writes has no line {}", STORE.0);
            }
            text = text.replace(STORE.0, STORE.1);
        }
        let file = place.join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
