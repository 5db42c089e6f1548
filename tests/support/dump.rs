//! What a desk and a mailbox hold, without times and runs, to compare two of them.

use std::fs;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// One query for each kind of thing; what they select is what two desks must have in common.
const QUERIES: [&str; 12] = [
    "SELECT 'ticket', id, queue, title, status, priority, merged_into FROM ticket ORDER BY id",
    "SELECT 'tag', ticket, tag FROM tag ORDER BY ticket, tag",
    "SELECT 'link', ticket, other FROM ticket_link ORDER BY ticket, other",
    "SELECT 'participant', ticket, key, address, name, role FROM participant ORDER BY ticket, id",
    "SELECT 'message', ticket, direction, message_id, hex(digest), hex(raw_sha256), author, subject, kind, defects,
       text, (SELECT hex(sha256) FROM blob WHERE blob.id = raw) FROM message ORDER BY id",
    "SELECT 'file', message.message_id, filename, content_type, inline, repeated, hex(sha256), hex(content)
     FROM attachment JOIN message ON message.id = message JOIN blob ON blob.id = blob ORDER BY attachment.id",
    "SELECT 'outcome', mailbox, item, outcome, reason, settled, attempts, disposition, told, ticket, message_id,
       hex(raw_sha256), notes, error_code,
       (SELECT hex(sha256) FROM quarantine JOIN blob ON blob.id = blob WHERE quarantine.outcome = outcome.id)
     FROM outcome JOIN source ON source.id = source ORDER BY mailbox, folder, item",
    "SELECT 'blob', hex(sha256) FROM blob ORDER BY sha256",
    "SELECT 'outbox', ticket, message, other, template, role, address, name, subject, priority, state, reason, bounce,
       bounce_status, (SELECT count(*) FROM outbox_attempt WHERE outbox = outbox.id AND result = 'accepted'),
       (SELECT count(*) FROM outbox_attempt WHERE outbox = outbox.id AND result IS NULL)
     FROM outbox ORDER BY ticket, id",
    "SELECT 'note', ticket, text FROM ticket_note ORDER BY ticket, id",
    "SELECT 'suppressed', key, reason, status FROM suppressed ORDER BY key",
    "SELECT 'event', type, hook, state, reason FROM event ORDER BY id",
];

/// Everything in the store that an undisturbed run and a disturbed one must have in common, a line each.
///
/// Keys of items on a server lose their UIDVALIDITY.
pub fn store(path: &Path) -> Vec<String> {
    let store = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let integrity: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    let orphans: i64 =
        store.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    let in_flight: i64 = store.query_row("SELECT count(*) FROM in_flight", [], |row| row.get(0)).unwrap();
    let mut lines = vec![format!("{integrity}, {orphans} orphans, {in_flight} in flight")];
    for query in QUERIES {
        let mut statement = store.prepare(query).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = (0..columns).map(|at| cell(row.get_ref(at).unwrap())).collect();
            lines.push(cells.join(" | "));
        }
    }
    lines
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => without_validity(&String::from_utf8_lossy(text)).to_owned(),
        ValueRef::Blob(octets) => format!("{octets:?}"),
    }
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
