//! `cargo xtask package`: the Debian package is built and tried out as an administrator would: installed in a clean Debian,
//! run, upgraded, removed, installed again, purged; then the same under a systemd that is booted for it.
//!
//! Nothing of this machine is touched but `target/`: the Debian is a directory there. Each line that begins with
//! `package:` is a claim that held; the first that does not ends the word.

mod build;
mod inside;
mod plain;
mod systemd;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::servers::{self, Package};
use crate::{root, succeed};

/// What it takes besides cargo-deb.
const TOOLS: [Package; 5] = [
    ("debootstrap", &["/usr/sbin/debootstrap"]),
    ("dpkg-dev", &["/usr/bin/dpkg-shlibdeps"]),
    ("lintian", &["/usr/bin/lintian"]),
    ("systemd", &["/usr/bin/systemd-analyze"]),
    ("systemd-container", &["/usr/bin/systemd-nspawn"]),
];

/// The exposure that is still good, in tenths (systemd-analyze security).
const EXPOSURE: &str = "--threshold=30";

/// Builds the package and tries it out.
pub(crate) fn run() -> Result<()> {
    servers::ensure_all(&TOOLS)?;
    let packages = build::packages()?;
    claim("built", &format!("{}, {} octets", packages.current.display(), size(&packages.current)?));
    lint(&packages.current)?;
    claim("lintian", "no error and no warning");
    units()?;
    let place = inside::fresh()?;
    plain::try_out(&place, &packages)?;
    systemd::try_out(&place)?;
    inside::remove(&place)
}

/// Says what held.
fn claim(what: &str, how: &str) {
    println!("package: {what}: {how}");
}

/// Debian's own rules, but for one that is of its archive alone.
fn lint(package: &Path) -> Result<()> {
    let mut command = Command::new("lintian");
    command.args(["--fail-on", "error,warning", "--suppress-tags", "initial-upload-closes-no-bugs"]);
    succeed(command.arg(package))
}

/// Where all of it lies.
fn folder() -> PathBuf {
    root().join("target/package")
}

fn size(file: &Path) -> Result<u64> {
    Ok(file.metadata().with_context(|| format!("cannot read {}", file.display()))?.len())
}

/// The sandbox of each service is narrow.
fn units() -> Result<()> {
    let directory = root().join("packaging/systemd");
    for entry in
        std::fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?
    {
        let unit = entry?.path();
        if unit.extension().is_some_and(|end| end == "service") {
            let mut command = Command::new("systemd-analyze");
            command.args(["security", "--offline=true", EXPOSURE, "--no-pager"]).arg(&unit);
            let told = inside::output(&mut command)?;
            claim("systemd-analyze security", told.lines().last().unwrap_or_default());
        }
    }
    Ok(())
}
