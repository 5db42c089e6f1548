//! Files in composed mails: as they were, under their names, and never a part of what we say.

use super::*;

#[test]
fn files_stand_behind_the_words_as_they_are() {
    let file = |name: &str, content_type: &str, content: &[u8]| File {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        size: Some(content.len() as u64),
        content: Some(content.to_vec()),
    };
    let long = format!("{}.txt", "Prüfbericht ".repeat(15).trim());
    let mut notification = sample(Occasion::Updated, "en", &queue());
    notification.files = vec![
        file("Rechnung für März.pdf", "application/pdf", b"%PDF-1.4\n\r\n.\n\0\xff"),
        file("報告書 🖨️.txt", "text/plain", "Grün\n.\nFrom x\n".as_bytes()),
        file(&long, "text/csv", b"a;b\n"),
        file("it's 100% (a;b) =_x_= @.dat", "application/octet-stream", &[0; 3000]),
        file("empty.bin", "application/octet-stream", b""),
    ];
    let octets = compose(&notification).parcel.octets;
    assert_form(&octets);
    let mail = read(&octets);
    assert_eq!(files(&mail), notification.files);
    assert!(mail.attachments.iter().all(|file| !file.inline && file.given_name.is_none()), "{mail:?}");
    assert_eq!(mail.text, built_in().render(&notification).text);
    let text = String::from_utf8(octets).unwrap();
    assert!(header(text.as_bytes()).contains("Content-Type: multipart/mixed;"), "{text}");
    assert_eq!(text.matches("Content-Disposition: attachment;").count(), 5);
    assert!(text.contains(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition"
    ));
}

#[test]
fn an_enclosed_mail_is_a_file_like_any_other() {
    let mut notification = sample(Occasion::Announced, "en", &queue());
    let content = b"Subject: inner\r\nMIME-Version: 1.0\r\n\r\nhello\r\n".to_vec();
    for kind in ["message/rfc822", "multipart/mixed", "no type", &"x/y".repeat(200)] {
        notification.files = vec![File {
            name: "inner.eml".to_owned(),
            content_type: kind.to_owned(),
            size: Some(content.len() as u64),
            content: Some(content.clone()),
        }];
        let octets = compose(&notification).parcel.octets;
        assert_form(&octets);
        let text = String::from_utf8_lossy(&octets);
        assert!(text.contains("\r\nContent-Type: application/octet-stream\r\n"), "{kind}: {text}");
        let mail = read(&octets);
        assert_eq!(mail.attachments.len(), 1, "{kind}");
        assert_eq!(
            (mail.attachments[0].filename.as_str(), &mail.attachments[0].content),
            ("inner.eml", &content)
        );
    }
}

#[test]
fn without_files_to_go_along_the_form_is_what_it_was() {
    let mut notification = sample(Occasion::Updated, "en", &queue());
    notification.leave_files();
    let octets = compose(&notification).parcel.octets;
    assert!(header(&octets).contains("Content-Type: multipart/alternative;"));
    let mail = read(&octets);
    assert!(mail.attachments.is_empty());
    let named = "Not attached: manual.pdf (15 B), smoke & fire.mp4 (48 MB)";
    assert!(mail.text.contains(named), "{}", mail.text);
    notification.files.clear();
    assert!(!read(&compose(&notification).parcel.octets).text.contains("attached"));
}
