//! The whole road over a Maildir, through the program itself.

use serde_json::Value;

use crate::support::desk::Desk;
use crate::support::letter::Letter;

#[test]
fn mail_becomes_tickets_follow_ups_and_one_outcome_each() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", &Letter::new("a@x", "Printer").bytes());
    desk.deliver("02", &Letter::new("b@x", "Re: Printer").answers("a@x").from("bob@example.net").bytes());
    desk.deliver("03", &Letter::new("c@x", "[support-1] more").bytes());
    desk.deliver("04", &Letter::new("d@x", "[support-1] guess").from("mallory@example.net").bytes());
    desk.deliver("05", &Letter::new("e@x", "[support-77] old").bytes());
    desk.deliver("06", &Letter::new("a@x", "Printer").bytes());
    desk.deliver("07", &Letter::new("v@x", "Away").with("Auto-Submitted", "auto-replied").bytes());
    desk.deliver("08", b"");
    let run = desk.run(&["fetch", "--json"]).exits(1);
    assert_eq!(
        run.outcomes(),
        [
            "created/new support-1",
            "updated/in-reply-to support-1",
            "updated/subject support-1",
            "created/sender-not-participant support-2",
            "created/unknown-ticket support-3",
            "duplicate/message-id support-1",
            "skipped/auto-reply -",
            "failed/unreadable -",
        ]
    );
    let mailbox = &run.lines("mailbox")[0];
    assert_eq!((mailbox["listed"].as_u64(), mailbox["new"].as_u64()), (Some(8), Some(8)));
    assert_eq!(run.lines("summary")[0]["exit_code"], 1);
    desk.run(&["fetch", "--json"]).exits(0);
}

#[test]
fn a_second_fetch_costs_only_what_is_new() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", &Letter::new("a@x", "One").bytes());
    desk.run(&["fetch"]).exits(0);
    let idle = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(idle.outcomes(), [""; 0]);
    desk.deliver("02", &Letter::new("b@x", "Two").bytes());
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-2"]);
    let tickets = desk.run(&["ticket", "list", "--json"]).exits(0).json();
    assert_eq!(tickets.len(), 2);
}

#[test]
fn a_closed_ticket_is_reopened_and_a_merged_one_leads_on() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", &Letter::new("a@x", "One").bytes());
    desk.deliver("02", &Letter::new("b@x", "Two").bytes());
    desk.run(&["fetch"]).exits(0);
    desk.run(&["ticket", "close", "support-1"]).exits(0);
    desk.run(&["ticket", "merge", "support-2", "support-1"]).exits(0);
    desk.deliver("03", &Letter::new("c@x", "[support-2] again").bytes());
    desk.deliver("04", &Letter::new("d@x", "Re: Two").answers("b@x").bytes());
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["reopened/subject support-1", "updated/in-reply-to support-1"]);
}

#[test]
fn the_reply_address_of_a_ticket_is_a_token() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", &Letter::new("a@x", "One").bytes());
    desk.run(&["fetch"]).exits(0);
    let ticket: Value = desk.run(&["ticket", "show", "support-1", "--json"]).exits(0).json().remove(0);
    let address = ticket["reply_address"].as_str().unwrap();
    let reply = Letter::new("b@x", "no tag").from("carol@example.net").with("To", address);
    desk.deliver("02", &reply.bytes());
    let forged = address.replace("+1-", "+2-");
    desk.deliver("03", &Letter::new("c@x", "forged").from("carol@example.net").with("To", &forged).bytes());
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["updated/token support-1", "created/new support-2"]);
    let ticket: Value = desk.run(&["ticket", "show", "1", "--json"]).exits(0).json().remove(0);
    assert!(ticket["participants"].to_string().contains("carol@example.net"), "{ticket}");
}

#[test]
fn baseline_and_since_settle_old_mail_without_tickets_and_without_touching_it() {
    let desk = Desk::with_maildir("on_ignore = \"delete\"");
    desk.deliver("01", &Letter::new("a@x", "Old").bytes());
    let before = desk.snapshot("mail");
    let run = desk.run(&["fetch", "--baseline", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["ignored/baseline -"]);
    assert_eq!(desk.snapshot("mail"), before);
    desk.deliver("02", &Letter::new("b@x", "New").bytes());
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["created/new support-1"]);

    let desk = Desk::with_maildir("since = \"2100-01-01\"");
    desk.deliver("01", &Letter::new("a@x", "Old").bytes());
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["ignored/baseline -"]);
}

