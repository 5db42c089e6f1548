//! Whether a From is what it claims to be, as the own mail server found it: `Authentication-Results` (RFC 8601), DMARC.
//!
//! Only the topmost field with the own `authserv_id` is heeded: those below it may be the sender's. Of it, the results of
//! method `dmarc` count whose `header.from` is the domain of From, or that name none. What the field says of others is
//! not looked at; a field that cannot be read says nothing.

use crate::model::address;

/// What is known of a From.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Nobody looked, or nothing was found.
    Unknown,
    /// `dmarc=pass`.
    Pass,
    /// `dmarc=fail`: whoever wrote it, it is not whom it names.
    Fail,
}

/// What a result says.
#[derive(Debug, Default)]
struct Found {
    passed: bool,
    failed: bool,
}

/// Reads the values of all `Authentication-Results` fields, topmost first.
///
/// `from` is the address of the author.
pub fn of(fields: &[String], authserv_id: &str, from: Option<&str>) -> Authentication {
    let Some((_, domain)) = from.and_then(|from| from.rsplit_once('@')) else {
        return Authentication::Unknown;
    };
    let domain = address::domain_key(domain);
    let own = fields.iter().map(|field| tokens(field)).find(|tokens| is_of(tokens, authserv_id));
    let Some(tokens) = own else { return Authentication::Unknown };
    let mut found = Found::default();
    for result in tokens.split(|token| token == ";") {
        read(result, &domain, &mut found);
    }
    // Two results that disagree are believed in the worse.
    match found {
        Found { failed: true, .. } => Authentication::Fail,
        Found { passed: true, failed: false } => Authentication::Pass,
        Found { passed: false, failed: false } => Authentication::Unknown,
    }
}

/// Whether a field begins with this server's id. Microsoft 365 writes none: there the id is configured as `-`.
fn is_of(tokens: &[String], authserv_id: &str) -> bool {
    let first = tokens.first().map(String::as_str).unwrap_or_default();
    if authserv_id == "-" {
        return tokens.get(1).is_some_and(|second| second == "=");
    }
    // A version may follow the id; the method of a field without id is followed by "=".
    first.eq_ignore_ascii_case(authserv_id) && tokens.get(1).is_none_or(|second| second != "=")
}

/// One result: `dmarc=pass (p=none) header.from=example.org`.
fn read(result: &[String], domain: &str, found: &mut Found) {
    let mut pairs = result.windows(3).filter_map(|window| match window {
        [name, equals, value] if equals == "=" => Some((name.to_ascii_lowercase(), value)),
        _ => None,
    });
    let Some((method, word)) = pairs.next() else { return };
    // `dmarc/1` names a version (section 2.2).
    if method.split('/').next() != Some("dmarc") {
        return;
    }
    let named: Vec<&String> =
        pairs.filter(|(name, _)| name == "header.from").map(|(_, value)| value).collect();
    let is_ours = named.iter().all(|value| {
        let value = value.rsplit_once('@').map_or(value.as_str(), |(_, domain)| domain);
        address::domain_key(value.trim_end_matches('.')) == domain
    });
    match word.to_ascii_lowercase().as_str() {
        "pass" if is_ours => found.passed = true,
        "fail" if is_ours => found.failed = true,
        _ => {}
    }
}

/// Words, `;` and `=`; comments are left out, quoted strings are one word without their quotes.
fn tokens(field: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = String::new();
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for c in field.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                if depth == 0 {
                    word.push(c);
                }
            }
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            ';' | '=' if !quoted => {
                tokens.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                tokens.push(c.to_string());
            }
            c if c.is_whitespace() && !quoted => {
                tokens.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            _ => word.push(c),
        }
    }
    tokens.extend((!word.is_empty()).then_some(word));
    tokens
}

#[cfg(test)]
mod tests {
    use super::Authentication::{Fail, Pass, Unknown};
    use super::*;

    fn read(id: &str, fields: &[&str]) -> Authentication {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        of(&fields, id, Some("alice@customer.example"))
    }

