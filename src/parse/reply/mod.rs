//! What somebody wrote anew: the text without what it answers to and without the signature.
//!
//! Cautious: where an answer stands between or below quoted lines the whole stays, and what would leave nothing is not
//! done. Works on lines, in linear time; the forms of attributions, headers and footers are tables of many languages.

mod attribution;
mod forwarded;
mod header_block;
mod quote;
mod separator;
mod signature;
mod structure;

pub(super) use forwarded::{Mark, find as forwarded};
use quote::Sign;

/// The part of a cleaned text that is new; never empty where the text is not.
///
/// `html` gives what stands before the quotation in the HTML of the same message, where its structure tells: it is asked
/// only if no words of the text introduce a quotation.
pub(super) fn of(text: &str, html: impl FnOnce() -> Option<String>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let cut = quote::without(&lines);
    let unquoted = match cut.by {
        Sign::Words => cut.head,
        Sign::Marks => html()
            .and_then(|own| structure::head(&lines, &own))
            .map_or(cut.head, |head| quote::without(head).head),
    };
    let kept = signature::without(unquoted);
    let reply = kept.join("\n");
    let reply = reply.trim_matches('\n').trim_end();
    if reply.trim().is_empty() { text.to_owned() } else { reply.to_owned() }
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn is_own(line: &str) -> bool {
    !line.trim().is_empty() && !is_quoted(line)
}

#[cfg(test)]
mod tests {
    fn of(text: &str) -> String {
        super::of(text, || None)
    }

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
            ("answer\n\nOn 2 Nov 2026, Bob wrote:\n\n> Begin forwarded message:\n>\n> From: a", "answer"),
            ("answer\n> old\n> Begin forwarded message:\n>\n> From: a", "answer"),
            ("answer\n-- \nAlice\n555 1234", "answer"),
            ("answer\n-- \nAlice\n\nOn 2 Nov 2026, Bob wrote:\n> old", "answer"),
            ("answer\n\nOn 2 Nov 2026, Bob wrote:\n> old\n\n-- \nAlice", "answer"),
            ("answer\n\n##- Please write your reply above this line -##\n\nold", "answer"),
            ("answer\n\n> ##- Bitte oberhalb dieser Zeile antworten -##\n> old\n", "answer"),
            ("On it.\n\nSent from my iPhone\n\nOn 2 Nov 2026, Bob wrote:\n> old", "On it."),
            ("Danke!\n\nVon meinem iPhone gesendet", "Danke!"),
            ("了解\n\niPhoneから送信", "了解"),
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
            "Sent from my iPhone",
            "Please tell me how this was sent from my phone",
            "> ##- Please write above -##\n> one?\nyes",
            "",
            // Only looks like an introduction.
            "On the printer somebody wrote: broken\nplease mend it",
            "On Monday he wrote:\nmend it",
            "From: the boss\nwith love",
            "---------- Forwarded message ---------\nFrom: a\nlook at this",
            "FYI\n\n---------- Forwarded message ---------\nFrom: a\nDate: b\nSubject: c\nTo: d\n\nnews",
            "FYI\n\nBegin forwarded message:\n\nFrom: a\nDate: b\nSubject: c\nTo: d\n\nnews",
            "FYI\n\n> Begin forwarded message:\n>\n> From: a\n> Date: b\n> Subject: c\n> To: d\n>\n> news",
        ];
        for text in table {
            assert_eq!(of(text), text);
        }
    }

    #[test]
    fn long_texts_are_read_in_linear_time() {
        for line in [
            "On 1\n",
            "> x\n",
            "> Begin forwarded message:\n",
            ">\n> Begin forwarded message:\n",
            "From: x\n",
            "-- \n",
            "x\n> y\n",
            "On 2 Nov 2026, Bob wrote:\n> old\nnew\n",
        ] {
            assert!(!of(&line.repeat(400_000 / line.len())).is_empty());
        }
    }
}
