//! Plain tables for terminals.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// Formats rows, of which the first has the titles. The first column is left-aligned, the others are right-aligned;
/// columns are two spaces apart.
pub fn table(rows: &[Vec<String>]) -> String {
    let mut table = plain();
    table.add_rows(rows);
    table.column_iter_mut().enumerate().for_each(|(i, column)| {
        column.set_padding(if i == 0 { (0, 0) } else { (2, 0) });
        let alignment = if i == 0 { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(alignment);
    });
    table.trim_fmt() + "\n"
}

/// Formats names with their descriptions, one a line.
pub fn list<'a>(rows: impl IntoIterator<Item = [&'a str; 2]>) -> String {
    let mut table = plain();
    table.add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.trim_fmt()
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}
