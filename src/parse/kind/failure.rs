//! Bounces and delay notices from before RFC 3464 and from those who do not heed it.
//!
//! Only a mail system's word counts: an empty return path or its name in From. A person may write any subject.

use crate::model::mail::Kind;

use super::super::defects::Defects;
use super::super::fields::{self, Fields};
use super::super::headers;

/// What subjects of bounces hold, in lower case.
const FAILED: [&str; 46] = [
    "undeliver",
    "delivery status notification",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery problem",
    "delivery error",
    "delivery report",
    "delivery unsuccessful",
    "delivery notification",
    "mail delivery failed",
    "mail delivery system",
    "mail failure",
    "mail could not be delivered",
    "message could not be delivered",
    "message not delivered",
    "could not be delivered",
    "not deliverable",
    "failure notice",
    "failure delivery",
    "failed mail",
    "returned mail",
    "returned to sender",
    "returning message to sender",
    "mail system error",
    "mail error",
    "non-delivery",
    "nondeliverable",
    "user unknown",
    "non remis",
    "échec de la remise",
    "message de non-distribution",
    "unzustellbar",
    "nicht zugestellt",
    "nicht zustellbar",
    "zustellung fehlgeschlagen",
    "mancato recapito",
    "mancata consegna",
    "no se puede entregar",
    "no se ha podido entregar",
    "não foi possível entregar",
    "配信不能",
    "배달되지",
    "无法投递",
    "退信",
    "退件",
];

/// What subjects of delay notices hold.
const DELAYED: [&str; 12] = [
    "delayed",
    "delivery delay",
    "delay notification",
    "warning: message",
    "warning: could not send message",
    "still being retried",
    "not yet been delivered",
    "(delay)",
    "verzöger",
    "retardé",
    "retrasad",
    "配信遅延",
];

/// How the texts of mail systems begin, where the subject says nothing.
const OPENINGS: [&str; 24] = [
    "hi. this is the qmail-send program",
    "this is the qmail-send program",
    "this message was created automatically by mail delivery software",
    "a message that you sent could not be delivered",
    "this is the mail system at host",
    "this is the postfix program at host",
    "the original message was received at",
    "your message did not reach some or all of the intended recipients",
    "your message was not delivered to",
    "your message couldn't be delivered",
    "your message wasn't delivered",
    "your message to the following recipients",
    "this is an automatically generated delivery status notification",
    "delivery to the following recipient failed",
    "delivery to the following recipients failed",
    "delivery has failed to these recipients",
    "sorry, we were unable to deliver your message",
    "sorry. your message could not be delivered to",
    "i'm sorry to have to inform you",
    "i'm afraid i wasn't able to deliver your message",
    "the following addresses had permanent fatal errors",
    "the user(s) account is",
    "undelivered message:",
    "this report relates to a message you sent",
];

const STILL_TRIED: [&str; 8] = [
    "will retry",
    "still being retried",
    "will continue to try",
    "do not need to resend",
    "you do not need to resend",
    "no action is required on your part",
    "has been delayed",
    "not yet been delivered",
];

/// The kind of a notice without a report; `None` if it is no notice.
pub(super) fn of(fields: &Fields, subject: &str, text: &str) -> Option<Kind> {
    let is_named = fields.has("X-Failed-Recipients");
    if !(is_named || has_null_sender(fields) || is_from_mail_system(fields)) {
        return None;
    }
    let beginning: String = text.chars().take(2000).collect::<String>().to_lowercase();
    let delayed = DELAYED.iter().any(|word| subject.contains(word));
    let tried = || STILL_TRIED.iter().any(|words| beginning.contains(words));
    if is_named {
        return Some(if delayed && tried() { Kind::Delay } else { Kind::Bounce });
    }
    let failed = FAILED.iter().any(|word| subject.contains(word));
    let opens = || OPENINGS.iter().any(|words| beginning.contains(words));
    if delayed {
        return Some(Kind::Delay);
    }
    if failed || opens() {
        return Some(if tried() && !beginning.contains("permanent") { Kind::Delay } else { Kind::Bounce });
    }
    None
}

/// RFC 5321 section 4.5.5: what reports on mail has no return path.
pub(super) fn has_null_sender(fields: &Fields) -> bool {
    fields
        .first("Return-Path")
        .is_some_and(|raw| matches!(fields::unfolded(raw).trim(), "<>" | "<MAILER-DAEMON>"))
}

/// Whether From is a mail system's.
pub(super) fn is_from_mail_system(fields: &Fields) -> bool {
    const LOCALS: [&str; 12] = [
        "mailer-daemon",
        "postmaster",
        "mail-daemon",
        "mailerdaemon",
        "maildaemon",
        "mailer_daemon",
        "mailsystem",
        "mail-system",
        "maildelivery",
        "mailadmin",
        "double-bounce",
        "mdaemon",
    ];
    const NAMES: [&str; 7] = [
        "mail delivery subsystem",
        "mail delivery system",
        "mail administrator",
        "system administrator",
        "mail delivery service",
        "postmaster",
        "internet mail delivery",
    ];
    const STARTS: [&str; 4] = ["mailer-daemon", "mail-delivery", "microsoftexchange", "postmaster+"];
    let authors = headers::first_addresses(fields, "From", &mut Defects::default());
    authors.first().is_some_and(|author| {
        let key = author.key();
        let local = key.split('@').next().unwrap_or_default();
        let name = author.name.as_deref().unwrap_or_default().to_lowercase();
        LOCALS.contains(&local)
            || STARTS.iter().any(|start| local.starts_with(start))
            || NAMES.contains(&name.as_str())
    })
}
