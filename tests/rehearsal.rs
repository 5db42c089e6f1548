//! A dry run tells the truth: random mailboxes walk through dry run and then `fetch`, with equal decisions and an
//! unchanged store and mailbox in between.

use proptest::prelude::*;
use serde_json::Value;

use crate::support::desk::{Desk, Run};
use crate::support::letter::Letter;

/// One mail, chosen so that all rules of the policy are met: who writes, what is answered, which number is named.
#[derive(Debug, Clone)]
struct Draft {
    id: u8,
    author: usize,
    answers: Option<u8>,
    number: Option<u8>,
    address: Option<u8>,
    automatic: usize,
    words: u8,
}

/// Which mailboxes a mail reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goes {
    Support,
    Sales,
    Both,
}

fn goes() -> impl Strategy<Value = Goes> {
    prop_oneof![3 => Just(Goes::Support), 1 => Just(Goes::Sales), 1 => Just(Goes::Both)]
}

const AUTHORS: [&str; 4] =
    ["alice@example.org", "bob@example.net", "anna@example.org", "support@example.org"];

fn draft() -> impl Strategy<Value = Draft> {
    let maybe = |most: u8| proptest::option::weighted(0.4, 0..most);
    (0u8..12, 0..AUTHORS.len(), maybe(12), maybe(8), maybe(8), 0usize..8, 0u8..2).prop_map(
        |(id, author, answers, number, address, automatic, words)| Draft {
            id,
            author,
            answers,
            number,
            address,
            automatic,
            words,
        },
    )
}

impl Draft {
    fn bytes(&self) -> Vec<u8> {
        let tag = self.number.map_or(String::new(), |number| {
            let slug = if number % 3 == 0 { "SALES" } else { "support" };
            format!("[{slug}-{number}] ")
        });
        let mut letter = Letter::new(&format!("{}@x", self.id), &format!("{tag}Mail"))
            .from(AUTHORS[self.author])
            .body(&format!("Words {}\r\n", self.words));
        if let Some(id) = self.answers {
            letter = letter.answers(&format!("{id}@x"));
        }
        if let Some(number) = self.address {
            letter = letter.with("To", &format!("support+{number}@example.org"));
        }
        match self.automatic {
            0 => letter = letter.with("Auto-Submitted", "auto-replied"),
            1 => letter = letter.with("List-Id", "<list.example.org>"),
            2 => return Vec::new(),
            _ => {}
        }
        letter.bytes()
    }
}

/// Rules that meet some of the drafts.
const RULES: &str = "[[rule]]\nname = \"bob\"\nmailboxes = [\"support\"]\nwhen = { from = \"bob@*\", body = \"Words 1\" }\n\
    then = { ignore = true }\n[[rule]]\nname = \"list\"\nwhen = { header.List-Id = \".\" }\n\
    then = { queue = \"sales\", tags = [\"list\"], update_only = false }\n";

/// A desk with two queues and a Maildir for each; the second's tickets are named in mail to the first and back.
fn desk(update_only: bool, same_mail: &str) -> Desk {
    let desk = Desk::with_maildir(&format!(
        "update_only = {update_only}\n[queue.sales]\naddress = \"sales@example.org\"\n\
         closed_ticket = \"new\"\nsame_mail = \"{same_mail}\"\n\
         [mailbox.sales]\ntype = \"directory\"\nqueue = \"sales\"\npath = \"sales\"\n{RULES}"
    ));
    std::fs::create_dir(desk.path("sales")).unwrap();
    desk
}

/// Delivers each draft where it goes, or to both.
fn deliver(desk: &Desk, round: &str, drafts: &[(Draft, Goes)]) {
    for (n, (draft, goes)) in drafts.iter().enumerate() {
        let name = format!("{round}{n:02}");
        if *goes != Goes::Sales {
            desk.deliver(&name, &draft.bytes());
        }
        if *goes != Goes::Support {
            std::fs::write(desk.path("sales").join(name), draft.bytes()).unwrap();
        }
    }
}

/// Message and mailbox lines without what differs by nature.
fn decisions(run: &Run) -> Vec<Value> {
    let mut lines: Vec<Value> = run.lines("message").into_iter().chain(run.lines("mailbox")).collect();
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("duration_ms");
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_a_dry_run_prints_is_what_fetch_does(
        first in proptest::collection::vec((draft(), goes()), 0..6),
        second in proptest::collection::vec((draft(), goes()), 1..10),
        update_only in any::<bool>(),
        closed in any::<bool>(),
        merged in any::<bool>(),
        same_mail in prop_oneof![Just("one"), Just("one-per-queue")],
    ) {
        let desk = desk(update_only, same_mail);
        deliver(&desk, "a", &first);
        let empty = desk.run(&["fetch", "--dry-run", "--json"]);
        prop_assert!(!desk.path("desk.db").exists(), "a dry run made a store");
        let real = desk.run(&["fetch", "--json"]);
        prop_assert_eq!(decisions(&empty), decisions(&real));
        if closed {
            desk.run(&["ticket", "close", "1"]);
        }
        if merged {
            desk.run(&["ticket", "merge", "2", "1"]);
        }
        deliver(&desk, "b", &second);
        let before = desk.snapshot("");
        let foretold = desk.run(&["fetch", "--dry-run", "--json"]);
        prop_assert_eq!(desk.snapshot(""), before, "a dry run changed a file");
        let real = desk.run(&["fetch", "--json"]);
        prop_assert_eq!(decisions(&foretold), decisions(&real));
        prop_assert_eq!(foretold.code, real.code);
    }
}
