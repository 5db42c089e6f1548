//! Bad input: a ticket where a sender or a text can be made out, else quarantine; never a stop.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;

/// Fetches the mails from a Maildir, a good one before and after, and gives the outcomes of those between.
fn fetched(mails: &[&[u8]]) -> (Desk, Vec<String>, i32) {
    let desk = Desk::with_maildir("max_message_size = \"100MB\"");
    desk.deliver("000", &Letter::new("before@x", "Before").bytes());
    for (n, mail) in mails.iter().enumerate() {
        desk.deliver(&format!("{:03}", n + 1), mail);
    }
    desk.deliver("999", &Letter::new("after@x", "After").bytes());
    let run = desk.run(&["fetch", "--json"]);
    let mut outcomes = run.outcomes();
    assert_eq!(outcomes.len(), mails.len() + 2, "{}", run.stderr);
    assert_eq!(outcomes.remove(0), "created/new support-1");
    assert!(outcomes.pop().unwrap().starts_with("created/new "));
    (desk, outcomes, run.code)
}

fn words(outcomes: &[String]) -> Vec<&str> {
    outcomes.iter().map(|line| line.split(' ').next().unwrap()).collect()
}

#[test]
fn what_has_a_sender_or_a_text_becomes_a_ticket() {
    let mails: [&[u8]; 10] = [
        b"There are no headers here at all,\njust text.\n",
        b"Subject: no From\n\nbut a text\n",
        b"From: a@b.example\nSubject: NUL \0 bytes\n\nand \0 here\n",
        b"From: J\xfcrgen <j@b.example>\nSubject: gr\xfc\xdfe\n\nraw 8 bit \xfc\n",
        b"From: a@b.example\nSubject: x\nContent-Type: text/plain; charset=klingon\n\n\xe4\n",
        b"From: a@b.example\nSubject: x\nDate: the day before tomorrow\n\ntext\n",
        b"From: a@b.example\nSubject: x\nDate: Fri, 31 Dec 9999 25:61:61 +9999\n\ntext\n",
        b"From: a@b.example\nSubject: x\nContent-Type: multipart/mixed; boundary=q\n\n--q\n\nno end\n",
        b"From: a@b.example\nSubject: x\nContent-Transfer-Encoding: base64\n\n!!!! no base64 ????\n",
        b"From: a@b.example\n\n",
    ];
    let (desk, outcomes, code) = fetched(&mails);
    assert_eq!(words(&outcomes), ["created/new"; 10]);
    assert_eq!(code, 0);
    let rows = desk.run(&["outcomes", "--json"]).exits(0).json();
    for row in &rows[1..=9] {
        assert_ne!(row["notes"].to_string(), "[]", "{row}");
    }
}

#[test]
fn what_has_neither_waits_in_quarantine_as_it_came() {
    let mails: [&[u8]; 4] = [b"", b"\r\n\r\n\r\n", b"\0\0\0\0", b"X-Nothing: of use\n\n \n"];
    let (desk, outcomes, code) = fetched(&mails);
    assert_eq!(words(&outcomes), ["failed/unreadable"; 4]);
    assert_eq!(code, 1);
    let rows = desk.run(&["quarantine", "list", "--json"]).exits(0).json();
    for (row, mail) in rows.iter().zip(mails) {
        let kept = desk.command(&["quarantine", "export", &row["id"].to_string()]).output().unwrap().stdout;
        assert_eq!(kept, mail);
    }
    assert_eq!(rows.len(), mails.len());
}

#[test]
fn fifty_megabytes_of_one_line_are_a_ticket_with_the_whole_text_kept() {
    let mut mail = Letter::new("long@x", "One line").bytes();
    mail.resize(50_000_000, b'x');
    let (desk, outcomes, code) = fetched(&[&mail]);
    assert_eq!((words(&outcomes), code), (vec!["created/new"], 0));
    let ticket = desk.run(&["ticket", "show", "2", "--json"]).exits(0).json().remove(0);
    let message = &ticket["messages"][0];
    let file = message["attachments"][0]["size"].as_u64().unwrap();
    assert!(file > 49_000_000, "the part that is longer than a text may be is kept as a file: {file}");
}