    #[test]
    fn the_forms_of_real_servers_are_read() {
        let table = [
            // OpenDMARC behind Postfix.
            ("mx.example.org; dmarc=pass (p=reject dis=none) header.from=customer.example", Pass),
            ("mx.example.org; dmarc=fail (p=none dis=none) header.from=customer.example", Fail),
            ("mx.example.org; dmarc=none header.from=customer.example", Unknown),
            // rspamd.
            (
                "mx.example.org;\n\tdkim=pass header.d=customer.example header.s=s1 header.b=\"abc=\";\n\tdmarc=pass (policy=quarantine) header.from=customer.example;\n\tspf=pass (mx.example.org: domain of alice@customer.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=alice@customer.example",
                Pass,
            ),
            // Google.
            (
                "mx.example.org;\n dkim=pass header.i=@customer.example header.s=x header.b=Zz;\n spf=pass (domain of x) smtp.mailfrom=x@y;\n dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=customer.example",
                Pass,
            ),
            // A version, other cases, blanks around the sign, a version of the method.
            ("MX.Example.ORG 1; DMARC = PASS header.from = Customer.Example", Pass),
            ("mx.example.org; dmarc/1=pass header.from=customer.example", Pass),
            ("mx.example.org (a (nested) comment; dmarc=fail) ; dmarc=pass", Pass),
            ("mx.example.org; none", Unknown),
            // Of somebody else's domain.
            ("mx.example.org; dmarc=pass header.from=other.example", Unknown),
            ("mx.example.org; dmarc=fail header.from=other.example", Unknown),
            // Not DMARC.
            (
                "mx.example.org; spf=pass smtp.mailfrom=customer.example; dkim=pass header.d=customer.example",
                Unknown,
            ),
            ("mx.example.org; x=\"dmarc=pass\"", Unknown),
            (
                "mx.example.org; dmarc=pass header.from=customer.example; dmarc=fail header.from=customer.example",
                Fail,
            ),
            ("mx.example.org; dmarc=temperror header.from=customer.example", Unknown),
            ("other.example.org; dmarc=pass header.from=customer.example", Unknown),
            ("dmarc=pass header.from=customer.example", Unknown),
            ("", Unknown),
        ];
        for (field, expected) in table {
            assert_eq!(read("mx.example.org", &[field]), expected, "{field}");
        }
        // Exchange Online.
        let microsoft = "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=customer.example; dkim=pass header.d=customer.example;dmarc=pass action=none header.from=customer.example;compauth=pass reason=100";
        assert_eq!(read("-", &[microsoft]), Pass);
        assert_eq!(read("-", &["mx.example.org; dmarc=pass header.from=customer.example"]), Unknown);
        assert_eq!(read("mx.example.org", &[microsoft]), Unknown);
    }

    #[test]
    fn a_domain_is_known_in_either_spelling() {
        let field = ["mx.example.org; dmarc=pass header.from=xn--mnchen-3ya.example".to_owned()];
        assert_eq!(of(&field, "mx.example.org", Some("anna@München.example")), Pass);
        assert_eq!(of(&field, "mx.example.org", Some("anna@munchen.example")), Unknown);
    }

    #[test]
    fn what_stands_below_the_own_servers_word_is_not_heeded() {
        let own = "mx.example.org; dmarc=fail header.from=customer.example";
        let forged = "mx.example.org; dmarc=pass header.from=customer.example";
        let other = "relay.example; dmarc=pass header.from=customer.example";
        assert_eq!(read("mx.example.org", &[own, forged]), Fail);
        assert_eq!(read("mx.example.org", &[other, own, forged]), Fail);
        assert_eq!(read("mx.example.org", &["mx.example.org; spf=pass", forged]), Unknown);
        assert_eq!(read("mx.example.org", &[other]), Unknown);
        assert_eq!(of(&[forged.to_owned()], "mx.example.org", None), Unknown);
        assert_eq!(of(&[forged.to_owned()], "mx.example.org", Some("root")), Unknown);
    }
}
