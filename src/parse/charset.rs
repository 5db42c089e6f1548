//! Octets to text: by the declared charset where there is one that fits, else by a guess. Never fails.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding, GB18030, ISO_2022_JP, REPLACEMENT, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

use super::codepages;
use super::defects::Defects;
use super::unicode;

/// How much of a text the guess looks at; more does not change it.
const SAMPLE: usize = 64 * 1024;

/// Text in the declared charset; a wrong or unknown declaration is noted.
pub(super) fn decode(bytes: &[u8], label: Option<&str>, defects: &mut Defects) -> String {
    let label = label.unwrap_or_default().trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    if says_nothing(label) {
        // Undeclared means US-ASCII (RFC 2045 section 5.2); what is sent so in practice is UTF-8 or a local charset.
        return guess(bytes);
    }
    let (text, well) = match by_label(bytes, label) {
        Some(decoded) => decoded,
        None => {
            defects.with("unknown-charset", label);
            return guess(bytes);
        }
    };
    if !well {
        defects.with("invalid-charset", label);
        // Windows text declared as UTF-8: nothing in it decodes. One cut character in UTF-8 is no reason to guess.
        if is_utf8_label(label) && text.chars().all(|letter| letter.is_ascii() || letter == '\u{fffd}') {
            return guess(bytes);
        }
    }
    text
}

/// UTF-8 if it is that, else what the octets look like, in the end windows-1252.
pub(super) fn guess(bytes: &[u8]) -> String {
    if let Some(text) = unicode::marked(bytes) {
        return text;
    }
    let escapes = memchr::memchr(0x1b, bytes).is_some();
    if !escapes && let Ok(text) = std::str::from_utf8(bytes) {
        return text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes.get(..SAMPLE).unwrap_or(bytes), true);
    let guessed = detector.guess(None, Utf8Detection::Allow);
    let (text, malformed) = guessed.decode_without_bom_handling(bytes);
    if malformed && guessed != UTF_8 { WINDOWS_1252.decode_without_bom_handling(bytes).0 } else { text }
        .into_owned()
}

/// Whether octets that nothing declares are no text at all: NUL, or more control characters than any charset has.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    const MOST: usize = 50;
    const FEW: usize = 2;
    // ESC begins the shifts of ISO-2022-JP, and form feeds stand in old texts.
    let is_odd = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t'..=b'\r' | 0x1b);
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    memchr::memchr(0, bytes).is_some()
        || sample.iter().filter(|byte| is_odd(byte)).count() > FEW + sample.len() / MOST
}

/// The text, and whether all of it was in the charset; `None` if nobody knows the charset.
fn by_label(bytes: &[u8], label: &str) -> Option<(String, bool)> {
    let known = alias(label);
    let label = known.as_deref().unwrap_or(label);
    match label.to_ascii_lowercase().as_str() {
        "utf-7" => return Some(unicode::utf_7(bytes)),
        "utf-32" | "utf-32be" | "utf-32le" => return Some(unicode::utf_32(bytes, label)),
        "iso-2022-kr" | "csiso2022kr" => return Some(shifted(bytes, (b"\x0e", b"\x0f"), EUC_KR)),
        "hz-gb-2312" | "hz" => return Some(shifted(bytes, (b"~{", b"~}"), GB18030)),
        _ => {}
    }
    match Encoding::for_label(label.as_bytes()) {
        // The web standard refuses iso-2022-kr and the like; mail has them.
        Some(encoding) if encoding != REPLACEMENT => {
            let bytes = if encoding == ISO_2022_JP { without_idle_shifts(bytes) } else { bytes.into() };
            // Programs declare their own charset and send UTF-8, which no other text is by chance.
            if encoding == WINDOWS_1252
                && !bytes.is_ascii()
                && let Ok(text) = std::str::from_utf8(&bytes)
            {
                return Some((text.to_owned(), false));
            }
            let (text, _, malformed) = encoding.decode(&bytes);
            Some((text.into_owned(), !malformed))
        }
        Some(_) | None if is_utf8_label(label) => {
            Some((String::from_utf8_lossy(bytes).into_owned(), std::str::from_utf8(bytes).is_ok()))
        }
        Some(_) | None => codepages::decode(bytes, label)
            .or_else(|| charset_decoder(label.to_ascii_lowercase().as_bytes()).map(|decode| decode(bytes)))
            .map(|text| (text, true)),
    }
}

