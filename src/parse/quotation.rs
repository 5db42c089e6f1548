//! Where the quotation begins in the HTML of a message, by the marks of mail programs.
//!
//! An answer between or behind the quoted parts makes the quotation no quotation: the whole is then what was written.

use html5gum::StartTag;

use super::html::attribute;

/// Classes of elements that hold the quotation: Gmail, Yahoo, Zoho, Proton, Thunderbird's and Outlook's headers, AOL.
const CLASSES: [&str; 14] = [
    "gmail_quote",
    "gmail_extra",
    "yahoo_quoted",
    "zmail_extra",
    "protonmail_quote",
    "moz-cite-prefix",
    "outlookmessageheader",
    "aolmail_quote",
    "wlmailquote",
    "ms-outlook-mobile-reference-message",
    "tutanota_quote",
    "front-blockquote",
    "freebirdquoteblock",
    "gmx-quote",
];

/// Ids of such elements: Outlook on the web, Outlook for Mac, Windows Mail, Yahoo.
const IDS: [&str; 9] = [
    "divrplyfwdmsg",
    "appendonsend",
    "mail-editor-reference-message-container",
    "olk_src_body_section",
    "stopspelling",
    "yahoo_quoted",
    "replysplit",
    "hmquoteblock",
    "isreplycontent",
];

/// How far the quotation has been followed.
#[derive(Debug, Default)]
pub(super) struct Quotation {
    begins: Option<usize>,
    within: Within,
    answered: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Within {
    /// Not in a quotation.
    #[default]
    No,
    /// In an element of that name, so many deep, and in so many of its block quotations.
    Element { name: String, open: usize, blocks: usize, block_ended: bool },
    /// In one that goes on to the end of the message.
    Rest,
}

impl Quotation {
    /// Where the quotation begins, in octets of the text; `None` if there is none or it is answered.
    pub(super) fn begins(&self) -> Option<usize> {
        self.begins.filter(|_| !self.answered)
    }

    /// An element begins, when so much text is written.
    pub(super) fn start(&mut self, element: &str, tag: &StartTag<()>, written: usize) {
        match &mut self.within {
            Within::Rest => {}
            Within::Element { name, open, blocks, .. } => {
                *open += usize::from(name == element);
                *blocks += usize::from(element == "blockquote");
            }
            Within::No => {
                let id = attribute(tag, b"id").to_ascii_lowercase();
                let id = id.trim_start_matches("x_");
                if IDS.contains(&id) {
                    self.begins.get_or_insert(written);
                    self.within = Within::Rest;
                } else if quotes(element, tag) {
                    self.begins.get_or_insert(written);
                    let blocks = usize::from(element == "blockquote");
                    let name = element.to_owned();
                    self.within = Within::Element { name, open: 1, blocks, block_ended: false };
                }
            }
        }
    }

    /// An element ends.
    pub(super) fn end(&mut self, element: &str) {
        let Within::Element { name, open, blocks, block_ended } = &mut self.within else { return };
        if element == "blockquote" {
            *blocks = blocks.saturating_sub(1);
            *block_ended |= *blocks == 0;
        }
        if name == element {
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.within = Within::No;
            }
        }
    }

    /// A word is written.
    pub(super) fn word(&mut self) {
        match &self.within {
            Within::No => self.answered |= self.begins.is_some(),
            Within::Element { blocks, block_ended, .. } => self.answered |= *blocks == 0 && *block_ended,
            Within::Rest => {}
        }
    }
}

fn quotes(element: &str, tag: &StartTag<()>) -> bool {
    let classes = attribute(tag, b"class").to_ascii_lowercase();
    let is_marked = classes.split_whitespace().any(|class| CLASSES.contains(&class.trim_start_matches("x_")));
    let is_cited = element == "blockquote" && attribute(tag, b"type").eq_ignore_ascii_case("cite");
    is_marked || is_cited
}
