//! A help desk's mailbox, made from a seed: mail number 7 is the same in every run and at every size.
//!
//! Requests and what follows on them, in nine languages and their charsets, a seventh with files, as HTML and plain; mails
//! of lists and programs, bounces, mails that came twice, and malformed ones. Lines end as in a Maildir, with a line feed.

use std::fmt::Write as _;

use crate::dice::Dice;
use crate::files;
use crate::words::{Language, encoded, part};

/// 2 November 2026, when the first mail was written.
const FIRST: u64 = 1_793_613_600;

/// What a mail is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Reply,
    Automatic,
    List,
    Bounce,
    Twice,
    Malformed,
}

/// What is the same whenever a mail is spoken of.
struct Identity {
    kind: Kind,
    /// The request that it belongs to: itself or an earlier one.
    root: u64,
    dice: Dice,
}

impl Identity {
    fn of(number: u64) -> Self {
        let (kind, mut dice) = kind(number);
        if kind == Kind::Request {
            return Self { kind, root: number, dice };
        }
        let near = number.saturating_sub(1 + dice.below(400));
        let root = (0..=near).rev().find(|at| self::kind(*at).0 == Kind::Request).unwrap_or(0);
        Self { kind, root, dice }
    }
}

fn kind(number: u64) -> (Kind, Dice) {
    let mut dice = Dice::new(number);
    let kind = match dice.below(100) {
        _ if number == 0 => Kind::Request,
        0..60 => Kind::Request,
        60..84 => Kind::Reply,
        84..88 => Kind::Automatic,
        88..92 => Kind::List,
        92..95 => Kind::Bounce,
        95..97 => Kind::Twice,
        _ => Kind::Malformed,
    };
    (kind, dice)
}

/// When a mail was written and arrived, in seconds since 1970.
pub fn arrival(number: u64) -> u64 {
    FIRST + number * 97
}

/// A mail.
pub fn mail(number: u64) -> Vec<u8> {
    let Identity { kind, root, mut dice } = Identity::of(number);
    match kind {
        Kind::Request | Kind::Reply | Kind::Automatic | Kind::List => usual(number, kind, root, &mut dice),
        Kind::Bounce => bounce(number, root),
        Kind::Twice => mail(root),
        Kind::Malformed => malformed(usual(number, Kind::Request, number, &mut dice), &mut dice),
    }
}

/// The language and the subject of a request, by its number.
fn topic(root: u64) -> (&'static Language, String) {
    let mut dice = Dice::new(!root);
    let language = Language::any(&mut dice);
    (language, format!("{} ({root})", dice.one_of(language.subjects)))
}

fn usual(number: u64, kind: Kind, root: u64, dice: &mut Dice) -> Vec<u8> {
    let (language, topic) = topic(root);
    let charset = language.charset(dice);
    let subject = match kind {
        Kind::Reply => format!("Re: {topic}"),
        Kind::Automatic => format!("Out of office: {topic}"),
        Kind::List => format!("[announce] {topic}"),
        Kind::Request | Kind::Bounce | Kind::Twice | Kind::Malformed => topic,
    };
    let mut head = head(number, root, dice);
    let _ = writeln!(head, "Subject: {}", encoded(&subject, charset));
    match kind {
        Kind::Reply => {
            let _ = write!(head, "In-Reply-To: <{root}@example.net>\nReferences: <{root}@example.net>\n");
        }
        Kind::Automatic => head.push_str("Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\n"),
        Kind::List => head.push_str("List-Id: News <news.example.net>\nPrecedence: list\n"),
        Kind::Request | Kind::Bounce | Kind::Twice | Kind::Malformed => {}
    }
    let paragraphs = 2 + dice.below(6);
    let mut text = language.text(dice, paragraphs);
    if kind == Kind::Reply {
        let quoted = language.text(dice, 3).replace('\n', "\n> ");
        let _ = write!(text, "\nSupport <support@example.org> {}:\n> {quoted}\n", language.wrote);
    }
    let body = body(dice, &text, charset);
    let body = if dice.below(7) == 0 { files::beside(dice, &body) } else { body };
    [head.as_bytes(), &body].concat()
}

