//! Dovecot, which the tests start on loopback: installed by apt where it is missing and that is allowed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::succeed;

const PACKAGES: [&str; 2] = ["dovecot-imapd", "dovecot-pop3d"];

/// Sees to it that there is a Dovecot with IMAP and POP3, or says how to get one.
pub(crate) fn ensure() -> Result<()> {
    if is_there() {
        return Ok(());
    }
    let packages = PACKAGES.join(" ");
    let Some(sudo) = how_to_be_root() else {
        bail!(
            "the tests need Dovecot; install it with\n\n  sudo apt-get install --no-install-recommends {packages}\n"
        );
    };
    eprintln!("the tests need Dovecot; installing {packages}");
    let apt = |arguments: &[&str]| {
        let words = [sudo, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat();
        let (program, rest) = words.split_first().unwrap_or((&"apt-get", &[]));
        succeed(Command::new(program).args(rest))
    };
    // A stale list is no reason to stop: the package may be in it all the same.
    if let Err(error) = apt(&["update"]) {
        eprintln!("warning: {error:#}");
    }
    apt(&[&["install", "-y", "--no-install-recommends"], &PACKAGES[..]].concat())?;
    if !is_there() {
        bail!(
            "{packages} were installed, but there is no dovecot with IMAP and POP3 in /usr/sbin and /usr/lib/dovecot"
        );
    }
    Ok(())
}

fn is_there() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let server = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let server = server.map(|directory| directory.join("dovecot")).any(|file| file.is_file());
    let places = ["/usr/lib/dovecot", "/usr/libexec/dovecot", "/usr/local/libexec/dovecot"];
    let has = |name| places.iter().any(|directory| Path::new(directory).join(name).is_file());
    server && has("imap") && has("pop3")
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
