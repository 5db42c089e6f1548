//! Tables: fitted to a terminal, or plain aligned columns in a pipe.

use comfy_table::{Attribute, Cell as TableCell, Color, ColumnConstraint, ContentArrangement, Table};

use super::style::Paint;
use super::{Out, Seat, escape};

/// One field of a row.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    paint: Paint,
}

impl Cell {
    /// A field in a colour.
    pub fn painted(text: impl AsRef<str>, paint: Paint) -> Self {
        Self { text: escape::line(text.as_ref()), paint }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::painted(text, Paint::None)
    }
}

/// Writes a table; an empty one is nothing at all.
pub fn write(out: &mut Out, header: &[&str], rows: &[Vec<Cell>]) {
    if rows.is_empty() {
        return;
    }
    let lines = match out.seat {
        Seat::Terminal => fitted(out, header, rows).unwrap_or_else(|| aligned(out, header, rows)),
        Seat::Pipe => aligned(out, header, rows),
    };
    for line in lines {
        out.line(line.trim_end());
    }
}

/// Writes a table whose rows have lines beneath them, such as notes; in plain columns, which keep a row on one line.
pub fn write_annotated(out: &mut Out, header: &[&str], rows: &[Vec<Cell>], beneath: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let none = Vec::new();
    let lines = aligned(out, header, rows);
    for (line, notes) in lines.iter().zip(std::iter::once(&none).chain(beneath)) {
        out.line(line.trim_end());
        notes.iter().for_each(|note| out.line(&format!("  {}", escape::line(note))));
    }
}

/// A narrower terminal, or one that does not tell its width, gets plain columns.
const NARROWEST: u16 = 60;

/// The last two columns, which hold what people wrote, are wrapped to the width of the terminal.
fn fitted(out: &Out, header: &[&str], rows: &[Vec<Cell>]) -> Option<Vec<String>> {
    let mut table = Table::new();
    table.width().filter(|width| *width >= NARROWEST)?;
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().map(|word| TableCell::new(word.to_uppercase())).collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.iter().map(|cell| colored(out, cell)).collect::<Vec<_>>());
    }
    let fixed = header.len().saturating_sub(2);
    for column in table.column_iter_mut().take(fixed) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    Some(table.lines().collect())
}

fn colored(out: &Out, cell: &Cell) -> TableCell {
    let plain = TableCell::new(&cell.text);
    match (out.palette.is_colored(), cell.paint) {
        (false, _) | (true, Paint::None) => plain,
        (true, Paint::Good) => plain.fg(Color::Green),
        (true, Paint::Warn) => plain.fg(Color::Yellow),
        (true, Paint::Bad) => plain.fg(Color::Red).add_attribute(Attribute::Bold),
        (true, Paint::Note) => plain.fg(Color::Cyan),
        (true, Paint::Dim) => plain.add_attribute(Attribute::Dim),
    }
}

fn aligned(out: &Out, header: &[&str], rows: &[Vec<Cell>]) -> Vec<String> {
    let head: Vec<Cell> = header.iter().map(|word| Cell::from(word.to_uppercase())).collect();
    let all = || std::iter::once(&head).chain(rows);
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            all().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count()).max().unwrap_or(0)
        })
        .collect();
    all()
        .map(|row| {
            let fields = row.iter().zip(&widths).map(|(cell, width)| {
                let padding = " ".repeat(width.saturating_sub(cell.text.chars().count()));
                out.palette.paint(cell.paint, &cell.text) + &padding
            });
            fields.collect::<Vec<_>>().join("  ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out() -> Out {
        Out::to(Box::new(std::io::sink()))
    }

    #[test]
    fn columns_line_up_in_a_pipe() {
        let rows = vec![
            vec!["1".into(), "Größe".into(), "x".into()],
            vec!["22".into(), "a\u{1b}".into(), "yy".into()],
        ];
        let lines = aligned(&out(), &["id", "title", "z"], &rows);
        assert_eq!(lines, ["ID  TITLE    Z ", "1   Größe    x ", "22  a\\u{1b}  yy"]);
    }

    #[test]
    fn without_a_terminals_width_columns_are_plain() {
        let rows = vec![vec![Cell::painted("a\u{1b}[2Jb", Paint::Bad)]];
        assert!(
            fitted(&out(), &["title"], &rows).is_none_or(|lines| lines.concat().contains("a\\u{1b}[2Jb"))
        );
    }
}
