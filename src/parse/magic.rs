//! What a file is by its first octets, for those that claim to be something else.

/// A media type and what its files begin with.
const BEGINNINGS: [(&str, &[u8]); 16] = [
    ("application/pdf", b"%PDF-"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/gif", b"GIF87a"),
    ("image/gif", b"GIF89a"),
    ("image/tiff", b"II*\0"),
    ("image/tiff", b"MM\0*"),
    ("application/zip", b"PK\x03\x04"),
    ("application/gzip", b"\x1f\x8b\x08"),
    ("application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c"),
    ("application/vnd.rar", b"Rar!\x1a\x07"),
    ("application/x-bzip2", b"BZh"),
    ("application/x-xz", b"\xfd7zXZ\0"),
    ("application/x-ole-storage", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("application/vnd.microsoft.portable-executable", b"MZ"),
    ("application/x-elf", b"\x7fELF"),
];

/// The type that the content shows, if it is one of those that are known and what is claimed is another of them.
///
/// A claim that is no known type, such as those of the many formats within zip files, is believed unless it is an image,
/// a text or a document that cannot begin so.
pub(super) fn correction(claimed: &str, content: &[u8]) -> Option<&'static str> {
    let found = of(content)?;
    let known = |media: &str| media == "image/webp" || BEGINNINGS.iter().any(|(name, _)| *name == media);
    let claimed = usual(claimed);
    let contradicts = known(claimed) || claimed.starts_with("image/") || claimed.starts_with("text/");
    (claimed != found && (contradicts || is_vague(claimed))).then_some(found)
}

/// Whether a type says nothing, so that a better one is no correction.
pub(super) fn is_vague(media: &str) -> bool {
    matches!(
        media,
        "application/octet-stream" | "application/unknown" | "application/x-unknown" | "application/binary"
    )
}

fn of(content: &[u8]) -> Option<&'static str> {
    if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    // Two letters are not much: a text may begin so.
    let binary = |beginning: &[u8]| beginning.len() > 3 || memchr::memchr(0, content).is_some();
    let found = BEGINNINGS.iter().find(|(_, beginning)| {
        content.starts_with(beginning) && (*beginning == b"\xff\xd8\xff" || binary(beginning))
    });
    found.map(|(media, _)| *media)
}

/// The registered name of a type that has others.
fn usual(media: &str) -> &str {
    match media {
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/x-png" => "image/png",
        "image/tif" => "image/tiff",
        "application/x-pdf" | "application/acrobat" => "application/pdf",
        "application/x-zip-compressed" | "application/x-zip" => "application/zip",
        "application/x-gzip" => "application/gzip",
        "application/x-rar-compressed" | "application/x-rar" => "application/vnd.rar",
        "application/x-msdownload" | "application/x-dosexec" => {
            "application/vnd.microsoft.portable-executable"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_corrects_what_contradicts_it() {
        let png = b"\x89PNG\r\n\x1a\n\0\0";
        let table: [(&str, &[u8], Option<&str>); 13] = [
            ("image/png", png, None),
            ("image/x-png", png, None),
            ("image/jpeg", png, Some("image/png")),
            ("text/plain", png, Some("image/png")),
            ("application/octet-stream", b"%PDF-1.7", Some("application/pdf")),
            ("application/pdf", b"MZ\x90\0\x03", Some("application/vnd.microsoft.portable-executable")),
            ("text/plain", b"MZ is a country code", None),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04x", None),
            ("application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None),
            ("image/webp", b"RIFF\0\0\0\0WEBPVP8 ", None),
            ("image/gif", b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            ("application/octet-stream", b"nobody knows", None),
            ("application/pdf", b"", None),
        ];
        for (claimed, content, expected) in table {
            assert_eq!(correction(claimed, content), expected, "{claimed} {content:?}");
        }
    }
}
