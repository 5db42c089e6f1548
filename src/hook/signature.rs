//! Signatures of webhooks, as the Standard Webhooks specification 1.0 has them (symmetric, `v1`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The fewest octets of a secret by the specification.
const LEAST: usize = 24;

/// A signing key; it cannot be printed.
pub(super) struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Why a text holds no signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoKey {
    #[error("the secret is not written as whsec_ and base64")]
    Form,
    #[error("the secret is shorter than {LEAST} octets")]
    Short,
}

/// Reads secrets, separated by blanks: `whsec_` and base64 each.
pub(super) fn keys(text: &str) -> Result<Vec<Key>, NoKey> {
    let keys: Vec<Key> = text.split_whitespace().map(key).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(NoKey::Form) } else { Ok(keys) }
}

fn key(word: &str) -> Result<Key, NoKey> {
    let octets =
        word.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok()).ok_or(NoKey::Form)?;
    if octets.len() < LEAST { Err(NoKey::Short) } else { Ok(Key(octets)) }
}

/// The value of `webhook-signature`: a signature by each key, so that a receiver may have the old or the new one.
pub(super) fn sign(keys: &[Key], id: &str, second: i64, body: &str) -> String {
    let signed = format!("{id}.{second}.{body}");
    let one = |key: &Key| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
        mac.update(signed.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    keys.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_example_of_the_specifications_libraries_is_signed_alike() {
        let keys = keys(SECRET).unwrap();
        let signature = sign(&keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn with_an_old_and_a_new_secret_there_is_a_signature_by_each() {
        let other = format!("whsec_{}", STANDARD.encode([7; 32]));
        let both = sign(&keys(&format!("{other} {SECRET}")).unwrap(), "msg_a", 1, "{}");
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, sign(&keys(&other).unwrap(), "msg_a", 1, "{}"));
        assert_eq!(second, sign(&keys(SECRET).unwrap(), "msg_a", 1, "{}"));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_shown() {
        for (text, why) in [
            ("", NoKey::Form),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NoKey::Form),
            ("whsec_#", NoKey::Form),
            ("whsec_c2hvcnQ=", NoKey::Short),
        ] {
            assert_eq!(keys(text).unwrap_err(), why, "{text}");
        }
        assert_eq!(format!("{:?}", keys(SECRET).unwrap()), "[Key(…)]");
    }
}
