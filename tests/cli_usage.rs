//! The command line: wrong ones end with 64, help with 0, and a mail server hears 0 or 75 whatever happens.

use tempfile::tempdir;

use crate::cli_place::{Place, bare};

#[test]
fn wrong_command_lines_end_with_64() {
    let place = Place::configured();
    let lines = [
        "",
        "bogus",
        "fetch --bogus",
        "fetch --limit 0",
        "fetch --mailbox a/b",
        "fetch --mailbox nobody",
        "-q -v check",
        "--color pink check",
        "ingest --queue nowhere",
        "inspect",
        "outcomes --outcome lost",
        "outcomes --since yesterday",
        "outcomes --reconcile --limit 3",
        "outcomes --reconcile --outcome failed",
        "outcomes --reconcile --since 1d",
        "outcomes --reconcile --run 1",
        "outcomes --reconcile --mailbox nobody",
        "outcomes --reconcile reset 1",
        "outcomes reset --unknown 1",
        "outcomes reset --unknown --outcome failed",
        "outcomes reset",
        "outcomes reset --limit 3",
        "quarantine",
        "quarantine retry",
        "quarantine retry 1 --all",
        "ticket show support-x",
        "ticket list --status lost",
        "completions dos",
    ];
    for line in lines {
        let output = place.command(line).assert().code(64).get_output().clone();
        assert!(output.stdout.is_empty(), "{line}");
        assert!(!output.stderr.is_empty(), "{line}");
    }
}

#[test]
fn help_and_version_end_with_0_on_standard_output() {
    let place = Place::configured();
    assert_eq!(place.output("--version", 0), concat!("helpdesk-mail ", env!("CARGO_PKG_VERSION"), "\n"));
    for line in ["--help", "fetch --help", "outcomes reset --help", "ticket merge -h"] {
        assert!(place.output(line, 0).contains("Usage: helpdesk-mail"), "{line}");
    }
}

#[test]
fn an_unknown_mailbox_is_named_with_those_there_are() {
    let output = Place::configured().command("fetch --mailbox nobody").assert().code(64).get_output().clone();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("error: there is no mailbox \"nobody\"\nhint: there are: ")
            && text.contains("are: support\n")
    );
}

#[test]
fn with_json_a_wrong_command_line_is_an_error_object_too() {
    let lines = Place::configured().json("fetch --json --limit x", 64);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["error_code"], "usage");
    let fields: Vec<_> = lines[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["error_code", "msg", "hint", "detail"]);
}

#[test]
fn a_mail_server_is_told_to_keep_its_copy_whatever_is_wrong() {
    let home = tempdir().unwrap();
    for line in [
        "ingest --mta",
        "ingest --mta --bogus",
        "ingest --bogus --mta",
        "ingest --mta --help",
        "-q -v ingest --mta",
    ] {
        bare(home.path()).args(line.split(' ')).assert().code(75);
    }
    let place = Place::configured();
    place.write("helpdesk-mail.toml", "nonsense");
    place.command("ingest --mta").write_stdin("From: a@b.example\n\nx").assert().code(75);
    assert!(!place.command("ingest --mta").assert().get_output().stderr.is_empty());
}

#[test]
fn an_image_is_no_message() {
    let place = Place::configured();
    std::fs::write(place.directory.path().join("x.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0").unwrap();
    place.command("inspect x.png").assert().code(65);
    place.command("ingest --queue support x.png").assert().code(65);
    assert_eq!(place.json("outcomes --json", 0)[0]["reason"], "unreadable");
    assert!(place.output("ticket list", 0).is_empty());
}

#[test]
fn a_mail_server_hands_over_one_message_whatever_stands_in_it() {
    let place = Place::configured();
    // Postfix begins it so for a command, and quotes nothing behind it.
    let piped = |at: &str| {
        format!(
            "From alice@example.org  Sat Nov 21 {at} 2026\nFrom: alice@example.org\nSubject: x\n\nHello\n\n\
             From what Bob said at 10:30 it burns.\n>From here on too.\n"
        )
    };
    for at in ["08:00:00", "08:05:00"] {
        place.command("ingest --mta --queue support").write_stdin(piped(at)).assert().code(0);
    }
    let ticket = &place.json("ticket show 1 --json", 0)[0];
    assert_eq!(
        ticket["messages"][0]["text"],
        "Hello\n\nFrom what Bob said at 10:30 it burns.\n>From here on too."
    );
    assert_eq!(place.json("ticket list --json", 0).len(), 1, "the second delivery is the same mail");
    assert_eq!(place.json("outcomes --json", 0).len(), 1);
}
