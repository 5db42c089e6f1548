//! A Debian in a directory: made by debootstrap once, copied for each time, and commands inside it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::folder;
use crate::servers::as_root;
use crate::succeed;

/// What is installed besides a minimal Debian: what a machine has that the package is for, and shells for completions.
const BESIDES: &str = "systemd systemd-sysv dbus man-db logrotate sqlite3 zsh fish";

/// Commands inside it: the words before them.
pub(crate) struct Inside(Vec<String>);

impl Inside {
    /// In a chroot with processes and mounts of its own, which go with the command.
    pub(crate) fn chroot(place: &Path) -> Self {
        let place = place.display().to_string();
        let proc = format!("--mount-proc={place}/proc");
        let own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", &proc, "chroot", &place];
        Self(own.map(str::to_owned).to_vec())
    }

    /// In the container whose first process that is.
    pub(crate) fn container(first: &str) -> Self {
        let own = [
            "nsenter", "--target", first, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root",
        ];
        Self(own.map(str::to_owned).to_vec())
    }

    /// What the script prints, or an error with all it said.
    pub(crate) fn sh(&self, script: &str) -> Result<String> {
        self.sh_reading("", script)
    }

    /// The same for one that reads.
    pub(crate) fn sh_reading(&self, input: &str, script: &str) -> Result<String> {
        let clean = [
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND=noninteractive",
            "LC_ALL=C.UTF-8",
        ];
        let before: Vec<&str> = self.0.iter().map(String::as_str).collect();
        let mut command = as_root(&[&before[..], &clean, &["/bin/sh", "-euc", script]].concat())?;
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().context("no way in")?.write_all(input.as_bytes())?;
        finished(child, script)
    }

    /// Holds what a script prints against what it should.
    pub(crate) fn expect(&self, script: &str, expected: &str) -> Result<()> {
        let printed = self.sh(script)?;
        if printed.trim() != expected {
            bail!("{script}\nprinted\n{printed}\nand not\n{expected}");
        }
        Ok(())
    }
}

/// What a command prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = crate::shown(command);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    finished(child.with_context(|| format!("cannot run {shown}"))?, &shown)
}

fn finished(child: Child, shown: &str) -> Result<String> {
    let output = child.wait_with_output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{shown}\n{}\n{printed}{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(printed)
}

/// A copy of the clean Debian.
pub(crate) fn fresh() -> Result<PathBuf> {
    let suite = suite()?;
    let base = folder().join(format!("debian-{suite}"));
    if !base.exists() {
        make(&base, &suite)?;
    }
    let place = folder().join("debian");
    remove(&place)?;
    let (from, to) = (base.display().to_string(), place.display().to_string());
    succeed(&mut as_root(&["cp", "--archive", "--reflink=auto", &from, &to])?)?;
    Ok(place)
}

/// Takes the copy away.
pub(crate) fn remove(place: &Path) -> Result<()> {
    succeed(&mut as_root(&["rm", "-rf", "--one-file-system", &place.display().to_string()])?)
}

/// The suite of the Debian that this is.
fn suite() -> Result<String> {
    let told = std::fs::read_to_string("/etc/os-release").context("this is no Debian: no /etc/os-release")?;
    let name = told.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    Ok(name.context("/etc/os-release has no VERSION_CODENAME")?.trim_matches('"').to_owned())
}

/// Where apt gets it from.
fn mirror(suite: &str) -> Result<String> {
    let format = "$(REPO_URI) $(CODENAME) $(COMPONENT)";
    let told =
        output(Command::new("apt-get").args(["indextargets", "--format", format, "Created-By: Packages"]))?;
    let end = format!(" {suite} main");
    let mirror = told.lines().find_map(|line| line.strip_suffix(&end));
    Ok(mirror.with_context(|| format!("apt has no source of {suite}, component main"))?.to_owned())
}

/// One that was not finished has another name and is begun anew.
fn make(base: &Path, suite: &str) -> Result<()> {
    let begun = folder().join("debian.begun");
    remove(&begun)?;
    let (at, mirror) = (begun.display().to_string(), mirror(suite)?);
    succeed(&mut as_root(&["debootstrap", "--variant=minbase", suite, &at, &mirror])?)?;
    let install = format!("apt-get -q update; apt-get -q install -y --no-install-recommends {BESIDES}");
    Inside::chroot(&begun).sh(&install)?;
    succeed(&mut as_root(&["mv", &at, &base.display().to_string()])?)
}
