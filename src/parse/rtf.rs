//! The rich text of a `winmail.dat`: unpacked ([MS-OXRTFCP]) and read as plain text.

use super::charset;

/// The dictionary that unpacking begins with ([MS-OXRTFCP] section 2.1.2.1).
const BEGINNING: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// The dictionary's size: references name a place in it with twelve bits.
const WINDOW: usize = 4096;

/// Unpacks at most so many octets; `None` if it is no packed rich text. What breaks off is kept as far as it goes.
pub(super) fn unpack(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let size = u32::from_le_bytes(packed.get(4..8)?.try_into().ok()?);
    let size = usize::try_from(size).ok()?.min(most);
    let body = packed.get(16..)?;
    match packed.get(8..12)? {
        b"MELA" => Some(body.get(..size).unwrap_or(body).to_vec()),
        b"LZFu" => Some(inflate(body, size)),
        _ => None,
    }
}

/// Each control octet says of the eight that follow whether they are letters or references of two octets.
fn inflate(body: &[u8], size: usize) -> Vec<u8> {
    // What was written, behind the dictionary: a place in the window is then one at most a window back.
    let mut out = BEGINNING.to_vec();
    let size = size + BEGINNING.len();
    let mut octets = body.iter().copied();
    'all: while let Some(control) = octets.next() {
        for bit in 0..8 {
            if out.len() >= size {
                break 'all;
            }
            let Some(first) = octets.next() else { break 'all };
            if control >> bit & 1 == 0 {
                out.push(first);
                continue;
            }
            let Some(second) = octets.next() else { break 'all };
            let reference = usize::from(first) << 8 | usize::from(second);
            let (place, length) = (reference >> 4, (reference & 0xf) + 2);
            // How far back the place is; itself, it marks the end.
            let back = (out.len() % WINDOW + WINDOW - place) % WINDOW;
            if back == 0 {
                break 'all;
            }
            for _ in 0..length {
                let letter = out.len().checked_sub(back).and_then(|at| out.get(at)).copied();
                out.push(letter.unwrap_or_default());
            }
        }
    }
    out.truncate(size);
    out.split_off(BEGINNING.len())
}

/// The text of rich text: its letters, with line ends and tabs; tables of fonts, pictures and the like are left out.
pub(super) fn to_text(rich: &[u8]) -> String {
    let mut reader = Reader {
        out: String::new(),
        pending: Vec::new(),
        codepage: "windows-1252".to_owned(),
        groups: Vec::new(),
        state: State { skipped: false, after_unicode: 1 },
        to_skip: 0,
        half: None,
    };
    let mut rest = rich;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'{' => {
                reader.open();
                after
            }
            b'}' => {
                reader.close();
                after
            }
            b'\\' => reader.control(after),
            b'\r' | b'\n' => after,
            letter => {
                reader.octet(*letter);
                after
            }
        };
    }
    reader.flush();
    reader.out
}

/// Groups within one another that are told apart; deeper ones are as their parents.
const DEEPEST: usize = 1_000;

#[derive(Clone, Copy)]
struct State {
    skipped: bool,
    /// Octets after `\u` that stand for it to readers without Unicode.
    after_unicode: usize,
}

struct Reader {
    out: String,
    /// Octets of the codepage that are no text yet.
    pending: Vec<u8>,
    codepage: String,
    groups: Vec<State>,
    state: State,
    to_skip: usize,
    /// The first half of a letter beyond the basic plane.
    half: Option<u16>,
}

impl Reader {
    fn open(&mut self) {
        if self.groups.len() < DEEPEST {
            self.groups.push(self.state);
        }
        self.to_skip = 0;
    }

    fn close(&mut self) {
        self.state = self.groups.pop().unwrap_or(self.state);
        self.to_skip = 0;
    }

    fn octet(&mut self, octet: u8) {
        if self.to_skip > 0 {
            self.to_skip -= 1;
        } else if !self.state.skipped {
            self.pending.push(octet);
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let defects = &mut super::defects::Defects::default();
            self.out.push_str(&charset::decode(&self.pending, Some(&self.codepage), defects));
            self.pending.clear();
        }
    }

    fn text(&mut self, text: &str) {
        if !self.state.skipped {
            self.flush();
            self.out.push_str(text);
        }
    }

