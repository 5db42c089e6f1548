//! Finding, checking and writing the configuration.

use std::os::unix::fs::PermissionsExt;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use tempfile::tempdir;

use crate::cli_place::{Place, bare};
use crate::support::nobody::as_nobody;

#[test]
fn without_a_configuration_nothing_is_done() {
    let home = tempdir().unwrap();
    bare(home.path())
        .arg("fetch")
        .assert()
        .code(78)
        .stderr(contains("error: no configuration: ").and(contains("\nhint: ")));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_that_may_not_be_searched_is_told() {
    let home = tempdir().unwrap();
    let directory = home.path().join(".config");
    std::fs::create_dir(&directory).unwrap();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o000)).unwrap();
    as_nobody(home.path(), || {
        bare(home.path()).arg("fetch").assert().code(78).stderr(
            contains("helpdesk-mail.toml cannot be read, ")
                .and(contains("\nhint: a configuration is a file")),
        );
    });
    // Whoever removes it must be able to look into it.
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn init_writes_a_private_file_where_it_is_looked_for_and_never_overwrites() {
    let home = tempdir().unwrap();
    let file = home.path().join(".config/helpdesk-mail/helpdesk-mail.toml");
    bare(home.path()).arg("init").assert().code(0).stdout(contains(file.to_str().unwrap()));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&file).unwrap();
    bare(home.path()).arg("init").assert().code(73).stderr(contains("error: ").and(contains("\nhint: ")));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    bare(home.path()).arg("check").assert().code(0).stdout(contains("is valid"));
}

#[test]
fn init_can_write_elsewhere_and_to_standard_output() {
    let home = tempdir().unwrap();
    bare(home.path()).args(["init", "--output", "here.toml"]).assert().code(0);
    let output = bare(home.path()).args(["init", "--output", "-"]).assert().code(0).get_output().clone();
    assert_eq!(output.stdout, std::fs::read(home.path().join("here.toml")).unwrap());
}

#[test]
fn check_tells_what_is_configured_and_makes_nothing() {
    let place = Place::configured();
    let text = place.output("check", 0);
    assert!(text.contains("is made by the first run\n"), "{text}");
    assert!(text.contains("mailbox support feeds queue support\n"), "{text}");
    assert!(text.contains("nobody is notified"), "{text}");
    assert!(!place.directory.path().join("helpdesk-mail.db").exists());
    let lines = place.json("check --json", 0);
    assert_eq!(lines[0]["store_exists"], false);
    assert_eq!(lines[0]["mailboxes"][0], "support");
}

#[test]
fn check_tells_who_is_notified_by_what_and_tries_each_back_end() {
    let place = Place::configured();
    let configure = |outbox: &str| {
        let queues = "[queue.support]\naddress = \"s@example.org\"\n[queue.quiet]\nnotify = []\n";
        place.write("helpdesk-mail.toml", &format!("[store]\nurl = \"sqlite:db\"\n{queues}{outbox}"));
    };
    configure("[outbox]\nbackend = \"file\"\npath = \"out\"\n");
    let text = place.output("check", 0);
    assert!(text.contains("queue support notifies by back end default, file:/"), "{text}");
    assert!(text.contains("queue quiet notifies nobody\n") && !text.contains("no [outbox]"), "{text}");
    let lines = place.json("check --connect --json", 69);
    assert_eq!(lines[0]["backends"][0], "default");
    assert_eq!((&lines[1]["type"], &lines[1]["status"]), (&"backend".into(), &"failed".into()));
    assert_eq!(lines[1]["error"]["error_code"], "outbox.path");
    std::fs::create_dir(place.directory.path().join("out")).unwrap();
    assert!(place.output("check --connect", 0).contains("back end default: ok, file:/"));
    assert_eq!(std::fs::read_dir(place.directory.path().join("out")).unwrap().count(), 0);
}

#[test]
fn every_problem_of_a_configuration_is_told_with_its_line() {
    let place = Place::configured();
    place.write("helpdesk-mail.toml", "[queue.support]\ntitel = \"x\"\n[mailbox.a]\ntype = \"imup\"\n");
    let output = place.command("check").assert().code(78).get_output().clone();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains(":2") && text.contains("titel") && text.contains(":4") && text.contains("imup"),
        "{text}"
    );
    assert_eq!(place.json("check --json", 78)[0]["error_code"], "config.invalid");
}

