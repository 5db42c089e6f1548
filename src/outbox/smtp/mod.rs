//! A mail server, by SMTP (RFC 5321) with TLS (RFC 8314, RFC 3207) and AUTH (RFC 4954).
//!
//! One connection is kept for all mails. A server may have closed it meanwhile: then, and only if nothing was said about
//! the mail on it, the mail is offered once more on a new one. Nothing else is tried twice here. The server's words are
//! kept in answers without control characters; passwords and tokens are not.
//!
//! Our own client, not lettre's: that one reads on behind STARTTLS what came before it, cannot say whether a connection
//! broke before or after the dot that ends a mail, waits for the answer to a QUIT on a connection that hangs, and knows
//! no proxies.

mod connect;
mod data;
mod hello;
mod login;
mod offer;
mod reply;
mod session;
mod transaction;

use jiff::Timestamp;

use self::session::Session;
use self::transaction::{Ending, send};
use super::config::Smtp;
use super::envelope::Envelope;
use super::{Backend, OutboxError};
use crate::model::notification::{Answer, Parcel};
use crate::transport::Fault;

/// A mail server with the connection that is kept.
pub struct SmtpBackend {
    smtp: Smtp,
    session: Option<Session>,
    /// The largest mail that the server takes, as it said last.
    largest: Option<u64>,
    trouble: Option<OutboxError>,
    broke_off: Option<OutboxError>,
}

impl SmtpBackend {
    /// Connects and logs in.
    pub fn connect(smtp: &Smtp) -> Result<Self, OutboxError> {
        let session = connect::session(smtp)?;
        let largest = session.offer.size();
        Ok(Self { smtp: smtp.clone(), session: Some(session), largest, trouble: None, broke_off: None })
    }

    /// What the server offers.
    pub(super) fn capabilities(&self) -> Vec<String> {
        self.session.as_ref().map(|session| session.offer.lines()).unwrap_or_default()
    }

    /// Offers a mail on a session, and keeps the session if it can be used again.
    fn offer(&mut self, mut session: Session, envelope: &Envelope, parcel: &Parcel) -> Ending {
        self.largest = session.offer.size();
        let ending = send(&mut session, envelope, &parcel.octets, self.smtp.timeout);
        if matches!(ending, Ending::Answered(_)) {
            self.session = Some(session);
        }
        ending
    }

    /// The end of a mail that was offered on a new connection, or is not offered again.
    fn answer(&mut self, ending: Ending) -> Answer {
        match ending {
            Ending::Answered(answer) | Ending::AnsweredLast(answer) => answer,
            Ending::Unheard(fault) => self.away(fault),
            Ending::Broken(fault) => Answer::Later(self.in_hand(fault)),
            Ending::Unanswered(fault) => Answer::Uncertain(self.in_hand(fault)),
        }
    }

    /// The server or the mail is in the way.
    fn in_hand(&mut self, fault: Fault) -> String {
        self.broke_off.insert(OutboxError(fault)).told()
    }

    /// The server, not the mail, is in the way.
    fn away(&mut self, fault: Fault) -> Answer {
        let error = OutboxError(fault);
        let told = error.told();
        self.trouble = Some(error);
        Answer::Later(told)
    }
}

impl Backend for SmtpBackend {
    fn give(&mut self, parcel: &Parcel) -> Answer {
        (self.trouble, self.broke_off) = (None, None);
        let envelope = match Envelope::of(parcel) {
            Ok(envelope) => envelope,
            Err(why) => return Answer::Refused(why),
        };
        if let Some(session) = self.session.take() {
            let ending = self.offer(session, &envelope, parcel);
            // It was closed while it lay idle.
            if !matches!(ending, Ending::Unheard(Fault::Connect { .. })) {
                return self.answer(ending);
            }
        }
        match connect::session(&self.smtp) {
            Ok(session) => {
                let ending = self.offer(session, &envelope, parcel);
                self.answer(ending)
            }
            Err(fault) => self.away(fault),
        }
    }

    fn largest(&self) -> Option<u64> {
        self.largest
    }

    fn trouble(&mut self) -> Option<OutboxError> {
        self.trouble.take()
    }

    fn broke_off(&mut self) -> Option<OutboxError> {
        self.broke_off.take()
    }

    fn certificate_expires(&self) -> Option<Timestamp> {
        self.session.as_ref()?.certificate_expires
    }

    fn close(&mut self) {
        if let Some(mut session) = self.session.take() {
            // Politeness: all mails were answered for, and nobody waits for the answer to this.
            drop(session.say(b"QUIT\r\n"));
        }
    }
}
