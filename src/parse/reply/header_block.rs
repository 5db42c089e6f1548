//! The header block that Outlook writes above the mail that is answered, with or without a rule above it.

use super::backing;
use super::quote::Introduction;

/// The word for the author.
const FROM: [&str; 30] = [
    "from",
    "von",
    "de",
    "da",
    "van",
    "od",
    "от",
    "от кого",
    "від",
    "kimden",
    "gönderen",
    "من",
    "发件人",
    "寄件者",
    "寄件人",
    "差出人",
    "送信者",
    "送信元",
    "보낸 사람",
    "보낸사람",
    "fra",
    "från",
    "lähettäjä",
    "feladó",
    "από",
    "מאת",
    "dari",
    "từ",
    "de la",
    "expéditeur",
];

/// The words for date, recipients and subject.
const OTHERS: [&str; 113] = [
    "sent",
    "date",
    "to",
    "subject",
    "cc",
    "reply-to",
    "gesendet",
    "datum",
    "an",
    "betreff",
    "kopie",
    "envoyé",
    "envoyé le",
    "à",
    "objet",
    "destinataire",
    "enviado",
    "enviado el",
    "para",
    "asunto",
    "fecha",
    "enviado a",
    "inviato",
    "a",
    "oggetto",
    "data",
    "verzonden",
    "aan",
    "onderwerp",
    "enviada em",
    "enviada",
    "assunto",
    "wysłano",
    "wysłane",
    "do",
    "temat",
    "dw",
    "отправлено",
    "дата",
    "кому",
    "тема",
    "копия",
    "надіслано",
    "gönderildi",
    "gönderim tarihi",
    "gönderme tarihi",
    "kime",
    "konu",
    "tarih",
    "bilgi",
    "إلى",
    "الى",
    "الموضوع",
    "التاريخ",
    "تاريخ",
    "تم الإرسال",
    "تاريخ الإرسال",
    "أرسلت",
    "发送时间",
    "发送日期",
    "日期",
    "时间",
    "收件人",
    "主题",
    "抄送",
    "寄件日期",
    "傳送時間",
    "傳送日期",
    "收件者",
    "主旨",
    "副本",
    "送信日時",
    "送信",
    "日時",
    "日付",
    "宛先",
    "件名",
    "보낸 날짜",
    "보낸날짜",
    "날짜",
    "받는 사람",
    "받는사람",
    "제목",
    "참조",
    "sendt",
    "til",
    "emne",
    "dato",
    "skickat",
    "till",
    "ämne",
    "lähetetty",
    "vastaanottaja",
    "aihe",
    "odesláno",
    "komu",
    "předmět",
    "odoslané",
    "predmet",
    "elküldve",
    "címzett",
    "tárgy",
    "στάλθηκε",
    "προς",
    "θέμα",
    "נשלח",
    "אל",
    "נושא",
    "dikirim",
    "kepada",
    "ngày",
    "đến",
    "trimis",
];

/// The words for the subject.
const SUBJECT: [&str; 24] = [
    "subject",
    "betreff",
    "objet",
    "asunto",
    "oggetto",
    "onderwerp",
    "assunto",
    "temat",
    "тема",
    "konu",
    "الموضوع",
    "主题",
    "主旨",
    "件名",
    "제목",
    "emne",
    "ämne",
    "aihe",
    "předmět",
    "predmet",
    "tárgy",
    "θέμα",
    "נושא",
    "subiect",
];

/// A field of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The author.
    From,
    /// The subject.
    Subject,
    /// Another one.
    Other,
}

/// A line of the block, with its value.
pub(super) fn field(line: &str) -> Option<(Field, String)> {
    let field = kind(line)?;
    let (_, value) = line.split_once([':', '：'])?;
    Some((field, value.trim_matches(|c: char| c == '*' || c.is_whitespace()).to_owned()))
}

fn kind(line: &str) -> Option<Field> {
    let name = label(line)?;
    let name = name.as_str();
    if FROM.contains(&name) {
        Some(Field::From)
    } else if SUBJECT.contains(&name) {
        Some(Field::Subject)
    } else {
        OTHERS.contains(&name).then_some(Field::Other)
    }
}

/// How far a label reaches, in octets.
const LABEL: usize = 40;

/// The most lines that are looked at.
const LINES: usize = 7;

/// The beginning of the block, up to its first field, if there is one.
///
/// The author stands first, or behind the date. Forms of every kind have such fields, too: a rule above, an address, a
/// subject or the date of a mail backs that it is one.
pub(super) fn find(lines: &[&str]) -> Option<Introduction> {
    let ruled = lines.first().is_some_and(|line| is_rule(line.trim()));
    let skipped =
        usize::from(ruled) + usize::from(ruled && lines.get(1).is_some_and(|line| line.trim().is_empty()));
    let block = lines.get(skipped..)?;
    let mut fields = block.iter().take(LINES).map(|line| kind(line));
    let (first, second) = (fields.next()??, fields.next()?);
    let is_dated = || block.first().is_some_and(|line| backing::has_full_date(line));
    let begins = first == Field::From || (second == Some(Field::From) && is_dated());
    let count = 1 + usize::from(second.is_some()) + fields.flatten().count();
    let backs = |line: &&str| {
        let field = kind(line);
        field == Some(Field::Subject)
            || field.is_some() && (backing::has_address(line) || backing::has_full_date(line))
    };
    let backed = ruled || block.iter().take(LINES).any(backs);
    (begins && count >= 3 && backed).then_some(Introduction { length: skipped + 1, backed })
}

fn is_rule(line: &str) -> bool {
    line.len() >= 10 && line.chars().all(|c| matches!(c, '_' | '-' | '─'))
}

/// `Sent` of `*Sent:* Monday`, in lower case.
fn label(line: &str) -> Option<String> {
    let (name, _) = line.trim().split_once([':', '：'])?;
    let name = name.trim_matches(|c: char| c == '*' || c.is_whitespace());
    (!name.is_empty() && name.len() <= LABEL).then(|| name.to_lowercase())
}
