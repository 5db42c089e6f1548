//! The subject: one line, of bounded length, with the ticket's tag once and first.

use crate::model::ids::TicketRef;

use super::values::line;

/// The subject with the tag `[support-12]`, whatever a template or a title says of it.
pub(super) fn tagged(subject: &str, ticket: &TicketRef) -> String {
    let mut rest = subject.to_owned();
    // What is taken out may join what stood around it to another tag.
    while let Some(shorter) = without_tag(&rest, ticket) {
        rest = shorter;
    }
    let rest = line(&rest);
    let tag = format!("[{ticket}]");
    if rest.is_empty() { tag } else { format!("{tag} {rest}") }
}

/// The text without the first tag of that ticket; `None` if there is none.
fn without_tag(text: &str, ticket: &TicketRef) -> Option<String> {
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find('[')).map(|at| from + at) {
        let inner = text.get(start + 1..)?;
        let end = inner.find(['[', ']'])?;
        let (name, behind) = inner.split_at(end);
        if behind.starts_with(']') && names(name.trim(), ticket) {
            return Some(format!("{} {}", text.get(..start)?, behind.get(1..)?));
        }
        from = start + 1;
    }
    None
}

fn names(name: &str, ticket: &TicketRef) -> bool {
    name.rsplit_once('-').is_some_and(|(slug, number)| {
        slug.eq_ignore_ascii_case(ticket.queue.as_str())
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && number.parse() == Ok(ticket.id.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::TicketId;

    #[test]
    fn the_tag_stands_once_and_first() {
        let ticket = TicketRef { queue: "support".parse().unwrap(), id: TicketId(12) };
        let table = [
            ("Printer", "[support-12] Printer"),
            ("Re: [support-12] Printer", "[support-12] Re: Printer"),
            ("[SUPPORT-12] [ support-0012 ] Printer", "[support-12] Printer"),
            ("[[support-12]support-12] x", "[support-12] x"),
            ("[sales-3] Printer [x", "[support-12] [sales-3] Printer [x"),
            ("[support-123] a", "[support-12] [support-123] a"),
            (" \r\n", "[support-12]"),
            ("a\r\nBcc: b", "[support-12] a Bcc: b"),
        ];
        for (subject, expected) in table {
            assert_eq!(tagged(subject, &ticket), expected, "{subject:?}");
        }
    }
}
