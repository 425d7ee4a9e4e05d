//! The report for a terminal.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::catalogue::title;
use crate::{Figure, Moved, Report};

/// Rows of a table, the first one its titles.
struct Grid(Vec<Vec<String>>);

impl Grid {
    /// Formats columns as wide as their widest cell: the first one left-aligned, the others right-aligned.
    fn show(self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.add_rows(self.0);
        table.column_iter_mut().enumerate().for_each(|(i, column)| {
            let first = i == 0;
            column.set_padding(if first { (0, 0) } else { (2, 0) });
            let alignment = if first { CellAlignment::Left } else { CellAlignment::Right };
            column.set_cell_alignment(alignment);
        });
        table.trim_fmt() + "\n"
    }
}

impl Report {
    /// Returns the figures as a table for a terminal, with what moved where there is something to compare with.
    pub fn table(&self) -> String {
        let mut out = format!(
            "{}: {} rows, {} missing, {}\n\n",
            self.suite,
            self.rows.len(),
            self.missing,
            self.model
        );
        out.push_str(&self.figure_grid().show());
        if !self.groups.is_empty() {
            out.push('\n');
            out.push_str(&self.group_grid().show());
        }
        if let Some(comparison) = &self.comparison {
            let _ = writeln!(
                out,
                "\nCompared with {} ({}), {} rows in common{}.",
                comparison.baseline,
                comparison.model,
                comparison.rows,
                if comparison.regressed() { ": WORSE beyond noise" } else { "" },
            );
        }
        out
    }

    fn figure_grid(&self) -> Grid {
        let mut head = vec!["figure", "value", "95 % interval", "rows"];
        if self.comparison.is_some() {
            head.extend(["before", "moved"]);
        }
        let mut grid = Grid(vec![head.into_iter().map(str::to_owned).collect()]);
        let mut variant = "";
        for figure in &self.figures {
            if figure.variant != variant {
                variant = &figure.variant;
                grid.0.push(vec![format!("- {variant}")]);
            }
            let mut row = vec![
                title(&figure.name),
                figure.unit.show(figure.value),
                range(figure),
                figure.rows.to_string(),
            ];
            if let Some(comparison) = &self.comparison {
                match comparison.of(&figure.name, &figure.variant) {
                    None => row.extend(["-".to_owned(), String::new()]),
                    Some(m) => row.extend([figure.unit.show(m.old), said(m.moved).to_owned()]),
                }
            }
            grid.0.push(row);
        }
        grid
    }

    /// Groups down, the first figures across.
    fn group_grid(&self) -> Grid {
        const ACROSS: usize = 5;
        let names: Vec<&str> = self.figures.iter().take(ACROSS).map(|f| f.name.as_str()).collect();
        let mut head = vec!["by speaker".to_owned()];
        head.extend(names.iter().map(|n| (*n).to_owned()));
        head.push("rows".into());
        let mut grid = Grid(vec![head]);
        for group in &self.groups {
            let find = |name: &&str| group.figures.iter().find(|f| f.name == **name);
            let show = |f: Option<&Figure>| f.map_or("-".into(), |f| f.unit.show(f.value));
            let mut row = vec![group.group.clone()];
            row.extend(names.iter().map(|name| show(find(name))));
            row.push(group.figures.iter().map(|f| f.rows).max().unwrap_or(0).to_string());
            grid.0.push(row);
        }
        grid
    }
}

/// Returns the interval of a figure, the unit once.
pub fn range(figure: &Figure) -> String {
    let (low, high) = (figure.unit.show(figure.low), figure.unit.show(figure.high));
    match low.split_once(' ') {
        Some((number, _)) => format!("{number} – {high}"),
        None => format!("{low} – {high}"),
    }
}

/// Returns a move in one word.
pub fn said(moved: Moved) -> &'static str {
    match moved {
        Moved::No => "no",
        Moved::Better => "better",
        Moved::Worse => "WORSE",
        Moved::Changed => "changed",
    }
}