    /// Reads what follows a backslash and returns what follows that.
    fn control<'a>(&mut self, after: &'a [u8]) -> &'a [u8] {
        let Some((first, rest)) = after.split_first() else { return after };
        if *first == b'\'' {
            let digits =
                (rest.first().and_then(super::transfer::hex), rest.get(1).and_then(super::transfer::hex));
            if let (Some(high), Some(low)) = digits {
                self.octet(high << 4 | low);
                return rest.get(2..).unwrap_or_default();
            }
            return rest;
        }
        if !first.is_ascii_alphabetic() {
            match first {
                b'*' => self.state.skipped = true,
                b'~' => self.text("\u{a0}"),
                b'_' => self.text("-"),
                b'\\' | b'{' | b'}' => self.octet(*first),
                b'\r' | b'\n' => self.text("\n"),
                _ => {}
            }
            return rest;
        }
        let (word, rest) = split_while(after, u8::is_ascii_alphabetic);
        let (number, rest) = split_while(rest, |octet| octet.is_ascii_digit() || *octet == b'-');
        let number = std::str::from_utf8(number).ok().and_then(|number| number.parse::<i32>().ok());
        self.word(word, number);
        rest.strip_prefix(b" ").unwrap_or(rest)
    }

    fn word(&mut self, word: &[u8], number: Option<i32>) {
        match word {
            b"par" | b"line" | b"row" | b"sect" => self.text("\n"),
            b"tab" | b"cell" => self.text("\t"),
            b"emdash" => self.text("\u{2014}"),
            b"endash" => self.text("\u{2013}"),
            b"lquote" => self.text("\u{2018}"),
            b"rquote" => self.text("\u{2019}"),
            b"ldblquote" => self.text("\u{201c}"),
            b"rdblquote" => self.text("\u{201d}"),
            b"bullet" => self.text("\u{2022}"),
            b"fonttbl" | b"colortbl" | b"stylesheet" | b"info" | b"pict" | b"object" | b"header"
            | b"footer" => {
                self.state.skipped = true;
            }
            b"ansicpg" => {
                if let Some(number) = number.and_then(|number| u32::try_from(number).ok()) {
                    self.codepage = charset::of_codepage(number);
                }
            }
            b"uc" => {
                self.state.after_unicode = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(1).min(16)
            }
            b"u" => self.unicode(number.unwrap_or_default()),
            _ => {}
        }
    }

    /// A UTF-16 unit, written as a signed number; the halves of a pair come one after the other.
    fn unicode(&mut self, number: i32) {
        let unit = (number & 0xffff) as u16;
        let mut letters = char::decode_utf16(self.half.take().into_iter().chain([unit]));
        let letter = letters.next().and_then(Result::ok);
        let is_high = (0xd800..0xdc00).contains(&unit);
        match letter {
            Some(letter) => self.text(letter.encode_utf8(&mut [0; 4])),
            None if is_high => self.half = Some(unit),
            None => self.text("\u{fffd}"),
        }
        self.to_skip = self.state.after_unicode;
    }
}

fn split_while(octets: &[u8], holds: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let end = octets.iter().position(|octet| !holds(octet)).unwrap_or(octets.len());
    octets.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(magic: &[u8], size: u32, body: &[u8]) -> Vec<u8> {
        [&[0; 4], size.to_le_bytes().as_slice(), magic, &[0; 4], body].concat()
    }

    #[test]
    fn rich_text_is_unpacked() {
        // The example of [MS-OXRTFCP] section 3.1.
        let example = b"\x03\0\x0a\0rcpg125\x42\x32\x0a\xf3 hel\x09\0\x20bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        let text = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n";
        assert_eq!(
            unpack(&packed(b"LZFu", 43, example), 1000).unwrap().escape_ascii().to_string(),
            text.escape_ascii().to_string()
        );
        assert_eq!(unpack(&packed(b"LZFu", 43, example), 5).unwrap(), b"{\\rtf");
        assert_eq!(unpack(&packed(b"MELA", 3, b"abcd"), 1000).unwrap(), b"abc");
        assert_eq!(unpack(&packed(b"xxxx", 3, b"abcd"), 1000), None);
        assert_eq!(unpack(b"short", 1000), None);
    }

    #[test]
    fn little_becomes_no_more_than_is_asked_for() {
        let body = b"\xff\x00\x0f".repeat(10_000);
        assert!(unpack(&packed(b"LZFu", u32::MAX, &body), 1000).unwrap().len() <= 1000);
    }

    #[test]
    fn rich_text_is_read() {
        let table: [(&[u8], &str); 9] = [
            (b"{\\rtf1\\ansi hello\\par world}", "hello\nworld"),
            (b"{\\rtf1{\\fonttbl{\\f0 Arial;}}{\\*\\generator x;}a\\tab b}", "a\tb"),
            (b"{\\rtf1\\ansicpg1252 Gr\\'fc\\'dfe}", "Gr\u{fc}\u{df}e"),
            (b"{\\rtf1\\ansicpg932 \\'82\\'a0}", "\u{3042}"),
            (b"{\\rtf1\\uc1 \\u8364? 5 \\u-10179?\\u-8960?}", "\u{20ac} 5 \u{1f500}"),
            (b"{\\rtf1 \\{x\\}\\\\}", "{x}\\"),
            (b"{\\rtf1{\\*\\htmltag64 <p>}text{\\*\\htmltag72 </p>}}", "text"),
            (b"}}}\\", ""),
            (b"", ""),
        ];
        for (rich, expected) in table {
            assert_eq!(to_text(rich), expected, "{}", String::from_utf8_lossy(rich));
        }
        to_text(&b"{".repeat(1_000_000));
    }
}
