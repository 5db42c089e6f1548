//! What the tests start and use besides the program: installed by apt where it is missing and that is allowed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::succeed;

/// A package with files that it brings, one of which is there if it is.
pub(crate) type Package = (&'static str, &'static [&'static str]);

/// The servers that tests start on loopback, and the browser that opens what was made. Only Dovecot and Postfix have services.
const SERVERS: [Package; 7] = [
    (
        "dovecot-imapd",
        &["/usr/lib/dovecot/imap", "/usr/libexec/dovecot/imap", "/usr/local/libexec/dovecot/imap"],
    ),
    (
        "dovecot-pop3d",
        &["/usr/lib/dovecot/pop3", "/usr/libexec/dovecot/pop3", "/usr/local/libexec/dovecot/pop3"],
    ),
    ("postfix", &["/usr/lib/postfix/sbin/master", "/usr/libexec/postfix/master"]),
    (
        "postgresql",
        &[
            "/usr/lib/postgresql/13/bin/initdb",
            "/usr/lib/postgresql/14/bin/initdb",
            "/usr/lib/postgresql/15/bin/initdb",
            "/usr/lib/postgresql/16/bin/initdb",
            "/usr/lib/postgresql/17/bin/initdb",
            "/usr/lib/postgresql/18/bin/initdb",
            "/usr/bin/initdb",
        ],
    ),
    ("microsocks", &["/usr/bin/microsocks", "/usr/local/bin/microsocks"]),
    ("tinyproxy-bin", &["/usr/bin/tinyproxy", "/usr/sbin/tinyproxy", "/usr/local/bin/tinyproxy"]),
    ("chromium", &["/usr/bin/chromium"]),
];

/// Sees to it that the servers are there, or says how to get them.
pub(crate) fn ensure() -> Result<()> {
    ensure_all(&SERVERS)
}

/// Sees to it that the packages are there, or says how to get them.
pub(crate) fn ensure_all(wanted: &[Package]) -> Result<()> {
    let missing = missing(wanted);
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if how_to_be_root().is_none() {
        bail!(
            "the tests need {packages}; install with\n\n  sudo apt-get install --no-install-recommends {packages}\n"
        );
    }
    eprintln!("the tests need {packages}; installing");
    let apt = |arguments: &[&str]| {
        let words = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"];
        succeed(as_root(&words)?.args(arguments))
    };
    // A stale list is no reason to stop: the package may be in it all the same.
    if let Err(error) = apt(&["update"]) {
        eprintln!("warning: {error:#}");
    }
    apt(&[&["install", "-y", "--no-install-recommends"], &missing[..]].concat())?;
    match self::missing(wanted).as_slice() {
        [] => Ok(()),
        still => bail!("installed, but not found in the usual places: {}", still.join(" ")),
    }
}

/// The packages of which no file is there.
fn missing(wanted: &[Package]) -> Vec<&'static str> {
    let is_there = |files: &[&str]| files.iter().any(|file| Path::new(file).is_file());
    wanted.iter().filter(|(_, files)| !is_there(files)).map(|(package, _)| *package).collect()
}

/// A command of root's.
pub(crate) fn as_root(words: &[&str]) -> Result<Command> {
    let Some(sudo) = how_to_be_root() else {
        bail!("this needs root, or sudo without a password, on a Debian: {}", words.join(" "));
    };
    let words = [sudo, words].concat();
    let (program, rest) = words.split_first().context("no command")?;
    let mut command = Command::new(program);
    command.args(rest);
    Ok(command)
}

/// The words before a command that make it root's: none for root, `sudo` where it asks for no password.
fn how_to_be_root() -> Option<&'static [&'static str]> {
    let quiet = |command: &mut Command| {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|it| it.success())
    };
    if !quiet(Command::new("apt-get").arg("--version")) {
        return None;
    }
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    quiet(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}
