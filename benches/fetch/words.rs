//! What people write to a help desk, and how their programs put it on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{
    BIG5, EUC_KR, Encoding, GB18030, ISO_2022_JP, ISO_8859_2, ISO_8859_15, KOI8_R, SHIFT_JIS, UTF_8,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1256,
};

use crate::dice::Dice;

/// What is written in one language.
pub struct Language {
    pub subjects: &'static [&'static str],
    sentences: &'static [&'static str],
    /// How the attribution of a quotation goes on after a name.
    pub wrote: &'static str,
    /// Each as a mail names it.
    charsets: &'static [(&'static str, &'static Encoding)],
}

pub const LANGUAGES: [Language; 9] = [
    Language {
        subjects: &[
            "Printer is on fire",
            "Cannot log in since Monday",
            "Invoice 4711",
            "Request for a new laptop",
        ],
        sentences: &[
            "Hello, the printer on the second floor does not print any more.",
            "I have tried to restart it twice, and it says \"PC LOAD LETTER\".",
            "Could you please have a look at it before the meeting on Thursday?",
            "My account seems to be locked, although I have not changed the password.",
            "The invoice shows an amount that is not the one we agreed on.",
            "Thanks for the quick answer; that solved it for me, but not for my colleague.",
        ],
        wrote: "wrote",
        charsets: &[
            ("utf-8", UTF_8),
            ("us-ascii", UTF_8),
            ("iso-8859-1", WINDOWS_1252),
            ("windows-1252", WINDOWS_1252),
        ],
    },
    Language {
        subjects: &["Drucker im Büro defekt", "Rückfrage zu Ihrem Angebot", "Störung: Zugang gesperrt"],
        sentences: &[
            "Guten Tag, der Drucker im zweiten Stock druckt seit gestern nicht mehr.",
            "Könnten Sie bitte prüfen, ob für München noch Geräte verfügbar sind?",
            "Die Rechnung über 1.234,56 € ist leider nicht angekommen.",
            "Ich habe das Passwort geändert und komme trotzdem nicht hinein.",
            "Mit freundlichen Grüßen aus Köln",
        ],
        wrote: "schrieb",
        charsets: &[("utf-8", UTF_8), ("iso-8859-15", ISO_8859_15), ("windows-1252", WINDOWS_1252)],
    },
    Language {
        subjects: &["Imprimante en panne", "Problème d'accès à la messagerie", "Facture n° 2041"],
        sentences: &[
            "Bonjour, l'imprimante du deuxième étage est à nouveau bloquée.",
            "Pourriez-vous vérifier l'accès de ma collègue à la boîte partagée ?",
            "Le délai de livraison annoncé est déjà dépassé de trois semaines.",
            "Merci d'avance pour votre réponse, très cordialement.",
        ],
        wrote: "a écrit",
        charsets: &[("utf-8", UTF_8), ("ISO-8859-1", WINDOWS_1252), ("windows-1252", WINDOWS_1252)],
    },
    Language {
        subjects: &["Drukarka nie działa", "Prośba o dostęp"],
        sentences: &[
            "Dzień dobry, drukarka na drugim piętrze znów nie działa.",
            "Proszę o sprawdzenie, czy moje konto nie zostało zablokowane.",
            "Z góry dziękuję za szybką odpowiedź.",
        ],
        wrote: "napisał",
        charsets: &[("utf-8", UTF_8), ("iso-8859-2", ISO_8859_2)],
    },
    Language {
        subjects: &["Принтер не работает", "Не могу войти в систему"],
        sentences: &[
            "Здравствуйте, принтер на втором этаже снова не печатает.",
            "Пожалуйста, проверьте, почему моя учётная запись заблокирована.",
            "Заранее спасибо за помощь.",
        ],
        wrote: "пишет",
        charsets: &[("utf-8", UTF_8), ("koi8-r", KOI8_R), ("windows-1251", WINDOWS_1251)],
    },
    Language {
        subjects: &["プリンターの故障について", "ログインできません"],
        sentences: &[
            "お世話になっております。二階のプリンターが印刷できません。",
            "再起動しましたが、状況は変わりませんでした。",
            "お手数ですが、ご確認をお願いいたします。",
        ],
        wrote: "さんは書きました",
        charsets: &[("utf-8", UTF_8), ("iso-2022-jp", ISO_2022_JP), ("shift_jis", SHIFT_JIS)],
    },
    Language {
        subjects: &["打印机无法使用", "账号被锁定"],
        sentences: &[
            "您好，二楼的打印机从昨天起无法打印。",
            "请帮忙检查一下我的账号。",
            "非常感谢您的帮助。",
        ],
        wrote: "写道",
        charsets: &[("utf-8", UTF_8), ("gb18030", GB18030), ("gb2312", GB18030), ("big5", BIG5)],
    },
    Language {
        subjects: &["프린터가 작동하지 않습니다"],
        sentences: &["안녕하세요, 이층 프린터가 인쇄되지 않습니다.", "확인 부탁드립니다. 감사합니다."],
        wrote: "작성",
        charsets: &[("utf-8", UTF_8), ("euc-kr", EUC_KR)],
    },
    Language {
        subjects: &["الطابعة لا تعمل"],
        sentences: &["مرحبا، الطابعة في الطابق الثاني لا تعمل.", "شكرا جزيلا لكم على المساعدة."],
        wrote: "كتب",
        charsets: &[("utf-8", UTF_8), ("windows-1256", WINDOWS_1256)],
    },
];

