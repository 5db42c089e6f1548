//! The package under systemd, booted in a container: the service in its sandbox, the timer, an upgrade, the end.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::claim;
use super::inside::Inside;
use super::plain::{AS_USER, CONFIGURATION, set_up};
use crate::servers::as_root;

/// A mailbox that asks a helper for its password, over a network where nobody listens.
const NOBODY_LISTENS: &str = "[mailbox.away]
type = \"imap\"
queue = \"support\"
host = \"127.0.0.1\"
port = 9
username = \"support\"
password_command = \"echo secret\"
";

const SERVICE: &str = "helpdesk-mail.service";
const TIMER: &str = "helpdesk-mail.timer";

/// A container whose systemd runs; it ends with the value.
struct Booted(Child);

/// Tries it out in the Debian that [`super::plain`] left without the package.
pub(crate) fn try_out(place: &Path) -> Result<()> {
    let booted = Booted::new(place)?;
    let inside = Inside::container(&booted.first()?);
    inside.sh("systemctl is-system-running --wait || true")?;
    inside.sh("dpkg --install /root/former.deb")?;
    inside.expect(
        &format!("systemctl is-enabled {TIMER} || true; systemctl is-active {TIMER} || true"),
        "disabled\ninactive",
    )?;
    inside.expect(
        &format!("systemctl start {SERVICE}; systemctl show --property ConditionResult {SERVICE}"),
        "ConditionResult=no",
    )?;
    claim("systemd", "nothing runs by itself, and without a configuration nothing fails");
    sandbox(&inside)?;
    temporary(&inside)?;
    timer(&inside)
}

/// The whole road in the sandbox: network, helper, store, Maildir.
fn sandbox(inside: &Inside) -> Result<()> {
    set_up(inside, &format!("{CONFIGURATION}{NOBODY_LISTENS}"), "c")?;
    inside.sh(&format!("! systemctl start {SERVICE}"))?;
    inside.expect(&format!("systemctl show --property ExecMainStatus {SERVICE}"), "ExecMainStatus=69")?;
    let told = inside.sh(&format!("journalctl --sync; journalctl --unit {SERVICE} --output cat"))?;
    if !told.contains("onnection refused") {
        bail!("the journal does not say that the connection was refused:\n{told}");
    }
    inside.expect(&format!("{AS_USER} helpdesk-mail ticket list --json | wc -l"), "1")?;
    inside.expect("ls /var/lib/helpdesk-mail/mail/cur", "c:2,S")?;
    claim(
        "service",
        "in its sandbox: a ticket, a password from a command, a server away: 69, and the journal says why",
    );
    suspect(inside)
}

/// A message that a run died with is read by a child, which lowers its own limits.
fn suspect(inside: &Inside) -> Result<()> {
    set_up(inside, CONFIGURATION, "e")?;
    let mark = "INSERT INTO in_flight (source, item, run, deaths) SELECT source, 'e', run, 1 FROM outcome;";
    let store = "/var/lib/helpdesk-mail/helpdesk-mail.db";
    inside.sh_reading(mark, &format!("{AS_USER} sqlite3 -bail {store}"))?;
    inside.sh(&format!("systemctl start {SERVICE}"))?;
    inside.expect(&format!("{AS_USER} helpdesk-mail ticket list --json | wc -l"), "2")?;
    inside.expect(&format!("sqlite3 {store} 'SELECT count(*) FROM in_flight'"), "0")?;
    claim("service", "in its sandbox: a message that a run died with is read by a child");
    Ok(())
}

/// Another run holds the mailbox: no failure.
fn temporary(inside: &Inside) -> Result<()> {
    set_up(inside, CONFIGURATION, "d")?;
    let lock = "/var/lib/helpdesk-mail/helpdesk-mail.db.support.lock";
    // The unit forgets the code of what counts as a success; the same command by hand tells it.
    let held =
        format!("systemctl start {SERVICE}; {AS_USER} helpdesk-mail -q fetch >/dev/null 2>&1 || echo $?");
    inside.expect(&format!("flock {lock} sh -euc '{held}'"), "75")?;
    inside.expect("ls /var/lib/helpdesk-mail/mail/new", "d")?;
    inside.expect(&format!("systemctl is-failed {SERVICE} || true"), "inactive")?;
    claim("service", "a mailbox that another run holds: 75, and no failed unit");
    Ok(())
}

fn timer(inside: &Inside) -> Result<()> {
    inside.sh(&format!("systemctl enable --now {TIMER}"))?;
    let state = format!("systemctl is-enabled {TIMER} || true; systemctl is-active {TIMER} || true");
    inside.expect(&state, "enabled\nactive")?;
    inside.sh("dpkg --install /root/current.deb")?;
    inside.expect(&state, "enabled\nactive")?;
    claim("timer", "switched on, it goes on through an upgrade");
    inside.sh("dpkg --remove helpdesk-mail")?;
    inside.expect(&format!("systemctl is-active {TIMER} {SERVICE} || true"), "inactive\ninactive")?;
    inside.sh("dpkg --install /root/current.deb")?;
    inside.expect(&state, "enabled\ninactive")?;
    inside.sh("dpkg --purge helpdesk-mail")?;
    inside.expect(
        "systemctl list-unit-files --no-legend 'helpdesk-mail*' || true; find /etc/systemd -name 'helpdesk*'",
        "",
    )?;
    claim("remove, purge", "the timer is stopped, and systemd knows no unit any more");
    Ok(())
}

impl Booted {
    fn new(place: &Path) -> Result<Self> {
        let place = place.display().to_string();
        let words =
            ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"];
        let mut command = as_root(&[&words[..], &["--console=pipe", "--directory", &place]].concat())?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        Ok(Self(child.context("systemd-nspawn cannot be run")?))
    }

    /// The container's first process, as this machine numbers it.
    fn first(&self) -> Result<String> {
        for _ in 0..300 {
            if let Some(first) = self.descendants().into_iter().find(|pid| is_first(*pid)) {
                return Ok(first.to_string());
            }
            sleep(Duration::from_millis(100));
        }
        bail!(
            "systemd does not boot in a container here (systemd-nspawn --boot); the package itself is made and tried out"
        )
    }

    fn descendants(&self) -> Vec<u32> {
        let mut found = vec![self.0.id()];
        let mut at = 0;
        while let Some(parent) = found.get(at) {
            let children =
                fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
            at += 1;
        }
        found
    }
}

/// Whether it is number 1 in a namespace below ours.
fn is_first(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    numbers.split_whitespace().count() > 1 && numbers.split_whitespace().next_back() == Some("1")
}

impl Drop for Booted {
    fn drop(&mut self) {
        // systemd-nspawn powers the container off in order; nothing of it outlives the word.
        let ended = as_root(&["kill", &self.0.id().to_string()]).and_then(|mut kill| Ok(kill.status()?));
        if ended.is_ok_and(|it| it.success()) {
            drop(self.0.wait());
        }
    }
}
