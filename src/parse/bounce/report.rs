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
    for group in groups(&octets) {
        let (fields, _) = fields::split(group, Place::Part, &mut Defects::default());
        if let Some(recipient) = recipient(&fields)
            && !found.iter().take(RECIPIENTS).any(|one| one.address == recipient.address)
        {
            found.push(recipient);
        }
        if found.len() >= RECIPIENTS {
            break;
        }
    }
    found
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
        .map(untyped)
        .find(|address| address.contains('@') && !address.contains(char::is_whitespace))?;
    let word = |name: &str| {
        let value = fields.token(name).to_ascii_lowercase();
        let word = value.split([' ', ';', '(', '\t']).next().unwrap_or_default().to_owned();
        (!word.is_empty()).then_some(word)
    };
    let given = word("Status").filter(|status| is_status(status));
    let told = fields.first("Diagnostic-Code").and_then(|raw| super::words::status(&untyped(raw)));
    Some(BouncedRecipient { address, action: word("Action"), status: given.or(told), permanent: true })
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
