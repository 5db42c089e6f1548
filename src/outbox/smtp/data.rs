//! The text of a mail as DATA carries it (RFC 5321 section 4.5.2).

/// The text with CRLF at the end of each line, its leading dots doubled, and the dot that ends it.
pub(super) fn stuffed(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 64 + 5);
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        // A bare CR is no end of a line, but some servers take it for one: what follows could pass for a dot alone.
        out.extend(bare.iter().map(|octet| if *octet == b'\r' { b' ' } else { *octet }));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_by_crlf_and_no_line_of_the_text_ends_the_mail() {
        let table: [(&[u8], &[u8]); 7] = [
            (b"a: b\r\n\r\nx\r\n", b"a: b\r\n\r\nx\r\n.\r\n"),
            (b"x", b"x\r\n.\r\n"),
            (b"", b".\r\n"),
            (b".\r\n..\r\n.x", b"..\r\n...\r\n..x\r\n.\r\n"),
            (b"x\n.\nRSET\n", b"x\r\n..\r\nRSET\r\n.\r\n"),
            // SMTP smuggling (CVE-2023-51764 and its kin).
            (b"x\r.\r\ny\r\n", b"x .\r\ny\r\n.\r\n"),
            (b"x\n.\r\ny\r\n", b"x\r\n..\r\ny\r\n.\r\n"),
        ];
        for (octets, expected) in table {
            assert_eq!(stuffed(octets).escape_ascii().to_string(), expected.escape_ascii().to_string());
        }
    }
}
