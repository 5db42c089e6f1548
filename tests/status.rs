//! `status` tells from the store alone how all is doing, in four forms.

use std::fs;

use helpdesk_mail::transport::Tls;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::outbox::letter;
use crate::support::desk::{Desk, Run};
use crate::support::dies::shifted;
use crate::support::dovecot::{Dovecot, Options};
use crate::support::letter::Letter;
use crate::support::ports;
use crate::support::provider::Provider;
use crate::support::smtpd::Smtpd;

const HOUR: i64 = 3_600;

fn status(desk: &Desk, code: i32) -> Value {
    desk.run(&["status", "--format", "json"]).exits(code).json().remove(0)
}

/// The same, so many seconds later.
fn later(desk: &Desk, format: &str, seconds: i64) -> Run {
    Run::of(shifted(desk, &["status", "--format", format], seconds).output().unwrap())
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// A desk whose Maildir holds a mail of each sort, fetched once.
fn fetched(lines: &str) -> Desk {
    let desk = Desk::with_maildir(&format!("update_only = true\n{lines}"));
    desk.deliver("1", &Letter::new("skipped@x", "Printer").bytes());
    desk.deliver("2", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(1);
    desk
}

#[test]
fn before_the_first_run_every_form_answers_and_no_store_is_made() {
    let desk = Desk::with_maildir("[alert]\nstale = \"1h\"\n");
    for format in ["text", "json", "prometheus"] {
        let text = desk.run(&["status", "--format", format]).exits(0).stdout;
        assert!(text.contains("support"), "{text}");
    }
    let text = desk.run(&["status"]).exits(0).stdout;
    assert!(text.contains("support  never") && text.contains("is made by the first run"), "{text}");
    assert_eq!(status(&desk, 0)["mailboxes"]["support"]["last_success"], Value::Null);
    assert!(!desk.path("desk.db").exists());
}

#[test]
fn the_object_has_what_the_contract_names() {
    let desk = fetched("");
    let status = status(&desk, 0);
    assert_eq!(keys(&status)[..6], ["mailboxes", "outcomes", "quarantine", "outbox", "events", "alerts"]);
    assert!(status.as_object().unwrap().iter().take(6).all(|(_, value)| value.is_object()), "{status}");
    let support = &status["mailboxes"]["support"];
    assert!(support["last_success"].is_string() && support["age_s"].as_u64().unwrap() < 60, "{support}");
    assert_eq!((&support["failures"], &support["membership"]), (&json!(0), &json!("configured")));
    let counts = json!({ "skipped": 1, "failed": 1 });
    for time in ["last_run", "hour", "day"] {
        assert_eq!(status["outcomes"][time], counts, "{time}");
    }
    assert_eq!(status["quarantine"]["count"], 1);
    assert_eq!((&status["last_run"]["run"], &status["last_run"]["exit_code"]), (&json!(1), &json!(1)));
    assert_eq!(status["outbox"]["waiting"], 0);
    assert_eq!((&status["events"]["waiting"], &status["reached"]), (&json!(0), &json!(0)));
    assert!(status["store"]["size"].as_u64().unwrap() > 10_000);
}

#[test]
fn a_mailbox_that_fails_says_why_and_since_when_and_one_of_before_that_it_is_no_more() {
    let away = ports::free();
    let mailbox = format!(
        "[mailbox.far]\ntype = \"imap\"\nqueue = \"support\"\nhost = \"127.0.0.1\"\nport = {away}\ntls = \"none\"\n\
         username = \"u\"\npassword = \"secret\"\n"
    );
    let desk = Desk::with_maildir(&mailbox);
    for _ in 0..2 {
        desk.run(&["fetch"]).exits(69);
    }
    let told = status(&desk, 0);
    let far = &told["mailboxes"]["far"];
    assert_eq!((&far["failures"], &far["error"]["error_code"]), (&json!(2), &json!("mailbox.connect")));
    assert!(far["failing_since"].as_str() <= far["last_failure"].as_str(), "{far}");
    assert!(!told.to_string().contains("secret"));
    let text = desk.run(&["status"]).exits(0).stdout;
    assert!(text.contains("far: fails since ") && text.contains(" ago: mailbox.connect, "), "{text}");
    let widest = text.lines().filter(|line| !line.starts_with("  far")).map(str::len).max().unwrap();
    assert!(widest <= 100, "{text}");

    let config = fs::read_to_string(desk.path("desk.toml")).unwrap();
    fs::write(desk.path("desk.toml"), config.replace(&mailbox, "")).unwrap();
    assert_eq!(status(&desk, 0)["mailboxes"]["far"]["membership"], "former");
    assert!(desk.run(&["status"]).exits(0).stdout.contains("far: not configured any more"));
    let plugin = desk.run(&["status", "--format", "nagios"]).exits(0).stdout;
    assert!(plugin.starts_with("HELPDESK-MAIL OK - mailboxes: 1, fetched "), "{plugin}");
}

#[test]
fn it_waits_for_nobody_and_leaves_no_trace() {
    let desk = fetched("");
    let store = Connection::open(desk.path("desk.db")).unwrap();
    store.execute_batch("BEGIN EXCLUSIVE; UPDATE run SET exit_code = 0").unwrap();
    assert_eq!(status(&desk, 0)["last_run"]["exit_code"], 1, "what another program has in hand is not seen");
    store.execute_batch("ROLLBACK").unwrap();
    drop(store);
    let before = desk.snapshot("");
    status(&desk, 0);
    desk.run(&["status"]).exits(0);
    assert!(before == desk.snapshot(""), "something was changed");
}

#[test]
fn a_threshold_that_is_reached_ends_it_with_1_also_where_no_run_has_noticed_it() {
    let desk = fetched("[alert]\nstale = \"1h\"\nquarantine = 2\noldest = \"1d\"\n");
    assert_eq!(status(&desk, 0)["alerts"]["stale:support"]["reached"], false);
    let hours = later(&desk, "json", 2 * HOUR).exits(1).json().remove(0);
    let stale = &hours["alerts"]["stale:support"];
    assert_eq!((&stale["reached"], &hours["reached"]), (&json!(true), &json!(1)));
    let text = later(&desk, "text", 3 * HOUR).exits(1).stdout;
    let expected = "alert: mailbox \"support\": no successful fetch for 3 h, the threshold is 60 min\n";
    assert!(text.ends_with(expected), "{text}");
    assert!(
        later(&desk, "prometheus", 2 * HOUR)
            .exits(1)
            .stdout
            .contains("threshold=\"stale\",subject=\"support\"} 1\n")
    );
}

#[test]
fn a_threshold_that_is_reached_hides_no_other_trouble_from_a_monitor() {
    let desk = Desk::with_maildir("[alert]\nquarantine = 1\n");
    desk.deliver("1", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(1);
    std::fs::rename(desk.path("mail"), desk.path("away")).unwrap();
    desk.run(&["fetch"]).exits(69);
    let line = desk.run(&["status", "--format", "nagios"]).exits(2).stdout;
    let told = "HELPDESK-MAIL CRITICAL - messages in quarantine: 1, the threshold is 1; \
                mailbox \"support\" failed 1 times in a row, last mailbox.folder | ";
    assert!(line.starts_with(told), "{line}");
}

#[test]
fn a_monitor_hears_the_codes_of_plug_ins_and_no_others() {
    let plugin = |desk: &Desk, more: &[&str], code: i32| {
        let line = desk.run(&[&["status", "--format", "nagios"], more].concat()).exits(code).stdout;
        assert_eq!(line.lines().count(), 1, "{line}");
        line
    };
    let desk = Desk::with_maildir("[alert]\nstale = \"1h\"\n");
    let line = plugin(&desk, &[], 1);
    assert!(line.starts_with("HELPDESK-MAIL WARNING - mailbox \"support\" was never fetched | "), "{line}");
    desk.run(&["fetch"]).exits(0);
    let line = plugin(&desk, &[], 0);
    assert!(line.starts_with("HELPDESK-MAIL OK - mailboxes: 1, fetched "), "{line}");
    assert_performance(&line);
    let line = later(&desk, "nagios", 2 * HOUR).exits(2).stdout;
    assert!(
        line.starts_with("HELPDESK-MAIL CRITICAL - mailbox \"support\": no successful fetch for 2 h"),
        "{line}"
    );
    assert_performance(&line);

    desk.deliver("1", b"X-Nothing: of use\r\n\r\n \r\n");
    desk.run(&["fetch"]).exits(1);
    assert!(plugin(&desk, &[], 1).contains("WARNING - messages in quarantine: 1"));

    assert!(plugin(&desk, &["--bogus"], 3).starts_with("HELPDESK-MAIL UNKNOWN - the command line is wrong"));
    fs::write(desk.path("desk.db"), "no store at all, and long enough to be read as one: ".repeat(40))
        .unwrap();
    let line = plugin(&desk, &[], 3);
    assert!(line.starts_with("HELPDESK-MAIL UNKNOWN - the store ") && !line.contains('|'), "{line}");
    fs::write(desk.path("desk.toml"), "[store]\nurl = 1\n").unwrap();
    assert!(plugin(&desk, &[], 3).starts_with("HELPDESK-MAIL UNKNOWN - "));
    desk.run(&["status"]).exits(78);
}

/// `'label'=value[UOM]`, parted by spaces.
fn assert_performance(line: &str) {
    let (_, numbers) = line.trim_end().split_once(" | ").unwrap();
    for number in numbers.split(' ') {
        let (label, value) = number.split_once('=').unwrap();
        assert!(label.starts_with('\'') && label.ends_with('\'') && label.len() > 2, "{number}");
        let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
        assert!(value.len() > unit.len() && ["", "s", "B"].contains(&unit), "{number}");
    }
}

#[test]
fn the_certificate_of_a_server_is_remembered_from_the_last_fetch() {
    let server = Dovecot::start();
    for mailbox in [server.mailbox_toml("support", Tls::StartTls), server.pop3_toml("support", Tls::Implicit)]
    {
        let mailbox =
            format!("[mailbox.support]\nqueue = \"support\"\n{mailbox}[alert]\ncertificate = \"1d\"\n");
        let desk = Desk::new(&mailbox);
        desk.run(&["fetch"]).exits(0);
        let told = status(&desk, 0);
        let expires = told["mailboxes"]["support"]["certificate_expires"].as_str().unwrap().to_owned();
        let expires: jiff::Timestamp = expires.parse().unwrap();
        let left = expires.duration_since(jiff::Timestamp::now()).as_secs();
        assert!(left > 2 * 24 * HOUR, "the certificates of the tests live longer than {left} s");
        assert_eq!(told["mailboxes"]["support"]["token_expires"], Value::Null);
        let soon = later(&desk, "json", left - 12 * HOUR).exits(1).json().remove(0);
        let alert = soon["alerts"]["certificate:support"]["msg"].as_str().unwrap();
        assert!(alert.starts_with("the certificate of mailbox \"support\" expires in 1"), "{alert}");
        let text = later(&desk, "text", left + 3 * HOUR).exits(1).stdout;
        assert!(text.contains("the certificate of mailbox \"support\" has expired"), "{text}");
        assert!(text.contains("  support: the certificate expired "), "{text}");
    }
}

#[test]
fn a_mail_server_that_is_away_is_told_of_and_its_certificate_remembered() {
    let server = Smtpd::start();
    let config = |port: u16| {
        format!(
            "[outbox]\nhost = \"127.0.0.1\"\nport = {port}\nca_file = {:?}\nusername = \"support\"\n\
             password = \"secret\"\n[alert]\ncertificate = \"1d\"\n",
            server.dovecot.ca_file()
        )
    };
    let desk = Desk::with_maildir(&config(server.tls_port));
    desk.deliver("1", &letter("1@x", "Printer").from("anna@example.org").bytes());
    desk.run(&["fetch"]).exits(0);
    let backend = status(&desk, 0)["outbox"]["backends"]["default"].clone();
    assert_eq!((&backend["failures"], &backend["error"]), (&json!(0), &Value::Null));
    assert!(backend["certificate_expires"].is_string() && backend["last_success"].is_string(), "{backend}");
    let expired = later(&desk, "text", 100 * 365 * 24 * HOUR).exits(1).stdout;
    assert!(expired.contains("alert: the certificate of back end \"default\" has expired"), "{expired}");

    let away = ports::free();
    let text = fs::read_to_string(desk.path("desk.toml")).unwrap();
    let text = text.replace(&config(server.tls_port), &config(away));
    fs::write(desk.path("desk.toml"), text).unwrap();
    desk.deliver("2", &letter("2@x", "Fire").from("bob@example.org").bytes());
    desk.run(&["fetch"]).exits(0);
    let told = desk.run(&["status", "--format", "nagios"]).exits(1).stdout;
    assert!(told.contains("back end \"default\" failed 1 times in a row, last outbox.connect"), "{told}");
    assert!(desk.run(&["status"]).exits(0).stdout.contains("default: fails since "), "people hear of it");
}

#[test]
fn the_end_of_an_access_token_is_remembered_where_it_was_told() {
    let provider = Provider::start();
    let introspection = Some(provider.introspection);
    let server = Dovecot::start_with(Options { introspection, ..Options::default() });
    let mailbox = server.mailbox_toml("support", Tls::Implicit);
    let mailbox = mailbox.replace("password = \"secret\"", "auth = \"xoauth2\"");
    let desk = Desk::new(&format!(
        "[mailbox.support]\nqueue = \"support\"\n{mailbox}[mailbox.support.oauth]\ntoken_url = {:?}\n\
         ca_file = {:?}\nclient_id = \"helpdesk\"\nclient_secret = \"s3cret-client\"\n",
        provider.url(),
        provider.ca_file()
    ));
    desk.run(&["fetch"]).exits(0);
    let told = status(&desk, 0);
    let expires = told["mailboxes"]["support"]["token_expires"].as_str().unwrap().to_owned();
    let left = expires.parse::<jiff::Timestamp>().unwrap().duration_since(jiff::Timestamp::now()).as_secs();
    assert!((1..=24 * HOUR).contains(&left), "{left}");
    assert!(!told.to_string().contains("s3cret"));
}