#[test]
fn limit_takes_the_oldest_first_and_the_rest_later() {
    let desk = Desk::with_maildir("");
    for n in 1..=5 {
        desk.deliver(&format!("0{n}"), &Letter::new(&format!("{n}@x"), &format!("Mail {n}")).bytes());
    }
    let subjects = |arguments: &[&str]| -> Vec<String> {
        let run = desk.run(arguments).exits(0);
        run.lines("message").iter().map(|line| line["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(subjects(&["fetch", "--json", "--limit", "2"]), ["Mail 1", "Mail 2"]);
    assert_eq!(subjects(&["fetch", "--json"]), ["Mail 3", "Mail 4", "Mail 5"]);
}

#[test]
fn an_interval_is_heeded_unless_forced() {
    let desk = Desk::with_maildir("interval = \"1h\"");
    let status = |arguments: &[&str]| desk.run(arguments).exits(0).lines("mailbox")[0]["status"].clone();
    assert_eq!(status(&["fetch", "--json"]), "ok");
    assert_eq!(status(&["fetch", "--json"]), "not-due");
    assert_eq!(status(&["fetch", "--json", "--force"]), "ok");
}

#[test]
fn one_bad_mailbox_does_not_block_the_others() {
    let desk = Desk::with_maildir(
        "[mailbox.away]\ntype = \"maildir\"\nqueue = \"support\"\npath = \"nowhere\"\n\
         [mailbox.last]\ntype = \"directory\"\nqueue = \"support\"\npath = \"in\"\n",
    );
    std::fs::create_dir(desk.path("in")).unwrap();
    std::fs::write(desk.path("in").join("1.eml"), Letter::new("z@x", "Last").bytes()).unwrap();
    desk.deliver("01", &Letter::new("a@x", "First").bytes());
    let run = desk.run(&["fetch", "--json"]).exits(69);
    assert_eq!(run.outcomes(), ["created/new support-1", "created/new support-2"]);
    let away = &run.lines("mailbox")[1];
    assert_eq!((&away["status"], &away["error"]["error_code"]), (&"failed".into(), &"mailbox.folder".into()));
    assert!(away["error"]["hint"].is_string());
}

#[test]
fn a_mailbox_held_by_another_run_is_left_with_75() {
    let desk = Desk::with_maildir("");
    desk.run(&["fetch"]).exits(0);
    let held = std::fs::File::open(desk.path("desk.db.support.lock")).unwrap();
    held.lock().unwrap();
    let run = desk.run(&["fetch", "--json"]).exits(75);
    assert_eq!(run.lines("mailbox")[0]["status"], "locked");
    desk.run(&["ticket", "list"]).exits(0);
    desk.run(&["fetch", "--dry-run"]).exits(0);
}

#[test]
fn a_quarantined_message_is_exported_as_it_came_and_can_be_retried() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", b"\r\n\r\n");
    desk.run(&["fetch"]).exits(1);
    let row: Value = desk.run(&["quarantine", "list", "--json"]).exits(0).json().remove(0);
    let id = row["id"].to_string();
    let bytes = desk.command(&["quarantine", "export", &id]).output().unwrap().stdout;
    assert_eq!(bytes, b"\r\n\r\n");
    desk.run(&["quarantine", "retry", &id]).exits(1);
    desk.run(&["quarantine", "drop", &id]).exits(0);
    assert_eq!(desk.run(&["quarantine", "list", "--json"]).exits(0).json().len(), 0);
}

#[test]
fn reset_lets_the_next_fetch_take_skipped_mail_again() {
    let desk = Desk::with_maildir("update_only = true");
    desk.deliver("01", &Letter::new("a@x", "No tag").bytes());
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["skipped/no-ticket-id -"]);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), [""; 0]);
    desk.run(&["outcomes", "reset", "--outcome", "skipped"]).exits(0);
    assert_eq!(desk.run(&["fetch", "--json"]).exits(0).outcomes(), ["skipped/no-ticket-id -"]);
}

#[test]
fn a_baseline_takes_what_has_no_date_too() {
    let desk = Desk::new("[mailbox.box]\ntype = \"mbox\"\nqueue = \"support\"\npath = \"box\"\n");
    std::fs::write(desk.path("box"), "From alice\nFrom: alice@example.org\nSubject: old\n\nx\n").unwrap();
    assert_eq!(desk.run(&["fetch", "--baseline", "--json"]).exits(0).outcomes(), ["ignored/baseline -"]);
}

#[test]
fn an_image_among_the_files_of_a_directory_stops_nothing() {
    let desk = Desk::new("[mailbox.files]\ntype = \"directory\"\nqueue = \"support\"\npath = \"files\"\n");
    std::fs::create_dir(desk.path("files")).unwrap();
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
    for (name, octets) in [("1.eml", Letter::new("1@x", "One").bytes()), ("2.png", png.to_vec())] {
        std::fs::write(desk.path("files").join(name), octets).unwrap();
    }
    std::fs::write(desk.path("files/3.eml"), Letter::new("3@x", "Three").bytes()).unwrap();
    let run = desk.run(&["fetch", "--json"]).exits(1);
    assert_eq!(run.outcomes(), ["created/new support-1", "failed/unreadable -", "created/new support-2"]);
}

