//! Octets to [`Mail`]: never fails on what a message holds, only on faults of ours; what is odd becomes a defect.
//!
//! Every step is linear in the length of the message (the structure at most [`Limits::depth`] times), nothing recurses
//! deeper than that, and messages within a message are files that are not opened; only `winmail.dat`, signed S/MIME and a
//! message that is all of another are, to a fixed depth. The MIME structure is our own because the library's takes
//! quadratic time, overflows the stack and loses files on broken mail; of `mail-parser`, whose only home this is, the
//! address parser and rare charsets are used. A guard stands behind all of it.
//!
//! [`Mail`]: crate::model::mail::Mail

mod armor;
mod attachment;
mod body;
mod bounce;
mod cells;
mod charset;
mod clean;
mod codepages;
mod container;
mod dates;
mod defects;
mod digest;
mod fields;
mod flowed;
mod forward;
mod guard;
mod headers;
mod helpers;
mod html;
mod kind;
pub mod limits;
mod magic;
mod mapi;
mod meta;
mod names;
mod odd;
mod opaque;
mod params;
mod pieces;
mod quotation;
mod render;
mod reply;
mod rtf;
mod sight;
mod structure;
mod tnef;
mod transfer;
mod unclosed;
mod unicode;
mod uuencode;
mod words;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::ids::Digest;
use crate::model::mail::{Kind, Mail};

use defects::Defects;
use fields::Fields;
use structure::Part;

pub use defects::DEFECTS;
pub use forward::forwarded;
pub use guard::Crashed;
pub use limits::Limits;

/// Reads a batch of messages, in order; a message that takes too long or crashes costs only itself.
///
/// # Errors
///
/// [`Crashed`] in the place of a message of which, for a bug, not even the header fields could be read.
pub fn all(messages: &[Arc<Vec<u8>>], limits: &Limits) -> Vec<Result<Mail, Crashed>> {
    all_while(messages, limits, || ()).0
}

/// Reads a batch as [`all`] does, while this thread does `meanwhile`.
///
/// # Errors
///
/// As [`all`].
pub fn all_while<T>(
    messages: &[Arc<Vec<u8>>],
    limits: &Limits,
    meanwhile: impl FnOnce() -> T,
) -> (Vec<Result<Mail, Crashed>>, T) {
    guard::all(messages, guard::Reader { whole: read, headers: read_headers, limits: *limits }, meanwhile)
}

/// Reads one message as [`all`] does.
///
/// # Errors
///
/// [`Crashed`] if, for a bug, not even the header fields could be read.
pub fn one(message: impl Into<Vec<u8>>, limits: &Limits) -> Result<Mail, Crashed> {
    let none = || Crashed { what: "no answer".to_owned() };
    all(&[Arc::new(message.into())], limits).pop().ok_or_else(none).flatten()
}

/// The values of all header fields of a name, decoded, topmost first.
pub fn header(message: &[u8], name: &str) -> Vec<String> {
    let mut defects = Defects::default();
    let message = lines(message, &mut defects);
    let (fields, _) = fields::split(&message, fields::Place::Message, &mut defects);
    let decoded = |raw| words::decode(&fields::unfolded(raw), &mut Defects::default());
    fields.all(name).map(|raw| clean::line(&decoded(raw))).collect()
}

/// A single line without control, bidirectional override and invisible marks, composed: what a header of ours may hold.
pub fn clean_line(text: &str) -> String {
    clean::composed(clean::line(text))
}

/// A composed text without control characters, blanks at line ends and empty lines at its ends.
pub fn clean_text(text: &str) -> String {
    clean::composed(clean::text(text))
}

/// Notes that only the beginning of the message was at hand.
pub fn mark_truncated(mail: &mut Mail) {
    let word = "truncated".to_owned();
    if !mail.defects.contains(&word) {
        mail.defects.push(word);
    }
}

/// Notes that the `Date` lies after the time when the message came, as the mailbox knows it.
pub fn heed_arrival(mail: &mut Mail, arrived: Timestamp) {
    mail.received = Some(arrived);
    let word = "date-in-future".to_owned();
    let is_late = mail.date.is_some() && mail.sent() != mail.date;
    if is_late && !mail.defects.contains(&word) {
        mail.defects.push(word);
    }
}

