//! Text tables for terminals.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// Alignment of a table's columns; the first column is always left-aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Left-aligned columns.
    Text,
    /// Right-aligned columns after the first.
    Numbers,
}

/// Formats rows without wrapping: columns as wide as their widest cell, two spaces apart. No line ends with a space,
/// and the last line has no line break.
pub fn table<R: AsRef<[String]>>(rows: &[R], columns: Columns) -> String {
    let mut table = plain(rows);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if columns == Columns::Numbers {
        table.column_iter_mut().skip(1).for_each(|column| {
            column.set_cell_alignment(CellAlignment::Right);
        });
    }
    table.trim_fmt()
}

/// Formats names and texts as a page of `width` characters: two columns, wrapped.
pub fn page(rows: &[[String; 2]], width: u16) -> String {
    let mut table = plain(rows);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width);
    table.trim_fmt()
}

fn plain<R: AsRef<[String]>>(rows: &[R]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_rows(rows.iter().map(|row| row.as_ref().iter()));
    table.column_iter_mut().enumerate().for_each(|(i, column)| {
        column.set_padding(if i == 0 { (0, 0) } else { (2, 0) });
    });
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells_and_lines_end_with_text() {
        let rows = [["ONE", "2"], ["a", "bcd"], ["é", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows, Columns::Text), "ONE  2\na    bcd\né");
        assert_eq!(table(&rows, Columns::Numbers), "ONE    2\na    bcd\né");
    }

    #[test]
    fn pages_are_wrapped_in_their_second_column() {
        let rows = [["name".to_owned(), "one two three".to_owned()]];
        assert_eq!(page(&rows, 14), "name  one two\n      three");
    }
}
