//! What a mail names, in which order.

use super::*;
use crate::model::address::Address;
use crate::model::ids::{MessageId, TicketId};
use crate::model::mail::{Bounce, MAX_NAMES};

fn mail() -> Mail {
    Mail::sample("alice@example.org", "")
}

fn desks() -> Vec<Desk> {
    [("support", "support@example.org"), ("c++", "cpp@example.org")]
        .map(|(slug, address)| Desk { slug: slug.parse().unwrap(), addresses: vec![address.to_owned()] })
        .to_vec()
}

fn words(references: &[Reference]) -> Vec<String> {
    references
        .iter()
        .map(|reference| match &reference.names {
            Named::Ticket { queue: Some(queue), id } => {
                format!("{} {queue}-{id}", reference.evidence.as_str())
            }
            Named::Ticket { queue: None, id } => format!("{} {id}", reference.evidence.as_str()),
            Named::Message(id) | Named::Itself(id) => format!("{} <{id}>", reference.evidence.as_str()),
        })
        .collect()
}

fn ids(texts: &[&str]) -> Vec<MessageId> {
    texts.iter().filter_map(|text| MessageId::new(text)).collect()
}

#[test]
fn evidence_comes_strongest_first_and_the_nearest_message_before_farther_ones() {
    let signer = Signer::new(b"secret");
    let ours = signer.message_id(TicketId(9), "n", "example.org").unwrap();
    let reply_to = signer.reply_address("support@example.org", TicketId(8)).unwrap();
    let mail = Mail {
        message_id: MessageId::new("c@x.example"),
        in_reply_to: ids(&["<b@x.example>"]),
        references: [ids(&["<a@x.example>", "<b@x.example>"]), vec![ours.clone()]].concat(),
        to: vec![Address::bare(&reply_to), Address::bare("Support+7@Example.org")],
        ticket_headers: vec!["c++-6".to_owned(), "unknown-5".to_owned()],
        subject: "[c++-4] [other-3] [Support-2]".to_owned(),
        ..mail()
    };
    let own = "support".parse().unwrap();
    let context =
        Context { own: &own, desks: &desks(), headers: HeaderTrust::Trusted, signer: Some(&signer) };
    let expected = [
        "token 9",
        "token 8",
        "in-reply-to <b@x.example>",
        &format!("references <{ours}>"),
        "references <a@x.example>",
        "referenced-by <c@x.example>",
        "header c++-6",
        "address support-7",
        "subject Support-2",
        "subject c++-4",
    ];
    assert_eq!(words(&of(&mail, &context)), expected);

    let context = Context { headers: HeaderTrust::Untrusted, signer: None, ..context };
    let weaker: Vec<&str> = expected
        .into_iter()
        .filter(|word| !word.starts_with("token") && !word.starts_with("header"))
        .collect();
    assert_eq!(words(&of(&mail, &context)), weaker);
}

#[test]
fn inspect_shows_what_is_claimed_without_knowing_queues() {
    let mail = Mail {
        subject: "[anything-12]".to_owned(),
        to: vec![Address::bare("desk+3@example.org"), Address::bare("desk+4-aaaaaaaaaaaaaaaa@example.org")],
        ..mail()
    };
    assert_eq!(words(&unverified(&mail)), ["token 4", "address desk-3", "subject anything-12"]);
}

#[test]
fn a_mail_that_names_thousands_of_tickets_costs_a_bounded_number_of_lookups() {
    let mail = Mail {
        subject: (0..5_000).map(|n| format!("[support-{n}]")).collect(),
        references: (0..5_000).filter_map(|n| MessageId::new(&format!("{n}@x.example"))).collect(),
        ..mail()
    };
    let own = "support".parse().unwrap();
    let context = Context { own: &own, desks: &desks(), headers: HeaderTrust::Untrusted, signer: None };
    assert_eq!(of(&mail, &context).len(), MAX_NAMES + MAX_NUMBERS);
}

#[test]
fn the_subject_of_the_mail_that_bounced_names_its_ticket_behind_the_own() {
    let bounce = Bounce {
        recipients: Vec::new(),
        original_message_id: None,
        original_subject: Some("Re: [c++-3] [support-12]".to_owned()),
    };
    let mail = Mail { subject: "Undeliverable [support-12]".to_owned(), bounce: Some(bounce), ..mail() };
    assert_eq!(words(&unverified(&mail)), ["subject support-12", "subject c++-3"]);
}