/// The whole message.
fn read(message: &[u8], limits: &Limits) -> Mail {
    let mut defects = Defects::under(limits);
    let message = lines(message, &mut defects);
    let root = structure::read(&message, &mut defects);
    let mut mail = from_fields(&root.fields, &mut defects);
    if is_no_message(&root) {
        defects.add("binary");
        return finish(mail, defects);
    }
    let body = body::read(&root, &mut defects);
    mail.kind = kind::of(&root, &mail.subject, &body.text);
    mail.bounce = bounce::of(&root, &body.text, mail.kind);
    mail.reply = new_words(&body, &mail, &defects);
    mail.text = body.text;
    mail.html = body.html;
    mail.attachments = attachment::all(body.files, &body.shown, &mut defects);
    finish(mail, defects)
}

/// What is new in the text. What a mail system says is all its own, whatever it quotes.
fn new_words(body: &body::Body, mail: &Mail, defects: &Defects) -> String {
    let is_answer = !(mail.in_reply_to.is_empty() && mail.references.is_empty());
    match mail.kind {
        Kind::Bounce | Kind::Delay | Kind::Feedback => body.text.clone(),
        Kind::Ordinary | Kind::List | Kind::AutoGenerated | Kind::AutoReply => {
            reply::of(&body.text, is_answer, || body.before_quote(defects))
        }
    }
}

/// The header fields alone, with the reason why. The octets of the body become a file: nothing is lost.
fn read_headers(message: &[u8], limits: &Limits, reason: &'static str) -> Mail {
    let mut defects = Defects::under(limits);
    let message = lines(message, &mut defects);
    let root = structure::unopened(&message, &mut defects);
    let mut mail = from_fields(&root.fields, &mut defects);
    if is_no_message(&root) {
        defects.add("binary");
    } else {
        mail.attachments = vec![attachment::of_part(&structure::rest(root.body), &mut defects)];
    }
    mail.kind = kind::of(&root, &mail.subject, "");
    mail.bounce = bounce::of(&root, "", mail.kind);
    defects.add(reason);
    finish(mail, defects)
}

/// The message with LF where its line ends are lone CR, as of old Macintosh programs.
fn lines<'a>(message: &'a [u8], defects: &mut Defects) -> Cow<'a, [u8]> {
    if memchr::memchr(b'\n', message).is_some() || memchr::memchr(b'\r', message).is_none() {
        return message.into();
    }
    defects.add("lone-cr");
    message.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect::<Vec<_>>().into()
}

/// An image or an archive in the place of a message: as a text it would be garbage, and nobody sent it.
fn is_no_message(root: &Part) -> bool {
    root.fields.is_empty() && charset::is_binary(root.body)
}

fn from_fields(fields: &Fields, defects: &mut Defects) -> Mail {
    headers::inspect(fields, defects);
    let delivered = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];
    let mail = Mail {
        message_id: headers::message_id(fields, defects),
        in_reply_to: headers::message_ids(fields, "In-Reply-To", defects),
        references: headers::message_ids(fields, "References", defects),
        date: dates::date(fields, defects),
        received: dates::received(fields),
        from: headers::authors(fields, defects),
        sender: headers::first_addresses(fields, "Sender", defects).into_iter().next(),
        reply_to: headers::first_addresses(fields, "Reply-To", defects),
        original_from: headers::first_addresses(fields, "X-Original-From", defects),
        to: headers::all_addresses(fields, &["To"], defects),
        cc: headers::all_addresses(fields, &["Cc"], defects),
        delivered_to: headers::all_addresses(fields, &delivered, defects),
        subject: headers::subject(fields, defects),
        text: String::new(),
        reply: String::new(),
        html: false,
        attachments: Vec::new(),
        kind: Kind::Ordinary,
        bounce: None,
        ticket_headers: headers::tickets(fields),
        defects: Vec::new(),
        digest: Digest([0; 32]),
    };
    if mail.date.is_some() && mail.sent() != mail.date {
        defects.add("date-in-future");
    }
    mail
}

fn finish(mut mail: Mail, defects: Defects) -> Mail {
    mail.defects = defects.into_lines();
    mail.digest = digest::of(&mail);
    mail
}

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
