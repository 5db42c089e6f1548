//! The charset that an HTML page declares for itself: `<meta charset>`, or its older form with `http-equiv`.
//!
//! It counts where the message declares none. Programs that change the charset in transport leave it as it was, so
//! what is UTF-8 is that whatever the page says.

use memchr::memmem;

/// How far into a page its declaration is looked for. The web standard says 1024; what Outlook writes is longer.
const SEARCHED: usize = 16 * 1024;

/// The declared charset, if the octets leave any question.
pub(super) fn charset(page: &[u8]) -> Option<String> {
    let has_escapes = memchr::memchr(0x1b, page).is_some();
    if !has_escapes && std::str::from_utf8(page).is_ok() {
        return None;
    }
    let head = page.get(..SEARCHED).unwrap_or(page).to_ascii_lowercase();
    let tags = memmem::find_iter(&head, b"<meta").map(|at| tag(head.get(at..).unwrap_or_default()));
    let label = tags.filter_map(label).find(|label| !label.is_empty())?;
    // A page whose declaration can be read is not in UTF-16.
    if label.starts_with("utf-16") || label.starts_with("utf-7") { None } else { Some(label) }
}

fn tag(from: &[u8]) -> &[u8] {
    from.get(..memchr::memchr(b'>', from).unwrap_or(from.len())).unwrap_or_default()
}

/// What stands behind `charset=`.
fn label(tag: &[u8]) -> Option<String> {
    let at = memmem::find(tag, b"charset")?;
    let value = tag.get(at + 7..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+".contains(byte);
    let end = value.iter().position(|byte| !is_name(byte)).unwrap_or(value.len());
    String::from_utf8(value.get(..end)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_its_letters_are() {
        let table: [(&[u8], Option<&str>); 7] = [
            (b"<meta charset=windows-1251>\xcf", Some("windows-1251")),
            (b"<META http-equiv='Content-Type' content='text/html; charset = KOI8-R'>\xcf", Some("koi8-r")),
            (b"<meta name=x><meta charset=\"gb2312\" />\xcf", Some("gb2312")),
            ("<meta charset=windows-1251>П".as_bytes(), None),
            (b"<meta charset=utf-16>\xcf", None),
            (b"<p>charset=koi8-r</p>\xcf", None),
            (b"<meta charset=", None),
        ];
        for (page, expected) in table {
            assert_eq!(charset(page).as_deref(), expected, "{}", String::from_utf8_lossy(page));
        }
    }
}
