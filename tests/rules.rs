//! Rules of the configuration and the own mail server's word on who writes, through the program.

use serde_json::Value;

use crate::support::desk::Desk;
use crate::support::letter::Letter;

const SALES: &str = "[queue.sales]\naddress = \"sales@example.org\"\npriority = 4\n";

fn desk(keys: &str, rules: &str) -> Desk {
    Desk::with_maildir(&format!("{keys}\n{SALES}{rules}"))
}

fn notes(desk: &Desk) -> Vec<Value> {
    desk.run(&["outcomes", "--json"]).json().iter().map(|line| line["notes"].clone()).collect()
}

#[test]
fn ignore_holds_for_all_mail_and_the_rest_for_new_tickets() {
    let rules = "[[rule]]\nname = \"news\"\nwhen = { header.List-Id = \"news\", from = [\"*@example.org\", \"x@y\"] }\nthen = { ignore = true }\n\
                 [[rule]]\nname = \"offers\"\nwhen = { subject = \"(?i)OFFER\" }\n\
                 then = { queue = \"sales\", tags = [\"sale\", \"new\"], notify = false }\ngo_on = true\n\
                 [[rule]]\nname = \"urgent\"\nwhen = { body = \"now\" }\nthen = { priority = 1 }\n";
    let desk = desk("", rules);
    desk.deliver("1", &Letter::new("a@x", "An offer").body("now\r\n").bytes());
    desk.deliver("2", &Letter::new("b@x", "Printer").bytes());
    desk.deliver("3", &Letter::new("c@x", "Re: An offer").answers("b@x").body("now\r\n").bytes());
    desk.deliver("4", &Letter::new("d@x", "Re: Printer").answers("b@x").with("List-Id", "<news.x>").bytes());
    // A copy is found in the queue that the rule chose.
    desk.deliver("5", &Letter::new("a@x", "An offer").body("now\r\n").bytes());
    let foretold = desk.run(&["fetch", "--dry-run", "--json"]);
    let run = desk.run(&["fetch", "--json"]).exits(0);
    let expected = [
        "created/new sales-1",
        "created/new support-2",
        "updated/in-reply-to support-2",
        "ignored/rule:news -",
        "duplicate/message-id sales-1",
    ];
    assert_eq!(run.outcomes(), expected);
    assert_eq!(foretold.outcomes(), expected);
    let told = notes(&desk);
    assert_eq!(
        told[0],
        serde_json::json!([
            "rule offers: queue sales, tags sale, new, notify false",
            "rule urgent: priority 1"
        ])
    );
    assert_eq!(told[2], serde_json::json!([]));
    let ticket = &desk.run(&["ticket", "show", "1", "--json"]).json()[0];
    assert_eq!((&ticket["priority"], &ticket["tags"]), (&1.into(), &serde_json::json!(["new", "sale"])));
    assert!(desk.run(&["ticket", "show", "1"]).stdout.contains("nobody, as a rule says"));
    let ticket = &desk.run(&["ticket", "show", "2", "--json"]).json()[0];
    assert_eq!((&ticket["priority"], &ticket["tags"]), (&3.into(), &serde_json::json!([])));
}

#[test]
fn a_rule_of_another_mailbox_is_not_tried_and_update_only_may_be_a_rules() {
    let rules = "[mailbox.other]\ntype = \"directory\"\nqueue = \"sales\"\npath = \"other\"\n\
                 [[rule]]\nname = \"a\"\nmailboxes = [\"other\"]\nwhen = { subject = \".\" }\nthen = { ignore = true }\n\
                 [[rule]]\nname = \"b\"\nwhen = { subject = \"Shut\" }\nthen = { update_only = true }\n\
                 [[rule]]\nname = \"c\"\nwhen = { subject = \"Open\" }\nthen = { update_only = false }\n";
    let desk = desk("update_only = false", rules);
    std::fs::create_dir(desk.path("other")).unwrap();
    std::fs::write(desk.path("other/1"), Letter::new("o@x", "Other").bytes()).unwrap();
    desk.deliver("1", &Letter::new("a@x", "Shut").bytes());
    desk.deliver("2", &Letter::new("b@x", "Open").bytes());
    let run = desk.run(&["fetch", "--json", "--jobs", "1"]).exits(0);
    assert_eq!(run.outcomes(), ["skipped/no-ticket-id -", "created/new support-1", "ignored/rule:a -"]);
}

