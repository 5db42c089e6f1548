//! The mails of a thread end on one ticket, in whatever order and through whichever mailboxes they come.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use helpdesk_mail::mailbox::Tls;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::desk::{Desk, Run};
use crate::support::dovecot::Dovecot;
use crate::support::letter::Letter;

/// A desk with a Maildir `support`, whose mails are these, in their order.
fn desk(keys: &str, letters: &[Letter]) -> Desk {
    let desk = Desk::with_maildir(keys);
    deliver(&desk, "1", letters);
    desk
}

fn deliver(desk: &Desk, round: &str, letters: &[Letter]) {
    for (n, letter) in letters.iter().enumerate() {
        desk.deliver(&format!("{round}{n:02}"), &letter.bytes());
    }
}

/// Fetches after a dry run has foretold the same.
fn fetch(desk: &Desk) -> Run {
    let foretold = desk.run(&["fetch", "--dry-run", "--json", "--jobs", "1"]).exits(0).outcomes();
    let run = desk.run(&["fetch", "--json", "--jobs", "1"]).exits(0);
    assert_eq!(foretold, run.outcomes());
    run
}

fn ticket(desk: &Desk, id: &str) -> Value {
    desk.run(&["ticket", "show", id, "--json"]).exits(0).json().remove(0)
}

fn root() -> Letter {
    Letter::new("root@x", "Printer")
}

fn reply() -> Letter {
    Letter::new("reply@x", "Re: Printer").answers("root@x").from("bob@example.net")
}

#[test]
fn an_answer_that_comes_first_opens_the_ticket_and_what_it_answers_joins_it() {
    let desk = desk("", &[reply(), root()]);
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-1", "updated/referenced-by support-1"]);
    let ticket = ticket(&desk, "1");
    assert_eq!(ticket["requester"]["address"], "bob@example.net");
    assert_eq!(ticket["participants"].as_array().unwrap().len(), 1, "{ticket}");
    let ids: Vec<&Value> =
        ticket["messages"].as_array().unwrap().iter().map(|message| &message["message_id"]).collect();
    assert_eq!(ids, ["reply@x", "root@x"]);
}

#[test]
fn an_answer_of_long_ago_is_remembered() {
    let desk = desk("", &[reply()]);
    fetch(&desk);
    deliver(&desk, "2", &[Letter::new("other@x", "Other"), root()]);
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-2", "updated/referenced-by support-1"]);
}

#[test]
fn references_reach_over_mails_that_have_not_come() {
    let leaf =
        Letter::new("leaf@x", "Re: Re: Printer").answers("reply@x").with("References", "<root@x> <reply@x>");
    let desk = desk("", &[leaf, root(), reply()]);
    let joined = ["updated/referenced-by support-1", "updated/in-reply-to support-1"];
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-1", joined[0], joined[1]]);
}

#[test]
fn a_customers_second_mail_in_answer_to_the_own_first_joins_it() {
    let second = Letter::new("second@x", "Re: Printer").answers("root@x");
    let in_order = desk("", &[root(), second.clone()]);
    assert_eq!(fetch(&in_order).outcomes(), ["created/new support-1", "updated/in-reply-to support-1"]);
    let reversed = desk("", &[second, root()]);
    assert_eq!(fetch(&reversed).outcomes(), ["created/new support-1", "updated/referenced-by support-1"]);
}

#[test]
fn tickets_that_a_late_mail_shows_to_be_one_thread_are_linked_and_noted() {
    let leaf = Letter::new("leaf@x", "Re: Re: Printer").answers("reply@x");
    let desk = desk("", &[root(), leaf, reply()]);
    let run = fetch(&desk);
    let expected = ["created/new support-1", "created/new support-2", "updated/in-reply-to support-1"];
    assert_eq!(run.outcomes(), expected);
    let ledger = desk.run(&["outcomes", "--json"]).stdout;
    assert!(ledger.contains("referenced-by names support-2, in-reply-to decided"), "{ledger}");
    for (id, other) in [("1", "support-2"), ("2", "support-1")] {
        assert_eq!(ticket(&desk, id)["linked_to"], serde_json::json!([other]));
    }
}

#[test]
fn two_who_answer_a_mail_that_never_came_do_not_read_each_other() {
    // A circular to many customers, say.
    let other = Letter::new("other@x", "Re: Printer").answers("root@x").from("carol@example.net");
    let desk = desk("", &[reply(), other]);
    assert_eq!(fetch(&desk).outcomes(), ["created/new support-1", "created/new support-2"]);
}

