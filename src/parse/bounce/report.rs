//! The machine-readable part of a delivery report (RFC 3464): a group of fields for each recipient.

use crate::model::mail::BouncedRecipient;

use super::super::defects::Defects;
use super::super::fields::{self, Fields, Place};
use super::super::render;
use super::super::structure::Part;
use super::{RECIPIENTS, untyped};

/// The recipients of the first delivery report within.
pub(super) fn recipients(root: &Part) -> Vec<BouncedRecipient> {
    let Some(part) = find(root) else { return Vec::new() };
    let octets = render::octets(part, &mut Defects::default());
    let mut found: Vec<BouncedRecipient> = Vec::new();
    let mut last = None;
    for group in groups(&octets) {
        let (fields, _) = fields::split(group, Place::Part, &mut Defects::default());
        if let Some(recipient) = recipient(&fields) {
            let known = found.iter().position(|one| one.address == recipient.address);
            if known.is_none() && found.len() >= RECIPIENTS {
                break;
            }
            last = known.or(Some(found.len()));
            if known.is_none() {
                found.push(recipient);
            }
        } else if let Some(recipient) = last.and_then(|at: usize| found.get_mut(at)) {
            go_on(recipient, &fields);
        }
    }
    found
}

/// What stands behind a blank line too many goes on about the recipient before.
fn go_on(recipient: &mut BouncedRecipient, fields: &Fields) {
    let told = told(fields);
    recipient.action = recipient.action.take().or(told.action);
    if recipient.status.is_none() {
        recipient.status = told.status;
        recipient.permanent &= told.permanent;
    }
}

/// The report's part, wherever it stands.
pub(in crate::parse) fn find<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Part<'a>> {
    if matches!(part.media.value.as_str(), "message/delivery-status" | "message/global-delivery-status") {
        return Some(part);
    }
    part.children.iter().find_map(find)
}

/// The groups between blank lines.
fn groups(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        while let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = after;
        }
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for line in rest.split_inclusive(|octet| *octet == b'\n') {
            if line.trim_ascii().is_empty() {
                break;
            }
            end += line.len();
        }
        let (group, after) = rest.split_at(end.max(1).min(rest.len()));
        rest = after;
        Some(group)
    })
}

/// A group of a recipient (section 2.3): the address that was written to, else the one that it became.
fn recipient(fields: &Fields) -> Option<BouncedRecipient> {
    let address = ["Original-Recipient", "Final-Recipient", "X-Actual-Recipient"]
        .into_iter()
        .filter_map(|name| fields.first(name))
        .map(address)
        .find(|address| is_address(address))?;
    let Told { action, status, permanent } = told(fields);
    Some(BouncedRecipient { address, action, status, permanent })
}

/// What became of the mail for a recipient.
struct Told {
    action: Option<String>,
    status: Option<String>,
    permanent: bool,
}

fn told(fields: &Fields) -> Told {
    let word = |name: &str| {
        let value = fields.token(name).to_ascii_lowercase();
        let word = value.split([' ', ';', '(', '\t']).next().unwrap_or_default().to_owned();
        (!word.is_empty()).then_some(word)
    };
    let given = word("Status").filter(|status| is_status(status));
    let diagnosis = fields.first("Diagnostic-Code").map(untyped).unwrap_or_default();
    Told {
        action: word("Action"),
        status: given.or_else(|| super::words::status(&diagnosis)),
        permanent: super::words::is_permanent(&diagnosis).unwrap_or(true),
    }
}

/// The address of a recipient's field, `\x{F8}` as the letter that it stands for where the type is `utf-8` (RFC 6533
/// section 3).
fn address(raw: &[u8]) -> String {
    let address = untyped(raw);
    let is_utf_8 = raw.trim_ascii_start().get(..5).is_some_and(|kind| kind.eq_ignore_ascii_case(b"utf-8"));
    if !is_utf_8 {
        return address;
    }
    let mut pieces = address.split("\\x{");
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let letter = piece.split_once('}').and_then(|(digits, rest)| {
            let letter = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
            (!letter.is_control()).then_some((letter, rest))
        });
        match letter {
            Some((letter, rest)) => {
                whole.push(letter);
                whole.push_str(rest);
            }
            None => {
                whole.push_str("\\x{");
                whole.push_str(piece);
            }
        }
    }
    whole
}

/// Whether it is an address; blanks may stand within quotes (RFC 5321 section 4.1.2).
fn is_address(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        let is_quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
        let is_bare = |part: &str| !part.contains(char::is_whitespace);
        is_bare(domain) && (is_quoted || is_bare(local))
    })
}

/// `5.1.1` (RFC 3463 section 2).
fn is_status(text: &str) -> bool {
    let mut parts = text.split('.');
    let class = parts.next().is_some_and(|class| matches!(class, "2" | "4" | "5"));
    let mut number = || {
        parts
            .next()
            .is_some_and(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
    };
    class && number() && number() && parts.next().is_none()
}
