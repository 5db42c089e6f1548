//! The built-in templates, in eleven languages.

use crate::model::notification::Occasion;

use super::locale::{LAST, Locale};

/// One language of the built-in templates.
#[derive(Debug)]
pub struct Builtin {
    /// Its tag.
    pub locale: &'static str,
    /// What the reply marker says between its marks.
    pub(super) marker: &'static str,
    /// What stands for a title that there is none of.
    pub(super) no_title: &'static str,
    /// What stands at the end of a text that was cut.
    pub(super) cut: &'static str,
    /// What stands before the names of files that stay behind.
    pub(super) left_out: &'static str,
    /// Octets, and a thousand, a million, a thousand million of them.
    pub(super) units: [&'static str; 4],
    /// Subject and text for each occasion.
    templates: [(Occasion, &'static str, &'static str); 6],
}

/// Both layouts, which dress the words of all templates.
pub(super) const LAYOUT_TEXT: &str = include_str!("builtin/layout.txt");
pub(super) const LAYOUT_HTML: &str = include_str!("builtin/layout.html");

macro_rules! file {
    ($name:literal, $locale:literal, $part:literal) => {
        include_str!(concat!("builtin/", $name, ".", $locale, ".", $part))
    };
}

macro_rules! language {
    ($locale:literal, $marker:literal, $no_title:literal, $cut:literal, $left_out:literal, $units:expr) => {
        Builtin {
            locale: $locale,
            marker: $marker,
            no_title: $no_title,
            cut: $cut,
            left_out: $left_out,
            units: $units,
            templates: [
                language!(Created, "created", $locale),
                language!(Announced, "announced", $locale),
                language!(Updated, "updated", $locale),
                language!(Reopened, "reopened", $locale),
                language!(Closed, "closed", $locale),
                language!(TooLarge, "too-large", $locale),
            ],
        }
    };
    ($occasion:ident, $name:literal, $locale:literal) => {
        (Occasion::$occasion, file!($name, $locale, "subject"), file!($name, $locale, "txt"))
    };
}

const UNITS: [&str; 4] = ["B", "KB", "MB", "GB"];
const FRENCH: [&str; 4] = ["o", "ko", "Mo", "Go"];
const RUSSIAN: [&str; 4] = ["Б", "КБ", "МБ", "ГБ"];

impl Builtin {
    /// All languages, in the order they are documented.
    #[rustfmt::skip]
    pub const ALL: [Self; 11] = [
        language!("en", "Please write your reply above this line", "(no subject)", "(The rest was left out.)", "Not attached: ", UNITS),
        language!("zh-Hans", "请在此行上方回复", "（无主题）", "（其余内容已省略）", "未附上的文件：", UNITS),
        language!("zh-Hant", "請在此行上方回覆", "（無主旨）", "（其餘內容已省略）", "未附上的檔案：", UNITS),
        language!("de", "Bitte schreiben Sie Ihre Antwort oberhalb dieser Zeile", "(kein Betreff)", "(Der Rest wurde weggelassen.)", "Nicht angehängt: ", UNITS),
        language!("fr", "Veuillez écrire votre réponse au-dessus de cette ligne", "(sans objet)", "(La suite a été omise.)", "Non joint\u{a0}: ", FRENCH),
        language!("pt", "Escreva a sua resposta acima desta linha", "(sem assunto)", "(O restante foi omitido.)", "Não anexado: ", UNITS),
        language!("es", "Escriba su respuesta por encima de esta línea", "(sin asunto)", "(Se ha omitido el resto.)", "Sin adjuntar: ", UNITS),
        language!("it", "Scriva la Sua risposta sopra questa riga", "(nessun oggetto)", "(Il resto è stato omesso.)", "Non allegato: ", UNITS),
        language!("ja", "この行より上に返信をご記入ください", "（件名なし）", "（以下省略）", "添付されていないファイル：", UNITS),
        language!("ru", "Пожалуйста, пишите ответ выше этой строки", "(без темы)", "(Остальное опущено.)", "Не приложено: ", RUSSIAN),
        language!("pl", "Prosimy o wpisanie odpowiedzi powyżej tej linii", "(bez tematu)", "(Resztę pominięto.)", "Nie załączono: ", UNITS),
    ];

    /// The language of a tag.
    pub(super) fn find(locale: &Locale) -> Option<&'static Self> {
        const ALL: &[Builtin] = &Builtin::ALL;
        ALL.iter().find(|language| language.locale == locale.as_str())
    }

    /// The first of these languages that there is, else English.
    pub(super) fn nearest(chain: &[Locale]) -> &'static Self {
        const ENGLISH: &Builtin = &Builtin::ALL[0];
        debug_assert_eq!(ENGLISH.locale, LAST);
        chain.iter().find_map(Self::find).unwrap_or(ENGLISH)
    }

    /// Its subject and text for an occasion.
    pub(super) fn sources(&self, occasion: Occasion) -> (&'static str, &'static str) {
        let found = self.templates.iter().find(|(of, _, _)| *of == occasion);
        found.map_or(("", ""), |(_, subject, text)| (*subject, *text))
    }
}
