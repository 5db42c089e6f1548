//! Sample notifications, to look at and to try templates with.

use crate::model::address::Address;
use crate::model::ids::{MessageId, QueueSlug, TicketId, TicketRef};
use crate::model::notification::{File, Notification, Occasion};

/// A notification with everything in it, in a language and for a queue.
pub fn sample(occasion: Occasion, locale: &str, queue: &QueueSlug) -> Notification {
    let id = |left: &str| MessageId::new(&format!("{left}@example.org"));
    let answers = !matches!(occasion, Occasion::Announced);
    Notification {
        occasion,
        locale: locale.to_owned(),
        ticket: TicketRef { queue: queue.clone(), id: TicketId(12) },
        title: "Printer <3rd floor> is on fire & smokes".to_owned(),
        queue: queue.clone(),
        queue_title: "Help Desk".to_owned(),
        from: Address { name: None, address: "support@example.org".to_owned() },
        to: Address { name: Some("Alice Example".to_owned()), address: "alice@example.org".to_owned() },
        reply_to: Some("support+12-abcdefghijklmnop@example.org".to_owned()),
        message_id: id("hm1.12.sample.abcdefghijklmnop").expect("it is not empty"),
        in_reply_to: id("first").filter(|_| answers),
        references: id("first").into_iter().filter(|_| answers).collect(),
        author: Some(Address { name: Some("Bob Example".to_owned()), address: "bob@example.org".to_owned() }),
        text: occasion.quotes().then(|| {
            "The printer on the 3rd floor is on fire.\nIt smells of <burnt> plastic & rubber.\n\n\
             What shall we do? The manual says:\n  https://printers.example.org/manuals/2026/model-x-4711/what-to-do-when-it-burns.html"
                .to_owned()
        }),
        files: if occasion.quotes() { files() } else { Vec::new() },
        other: (occasion == Occasion::Closed).then(|| TicketRef { queue: queue.clone(), id: TicketId(7) }),
    }
}

/// One that goes along and one that stays behind.
fn files() -> Vec<File> {
    let manual = b"%PDF-1.4\n%%EOF\n".to_vec();
    let file = |name: &str, content_type: &str, size, content| File {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        size: Some(size),
        content,
    };
    vec![
        file("manual.pdf", "application/pdf", manual.len() as u64, Some(manual)),
        file("smoke & fire.mp4", "video/mp4", 48_000_000, None),
    ]
}

/// The same with nothing in it that may be missing.
pub(super) fn bare(full: Notification) -> Notification {
    Notification {
        title: String::new(),
        to: Address { name: None, ..full.to },
        reply_to: None,
        in_reply_to: None,
        references: Vec::new(),
        author: None,
        text: None,
        files: Vec::new(),
        other: None,
        ..full
    }
}
