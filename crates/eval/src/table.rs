//! The report as a table for a terminal.

use std::fmt::Write as _;

use syrinx_types::{Columns, table};

use crate::catalogue::title;
use crate::{Figure, Moved, Report};

impl Report {
    /// Returns the figures as a table for a terminal, with their changes where there is a baseline.
    pub fn table(&self) -> String {
        let mut out = format!(
            "{}: {} rows, {} missing, {}\n\n",
            self.suite,
            self.rows.len(),
            self.missing,
            self.model
        );
        let _ = writeln!(out, "{}", table(&self.figure_rows(), Columns::Numbers));
        if !self.groups.is_empty() {
            let _ = writeln!(out, "\n{}", table(&self.group_rows(), Columns::Numbers));
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

    /// Returns the rows of the figures; the first row has the titles.
    fn figure_rows(&self) -> Vec<Vec<String>> {
        let mut head = vec!["figure", "value", "95 % interval", "rows"];
        if self.comparison.is_some() {
            head.extend(["before", "moved"]);
        }
        let mut rows: Vec<Vec<String>> = vec![head.into_iter().map(str::to_owned).collect()];
        let mut variant = "";
        for figure in &self.figures {
            if figure.variant != variant {
                variant = &figure.variant;
                rows.push(vec![format!("- {variant}")]);
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
            rows.push(row);
        }
        rows
    }

    /// Returns the rows of the groups with the first figures; the first row has the titles.
    fn group_rows(&self) -> Vec<Vec<String>> {
        const ACROSS: usize = 5;
        let names: Vec<&str> = self.figures.iter().take(ACROSS).map(|f| f.name.as_str()).collect();
        let mut head = vec!["by speaker".to_owned()];
        head.extend(names.iter().map(|n| (*n).to_owned()));
        head.push("rows".into());
        let mut rows = vec![head];
        for group in &self.groups {
            let find = |name: &&str| group.figures.iter().find(|f| f.name == **name);
            let show = |f: Option<&Figure>| f.map_or("-".into(), |f| f.unit.show(f.value));
            let mut row = vec![group.group.clone()];
            row.extend(names.iter().map(|name| show(find(name))));
            row.push(group.figures.iter().map(|f| f.rows).max().unwrap_or(0).to_string());
            rows.push(row);
        }
        rows
    }
}

/// Returns the interval of a figure with its unit.
pub fn range(figure: &Figure) -> String {
    let (low, high) = (figure.unit.show(figure.low), figure.unit.show(figure.high));
    match low.split_once(' ') {
        Some((number, _)) => format!("{number} – {high}"),
        None => format!("{low} – {high}"),
    }
}

/// Returns the verdict on a change in one word.
pub fn said(moved: Moved) -> &'static str {
    match moved {
        Moved::No => "no",
        Moved::Better => "better",
        Moved::Worse => "WORSE",
        Moved::Changed => "changed",
    }
}
