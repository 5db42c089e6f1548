//! One mail: envelope, text, and the answer to it (RFC 5321 section 3.3).
//!
//! What matters is when a connection breaks: before the dot that ends the text the mail is not theirs, after it nobody
//! knows (RFC 5321 section 4.5.3.2.6).

use std::io;
use std::time::Duration;

use super::super::envelope::Envelope;
use super::data::stuffed;
use super::reply::{Class, Reply};
use super::session::{Session, says};
use crate::model::notification::Answer;
use crate::transport::Fault;

/// How a transaction ended.
pub(super) enum Ending {
    /// With an answer; the session goes on.
    Answered(Answer),
    /// With an answer that the server hung up after.
    AnsweredLast(Answer),
    /// Before anything was said about the mail.
    Unheard(Fault),
    /// While the mail was being given.
    Broken(Fault),
    /// After the mail was given whole.
    Unanswered(Fault),
}

/// How long the answer to a whole mail is waited for, in time-outs: the usual 60 seconds make ten minutes.
const PATIENCE: u32 = 10;

/// Offers one mail.
pub(super) fn send(session: &mut Session, envelope: &Envelope, octets: &[u8], timeout: Duration) -> Ending {
    let parameters = match parameters(session, envelope, octets) {
        Ok(parameters) => parameters,
        Err(why) => return Ending::Answered(Answer::Refused(why)),
    };
    let mut commands = vec![
        format!("MAIL FROM:<{}>{parameters}\r\n", envelope.sender),
        format!("RCPT TO:<{}>\r\n", envelope.recipient),
    ];
    if session.begun {
        commands.insert(0, "RSET\r\n".to_owned());
    }
    let replies = match exchange(session, &commands) {
        Ok(replies) => replies,
        Err((0, fault)) => return Ending::Unheard(fault),
        Err((_, fault)) => return Ending::Broken(fault),
    };
    if let Some(why) = unheard(session, &replies) {
        return Ending::Unheard(why);
    }
    session.begun = true;
    if let Some(ending) = replies.iter().find_map(|reply| refusal(session, reply)) {
        return ending;
    }
    match session.run("DATA") {
        Err(fault) => Ending::Broken(fault),
        Ok(reply) if reply.code == 354 => text(session, octets, timeout),
        Ok(reply) => refusal(session, &reply)
            .unwrap_or_else(|| Ending::Broken(session.peer.protocol(format!("DATA: {}", says(&reply))))),
    }
}

/// Says all commands and hears their replies, at once where the server allows it (RFC 2920); a refusal ends it.
///
/// An error comes with the number of replies before it.
fn exchange(session: &mut Session, commands: &[String]) -> Result<Vec<Reply>, (usize, Fault)> {
    let mut replies = Vec::new();
    let groups: Vec<String> =
        if session.offer.has("PIPELINING") { vec![commands.concat()] } else { commands.to_vec() };
    for group in groups {
        let said = session.say(group.as_bytes());
        let mut ended = said.err();
        for _ in group.lines() {
            // What it said before it hung up is worth more than that it did.
            match session.hear() {
                Ok(reply) => replies.push(reply),
                Err(error) => {
                    let error = ended.take().unwrap_or(error);
                    return Err((replies.len(), session.peer.io(error)));
                }
            }
            if replies.last().is_some_and(Reply::ends_the_session) {
                return Ok(replies);
            }
        }
        if replies.last().is_some_and(|reply| reply.class() != Class::Done) {
            break;
        }
    }
    Ok(replies)
}

/// Whether the first reply is none to this mail: the server hangs up, or cannot end the mail before.
fn unheard(session: &Session, replies: &[Reply]) -> Option<Fault> {
    let first = replies.first()?;
    let stuck = session.begun && first.class() != Class::Done;
    (first.ends_the_session() || stuck)
        .then(|| session.peer.connect("the server takes no more mail now; try again later", says(first)))
}

/// Gives the text and hears what becomes of it.
fn text(session: &mut Session, octets: &[u8], timeout: Duration) -> Ending {
    if let Err(error) = session.say(&stuffed(octets)) {
        // The dot comes last: an error before all was taken is one before the end. The server may have said why.
        let why = session.hear().ok().and_then(|reply| refusal(session, &reply));
        return match why {
            Some(Ending::Answered(answer)) => Ending::AnsweredLast(answer),
            Some(
                ending @ (Ending::AnsweredLast(_)
                | Ending::Unheard(_)
                | Ending::Broken(_)
                | Ending::Unanswered(_)),
            ) => ending,
            None => Ending::Broken(session.peer.io(error)),
        };
    }
    match patiently(session, timeout) {
        Ok(reply) if reply.class() == Class::Done => {
            session.begun = false;
            Ending::Answered(Answer::Accepted(reply.told()))
        }
        Ok(reply) => refusal(session, &reply)
            .unwrap_or_else(|| Ending::Unanswered(session.peer.protocol(says(&reply)))),
        Err(error) => Ending::Unanswered(session.peer.io(error)),
    }
}

fn patiently(session: &mut Session, timeout: Duration) -> io::Result<Reply> {
    session.set_timeout(timeout.saturating_mul(PATIENCE))?;
    let reply = session.hear()?;
    if let Err(error) = session.set_timeout(timeout) {
        // The answer is there; that the connection is not shows when it is used again.
        log::debug!("{}: {error}", session.peer);
    }
    Ok(reply)
}

/// What a reply that is no consent means; `None` for one that is.
fn refusal(session: &Session, reply: &Reply) -> Option<Ending> {
    if reply.ends_the_session() {
        return Some(Ending::AnsweredLast(Answer::Later(reply.told())));
    }
    match (reply.class(), reply.code) {
        (Class::Done | Class::More, _) => None,
        (Class::Later, _) => Some(Ending::Answered(Answer::Later(reply.told()))),
        // RFC 4954 section 6: no mail at all is taken without a login.
        (Class::Never, 530) => {
            let hint = "the server wants a login: set \"username\" and a password";
            Some(Ending::Unheard(session.peer.auth(hint, says(reply))))
        }
        (Class::Never, _) => Some(Ending::Answered(Answer::Refused(reply.told()))),
    }
}

/// The parameters of MAIL. Errors: why the server can never take this mail.
fn parameters(session: &Session, envelope: &Envelope, octets: &[u8]) -> Result<String, String> {
    let offer = &session.offer;
    let mut parameters = String::new();
    let size = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    if offer.has("SIZE") {
        if let Some(most) = offer.size().filter(|most| *most < size) {
            return Err(format!("the server takes mails of at most {most} octets, and this one has {size}"));
        }
        parameters += &format!(" SIZE={size}");
    }
    let international = envelope.is_international() || !header(octets).is_ascii();
    if international {
        if !offer.has("SMTPUTF8") {
            return Err("the mail needs SMTPUTF8, which the server does not offer".to_owned());
        }
        parameters += " SMTPUTF8";
    }
    if international || !octets.is_ascii() {
        if !offer.has("8BITMIME") {
            return Err("the mail needs 8BITMIME, which the server does not offer".to_owned());
        }
        parameters += " BODY=8BITMIME";
    }
    Ok(parameters)
}

/// The header of a mail; all of it where no body is.
fn header(octets: &[u8]) -> &[u8] {
    let end = memchr::memmem::find(octets, b"\r\n\r\n").unwrap_or(octets.len());
    octets.get(..end).unwrap_or(octets)
}