#[test]
fn a_message_id_that_is_used_again_leads_to_no_ticket_once_its_mail_has_come() {
    let again = |n: &str| Letter::new("root@x", "Alarm").body(n).from("mallory@example.net");
    let late = desk("", &[reply(), root(), again("1"), again("2")]);
    let news = ["created/new support-2", "created/new support-3"];
    let joined = "updated/referenced-by support-1";
    assert_eq!(fetch(&late).outcomes(), ["created/new support-1", joined, news[0], news[1]]);
    let in_order = desk("", &[root(), reply(), again("1")]);
    let joined = "updated/in-reply-to support-1";
    assert_eq!(fetch(&in_order).outcomes(), ["created/new support-1", joined, news[0]]);
}

#[test]
fn a_mail_that_comes_after_its_answer_does_to_a_closed_ticket_what_any_mail_of_the_thread_does() {
    let desk = desk("", &[reply()]);
    fetch(&desk);
    desk.run(&["ticket", "close", "1"]).exits(0);
    deliver(&desk, "2", &[root()]);
    assert_eq!(fetch(&desk).outcomes(), ["reopened/referenced-by support-1"]);

    let desk = Desk::configured(
        "[queue.support]\nclosed_ticket = \"new\"\n\
         [mailbox.support]\ntype = \"directory\"\nqueue = \"support\"\npath = \"mail\"\n",
    );
    fs::create_dir(desk.path("mail")).unwrap();
    fs::write(desk.path("mail/1"), reply().bytes()).unwrap();
    fetch(&desk);
    desk.run(&["ticket", "close", "1"]).exits(0);
    fs::write(desk.path("mail/2"), root().bytes()).unwrap();
    assert_eq!(fetch(&desk).outcomes(), ["created/closed-ticket support-2"]);
    assert_eq!(ticket(&desk, "2")["linked_to"], serde_json::json!(["support-1"]));
}

#[test]
fn a_merged_ticket_leads_on_also_to_what_it_answers() {
    let desk = desk("", &[reply(), Letter::new("other@x", "Other")]);
    fetch(&desk);
    desk.run(&["ticket", "merge", "1", "2"]).exits(0);
    deliver(&desk, "2", &[root()]);
    assert_eq!(fetch(&desk).outcomes(), ["updated/referenced-by support-2"]);
}

#[test]
fn what_may_only_update_joins_its_answer() {
    let desk = desk("", &[Letter::new("first@x", "First")]);
    fetch(&desk);
    let config = fs::read_to_string(desk.path("desk.toml")).unwrap();
    fs::write(desk.path("desk.toml"), format!("{config}update_only = true\n")).unwrap();
    let answer = Letter::new("reply@x", "[support-1] Re: Printer").answers("root@x");
    deliver(&desk, "2", &[answer, root(), Letter::new("none@x", "None")]);
    let expected = ["updated/subject support-1", "updated/referenced-by support-1", "skipped/no-ticket-id -"];
    assert_eq!(fetch(&desk).outcomes(), expected);
}

#[test]
fn on_a_real_server_an_answer_in_another_mailbox_is_found_too() {
    let server = Dovecot::start();
    server.create_folder("support", "Sales");
    let account = server.mailbox_toml("support", Tls::None);
    let part = |name: &str, folder: &str| {
        format!(
            "[queue.{name}]\naddress = \"{name}@example.org\"\n\
             [mailbox.{name}]\nqueue = \"{name}\"\n{account}folder = \"{folder}\"\n"
        )
    };
    let desk = Desk::configured(&format!("{}{}", part("sales", "Sales"), part("support", "INBOX")));
    server.deliver("support", "Sales", &reply().bytes());
    server.deliver("support", "INBOX", &root().bytes());
    assert_eq!(fetch(&desk).outcomes(), ["created/new sales-1", "updated/referenced-by sales-1"]);
}

/// One mail of a random thread.
#[derive(Debug, Clone)]
struct Draft {
    /// The mail before it that it answers, counted from the first; none begins a thread.
    parent: Option<usize>,
    /// Whether it names all that came before it in its thread, as most programs do.
    whole: bool,
    author: usize,
    sales: bool,
    /// The run that it comes in.
    run: usize,
}

const AUTHORS: [&str; 3] = ["alice@example.org", "bob@example.net", "anna@example.org"];

fn drafts() -> impl Strategy<Value = Vec<(usize, Draft)>> {
    let draft = |n: usize| {
        let parent = if n == 0 { Just(None).boxed() } else { proptest::option::weighted(0.8, 0..n).boxed() };
        (parent, any::<bool>(), 0..AUTHORS.len(), any::<bool>(), 0..3usize).prop_map(
            move |(parent, whole, author, sales, run)| (n, Draft { parent, whole, author, sales, run }),
        )
    };
    (1..9usize).prop_flat_map(move |count| (0..count).map(draft).collect::<Vec<_>>().prop_shuffle())
}

