//! The line that telephones and web mail add below what was written: `Sent from my iPhone`, in many languages.
//!
//! People begin sentences so, too: `Sent via DHL on Monday`, `Von meinem iPhone aus kann ich nicht drucken`. So a line
//! counts only if it says nothing else: words of sending around the name of a device or a program and what joins them.

/// The longest footer, in octets.
const LONGEST: usize = 160;

/// Footers as they stand, in lower case.
const WHOLE: [&str; 9] = [
    "yahoo mail: search, organize, conquer",
    "yahoo mail: search, organise, conquer",
    "sent from mobile",
    "sent from my mobile",
    "sent from my phone",
    "sent from my mobile phone",
    "sent from my t-mobile 5g device",
    "envoyé depuis mon mobile orange",
    "enviado desde mi móvil",
];

/// Words of sending that begin the line.
const STARTS: [&str; 48] = [
    "sent from",
    "sent via",
    "sent with",
    "sent using",
    "gesendet von",
    "gesendet vom",
    "gesendet mit",
    "gesendet über",
    "gesendet aus",
    "envoyé de",
    "envoyé depuis",
    "envoyé à partir",
    "envoyé avec",
    "enviado desde",
    "enviado con",
    "enviado do",
    "enviado a partir",
    "enviado através",
    "enviado via",
    "inviato da",
    "inviato dal",
    "inviato con",
    "verzonden vanaf",
    "verzonden vanuit",
    "verzonden met",
    "verstuurd vanaf",
    "verstuurd vanuit",
    "wysłane z",
    "wysłano z",
    "odesláno z",
    "odoslané z",
    "отправлено с",
    "отправлено из",
    "надіслано з",
    "أُرسلت من",
    "أرسلت من",
    "مرسل من",
    "تم الإرسال من",
    "发自我的",
    "发自",
    "发送自我的",
    "来自我的",
    "來自我的",
    "傳送自我的",
    "skickat från",
    "sendt fra",
    "lähetetty",
    "elküldve",
];

/// Words of sending that stand around the device, where the verb comes last.
const AROUND: [(&str, &str); 26] = [
    ("von ", "gesendet"),
    ("vom ", "gesendet"),
    ("mit ", "gesendet"),
    ("diese nachricht wurde von ", "gesendet"),
    ("diese nachricht wurde mit ", "gesendet"),
    ("diese e-mail wurde von ", "gesendet"),
    ("從我的", "傳送"),
    ("從我的", "寄出"),
    ("自我的", "發送"),
    ("从我的", "发送"),
    ("由我的", "发送"),
    ("", "から送信"),
    ("", "から送信しました"),
    ("", "에서 보냄"),
    ("", "에서 보냈습니다"),
    ("", "에서 전송"),
    ("", "'umdan gönderildi"),
    ("", "’umdan gönderildi"),
    ("", "'imden gönderildi"),
    ("", "’imden gönderildi"),
    ("", "'dan gönderildi"),
    ("", "’dan gönderildi"),
    ("", "'den gönderildi"),
    ("", "’den gönderildi"),
    ("", " telefonumdan gönderildi"),
    ("", " cihazımdan gönderildi"),
];

/// Words of getting Outlook for a telephone, before or behind.
const GETTING: [&str; 36] = [
    "get",
    "download",
    "holen sie sich",
    "laden sie",
    "herunterladen",
    "beziehen",
    "télécharger",
    "téléchargez",
    "obtenez",
    "obtenir",
    "obtener",
    "obtén",
    "obtenga",
    "descargar",
    "scarica",
    "ottieni",
    "downloaden",
    "ophalen",
    "obter",
    "obtenha",
    "baixar",
    "pobierz aplikację",
    "pobierz",
    "скачать",
    "получить",
    "загрузить",
    "indirin",
    "edinin",
    "获取",
    "取得",
    "下載",
    "下载",
    "を入手",
    "의 다운로드",
    "다운로드",
    "받기",
];

