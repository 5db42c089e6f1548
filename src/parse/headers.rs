//! The header fields that the road reads, as typed values.
//!
//! Where a field that may stand once stands several times the first counts, as most mail programs show it.

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use crate::model::address::Address;
use crate::model::ids::MessageId;

use super::clean;
use super::defects::Defects;
use super::fields::{self, Fields};
use super::limits;
use super::odd;
use super::words;

/// Fields of which RFC 5322 section 3.6 allows one.
const SINGLE: [&str; 8] =
    ["From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"];

/// Notes fields that stand several times or hold 8-bit octets.
pub(super) fn inspect(fields: &Fields, defects: &mut Defects) {
    for name in SINGLE {
        if fields.all(name).nth(1).is_some() {
            defects.with("duplicate-header", name);
        }
    }
    fields.note_8_bit(&["From", "Sender", "Reply-To", "Subject", "To", "Cc"], defects);
}

/// The decoded subject on one line.
pub(super) fn subject(fields: &Fields, defects: &mut Defects) -> String {
    let raw = fields.first("Subject").map(fields::unfolded).unwrap_or_default();
    let subject = clean::composed(clean::line(&words::decode(&raw, defects)));
    match subject.char_indices().nth(limits::SUBJECT) {
        Some((end, _)) => {
            defects.add("subject-truncated");
            subject.get(..end).unwrap_or_default().trim_end().to_owned()
        }
        None => subject,
    }
}

/// The addresses of the first field of that name.
pub(super) fn first_addresses(fields: &Fields, name: &str, defects: &mut Defects) -> Vec<Address> {
    fields.first(name).map(|raw| addresses(raw, defects)).unwrap_or_default()
}

/// The authors; without any, who sent it: `Sender`, else the address that a server wrote it came from.
pub(super) fn authors(fields: &Fields, defects: &mut Defects) -> Vec<Address> {
    let from = first_addresses(fields, "From", defects);
    if !from.is_empty() {
        return from;
    }
    for name in ["Sender", "Return-Path"] {
        let mut others = first_addresses(fields, name, &mut defects.unheard());
        others.retain(|other| odd::is_sound(&other.address));
        if !others.is_empty() {
            others.truncate(1);
            defects.with("no-from", name);
            return others;
        }
    }
    defects.add("no-from");
    from
}

/// The addresses of all fields of these names.
pub(super) fn all_addresses(fields: &Fields, names: &[&str], defects: &mut Defects) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    for raw in names.iter().flat_map(|name| fields.all(name)) {
        found.extend(addresses(raw, defects));
    }
    if found.len() > limits::ADDRESSES {
        defects.add("too-many-addresses");
        found.truncate(limits::ADDRESSES);
    }
    found
}

/// The addresses of a raw value, groups flattened (RFC 5322 section 3.4).
pub(super) fn addresses(raw: &[u8], defects: &mut Defects) -> Vec<Address> {
    let unfolded = fields::unfolded(raw);
    let mut value = odd::bracketed(&words::normalise(&unfolded, defects));
    if value.contains("<<") {
        value = value.replace("<<", "<").replace(">>", ">");
    }
    value = separated(&value);
    // Without it the parser forgets a last word outside of brackets.
    value.push('\n');
    let parsed = MessageStream::new(value.as_bytes()).parse_address();
    let none = mail_parser::Address::List(Vec::new());
    let list = if let HeaderValue::Address(list) = parsed { list } else { none };
    let mut found: Vec<Address> = Vec::new();
    // `Smith, Alice <alice@example.org>` without quotes: the word before the comma is a part of her name.
    let mut surname: Option<Address> = None;
    let entries = list.iter().filter_map(|entry| address(entry.name.as_deref(), entry.address.as_deref()));
    for mut next in entries.map(|entry| mended(entry, defects)).collect::<Vec<_>>() {
        match (surname.take(), &mut next.name) {
            (Some(Address { name: None, address: before }), Some(name)) => {
                *name = format!("{before}, {name}")
            }
            (before, _) => found.extend(before),
        }
        if next.address.contains('@') {
            found.push(next);
        } else {
            surname = Some(next);
        }
        if found.len() > limits::ADDRESSES {
            defects.add("too-many-addresses");
            found.truncate(limits::ADDRESSES);
            return found;
        }
    }
    found.extend(surname);
    if !found.iter().any(|address| address.address.contains('@')) {
        found = without_rules(&words::decode(&unfolded, &mut defects.unheard()), found, defects);
    }
    found
}

