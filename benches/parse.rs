//! Reading mail as a batch does, on up to four cores: octets a second of mail with attachments, mails a second of small
//! ones. `taskset -c 0` before it tells what one core does.
//!
//! `cargo xtask bench` builds and runs it. The mail is made from a seed, so that every run reads the same. Each row is
//! the best of several rounds: what disturbs a round makes it slower, never faster. The last rows read the same kind of
//! hostile mail at one size and at twice that: what is linear takes twice as long.
#![allow(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]

#[path = "fetch/dice.rs"]
mod dice;

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use helpdesk_mail::parse::{self, Limits};

use dice::Dice;

const ROUNDS: usize = 5;

fn main() {
    let mut dice = Dice::new(0x9e37_79b9_7f4a_7c15);
    let large: Vec<Vec<u8>> = (0..24).map(|_| with_files(&mut dice, 3_000_000)).collect();
    let medium: Vec<Vec<u8>> = (0..400).map(|_| with_files(&mut dice, 60_000)).collect();
    let small: Vec<Vec<u8>> = (0..20_000).map(|at| request(&mut dice, at)).collect();
    row("with large attachments", &large);
    row("with attachments", &medium);
    row("small", &small);
    for (name, piece) in HOSTILE {
        growth(name, piece);
    }
}

/// Reads all mails as a batch does and tells the best round.
fn row(name: &str, mails: &[Vec<u8>]) {
    let octets: usize = mails.iter().map(Vec::len).sum();
    let seconds = best(mails).as_secs_f64();
    let (rate, count) = (octets as f64 / 1e6 / seconds, mails.len() as f64 / seconds);
    println!("{name:<24} {rate:>8.0} MB/s {count:>10.0} mails/s");
}

fn best(mails: &[Vec<u8>]) -> Duration {
    let messages: Vec<Arc<Vec<u8>>> = mails.iter().cloned().map(Arc::new).collect();
    let round = |_| {
        let started = Instant::now();
        black_box(parse::all(black_box(&messages), &Limits::default()));
        started.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

/// What has been quadratic in some parser.
const HOSTILE: [(&str, &str); 6] = [
    ("open boundaries", "--b\nContent-Type: multipart/mixed; boundary=bb\n\n"),
    ("nested messages", "Content-Type: message/rfc822\n\n"),
    ("header lines", "X-Junk: a\n"),
    ("open encoded words", "=?utf-8?Q?a "),
    ("open elements", "<blockquote><a href=x>y"),
    ("prefixed boundaries", "--bx\n--b \n"),
];

fn growth(name: &str, piece: &str) {
    let time = |octets: usize| {
        let body = piece.repeat(octets / piece.len());
        let heads = [
            "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n",
            "From: a@b.example\nContent-Type: text/html\n\n",
            "From: a@b.example\nSubject: ",
            "From: a@b.example\n",
        ];
        let mails: Vec<Vec<u8>> =
            heads.iter().map(|head| format!("{head}{body}\n\nx").into_bytes()).collect();
        best(&mails).as_secs_f64()
    };
    let (once, twice) = (time(1_000_000), time(2_000_000));
    println!(
        "{name:<24} {:>8.1} ms {:>10.1} ms at twice the size: {:.1} times",
        once * 1e3,
        twice * 1e3,
        twice / once
    );
}

fn words(dice: &mut Dice, count: usize) -> String {
    const WORDS: [&str; 12] = [
        "printer", "the", "again", "büro", "please", "ticket", "is", "on", "fire", "since", "Monday", "grüße",
    ];
    let mut text = String::new();
    for at in 1..=count {
        text.push_str(dice.one_of(&WORDS));
        text.push_str(if at % 11 == 0 { "\r\n" } else { " " });
    }
    text
}

fn head(dice: &mut Dice, id: u64) -> String {
    let mut head = String::new();
    for hop in 0..4 {
        let _ = write!(
            head,
            "Received: from mx{hop}.example.org (mx{hop}.example.org [192.0.2.{hop}])\r\n\tby in.example.org with ESMTPS id {:x}\r\n\tfor <support@example.org>; Tue, 3 Nov 2026 10:00:0{hop} +0100 (CET)\r\n",
            dice.next()
        );
    }
    let _ = write!(
        head,
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=from:to:subject; bh={0}; b={0}{0}\r\n\
         From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>\r\nTo: Support <support@example.org>\r\n\
         Cc: anna@example.org, \"Bob, B.\" <bob@example.org>\r\nSubject: Re: [support-12] the printer {id}\r\n\
         Date: Tue, 3 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{id}.{1:x}@example.org>\r\n\
         In-Reply-To: <a.{id}@example.org>\r\nReferences: <x.{id}@example.org>\r\n <a.{id}@example.org>\r\nMIME-Version: 1.0\r\n",
        STANDARD.encode(dice.octets(48)),
        dice.next()
    );
    head
}

/// What most mail is: a few paragraphs, plain and as HTML.
fn request(dice: &mut Dice, id: u64) -> Vec<u8> {
    let head = head(dice, id);
    let text = words(dice, 80);
    format!(
        "{head}Content-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\n--=_b\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n\
         On Mon, 2 Nov 2026, Support wrote:\r\n> what is it?\r\n--=_b\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n<html><body><p>{text}</p></body></html>\r\n--=_b--\r\n"
    )
    .into_bytes()
}

/// A mail with a picture and a file of about so many octets.
fn with_files(dice: &mut Dice, octets: usize) -> Vec<u8> {
    let id = dice.next();
    let mut mail = head(dice, id);
    mail.push_str("Content-Type: multipart/mixed; boundary=\"=_m\"\r\n\r\n--=_m\r\n\r\n");
    mail.push_str(&words(dice, 200));
    for (name, media) in [("photo.jpg", "image/jpeg"), ("report.pdf", "application/pdf")] {
        let _ = write!(
            mail,
            "\r\n--=_m\r\nContent-Type: {media}; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        );
        let code = STANDARD.encode(dice.octets(octets / 2));
        for line in code.as_bytes().chunks(76) {
            mail.push_str(&String::from_utf8_lossy(line));
            mail.push_str("\r\n");
        }
    }
    mail.push_str("--=_m--\r\n");
    mail.into_bytes()
}
