//! Folder names on the wire: modified UTF-7 (RFC 3501 section 5.1.3) and quoted strings (section 4.3).

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A folder's name as an argument of a command.
pub(super) fn mailbox(name: &str) -> String {
    quoted(&encode(name))
}

/// A quoted string. What it must not hold (controls, octets above 0x7E) is left out.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars().filter(|c| matches!(c, ' '..='~')) {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

/// Encodes a name in modified UTF-7.
fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut shifted = Vec::new();
    for letter in name.chars() {
        if matches!(letter, ' '..='~') {
            unshift(&mut shifted, &mut encoded);
            encoded.push(letter);
            if letter == '&' {
                encoded.push('-');
            }
        } else {
            shifted.extend(letter.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    unshift(&mut shifted, &mut encoded);
    encoded
}

fn unshift(shifted: &mut Vec<u8>, encoded: &mut String) {
    if !shifted.is_empty() {
        encoded.push('&');
        BASE64.encode_string(&shifted, encoded);
        encoded.push('-');
        shifted.clear();
    }
}

/// Decodes modified UTF-7; what is none is left as it stands.
pub(super) fn decode(encoded: &str) -> String {
    let mut name = String::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((before, shifted)) = rest.split_once('&') {
        name.push_str(before);
        let Some((base64, after)) = shifted.split_once('-') else {
            name.push('&');
            rest = shifted;
            continue;
        };
        match units(base64) {
            Some(letters) if base64.is_empty() => name.push_str(if letters.is_empty() { "&" } else { "" }),
            Some(letters) => name.push_str(&letters),
            None => name.extend(["&", base64, "-"]),
        }
        rest = after;
    }
    name.push_str(rest);
    name
}

fn units(base64: &str) -> Option<String> {
    let octets = BASE64.decode(base64).ok()?;
    let units: Vec<u16> = octets
        .chunks(2)
        .map(|pair| <[u8; 2]>::try_from(pair).map(u16::from_be_bytes))
        .collect::<Result<_, _>>()
        .ok()?;
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_encoded_as_rfc_3501_shows() {
        for (name, encoded) in [
            ("INBOX", "INBOX"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Gelöschte Elemente", "Gel&APY-schte Elemente"),
            ("R&D", "R&-D"),
            ("a\r\nb", "a&AA0ACg-b"),
            ("😀", "&2D3eAA-"),
        ] {
            assert_eq!(encode(name), encoded);
            assert_eq!(decode(encoded), name);
        }
    }

    #[test]
    fn what_is_no_modified_utf_7_is_left_as_it_stands() {
        for odd in ["a&b", "&", "x&*-y", "&AA-"] {
            assert_eq!(decode(odd), odd);
        }
    }

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(mailbox("a\"b\\c\r\nd"), "\"a\\\"b\\\\c&AA0ACg-d\"");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(name in "\\PC*") {
            prop_assert!(encode(&name).is_ascii());
            prop_assert_eq!(decode(&encode(&name)), name);
        }

        #[test]
        fn decoding_never_panics(text in ".*") {
            decode(&text);
        }
    }
}
