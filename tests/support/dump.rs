//! What a desk and a mailbox hold, without times and runs, to compare two of them.

use std::fs;
use std::path::Path;

use super::database::Opened;
use super::desk::Desk;

/// One query for each kind of thing; what they select is what two desks must have in common.
///
/// A server gives a ticket's number away once, also to what is taken back. So `number()` tells which ticket it is, the
/// first, the second and so on, as [`Ranks`] do in texts, and numbers of other rows are not looked at.
const QUERIES: [&str; 12] = [
    "SELECT 'ticket', number(ticket.id), queue, title, status, priority, number(merged_into) FROM ticket ORDER BY id",
    "SELECT 'tag', number(ticket), tag FROM tag ORDER BY ticket, tag",
    "SELECT 'link', number(ticket), number(other) FROM ticket_link ORDER BY ticket, other",
    "SELECT 'participant', number(ticket), key, address, name, role FROM participant ORDER BY ticket, id",
    "SELECT 'message', number(ticket), direction, message_id, digest, raw_sha256, author, subject, kind, defects, text,
       (SELECT sha256 FROM blob WHERE blob.id = raw) FROM message ORDER BY id",
    "SELECT 'file', message.message_id, filename, content_type, inline, repeated, sha256, content
     FROM attachment JOIN message ON message.id = message JOIN blob ON blob.id = blob ORDER BY attachment.id",
    "SELECT 'outcome', mailbox, item, outcome, reason, settled, attempts, disposition, told, number(ticket), message_id,
       raw_sha256, notes, error_code,
       (SELECT sha256 FROM quarantine JOIN blob ON blob.id = blob WHERE quarantine.outcome = outcome.id)
     FROM outcome JOIN source ON source.id = source ORDER BY mailbox, folder, item",
    "SELECT 'blob', sha256 FROM blob ORDER BY sha256",
    "SELECT 'outbox', number(ticket), (SELECT message_id FROM message WHERE message.id = outbox.message), number(other),
       template, role, address, name, subject, priority, state, reason, bounce, bounce_status,
       (SELECT count(*) FROM outbox_attempt WHERE outbox = outbox.id AND result = 'accepted'),
       (SELECT count(*) FROM outbox_attempt WHERE outbox = outbox.id AND result IS NULL)
     FROM outbox ORDER BY ticket, id",
    "SELECT 'note', number(ticket), text FROM ticket_note ORDER BY ticket, id",
    "SELECT 'suppressed', key, reason, status FROM suppressed ORDER BY key",
    "SELECT 'event', type, hook, state, reason FROM event ORDER BY id",
];

/// Everything in the store that an undisturbed run and a disturbed one must have in common, a line each; the same lines
/// from a file and from a server.
///
/// Keys of items on a server lose their UIDVALIDITY.
pub fn store(desk: &Desk) -> Vec<String> {
    let mut store = desk.store();
    if let Opened::File(_) = store {
        assert_eq!(store.rows("PRAGMA integrity_check"), [["ok"]]);
        assert_eq!(store.number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(
            store.number("SELECT coalesce(max(id), 0) - count(*) FROM ticket"),
            0,
            "a ticket is missing"
        );
    }
    let mut lines = vec![format!("{} in flight", store.number("SELECT count(*) FROM in_flight"))];
    let ranks = Ranks(store.rows("SELECT id FROM ticket ORDER BY id").concat());
    for query in QUERIES {
        let query = query.replace("number(", "(SELECT count(*) FROM ticket AS earlier WHERE earlier.id <= ");
        for row in store.rows(&query) {
            let cells: Vec<String> =
                row.iter().map(|cell| without_day(ranks.told(without_validity(cell)))).collect();
            lines.push(cells.join(" | "));
        }
    }
    lines
}

/// The numbers of all tickets, in order.
struct Ranks(Vec<String>);

impl Ranks {
    /// The text with `support-N` for the N-th ticket, whatever its number.
    fn told(&self, text: &str) -> String {
        const SLUG: &str = "support-";
        let mut parts = text.split(SLUG);
        let mut told = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
            let (number, rest) = part.split_at(end);
            let rank = self.0.iter().position(|one| one == number);
            let rank = rank.map_or(number.to_owned(), |rank| (rank + 1).to_string());
            told.extend([SLUG, &rank, rest]);
        }
        told
    }
}

/// A note on an address that gets none for two months, without the day: one desk may be run before midnight, the other after.
fn without_day(mut text: String) -> String {
    const BEFORE: &str = "the address gets none until ";
    if let Some(at) = text.find(BEFORE) {
        text.truncate(at + BEFORE.len());
    }
    text
}

fn without_validity(text: &str) -> &str {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(':') {
        Some((validity, uid)) if digits(validity) && digits(uid) => uid,
        // Dovecot's UIDL is UID and UIDVALIDITY.
        _ if text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => &text[..8],
        _ => text,
    }
}

/// What lies in a Maildir and its sub-folders: folder, flags and content of each message.
pub fn maildir(path: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with('.') && entry.path().is_dir() {
            lines.extend(maildir(&entry.path()).into_iter().map(|line| format!("{name} {line}")));
        }
    }
    for part in ["new", "cur"] {
        for entry in fs::read_dir(path.join(part)).into_iter().flatten() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let flags = name.split_once(":2,").map_or("", |(_, flags)| flags).replace('a', "");
            let content = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
            lines.push(format!("[{flags}] {content:?}"));
        }
    }
    lines.sort();
    lines
}
