//! `On Monday, Alice wrote:` in many languages, wrapped over at most four lines.
//!
//! A sentence counts that ends in a colon, tells a date, a time or an address, and holds the words of its language; the
//! forms are those that Gmail, Apple Mail, Thunderbird, Outlook, Notes and their like write.

use super::super::clean;
use super::backing;
use super::quote::Introduction;

/// The longest line, in octets.
const LONGEST: usize = 600;

/// The most lines.
const LINES: usize = 4;

/// A beginning and a word that must follow.
const FORMS: [(&str, &str); 32] = [
    ("On ", " wrote"),
    ("At ", " wrote"),
    ("Am ", " schrieb"),
    ("Le ", " a écrit"),
    ("El ", " escribió"),
    ("Il ", " ha scritto"),
    ("In data ", " ha scritto"),
    ("Il giorno ", " ha scritto"),
    ("Op ", " schreef"),
    ("Op ", " geschreven"),
    ("Em ", " escreveu"),
    ("A ", " escreveu"),
    ("No dia ", " escreveu"),
    ("Den ", " skrev"),
    ("På ", " skrev"),
    ("Dne ", " napsal"),
    ("Dňa ", " napísal"),
    ("W dniu ", " napisa"),
    ("Dnia ", " napisa"),
    ("Wiadomość napisana przez ", " w dniu "),
    ("Вы писали ", " "),
    ("Ви писали ", " "),
    ("Pada ", " menulis"),
    ("Vào ", " đã viết"),
    ("În data ", " a scris"),
    ("La data ", " a scris"),
    ("Στις ", " έγραψε"),
    ("В ", " пишет"),
    ("بتاريخ ", "كتب"),
    ("في ", "كتب"),
    ("في ", "تمت كتابة ما يلي بواسطة"),
    ("ב", "כתב"),
];

/// Words that end the sentence, before the colon.
const ENDS: [&str; 46] = [
    " wrote",
    " schrieb",
    " a écrit",
    " escribió",
    " ha scritto",
    " scrive",
    " schreef",
    " schreef het volgende",
    " escreveu",
    " skrev",
    " napsal",
    " napsal(a)",
    " napisał",
    " napisała",
    " napisał(a)",
    " pisze",
    " kirjoitti",
    " írta",
    " ezt írta",
    " пишет",
    " написал",
    " написала",
    " написал(а)",
    " писал",
    " пише",
    " написав",
    " şunu yazdı",
    " yazdı",
    " şunları yazdı",
    " έγραψε",
    "כתב",
    "كتب",
    "كتبت",
    "写道",
    "寫道",
    "撰写",
    "さんは書きました",
    "は書きました",
    "のメール",
    "님이 작성",
    "님이 작성한 메시지",
    "쓴 글",
    "님이 쓴 글",
    "작성",
    " menulis",
    " đã viết",
];

/// The words of Notes between the author and the date: `Alice Smith/Sales wrote on 11/26/2026 10:00:00 AM:`.
const BETWEEN: [&str; 9] = [
    " wrote on ",
    " schrieb am ",
    " a écrit le ",
    " a écrit sur ",
    " escribió el ",
    " ha scritto il ",
    " schreef op ",
    " escreveu em ",
    " skrev den ",
];

/// The attribution at the beginning, if there is one.
pub(super) fn find(lines: &[&str]) -> Option<Introduction> {
    let length = 1 + lines.iter().take(LINES).position(|line| ends_in_colon(line))?;
    let parts: Vec<&str> = lines.iter().take(length).map(|line| line.trim_matches(is_around)).collect();
    if parts.iter().any(|line| line.is_empty() || line.len() > LONGEST || super::is_quoted(line)) {
        return None;
    }
    // Chinese and Japanese are wrapped in the middle of words.
    let sentence = parts.join(" ");
    let bare = bare(&sentence);
    let backed = backing::has_address(&sentence) || backing::has_full_date(&sentence);
    let dated = backed || sentence.chars().any(char::is_numeric);
    let formed = FORMS.iter().any(|(start, verb)| sentence.starts_with(start) && sentence.contains(verb));
    let is_one = (dated && formed)
        || is_address_behind_date(bare)
        || (dated && is_one_sentence(&parts) && (ends(bare) || has_date_behind_verb(bare)));
    // What people wrap themselves begins with other words.
    (is_one && (length == 1 || backed)).then_some(Introduction { length, backed })
}

/// Blanks, marks of direction (Unicode TR 9), and those of bold and italic text.
fn is_around(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '*' | '_' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || clean::is_override(letter)
}

fn bare(sentence: &str) -> &str {
    sentence.trim_end_matches(|letter| is_around(letter) || matches!(letter, ':' | '：'))
}

fn ends_in_colon(line: &str) -> bool {
    line.trim_end_matches(is_around).ends_with([':', '：'])
}

/// Whether a word of writing stands before the colon.
pub(super) fn ends(sentence: &str) -> bool {
    let bare = bare(sentence);
    ENDS.iter().any(|verb| bare.ends_with(verb))
}

/// `Alice <alice@example.org> escreveu (sexta, 27/11/2026 10:00):`, and [`BETWEEN`].
fn has_date_behind_verb(bare: &str) -> bool {
    let behind = bare.split_once("> ").map_or("", |(_, behind)| behind);
    let in_brackets = ENDS
        .iter()
        .any(|verb| behind.strip_prefix(verb.trim_start()).is_some_and(|date| date.starts_with(" (")));
    let is_date = |date: &str| date.split_whitespace().count() <= 6 && backing::has_full_date(date);
    in_brackets || BETWEEN.iter().any(|verb| bare.rsplit_once(verb).is_some_and(|(_, date)| is_date(date)))
}

/// Whether no sentence ends at the end of a line; abbreviated months may.
fn is_one_sentence(parts: &[&str]) -> bool {
    const ABBREVIATION: usize = 5;
    let is_end = |line: &&str| {
        let word = line.trim_end_matches('.').rsplit(' ').next().unwrap_or_default();
        line.ends_with(['!', '?', '。', '？', '！'])
            || (line.ends_with('.') && word.chars().count() > ABBREVIATION)
    };
    !parts.iter().rev().skip(1).any(is_end)
}

/// `2026年11月27日(金) 10:00 Alice <alice@example.org>:`, as Gmail writes it where a language needs no verb.
fn is_address_behind_date(bare: &str) -> bool {
    let Some((date, address)) = bare.rsplit_once('<') else { return false };
    let is_address = address.ends_with('>') && address.contains('@') && !address.contains(' ');
    let digits = date.chars().filter(|c| c.is_numeric()).count();
    let has_time = date
        .split(|c: char| !c.is_numeric() && c != ':')
        .any(|word| word.split_once(':').is_some_and(|(hour, minute)| !hour.is_empty() && minute.len() >= 2));
    is_address && digits >= 6 && has_time
}
