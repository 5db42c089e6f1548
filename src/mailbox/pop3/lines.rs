//! Lines of LIST, UIDL, STAT and CAPA; what does not follow the protocol is no entry. `fuzz/` takes this file as it is.

/// `NUMBER SIZE` of LIST and STAT (RFC 1939 section 5); what follows is the server's own affair.
pub fn pair(line: &[u8]) -> Option<(u32, u64)> {
    let mut words = words(line);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// `NUMBER UNIQUE-ID` of UIDL (RFC 1939 section 7): one to 70 characters from 0x21 to 0x7E.
pub fn unique_id(line: &[u8]) -> Option<(u32, &str)> {
    let mut words = words(line);
    let (number, id) = (words.next()?.parse().ok()?, words.next()?);
    let fits = words.next().is_none() && id.len() <= 70 && id.bytes().all(|octet| octet.is_ascii_graphic());
    fits.then_some((number, id))
}

/// A line of CAPA in capitals, its words a blank apart (RFC 2449 section 5).
pub fn capability(line: &[u8]) -> Option<String> {
    let words: Vec<&str> = words(line).collect();
    (!words.is_empty()).then(|| words.join(" ").to_ascii_uppercase())
}

/// The words of a line; none if it is not UTF-8.
fn words(line: &[u8]) -> impl Iterator<Item = &str> {
    str::from_utf8(line).unwrap_or_default().split_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entry_is_none() {
        for (line, expected) in [
            (&b"1 120"[..], Some((1, 120))),
            (b" 2  200  extra", Some((2, 200))),
            (b"4294967295 18446744073709551615", Some((u32::MAX, u64::MAX))),
            (b"4294967296 1", None),
            (b"1", None),
            (b"1 -5", None),
            (b"", None),
            (b"\xff 1", None),
        ] {
            assert_eq!(pair(line), expected, "{}", line.escape_ascii());
        }
        let seventy = format!("7 {}", "x".repeat(70));
        for (line, expected) in [
            (&b"1 whqtswO00WBw418f9t5JxYwZ"[..], Some((1, "whqtswO00WBw418f9t5JxYwZ"))),
            (b"2 !~", Some((2, "!~"))),
            (seventy.as_bytes(), Some((7, &seventy[2..]))),
            (format!("{seventy}x").as_bytes(), None),
            (b"3", None),
            (b"3 a b", None),
            ("3 ü".as_bytes(), None),
            (b"x a", None),
        ] {
            assert_eq!(unique_id(line), expected, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn capabilities_are_in_capitals() {
        assert_eq!(capability(b"sasl  Plain LOGIN "), Some("SASL PLAIN LOGIN".to_owned()));
        assert_eq!(capability(b" "), None);
    }
}