/// Devices, systems and programs; one of them must be named.
const NAMES: &str = "iphone iphone'a iphone’a ipad ipada ipod imac macbook ios ipados android android'a galaxy samsung huawei honor xiaomi redmi poco \
    oppo vivo realme oneplus pixel nokia lumia blackberry htc xperia motorola moto zte fairphone phone smartphone \
    handy mobiltelefon windows outlook outlook'u outlook’u d'outlook d’outlook hotmail yahoo gmail proton protonmail tutanota tuta \
    thunderbird k-9 tapatalk gmx web.de t-online aol bluemail aquamail airmail mailbird mail.ru mail.com icloud zoho \
    fastmail яндекс яндекс.почты yandex айфона айфон iphonesta iphonista ipadista androidista iphonema iphonu \
    网易邮箱大师 网易邮箱 qq邮箱 qq邮箱手机版 邮箱 foxmail 手机 手機 华为手机 小米手机 安卓手机 新浪邮箱";

/// What joins and surrounds them.
const JOINTS: &str = "my the an a all new mail app apps device for on with using from secure encrypted email mobile \
    tablet 4g 5g lte ultra plus pro max mini note edge get free please excuse brevity at&t t-mobile verizon vodafone \
    von meinem meiner mit der dem für aus auf gerät mobilgerät mijn met voor toestel een telefoon \
    mon ma de depuis pour avec téléphone appareil l'application l’application mi dispositivo móvil celular para con \
    il mio su dal do meu aplicativo telefone per o correo \
    mojego telefonu urządzenia aplikacji dla na poczty mého с моего из мобильной почты устройства приложения \
    телефона для мого min mitt för från mail'den posta için \
    版 の 用 适用于 適用於 的 용 나의 내 الـ جهاز الخاص بي من";

/// Whether a line is such a footer.
pub(super) fn is_footer(line: &str) -> bool {
    if line.len() > LONGEST {
        return false;
    }
    // `Sent from Mail <https://go.microsoft.com/…> for Windows`
    let line = without_link(&line.to_lowercase());
    let line = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '。' | '*' | '_'));
    let is_sent = || {
        let begun = STARTS.iter().filter_map(|start| line.strip_prefix(start));
        let around = AROUND.iter().filter_map(|(start, end)| line.strip_prefix(start)?.strip_suffix(end));
        begun.chain(around).any(is_device)
    };
    WHOLE.contains(&line) || is_sent() || gets_outlook(line)
}

fn without_link(line: &str) -> String {
    let Some((before, link)) = line.split_once('<') else { return line.to_owned() };
    let (_, behind) = link.split_once('>').unwrap_or_default();
    format!("{before}{behind}")
}

fn gets_outlook(line: &str) -> bool {
    let is_told = line.contains("outlook") && (line.contains("ios") || line.contains("android"));
    let rests =
        || GETTING.iter().filter_map(|verb| line.strip_prefix(verb).or_else(|| line.strip_suffix(verb)));
    is_told && rests().any(is_device)
}

/// Whether the words name a device or a program and say nothing else.
fn is_device(words: &str) -> bool {
    let mut named = false;
    for word in words.split_whitespace().flat_map(runs) {
        let word = word.trim_matches(['.', ',', '(', ')', '®', '™']);
        let names = is_among(NAMES, word);
        named |= names || word.split('-').any(|piece| is_among(NAMES, piece));
        if !(names
            || is_joint(word)
            || word.split('-').all(|piece| is_among(NAMES, piece) || is_joint(piece)))
        {
            return false;
        }
    }
    named
}

/// A joining word or a model: `s21`.
fn is_joint(word: &str) -> bool {
    const MODEL: usize = 6;
    let is_model = || {
        word.len() <= MODEL
            && word.chars().all(char::is_alphanumeric)
            && word.chars().any(|letter| letter.is_ascii_digit())
    };
    word.is_empty() || is_among(JOINTS, word) || is_model()
}

fn is_among(table: &str, word: &str) -> bool {
    table.split_whitespace().any(|entry| entry == word)
}

/// The parts of a word in the scripts of the East, which are written without blanks, and in others.
fn runs(word: &str) -> impl Iterator<Item = &str> {
    let is_whole = is_among(NAMES, word);
    let of = move |letter: char| !is_whole && letter >= '\u{2e80}';
    let ends = word
        .char_indices()
        .zip(word.chars().skip(1))
        .filter_map(move |((at, letter), next)| (of(letter) != of(next)).then_some(at + letter.len_utf8()));
    let mut start = 0;
    ends.chain([word.len()]).filter_map(move |end| word.get(std::mem::replace(&mut start, end)..end))
}