/// The mails that each mail names.
fn names(drafts: &[(usize, Draft)]) -> BTreeMap<usize, BTreeSet<usize>> {
    let by_number: BTreeMap<usize, &Draft> = drafts.iter().map(|(n, draft)| (*n, draft)).collect();
    let above = |n: usize| std::iter::successors(by_number[&n].parent, |n| by_number[n].parent);
    let named = |n: &usize| above(*n).take(if by_number[n].whole { usize::MAX } else { 1 }).collect();
    by_number.keys().map(|n| (*n, named(n))).collect()
}

fn letter(n: usize, draft: &Draft, named: &BTreeSet<usize>) -> Letter {
    let mut letter = Letter::new(&format!("{n}@x"), "Mail").from(AUTHORS[draft.author]);
    if let Some(parent) = draft.parent {
        letter = letter.answers(&format!("{parent}@x"));
    }
    if draft.whole && !named.is_empty() {
        let references: Vec<String> = named.iter().map(|n| format!("<{n}@x>")).collect();
        letter = letter.with("References", &references.join(" "));
    }
    letter
}

/// Two queues with a directory for each.
fn two_queues() -> Desk {
    let part = |name: &str| {
        format!(
            "[queue.{name}]\n[mailbox.{name}]\ntype = \"directory\"\nqueue = \"{name}\"\npath = \"{name}\"\n"
        )
    };
    let desk = Desk::configured(&(part("support") + &part("sales")));
    for name in ["support", "sales"] {
        fs::create_dir(desk.path(name)).unwrap();
    }
    desk
}

/// Gives every thing the least of those that it is connected with.
fn connected<T: Ord + Clone>(things: &BTreeSet<T>, edges: &[(T, T)]) -> BTreeMap<T, T> {
    let mut least: BTreeMap<T, T> = things.iter().map(|thing| (thing.clone(), thing.clone())).collect();
    for _ in things {
        for (one, other) in edges {
            let new = least[one].clone().min(least[other].clone());
            least.insert(one.clone(), new.clone());
            least.insert(other.clone(), new);
        }
    }
    least
}

/// The tickets that a ticket is linked with.
fn links(desk: &Desk, name: &str) -> Vec<(String, String)> {
    let others = ticket(desk, name)["linked_to"].clone();
    let pair = |other: &Value| (name.to_owned(), other.as_str().unwrap().to_owned());
    others.as_array().unwrap().iter().map(pair).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Wherever each mail names, or is named by, one that came before, a thread is one ticket; where two tickets had to
    /// be opened before the mail between them came, they are linked. No two threads ever meet.
    #[test]
    fn a_thread_is_one_ticket_in_whatever_order_it_comes(drafts in drafts()) {
        let desk = two_queues();
        let names = names(&drafts);
        let mut arrived: Vec<usize> = Vec::new();
        let mut needed = 0;
        let mut tickets: BTreeMap<String, String> = BTreeMap::new();
        for run in 0..3 {
            for sales in [false, true] {
                let mailbox = if sales { "sales" } else { "support" };
                let due = drafts.iter().enumerate().filter(|(_, (_, it))| (it.run, it.sales) == (run, sales));
                for (place, (n, draft)) in due {
                    let path = desk.path(mailbox).join(format!("{run}{place:02}"));
                    fs::write(path, letter(*n, draft, &names[n]).bytes()).unwrap();
                    let knows = |other: &usize| names[n].contains(other) || names[other].contains(n);
                    needed += usize::from(!arrived.iter().any(knows));
                    arrived.push(*n);
                }
            }
            for line in fetch(&desk).lines("message") {
                let text = |key: &str| line[key].as_str().unwrap().to_owned();
                tickets.insert(text("message_id"), text("ticket"));
            }
        }
        let opened: BTreeSet<String> = tickets.values().cloned().collect();
        prop_assert_eq!(opened.len(), needed, "{:?}", tickets);

        let links: Vec<(String, String)> = opened.iter().flat_map(|name| links(&desk, name)).collect();
        let by_ticket = connected(&opened, &links);
        let edges: Vec<(usize, usize)> =
            names.iter().flat_map(|(n, named)| named.iter().map(|other| (*n, *other))).collect();
        let by_name = connected(&arrived.iter().copied().collect(), &edges);
        for one in &arrived {
            for other in &arrived {
                let home = |n: &usize| &by_ticket[&tickets[&format!("{n}@x")]];
                prop_assert_eq!(home(one) == home(other), by_name[one] == by_name[other], "{} {}", one, other);
            }
        }
    }
}