/// An address with letters that no address has, made out.
fn mended(entry: Address, defects: &mut Defects) -> Address {
    let is_encoded = entry.address.contains("=?");
    if odd::is_sound(&entry.address) || !(is_encoded || entry.address.contains('@')) {
        return entry;
    }
    match odd::made_out(&words::decode(&entry.address, &mut defects.unheard())) {
        Some((_, address)) => {
            defects.with("broken-address", &address);
            Address { address, ..entry }
        }
        None => entry,
    }
}

/// The one address of a value in which the parser found `found` and no address: what a quote or a comment swallowed
/// that is never closed. A lone name beside a comment is what it is, unless there are brackets.
fn without_rules(value: &str, found: Vec<Address>, defects: &mut Defects) -> Vec<Address> {
    let value = clean::composed(clean::line(value));
    let made_out = odd::made_out(&value).filter(|_| found.is_empty() || value.contains('<'));
    let Some((name, address)) = made_out.filter(|(_, address)| address.len() <= limits::TOKEN) else {
        return found;
    };
    defects.with("broken-address", &address);
    let name: String = name.chars().take(limits::NAME).collect();
    vec![Address { name: (!name.is_empty() && name != address).then_some(name), address }]
}

/// Puts the comma between addresses in brackets that somebody forgot: the parser would make one of both.
fn separated(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let (mut quoted, mut escaped, mut behind) = (false, false, false);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if behind && !quoted => out.push(','),
            _ => {}
        }
        behind = !quoted && (c == '>' || behind && c.is_whitespace());
        out.push(c);
    }
    out
}

/// An address need not be valid, only there; a lone name is one, as in `From: root`.
fn address(name: Option<&str>, address: Option<&str>) -> Option<Address> {
    let name = clean::composed(clean::line(name.unwrap_or_default()));
    let (address, before) = bare_address(&clean::composed(clean::line(address.unwrap_or_default())));
    let name = if name.is_empty() { before } else { name };
    if address.is_empty() {
        let lone = !name.is_empty() && name.len() <= limits::TOKEN && !name.contains(char::is_whitespace);
        return lone.then(|| Address::bare(&name));
    }
    let name: String = name.chars().take(limits::NAME).collect();
    if address.len() > limits::TOKEN {
        return None;
    }
    Some(Address { name: (!name.is_empty() && name != address).then_some(name), address })
}

/// The address without the route of RFC 822, and the words before it that are a name without brackets behind it.
///
/// Blanks that folding left in it are none of it; a quoted local part keeps its own.
fn bare_address(text: &str) -> (String, String) {
    let text = match text.strip_prefix('@').and_then(|route| route.split_once(':')) {
        Some((_, routed)) => routed,
        None => text,
    };
    if text.starts_with('"') {
        return (text.to_owned(), String::new());
    }
    let is_whole = |word: &&str| word.split_once('@').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
    match text.split_whitespace().next_back().filter(is_whole) {
        Some(word) => {
            let before = text.strip_suffix(word).unwrap_or_default().trim();
            (word.to_owned(), before.to_owned())
        }
        None => (text.split_whitespace().collect(), String::new()),
    }
}

/// The `Message-ID`.
pub(super) fn message_id(fields: &Fields, defects: &mut Defects) -> Option<MessageId> {
    let id = fields.first("Message-ID").and_then(|raw| ids(raw).into_iter().next());
    if id.is_none() {
        defects.add("no-message-id");
    }
    id
}

/// The ids of all fields of that name, the oldest left out if there are too many.
pub(super) fn message_ids(fields: &Fields, name: &str, defects: &mut Defects) -> Vec<MessageId> {
    let mut found: Vec<MessageId> = fields.all(name).flat_map(ids).collect();
    if found.len() > limits::REFERENCES {
        defects.add("too-many-references");
        found.drain(..found.len() - limits::REFERENCES);
    }
    found
}

/// What stands in angle brackets (RFC 5322 section 3.6.4); without any, the words that look like an id.
fn ids(raw: &[u8]) -> Vec<MessageId> {
    let value = fields::unfolded(raw);
    let mut found = Vec::new();
    // Before the first bracket stands no id, but perhaps `Your message of …`.
    for piece in value.split('<').skip(1) {
        let inner = piece.split_once('>').map(|(inner, _)| inner);
        found.extend(inner.and_then(MessageId::new));
    }
    if found.is_empty() {
        let words = value.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
        found.extend(words.filter(|word| word.contains('@')).filter_map(MessageId::new));
    }
    found.retain(|id| id.as_str().len() <= limits::TOKEN);
    found
}