/// A desk that belongs to nobody, where the program is run as nobody: root could read everything.
fn fetched_by_nobody(desk: &Desk) -> Run {
    by_nobody(desk, &["fetch", "--json"])
}

pub fn by_nobody(desk: &Desk, arguments: &[&str]) -> Run {
    Run::of(as_nobody(desk, arguments).output().unwrap())
}

/// The program, run by another user than root, to whom the desk belongs from now on.
pub fn as_nobody(desk: &Desk, arguments: &[&str]) -> Command {
    if !rustix::process::geteuid().is_root() {
        return desk.command(arguments);
    }
    const NOBODY: u32 = 65_534;
    let program = desk.path("helpdesk-mail");
    // By another process: a child that a test beside this one begins meanwhile would hold it open for writing.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_helpdesk-mail")).arg(&program).status();
    assert!(copied.unwrap().success());
    let all = ["", "helpdesk-mail", "desk.toml", "mail", "mail/new", "mail/cur", "mail/tmp"];
    all.iter().for_each(|name| chown(desk.path(name), Some(NOBODY), Some(NOBODY)).unwrap());
    let mut command = Command::new("setpriv");
    command.env_clear().args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program);
    command.arg("--config").arg(desk.path("desk.toml")).args(arguments);
    command
}

#[test]
fn a_file_that_cannot_be_read_is_put_off_alone() {
    let desk = Desk::with_maildir("max_attempts = 2\non_success = \"keep\"");
    desk.deliver("01", b"From: a@b.example\n\nsecret\n");
    desk.deliver("02", &Letter::new("a@x", "Mail").bytes());
    fs::set_permissions(desk.path("mail/new/01"), fs::Permissions::from_mode(0o000)).unwrap();
    let run = fetched_by_nobody(&desk).exits(75);
    assert_eq!(run.outcomes(), ["deferred/temporary -", "created/new support-1"]);
    assert_eq!(fetched_by_nobody(&desk).exits(1).outcomes(), ["failed/too-many-attempts -"]);
    assert_eq!(fetched_by_nobody(&desk).exits(0).outcomes(), [""; 0]);
}

#[test]
fn trouble_that_passes_is_put_off_from_run_to_run_and_forgotten_when_it_is_over() {
    let desk = Desk::with_maildir("max_attempts = 3\non_success = \"keep\"");
    desk.deliver("01", &Letter::new("a@x", "Mail").bytes());
    let allow = |name: &str, mode| {
        fs::set_permissions(desk.path("mail/new").join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    allow("01", 0o000);
    for _ in 0..2 {
        assert_eq!(fetched_by_nobody(&desk).exits(75).outcomes(), ["deferred/temporary -"]);
    }
    allow("01", 0o644);
    assert_eq!(fetched_by_nobody(&desk).exits(0).outcomes(), ["created/new support-1"]);

    desk.deliver("02", &Letter::new("b@x", "Mail").bytes());
    allow("02", 0o000);
    for expected in ["deferred/temporary -", "deferred/temporary -", "failed/too-many-attempts -"] {
        assert_eq!(fetched_by_nobody(&desk).outcomes(), [expected]);
    }
    assert_eq!(fetched_by_nobody(&desk).exits(0).outcomes(), [""; 0], "no run takes it any more");
    allow("02", 0o644);
    by_nobody(&desk, &["outcomes", "reset", "--outcome", "failed"]).exits(0);
    assert_eq!(fetched_by_nobody(&desk).exits(0).outcomes(), ["created/new support-2"]);
}

#[test]
fn a_subject_cannot_write_to_the_terminal() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", &Letter::new("a@x", "=?utf-8?Q?=1B[31mred=0D=0A=E2=80=AEx?=").bytes());
    let run = desk.run(&["fetch"]).exits(0);
    assert!(
        !run.stdout.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'),
        "{:?}",
        run.stdout
    );
}