#[test]
fn causes_are_told_with_v_alone() {
    let place = Place::configured();
    place.write("helpdesk-mail.toml", "[store]\nurl = \"sqlite:.\"\n[queue.q]\n[mailbox.m]\ntype = \"maildir\"\nqueue = \"q\"\npath = \"m\"\n");
    let plain = place.json("outcomes --json", 74);
    assert_eq!(plain[0]["detail"], serde_json::Value::Null);
    let told = place.json("-v outcomes --json", 74);
    assert!(told[0]["detail"].is_string(), "{told:?}");
    place.command("-v outcomes").assert().code(74).stderr(contains("cause: "));
}

#[test]
fn warnings_are_told_by_check_and_fetch_alone() {
    let place = Place::configured();
    place.write("helpdesk-mail.toml", "[store]\nurl = \"sqlite:db\"\n[queue.support]\ntitle = \"S\"\n");
    for (line, warned) in [("check", true), ("fetch", true), ("outcomes", false), ("ticket list", false)] {
        let output = place.command(line).assert().code(0).get_output().stderr.clone();
        let text = String::from_utf8(output).unwrap();
        assert_eq!(text.contains("`fetch` has nothing to do"), warned, "{line}: {text}");
    }
}

#[test]
fn check_misses_a_directory_that_mail_is_moved_to() {
    let place = Place::configured();
    let mailbox = "type = \"directory\"\nqueue = \"support\"\npath = \"mail\"\non_success = \"move:done\"\n";
    place.write(
        "helpdesk-mail.toml",
        &format!("[store]\nurl = \"sqlite:db\"\n[queue.support]\ntitle = \"S\"\n[mailbox.m]\n{mailbox}"),
    );
    std::fs::create_dir(place.directory.path().join("mail")).unwrap();
    assert!(place.output("check --connect", 69).contains("create the sub-directory \"done\""));
    std::fs::create_dir(place.directory.path().join("mail/done")).unwrap();
    place.command("check --connect").assert().code(0);
}

#[test]
fn check_misses_the_directory_of_the_store_and_its_secret() {
    let place = Place::configured();
    let configure = |store: &str| {
        place.write("helpdesk-mail.toml", &format!("[store]\n{store}\n[queue.support]\ntitle = \"S\"\n"));
    };
    configure("url = \"sqlite:none/db\"");
    let lines = place.json("check --json", 74);
    assert_eq!(lines[0]["error_code"], "store.unavailable");
    assert!(lines[0]["hint"].as_str().unwrap().starts_with("make its directory first"), "{lines:?}");
    configure("url = \"sqlite:db\"\ntoken_secret_file = \"secret\"");
    let fetched = place.json("fetch --json", 78);
    for error in [&place.json("check --json", 78)[0], &fetched[0]["error"]] {
        assert_eq!(error["msg"].as_str().unwrap().split(' ').next_back(), Some("used"), "{error}");
    }
    place.write("secret", "too short");
    assert!(place.json("check --json", 78)[0]["hint"].as_str().unwrap().contains("16 octets or more"));
    place.write("secret", "0123456789abcdef");
    place.command("check").assert().code(0);
}

#[test]
fn the_program_never_fetches_its_own_files() {
    let place = Place::configured();
    let table = [
        ("sqlite:box/db", "directory", "box", "the store"),
        ("sqlite:db", "directory", ".", "the configuration"),
        ("sqlite:db", "mbox", "./db", "the store"),
        ("sqlite:box/new/db", "maildir", "box", "the store"),
    ];
    std::fs::create_dir_all(place.directory.path().join("box/new")).unwrap();
    for (url, kind, path, what) in table {
        let mailbox = format!("[mailbox.m]\nqueue = \"support\"\ntype = \"{kind}\"\npath = \"{path}\"\n");
        place.write(
            "helpdesk-mail.toml",
            &format!("[store]\nurl = \"{url}\"\n[queue.support]\ntitle = \"S\"\n{mailbox}"),
        );
        let told = place.json("check --json", 78)[0]["msg"].to_string();
        assert!(told.contains(&format!("mailbox.m.path: {what} lies in there")), "{kind} {path}: {told}");
    }
}
