//! OpenPGP in the text itself (RFC 9580 section 7): what was signed in the clear is shown without its armor.

const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const SIGNATURE_END: &str = "-----END PGP SIGNATURE-----";
const ENCRYPTED: &str = "-----BEGIN PGP MESSAGE-----";

/// Whether a line begins an encrypted message.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == ENCRYPTED)
}

/// Where a line of the text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spot {
    Outside,
    /// `Hash: SHA256` and the like.
    Head,
    Signed,
    Signature,
}

/// The text without armor and dashes; `None` if nothing in it is signed. A signature that never ends is kept.
pub(super) fn unwrap(text: &str) -> Option<String> {
    if !text.lines().any(|line| line.trim_end() == SIGNED) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    // Where the signature began that is being left out.
    let mut signature = 0;
    let mut spot = Spot::Outside;
    for (at, line) in lines(text) {
        let bare = line.trim_end();
        spot = match spot {
            Spot::Outside | Spot::Signed if bare == SIGNED => Spot::Head,
            Spot::Head if bare.is_empty() => Spot::Signed,
            Spot::Signed if bare == SIGNATURE => {
                signature = at;
                Spot::Signature
            }
            Spot::Signature if bare == SIGNATURE_END => Spot::Outside,
            Spot::Outside => {
                out.push_str(line);
                spot
            }
            Spot::Signed => {
                out.push_str(line.strip_prefix("- ").unwrap_or(line));
                spot
            }
            Spot::Head | Spot::Signature => spot,
        };
    }
    if spot == Spot::Signature {
        out.push_str(text.get(signature..).unwrap_or_default());
    }
    Some(out)
}

/// The lines with their ends, and where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |next, line| {
        let at = *next;
        *next += line.len();
        Some((at, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_in_the_clear_is_shown_bare() {
        let table = [
            ("hello", None),
            (
                "before\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n- -- \n- -x\n\
                 -----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\nafter",
                Some("before\nhello\n-- \n-x\nafter"),
            ),
            ("-----BEGIN PGP SIGNED MESSAGE-----\n\nhello\n", Some("hello\n")),
            (
                "-----BEGIN PGP SIGNED MESSAGE-----\n\na\n-----BEGIN PGP SIGNATURE-----\nb",
                Some("a\n-----BEGIN PGP SIGNATURE-----\nb"),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(unwrap(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn encrypted_text_is_known() {
        assert!(is_encrypted("x\n-----BEGIN PGP MESSAGE-----\n\nabc"));
        assert!(!is_encrypted("> -----BEGIN PGP MESSAGE-----"));
    }
}
