//! Plain tables for terminals.

use comfy_table::{ContentArrangement, Table, presets};

/// Formats rows under titles: columns as wide as their longest cell, two spaces apart, no wrapping.
pub fn table<const N: usize>(titles: [&str; N], rows: &[[String; N]]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(titles);
    table.add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.trim_fmt()
}

/// Width of a page, columns.
const PAGE_WIDTH: u16 = 100;

/// Formats names and texts as a page: two columns, wrapped.
pub fn page(rows: &[[String; 2]]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(PAGE_WIDTH);
    table.add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells_and_lines_end_with_text() {
        let rows = [["a".to_owned(), "bcd".to_owned()], ["é".to_owned(), String::new()]];
        assert_eq!(table(["ONE", "2"], &rows), "ONE  2\na    bcd\né");
    }
}
