//! Names of files that are safe to write on any file system.

use super::clean;
use super::limits;

/// A name without path, control characters, marks that some file system refuses, and reserved words; `None` if nothing
/// is left of it.
pub(super) fn safe(given: &str) -> Option<String> {
    let name = clean::composed(clean::line(given));
    // What has no width makes two names that look the same; joiners are letters of some scripts.
    let name = name.replace(['\u{200b}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{ad}'], "");
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let marked: String = last
        .chars()
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let bare = marked.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if bare.is_empty() {
        return None;
    }
    // A program that is given a name with a hyphen in front takes it for an option.
    let name = match bare.strip_prefix('-') {
        Some(rest) => format!("_{rest}"),
        None if is_reserved(bare) => format!("_{bare}"),
        None => bare.to_owned(),
    };
    Some(shorten(&name))
}

/// The device names of Windows, which no extension makes harmless.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_number = |rest: &str| matches!(rest, "¹" | "²" | "³") || matches!(rest.as_bytes(), [b'0'..=b'9']);
    let numbered = |prefix: &str| stem.strip_prefix(prefix).is_some_and(is_number);
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

/// Cuts the stem, keeping a usual extension.
fn shorten(name: &str) -> String {
    const LONGEST_EXTENSION: usize = 16;
    if name.len() <= limits::FILE_NAME {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= LONGEST_EXTENSION => (stem, format!(".{extension}")),
        Some(_) | None => (name, String::new()),
    };
    let end = stem.floor_char_boundary(limits::FILE_NAME - extension.len());
    format!("{}{extension}", stem.get(..end).unwrap_or_default().trim_end_matches([' ', '.']))
}

/// The usual extension of a media type.
pub(super) fn extension(media: &str) -> &'static str {
    match media {
        "message/delivery-status" | "message/feedback-report" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "text/vcard" | "text/x-vcard" => "vcf",
        "message/rfc822" | "message/global" => "eml",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "application/json" => "json",
        "application/xml" | "text/xml" => "xml",
        "application/ms-tnef" => "dat",
        "application/pgp-signature" | "application/pgp-encrypted" => "asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "p7s",
        "image/jpeg" | "image/jpg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/svg+xml" => "svg",
        _ if media.starts_with("text/") => "txt",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe() {
        let long = "ü".repeat(300);
        let table = [
            ("report.pdf", Some("report.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\x\\a b.txt", Some("a b.txt")),
            ("a\0b\r\nc\u{202e}txt.exe", Some("ab ctxt.exe")),
            ("..", None),
            ("  ", None),
            ("/", None),
            (".htaccess", Some("htaccess")),
            ("x. .", Some("x")),
            ("con", Some("_con")),
            ("Aux.txt", Some("_Aux.txt")),
            ("COM1.log", Some("_COM1.log")),
            ("COM10", Some("COM10")),
            ("COM¹.txt", Some("_COM¹.txt")),
            ("conout$", Some("_conout$")),
            ("-rf", Some("_rf")),
            ("a\u{200b}b.txt", Some("ab.txt")),
            ("\u{200b}", None),
            ("a<b>:c?.txt", Some("a_b__c_.txt")),
        ];
        for (given, expected) in table {
            assert_eq!(safe(given).as_deref(), expected, "{given:?}");
        }
        let name = safe(&format!("{long}.pdf")).unwrap();
        assert!(name.len() <= 255 && name.len() > 250 && name.ends_with("ü.pdf"), "{name}");
        assert!(safe(&long).unwrap().len() <= 255);
    }
}
