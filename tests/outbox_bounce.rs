//! What a real Postfix sends back of our notifications finds its row, its address and its ticket.

use helpdesk_mail::transport::Tls;
use serde_json::Value;

use crate::outbox::{fetch, field, letter, told};
use crate::support::desk::Desk;
use crate::support::smtpd::{Options, Smtpd};

/// A desk that fetches from the server's Dovecot and sends by its Postfix.
fn desk(server: &Smtpd) -> Desk {
    let mailbox = server.dovecot.mailbox_toml("support", Tls::Implicit);
    Desk::configured(&format!(
        "[queue.support]\naddress = \"support@example.org\"\n[mailbox.support]\nqueue = \"support\"\n{mailbox}\
         [outbox]\nhost = \"127.0.0.1\"\nport = {}\nca_file = {:?}\nusername = \"support\"\npassword = \"secret\"\n",
        server.tls_port,
        server.dovecot.ca_file()
    ))
}

/// What is fetched when a mail of that author has been answered and something came back of the answer.
fn fetched(server: &Smtpd, desk: &Desk, author: &str) -> Vec<String> {
    server.dovecot.deliver("support", "INBOX", &letter("first@example.org", "Printer").from(author).bytes());
    assert_eq!(fetch(desk).outcomes(), ["created/new support-1"]);
    assert_eq!(told(desk), [format!("support-1 created {author} sent")]);
    let back = server.delivered("support", 1).remove(0);
    let kind = field(&back, "Content-Type");
    assert!(kind.starts_with("multipart/report; report-type=delivery-status;"), "{kind}");
    assert_eq!(field(&back, "Return-Path"), "<>");
    fetch(desk).outcomes()
}

fn row(desk: &Desk) -> Value {
    desk.run(&["outbox", "show", "1", "--json"]).exits(0).json().remove(0)
}

fn notes(desk: &Desk) -> Vec<String> {
    let ticket = desk.run(&["ticket", "show", "1", "--json"]).exits(0).json().remove(0);
    let notes = ticket["notes"].as_array().unwrap();
    notes.iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_notification_that_postfix_bounces_marks_its_row_and_suppresses_its_address() {
    // Postfix learns only when it delivers that nobody is there.
    let options = Options { lines: "smtpd_reject_unlisted_recipient = no", ..Options::default() };
    let server = Smtpd::start_with(options);
    let desk = desk(&server);
    assert_eq!(fetched(&server, &desk, "nobody@example.org"), ["updated/bounce support-1"]);

    assert_eq!(told(&desk), ["support-1 created nobody@example.org bounced"], "a bounce is told to nobody");
    let row = row(&desk);
    assert_eq!((&row["bounce"], &row["bounce_status"]), (&"hard".into(), &"5.1.1".into()), "{row}");
    let gone = desk.run(&["outbox", "suppressed", "list", "--json"]).exits(0).json();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!(
        (&gone[0]["address"], &gone[0]["reason"]),
        (&"nobody@example.org".into(), &"hard-bounce".into())
    );
    let until = gone[0]["until"].as_str().unwrap().split('T').next().unwrap();
    let note = "notification 1 to nobody@example.org came back (5.1.1); the address gets none until";
    assert_eq!(notes(&desk), [format!("{note} {until}")]);

    let again = letter("second@example.org", "Another printer").from("nobody@example.org");
    server.dovecot.deliver("support", "INBOX", &again.bytes());
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-2"]);
    assert_eq!(told(&desk)[1], "support-2 created nobody@example.org suppressed");
}

#[test]
fn a_notification_that_postfix_cannot_deliver_yet_stays_sent_and_its_ticket_says_so() {
    // Nobody listens at the next hop.
    let lines = "transport_maps = inline:{ { anna@example.org = smtp:[127.0.0.1]:1 } }\ndelay_warning_time = 1s\n\
                 minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\nqueue_run_delay = 1s";
    let server = Smtpd::start_with(Options { lines, ..Options::default() });
    let desk = desk(&server);
    assert_eq!(fetched(&server, &desk, "anna@example.org"), ["updated/delay support-1"]);

    assert_eq!(told(&desk), ["support-1 created anna@example.org sent"]);
    let row = row(&desk);
    assert_eq!((&row["bounce"], &row["bounce_status"]), (&"delayed".into(), &"4.4.1".into()), "{row}");
    assert_eq!(desk.run(&["outbox", "suppressed", "list", "--json"]).exits(0).json().len(), 0);
    assert_eq!(notes(&desk), ["notification 1 to anna@example.org is delayed (4.4.1)"]);
}
