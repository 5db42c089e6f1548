//! The package in a Debian where no systemd runs: its files, a run, an upgrade from a former schema, its end.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::build::Packages;
use super::claim;
use super::inside::Inside;
use crate::servers::as_root;
use crate::{root, succeed};

/// A mail that makes a ticket.
const MAIL: &str = "From: Alice <alice@example.org>\nTo: support@example.org\nSubject: Printer on fire\n\
    Date: Fri, 20 Nov 2026 10:00:00 +0000\nMessage-ID: <mail-NAME@example.org>\n\nIt burns.\n";

/// A Maildir of the package's user, and the configuration that fetches it.
pub(crate) const CONFIGURATION: &str = "[store]
url = \"sqlite:/var/lib/helpdesk-mail/helpdesk-mail.db\"
[queue.support]
address = \"support@example.org\"
[mailbox.support]
type = \"maildir\"
queue = \"support\"
path = \"/var/lib/helpdesk-mail/mail\"
on_success = \"seen\"
";

/// What the package's user does.
pub(crate) const AS_USER: &str = "runuser -u helpdesk-mail --";

const DIRECTORIES: &str =
    "/etc/helpdesk-mail /var/lib/helpdesk-mail /var/log/helpdesk-mail /var/spool/helpdesk-mail";

/// Everything with the program's name that a machine can be left with.
const LEFT: &str = "find / -xdev -path /proc -prune -o -name '*helpdesk-mail*' -print | sort";

/// Tries it out and leaves the Debian without it.
pub(crate) fn try_out(place: &Path, packages: &Packages) -> Result<()> {
    let inside = Inside::chroot(place);
    for (deb, name) in [(&packages.former, "former.deb"), (&packages.current, "current.deb")] {
        let (deb, to) = (deb.display().to_string(), place.join("root").join(name).display().to_string());
        succeed(&mut as_root(&["cp", &deb, &to])?)?;
    }
    inside.sh("apt-get -q update; apt-get -q install -y --no-install-recommends /root/former.deb")?;
    claim("install", "the former version, and by apt what it depends on");
    files(&inside)?;
    shells(&inside)?;
    first_run(&inside)?;
    logs(&inside)?;
    upgrade(&inside)?;
    end(&inside)
}

/// Sets the configuration and puts a mail into the Maildir.
pub(crate) fn set_up(inside: &Inside, configuration: &str, name: &str) -> Result<()> {
    let file = "/etc/helpdesk-mail/helpdesk-mail.toml";
    inside.sh_reading(configuration, &format!("umask 077; cat >{file}; chmod 640 {file}"))?;
    let mail = "/var/lib/helpdesk-mail/mail";
    let make = format!(
        "{AS_USER} sh -euc 'cd {mail} 2>/dev/null || mkdir {mail}; cd {mail}; mkdir -p new cur tmp; cat >new/{name}'"
    );
    inside.sh_reading(&MAIL.replace("NAME", name), &make).map(drop)
}

fn files(inside: &Inside) -> Result<()> {
    inside.expect("dpkg --verify helpdesk-mail", "")?;
    inside.expect(
        &format!("stat -c '%n %U:%G %a' /usr/bin/helpdesk-mail {DIRECTORIES}"),
        "/usr/bin/helpdesk-mail root:root 755\n/etc/helpdesk-mail root:helpdesk-mail 2750\n\
         /var/lib/helpdesk-mail helpdesk-mail:helpdesk-mail 750\n/var/log/helpdesk-mail helpdesk-mail:adm 2750\n\
         /var/spool/helpdesk-mail helpdesk-mail:helpdesk-mail 750",
    )?;
    claim("files", "as packed; directories, owners and modes as README.Debian tells");
    let pages = root().join("man");
    let mut names = Vec::new();
    for entry in fs::read_dir(&pages).with_context(|| format!("cannot read {}", pages.display()))? {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    for name in &names {
        let (page, section) = name.rsplit_once('.').context("a page without a section")?;
        inside.expect(
            &format!("man --where {section} {page}"),
            &format!("/usr/share/man/man{section}/{name}.gz"),
        )?;
    }
    claim("man pages", &names.join(" "));
    inside.expect("ls /etc/systemd/system/*.wants | grep -c helpdesk || true", "0")?;
    inside.sh("systemd-analyze verify --man=no /usr/lib/systemd/system/helpdesk-mail*")?;
    claim("units", "whole, and nothing is switched on");
    inside.expect("helpdesk-mail --version", &format!("helpdesk-mail {}", version()?))?;
    claim("program", &format!("version {}", version()?));
    Ok(())
}

/// The version in Cargo.toml.
fn version() -> Result<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).context("cannot read Cargo.toml")?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    Ok(version.context("Cargo.toml has no version")?.trim_matches('"').to_owned())
}

fn shells(inside: &Inside) -> Result<()> {
    let file = "/usr/share/bash-completion/completions/helpdesk-mail";
    inside.sh(&format!("bash -n {file}; bash -c 'source {file}; complete -p helpdesk-mail'"))?;
    let zsh =
        "autoload -Uz compinit; compinit -u -D; print $_comps[helpdesk-mail]; autoload +X _helpdesk-mail";
    inside.expect(&format!("zsh -fc '{zsh}'"), "_helpdesk-mail")?;
    inside.expect("HOME=/root fish -c 'complete -C \"helpdesk-mail quar\"' | cut -f1", "quarantine")?;
    claim("completions", "bash, zsh and fish load them");
    Ok(())
}

