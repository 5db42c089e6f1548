//! Bad input at the sizes that people have sent: each ends, with the right result and a line that says what is odd.

use super::*;

fn mail(message: &str) -> Mail {
    one(message.as_bytes(), &Limits::default()).unwrap()
}

fn notes(mail: &Mail, word: &str) -> bool {
    mail.defects.iter().any(|line| line.split(": ").next() == Some(word))
}

#[test]
fn fifty_megabytes_of_nested_parts_keep_what_is_innermost() {
    let level = |at: usize| format!("Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n");
    let mut message: String = "From: a@b.example\n".to_owned() + &(0..40).map(level).collect::<String>();
    message.push_str("\nthe innermost\n");
    message.push_str(&"x".repeat(50_000_000));
    let read = mail(&message);
    assert!(notes(&read, "too-deep") && notes(&read, "broken-mime"), "{:?}", read.defects);
    assert_eq!(read.attachments.len(), 1);
    assert!(read.attachments[0].content.len() > 50_000_000);
}

#[test]
fn a_header_of_a_megabyte_is_read() {
    let read =
        mail(&format!("From: a@b.example\nSubject: {}\nTo: c@d.example\n\ntext", "long ".repeat(200_000)));
    assert!(notes(&read, "subject-truncated"));
    assert_eq!((read.to.len(), read.text.as_str()), (1, "text"));
}

#[test]
fn a_hundred_thousand_addresses_are_cut() {
    let many: String = (0..100_000).map(|at| format!("N{at} <n{at}@b.example>,\n ")).collect();
    let read = mail(&format!("From: a@b.example\nTo: {many}z@b.example\n\ntext"));
    assert!(notes(&read, "too-many-addresses"), "{:?}", read.defects);
    assert_eq!((read.to.len(), read.to[9_999].address.as_str()), (limits::ADDRESSES, "n9999@b.example"));
    assert_eq!(read.text, "text");
}

#[test]
fn ten_thousand_encoded_words_are_one_subject() {
    let words = "=?utf-8?Q?=C3=BC?=\n ".repeat(10_000);
    let read = mail(&format!("From: a@b.example\nSubject: {words}\n\ntext"));
    assert_eq!(read.subject, "ü".repeat(limits::SUBJECT));
    let alternating = "=?utf-8?Q?=C3=BC?= =?koi8-r?B?8A==?= ".repeat(5_000);
    let read = mail(&format!("From: {alternating}<a@b.example>\n\ntext"));
    assert_eq!(read.from[0].address, "a@b.example");
}

#[test]
fn boundaries_that_are_prefixes_of_each_other_part_what_they_should() {
    let name = |at: usize| "a".repeat(at + 1);
    let open = |at: usize| format!("Content-Type: multipart/mixed; boundary={0}\n\n--{0}\n", name(at));
    let close = |at: usize| format!("\n--{}--\n", name(at));
    let message = "From: a@b.example\n".to_owned()
        + &(0..20).map(open).collect::<String>()
        + "\ninnermost"
        + &(0..20).rev().map(close).collect::<String>();
    let read = mail(&message);
    assert_eq!((read.text.as_str(), read.attachments.len()), ("innermost", 0));
    assert!(!notes(&read, "broken-mime"), "{:?}", read.defects);
}

#[test]
fn encodings_of_nothing_and_without_end_are_read() {
    let part = |encoding: &str, body: &str| {
        mail(&format!("From: a@b.example\nContent-Transfer-Encoding: {encoding}\n\n{body}"))
    };
    for nothing in ["", "\n\n", "=", "====", "=\n=\n"] {
        assert_eq!(part("base64", nothing).text, "", "{nothing:?}");
    }
    assert_eq!(part("base64", &"QUFB\n".repeat(1_000_000)).text.len(), 3_000_000);
    assert_eq!(part("quoted-printable", &"=41".repeat(1_000_000)).text.len(), 1_000_000);
    assert_eq!(part("quoted-printable", &"a=\n".repeat(1_000_000)).text.len(), 1_000_000);
}

#[test]
fn so_many_containers_are_opened_and_no_more() {
    let part =
        "--b\nContent-Type: application/ms-tnef; name=winmail.dat\n\nx\n".repeat(limits::CONTAINERS + 20);
    let read = mail(&format!("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n{part}--b--"));
    assert_eq!(read.attachments.len(), limits::CONTAINERS + 20);
    assert!(notes(&read, "too-many-parts") && notes(&read, "broken-tnef"), "{:?}", read.defects);
}

#[test]
fn what_decodes_to_too_much_is_kept_as_it_was_sent() {
    let message = "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n\
        Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nQUFBQUFBQUFBQUFBQUFB\n--b--";
    let limits = Limits { decoded_size: 10, ..Limits::default() };
    let read = one(message.as_bytes(), &limits).unwrap();
    assert_eq!(read.attachments[0].content, b"QUFBQUFBQUFBQUFBQUFB");
    assert!(notes(&read, "too-much-decoded"));
}
