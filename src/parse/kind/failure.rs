//! Bounces and delay notices from before RFC 3464 and from those who do not heed it.
//!
//! Only a mail system's word counts ([`origin`](super::origin)). A person may write any subject.

use crate::model::mail::Kind;

use super::super::bounce;
use super::super::fields::Fields;
use super::origin::{self, Origin};
use super::{auto_submitted, automatic};

/// What subjects of bounces hold, in lower case.
const FAILED: &[&str] = &[
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
    "message you sent blocked",
    "onbestelbaar",
    "niet afgeleverd",
    "non recapitabile",
    "impossibile recapitare",
    "não é possível entregar",
    "não entregue",
    "falha na entrega",
    "niedostarczalne",
    "niedostarczona",
    "nie można dostarczyć",
    "zwrot wiadomości",
    "недоставлен",
    "не доставлено",
    "не удается доставить",
    "не удаётся доставить",
    "не удалось доставить",
    "недоставка",
    "teslim edilem",
    "teslim edilmedi",
    "無法傳遞",
    "無法遞送",
    "無法投遞",
    "傳遞失敗",
    "未送達",
    "未送达",
    "无法传递",
    "送信できません",
    "配信できません",
    "배달할 수 없",
    "전송 실패",
    "발송 실패",
    "no entregado",
    "imposible entregar",
    "kan inte levereras",
    "kan ikke leveres",
    "nedoručiteln",
    "kézbesíthetetlen",
];

/// What subjects of delay notices hold.
const DELAYED: &[&str] = &[
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
const OPENINGS: &[&str] = &[
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
    "has not been delivered",
    "was blocked by our",
];

const STILL_TRIED: &[&str] = &[
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
    let origin = origin::of(fields);
    let is_named =
        fields.has("X-Failed-Recipients") && (origin > Origin::Person || !origin::has_named_sender(fields));
    if origin == Origin::Person && !is_named {
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
    let is_notice = match origin {
        Origin::Person => false,
        Origin::Doubtful => {
            let refuses = is_submitted(fields) && bounce::refuses_recipients(text);
            (delayed || failed || opens()) && (refuses || begins_as_systems_do(text))
        }
        // "Automatic reply: Delivery problem" is an answer.
        Origin::Unsigned if automatic::opens(subject) => false,
        Origin::Unsigned => opens() || ((delayed || failed) && bounce::names_recipients(text)),
        Origin::Likely => delayed || failed || opens() || bounce::refuses_recipients(text),
        // In whatever words: nobody but a mail system writes so.
        Origin::Certain => true,
    };
    let is_delay = || delayed || (tried() && !beginning.contains("permanent"));
    is_notice.then(|| if is_delay() { Kind::Delay } else { Kind::Bounce })
}

/// Whether a report that the message holds is what it has to say, rather than what somebody passes on.
pub(super) fn reports(fields: &Fields, text: &str) -> bool {
    match origin::of(fields) {
        Origin::Person => is_submitted(fields) && !origin::has_named_sender(fields),
        Origin::Doubtful => is_submitted(fields) || begins_as_systems_do(text),
        Origin::Unsigned | Origin::Likely | Origin::Certain => true,
    }
}

/// Whether the words of a mail system stand before all others.
fn begins_as_systems_do(text: &str) -> bool {
    let opening: String = text.trim_start().chars().take(100).collect::<String>().to_lowercase();
    OPENINGS.iter().any(|words| opening.starts_with(words))
}

fn is_submitted(fields: &Fields) -> bool {
    !matches!(auto_submitted(fields).as_str(), "" | "no")
}
