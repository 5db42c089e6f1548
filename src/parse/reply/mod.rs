//! What somebody wrote anew: the text without what it answers to and without the signature.
//!
//! Cautious: where an answer stands between or below quoted lines the whole stays, and what would leave nothing is not
//! done. Works on lines, in linear time; the forms of attributions, headers and footers are tables of many languages.

mod attribution;
mod backing;
mod footer;
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
/// `is_answer` tells whether the mail names one that it answers. `html` gives what stands before the quotation in the HTML of the same message, where its structure tells: it is asked
/// only of an answer, if no words of the text introduce a quotation.
pub(super) fn of(text: &str, is_answer: bool, html: impl FnOnce() -> Option<String>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let cut = quote::without(&lines, is_answer);
    let unquoted = match cut.by {
        Sign::Words => cut.head,
        Sign::Marks if !is_answer => cut.head,
        Sign::Marks => html()
            .and_then(|own| structure::head(&lines, &own))
            .map_or(cut.head, |head| quote::without(head, is_answer).head),
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
mod traps;

#[cfg(test)]
mod tests {
    fn of(text: &str) -> String {
        super::of(text, true, || None)
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
            ("answer\n\nOn 2 Nov 2026, at 10:00, Bob wrote:\nold\nolder", "answer"),
            // A signature whose mark lost its blank.
            ("answer\n\n--\nAlice\nCustomer Ltd\n+49 30 555 1234", "answer"),
            ("answer\n\n-- \nAlice\n\n--\nof no use", "answer"),
        ];
        for (text, expected) in table {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn attributions_of_many_programs_introduce_what_is_unmarked() {
        let table = [
            "Support <support@example.org> wrote on 11/26/2026 10:00:00 AM:",
            "Bob Smith/Support/Example wrote on 11/26/2026 10:00:00 AM:",
            "Bob Smith <support@example.org> schrieb am 26.11.2026 10:00:",
            "Bob Smith/Support schrieb am 26.11.2026 10:00:00:",
            "\u{202b}في الخميس، ٢٦ نوفمبر ٢٠٢٦ في ١٠:٠٠ ص تمت كتابة ما يلي بواسطة \u{202a}Support\u{202c}\u{200f} \
             <\u{202a}support@example.org\u{202c}\u{200f}>:\u{202c}",
            "Вы писали 26 ноября 2026 г., 10:00:00:",
            "Wiadomość napisana przez Support <support@example.org> w dniu 26 lis 2026, o godz. 10:00:",
            "Gesendet: Donnerstag, 26. November 2026 um 10:00 Uhr\nVon: \"Support\" <support@example.org>\n\
             An: alice@customer.example\nBetreff: Re: Drucker",
            "Date: Thu, 26 Nov 2026 10:00:00 +0100\nFrom: support@example.org\nTo: alice@customer.example",
            "---- 回复的原邮件 ----\n| 发件人 | Support<support@example.org> |\n| 发送日期 | 2026年11月26日 10:00 |",
            "---- Replied Message ----\n| From | Support<support@example.org> |",
            "At 2026-11-26 10:00:00, \"Support\" <support@example.org> wrote:",
            "On Thursday, 26 November 2026 at 10:00:00 Central European Standard Time,\nThe Support of Example Ltd\n\
             and Sons via Helpdesk\n<support@example.org> wrote:",
            "27.11.2026 10:00 tarihinde Support yazdı:",
            "Support <support@example.org> şunları yazdı (27 Kas 2026 10:00):",
            "2026-11-27 오전 10:00에 Support 이(가) 쓴 글:",
            "2026. 11. 27. 오전 10:00, Support <support@example.org> 작성:",
            "El 27/11/2026 a las 10:00, Support escribió:",
            "Il 27/11/2026 10:00, Support ha scritto:",
        ];
        for introduction in table {
            assert_eq!(of(&format!("answer\n\n{introduction}\n\nold\n\nolder")), "answer", "{introduction}");
        }
    }

    #[test]
    fn footers_of_many_programs_are_left_out() {
        let table = [
            "Sent from my iPhone",
            "Sent from my Samsung Galaxy S21 Ultra 5G.",
            "Sent from Mail <https://go.example/x> for Windows",
            "Sent from Mail for Windows 10",
            "Sent from Yahoo Mail on Android",
            "Sent from my Verizon, Samsung Galaxy smartphone",
            "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
            "Sent with Proton Mail secure email.",
            "Get Outlook for iOS<https://aka.example/x>",
            "Yahoo Mail: Search, Organize, Conquer",
            "Gesendet mit der GMX Mail App",
            "Gesendet von Outlook für Android",
            "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
            "Outlook für Android herunterladen",
            "Envoyé à partir d'Outlook pour iOS",
            "Télécharger Outlook pour Android",
            "Enviado desde Outlook para iOS",
            "Obtener Outlook para Android",
            "Inviato da Yahoo Mail su Android",
            "Verzonden vanaf mijn iPhone",
            "Enviado do meu iPhone",
            "Wysłane z iPhone'a",
            "Отправлено из Яндекс.Почты для Android",
            "تم الإرسال من الـ iPhone الخاص بي",
            "获取 Outlook for iOS",
            "取得 iOS 版 Outlook",
            "iOS 版 Outlook を入手",
            "iOS용 Outlook 다운로드",
            "Android için Outlook’u edinin",
            "下載適用於 iOS 的 Outlook",
            "Sent from my T-Mobile 5G Device\nGet Outlook for Android <https://aka.example/x>",
            "iPhone'umdan gönderildi",
            "发自网易邮箱大师",
            "发自我的华为手机",
            "從我的 iPhone 傳送",
            "Galaxy에서 보냄",
            "Skickat från min iPhone",
            "Lähetetty iPhonesta",
        ];
        for footer in table {
            assert_eq!(of(&format!("answer\n\n{footer}")), "answer", "{footer}");
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
            "answer\n\nOn 2 Nov 2026, Bob wrote:\nold\nolder",
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