fn first_run(inside: &Inside) -> Result<()> {
    let example = "/usr/share/doc/helpdesk-mail/examples/helpdesk-mail.toml";
    inside.sh(&format!("install -m 0640 -g helpdesk-mail {example} /etc/helpdesk-mail/"))?;
    inside.sh(&format!("{AS_USER} helpdesk-mail check"))?;
    inside.expect(&format!("helpdesk-mail init --output - | diff - {example} | grep -c '^>'"), "1")?;
    claim("configuration", "the example is valid, what \"init\" writes but for the place of the store");
    set_up(inside, CONFIGURATION, "a")?;
    inside.sh(&format!("{AS_USER} helpdesk-mail fetch"))?;
    let store = "/var/lib/helpdesk-mail/helpdesk-mail.db";
    inside.expect(&format!("stat -c '%U:%G %a' {store}"), "helpdesk-mail:helpdesk-mail 600")?;
    inside.expect(&tickets(), "1")?;
    claim("fetch", "a ticket in the store, which belongs to the package's user alone");
    Ok(())
}

fn tickets() -> String {
    format!("{AS_USER} helpdesk-mail ticket list --json | wc -l")
}

/// The line of cron and the rotation of its log.
fn logs(inside: &Inside) -> Result<()> {
    let crontab = "/usr/share/doc/helpdesk-mail/examples/crontab";
    let line = format!("$(sed -n 's/^[*][/]5 .*  helpdesk-mail  //p' {crontab})");
    inside.expect(&format!("line=\"{line}\"; {AS_USER} sh -euc \"$line\""), "")?;
    let log = "/var/log/helpdesk-mail/cron.log";
    let run = format!("{AS_USER} helpdesk-mail -v --log-file {log} fetch >/dev/null");
    inside.sh(&format!("{run}; logrotate --force /etc/logrotate.conf; {run}"))?;
    inside.expect(
        &format!("stat -c '%n %U:%G %a' {log} {log}.1"),
        &format!("{log} helpdesk-mail:adm 640\n{log}.1 helpdesk-mail:adm 640"),
    )?;
    claim("cron, logrotate", "the line runs; a rotated log is begun anew for the same readers");
    Ok(())
}

/// A store of the schema before the newest, made as in the tests, under the former package.
fn upgrade(inside: &Inside) -> Result<()> {
    let newest = fs::read_dir(root().join("src/store/schema"))?
        .filter(|entry| {
            entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "sql"))
        })
        .count();
    let mut sql = String::from("PRAGMA journal_mode = wal;\nPRAGMA application_id = 0x48644d6c;\n");
    for directory in ["src/store/schema", "fixtures/upgrade"] {
        for number in 1..newest {
            sql.push_str(&script(directory, number)?.replace("{place}", "/var/lib/helpdesk-mail"));
        }
    }
    sql.push_str(&format!("UPDATE schema_version SET version = {};\n", newest - 1));
    let store = "/var/lib/helpdesk-mail/helpdesk-mail.db";
    inside.sh_reading(&sql, &format!("rm {store}*; {AS_USER} sqlite3 -bail {store}; chmod 600 {store}"))?;
    set_up(inside, CONFIGURATION, "b")?;
    inside.sh("dpkg --install /root/current.deb")?;
    inside.sh(&format!("{AS_USER} helpdesk-mail fetch"))?;
    let version = format!("sqlite3 {store} 'SELECT version FROM schema_version'");
    inside.expect(&version, &newest.to_string())?;
    // Three that were there, the mail that came between, and the first: this store has not seen it.
    inside.expect(&tickets(), "5")?;
    claim(
        "upgrade",
        &format!("schema {} to {newest}; the tickets are there and new mail comes to them", newest - 1),
    );
    Ok(())
}

/// A numbered script; a version whose rows have nothing of their own has none.
fn script(directory: &str, number: usize) -> Result<String> {
    let begin = format!("{number:04}");
    let mut text = String::new();
    for entry in fs::read_dir(root().join(directory)).with_context(|| format!("cannot read {directory}"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&begin) && name.ends_with(".sql") {
            text.push_str(
                &fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?,
            );
        }
    }
    Ok(text)
}

fn end(inside: &Inside) -> Result<()> {
    inside.sh("dpkg --remove helpdesk-mail")?;
    inside.sh(&format!(
        "test ! -e /usr/bin/helpdesk-mail; ls -d {DIRECTORIES}; ls /var/lib/helpdesk-mail/*.db"
    ))?;
    inside.sh("ls /etc/helpdesk-mail/helpdesk-mail.toml /etc/logrotate.d/helpdesk-mail")?;
    claim("remove", "the program is gone; configuration, store, log and spool stay");
    inside.sh("dpkg --install /root/current.deb")?;
    inside.expect(&tickets(), "5")?;
    claim("install again", "the tickets are there");
    inside.sh("dpkg --purge helpdesk-mail")?;
    inside.expect(LEFT, "")?;
    claim("purge", "nothing is left but the user");
    Ok(())
}