/// The values of `X-Helpdesk-Ticket`.
pub(super) fn tickets(fields: &Fields) -> Vec<String> {
    let values = fields.all("X-Helpdesk-Ticket").take(20).map(|raw| clean::line(&fields::unfolded(raw)));
    values.filter(|value| !value.is_empty()).map(|value| value.chars().take(limits::NAME).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::fields::with;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let table: [(&str, &[&str]); 32] = [
            ("alice@example.org", &["alice@example.org"]),
            ("Alice <alice@example.org>", &["Alice <alice@example.org>"]),
            ("\"A, B\" <a@b.example>, c@d.example", &["A, B <a@b.example>", "c@d.example"]),
            (
                "team: a@b.example, B <b@b.example>;, c@d.example",
                &["a@b.example", "B <b@b.example>", "c@d.example"],
            ),
            ("undisclosed-recipients:;", &[]),
            ("a@b.example (Alice)", &["Alice <a@b.example>"]),
            ("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?= <a@b.example>", &["café <a@b.example>"]),
            ("=?utf-8?Q?A=2C_B_<x@y.example>?= <a@b.example>", &["A, B <x@y.example> <a@b.example>"]),
            ("\"=?utf-8?Q?=C3=BC?=\" <a@b.example>", &["ü <a@b.example>"]),
            ("<a@b.example> <c@d.example>", &["a@b.example", "c@d.example"]),
            (
                "A <a@b.example>\t<c@d.example>, <e@f.example>",
                &["A <a@b.example>", "c@d.example", "e@f.example"],
            ),
            ("\"A> <c@d.example\" <a@b.example>", &["A> <c@d.example <a@b.example>"]),
            ("root", &["root"]),
            ("root, alice@example.org", &["root", "alice@example.org"]),
            ("root, bin", &["root", "bin"]),
            (
                "Smith, Alice <alice@example.org>, b@c.example",
                &["Smith, Alice <alice@example.org>", "b@c.example"],
            ),
            ("Alice Smith alice@example.org", &["Alice Smith <alice@example.org>"]),
            ("Alice <@x.example,@y.example:alice@example.org>", &["Alice <alice@example.org>"]),
            ("<\"a b\"@example.org>", &["\"a b\"@example.org"]),
            ("<alice@\r\n example.org>", &["alice@example.org"]),
            ("<alice\r\n @example.org>", &["alice@example.org"]),
            ("MAILER-DAEMON (Mail System)", &["Mail System <MAILER-DAEMON>"]),
            ("<>", &[]),
            ("", &[]),
            (" , ,", &[]),
            ("Alice <alice@example.org", &["Alice <alice@example.org>"]),
            ("Alice <<alice@example.org>>", &["Alice <alice@example.org>"]),
            ("alice@example.org <alice@example.org>", &["alice@example.org"]),
            ("Ali\0ce\x07 <a@\0b.example>", &["Alice <a@b.example>"]),
            ("=?utf-8?B?QQ1CCkMA?= <a@b.example>", &["AB C <a@b.example>"]),
            ("Grüße <ü@b.example>", &["Grüße <ü@b.example>"]),
            ("A\r\n <a@b.example>,\r\n\tB <b@b.example>", &["A <a@b.example>", "B <b@b.example>"]),
        ];
        for (value, expected) in table {
            let (found, _) = with(format!("To: {value}\n\n").as_bytes(), |f, d| all_addresses(f, &["To"], d));
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn addresses_against_the_rules_are_made_out() {
        let table = [
            ("\"b o b\"@customer.example", "\"b o b\"@customer.example", false),
            ("Bob (x <bob@customer.example>", "bob@customer.example", true),
            ("'Bob' <'bob@customer.example'>", "bob@customer.example", true),
            ("Bob <mailto:bob@customer.example>", "bob@customer.example", true),
            ("\"Bob <bob@customer.example>\"", "bob@customer.example", true),
            ("\"Bob <bob@customer.example>", "bob@customer.example", true),
            ("=?utf-8?Q?Bob_=3Cbob=40customer.example=3E?=", "bob@customer.example", true),
            ("Bob <=?utf-8?Q?bob=40customer.example?=>", "bob@customer.example", true),
            ("=?utf-8?Q?bob=40customer.example?=", "bob@customer.example", false),
            ("\"evil@x.example\" <bob@customer.example>", "bob@customer.example", false),
            ("Bob <o'brien@customer.example>", "o'brien@customer.example", false),
            ("root (Cron at root@x.example)", "root", false),
        ];
        for (value, expected, odd) in table {
            let (found, defects) =
                with(format!("From: {value}\n\n").as_bytes(), |f, d| first_addresses(f, "From", d));
            let found: Vec<&str> = found.iter().map(|address| address.address.as_str()).collect();
            assert_eq!(found, [expected], "{value}");
            let lines = if odd { vec![format!("broken-address: {expected}")] } else { Vec::new() };
            assert_eq!(defects, lines, "{value}");
        }
    }

    #[test]
    fn without_an_author_the_sender_counts() {
        let table = [
            ("Sender: S <s@x.example>\nReturn-Path: <r@x.example>", "s@x.example", "no-from: Sender"),
            ("From: <>\nReturn-Path: <r@x.example>", "r@x.example", "no-from: Return-Path"),
            ("Return-Path: <>", "", "no-from"),
            ("From: root\nSender: s@x.example", "root", ""),
        ];
        for (header, expected, line) in table {
            let (found, defects) = with(format!("{header}\n\n").as_bytes(), authors);
            assert_eq!(found.first().map_or("", |address| address.address.as_str()), expected, "{header}");
            assert_eq!(defects.join(" "), line, "{header}");
        }
    }

    #[test]
    fn all_recipient_fields_count_but_the_first_author() {
        let header = b"From: a@b.example\nTo: x@b.example\nFrom: z@b.example\nTo: y@b.example\n\n";
        let (to, _) = with(header, |f, d| all_addresses(f, &["To"], d));
        assert_eq!(to, [Address::bare("x@b.example"), Address::bare("y@b.example")]);
        let (from, _) = with(header, |f, d| first_addresses(f, "From", d));
        assert_eq!(from, [Address::bare("a@b.example")]);
        assert_eq!(with(header, inspect).1, ["duplicate-header: From"]);
    }

    #[test]
    fn subjects_are_one_clean_line() {
        let table: [(&[u8], &str, &[&str]); 9] = [
            (b" Printer on fire ", "Printer on fire", &[]),
            (b"folded\r\n subject", "folded subject", &[]),
            (b"=?utf-8?Q?caf=C3?=\n =?utf-8?Q?=A9?=", "café", &[]),
            ("rohes UTF-8 ü".as_bytes(), "rohes UTF-8 ü", &[]),
            (b"Gr\xfc\xdfe aus K\xf6ln", "Grüße aus Köln", &["8-bit-header: Subject"]),
            (b"=?utf-8?B?YQBiDQpjCWQ=?=", "ab c d", &[]),
            (b"cod\xe2\x80\xaegpj.exe", "codgpj.exe", &[]),
            (b"", "", &[]),
            (b"a\nSubject: b", "a", &["duplicate-header: Subject"]),
        ];
        for (value, expected, lines) in table {
            let header = [b"Subject: ", value, b"\n\n"].concat();
            let (found, defects) = with(&header, |f, d| {
                inspect(f, d);
                subject(f, d)
            });
            assert_eq!((found.as_str(), defects.as_slice()), (expected, &lines.map_to_strings()[..]));
        }
    }

    trait Strings {
        fn map_to_strings(&self) -> Vec<String>;
    }

    impl Strings for &[&str] {
        fn map_to_strings(&self) -> Vec<String> {
            self.iter().map(ToString::to_string).collect()
        }
    }

    #[test]
    fn what_is_too_long_for_a_line_is_no_address_and_no_id() {
        let long = "x".repeat(limits::TOKEN);
        let header =
            format!("To: {long}@b.example, a@b.example\nReferences: <{long}@b.example> <a@b.example>\n\n");
        assert_eq!(
            with(header.as_bytes(), |f, d| all_addresses(f, &["To"], d)).0,
            [Address::bare("a@b.example")]
        );
        assert_eq!(with(header.as_bytes(), |f, d| message_ids(f, "References", d)).0.len(), 1);
    }

    #[test]
    fn a_subject_is_cut_at_its_limit() {
        let header = format!("Subject: {}\n\n", "ü".repeat(2000));
        let (found, defects) = with(header.as_bytes(), subject);
        assert_eq!((found.chars().count(), defects), (998, vec!["subject-truncated".to_owned()]));
    }

    #[test]
    fn ids_are_found_among_junk() {
        let table: [(&str, &[&str]); 9] = [
            ("<a@b.example>", &["a@b.example"]),
            ("<a@b.example> <c@d.example>\r\n <e@f.example>", &["a@b.example", "c@d.example", "e@f.example"]),
            ("<a@b.example><c@d.example>", &["a@b.example", "c@d.example"]),
            ("Your message of \"Tue\" <a@b.example> from bob", &["a@b.example"]),
            ("a@b.example", &["a@b.example"]),
            ("<a@b\r\n .example>", &["a@b.example"]),
            ("<broken <a@b.example>", &["a@b.example"]),
            ("<>", &[]),
            ("nothing", &[]),
        ];
        for (value, expected) in table {
            let header = format!("References: {value}\n\n");
            let (found, _) = with(header.as_bytes(), |f, d| message_ids(f, "References", d));
            let found: Vec<&str> = found.iter().map(MessageId::as_str).collect();
            assert_eq!(found, expected, "{value}");
        }
    }
}
