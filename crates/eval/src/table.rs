//! The report for a terminal.

use std::fmt::Write as _;

use crate::catalogue::title;
use crate::{Figure, Moved, Report};

/// Columns of a table; every cell is a word or a number.
struct Grid(Vec<Vec<String>>);

impl Grid {
    /// Columns as wide as their widest cell; the first left, the others right.
    fn show(&self) -> String {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| {
            self.0.iter().filter_map(|row| row.get(c)).map(|s| s.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.0 {
            let mut line = String::new();
            for (c, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths[c] - cell.chars().count());
                match c {
                    0 => line.push_str(&format!("{cell}{pad}")),
                    _ => line.push_str(&format!("  {pad}{cell}")),
                }
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }
}

impl Report {
    /// The figures as a table for a terminal, with what moved where there is something to compare with.
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

/// The interval of a figure, the unit once.
pub fn range(figure: &Figure) -> String {
    let (low, high) = (figure.unit.show(figure.low), figure.unit.show(figure.high));
    match low.split_once(' ') {
        Some((number, _)) => format!("{number} – {high}"),
        None => format!("{low} – {high}"),
    }
}

/// A move in one word.
pub fn said(moved: Moved) -> &'static str {
    match moved {
        Moved::No => "no",
        Moved::Better => "better",
        Moved::Worse => "WORSE",
        Moved::Changed => "changed",
    }
}
