//! `helpdesk-mail inspect`.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::mailbox::mbox;
use crate::model::evidence::{Evidence, Named, Reference};
use crate::model::exit::Exit;
use crate::model::ids::MessageId;
use crate::model::mail::{Attachment, Bounce, BouncedRecipient, Mail};
use crate::model::trouble::{ErrorCode, Trouble};
use crate::parse::{self, Limits};
use crate::{evidence, policy};

use super::context::Context;
use super::output::json::{address, addresses, object};
use super::output::words;

/// Print as JSON all that is read from one message
///
/// Addresses, subject, ids, text, attachments (with the name that the mail gave where the file could not keep it), kind,
/// and which tickets it names by what evidence. Needs no configuration and no store; signatures cannot be verified
/// without its secret.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The message; "-" is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Inspects.
pub(crate) fn run(args: &Args, context: &mut Context) -> Result<Exit, Trouble> {
    let bytes = read(&args.file)?;
    let no_message = || {
        Trouble::new(ErrorCode::InputData, format!("{} is not a message", args.file.display()))
            .hint("neither a sender nor a text can be made out")
    };
    if let Some(several) = mbox::split(&bytes).filter(|messages| messages.len() > 1) {
        let what = format!("{} is an mbox of {} messages", args.file.display(), several.len());
        return Err(Trouble::new(ErrorCode::InputData, what).hint("inspect reads one; ingest takes them all"));
    }
    let mail = parse::one(bytes, &Limits::default()).map_err(|_| no_message())?;
    if policy::is_unreadable(&mail) {
        return Err(no_message());
    }
    context.out.json(&json(&mail, &evidence::unverified(&mail)));
    Ok(Exit::Ok)
}

/// The most that is read at once: it is held in memory, and the store takes no more than twice that.
const LARGEST: u64 = 500_000_000;

/// The octets of a file, or of standard input for `-`.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|open| open.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    match read {
        Ok(octets) if octets as u64 > LARGEST => {
            let what = format!("{} is larger than {LARGEST} octets", file.display());
            Err(Trouble::new(ErrorCode::InputData, what)
                .hint("a large mbox is read by a mailbox of that type"))
        }
        Ok(_) => Ok(bytes),
        Err(error) => {
            let name = file.display();
            let what = if error.kind() == ErrorKind::NotFound {
                format!("there is no file {name}")
            } else {
                format!("cannot read {name}")
            };
            Err(Trouble::new(ErrorCode::InputMissing, what).because(error))
        }
    }
}

/// The object of contract section 5.
pub fn json(mail: &Mail, references: &[Reference]) -> Value {
    let tickets: Vec<Value> = references.iter().filter_map(reference).collect();
    Value::Object(object([
        ("message_id", json!(mail.message_id.as_ref().map(MessageId::as_str))),
        ("in_reply_to", ids(&mail.in_reply_to)),
        ("references", ids(&mail.references)),
        ("date", json!(mail.sent().map(words::time))),
        ("from", addresses(&mail.from)),
        ("sender", mail.sender.as_ref().map_or(Value::Null, address)),
        ("reply_to", addresses(&mail.reply_to)),
        ("to", addresses(&mail.to)),
        ("cc", addresses(&mail.cc)),
        ("subject", json!(mail.subject)),
        ("text", json!(mail.text)),
        ("reply", json!(mail.reply)),
        ("html", json!(mail.html)),
        ("attachments", mail.attachments.iter().map(attachment).collect()),
        ("kind", json!(mail.kind.as_str())),
        ("bounce", bounce(mail.bounce.as_ref())),
        ("references_to_tickets", json!(tickets)),
        ("defects", json!(mail.defects)),
    ]))
}

fn ids(ids: &[MessageId]) -> Value {
    ids.iter().map(|id| json!(id.as_str())).collect()
}

fn attachment(file: &Attachment) -> Value {
    Value::Object(object([
        ("filename", json!(file.filename)),
        ("given_name", json!(file.given_name)),
        ("content_type", json!(file.content_type)),
        ("size", json!(file.content.len())),
        ("sha256", json!(file.sha256.to_string())),
        ("inline", json!(file.inline)),
        ("content_id", json!(file.content_id)),
    ]))
}

