//! Recipients and statuses as mail systems write them for people: qmail, Exim, Postfix, sendmail, Exchange and others.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::mail::BouncedRecipient;

use super::RECIPIENTS;

/// So many lines of a notice are looked at; what follows is the mail that bounced.
const LINES: usize = 300;

/// So many octets of a line are looked at.
const LONGEST: usize = 2000;

/// A recipient at the beginning of a line: `<a@b.example>: …`, `    a@b.example`, `* a@b.example (…)`.
static RECIPIENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^[\s>*•-]{0,12}(?:[A-Za-z' ]{0,30}: ?)?["'(<]{0,2}(?:mailto:|smtp:|rfc822;? ?)?([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]*[A-Za-z0-9])[>'"]?(.*)$"#)
        .expect("the constant is a regular expression")
});

/// An address anywhere in a line.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
        .expect("the constant is a regular expression")
});

/// An enhanced status (RFC 3463), alone or behind an SMTP code.
static STATUS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s(\[#:=<-])([245]\.\d{1,3}\.\d{1,3})(?:$|[\s)\]>:;,-]|\.(?:\s|$))")
        .expect("the constant is a regular expression")
});

/// An SMTP code (RFC 5321 section 4.2.1) of a refusal.
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s(\[:'<-])([45])\d\d(?:[\s-]|$)").expect("the constant is a regular expression")
});

/// Where the mail that bounced begins.
const COPIES: [&str; 16] = [
    "--- below this line is a copy",
    "------ this is a copy",
    "----- original message",
    "--- original message",
    "----- message header follows",
    "----- unsent message follows",
    "----- the original message",
    "------ header of the original",
    "original message headers",
    "reporting-mta:",
    "return-path:",
    "received:",
    "returned message:",
    "message headers follow",
    "--- undelivered message",
    "----- original-nachricht",
];

/// The first enhanced status of a text.
pub(super) fn status(text: &str) -> Option<String> {
    STATUS.captures(text).and_then(|found| found.get(1)).map(|status| status.as_str().to_owned())
}

/// Whether a refusal is for good, by its SMTP code; `None` if there is none.
pub(super) fn is_permanent(diagnosis: &str) -> Option<bool> {
    let class = CODE.captures(diagnosis)?.get(1)?;
    Some(class.as_str() == "5")
}

/// The recipients that a notice names.
pub(super) fn recipients(text: &str) -> Vec<BouncedRecipient> {
    named(text).into_iter().map(|(address, diagnosis)| recipient(address, &diagnosis)).collect()
}

/// Whether a notice names somebody with the code of a refusal.
pub(super) fn refuses(text: &str) -> bool {
    named(text).iter().any(|(_, diagnosis)| CODE.is_match(diagnosis) || STATUS.is_match(diagnosis))
}

/// The recipients that a notice names, with what stands behind each up to the next.
fn named(text: &str) -> Vec<(String, String)> {
    let notice: Vec<&str> = text
        .lines()
        .take(LINES)
        .map(|line| line.get(..line.floor_char_boundary(LONGEST)).unwrap_or(line))
        .take_while(|line| !begins_copy(line))
        .collect();
    let mut found: Vec<(String, String)> = Vec::new();
    for line in &notice {
        let named =
            RECIPIENT.captures(line).and_then(|named| Some((named.get(1)?.as_str(), named.get(2)?.as_str())));
        match (named, found.last_mut()) {
            (Some((address, behind)), _) if is_named_alone(line, behind) => {
                if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(address)) {
                    found.push((address.to_owned(), behind.to_owned()));
                }
            }
            (_, Some((_, diagnosis))) => {
                diagnosis.push('\n');
                diagnosis.push_str(line);
            }
            (_, None) => {}
        }
        if found.len() >= RECIPIENTS {
            break;
        }
    }
    if found.is_empty() {
        // In the middle of a sentence: "your message to a@b.example could not be delivered".
        let whole = notice.join("\n");
        let first = ADDRESS
            .find_iter(&whole)
            .map(|address| address.as_str())
            .find(|address| !is_a_mail_system(address));
        found.extend(first.map(|address| (address.to_owned(), whole.clone())));
    }
    found
}

fn recipient(address: String, diagnosis: &str) -> BouncedRecipient {
    let status = status(diagnosis);
    BouncedRecipient { address, action: None, status, permanent: is_permanent(diagnosis).unwrap_or(true) }
}

/// Whether a line names a recipient rather than going on about one.
fn is_named_alone(line: &str, behind: &str) -> bool {
    let behind = behind.trim();
    behind.is_empty()
        || behind.starts_with([':', '>', '(', ';', ',', '-', '.', '…'])
        || line.trim_start().starts_with('<')
}

fn begins_copy(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '>']).to_ascii_lowercase();
    COPIES.iter().any(|copy| line.starts_with(copy))
}

fn is_a_mail_system(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    ["postmaster", "mailer-daemon", "abuse", "helpdesk"].contains(&local.as_str())
}
