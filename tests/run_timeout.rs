//! No server holds a run for longer than `run_timeout`, and what is settled by then stays settled.

use crate::support::desk::Desk;
use crate::support::letter::Letter;
use crate::support::script::{Script, Step};

const QUEUE: &str = "[queue.support]\naddress = \"support@example.org\"\n";

fn mailbox(kind: &str, port: u16) -> String {
    format!(
        "[mailbox.talks]\nqueue = \"support\"\ntype = \"{kind}\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         username = \"support\"\npassword = \"secret\"\ntimeout = \"1s\"\nrun_timeout = \"1s\"\n"
    )
}

/// A Maildir behind the server that talks, with one mail.
fn desk(kind: &str, port: u16) -> Desk {
    let local = "[mailbox.local]\ntype = \"maildir\"\nqueue = \"support\"\npath = \"mail\"\n";
    let desk = Desk::configured(&format!("{QUEUE}{}{local}", mailbox(kind, port)));
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(desk.path("mail").join(part)).unwrap();
    }
    desk.deliver("1", &Letter::new("a@x", "Local").bytes());
    desk
}

#[test]
fn a_server_that_talks_without_end_is_left_and_costs_no_other_mailbox() {
    const SELECTED: &str =
        "* 9 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\nTAG OK [READ-WRITE] x\r\n";
    let select = || vec![Step::Expect("SELECT"), Step::Send(SELECTED), Step::Expect("UID FETCH")];
    let flood = |steps: Vec<Step>, text| {
        let steps = steps.into_iter().chain([Step::Flood(text)]).collect();
        Script::after_login("IMAP4rev1", steps)
    };
    let scripts = [
        ("imap", flood(select(), "* 5 FETCH (UID 5 FLAGS (\\Seen))\r\n")),
        ("imap", flood(select(), "* OK still here\r\n")),
        ("imap", flood(vec![Step::Expect("SELECT")], "* 7 EXISTS\r\n")),
        (
            "pop3",
            Script::pop3(
                "USER\r\n",
                vec![
                    Step::Line("STAT"),
                    Step::Send("+OK 4000000 9\r\n"),
                    Step::Line("LIST"),
                    Step::Send("+OK\r\n"),
                    Step::Flood("1 1\r\n"),
                ],
            ),
        ),
    ];
    for (kind, script) in scripts {
        let desk = desk(kind, script.port);
        let run = desk.run(&["fetch", "--json"]).exits(69);
        let told = |at: usize| run.lines("mailbox")[at].clone();
        assert_eq!(
            (&told(0)["status"], &told(1)["status"]),
            (&"failed".into(), &"ok".into()),
            "{}",
            run.stdout
        );
        assert_eq!(run.outcomes(), ["created/new support-1"], "{}", run.stderr);
    }
}

#[test]
fn a_mailbox_of_many_batches_ends_between_two_of_them() {
    let desk = Desk::with_maildir("batch_size = 1\nrun_timeout = \"3s\"");
    for n in 0..10_000 {
        desk.deliver(&format!("{n:05}"), &Letter::new(&format!("{n}@x"), "Many").bytes());
    }
    let run = desk.run(&["fetch", "--json"]).exits(69);
    let line = &run.lines("mailbox")[0];
    assert_eq!(line["error"]["error_code"], "mailbox.timeout");
    let done = run.outcomes().len();
    assert!(done > 0 && done < 10_000, "{done}");
    assert_eq!(desk.run(&["ticket", "list", "--json"]).json().len(), done);
}
