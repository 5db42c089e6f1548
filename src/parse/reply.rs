//! What somebody wrote anew: the text without what it answers to and without the signature.
//!
//! Cautious: where an answer stands between or below quoted lines the whole stays, and what would leave nothing is not
//! done. Works on lines, in linear time.

/// The part of a cleaned text that is new; never empty where the text is not.
pub(super) fn of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let kept = without_quote(&lines);
    let kept = without_signature(kept);
    let reply = kept.join("\n");
    let reply = reply.trim_matches('\n').trim_end();
    if reply.trim().is_empty() { text.to_owned() } else { reply.to_owned() }
}

/// Cuts at the first introduction of a quote below which nothing is written, else the quoted lines at the end.
fn without_quote<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let last_own = lines.iter().rposition(|line| is_own(line));
    let last_quoted_run = last_own.map_or(0, |at| at + 1);
    for at in 0..lines.len() {
        let rest = lines.get(at..).unwrap_or_default();
        // What is forwarded is news to the reader, its header block included.
        if rest.first().is_some_and(|line| is_forward(line)) {
            return lines;
        }
        let Some(length) = introduction(rest) else { continue };
        let quote = rest.get(length..).unwrap_or_default();
        let marked = quote.iter().find(|line| !line.trim().is_empty()).is_some_and(|line| is_quoted(line));
        let head = lines.get(..at).unwrap_or_default();
        // Below a marked quote anything unmarked is an answer; an unmarked quote goes on to the end.
        let answered = marked && last_own.is_some_and(|own| own >= at + length && !is_only_signature(quote));
        if answered {
            return lines;
        }
        if head.iter().any(|line| is_own(line)) {
            return head;
        }
        return lines;
    }
    let head = lines.get(..last_quoted_run).unwrap_or_default();
    let interleaved = head.iter().any(|line| is_quoted(line));
    if interleaved { lines } else { head }
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn is_own(line: &str) -> bool {
    !line.trim().is_empty() && !is_quoted(line)
}

/// Whether all that is unmarked below a quote is a signature.
fn is_only_signature(quote: &[&str]) -> bool {
    let first_own = quote.iter().position(|line| is_own(line));
    first_own.and_then(|at| quote.get(at)).is_some_and(|line| is_signature_mark(line))
}

fn is_signature_mark(line: &str) -> bool {
    line == "-- " || line == "--"
}

/// Cuts at the last signature mark (RFC 3676 section 4.3), if something stands above it and only a little below.
fn without_signature<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    const LONGEST: usize = 20;
    let Some(at) = lines.iter().rposition(|line| is_signature_mark(line)) else { return lines };
    let (head, signature) = lines.split_at(at);
    let sound = signature.len() <= LONGEST
        && !signature.iter().any(|line| is_quoted(line))
        && head.iter().any(|line| !line.trim().is_empty());
    if sound { head } else { lines }
}

/// How many lines introduce a quote here, if any do.
fn introduction(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?.trim();
    if first.is_empty() || is_quoted(first) {
        return None;
    }
    attribution(lines).or_else(|| is_separator(first).then_some(1)).or_else(|| header_block(lines))
}

/// `On Monday, Alice wrote:` in several languages, wrapped over at most three lines.
fn attribution(lines: &[&str]) -> Option<usize> {
    const FORMS: [(&str, &str); 11] = [
        ("On ", " wrote"),
        ("Am ", " schrieb"),
        ("Le ", " a écrit"),
        ("El ", " escribió"),
        ("Il ", " ha scritto"),
        ("Op ", " schreef"),
        ("Em ", " escreveu"),
        ("A ", " escreveu"),
        ("Den ", " skrev"),
        ("Dne ", " napsal"),
        ("W dniu ", " napisał"),
    ];
    const NAMED: [&str; 3] = [" wrote:", " schrieb:", " a écrit :"];
    const LONGEST: usize = 400;
    let length = 1 + lines.iter().take(3).position(|line| line.trim_end().ends_with(':'))?;
    let parts: Vec<&str> = lines.iter().take(length).map(|line| line.trim()).collect();
    if parts.iter().any(|line| line.is_empty() || line.len() > LONGEST || is_quoted(line)) {
        return None;
    }
    let sentence = parts.join(" ");
    let dated = sentence.chars().any(|c| c.is_ascii_digit() || c == '@');
    let formed = FORMS.iter().any(|(start, verb)| sentence.starts_with(start) && sentence.contains(verb));
    // Without a date in front: `Alice <alice@example.org> wrote:`.
    let named = sentence.contains('@') && NAMED.iter().any(|verb| sentence.ends_with(verb));
    (dated && (formed || named)).then_some(length)
}

/// `-----Original Message-----` and its translations.
fn is_separator(line: &str) -> bool {
    const TITLES: [&str; 9] = [
        "original message",
        "ursprüngliche nachricht",
        "originalnachricht",
        "message d'origine",
        "message original",
        "mensaje original",
        "messaggio originale",
        "oorspronkelijk bericht",
        "mensagem original",
    ];
    if !line.starts_with("--") || !line.ends_with("--") || line.len() > 100 {
        return false;
    }
    let title = line.trim_matches(|c: char| c == '-' || c.is_whitespace()).to_lowercase();
    TITLES.contains(&title.as_str())
}

/// `---------- Forwarded message ---------`, `Begin forwarded message:` and translations.
fn is_forward(line: &str) -> bool {
    const TITLES: [&str; 8] = [
        "forwarded message",
        "begin forwarded message",
        "weitergeleitete nachricht",
        "message transféré",
        "mensaje reenviado",
        "messaggio inoltrato",
        "doorgestuurd bericht",
        "mensagem encaminhada",
    ];
    let marked = line.starts_with("--") || line.ends_with(':');
    let title = line.trim_matches(|c: char| matches!(c, '-' | ':') || c.is_whitespace());
    marked && line.len() <= 100 && TITLES.contains(&title.to_lowercase().as_str())
}

