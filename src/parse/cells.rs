//! The cells of HTML tables as columns of text, with a tab for each that begins.

use html5gum::StartTag;

use super::html::attribute;

/// The open tables.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Whether each is for data. Most tables of mail only lay out the page, and blank cells at the left are a margin.
    data: Vec<bool>,
    /// The cells of the row before its first word.
    leading: Option<usize>,
}

impl Tables {
    /// A table begins; one with lines is for data.
    pub(super) fn open(&mut self, tag: &StartTag<()>) {
        let border = attribute(tag, b"border");
        self.data.push(!matches!(border.trim(), "" | "0" | "0px" | "none"));
        self.leading = None;
    }

    /// A table ends.
    pub(super) fn close(&mut self) {
        self.data.pop();
        self.leading = None;
    }

    /// A row begins.
    pub(super) fn row(&mut self) {
        self.leading = Some(0);
    }

    /// A cell begins: whether there is something before it in the row. One of a heading shows that all are data.
    pub(super) fn cell(&mut self, name: &str) -> bool {
        if name == "th"
            && let Some(data) = self.data.last_mut()
        {
            *data = true;
        }
        match &mut self.leading {
            Some(cells) => {
                *cells += 1;
                false
            }
            None => true,
        }
    }

    /// The empty columns before the first word of a row; none before all others.
    pub(super) fn lead(&mut self) -> usize {
        let is_data = self.data.last() == Some(&true);
        self.leading.take().filter(|_| is_data).map_or(0, |cells| cells.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::html::to_text;

    #[test]
    fn empty_cells_keep_their_columns() {
        let table = [
            ("<table><tr><td>a<td><td>c<tr><td>d<td>&nbsp;<td>f</table>", "a\t\tc\nd\t\tf"),
            ("<table><tr><th><th>2025<th>2026<tr><td>x<td><td>1</table>", "\t2025\t2026\nx\t\t1"),
            ("<table border=1><tr><td>a<td>b<tr><td><td>c</table>", "a\tb\n\tc"),
            // A margin.
            ("<table><tr><td>&nbsp;</td><td>text</td></tr></table>", "text"),
            (
                "<table border=0><tr><td></td><td><table><tr><td>in</td></tr></table></td></tr></table>x",
                "in\n\nx",
            ),
            ("<td>a</td> <td>b</td>", "a\tb"),
        ];
        for (html, expected) in table {
            assert_eq!(to_text(html, usize::MAX), expected, "{html}");
        }
    }
}
