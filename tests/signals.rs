//! A signal ends a run where nothing is left half done, with 75; the next run goes on.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};

use helpdesk_mail::mailbox::Tls;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;

const MAILS: usize = 400;

fn desk() -> Desk {
    let desk = Desk::with_maildir("batch_size = 1");
    for n in 0..MAILS {
        desk.deliver(&format!("{n:04}"), &Letter::new(&format!("{n}@x"), &format!("Mail {n}")).bytes());
    }
    desk
}

#[test]
fn a_signal_ends_a_run_between_two_batches() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let desk = desk();
        let mut command = desk.command(&["fetch", "--json"]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let rest: Vec<String> = out.lines().map(Result::unwrap).collect();
        let stdout = format!("{first}{}\n", rest.join("\n"));
        let status = child.wait().unwrap();
        let run = Run { code: status.code().unwrap_or(-1), stdout, stderr: String::new() }.exits(75);
        let done = run.outcomes().len();
        assert!(done < MAILS, "the run was over before the signal came");
        let line = &run.lines("mailbox")[0];
        assert_eq!(line["error"]["error_code"], "run.interrupted");
        let again = desk.run(&["fetch", "--json"]).exits(0);
        assert_eq!(done + again.outcomes().len(), MAILS);
        assert!(again.outcomes().iter().all(|outcome| outcome.starts_with("created/new ")));
    }
}

#[test]
fn a_signal_ends_at_once_what_has_not_begun() {
    let desk = desk();
    for arguments in [&["ingest"][..], &["ingest", "--mta"], &["inspect", "-"]] {
        let mut command = desk.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // It reads standard input, which does not end.
        while !reads_standard_input(&child) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let mut told = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut told).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(75), "{arguments:?}: {told}");
        assert!(told.contains("a signal ended the run"), "{arguments:?}: {told}");
    }
    assert!(desk.run(&["ticket", "list", "--json"]).exits(0).json().is_empty());
}

/// Whether the main thread waits for something, and another for signals (proc(5)).
fn reads_standard_input(child: &Child) -> bool {
    let place = format!("/proc/{}", child.id());
    let threads = std::fs::read_dir(format!("{place}/task")).map_or(0, Iterator::count);
    let stat = std::fs::read_to_string(format!("{place}/stat")).unwrap_or_default();
    threads > 1 && stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
}

/// A run that waits for a server which says nothing, and its connection.
fn beside_a_silent_server() -> (Desk, Child, (TcpStream, SocketAddr)) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let desk = Desk::new(&format!(
        "[mailbox.support]\ntype = \"imap\"\nqueue = \"support\"\nhost = \"127.0.0.1\"\nport = {port}\n\
         tls = \"none\"\nusername = \"support\"\npassword = \"secret\"\ntimeout = \"30d\"\nrun_timeout = \"30d\"\n"
    ));
    let mut command = desk.command(&["fetch", "--json"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let connection = silent.accept().unwrap();
    (desk, child, connection)
}

#[test]
fn a_server_that_is_silent_does_not_hold_a_run_that_was_asked_to_end() {
    let (_desk, mut child, connection) = beside_a_silent_server();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(75));
    drop(connection);
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_desk, mut child, connection) = beside_a_silent_server();
    for signal in [Signal::TERM, Signal::INT] {
        kill_process(Pid::from_child(&child), signal).unwrap();
    }
    // Not by the way out that the first one leaves it, which is exit code 75.
    let ended_by = child.wait().unwrap().signal();
    assert!([Some(Signal::TERM.as_raw()), Some(Signal::INT.as_raw())].contains(&ended_by), "{ended_by:?}");
    drop(connection);
}

#[test]
fn a_run_that_is_asked_to_end_tells_the_server_and_takes_its_leave() {
    let server = Dovecot::start();
    let keys = "queue = \"support\"\nbatch_size = 1\non_success = \"delete\"\n";
    let desk = Desk::new(&format!("[mailbox.support]\n{}{keys}", server.mailbox_toml("support", Tls::None)));
    let mut session = server.session("support");
    for n in 0..MAILS {
        session.append("INBOX", "", &Letter::new(&format!("{n}@x"), "Mail").bytes());
    }
    drop(session);
    server.forget_commands();
    let mut command = desk.command(&["fetch", "--json"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let rest: Vec<String> = out.lines().map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(75));
    let stdout = format!("{first}{}\n", rest.join("\n"));
    let done = Run { code: 75, stdout, stderr: String::new() }.outcomes().len();
    assert!(done < MAILS, "the run was over before the signal came");
    assert_eq!(server.commands().last().map(String::as_str), Some("LOGOUT"));
    assert_eq!(server.flags("support", "INBOX").len(), MAILS - done);
}
