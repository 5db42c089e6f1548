//! Parcels for back ends, and servers that take them by script.

use std::time::Duration;

use helpdesk_mail::model::notification::{Answer, Parcel};
use helpdesk_mail::outbox::{BackendConfig, OutboxError, Smtp};
use helpdesk_mail::transport::{Plaintext, Tls};

/// A parcel from `support@example.org` to this address; the subject names it, and its Message-ID.
pub fn parcel(to: &str, subject: &str) -> Parcel {
    let octets = format!(
        "From: support@example.org\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.org>\r\n\r\n\
         Hello\r\n.\r\n..two dots\r\nbye\r\n"
    );
    Parcel {
        sender: Some("support@example.org".to_owned()),
        recipient: to.to_owned(),
        octets: octets.into_bytes(),
    }
}

/// A server on this host without TLS and login.
pub fn plain(port: u16) -> Smtp {
    Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        plaintext: Plaintext::LoopbackOnly,
        ca_file: None,
        login: None,
        timeout: Duration::from_secs(10),
        proxy: None,
    }
}

/// The error as `kind: message | hint | causes`; panics if there is none.
pub fn told<T>(result: Result<T, OutboxError>) -> String {
    let trouble = helpdesk_mail::model::trouble::Trouble::from(result.err().expect("an error was expected"));
    let hint = trouble.hint.clone().unwrap_or_default();
    format!("{}: {} | {hint} | {}", trouble.code.as_str(), trouble.message, trouble.detail())
}

/// The kind of an answer and its text.
pub fn said(answer: &Answer) -> (&'static str, &str) {
    match answer {
        Answer::Accepted(text) => ("accepted", text),
        Answer::Later(text) => ("later", text),
        Answer::Refused(text) => ("refused", text),
        Answer::Uncertain(text) => ("uncertain", text),
    }
}

/// What becomes of parcels that are given one after the other to one back end.
pub fn given(smtp: &Smtp, parcels: &[Parcel]) -> Vec<(&'static str, String)> {
    let mut backend =
        helpdesk_mail::outbox::open(&BackendConfig::Smtp(smtp.clone())).unwrap_or_else(|e| panic!("{e:?}"));
    let answers = parcels.iter().map(|parcel| backend.give(parcel)).collect::<Vec<_>>();
    backend.close();
    answers.iter().map(said).map(|(kind, text)| (kind, text.to_owned())).collect()
}