/// The header block that Outlook writes, with or without a rule above.
fn header_block(lines: &[&str]) -> Option<usize> {
    const FROM: [&str; 4] = ["from", "von", "de", "da"];
    const OTHERS: [&str; 25] = [
        "sent",
        "date",
        "to",
        "subject",
        "cc",
        "gesendet",
        "datum",
        "an",
        "betreff",
        "envoyé",
        "à",
        "objet",
        "enviado",
        "para",
        "asunto",
        "fecha",
        "inviato",
        "a",
        "oggetto",
        "data",
        "verzonden",
        "aan",
        "onderwerp",
        "assunto",
        "enviada em",
    ];
    let ruled = lines
        .first()
        .is_some_and(|line| line.trim().len() >= 10 && line.trim().chars().all(|c| c == '_' || c == '-'));
    let skipped =
        usize::from(ruled) + usize::from(ruled && lines.get(1).is_some_and(|line| line.trim().is_empty()));
    let block = lines.get(skipped..)?;
    let from = label(block.first()?)?;
    if !FROM.contains(&from.as_str()) && from != "van" {
        return None;
    }
    let others = block.iter().skip(1).take(6).filter_map(|line| label(line));
    (others.filter(|name| OTHERS.contains(&name.as_str())).count() >= 2).then_some(skipped + 1)
}

/// `Sent` of `*Sent:* Monday`, in lower case.
fn label(line: &str) -> Option<String> {
    let (name, _) = line.trim().split_once(':')?;
    let name = name.trim_matches(|c: char| c == '*' || c.is_whitespace());
    (!name.is_empty() && name.len() <= 20).then(|| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_signatures_are_left_out() {
        let table = [
            ("answer", "answer"),
            ("answer\n\nOn Mon, 2 Nov 2026 at 10:00, Alice <a@b.example> wrote:\n> old\n> older", "answer"),
            ("answer\n\nOn Mon, 2 Nov 2026 at 10:00, Alice\n<a@b.example> wrote:\n\n> old", "answer"),
            ("Antwort\n\nAm 02.11.2026 um 10:00 schrieb Alice:\n> alt", "Antwort"),
            ("Réponse\n\nLe lun. 2 nov. 2026 à 10:00, Alice a écrit :\n> vieux", "Réponse"),
            ("Respuesta\n\nEl lun, 2 nov 2026 a las 10:00, Alice escribió:\n> viejo", "Respuesta"),
            ("Risposta\n\nIl giorno lun 2 nov 2026 alle 10:00 Alice ha scritto:\n> vecchio", "Risposta"),
            ("Antwoord\n\nOp ma 2 nov 2026 om 10:00 schreef Alice:\n> oud", "Antwoord"),
            ("Resposta\n\nEm seg., 2 de nov. de 2026 às 10:00, Alice escreveu:\n> velho", "Resposta"),
            ("answer\n\nAlice <a@b.example> wrote:\n> old", "answer"),
            ("answer\n\n-----Original Message-----\nFrom: x\nold", "answer"),
            ("Antwort\n-----Ursprüngliche Nachricht-----\nalt", "Antwort"),
            ("answer\n\nFrom: Alice\nSent: Monday\nTo: Bob\nSubject: x\n\nold", "answer"),
            (
                "Antwort\n________________________________\nVon: Alice\nGesendet: Montag\nAn: Bob\n\nalt",
                "Antwort",
            ),
            ("answer\n> old\n>\n> older\n", "answer"),
            ("answer\n-- \nAlice\n555 1234", "answer"),
            ("answer\n-- \nAlice\n\nOn 2 Nov 2026, Bob wrote:\n> old", "answer"),
            ("answer\n\nOn 2 Nov 2026, Bob wrote:\n> old\n\n-- \nAlice", "answer"),
            // An unmarked quote goes on to the end.
            ("answer\n\nOn 2 Nov 2026, Bob wrote:\nold\nolder", "answer"),
        ];
        for (text, expected) in table {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_new_stays_whole() {
        let table = [
            // Answers between and below.
            "On 2 Nov 2026, Bob wrote:\n> one?\nyes\n> two?\nno",
            "On 2 Nov 2026, Bob wrote:\n> old\n\nanswer below",
            "> one?\nyes\n> two?",
            // Nothing but a quote.
            "> old\n> older",
            "On 2 Nov 2026, Bob wrote:\n> old",
            "-----Original Message-----\nold",
            "-- \nAlice",
            "",
            // Only looks like an introduction.
            "On the printer somebody wrote: broken\nplease mend it",
            "On Monday he wrote:\nmend it",
            "From: the boss\nwith love",
            "---------- Forwarded message ---------\nFrom: a\nlook at this",
            "FYI\n\n---------- Forwarded message ---------\nFrom: a\nDate: b\nSubject: c\nTo: d\n\nnews",
            "FYI\n\nBegin forwarded message:\n\nFrom: a\nDate: b\nSubject: c\nTo: d\n\nnews",
        ];
        for text in table {
            assert_eq!(of(text), text);
        }
    }

    #[test]
    fn long_texts_are_read_in_linear_time() {
        for line in
            ["On 1\n", "> x\n", "From: x\n", "-- \n", "x\n> y\n", "On 2 Nov 2026, Bob wrote:\n> old\nnew\n"]
        {
            assert!(!of(&line.repeat(400_000 / line.len())).is_empty());
        }
    }
}