impl Language {
    /// Half of all is English, a fifth German, the rest any.
    pub fn any(dice: &mut Dice) -> &'static Self {
        let at = match dice.below(10) {
            0..5 => 0,
            5..7 => 1,
            _ => 2 + dice.below(7) as usize,
        };
        LANGUAGES.get(at).unwrap_or(&LANGUAGES[0])
    }

    /// Some paragraphs.
    pub fn text(&self, dice: &mut Dice, paragraphs: u64) -> String {
        let paragraph = |dice: &mut Dice| {
            let lines: Vec<&str> = (0..=dice.below(5)).map(|_| dice.one_of(self.sentences)).collect();
            lines.join("\n")
        };
        (0..paragraphs).map(|_| paragraph(dice) + "\n").collect::<Vec<_>>().join("\n")
    }

    /// Half is UTF-8, as nowadays.
    pub fn charset(&self, dice: &mut Dice) -> (&'static str, &'static Encoding) {
        let at = if dice.below(2) == 0 { 0 } else { dice.below(self.charsets.len() as u64) };
        self.charsets.get(at as usize).copied().unwrap_or(("utf-8", UTF_8))
    }
}

/// A header's text as encoded words, if it needs any.
pub fn encoded(text: &str, (name, encoding): (&str, &'static Encoding)) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let word = |piece: &[char]| {
        let piece: String = piece.iter().collect();
        format!("=?{name}?B?{}?=", STANDARD.encode(encoding.encode(&piece).0))
    };
    letters.chunks(12).map(word).collect::<Vec<_>>().join("\n ")
}

/// A text part: its headers, an empty line, its text.
pub fn part(
    dice: &mut Dice,
    media: &str,
    text: &str,
    (name, encoding): (&str, &'static Encoding),
) -> Vec<u8> {
    let octets = encoding.encode(text).0;
    let (transfer, body) = match dice.below(3) {
        _ if octets.is_ascii() => ("7bit", octets.into_owned()),
        0 => ("8bit", octets.into_owned()),
        1 => ("base64", lines_of_base64(&octets)),
        _ => ("quoted-printable", quoted_printable(&octets)),
    };
    let head = format!("Content-Type: {media}; charset={name}\nContent-Transfer-Encoding: {transfer}\n\n");
    [head.as_bytes(), &body].concat()
}

pub fn lines_of_base64(octets: &[u8]) -> Vec<u8> {
    let code = STANDARD.encode(octets);
    code.as_bytes().chunks(76).flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
}

/// RFC 2045 section 6.7.
fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let (mut code, mut width) = (Vec::with_capacity(octets.len() * 2), 0);
    for octet in octets {
        let piece = match octet {
            b'\n' => "\n".to_owned(),
            b' '..=b'~' if *octet != b'=' => char::from(*octet).to_string(),
            _ => format!("={octet:02X}"),
        };
        if width + piece.len() > 75 {
            code.extend_from_slice(b"=\n");
            width = 0;
        }
        width = if piece == "\n" { 0 } else { width + piece.len() };
        code.extend_from_slice(piece.as_bytes());
    }
    code
}