/// Two octets of seven bits a letter between the shifts (RFC 1557, RFC 1843): with the eighth bit it is `encoding`.
fn shifted(bytes: &[u8], (enter, leave): (&[u8], &[u8]), encoding: &'static Encoding) -> (String, bool) {
    let bytes = bytes.strip_prefix(b"\x1b$)C").unwrap_or(bytes);
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut high = 0;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(if high == 0 { enter } else { leave }) {
            (high, rest) = (high ^ 0x80, after);
            continue;
        }
        out.push(if first.is_ascii_graphic() { first | high } else { *first });
        rest = after;
    }
    let (text, malformed) = encoding.decode_without_bom_handling(&out);
    (text.into_owned(), !malformed)
}

/// ISO-2022-JP without shifts that another follows at once. The web standard calls them errors; where encoded words are
/// joined, of which each begins and ends in a shift, they are the rule.
fn without_idle_shifts(bytes: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPE: u8 = 0x1b;
    let idle = |from: &[u8]| matches!(from, [ESCAPE, _, _, ESCAPE, ..]);
    if !bytes.windows(4).any(idle) {
        return bytes.into();
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        if idle(rest) {
            rest = rest.get(3..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out.into()
}

/// The usual name of a charset that mailers spell otherwise, dashes and case aside.
fn alias(label: &str) -> Option<String> {
    let bare: String =
        label.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let usual = match bare.as_str() {
        "iso2022jpms" | "iso2022jp1" | "iso2022jp2" | "iso2022jp3" | "iso2022jp2004" | "csiso2022jpms"
        | "cp50220" | "cp50221" | "cp50222" => "iso-2022-jp",
        "cp932" | "ibm943" | "sjis" | "shiftjis2004" => "shift_jis",
        "eucjisx0213" | "eucjpms" | "cp51932" => "euc-jp",
        // What is called gb2312 has the letters of its successors.
        "gb2312" | "gb231280" | "gbk" | "cp936" | "ms936" | "windows936" | "euccn" => "gb18030",
        "ksc56011987" | "ksc5601" | "cp949" | "uhc" | "cp51949" | "windows949" => "euc-kr",
        "cp950" | "windows950" | "big5eten" | "big5hkscs2004" => "big5",
        "latin1" | "iso88591" | "ansi" | "win1252" | "cp1004" | "windows1252" | "iso88591windows31latin1" => {
            "windows-1252"
        }
        "win1250" | "windows1250" => "windows-1250",
        "win1251" | "windows1251" => "windows-1251",
        "cp858" | "ibm858" | "cp00858" => "cp850",
        "utf8bom" | "unicode11utf8" => "utf-8",
        "utf7" | "utf7imap" | "unicode11utf7" | "csutf7" | "xunicode20utf7" => "utf-7",
        "utf32" | "ucs4" | "iso10646ucs4" | "csutf32" => "utf-32",
        "utf32le" | "ucs4le" => "utf-32le",
        "utf32be" | "ucs4be" => "utf-32be",
        _ => return None,
    };
    Some(usual.to_owned())
}

/// The name of a Windows codepage.
pub(super) fn of_codepage(number: u32) -> String {
    match number {
        65001 => "utf-8".to_owned(),
        65000 => "utf-7".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gb18030".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        20866 => "koi8-r".to_owned(),
        // An answer, and not the usual one: guessed.
        0 | 20127 => "us-ascii".to_owned(),
        28591..=28606 => format!("iso-8859-{}", number - 28590),
        1250..=1258 | 874 => format!("windows-{number}"),
        _ => format!("cp{number}"),
    }
}

/// Whether a name of a charset leaves open what letters beyond US-ASCII are.
pub(super) fn says_nothing(label: &str) -> bool {
    let label = label.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    label.is_empty() || is_ascii_label(label)
}

fn is_ascii_label(label: &str) -> bool {
    // Programs that do not know the charset write a name that says so.
    const UNKNOWN: [&str; 4] = ["unknown", "x-unknown", "x-user-defined", "none"];
    ["us-ascii", "ascii", "ansi_x3.4-1968", "646", "default", "unknown-8bit", "8bit", "binary"]
        .iter()
        .chain(&UNKNOWN)
        .any(|known| known.eq_ignore_ascii_case(label))
}

fn is_utf8_label(label: &str) -> bool {
    ["utf-8", "utf8", "utf_8", "utf-8mb4", "utf8mb4"].iter().any(|known| known.eq_ignore_ascii_case(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static [u8], Option<&'static str>, &'static str, &'static [&'static str]);

    #[test]
    fn charsets_are_decoded_or_guessed() {
        let table: [Row; 35] = [
            (b"plain", None, "plain", &[]),
            (b"\xff\xfea\0b\0", None, "ab", &[]),
            (b"\xfe\xff\0a\0b", Some("us-ascii"), "ab", &[]),
            (b"\xff\xfe\0\0a\0\0\0", Some("UTF-32"), "a", &[]),
            (b"\0\0\0a", Some("utf-32be"), "a", &[]),
            (b"\x9c", Some("ibm852"), "ť", &[]),
            ("Grüße €".as_bytes(), None, "Grüße €", &[]),
            ("Grüße".as_bytes(), Some("us-ascii"), "Grüße", &[]),
            (b"Gr\xfc\xdfe aus K\xf6ln", None, "Grüße aus Köln", &[]),
            (b"Gr\xfc\xdfe aus K\xf6ln", Some("utf-8"), "Grüße aus Köln", &["invalid-charset: utf-8"]),
            (
                "Grüße\u{fffd}".as_bytes().split_at(8).0,
                Some("UTF8"),
                "Grüße\u{fffd}",
                &["invalid-charset: UTF8"],
            ),
            (b"\x80 5", Some("iso-8859-1"), "€ 5", &[]),
            (b"\xa4", Some("ISO-8859-15"), "€", &[]),
            (b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251"), "Привет", &[]),
            (b"\xf0\xd2\xc9\xd7\xc5\xd4", Some("koi8-r"), "Привет", &[]),
            (b"\x1b$B$\"\x1b(B", Some("iso-2022-jp"), "あ", &[]),
            (b"\x82\xa0", Some("shift_jis"), "あ", &[]),
            (b"\xc4\xe3\xba\xc3", Some("gb2312"), "你好", &[]),
            (b"Gr+APwA3w-e", Some("utf-7"), "Grüße", &[]),
            (b"Gr\x81\xe1e", Some("cp850"), "Grüße", &[]),
            (b"\xff\xfea\0b\0", Some("utf-16"), "ab", &[]),
            (b"\xb0\xa1", Some("ks_c_5601-1987"), "가", &[]),
            (b"\x81\x41", Some("cp949"), "갂", &[]),
            (b"\x81\x30\x81\x30", Some("gb2312"), "\u{80}", &[]),
            (b"\xa4\xa4\xa4\xe5", Some("cp950"), "中文", &[]),
            (b"\x1b$B$\"\x1b(B", Some("iso-2022-jp-ms"), "あ", &[]),
            (b"\x1b(I1\x1b(B", Some("cp50221"), "ｱ", &[]),
            (b"Gr\x81\xe1e", Some("cp437"), "Grüße", &[]),
            ("Grüße".as_bytes(), Some("x-unknown"), "Grüße", &[]),
            (b"\x1b$)C\x0eGQ1[\x0f a", Some("iso-2022-kr"), "한글 a", &[]),
            (b"a ~{<:Ky~} b", Some("hz-gb-2312"), "a 己所 b", &[]),
            ("Grüße".as_bytes(), Some("iso-8859-1"), "Grüße", &["invalid-charset: iso-8859-1"]),
            (b"Gr\xfc\xdfe", Some("Latin-1"), "Grüße", &[]),
            (b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("win-1251"), "Привет", &[]),
            ("Grüße".as_bytes(), Some("x-foo"), "Grüße", &["unknown-charset: x-foo"]),
        ];
        for (bytes, label, expected, lines) in table {
            let mut defects = Defects::default();
            assert_eq!(decode(bytes, label, &mut defects), expected, "{label:?}");
            assert_eq!(defects.into_lines(), lines, "{label:?}");
        }
    }

    #[test]
    fn codepages_have_names_that_are_known() {
        for number in [
            437, 737, 850, 852, 855, 857, 862, 874, 932, 936, 949, 950, 1250, 1252, 1258, 20866, 28591,
            28605, 65000, 65001,
        ] {
            let mut defects = Defects::default();
            decode(b"a", Some(&of_codepage(number)), &mut defects);
            assert_eq!(defects.into_lines(), Vec::<String>::new(), "{number}");
        }
    }

    #[test]
    fn every_octet_becomes_some_letter() {
        let all: Vec<u8> = (0..=255).collect();
        assert!(!guess(&all).is_empty());
    }
}
