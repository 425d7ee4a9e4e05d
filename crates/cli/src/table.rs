//! Tables with titles.

use syrinx_types::Columns;

/// Formats rows under titles, all columns left-aligned.
pub fn table<const N: usize>(titles: [&str; N], rows: &[[String; N]]) -> String {
    let titles = titles.map(str::to_owned);
    let all: Vec<&[String; N]> = std::iter::once(&titles).chain(rows).collect();
    syrinx_types::table(&all, Columns::Text)
}

/// Formats fields, one on each line: name and value.
pub fn fields(rows: &[(&str, String)]) -> String {
    let rows: Vec<[String; 2]> =
        rows.iter().map(|(name, value)| [(*name).to_owned(), value.clone()]).collect();
    syrinx_types::table(&rows, Columns::Text)
}
