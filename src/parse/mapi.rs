//! Lists of MAPI properties as a `winmail.dat` holds them ([MS-OXTNEF] section 2.1.3.4).

use super::charset;

/// One property; of several values, the first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Property<'a> {
    /// Its number.
    pub(super) id: u16,
    /// Its type without the mark of several values.
    kind: u16,
    /// The octets of its value.
    pub(super) value: &'a [u8],
}

const STRING_8: u16 = 0x1e;
const UNICODE: u16 = 0x1f;
const OBJECT: u16 = 0x0d;
const BINARY: u16 = 0x102;
/// Marks several values.
const SEVERAL: u16 = 0x1000;
/// From here on a property has a name besides its number.
const NAMED: u16 = 0x8000;

impl<'a> Property<'a> {
    /// The value as text.
    pub(super) fn text(&self, codepage: &str) -> String {
        if self.kind != UNICODE {
            return string(self.value, codepage);
        }
        let units = self.value.chunks_exact(2).filter_map(|pair| pair.first_chunk::<2>());
        let units = units.map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0);
        char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// The octets of an object, without the 16 that name its interface.
    pub(super) fn object(&self) -> &'a [u8] {
        if self.kind == OBJECT { self.value.get(16..).unwrap_or_default() } else { self.value }
    }
}

/// Octets up to a NUL as text.
pub(super) fn string(value: &[u8], codepage: &str) -> String {
    let end = memchr::memchr(0, value).unwrap_or(value.len());
    charset::decode(
        value.get(..end).unwrap_or(value),
        Some(codepage),
        &mut super::defects::Defects::default(),
    )
}

/// The properties of a list, and whether it was whole; it ends where a type is not known, for nothing then says how
/// long the value is.
pub(super) fn properties(octets: &[u8]) -> (Vec<Property<'_>>, bool) {
    let mut found = Vec::new();
    let mut list = List(octets);
    let Some(count) = list.number() else { return (found, false) };
    for _ in 0..count {
        match list.property() {
            Some(property) => found.push(property),
            None => return (found, false),
        }
    }
    (found, true)
}

/// What is left of a list.
struct List<'a>(&'a [u8]);

impl<'a> List<'a> {
    fn take(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn half(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    /// A length and so many octets, filled up to a multiple of four; the last may lack the filling.
    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let value = self.take(length)?;
        self.take(length.wrapping_neg() % 4).or_else(|| self.take(self.0.len()))?;
        Some(value)
    }

    fn property(&mut self) -> Option<Property<'a>> {
        let (kind, id) = (self.half()?, self.half()?);
        if id >= NAMED {
            self.take(16)?;
            if self.number()? == 0 {
                self.number()?;
            } else {
                self.counted()?;
            }
        }
        let base = kind & !SEVERAL;
        let is_counted = matches!(base, STRING_8 | UNICODE | OBJECT | BINARY);
        let count = if is_counted || kind != base { self.number()? } else { 1 };
        let mut first: &[u8] = &[];
        for at in 0..count {
            let value = if is_counted { self.counted()? } else { self.take(width(base)?)? };
            first = if at == 0 { value } else { first };
            if width(base) == Some(0) {
                break;
            }
        }
        Some(Property { id, kind: base, value: first })
    }
}

/// The octets of a value of fixed length ([MS-OXCDATA] section 2.11.1), filled up to four.
fn width(kind: u16) -> Option<usize> {
    match kind {
        0x00 | 0x01 => Some(0),
        0x02 | 0x03 | 0x04 | 0x0a | 0x0b => Some(4),
        0x05 | 0x06 | 0x07 | 0x14 | 0x40 => Some(8),
        0x48 => Some(16),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read_by_type() {
        let named =
            [b"\x0b\0\x05\x80".as_slice(), &[7; 16], b"\x01\0\0\0\x02\0\0\0x\0\0\0\x01\0\0\0"].concat();
        let object = [b"\x0d\0\x06\0\x01\0\0\0\x12\0\0\0".as_slice(), &[7; 16], b"ab\0\0"].concat();
        let list = [
            b"\x06\0\0\0".as_slice(),
            b"\x03\0\x01\0\x07\0\0\0",
            b"\x1e\0\x02\0\x01\0\0\0\x05\0\0\0Gr\xfc\xdf\0\0\0\0",
            b"\x1f\0\x03\0\x01\0\0\0\x06\0\0\0a\0b\0\0\0\0\0",
            b"\x03\x10\x04\0\x02\0\0\0\x01\0\0\0\x02\0\0\0",
            &named,
            &object,
        ];
        let list = list.concat();
        let (found, whole) = properties(&list);
        assert!(whole);
        assert_eq!(found.iter().map(|property| property.id).collect::<Vec<_>>(), [1, 2, 3, 4, 0x8005, 6]);
        assert_eq!(found[1].text("windows-1252"), "Grüß");
        assert_eq!(found[2].text("windows-1252"), "ab");
        assert_eq!((found[3].value, found[5].object()), (b"\x01\0\0\0".as_slice(), b"ab".as_slice()));
        for end in 0..list.len() - 2 {
            assert!(!properties(&list[..end]).1, "{end}");
        }
    }

    #[test]
    fn counts_that_lie_cost_no_time() {
        for kind in [b"\x00\x10", b"\x03\x10", b"\x1e\x00", b"\x99\x00"] {
            let list = [b"\xff\xff\xff\xff".as_slice(), kind, b"\x01\0\xff\xff\xff\xff"].concat();
            assert!(!properties(&list).1);
        }
    }
}
