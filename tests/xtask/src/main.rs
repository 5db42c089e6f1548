//! The words of `cargo xtask`: what people and the CI do with this repository.

mod conformance;
mod demo;
mod fuzz;
mod package;
mod servers;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const WORDS: &str = "\
usage: cargo xtask WORD

  fmt    formats all sources
  lint   clippy and the formatting, without mercy
  test   all tests, those of the store and of disturbed runs on both databases; installs servers where they are missing and
         that is allowed
  torture
         the long forms of the tests that disturb runs: every step, cuts, kills, hostile mails, a full disk
  docs   the documentation of the code, in target/doc
  man    writes man/helpdesk-mail.1 anew
  bench  [parse|send|fetch [SIZE...]|store [ROWS]] how fast mail is read, notifications are sent, and mailboxes of 1000, 5000
         and 20000 mails are fetched, held against what is promised, and what a large store costs; fetch 1000 is quick
  fuzz   [SECONDS] each fuzz target for 60 seconds; installs cargo-fuzz where it is missing
  demo   fetches the demo mailbox and shows the result
  package
         builds the Debian package; installs, runs, upgrades and removes it in a chroot and under systemd
  ci     fmt, lint, docs and test, as .ci/run does
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<()> {
    match words {
        ["fmt"] => cargo(&["fmt", "--all"]),
        ["lint"] => lint(),
        ["test", rest @ ..] => test(rest),
        ["torture"] => torture(),
        ["docs"] => docs(),
        ["man"] => man(),
        ["bench"] => ["parse", "send", "fetch", "store"].into_iter().try_for_each(|name| bench(name, &[])),
        ["bench", name @ ("parse" | "send")] => bench(name, &[]),
        ["bench", name @ ("fetch" | "store"), sizes @ ..] => bench(name, sizes),
        ["fuzz"] => fuzz::run(None),
        ["fuzz", seconds] => fuzz::run(Some(seconds)),
        ["demo"] => demo::run(),
        ["package"] => package::run(),
        ["ci"] => lint().and_then(|()| docs()).and_then(|()| test(&[])),
        [] | ["help" | "--help" | "-h"] => {
            println!("{WORDS}");
            Ok(())
        }
        _ => bail!("that is not a word of xtask\n\n{WORDS}"),
    }
}

fn lint() -> Result<()> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn test(rest: &[&str]) -> Result<()> {
    servers::ensure()?;
    cargo(&[&["test", "--workspace"], rest].concat())?;
    // Who asks for some tests gets those.
    if rest.is_empty() { conformance::run() } else { Ok(()) }
}

/// The tests whose long form is not for every day; those of the outbox end in the same words.
const TORTURES: [&str; 13] = [
    "aborts::",
    "cuts::",
    "kills::",
    "hostile::",
    "disk_full::",
    "disorder::",
    "poison::",
    "_dies::",
    "upgrade::",
    "hosts::",
    "hosts_deliver::",
    "store_away::",
    "store_copy::",
];

fn torture() -> Result<()> {
    servers::ensure()?;
    let mut command = Command::new("cargo");
    command.args(["test", "--workspace", "--test", "all", "--"]).args(TORTURES);
    succeed(command.env("HELPDESK_MAIL_TORTURE", "1"))?;
    conformance::torture()
}

/// Mail is fetched from Dovecot and sent to Postfix' sink; a store may be on PostgreSQL.
fn bench(name: &str, words: &[&str]) -> Result<()> {
    if name != "parse" {
        servers::ensure()?;
    }
    cargo(&[&["bench", "--package", "helpdesk-mail", "--bench", name, "--"], words].concat())
}

fn docs() -> Result<()> {
    let mut command = Command::new("cargo");
    command
        .args(["doc", "--workspace", "--no-deps", "--document-private-items"])
        .env("RUSTDOCFLAGS", "-D warnings");
    succeed(&mut command)
}

fn man() -> Result<()> {
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--package", "helpdesk-mail", "--", "man"])
        .current_dir(root())
        .output()
        .context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("helpdesk-mail man failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let page = root().join("man/helpdesk-mail.1");
    std::fs::write(&page, output.stdout).with_context(|| format!("cannot write {}", page.display()))
}

fn cargo(arguments: &[&str]) -> Result<()> {
    succeed(Command::new("cargo").args(arguments))
}

/// Runs a command in the root of the repository and shows it.
fn succeed(command: &mut Command) -> Result<()> {
    eprintln!("+ {}", shown(command));
    let status =
        command.current_dir(root()).status().with_context(|| format!("cannot run {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed", shown(command));
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The root of the repository: two above this package.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
