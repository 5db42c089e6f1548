//! When a certificate expires: the one thing that is read from it (RFC 5280 section 4.1.2.5).
//!
//! TLS has verified it by then; here it is walked by the lengths of its DER (X.690) as far as the validity. What does not
//! fit is no date.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0] EXPLICIT`: the version, which the first one leaves out.
const VERSION: u8 = 0xa0;

/// `notAfter` of a certificate in DER.
pub(super) fn expires(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (to_be_signed, _) = take(certificate, SEQUENCE)?;
    let rest = take(to_be_signed, VERSION).map_or(to_be_signed, |(_, rest)| rest);
    let (_serial, rest) = take(rest, INTEGER)?;
    let (_signature, rest) = take(rest, SEQUENCE)?;
    let (_issuer, rest) = take(rest, SEQUENCE)?;
    let (validity, _) = take(rest, SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (tag, not_after, _) = element(rest)?;
    time(tag, std::str::from_utf8(not_after).ok()?)
}

/// The content of the first element, if it has that tag, and what follows it.
fn take(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(der)?;
    (tag == wanted).then_some((content, rest))
}

/// Tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        // A length of so many octets; four are more than any certificate has.
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// `YYMMDDHHMMSSZ`, whose years below 50 are of this century, or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let century = match tag {
        UTC_TIME if text.get(..2)?.parse::<u8>().ok()? < 50 => "20",
        UTC_TIME => "19",
        GENERALIZED_TIME => "",
        _ => return None,
    };
    let whole = format!("{century}{text}");
    let at = DateTime::strptime("%Y%m%d%H%M%SZ", whole).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    use openssl::x509::X509;
    use proptest::prelude::*;

    use super::*;

    fn certificate(not_after: &str, version: i32) -> Vec<u8> {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_version(version).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::from_str_x509("20200101000000Z").unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_str_x509(not_after).unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        builder.build().to_der().unwrap()
    }

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_forms_of_time_and_without_a_version() {
        for (written, version, read) in [
            ("20270131235959Z", 2, "2027-01-31T23:59:59Z"),
            ("20491231235959Z", 0, "2049-12-31T23:59:59Z"),
            ("20520229000000Z", 2, "2052-02-29T00:00:00Z"),
        ] {
            let found = expires(&certificate(written, version)).map(|at| at.to_string());
            assert_eq!(found.as_deref(), Some(read), "{written}");
        }
    }

    #[test]
    fn a_certificate_that_is_cut_anywhere_has_no_end_or_its_own() {
        let whole = certificate("20270131235959Z", 2);
        let end = expires(&whole);
        for at in 0..whole.len() {
            let cut = expires(&whole[..at]);
            assert!(cut.is_none() || cut == end, "{at}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_server_shows_is_no_panic(der in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = expires(&der);
        }
    }
}
