//! Lines that stand between a reply and the mail below: `-----Original Message-----` and their translations.

/// What introduces the mail that is answered, in lower case.
const ORIGINAL: [&str; 43] = [
    "original message",
    "original mail",
    "original email",
    "reply message",
    "replied message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "original-nachricht",
    "original nachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "message initial",
    "mensaje original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "origineel bericht",
    "mensagem original",
    "wiadomość oryginalna",
    "oryginalna wiadomość",
    "wiadomość pierwotna",
    "исходное сообщение",
    "исходное письмо",
    "оригинальное сообщение",
    "orijinal mesaj",
    "orjinal mesaj",
    "özgün ileti",
    "الرسالة الأصلية",
    "رسالة أصلية",
    "原始邮件",
    "原邮件",
    "回复的原邮件",
    "回复的邮件",
    "原始郵件",
    "原郵件",
    "元のメッセージ",
    "オリジナルメッセージ",
    "원본 메시지",
    "원본 메일",
    "oprindelig meddelelse",
    "ursprungligt meddelande",
    "opprinnelig melding",
    "původní zpráva",
];

/// What introduces a mail that is passed on, in lower case.
const FORWARDED: [&str; 34] = [
    "forwarded message",
    "begin forwarded message",
    "forwarded by",
    "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht",
    "beginn der weitergeleiteten nachricht",
    "message transféré",
    "début du message transféré",
    "début du message réexpédié",
    "mensaje reenviado",
    "inicio del mensaje reenviado",
    "messaggio inoltrato",
    "inizio messaggio inoltrato",
    "doorgestuurd bericht",
    "begin doorgestuurd bericht",
    "mensagem encaminhada",
    "início da mensagem encaminhada",
    "mensagem reencaminhada",
    "wiadomość przekazana dalej",
    "przekazana wiadomość",
    "пересылаемое сообщение",
    "начало переадресованного сообщения",
    "iletilen mesaj",
    "yönlendirilen ileti",
    "iletilen ileti",
    "رسالة محولة",
    "رسالة معاد توجيهها",
    "转发的邮件",
    "转发邮件",
    "轉寄郵件",
    "轉寄的郵件",
    "転送されたメッセージ",
    "전달된 메시지",
    "vidarebefordrat meddelande",
];

/// The longest line, in octets.
const LONGEST: usize = 200;

/// Whether a line introduces the mail that is answered.
pub(super) fn is_original(line: &str) -> bool {
    let line = line.trim();
    if !line.starts_with("--") || !line.ends_with("--") || line.len() > LONGEST {
        return false;
    }
    let title = line.trim_matches(|c: char| c == '-' || c.is_whitespace()).to_lowercase();
    ORIGINAL.contains(&title.as_str())
}

/// Whether a line introduces a mail that is passed on: `---------- Forwarded message ---------`.
pub(super) fn is_forward(line: &str) -> bool {
    let line = line.trim();
    let marked = line.starts_with("--") || line.ends_with([':', '：']);
    if !marked || line.len() > LONGEST {
        return false;
    }
    let title = line.trim_matches(|c: char| matches!(c, '-' | ':' | '：') || c.is_whitespace());
    FORWARDED.contains(&title.to_lowercase().as_str())
}

/// Whether a quotation begins at this line that is a mail passed on: Apple Mail quotes the introduction, too.
pub(super) fn is_quoted_forward(lines: &[&str], at: usize) -> bool {
    let bare = |line: &&str| line.trim_start().strip_prefix('>').map(|line| line.trim().to_owned());
    let introduces = lines.get(at).and_then(bare).is_some_and(|line| is_forward(&line));
    // Further below it belongs to what is quoted.
    introduces && {
        let before = lines.get(..at).unwrap_or_default().iter().rev();
        before
            .map(|line| (super::is_quoted(line), line.trim_matches(['>', ' ', '\t', '\u{a0}'])))
            .find(|(_, words)| !words.is_empty())
            .is_none_or(|(quoted, _)| !quoted)
    }
}
