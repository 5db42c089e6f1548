//! `[[hook]]`: what its keys mean and what is wrong with them.

use std::path::Path;
use std::time::Duration;

use insta::assert_snapshot;

use super::{BASE, IMAP, problems, read};
use crate::hook::{DryRun, Hook, OnFailure, Way};
use crate::model::event::EventKind;

fn hooks(text: &str) -> Vec<Hook> {
    read(&format!("{BASE}{IMAP}{text}")).unwrap_or_else(|invalid| panic!("{invalid}")).plan.hooks
}

/// What is wrong with hooks that begin on line 4.
fn wrong(text: &str) -> String {
    problems(&format!("{BASE}{text}"))
}

#[test]
fn a_program_is_a_path_or_a_name_and_has_defaults() {
    let hooks = hooks(
        "[[hook]]\nevent = 'pre-process'\ncommand = ['bin/check', '', '--x y']\n\
         [[hook]]\nevent = 'pre-process'\nname = 'second'\ncommand = ['check']\non_failure = 'defer'\n\
         dry_run = true\nmailboxes = ['support']\ntimeout = '90s'\nmemory = '100MB'\n",
    );
    let [first, second] = hooks.as_slice() else { panic!("{hooks:?}") };
    let Way::Command(program) = &first.way else { panic!() };
    assert_eq!((first.name.as_str(), first.event), ("check", EventKind::PreProcess));
    assert_eq!(program.file, Path::new("/conf/bin/check"), "relative to the configuration");
    assert_eq!(
        (program.arguments.as_slice(), program.memory),
        (&["".to_owned(), "--x y".to_owned()][..], 1_000_000_000)
    );
    assert_eq!((first.on_failure, first.dry_run, first.max_attempts), (OnFailure::Ignore, DryRun::Left, 20));
    assert_eq!(
        (first.timeout, first.mailboxes.len(), first.raw_size),
        (Duration::from_secs(10), 0, 1_000_000)
    );
    let Way::Command(program) = &second.way else { panic!() };
    assert_eq!(
        (program.file.as_path(), program.memory),
        (Path::new("check"), 100_000_000),
        "to be looked for"
    );
    assert_eq!(
        (second.on_failure, second.dry_run, second.timeout.as_secs()),
        (OnFailure::Defer, DryRun::Asked, 90)
    );
    assert!(second.listens_to(&"support".parse().unwrap()) && !second.listens_to(&"ingest".parse().unwrap()));
}

#[test]
fn a_url_is_called_by_its_host_and_has_a_secret() {
    let hooks = hooks(
        "[[hook]]\nevent = 'post-process'\nurl = 'https://crm.example.org:8443/x?key=1'\nsecret_file = 's'\n\
         [[hook]]\nevent = 'mailbox-error'\nurl = 'http://127.0.0.1:1/'\nsecret = 'whsec_x'\nallow_private = true\n",
    );
    let [first, second] = hooks.as_slice() else { panic!("{hooks:?}") };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("crm.example.org", "127.0.0.1"));
    let Way::Url(endpoint) = &first.way else { panic!() };
    assert_eq!(
        (endpoint.url.to_string().as_str(), endpoint.allow_private),
        ("https://crm.example.org:8443/x", false)
    );
    assert!(!format!("{second:?}").contains("whsec_x"), "{second:?}");
}

#[test]
fn what_is_called_is_a_program_or_a_url() {
    assert_snapshot!(wrong("[[hook]]\nevnt = 'post-process'\n"), @r#"
    helpdesk-mail.toml:4: hook[1].event: missing ("pre-validate", "post-validate", "pre-process", "post-process", "processing-error", "mailbox-error" or "delivery-error")
    helpdesk-mail.toml:4: hook[1].command: missing: command or url says what is called
    helpdesk-mail.toml:5: hook[1].evnt: unknown key; did you mean "event"?
    "#);
    assert_snapshot!(wrong("[[hook]]\nevent = 'post-proces'\ncommand = []\n[[hook]]\nevent = 'post-process'\ncommand = 'x y'\nurl = 'https://h/'\n"), @r#"
    helpdesk-mail.toml:5: hook[1].event: expected "pre-validate", "post-validate", "pre-process", "post-process", "processing-error", "mailbox-error" or "delivery-error", found "post-proces"; did you mean "post-process"?
    helpdesk-mail.toml:6: hook[1].command: expected a list of a program and its arguments, found an array
    helpdesk-mail.toml:10: hook[2].url: command is given too; exactly one may be
    "#);
    assert_snapshot!(problems(&format!("hook = 'x'\n{BASE}")), @r#"helpdesk-mail.toml:1: hook: expected tables [[hook]], found a string"#);
}

#[test]
fn a_url_is_protected_and_signed() {
    let url = |lines: &str| wrong(&format!("[[hook]]\nevent = 'post-process'\n{lines}"));
    assert_snapshot!(url("url = 'http://crm.example.org/t0ken'\nsecret = ''\n"), @r#"
    helpdesk-mail.toml:6: hook[1].url: it must begin with https://; http:// is for this machine only, since secrets are sent there
    helpdesk-mail.toml:7: hook[1].secret: expected a string that is not empty and has no control characters, found a string
    "#);
    assert_snapshot!(url("url = 'http://localhost/'\n"), @r#"
    helpdesk-mail.toml:4: hook[1].secret: missing: one of secret, secret_file, secret_env, secret_command is needed
    helpdesk-mail.toml:6: hook[1].url: this machine is called only with allow_private = true
    "#);
    assert_snapshot!(url("command = ['x']\nsecret = 'whsec_x'\nallow_private = true\n"), @r#"
    helpdesk-mail.toml:7: hook[1].secret: only for a hook with url
    helpdesk-mail.toml:8: hook[1].allow_private: only for a hook with url
    "#);
}

#[test]
fn keys_without_a_meaning_for_the_event_and_second_names_are_told() {
    let text = "[[hook]]\nevent = 'pre-process'\ncommand = ['/a/x']\nmax_attempts = 3\nraw_size = '1KB'\n\
                [[hook]]\nevent = 'pre-process'\ncommand = ['/b/x']\n\
                [[hook]]\nevent = 'delivery-error'\ncommand = ['x']\non_failure = 'skip'\nmailboxes = ['supprt']\n";
    assert_snapshot!(problems(&format!("{BASE}{IMAP}{text}")), @r#"
    helpdesk-mail.toml:13: hook[1].max_attempts: has no meaning for pre-process, only for events that are told afterwards
    helpdesk-mail.toml:14: hook[1].raw_size: has no meaning for pre-process, only for pre-validate
    helpdesk-mail.toml:15: hook[2].name: another pre-process hook is called "x": give this one a name
    helpdesk-mail.toml:21: hook[3].on_failure: has no meaning for delivery-error, only for pre-validate, post-validate and pre-process
    helpdesk-mail.toml:22: hook[3].mailboxes: has no meaning for delivery-error, only for events of a mailbox
    helpdesk-mail.toml:22: hook[3].mailboxes: expected the name of a mailbox ("support"), found "supprt"; did you mean "support"?
    "#);
}
