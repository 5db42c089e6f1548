//! Opaque S/MIME (RFC 8551 section 3.5.2): what was signed is taken out of its wrapping, and nothing is verified.
//!
//! A walker for the few elements of CMS (RFC 5652) that stand before the content, in DER or in BER with the indefinite
//! lengths that streaming mailers write. It allocates the content alone and goes at most [`NESTED`] levels deep.

/// What a `smime.p7m` is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opaque {
    /// Signed; this is the entity within.
    Signed(Vec<u8>),
    /// Encrypted: nobody but its addressee can read it.
    Encrypted,
}

/// Indefinite lengths within one another that are followed.
const NESTED: usize = 16;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PIECES: u8 = 0x24;
const EXPLICIT: u8 = 0xa0;

const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const ENVELOPED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
const AUTH_ENVELOPED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";

/// Opens decoded CMS; `None` if it is neither signed with its content nor encrypted.
pub(super) fn open(cms: &[u8]) -> Option<Opaque> {
    let (kind, rest) = content_info(cms)?;
    if kind == ENVELOPED_DATA || kind == AUTH_ENVELOPED_DATA {
        return Some(Opaque::Encrypted);
    }
    if kind != SIGNED_DATA {
        return None;
    }
    // SignedData: version, digestAlgorithms, encapContentInfo.
    let signed = enter(enter(rest, EXPLICIT)?, SEQUENCE)?;
    let after_version = after(signed, INTEGER)?;
    let (_, rest) = content_info(after(after_version, SET)?)?;
    content(enter(rest, EXPLICIT)?).map(Opaque::Signed)
}

/// The type of a ContentInfo or EncapsulatedContentInfo, and what follows it there.
fn content_info(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = enter(octets, SEQUENCE)?;
    let element = element(inner)?;
    (element.tag == OID).then_some((element.definite()?, after(inner, OID)?))
}

/// The octets of an OCTET STRING, whole or in pieces.
fn content(octets: &[u8]) -> Option<Vec<u8>> {
    let string = element(octets)?;
    if string.tag == OCTETS {
        return string.definite().map(<[u8]>::to_vec);
    }
    let mut rest = (string.tag == OCTETS_IN_PIECES).then(|| string.content())?;
    let mut out = Vec::new();
    while let Some(piece) = element(rest).filter(|piece| piece.tag == OCTETS) {
        out.extend_from_slice(piece.definite()?);
        rest = after(rest, OCTETS)?;
    }
    Some(out)
}

/// One element: its tag, the length it declares, and all that follows its header.
struct Element<'a> {
    tag: u8,
    length: Option<usize>,
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    fn definite(&self) -> Option<&'a [u8]> {
        self.rest.get(..self.length?)
    }

    /// The content; one of indefinite length, or cut short, goes on as far as there are octets.
    fn content(&self) -> &'a [u8] {
        self.definite().unwrap_or(self.rest)
    }
}

/// The element at the beginning (X.690 section 8.1); tags of several octets do not occur before the content.
fn element(octets: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = octets.split_first()?;
    let (first, rest) = rest.split_first()?;
    if *first < 0x80 {
        return Some(Element { tag: *tag, length: Some(usize::from(*first)), rest });
    }
    if *first == 0x80 {
        return Some(Element { tag: *tag, length: None, rest });
    }
    let count = usize::from(first & 0x7f);
    let digits = rest.get(..count).filter(|_| count <= 4)?;
    let length = digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit));
    Some(Element { tag: *tag, length: Some(length), rest: rest.get(count..)? })
}

fn enter(octets: &[u8], tag: u8) -> Option<&[u8]> {
    element(octets).filter(|element| element.tag == tag).map(|element| element.content())
}

fn after(octets: &[u8], tag: u8) -> Option<&[u8]> {
    element(octets).filter(|element| element.tag == tag).and_then(|element| end(&element, NESTED))
}

/// What follows an element; of indefinite length, what follows its end mark.
fn end<'a>(element: &Element<'a>, left: usize) -> Option<&'a [u8]> {
    if let Some(length) = element.length {
        return element.rest.get(length..);
    }
    let mut rest = element.rest;
    let left = left.checked_sub(1)?;
    loop {
        if let Some(after) = rest.strip_prefix(b"\0\0") {
            return Some(after);
        }
        rest = end(&self::element(rest)?, left)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], length.as_slice(), content].concat()
    }

    fn streamed(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, b"\0\0"].concat()
    }

    type Wrap = fn(u8, &[u8]) -> Vec<u8>;

    fn cms(kind: &[u8], content: &[u8], wrap: Wrap) -> Vec<u8> {
        let data = tlv(OID, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01");
        let inner = wrap(SEQUENCE, &[data, wrap(EXPLICIT, content)].concat());
        let signed = [tlv(INTEGER, &[1]), wrap(SET, &tlv(SEQUENCE, b"")), inner].concat();
        wrap(SEQUENCE, &[tlv(OID, kind), wrap(EXPLICIT, &wrap(SEQUENCE, &signed))].concat())
    }

    #[test]
    fn what_is_signed_is_taken_out() {
        let whole = tlv(OCTETS, b"Subject: x\n\nhello");
        let pieces =
            streamed(OCTETS_IN_PIECES, &[tlv(OCTETS, b"Subject: x\n\n"), tlv(OCTETS, b"hello")].concat());
        let said = Some(Opaque::Signed(b"Subject: x\n\nhello".to_vec()));
        assert_eq!(open(&cms(SIGNED_DATA, &whole, tlv)), said);
        assert_eq!(open(&cms(SIGNED_DATA, &whole, streamed)), said);
        assert_eq!(open(&cms(SIGNED_DATA, &pieces, streamed)), said);
        assert_eq!(open(&cms(ENVELOPED_DATA, &whole, tlv)), Some(Opaque::Encrypted));
        assert_eq!(open(&cms(AUTH_ENVELOPED_DATA, &whole, tlv)), Some(Opaque::Encrypted));
    }

    #[test]
    fn what_is_cut_or_lies_is_not_opened() {
        let good = cms(SIGNED_DATA, &tlv(OCTETS, b"hello"), tlv);
        for end in 0..good.len() {
            assert_eq!(open(&good[..end]), None, "{end}");
        }
        assert_eq!(open(b"\x30\x84\xff\xff\xff\xff\x06\x80"), None);
        assert_eq!(open(&b"\x30\x80".repeat(100_000)), None);
        let nested = [
            b"\x30\x80\x06\x09".as_slice(),
            SIGNED_DATA,
            b"\xa0\x80\x30\x80\x02\x01\x01",
            &b"\x31\x80".repeat(100_000),
        ];
        assert_eq!(open(&nested.concat()), None);
    }
}