#[test]
fn a_from_that_fails_dmarc_is_a_strangers_and_one_that_passes_is_believed() {
    let own = "authserv_id = \"mx.example.org\"";
    let result = |word: &str| format!("mx.example.org; dmarc={word} header.from=example.org");
    let letter = |id: &str, from: &str, word: &str| {
        let letter = Letter::new(id, "[support-1] more").from(from).with("Cc", "carol@example.net");
        match word {
            "" => letter,
            word => letter.with("Authentication-Results", &result(word)),
        }
    };
    let desk = desk(own, "");
    desk.deliver("1", &Letter::new("a@x", "Printer").bytes());
    // The requester forged; an agent forged, not looked at, and proven; the requester proven.
    desk.deliver("2", &letter("b@x", "alice@example.org", "fail").bytes());
    desk.deliver("3", &letter("c@x", "anna@example.org", "fail").bytes());
    desk.deliver("4", &letter("d@x", "anna@example.org", "").bytes());
    desk.deliver("5", &letter("e@x", "anna@example.org", "pass").bytes());
    desk.deliver("6", &letter("f@x", "alice@example.org", "").bytes());
    desk.deliver("7", &letter("g@x", "alice@example.org", "pass").bytes());
    // The own server's word stands on top of what the sender wrote.
    let word = format!("Authentication-Results: {}\r\n", result("fail"));
    let forged = [word.into_bytes(), letter("h@x", "alice@example.org", "pass").bytes()].concat();
    desk.deliver("8", &forged);
    let run = desk.run(&["fetch", "--json"]).exits(0);
    let expected = [
        "created/new support-1",
        "created/sender-not-participant support-2",
        "created/sender-not-participant support-3",
        "created/sender-not-participant support-4",
        "updated/subject support-1",
        "updated/subject support-1",
        "updated/subject support-1",
        "created/sender-not-participant support-5",
    ];
    assert_eq!(run.outcomes(), expected);
    assert_eq!(notes(&desk)[1][0], "dmarc=fail: From is not believed");
    let ticket = &desk.run(&["ticket", "show", "1", "--json"]).json()[0];
    let carol =
        ticket["participants"].as_array().unwrap().iter().any(|one| one["address"] == "carol@example.net");
    assert!(carol, "whoever is proven brings others: {ticket}");
    // Without the key the address alone is believed.
    let plain = self::desk("", "");
    plain.deliver("1", &Letter::new("a@x", "Printer").bytes());
    plain.deliver("2", &letter("d@x", "anna@example.org", "fail").bytes());
    assert_eq!(plain.run(&["fetch", "--json"]).outcomes()[1], "updated/subject support-1");
    let ticket = &plain.run(&["ticket", "show", "1", "--json"]).json()[0];
    assert!(!ticket["participants"].to_string().contains("carol"), "{ticket}");
}

#[test]
fn what_an_agent_forwards_may_be_the_first_authors_ticket() {
    let forwarded = "See below.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Carl <carl@other.example>\r\n\
                     Date: Thu, 26 Nov 2026\r\nSubject: No paper\r\nTo: Anna <anna@example.org>\r\n\r\nPlease help.\r\n";
    let letter =
        |from: &str| Letter::new("a@x", "Fwd: No paper").from(from).with("Cc", "x@y.example").body(forwarded);
    for (key, from, requester, title) in [
        ("sender", "anna@example.org", "carl@other.example", "No paper"),
        ("agent", "anna@example.org", "anna@example.org", "Fwd: No paper"),
        // Who is no agent passes on in vain.
        ("sender", "bob@example.net", "bob@example.net", "Fwd: No paper"),
    ] {
        let desk = Desk::configured(&format!(
            "[queue.support]\naddress = \"support@example.org\"\nagents = [\"anna@example.org\"]\nforwarded_by_agents = \"{key}\"\n\
             [mailbox.m]\ntype = \"directory\"\nqueue = \"support\"\npath = \"in\"\n"
        ));
        std::fs::create_dir(desk.path("in")).unwrap();
        std::fs::write(desk.path("in/1"), letter(from).bytes()).unwrap();
        desk.run(&["fetch"]).exits(0);
        let ticket = &desk.run(&["ticket", "show", "1", "--json"]).json()[0];
        assert_eq!(
            (&ticket["requester"]["address"], &ticket["title"]),
            (&requester.into(), &title.into()),
            "{ticket}"
        );
        let people = ticket["participants"].as_array().unwrap().len();
        assert_eq!(people, if requester == "carl@other.example" { 1 } else { 2 }, "{ticket}");
        let message = &ticket["messages"][0];
        assert!(message["text"].as_str().unwrap().starts_with("See below."), "{message}");
        let noted = notes(&desk)[0].to_string().contains("the ticket is carl@other.example's");
        assert_eq!(noted, requester == "carl@other.example");
    }
}
