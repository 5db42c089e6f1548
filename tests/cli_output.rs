//! What a run tells, for programs and for people, and what becomes of it where nobody reads or the disk is full.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use helpdesk_mail::cli::failure::Causes;
use helpdesk_mail::cli::output::{Form, Out, listener};
use helpdesk_mail::model::exit::Exit;
use helpdesk_mail::model::ids::RunId;
use helpdesk_mail::model::outcome::OutcomeWord;
use helpdesk_mail::model::trouble::{ErrorCode, Trouble};
use helpdesk_mail::run::{Counts, MailboxLine, MailboxStatus, MessageLine, Mode, Summary};

use crate::cli_place::Place;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn told(form: Form, causes: Causes) -> String {
    let kept = Kept::default();
    let mut out = Out::to(Box::new(kept.clone()));
    let mut listener = listener::of(&mut out, form, causes);
    let support = "support".parse().unwrap();
    let mut counts = Counts::default();
    counts.add(OutcomeWord::Created);
    listener.progress(&support, 1, 2);
    listener.message(MessageLine {
        mailbox: support.clone(),
        folder: "INBOX".to_owned(),
        item: "1700000000:42".to_owned(),
        message_id: Some("a@b.example".to_owned()),
        from: Some("alice@example.org".to_owned()),
        subject: Some("Printer on \u{1b}fire".to_owned()),
        outcome: OutcomeWord::Created,
        reason: "new".to_owned(),
        ticket: Some("support-12".to_owned()),
        notes: vec!["no-date".to_owned()],
        error: None,
    });
    listener.mailbox(&MailboxLine {
        mailbox: support,
        status: MailboxStatus::Failed,
        listed: 3,
        new: 1,
        counts: counts.clone(),
        duration: Duration::from_millis(40),
        error: Some(
            Trouble::new(ErrorCode::MailboxConnect, "no connection").hint("wait").because("reset by peer"),
        ),
    });
    listener.summary(&Summary {
        run: Some(RunId(7)),
        mode: Mode::Real,
        exit: Exit::Unavailable,
        counts,
        duration: Duration::from_millis(45),
        fetched: 1,
        alerts: vec!["1 skipped".to_owned()],
        error: None,
    });
    drop(listener);
    out.finish().unwrap();
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn programs_get_the_lines_of_the_contract() {
    let expected = concat!(
        r#"{"type":"message","mailbox":"support","folder":"INBOX","item":"1700000000:42","message_id":"a@b.example","#,
        r#""from":"alice@example.org","subject":"Printer on \u001bfire","outcome":"created","reason":"new","#,
        r#""ticket":"support-12","error":null}"#,
        "\n",
        r#"{"type":"mailbox","mailbox":"support","status":"failed","listed":3,"new":1,"counts":{"created":1},"#,
        r#""duration_ms":40,"error":{"error_code":"mailbox.connect","msg":"no connection","hint":"wait","detail":null}}"#,
        "\n",
        r#"{"type":"summary","run":7,"dry_run":false,"exit_code":69,"counts":{"created":1},"duration_ms":45,"error":null}"#,
        "\n",
    );
    assert_eq!(told(Form::Json, Causes::Left), expected);
    assert!(told(Form::Json, Causes::Told).contains(r#""detail":"reset by peer""#));
}

#[test]
fn people_get_words() {
    let expected = "\
support    created   new                    support-12   alice@example.org            Printer on \\u{1b}fire
  note: no-date
support: failed, 3 there, 1 new: 1 created (40 ms)
  error: no connection
  hint: wait
run 7: 1 created (45 ms); exit code 69 (unavailable)
alert: 1 skipped
";
    assert_eq!(told(Form::Human, Causes::Left), expected);
}

#[test]
fn a_reader_that_went_away_changes_nothing() {
    let place = Place::filled();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_helpdesk-mail"))
        .args(["outcomes", "--json"])
        .env("HELPDESK_MAIL_CONFIG", place.directory.path().join("helpdesk-mail.toml"))
        .stdout(writer)
        .status();
    assert_eq!(status.unwrap().code(), Some(0));
}

#[test]
fn a_full_disk_below_standard_output_ends_with_74() {
    let place = Place::filled();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_helpdesk-mail"))
        .args(["outcomes", "--json"])
        .env("HELPDESK_MAIL_CONFIG", place.directory.path().join("helpdesk-mail.toml"))
        .stdout(full)
        .status();
    assert_eq!(status.unwrap().code(), Some(74));
}

#[test]
fn the_log_is_lines_of_text_or_json_on_standard_error() {
    let place = Place::configured();
    let config = "[store]\nurl = \"sqlite:x.db\"\n[queue.q]\n[mailbox.m]\ntype = \"imap\"\nqueue = \"q\"\nhost = \"localhost\"\nusername = \"u\"\npassword = \"p\"\n";
    place.write("helpdesk-mail.toml", config);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(place.directory.path().join("helpdesk-mail.toml"), open).unwrap();
    let log =
        |line: &str| String::from_utf8(place.command(line).assert().get_output().stderr.clone()).unwrap();
    assert!(log("check").contains(" WARN "), "{}", log("check"));
    assert_eq!(log("-q check"), "");
    let line: serde_json::Value =
        serde_json::from_str(log("--log-format json check").lines().next().unwrap()).unwrap();
    let fields: Vec<_> = line.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields[..4], ["time", "level", "target", "message"]);
    assert_eq!(line["level"], "warn");
}
