//! What the name of a file in the directory of templates says about it.

use crate::model::notification::Occasion;

use super::locale::Locale;

/// A part of a notification, by the ending of its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "txt",
            Self::Html => "html",
        }
    }
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// `NAME.LOCALE.ENDING`.
    Template(Occasion, Locale, Part),
    /// `layout.txt` or `layout.html`.
    Layout(Part),
    /// `_NAME.ENDING`: a piece that others include.
    Piece,
    /// A picture, with its media type.
    Image(&'static str),
    /// Nothing of ours.
    Foreign,
    /// Probably meant for something, and why it is not.
    Wrong(String),
}

const IMAGES: [(&str, &str); 5] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

impl Name {
    /// Reads a file name.
    pub(super) fn read(name: &str) -> Self {
        let Some((stem, ending)) = name.rsplit_once('.') else { return Self::Foreign };
        if let Some((_, media)) = IMAGES.iter().find(|(of, _)| ending.eq_ignore_ascii_case(of)) {
            return Self::Image(media);
        }
        let (first, locale) = stem.split_once('.').unwrap_or((stem, ""));
        let occasion = Occasion::ALL.into_iter().find(|occasion| occasion.as_str() == first);
        let part = Part::ALL.into_iter().find(|part| part.ending() == ending);
        match (part, occasion) {
            (Some(_), _) if name.starts_with('_') => Self::Piece,
            (Some(part @ (Part::Text | Part::Html)), None) if stem == "layout" => Self::Layout(part),
            (Some(part), Some(occasion)) => match Locale::read(locale) {
                Some(locale) => Self::Template(occasion, locale, part),
                None => Self::Wrong(format!("{locale:?} is no language; write {first}.de.{ending}")),
            },
            (Some(_), None) => Self::Wrong(format!(
                "{first:?} is no template: there are {}, layout, and pieces whose names begin with \"_\"",
                Occasion::ALL.map(Occasion::as_str).join(", ")
            )),
            (None, Some(_)) => {
                Self::Wrong(format!("\".{ending}\" is no ending of a template: use .subject, .txt or .html"))
            }
            (None, None) => Self::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_a_file_is() {
        let template =
            |occasion, locale: &str, part| Name::Template(occasion, Locale::read(locale).unwrap(), part);
        let table = [
            ("created.de.subject", template(Occasion::Created, "de", Part::Subject)),
            ("too-large.de_at.txt", template(Occasion::TooLarge, "de-AT", Part::Text)),
            ("closed.zh-Hant.html", template(Occasion::Closed, "zh-Hant", Part::Html)),
            ("layout.html", Name::Layout(Part::Html)),
            ("_footer.de.html", Name::Piece),
            ("logo.PNG", Name::Image("image/png")),
            ("README.md", Name::Foreign),
            ("Makefile", Name::Foreign),
        ];
        for (name, expected) in table {
            assert_eq!(Name::read(name), expected, "{name}");
        }
        for wrong in ["create.de.txt", "created.txt", "created.d.txt", "created.de.text", "layout.subject"] {
            assert!(matches!(Name::read(wrong), Name::Wrong(_)), "{wrong}");
        }
    }
}
