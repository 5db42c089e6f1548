//! `On Monday, Alice wrote:` in many languages, wrapped over at most three lines.
//!
//! A sentence counts that ends in a colon, tells a date, a time or an address, and holds the words of its language; the
//! forms are those that Gmail, Apple Mail, Thunderbird, Outlook and their like write.

/// The longest sentence, in octets.
const LONGEST: usize = 600;

/// A beginning and a word that must follow.
const FORMS: [(&str, &str); 27] = [
    ("On ", " wrote"),
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
    ("Pada ", " menulis"),
    ("Vào ", " đã viết"),
    ("În data ", " a scris"),
    ("La data ", " a scris"),
    ("Στις ", " έγραψε"),
    ("В ", " пишет"),
    ("بتاريخ ", "كتب"),
    ("في ", "كتب"),
    ("ב", "כתב"),
];

/// Words that end the sentence, before the colon.
const ENDS: [&str; 44] = [
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
    "작성",
    " menulis",
    " đã viết",
];

/// How many lines the attribution at the beginning takes; `None` if there is none.
pub(super) fn length(lines: &[&str]) -> Option<usize> {
    let length = 1 + lines.iter().take(3).position(|line| ends_in_colon(line))?;
    let parts: Vec<&str> = lines.iter().take(length).map(|line| line.trim()).collect();
    if parts.iter().any(|line| line.is_empty() || line.len() > LONGEST || super::is_quoted(line)) {
        return None;
    }
    // Chinese and Japanese are wrapped in the middle of words.
    let sentence = parts.join(" ");
    let bare = sentence.trim_end_matches([':', '：', ' ', '\u{a0}', '*', '_']);
    let dated = is_dated(&sentence);
    let formed = FORMS.iter().any(|(start, verb)| sentence.starts_with(start) && sentence.contains(verb));
    let ends = ENDS.iter().any(|verb| bare.ends_with(verb));
    // `Alice <alice@example.org> escreveu (sexta, 27/11/2026 10:00):`
    let behind = sentence.split_once("> ").map_or("", |(_, behind)| behind);
    let between = ENDS
        .iter()
        .any(|verb| behind.strip_prefix(verb.trim_start()).is_some_and(|date| date.starts_with(" (")));
    (dated && (formed || ends || between) || is_address_behind_date(bare)).then_some(length)
}

fn ends_in_colon(line: &str) -> bool {
    line.trim_end_matches([' ', '\u{a0}', '\t', '*', '_']).ends_with([':', '：'])
}

/// A digit, of whatever script, or an address.
fn is_dated(sentence: &str) -> bool {
    sentence.contains('@') || sentence.chars().any(char::is_numeric)
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
