//! Encoded words of header fields (RFC 2047).
//!
//! Adjacent words of one charset are joined before their octets become text: mailers cut words inside a character,
//! against section 5, and shifting charsets such as ISO-2022-JP go on from one word to the next.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use super::charset;
use super::defects::Defects;
use super::limits;
use super::transfer;

/// One `=?charset?encoding?data?=`, and the text after it.
struct Word<'a> {
    charset: &'a str,
    data: Data<'a>,
    rest: &'a str,
}

enum Data<'a> {
    Base64(&'a str),
    Quoted(&'a str),
}

/// Adjacent words of one charset.
struct Run {
    charset: String,
    octets: Vec<u8>,
    /// Base64 that does not fill a group: some mailers cut words there too.
    tail: String,
}

impl Run {
    fn of(word: &Word<'_>) -> Self {
        let mut run = Self { charset: word.charset.to_owned(), octets: Vec::new(), tail: String::new() };
        run.push(&word.data);
        run
    }

    fn push(&mut self, data: &Data<'_>) {
        match data {
            Data::Base64(code) => {
                self.tail.extend(code.split_whitespace());
                let whole = if self.tail.ends_with('=') { self.tail.len() } else { self.tail.len() / 4 * 4 };
                if let Some((groups, rest)) = self.tail.split_at_checked(whole) {
                    self.octets.extend(transfer::base64(groups.as_bytes()).0);
                    self.tail = rest.to_owned();
                }
            }
            Data::Quoted(code) => {
                self.end();
                self.octets.extend(transfer::q_word(code.as_bytes()));
            }
        }
    }

    fn end(&mut self) {
        self.octets.extend(transfer::base64(self.tail.as_bytes()).0);
        self.tail.clear();
    }
}

/// Decodes all encoded words of an unfolded value, wherever they stand.
pub(super) fn decode(value: &str, defects: &mut Defects) -> String {
    each(value, defects, |text, out| out.push_str(text))
}

/// Writes every run of encoded words as one word in UTF-8, so that an address parser may split the value safely.
pub(super) fn normalise(value: &str, defects: &mut Defects) -> String {
    each(value, defects, |text, out| {
        if !text.is_empty() {
            out.push_str("=?utf-8?B?");
            STANDARD.encode_string(text, out);
            out.push_str("?=");
        }
    })
}

fn each(value: &str, defects: &mut Defects, write: impl Fn(&str, &mut String)) -> String {
    let mut out = String::with_capacity(value.len());
    let mut run: Option<Run> = None;
    let mut rest = value;
    while let Some(at) = memmem::find(rest.as_bytes(), b"=?") {
        let (plain, from) = rest.split_at(at);
        let Some(word) = word(from) else {
            flush(&mut run, &mut out, &write, defects);
            out.push_str(plain);
            out.push_str("=?");
            rest = from.get(2..).unwrap_or_default();
            continue;
        };
        let adjacent = run.is_some() && plain.trim().is_empty();
        match &mut run {
            Some(open) if adjacent && open.charset.eq_ignore_ascii_case(word.charset) => {
                open.push(&word.data)
            }
            Some(_) | None => {
                let joined = run.is_some() && adjacent;
                flush(&mut run, &mut out, &write, defects);
                // Blanks between encoded words are no part of the text (section 6.2).
                out.push_str(if joined { "" } else { plain });
                run = Some(Run::of(&word));
            }
        }
        rest = word.rest;
    }
    flush(&mut run, &mut out, &write, defects);
    out.push_str(rest);
    out
}

fn flush(run: &mut Option<Run>, out: &mut String, write: &impl Fn(&str, &mut String), defects: &mut Defects) {
    if let Some(mut run) = run.take() {
        run.end();
        write(&charset::decode(&run.octets, Some(&run.charset), defects), out);
    }
}

/// The word that `text`, beginning with `=?`, begins with.
fn word(text: &str) -> Option<Word<'_>> {
    let (charset, after) = text.strip_prefix("=?")?.split_once('?').filter(|(name, _)| name.len() <= 64)?;
    if charset.is_empty() || charset.contains(|c: char| c.is_whitespace() || c == '=') {
        return None;
    }
    let (encoding, data) = after.split_at_checked(1)?;
    let data = data.strip_prefix('?')?;
    let window = data.as_bytes().get(..limits::ENCODED_WORD).unwrap_or(data.as_bytes());
    let end = memmem::find(window, b"?=")?;
    let (data, rest) = (data.get(..end)?, data.get(end + 2..)?);
    if data.contains("=?") {
        return None;
    }
    let decoding = match encoding {
        "B" | "b" => Data::Base64(data),
        "Q" | "q" => Data::Quoted(data),
        _ => return None,
    };
    // RFC 2231 section 5: a language may follow the charset. Raw letters within a word are UTF-8 by now.
    let charset = if data.is_ascii() { charset.split('*').next().unwrap_or_default() } else { "utf-8" };
    Some(Word { charset, data: decoding, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_decoded() {
        let table = [
            ("plain", "plain"),
            ("=?utf-8?Q?Gr=C3=BC=C3=9Fe_x?=", "Grüße x"),
            ("a =?utf-8?B?w7w=?= b", "a ü b"),
            ("=?iso-8859-1?q?=FC?= =?iso-8859-1?q?=DF?=", "üß"),
            // Cut inside a character.
            ("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"),
            ("=?UTF-8?B?w6k=?=\t =?utf-8?B?w6k=?=", "éé"),
            ("=?iso-2022-jp?B?GyRCJCI=?= =?iso-2022-jp?B?JCQbKEI=?=", "あい"),
            ("=?iso-2022-jp?B?GyRCJCIbKEI=?=\n =?iso-2022-jp?B?GyRCJCQbKEI=?=", "あい"),
            // Cut inside a group of base64.
            ("=?utf-8?B?44OX44Oq44?=\n =?utf-8?B?Oz44K/?=", "プリンタ"),
            // Different charsets.
            ("=?utf-8?Q?=C3=A9?= =?iso-8859-1?Q?=E9?=", "éé"),
            ("=?utf-8*en?Q?a?=", "a"),
            ("=?utf-8?Q?a b?=", "a b"),
            ("=?utf-8?Q?what??=", "what?"),
            ("x=?utf-8?Q?=C3=A9?=y", "xéy"),
            ("=?utf-8?Q??=", ""),
            // Raw letters within a word.
            ("=?iso-8859-1?Q?Fr\u{f6}sche?=", "Fr\u{f6}sche"),
            // No encoded words.
            ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
            ("=?utf-8?Q?abc", "=?utf-8?Q?abc"),
            ("=?=?=?", "=?=?=?"),
            ("=?utf-8?Q?abc =?utf-8?Q?d?=", "=?utf-8?Q?abc d"),
            ("=?x-foo?Q?abc?=", "abc"),
        ];
        for (value, expected) in table {
            assert_eq!(decode(value, &mut Defects::default()), expected, "{value}");
        }
    }

    #[test]
    fn runs_become_one_word_in_utf_8() {
        let value = "\"=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=\" <a@b.example>";
        assert_eq!(normalise(value, &mut Defects::default()), "\"=?utf-8?B?Y2Fmw6k=?=\" <a@b.example>");
    }

    #[test]
    fn many_beginnings_without_an_end_are_read_in_linear_time() {
        for start in ["=?", "=?a?Q?", "=?utf-8?B?aaaa "] {
            let value = start.repeat(100_000);
            assert!(decode(&value, &mut Defects::default()).len() <= value.len());
        }
    }
}