#[test]
fn a_mailbox_that_fails_is_left_alone_for_its_interval_unless_forced() {
    let desk = Desk::new(
        "[mailbox.away]\ntype = \"maildir\"\nqueue = \"support\"\npath = \"nowhere\"\ninterval = \"10m\"\n",
    );
    let status =
        |arguments: &[&str], code| desk.run(arguments).exits(code).lines("mailbox")[0]["status"].clone();
    assert_eq!(status(&["fetch", "--json"], 69), "failed");
    assert_eq!(status(&["fetch", "--json"], 0), "not-due");
    assert_eq!(status(&["fetch", "--dry-run", "--json"], 0), "not-due");
    assert_eq!(status(&["fetch", "--json", "--force"], 69), "failed");
}

#[test]
fn what_the_configuration_no_longer_asks_for_is_owed_no_longer() {
    let keys = |disposition: &str| {
        format!(
            "[queue.support]\naddress = \"support@example.org\"\n[mailbox.support]\ntype = \"directory\"\nqueue = \"support\"\n\
             path = \"mail\"\non_success = \"{disposition}\"\n"
        )
    };
    let desk = Desk::configured(&keys("move:gone"));
    std::fs::create_dir(desk.path("mail")).unwrap();
    std::fs::write(desk.path("mail/1"), Letter::new("a@x", "Moved").bytes()).unwrap();
    desk.run(&["fetch"]).exits(69);
    // It stays owed as long as that is what is wanted.
    desk.run(&["fetch"]).exits(69);
    desk.configure(&keys("keep"));
    let run = desk.run(&["fetch"]).exits(0);
    assert!(run.stderr.contains("1 settled items stay as they are"), "{}", run.stderr);
    assert_eq!(desk.run(&["fetch"]).exits(0).stderr, "");
    assert!(desk.path("mail/1").exists());
}

/// A delivery report that encloses the headers of what was not delivered.
fn bounce(id: &str, original: &str) -> Vec<u8> {
    format!(
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\nTo: support@example.org\nSubject: Undelivered Mail Returned to Sender\n\
         Message-ID: <{id}>\nDate: Fri, 27 Nov 2026 10:00:00 +0000\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; alice@example.org\n\
         Action: failed\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{original}>\nSubject: Printer\n\n--b--\n"
    )
    .into_bytes()
}

#[test]
fn a_bounce_goes_to_the_ticket_of_what_bounced_and_reopens_nothing() {
    let desk = Desk::with_maildir("");
    desk.deliver("1", &Letter::new("a@x", "Printer").bytes());
    desk.run(&["fetch"]).exits(0);
    desk.run(&["ticket", "close", "1"]).exits(0);
    desk.deliver("2", &bounce("b1@mx", "a@x"));
    desk.deliver("3", &bounce("b2@mx", "stranger@y"));
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["updated/bounce support-1", "skipped/bounce -"]);
    let ticket = &desk.run(&["ticket", "show", "1", "--json"]).json()[0];
    assert_eq!(ticket["status"], "closed");
    assert_eq!(ticket["messages"].as_array().unwrap().len(), 2);
    assert_eq!(ticket["participants"].as_array().unwrap().len(), 1, "{ticket}");
}

#[test]
fn a_bounce_of_an_unknown_mail_goes_to_the_ticket_that_its_subject_names_if_the_recipient_is_on_it() {
    let desk = Desk::with_maildir("");
    desk.deliver("1", &Letter::new("a@x", "Printer").bytes());
    desk.run(&["fetch"]).exits(0);
    let bounced = |id: &str, recipient: &str| {
        let text = String::from_utf8(bounce(id, "stranger@y")).unwrap();
        text.replace("Subject: Printer", "Subject: [support-1] Printer")
            .replace("alice@example.org", recipient)
    };
    desk.deliver("2", bounced("b1@mx", "alice@example.org").as_bytes());
    desk.deliver("3", bounced("b2@mx", "mallory@example.org").as_bytes());
    let run = desk.run(&["fetch", "--json"]).exits(0);
    assert_eq!(run.outcomes(), ["updated/bounce support-1", "skipped/bounce -"]);
}

#[test]
fn a_participant_may_answer_from_the_other_spelling_of_the_domain() {
    let desk = Desk::with_maildir("");
    desk.deliver("01", &Letter::new("a@x", "Printer").from("Anna <anna@münchen.example>").bytes());
    desk.deliver("02", &Letter::new("b@x", "[support-1]").from("anna@xn--mnchen-3ya.example").bytes());
    desk.deliver("03", &Letter::new("c@x", "[support-1]").from("anna@munchen.example").bytes());
    let run = desk.run(&["fetch", "--json"]).exits(0);
    let expected =
        ["created/new support-1", "updated/subject support-1", "created/sender-not-participant support-2"];
    assert_eq!(run.outcomes(), expected);
    let ticket = desk.run(&["ticket", "show", "1", "--json"]).json().remove(0);
    assert_eq!(ticket["participants"].as_array().unwrap().len(), 1);
}
