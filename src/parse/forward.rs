//! A mail that somebody passed on: who wrote it first, and what.
//!
//! As a file of type `message/rfc822`, or within the text behind the line and the header block that mail programs write.

use crate::model::address::Address;
use crate::model::mail::Mail;

use super::defects::Defects;
use super::headers;
use super::limits::Limits;
use super::reply;

/// The mail as its first author's: that author, subject and text; files of both, and all words of who passed it on.
///
/// `None` if nothing is passed on in it, or its author cannot be made out. It has no recipients: whom the first author
/// wrote to is not told to anybody.
pub fn forwarded(mail: &Mail, limits: &Limits) -> Option<Mail> {
    enclosed(mail, limits).or_else(|| within(mail))
}

/// The first message among the files.
fn enclosed(mail: &Mail, limits: &Limits) -> Option<Mail> {
    let at = mail.attachments.iter().position(|file| file.content_type == "message/rfc822")?;
    let original = super::one(mail.attachments.get(at)?.content.as_slice(), limits).ok()?;
    let from: Vec<Address> = original.from.into_iter().filter(is_usable).collect();
    if from.is_empty() {
        return None;
    }
    let others = mail.attachments.iter().enumerate().filter(|(other, _)| *other != at);
    let words = mail.text.trim();
    let both = if words.is_empty() { original.text.clone() } else { format!("{words}\n\n{}", original.text) };
    Some(Mail {
        from,
        reply_to: original.reply_to,
        subject: original.subject,
        reply: original.reply,
        text: both,
        html: original.html,
        attachments: original.attachments.into_iter().chain(others.map(|(_, file)| file.clone())).collect(),
        ..without_recipients(mail)
    })
}

/// What stands behind the introduction in the text.
fn within(mail: &Mail) -> Option<Mail> {
    let lines: Vec<&str> = mail.text.lines().collect();
    let found = reply::forwarded(&lines)?;
    let from =
        headers::addresses(found.author.as_bytes(), &mut Defects::default()).into_iter().find(is_usable)?;
    let body = lines.get(found.body..).unwrap_or_default().join("\n");
    let body = body.trim_matches('\n').trim_end();
    Some(Mail {
        from: vec![from],
        reply_to: Vec::new(),
        subject: found.subject.unwrap_or_else(|| mail.subject.clone()),
        reply: if body.trim().is_empty() { mail.text.clone() } else { body.to_owned() },
        ..without_recipients(mail)
    })
}

fn without_recipients(mail: &Mail) -> Mail {
    Mail { sender: None, original_from: Vec::new(), to: Vec::new(), cc: Vec::new(), ..mail.clone() }
}

fn is_usable(address: &Address) -> bool {
    address.address.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `author | subject | reply` of a forwarded text.
    fn read(text: &str) -> Option<String> {
        let message = format!(
            "From: anna@example.org\nTo: support@example.org\nCc: x@y.example\nSubject: Fwd: Paper\n\n{text}"
        );
        let mail = super::super::one(message.as_bytes(), &Limits::default()).unwrap();
        forwarded(&mail, &Limits::default()).map(|it| {
            assert_eq!((it.to.len(), it.cc.len(), it.text == mail.text), (0, 0, true), "{text}");
            format!("{} | {} | {}", it.from[0], it.subject, it.reply)
        })
    }

    #[test]
    fn the_first_author_is_found_in_the_forms_of_mail_programs() {
        let expected = Some("Carl <carl@other.example> | No paper | Please help.".to_owned());
        for (name, text) in [
            (
                "Gmail",
                "See below.\n\n---------- Forwarded message ---------\nFrom: Carl <carl@other.example>\nDate: Thu, 26 Nov 2026\nSubject: No paper\nTo: Anna <anna@example.org>\n\n\nPlease help.\n",
            ),
            (
                "Apple",
                "\n\nBegin forwarded message:\n\nFrom: Carl <carl@other.example>\nSubject: No paper\nDate: 26 Nov 2026\nTo: anna@example.org\n\nPlease help.",
            ),
            (
                "Apple, quoted",
                "Begin forwarded message:\n\n> From: Carl <carl@other.example>\n> Subject: No paper\n> Date: 26 Nov 2026\n> To: anna@example.org\n>\n> Please help.",
            ),
            (
                "Thunderbird",
                "-------- Forwarded Message --------\nSubject: \tNo paper\nDate: \tThu, 26 Nov 2026\nFrom: \tCarl <carl@other.example>\nTo: \tanna@example.org\n\nPlease help.",
            ),
            (
                "Outlook",
                "FYI\n\nFrom: Carl <carl@other.example>\nSent: Thursday, November 26, 2026\nTo: Anna\nSubject: No paper\n\nPlease help.",
            ),
            (
                "Outlook, German",
                "________________________________\nVon: Carl <carl@other.example>\nGesendet: Donnerstag, 26. November 2026\nAn: Anna\nBetreff: No paper\n\nPlease help.",
            ),
            (
                "Gmail, Japanese",
                "---------- Forwarded message ---------\nFrom: Carl <carl@other.example>\nDate: 2026年11月26日(木)\nSubject: No paper\nTo: <anna@example.org>\n\nPlease help.",
            ),
            (
                "Gmail, Russian",
                "---------- Пересылаемое сообщение ---------\nОт: Carl <carl@other.example>\nДата: 26 ноября\nТема: No paper\nКому: anna@example.org\n\nPlease help.",
            ),
        ] {
            let found = read(text).map(|it| it.replace("> Please", "Please"));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn what_passes_nothing_on_stays_as_it_is() {
        for text in
            ["Hello.", "---------- Forwarded message ---------\nno header\n\nx", "> From: a@b.example\n> x"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_enclosed_message_brings_its_text_and_files() {
        let message = "From: anna@example.org\nSubject: Fwd: Paper\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee this.\n\
                       --b\nContent-Type: message/rfc822\n\nFrom: Carl <carl@other.example>\nTo: anna@example.org\nSubject: No paper\n\
                       Content-Type: multipart/mixed; boundary=i\n\n--i\n\nPlease help.\n--i\nContent-Type: image/png\n\
                       Content-Disposition: attachment; filename=a.png\n\nx\n--i--\n--b\nContent-Disposition: attachment; filename=n.txt\n\nnote\n--b--\n";
        let mail = super::super::one(message.as_bytes(), &Limits::default()).unwrap();
        let original = forwarded(&mail, &Limits::default()).unwrap();
        assert_eq!(original.from[0].address, "carl@other.example");
        assert_eq!((original.subject.as_str(), original.reply.as_str()), ("No paper", "Please help."));
        assert_eq!(original.text, "See this.\n\nPlease help.");
        let names: Vec<&str> = original.attachments.iter().map(|file| file.filename.as_str()).collect();
        assert_eq!(names, ["a.png", "n.txt"]);
    }
}
