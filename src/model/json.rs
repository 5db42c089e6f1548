//! JSON objects that more than one part of the program speaks; the order of fields is the contract's (section 5).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::address::Address;
use super::evidence::{Evidence, Named, Reference};
use super::ids::MessageId;
use super::mail::{Attachment, Bounce, BouncedRecipient, Mail};

/// A time as both people and programs read it: RFC 3339, UTC, whole seconds.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An address with its name.
pub fn address(address: &Address) -> Value {
    Value::Object(object([("name", json!(address.name)), ("address", json!(address.address))]))
}

/// Addresses with their names.
pub fn addresses(all: &[Address]) -> Value {
    all.iter().map(address).collect()
}

/// An object whose fields stand in the order given.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// An error as it is told everywhere.
pub fn error(code: &str, message: &str, hint: Option<&str>, detail: Option<&str>) -> Value {
    Value::Object(object([
        ("error_code", json!(code)),
        ("msg", json!(message)),
        ("hint", json!(hint)),
        ("detail", json!(detail)),
    ]))
}

/// All that is read from a mail, as `inspect` prints it and hooks are told.
pub fn inspection(mail: &Mail, references: &[Reference]) -> Value {
    let tickets: Vec<Value> = references.iter().filter_map(reference).collect();
    Value::Object(object([
        ("message_id", json!(mail.message_id.as_ref().map(MessageId::as_str))),
        ("in_reply_to", ids(&mail.in_reply_to)),
        ("references", ids(&mail.references)),
        ("date", json!(mail.sent().map(time))),
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
        assert_eq!(inspection(&mail(), &references).to_string(), expected);
    }
}
