//! A notification becomes a mail (RFC 5322, MIME) that is read everywhere and that no machine answers.
//!
//! Nothing fails here: what a header cannot hold is left out. The same notification makes the same octets but for the
//! date, so that what is sent twice is the same mail.

mod address;
mod body;
mod field;
mod words;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use lettre::message::header::Headers;

use crate::model::address::Address;
use crate::model::ids::MessageId;
use crate::model::notification::{AlertMail, Notification, Occasion, Parcel};

use super::template::{EnvelopeSender, Templates, line};

/// A notification that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The mail with its envelope.
    pub parcel: Parcel,
    /// Why a template was replaced by the built-in one, if one was; for the log, holds nothing of the mail.
    pub fallback: Option<String>,
}

impl Templates {
    /// The mail of a notification; never fails.
    pub fn compose(&self, notification: &Notification, now: Timestamp) -> Composed {
        let mut rendered = self.render(notification);
        let fallback = rendered.fallback.take();
        let mut mail = body::of(&rendered, notification);
        mail.headers_mut().insert_raw(field::raw("MIME-Version", "1.0"));
        let mut octets = mail.formatted();
        // With files in it the mail is large: it is not held twice.
        drop(mail);
        let fields = fields(notification, &rendered.subject, now);
        octets.splice(0..0, fields.to_string().into_bytes());
        let sender = self.envelope_sender(&notification.from);
        let recipient = address::envelope(&notification.to.address);
        Composed { parcel: Parcel { sender, recipient, octets }, fallback }
    }
}

impl Templates {
    /// The mail of an alert, in plain text: who runs the program reads it on a telephone.
    pub fn alert(&self, mail: &AlertMail, now: Timestamp) -> Parcel {
        let mut fields = Headers::new();
        let mut put = |name: &'static str, value: String| fields.insert_raw(field::raw(name, &value));
        put("Date", date(now));
        put("From", address::mailbox(&mail.from));
        put("To", address::mailbox(&mail.to));
        put("Subject", words::folded(&line(&mail.subject), "Subject: ".len()));
        put("Message-ID", field::id(&mail.message_id));
        put("Auto-Submitted", "auto-generated".to_owned());
        put("X-Auto-Response-Suppress", "All".to_owned());
        put("X-Loop", address::envelope(&mail.from.address));
        put("MIME-Version", "1.0".to_owned());
        let mut octets = fields.to_string().into_bytes();
        octets.extend_from_slice(&body::plain(&mail.text).formatted());
        let sender = self.envelope_sender(&mail.from);
        Parcel { sender, recipient: address::envelope(&mail.to.address), octets }
    }

    fn envelope_sender(&self, from: &Address) -> Option<String> {
        match self.config().envelope_sender {
            EnvelopeSender::Queue => Some(address::envelope(&from.address)),
            EnvelopeSender::Empty => None,
        }
    }
}

/// The header fields, in the order in which people read them.
fn fields(notification: &Notification, subject: &str, now: Timestamp) -> Headers {
    let mut fields = Headers::new();
    let mut put = |name: &'static str, value: String| fields.insert_raw(field::raw(name, &value));
    put("Date", date(now));
    put("From", address::mailbox(&sender(notification)));
    put("To", address::mailbox(&notification.to));
    if let Some(reply_to) = notification.reply_to.as_deref().filter(|address| address::is_valid(address)) {
        let reply_to = Address { address: reply_to.to_owned(), ..sender(notification) };
        put("Reply-To", address::mailbox(&reply_to));
    }
    put("Subject", words::folded(subject, "Subject: ".len()));
    put("Message-ID", field::id(&notification.message_id));
    if let Some(answered) = notification.in_reply_to.as_ref().filter(|id| field::is_id(id)) {
        put("In-Reply-To", field::id(answered));
    }
    let thread = thread(notification);
    if !thread.is_empty() {
        put("References", thread);
    }
    // RFC 3834 section 5: what answers the very person's mail, and what tells others of it.
    put("Auto-Submitted", submitted(notification.occasion).to_owned());
    // Understood by Exchange alone: no notices of absence, of delivery and of reading.
    put("X-Auto-Response-Suppress", "All".to_owned());
    // Older answering programs know this alone: vacation(1) leaves bulk, junk and list unanswered.
    put("Precedence", "bulk".to_owned());
    // What procmail's recipes look for, their own address.
    put("X-Loop", address::envelope(&notification.from.address));
    fields
}

fn sender(notification: &Notification) -> Address {
    let given = notification.from.name.as_deref().map(line).filter(|name| !name.is_empty());
    let name = given.unwrap_or_else(|| line(&notification.queue_title));
    Address { name: Some(name), address: notification.from.address.clone() }
}

fn submitted(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Created | Occasion::Closed | Occasion::TooLarge => "auto-replied",
        Occasion::Announced | Occasion::Updated | Occasion::Reopened => "auto-generated",
    }
}

fn date(now: Timestamp) -> String {
    let zoned = now.to_zoned(TimeZone::UTC);
    // Fails for years that RFC 5322 cannot write.
    rfc2822::to_string(&zoned).unwrap_or_else(|_| "Thu, 01 Jan 1970 00:00:00 +0000".to_owned())
}

/// The most ids in References: the first and the newest.
const MOST_IDS: usize = 20;

/// The thread and the mail that is answered at its end (RFC 5322 section 3.6.4), an id a line.
fn thread(notification: &Notification) -> String {
    let answered = notification.in_reply_to.iter();
    let mut ids: Vec<&MessageId> = Vec::new();
    for id in notification
        .references
        .iter()
        .filter(|id| !answered.clone().any(|last| last == *id))
        .chain(answered.clone())
    {
        if field::is_id(id) && !ids.contains(&id) {
            ids.push(id);
        }
    }
    let left_out = ids.len().saturating_sub(MOST_IDS);
    let kept = ids.iter().enumerate().filter(|(at, _)| *at == 0 || *at > left_out);
    kept.map(|(_, id)| field::id(id)).collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests;