/// Ids of messages stand under `in_reply_to` and `references`; without a store they lead to no ticket.
fn reference(reference: &Reference) -> Option<Value> {
    let Named::Ticket { queue, id } = &reference.names else { return None };
    let mut fields = object([
        ("evidence", json!(reference.evidence.as_str())),
        ("queue", json!(queue.as_ref().map(|slug| slug.as_str()))),
        ("id", json!(id.0)),
    ]);
    if reference.evidence == Evidence::Token {
        fields.insert("verified".to_owned(), Value::Null);
    }
    Some(Value::Object(fields))
}

fn bounce(bounce: Option<&Bounce>) -> Value {
    let Some(bounce) = bounce else { return Value::Null };
    let recipient = |one: &BouncedRecipient| {
        Value::Object(object([
            ("address", json!(one.address)),
            ("action", json!(one.action)),
            ("status", json!(one.status)),
            ("permanent", json!(one.permanent)),
        ]))
    };
    Value::Object(object([
        ("recipients", bounce.recipients.iter().map(recipient).collect()),
        ("original_message_id", json!(bounce.original_message_id.as_ref().map(MessageId::as_str))),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::Address;
    use crate::model::ids::{Digest, TicketId};
    use crate::model::mail::Kind;

    fn mail() -> Mail {
        Mail {
            message_id: MessageId::new("<a@b.example>"),
            in_reply_to: vec![],
            references: MessageId::new("x@y.example").into_iter().collect(),
            date: "2026-11-21T09:00:00+01:00".parse().ok(),
            from: vec![Address { name: Some("Alice".to_owned()), address: "alice@example.org".to_owned() }],
            sender: None,
            received: None,
            reply_to: vec![],
            original_from: vec![],
            to: vec![Address::bare("support@example.org")],
            cc: vec![],
            delivered_to: vec![],
            subject: "[support-12] Printer".to_owned(),
            text: "It burns.\n> what?\n".to_owned(),
            reply: "It burns.".to_owned(),
            html: false,
            attachments: vec![Attachment {
                filename: "a.png".to_owned(),
                given_name: None,
                content_type: "image/png".to_owned(),
                content: vec![1, 2, 3],
                sha256: Digest([0xab; 32]),
                inline: true,
                content_id: None,
            }],
            kind: Kind::Ordinary,
            bounce: None,
            ticket_headers: vec![],
            defects: vec!["no-date".to_owned()],
            digest: Digest([0; 32]),
        }
    }

    #[test]
    fn the_object_is_the_contracts() {
        let named = |evidence, queue: Option<&str>| Reference {
            evidence,
            names: Named::Ticket { queue: queue.map(|slug| slug.parse().unwrap()), id: TicketId(12) },
        };
        let message = Reference {
            evidence: Evidence::References,
            names: Named::Message(MessageId::new("x@y.example").unwrap()),
        };
        let references = [named(Evidence::Token, None), message, named(Evidence::Subject, Some("support"))];
        let sha = "ab".repeat(32);
        let expected = format!(
            concat!(
                r#"{{"message_id":"a@b.example","in_reply_to":[],"references":["x@y.example"],"#,
                r#""date":"2026-11-21T08:00:00Z","from":[{{"name":"Alice","address":"alice@example.org"}}],"sender":null,"#,
                r#""reply_to":[],"to":[{{"name":null,"address":"support@example.org"}}],"cc":[],"#,
                r#""subject":"[support-12] Printer","text":"It burns.\n> what?\n","reply":"It burns.","html":false,"#,
                r#""attachments":[{{"filename":"a.png","given_name":null,"content_type":"image/png","size":3,"sha256":"{}","#,
                r#""inline":true,"content_id":null}}],"kind":"ordinary","bounce":null,"references_to_tickets":["#,
                r#"{{"evidence":"token","queue":null,"id":12,"verified":null}},"#,
                r#"{{"evidence":"subject","queue":"support","id":12}}],"defects":["no-date"]}}"#
            ),
            sha
        );
        assert_eq!(json(&mail(), &references).to_string(), expected);
    }
}