/// A third is plain text, the rest says it in HTML as well.
fn body(dice: &mut Dice, text: &str, charset: (&str, &'static encoding_rs::Encoding)) -> Vec<u8> {
    let plain = part(dice, "text/plain", text, charset);
    if dice.below(3) == 0 {
        return plain;
    }
    let mut html = "<html><head><style>\n".to_owned();
    for rule in 0..dice.below(60) {
        let _ = writeln!(
            html,
            "p.MsoNormal{rule}, li.Mso{rule} {{margin:0cm; font-size:11.0pt; font-family:\"Calibri\",sans-serif}}"
        );
    }
    html.push_str("</style></head><body lang=\"EN-GB\">\n");
    for line in text.lines() {
        let _ = writeln!(html, "<p class=\"MsoNormal\"><span style=\"color:#1F497D\">{line}</span><br></p>");
    }
    html.push_str("</body></html>\n");
    let html = part(dice, "text/html", &html, charset);
    files::multipart("alternative", "=_alternative", &[plain, html])
}

fn head(number: u64, root: u64, dice: &mut Dice) -> String {
    let customer = Dice::new(root ^ 0xc0de).below(2000);
    let date = jiff::Timestamp::from_second(arrival(number) as i64).unwrap_or_default();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let mut head =
        format!("Return-Path: <customer-{customer}@example.net>\nDelivered-To: support@example.org\n");
    for hop in 0..=dice.below(4) {
        let id = dice.next();
        let _ = writeln!(
            head,
            "Received: from mx{hop}.example.net (mx{hop}.example.net [192.0.2.{hop}])\n\tby in{hop}.example.org (Postfix) with ESMTPS id {id:x}\n\tfor <support@example.org>; {date}"
        );
    }
    let key = files::base64(&dice.octets(256)).replace('\n', "\n\t");
    let _ = write!(
        head,
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=mail;\n\th=from:to:subject:date; b={}\n\
         From: Customer {customer} <customer-{customer}@example.net>\nTo: Support <support@example.org>\nDate: {date}\n\
         Message-ID: <{number}@example.net>\nMIME-Version: 1.0\nX-Mailer: Mail 16.0\n",
        key.trim_end()
    );
    head
}

/// RFC 3464.
fn bounce(number: u64, root: u64) -> Vec<u8> {
    let date = jiff::Timestamp::from_second(arrival(number) as i64).unwrap_or_default();
    format!(
        "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\nTo: support@example.org\n\
         Subject: Undelivered Mail Returned to Sender\nDate: {}\nMessage-ID: <{number}@mx.example.net>\n\
         Auto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_report\"\n\n--=_report\n\
         Content-Type: text/plain\n\nThe mail could not be delivered.\n--=_report\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
         Final-Recipient: rfc822; nobody-{root}@example.net\nAction: failed\nStatus: 5.1.1\n\n--=_report\n\
         Content-Type: text/rfc822-headers\n\nSubject: Your request\nMessage-ID: <out-{root}@example.org>\n\n--=_report--\n",
        date.strftime("%a, %d %b %Y %H:%M:%S +0000")
    )
    .into_bytes()
}

/// What broken programs and transports make of a mail.
fn malformed(mail: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    let length = mail.len();
    let text = || String::from_utf8_lossy(&mail).into_owned();
    match dice.below(7) {
        0 => mail.into_iter().take(length / 2).collect(),
        1 => text().replace("\n\n", "\n").into_bytes(),
        2 => text().replace("charset=", "charset=x-unknown-").into_bytes(),
        3 => text().replace("From: ", "X-From: ").replace("Date: ", "Dat: ").into_bytes(),
        4 => [b"X-Long: ".as_slice(), &b"long ".repeat(12_000), b"\n", &mail].concat(),
        5 => [b"Subject: B\xfcro\xff defekt\n".as_slice(), &mail].concat(),
        _ => mail.iter().enumerate().map(|(at, octet)| if at % 997 == 996 { 0 } else { *octet }).collect(),
    }
}
