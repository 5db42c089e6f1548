//! Wrong configurations and the exact words about them.

use insta::assert_snapshot;

use super::super::problem::Problem;
use super::super::source::Readers;
use super::{BASE, IMAP, problems, read_with};
use crate::model::trouble::{ErrorCode, Trouble};

fn mailbox(lines: &str) -> String {
    problems(&format!("{BASE}{IMAP}{lines}"))
}

fn queue(lines: &str) -> String {
    problems(&format!("{BASE}{lines}"))
}

fn local(lines: &str) -> String {
    problems(&format!("{BASE}[mailbox.m]\nqueue = 'support'\npath = '/m'\n{lines}"))
}

#[test]
fn an_empty_file_lacks_a_store_and_a_queue() {
    assert_snapshot!(problems(""), @r#"
    helpdesk-mail.toml: store.url: missing (string, sqlite:PATH or postgresql://USER@HOST/DATABASE)
    helpdesk-mail.toml: queue: missing: at least one [queue.SLUG] is needed
    "#);
}

#[test]
fn a_syntax_error_has_line_and_column() {
    assert_snapshot!(problems("[store]\nurl = = 1\n"), @r#"
    helpdesk-mail.toml:2:7: not TOML: extra `=`, expected nothing
    "#);
    assert_snapshot!(problems("[store]\nurl = 'a'\nurl = 'b'\n"), @r#"
    helpdesk-mail.toml:3:1: not TOML: duplicate key
    "#);
    assert_snapshot!(problems("[store\n"), @r#"
    helpdesk-mail.toml:1:7: not TOML: unclosed table, expected `]`
    "#);
}

#[test]
fn what_is_not_utf_8_has_line_and_column() {
    let source = super::Source { bytes: b"[store]\n# gr\xFC\xDFe".to_vec(), readers: Readers::Few };
    let file = std::path::Path::new("f.toml");
    let invalid = super::document::settings(file, &source, &super::empty).unwrap_err();
    assert_snapshot!(invalid, @r#"f.toml:2:5: not TOML: this is not UTF-8"#);
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = "[mailbox.support]\ntype = 'imap'\nqueue = 'suport'\ntsl = 'none'\nport = 'x'\n\
                [queue.support]\npriority = 9\ntitel = 'S'\n[store]\nurl = 'sqlite:db'\n[outbux]\n";
    assert_snapshot!(problems(text), @r#"
    helpdesk-mail.toml:1: mailbox.support.host: missing (host name or IP address)
    helpdesk-mail.toml:1: mailbox.support.username: missing (string)
    helpdesk-mail.toml:1: mailbox.support.password: missing: one of password, password_file, password_env, password_command is needed
    helpdesk-mail.toml:3: mailbox.support.queue: expected the slug of a queue ("support"), found "suport"; did you mean "support"?
    helpdesk-mail.toml:4: mailbox.support.tsl: unknown key; did you mean "tls"?
    helpdesk-mail.toml:5: mailbox.support.port: expected an integer from 1 to 65535, found "x"
    helpdesk-mail.toml:7: queue.support.priority: expected an integer from 1 to 5, found 9
    helpdesk-mail.toml:8: queue.support.titel: unknown key; did you mean "title"?
    helpdesk-mail.toml:11: outbux: unknown section; did you mean "outbox"?
    "#);
}

#[test]
fn a_problem_tells_place_and_choice_apart() {
    let invalid = super::read(&format!("{BASE}{IMAP}  tls = 'startls'\n")).unwrap_err();
    assert_eq!(
        invalid.problems,
        [Problem {
            line: Some(10),
            column: Some(9),
            key: "mailbox.support.tls".to_owned(),
            what: "expected \"implicit\", \"starttls\" or \"none\", found \"startls\"".to_owned(),
            allowed: "\"implicit\", \"starttls\" or \"none\"".to_owned(),
            suggestion: Some("starttls".to_owned()),
        }]
    );
}

#[test]
fn sections_that_are_unknown_or_no_tables_are_told() {
    assert_snapshot!(queue("[mailbx.a]\n[[webhook]]\nname = 'x'\n"), @r#"
    helpdesk-mail.toml:4: mailbx: unknown section; did you mean "mailbox"?
    helpdesk-mail.toml:5: webhook: unknown section; known are store, queue, mailbox, rule, outbox, hook, alert, metrics, limits
    "#);
    assert_snapshot!(problems("store = 1\nqueue = 'support'\nmailbox.a = true\n[[alert]]\n"), @r#"
    helpdesk-mail.toml:1: store: expected a table [store], found an integer
    helpdesk-mail.toml:2: queue: expected a table [queue.SLUG], found a string
    helpdesk-mail.toml:3: mailbox.a: expected a table [mailbox.NAME], found a boolean
    helpdesk-mail.toml:4: alert: expected a table [alert], found an array
    "#);
    assert_snapshot!(problems("[store]\nurl = 'sqlite:x'\n[[queue.a]]\n[queue.'b c']\n[queue]\n"), @r#"
    helpdesk-mail.toml:3: queue.a: expected a table [queue.SLUG], found an array
    helpdesk-mail.toml:4: queue."b c": not a queue slug: use letters, digits, ".", "+", "_" and "-", beginning with a letter or digit, at most 64
    "#);
}

#[test]
fn a_store_is_a_file_or_a_server() {
    for (url, expected) in [
        ("'mysql:hunter2'", "expected "),
        ("'sqlite:'", "expected "),
        (
            "'sqlite:///db'",
            "\"sqlite://\" means different files to different programs: an absolute path is written \"sqlite:/PATH\", one beside the configuration \"sqlite:PATH\"; expected ",
        ),
        (
            "'sqlite://u:hunter2@host/db'",
            "\"sqlite://\" means different files to different programs: an absolute path is written \"sqlite:/PATH\", one beside the configuration \"sqlite:PATH\"; expected ",
        ),
        ("'sqlite::memory:'", "a store in memory would forget which mail was taken; expected "),
        (
            "'sqlite:file::memory:?cache=shared'",
            "a store in memory would forget which mail was taken; expected ",
        ),
        ("'sqlite:file:a.db'", "a path is needed, not a \"file:\" URI; expected "),
        ("'sqlite:a.db?mode=ro'", "options behind \"?\" are not taken, only a path is; expected "),
        ("12", "expected "),
    ] {
        let told = problems(&format!("queue.a = {{}}\n[store]\nurl = {url}\n"));
        assert!(
            told.starts_with(&format!("helpdesk-mail.toml:3: store.url: {expected}\"sqlite:PATH\"")),
            "{told}"
        );
        assert!(!told.contains("hunter2"), "{told}");
    }
    for (url, expected) in [
        ("postgresql://u:hunter2@host", "it must name a host and a database"),
        ("postgresql:///db", "it must name a host and a database"),
        ("postgresql://u:hunter2@host:x/db", "it is no URL of PostgreSQL"),
        (
            "postgresql://u:hunter2@host/db?sslmode=disable",
            "sslmode=disable is for servers on this host alone",
        ),
        ("postgresql://u:hunter2@host/db?bogus=1", "it is no URL of PostgreSQL"),
    ] {
        let told = problems(&format!("queue.a = {{}}\n[store]\nurl = '{url}'\n"));
        assert!(told.starts_with(&format!("helpdesk-mail.toml:3: store.url: {expected}")), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    let right = "[store]\nurl = 'postgresql://u@host/db'\npassword_command = 'pass'\nca_file = 'ca.pem'\n";
    assert_eq!(problems(&format!("queue.a = {{}}\n{right}")), "");
    let file = "queue.a = {}\n[store]\nurl = 'sqlite:a.db'\npassword = 'x'\n";
    assert_snapshot!(problems(file), @"helpdesk-mail.toml:4: store.password: an SQLite store has no server");
    assert_snapshot!(problems("queue.a = {}\n[store]\nkeep_raw = 'al'\n"), @r#"
    helpdesk-mail.toml:2: store.url: missing (string, sqlite:PATH or postgresql://USER@HOST/DATABASE)
    helpdesk-mail.toml:3: store.keep_raw: expected "failed" or "all", found "al"; did you mean "all"?
    "#);
}

#[test]
fn wrong_values_of_a_queue_are_told() {
    assert_snapshot!(queue(
        "aliases = ['a@b', 7, '*@c']\ntitle = ''\nupdate_only = 'yes'\nclosed_ticket = 'reopn'\n\
         reopen_within = '30'\nfollowups_from = 'all'\nagents = ['*']\npriority = 3.5\n"
    ), @r#"
    helpdesk-mail.toml:4: queue.support.aliases: expected a mail address, found 7
    helpdesk-mail.toml:5: queue.support.title: expected a string that is not empty and has no control characters, found ""
    helpdesk-mail.toml:6: queue.support.update_only: expected true or false, found "yes"
    helpdesk-mail.toml:7: queue.support.closed_ticket: expected "reopen" or "new", found "reopn"; did you mean "reopen"?
    helpdesk-mail.toml:8: queue.support.reopen_within: expected a duration such as "90s", "5m", "12h" or "30d", at most "36500d", found "30"
    helpdesk-mail.toml:9: queue.support.followups_from: expected "participants" or "anyone", found "all"
    helpdesk-mail.toml:10: queue.support.agents: expected a mail address or a pattern such as "*@example.org", found "*"
    helpdesk-mail.toml:11: queue.support.priority: expected an integer from 1 to 5, found a float
    "#);
    assert_snapshot!(queue("closed_ticket = 'new'\nreopen_within = '30d'\n"), @r#"
    helpdesk-mail.toml:5: queue.support.reopen_within: has no meaning with closed_ticket = "new"
    "#);
    assert_snapshot!(queue("aliases = 'a@b'\n"), @r#"
    helpdesk-mail.toml:4: queue.support.aliases: expected a list of mail addresses, found "a@b"
    "#);
}

#[test]
fn queues_share_neither_slug_nor_address() {
    assert_snapshot!(queue(
        "[queue.sales]\naddress = 'sales@example.org'\naliases = ['SUPPORT@example.org']\n\
         [queue.Support]\n[queue.third]\naddress = 'Sales@example.org'\n"
    ), @r#"
    helpdesk-mail.toml:6: queue.sales.aliases: "SUPPORT@example.org" is already an address of queue.support
    helpdesk-mail.toml:7: queue.Support: the same as queue.support: the case of a slug does not matter
    helpdesk-mail.toml:9: queue.third.address: "Sales@example.org" is already an address of queue.sales
    "#);
}

#[test]
fn wrong_values_of_a_mailbox_are_told() {
    assert_snapshot!(mailbox(
        "port = 0\ntls = 'startls'\nca_file = '~/ca.pem'\nfolder = ''\nupdate_only = 1\ntrust_headers = 'no'\n\
         interval = '5'\ntimeout = 60\nmax_message_size = '50MiB'\nbatch_size = 10001\nmax_attempts = 0\n\
         since = 'yesterday'\non_success = 'sen'\n"
    ), @r#"
    helpdesk-mail.toml:10: mailbox.support.port: expected an integer from 1 to 65535, found 0
    helpdesk-mail.toml:11: mailbox.support.tls: expected "implicit", "starttls" or "none", found "startls"; did you mean "starttls"?
    helpdesk-mail.toml:12: mailbox.support.ca_file: expected a path ("~" does not stand for the home directory here), found "~/ca.pem"
    helpdesk-mail.toml:13: mailbox.support.folder: expected a string that is not empty and has no control characters, found ""
    helpdesk-mail.toml:14: mailbox.support.update_only: expected true or false, found 1
    helpdesk-mail.toml:15: mailbox.support.trust_headers: expected true or false, found "no"
    helpdesk-mail.toml:16: mailbox.support.interval: expected a duration such as "90s", "5m", "12h" or "30d", at most "36500d", found "5"
    helpdesk-mail.toml:17: mailbox.support.timeout: expected a duration such as "90s", "5m", "12h" or "30d", at most "36500d", found 60
    helpdesk-mail.toml:18: mailbox.support.max_message_size: expected a size such as "500KB" or "25MB", at most "1GB", found "50MiB"
    helpdesk-mail.toml:19: mailbox.support.batch_size: expected an integer from 1 to 10000, found 10001
    helpdesk-mail.toml:20: mailbox.support.max_attempts: expected an integer from 1 to 1000, found 0
    helpdesk-mail.toml:21: mailbox.support.since: expected a date such as 2026-01-31 or a time such as 2026-01-31T08:00:00+01:00, found "yesterday"
    helpdesk-mail.toml:22: mailbox.support.on_success: expected "keep", "seen", "delete" or "move:FOLDER" (type = "imap"), found "sen"; did you mean "seen"?
    "#);
}

#[test]
fn what_a_mailbox_needs_is_told() {
    assert_snapshot!(queue("[mailbox.a]\n[mailbox.b]\ntype = 'imap'\n[mailbox.c]\ntype = 'mbox'\n"), @r#"
    helpdesk-mail.toml:4: mailbox.a.type: missing ("imap", "pop3", "maildir", "mbox" or "directory")
    helpdesk-mail.toml:4: mailbox.a.queue: missing (slug of a queue)
    helpdesk-mail.toml:5: mailbox.b.queue: missing (slug of a queue)
    helpdesk-mail.toml:5: mailbox.b.host: missing (host name or IP address)
    helpdesk-mail.toml:5: mailbox.b.username: missing (string)
    helpdesk-mail.toml:5: mailbox.b.password: missing: one of password, password_file, password_env, password_command is needed
    helpdesk-mail.toml:7: mailbox.c.queue: missing (slug of a queue)
    helpdesk-mail.toml:7: mailbox.c.path: missing (path)
    "#);
    assert_snapshot!(queue("[mailbox.'a/b']\n"), @r#"
    helpdesk-mail.toml:4: mailbox."a/b": not a mailbox name: use letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 64
    "#);
    assert_snapshot!(queue("[mailbox.a]\ntype = 'pop'\n[mailbox.b]\ntype = 'mailder'\nqueue = 's'\n"), @r#"
    helpdesk-mail.toml:4: mailbox.a.queue: missing (slug of a queue)
    helpdesk-mail.toml:4: mailbox.a.host: missing (host name or IP address)
    helpdesk-mail.toml:4: mailbox.a.username: missing (string)
    helpdesk-mail.toml:4: mailbox.a.password: missing: one of password, password_file, password_env, password_command is needed
    helpdesk-mail.toml:5: mailbox.a.type: expected "imap", "pop3", "maildir", "mbox" or "directory", found "pop"; did you mean "pop3"?
    helpdesk-mail.toml:6: mailbox.b.path: missing (path)
    helpdesk-mail.toml:7: mailbox.b.type: expected "imap", "pop3", "maildir", "mbox" or "directory", found "mailder"; did you mean "maildir"?
    helpdesk-mail.toml:8: mailbox.b.queue: expected the slug of a queue ("support"), found "s"
    "#);
}

#[test]
fn a_wrong_type_hides_nothing_else_that_is_wrong() {
    assert_snapshot!(queue(
        "[mailbox.a]\nqueue = 'suport'\nhost = 'imaps://h'\ntsl = 'none'\ntls = 'startls'\nport = 0\non_success = 'sen'\ntimeout = 5\n\
         [mailbox.b]\ntype = 'exchange'\npath = 5\non_skip = 'seen'\n\
         [mailbox.c]\ntype = 'imapp'\nqueue = 'support'\npath = '/m'\nfolder = ''\n"
    ), @r#"
    helpdesk-mail.toml:4: mailbox.a.type: missing ("imap", "pop3", "maildir", "mbox" or "directory")
    helpdesk-mail.toml:4: mailbox.a.username: missing (string)
    helpdesk-mail.toml:4: mailbox.a.password: missing: one of password, password_file, password_env, password_command is needed
    helpdesk-mail.toml:5: mailbox.a.queue: expected the slug of a queue ("support"), found "suport"; did you mean "support"?
    helpdesk-mail.toml:6: mailbox.a.host: expected a host name or an IP address, without a port, found "imaps://h"
    helpdesk-mail.toml:7: mailbox.a.tsl: unknown key; did you mean "tls"?
    helpdesk-mail.toml:8: mailbox.a.tls: expected "implicit", "starttls" or "none", found "startls"; did you mean "starttls"?
    helpdesk-mail.toml:9: mailbox.a.port: expected an integer from 1 to 65535, found 0
    helpdesk-mail.toml:10: mailbox.a.on_success: expected "keep", "seen", "delete" or "move:FOLDER", found "sen"; did you mean "seen"?
    helpdesk-mail.toml:11: mailbox.a.timeout: expected a duration such as "90s", "5m", "12h" or "30d", at most "36500d", found 5
    helpdesk-mail.toml:12: mailbox.b.queue: missing (slug of a queue)
    helpdesk-mail.toml:13: mailbox.b.type: expected "imap", "pop3", "maildir", "mbox" or "directory", found "exchange"
    helpdesk-mail.toml:14: mailbox.b.path: expected a path, found 5
    helpdesk-mail.toml:16: mailbox.c.host: missing (host name or IP address)
    helpdesk-mail.toml:16: mailbox.c.username: missing (string)
    helpdesk-mail.toml:16: mailbox.c.password: missing: one of password, password_file, password_env, password_command is needed
    helpdesk-mail.toml:17: mailbox.c.type: expected "imap", "pop3", "maildir", "mbox" or "directory", found "imapp"; did you mean "imap"?
    helpdesk-mail.toml:20: mailbox.c.folder: expected a string that is not empty and has no control characters, found ""
    "#);
}

#[test]
fn a_host_has_no_scheme_and_no_port() {
    for (host, expected) in [
        ("imap.example.org", ""),
        ("192.0.2.1", ""),
        ("2001:db8::1", ""),
        ("[2001:db8::1]", ""),
        ("imap.example.org:993", "without a port"),
        ("imaps://imap.example.org", "without a port"),
        ("a b", "without a port"),
    ] {
        let told = problems(&format!("{BASE}{IMAP}").replace("imap.example.org", host));
        assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{host}: {told}");
    }
}

#[test]
fn exactly_one_password_is_given() {
    assert_snapshot!(mailbox("password = 'hunter2'\npassword_env = 'P'\n"), @r#"
    helpdesk-mail.toml:9: mailbox.support.password_file: password is given too; exactly one may be
    helpdesk-mail.toml:11: mailbox.support.password_env: password is given too; exactly one may be
    "#);
    assert_snapshot!(mailbox("folder = 'A'\nfolders = ['A', 'B', 'inbox', 'INBOX', 'A']\n"), @r#"
    helpdesk-mail.toml:11: mailbox.support.folders: folder is given too; only one of them may be
    helpdesk-mail.toml:11: mailbox.support.folders: "INBOX" stands there twice
    helpdesk-mail.toml:11: mailbox.support.folders: "A" stands there twice
    "#);
    assert_snapshot!(mailbox("folders = []\n"), @r#"
    helpdesk-mail.toml:10: mailbox.support.folders: expected at least one folder, found an empty list
    "#);
}

#[test]
fn keys_of_another_type_are_told() {
    assert_snapshot!(local("type = 'maildir'\nhost = 'h'\npassword = 'hunter2'\nfolder = 'INBOX'\n"), @r#"
    helpdesk-mail.toml:8: mailbox.m.host: not for type = "maildir", only for "imap" or "pop3"
    helpdesk-mail.toml:9: mailbox.m.password: not for type = "maildir", only for "imap" or "pop3"
    helpdesk-mail.toml:10: mailbox.m.folder: not for type = "maildir", only for "imap"
    "#);
    let pop3 = format!("{BASE}{IMAP}folder = 'INBOX'\nfolders = []\nsince = 2026-01-31\n");
    assert_snapshot!(problems(&pop3.replace("'imap'", "'pop3'")), @r#"
    helpdesk-mail.toml:10: mailbox.support.folder: not for type = "pop3", only for "imap"
    helpdesk-mail.toml:11: mailbox.support.folders: not for type = "pop3", only for "imap"
    helpdesk-mail.toml:12: mailbox.support.since: not for type = "pop3", only for "imap", "maildir", "mbox" or "directory"
    "#);
    assert_snapshot!(mailbox("path = '/m'\n"), @r#"
    helpdesk-mail.toml:10: mailbox.support.path: not for type = "imap", only for "maildir", "mbox" or "directory"
    "#);
}

#[test]
fn each_type_has_its_dispositions() {
    for (kind, good, bad) in [
        ("imap", &["keep", "seen", "delete", "move:Done"][..], &["move:", "move", "Seen", ""][..]),
        ("maildir", &["keep", "seen", "delete", "move:Done"], &["read"]),
        ("pop3", &["keep", "delete"], &["seen", "move:Done"]),
        ("mbox", &["keep", "delete"], &["seen", "move:Done"]),
        ("directory", &["keep", "delete", "move:done"], &["seen"]),
    ] {
        let text = |word: &str| match kind {
            "imap" => mailbox(&format!("on_skip = '{word}'")),
            "pop3" => problems(&format!("{BASE}{IMAP}on_skip = '{word}'").replace("'imap'", "'pop3'")),
            kind => local(&format!("type = '{kind}'\non_skip = '{word}'")),
        };
        for word in good {
            assert_eq!(text(word), "", "{kind} {word}");
        }
        for word in bad {
            assert!(text(word).contains("on_skip: expected \"keep\""), "{kind} {word}: {}", text(word));
        }
    }
    assert_snapshot!(local("type = 'mbox'\non_success = 'seen'\non_failure = 'move:x'\n"), @r#"
    helpdesk-mail.toml:8: mailbox.m.on_success: expected "keep" or "delete" (type = "mbox"), found "seen"
    helpdesk-mail.toml:9: mailbox.m.on_failure: expected "keep" or "delete" (type = "mbox"), found "move:x"
    "#);
    assert_snapshot!(local("type = 'directory'\non_success = 'seen'\n"), @r#"
    helpdesk-mail.toml:8: mailbox.m.on_success: expected "keep", "delete" or "move:DIR" (type = "directory"), found "seen"
    "#);
}

#[test]
fn mail_is_not_moved_to_where_it_is_fetched() {
    assert_snapshot!(mailbox("on_success = 'move:inbox'\n"), @r#"
    helpdesk-mail.toml:10: mailbox.support.on_success: "inbox" is itself fetched by this mailbox
    "#);
    assert_snapshot!(local("type = 'directory'\non_failure = 'move:../m'\n"), @r#"
    helpdesk-mail.toml:8: mailbox.m.on_failure: expected "move:" and the name of a sub-directory, found "move:../m"
    "#);
}

#[test]
fn a_password_crosses_no_network_in_clear_text_unasked() {
    assert_snapshot!(mailbox("tls = 'none'\n"), @r#"
    helpdesk-mail.toml:10: mailbox.support.tls: "none" would send the password in clear text to "imap.example.org"; "implicit" and "starttls" protect it, allow_plaintext = true allows it
    "#);
    assert_eq!(mailbox("tls = 'none'\nallow_plaintext = true\n"), "");
    for host in ["localhost", "127.0.0.1", "::1"] {
        let text = format!("{BASE}{IMAP}tls = 'none'\n").replace("imap.example.org", host);
        assert_eq!(problems(&text), "", "{host}");
    }
}

#[test]
fn no_error_shows_a_secret() {
    for line in [
        "password = ['hunter2']",
        "password = 'hunter2\\u0000'",
        "password = \"hunter2\\u0000\"",
        "pasword = 'hunter2'",
        "password = hunter2",
        "password = 'hunter2",
        "password = 'hunter2' x",
        "password = \"\\hunter2\"",
        "password = { hunter2 = 1 }",
        "password = 'hunter2'\npassword = 'hunter2'",
        "password_command = ['hunter2']",
        "password_env = '$hunter2'",
        "password_file = 'x'\npassword = 'hunter2'",
    ] {
        let text = format!("{BASE}{}{line}\nport = 0\n", IMAP.replace("password_file = 'p'\n", ""));
        let invalid = read_with(&text, Readers::Everyone, &super::empty).unwrap_err();
        let shown = format!("{invalid} {invalid:?}");
        assert!(!shown.contains("hunter2"), "{line}: {shown}");
        let trouble = Trouble::from(invalid);
        assert_eq!(trouble.code, ErrorCode::ConfigInvalid);
        assert!(!format!("{trouble} {trouble:?} {}", trouble.detail()).contains("hunter2"), "{line}");
    }
}

#[test]
fn what_is_huge_or_deep_is_told_of_in_time() {
    let wide: String = (0..20_000).map(|i| format!("x{i} = 1\n")).collect();
    assert_eq!(problems(&wide).lines().count(), 20_002);
    for deep in ["[", "{a=", "[a.", "a."] {
        assert!(problems(&format!("a = {}", deep.repeat(50_000))).contains("not TOML"), "{deep}");
    }
}

#[test]
fn what_is_odd_is_shown_short_and_escaped() {
    let long = "x".repeat(100_000);
    let told = mailbox(&format!("\"\\u001b[2J\\n\" = 1\ntls = \"\\u001b[2J{long}\"\n"));
    assert!(told.len() < 1000 && !told.contains('\u{1b}'), "{told}");
    assert_eq!(told.lines().count(), 2);
}

#[test]
fn wrong_rules_are_told_with_what_is_allowed() {
    let rules = "[[rule]]\nname = 'a b'\nmailboxes = ['suport']\nwhen = { from = 'x', subjct = 'y', subject = '(' }\n\
                 then = { queue = 'suport', priority = 0, tags = ['a,b'] }\n\
                 [[rule]]\nname = 'x'\nwhen = {}\ngo_on = 1\n\
                 [[rule]]\nname = 'x'\nwhen = { header = { 'a b' = 'x' } }\nthen = { ignore = true, priority = 1 }\n";
    assert_snapshot!(mailbox(rules), @r#"
    helpdesk-mail.toml:11: rule[1].name: expected a name of letters, digits, "-", "_" and ".", at most 64 octets, found "a b"
    helpdesk-mail.toml:12: rule[1].mailboxes: expected the name of a mailbox ("support"), found "suport"; did you mean "support"?
    helpdesk-mail.toml:13: rule[1].when.from: expected a mail address, a pattern such as "*@example.org", or a list of them, found "x"
    helpdesk-mail.toml:13: rule[1].when.subjct: unknown key; did you mean "subject"?
    helpdesk-mail.toml:13: rule[1].when.subject: "(" is no regular expression: unclosed group
    helpdesk-mail.toml:14: rule[1].then.queue: expected the slug of a queue ("support"), found "suport"; did you mean "support"?
    helpdesk-mail.toml:14: rule[1].then.priority: expected an integer from 1 to 5, found 0
    helpdesk-mail.toml:14: rule[1].then.tags: expected a tag without commas, at most 64 octets, found "a,b"
    helpdesk-mail.toml:15: rule[2].then: missing
    helpdesk-mail.toml:17: rule[2].when: is empty
    helpdesk-mail.toml:18: rule[2].go_on: expected true or false, found 1
    helpdesk-mail.toml:20: rule[3].name: "x" is the name of a rule before
    helpdesk-mail.toml:21: rule[3].when.header: "a b" is no name of a header
    helpdesk-mail.toml:22: rule[3].then.priority: has no meaning beside ignore = true
    "#);
    assert_snapshot!(problems(&format!("rule = 1\n{BASE}")), @"helpdesk-mail.toml:1: rule: expected tables [[rule]], found an integer");
}
