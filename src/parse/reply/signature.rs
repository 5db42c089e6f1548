//! Signatures: below their mark (RFC 3676 section 4.3), and the footers that telephones add.

use super::{is_own, is_quoted};

/// The longest signature, in lines.
const LONGEST: usize = 20;

/// How footers of mail programs begin, in lower case.
const FOOTERS: [&str; 52] = [
    "sent from my ",
    "sent from mail for ",
    "sent from outlook",
    "sent from yahoo",
    "sent from gmail",
    "sent from samsung",
    "sent from proton",
    "sent via ",
    "sent with proton",
    "get outlook for ",
    "von meinem ",
    "von meiner ",
    "gesendet von ",
    "gesendet mit ",
    "diese nachricht wurde von meinem ",
    "outlook für ",
    "envoyé de mon ",
    "envoyé depuis ",
    "envoyé à partir ",
    "télécharger outlook pour",
    "obtenez outlook pour",
    "enviado desde mi ",
    "enviado desde ",
    "obtener outlook para",
    "inviato da ",
    "inviato dal mio ",
    "scarica outlook per",
    "ottieni outlook per",
    "verzonden vanaf ",
    "verstuurd vanaf ",
    "verzonden met ",
    "outlook voor ",
    "enviado do meu ",
    "enviado a partir ",
    "enviado através ",
    "obter o outlook para",
    "wysłane z ",
    "wysłano z ",
    "pobierz aplikację outlook",
    "отправлено с ",
    "отправлено из ",
    "скачать outlook для",
    "أُرسلت من",
    "أرسلت من",
    "مرسل من",
    "发自我的",
    "发送自我的",
    "從我的",
    "傳送自我的",
    "나의 ",
    "skickat från min ",
    "sendt fra min ",
];

/// How such footers end, where the language puts the verb last.
const FOOTER_ENDS: [&str; 9] = [
    "から送信",
    "から送信しました",
    "에서 보냄",
    "에서 보냈습니다",
    "gönderildi",
    "gesendet",
    "傳送",
    "发送",
    "lähetetty",
];

/// Cuts the signature and the footer, if something stands above.
pub(super) fn without<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let lines = without_marked(lines);
    without_footer(lines)
}

/// `-- `, also where its blank was lost.
pub(super) fn is_mark(line: &str) -> bool {
    line == "-- " || line == "--"
}

/// Whether all that is unmarked among these lines is a signature.
pub(super) fn is_all_of(quote: &[&str]) -> bool {
    let first_own = quote.iter().position(|line| is_own(line));
    let Some(below) = first_own.and_then(|at| quote.get(at..)) else { return false };
    below.first().is_some_and(|line| is_mark(line) || is_footer(line))
}

fn without_marked<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let Some(at) = lines.iter().rposition(|line| is_mark(line)) else { return lines };
    let (head, signature) = lines.split_at(at);
    let sound = signature.len() <= LONGEST
        && !signature.iter().any(|line| is_quoted(line))
        && head.iter().any(|line| !line.trim().is_empty());
    if sound { head } else { lines }
}

/// The last line that says anything, and a rule above it.
fn without_footer<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let Some(last) = lines.iter().rposition(|line| !line.trim().is_empty()) else { return lines };
    if !lines.get(last).is_some_and(|line| is_footer(line)) {
        return lines;
    }
    let head = lines.get(..last).unwrap_or_default();
    let ruled = head.iter().rposition(|line| !line.trim().is_empty()).filter(|at| {
        head.get(*at)
            .is_some_and(|line| line.trim().len() >= 3 && line.trim().chars().all(|c| "-_—".contains(c)))
    });
    let head = ruled.and_then(|at| head.get(..at)).unwrap_or(head);
    if head.iter().any(|line| !line.trim().is_empty()) { head } else { lines }
}

fn is_footer(line: &str) -> bool {
    const SHORT: usize = 120;
    let line = line.trim().to_lowercase();
    let device = || {
        ["phone", "pad", "android", "galaxy", "mobile", "handy", "smartphone", "outlook"]
            .iter()
            .any(|word| line.contains(word))
    };
    line.len() <= SHORT
        && (FOOTERS.iter().any(|start| line.starts_with(start))
            && (line.contains("outlook") || line.len() <= 80)
            || FOOTER_ENDS.iter().any(|end| line.trim_end_matches('.').ends_with(end)) && device())
}
