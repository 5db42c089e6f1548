//! The encoding from before MIME (POSIX `uuencode`), which some gateways still write as `x-uuencode`.

use super::fields::cut_line;

/// How much longer than its code the data may get, in octets: short lines stand for zeros, without end if need be.
const ZEROS: usize = 1024 * 1024;

/// The octets between `begin` and `end`, and whether both were there; `None` if nothing begins.
pub(super) fn decode(body: &[u8]) -> (Option<Vec<u8>>, bool) {
    let mut rest = body;
    loop {
        let (line, after) = cut_line(rest);
        if rest.is_empty() {
            return (None, false);
        }
        rest = after;
        if line.starts_with(b"begin ") {
            break;
        }
    }
    let mut out = Vec::with_capacity(rest.len() / 4 * 3);
    while !rest.is_empty() {
        let (line, after) = cut_line(rest);
        if line == b"end" {
            return (Some(out), true);
        }
        if let Some((length, data)) = line.split_first() {
            if out.len() > body.len() + ZEROS {
                return (Some(out), false);
            }
            decode_line(usize::from(sextet(*length)), data, &mut out);
        }
        rest = after;
    }
    (Some(out), false)
}

/// Blanks at the end of a line, which transport takes away, stand for zeros.
fn decode_line(length: usize, data: &[u8], out: &mut Vec<u8>) {
    let end = out.len() + length;
    for group in data.chunks(4) {
        let at = |index: usize| u32::from(group.get(index).map_or(0, |byte| sextet(*byte)));
        let [_, a, b, c] = (at(0) << 18 | at(1) << 12 | at(2) << 6 | at(3)).to_be_bytes();
        out.extend([a, b, c]);
    }
    out.resize(end, 0);
}

fn sextet(byte: u8) -> u8 {
    byte.wrapping_sub(b' ') & 0x3f
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_code_does_not_become_much_data() {
        let body = [b"begin 644 x\n".as_slice(), &b"~\n".repeat(1_000_000)].concat();
        let (data, clean) = decode(&body);
        assert!(data.unwrap().len() < body.len() + 2 * ZEROS && !clean);
    }

    type Row = (&'static [u8], Option<&'static [u8]>, bool);

    #[test]
    fn files_are_decoded() {
        let table: [Row; 6] = [
            (b"begin 644 x\n%:&%L;&\\\n`\nend\n", Some(b"hallo"), true),
            (b"Hello,\r\nbegin 644 x\r\n%:&%L;&\\\r\n \r\nend\r\n", Some(b"hallo"), true),
            (b"begin 644 x\n%:&%L;&\\\n", Some(b"hallo"), false),
            (b"begin 644 x\n$````\nend", Some(b"\0\0\0\0"), true),
            (b"nothing", None, false),
            (b"", None, false),
        ];
        for (body, octets, clean) in table {
            assert_eq!(
                decode(body),
                (octets.map(<[u8]>::to_vec), clean),
                "{}",
                String::from_utf8_lossy(body)
            );
        }
    }
}
