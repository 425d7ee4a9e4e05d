//! Rows of a run, sorted by any figure with the worst first, and the details of a row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ratatui::layout::Rect;
use syrinx_eval::{Better, Measure, Row, badness, figure_kind};
use syrinx_results::{Run, badness_by};

use crate::Picture;
use crate::grid::{Grid, cell};
use crate::keys::{Binding, Key, Step, action, bind};
use crate::message::Effect;
use crate::pen::{Pen, above, fit};
use crate::screens::ScreenContext;

/// A picture with the name of its recording.
type NamedPicture = (String, Picture);

#[derive(Debug, Clone, Copy)]
pub(super) enum Sort {
    Next,
    Reverse,
    Close,
}

/// Keys of the pane of rows.
pub(super) const SORTING: &[Binding<Sort>] = &[
    bind(&[Key::Char('s')], Sort::Next, "sort", "sort by the next figure"),
    bind(&[Key::Char('o')], Sort::Reverse, "order", "reverse the order"),
    bind(&[Key::Esc], Sort::Close, "", "back from a row to all rows"),
];

/// A row with its measures, which are computed once and not for each draw.
#[derive(Debug)]
struct Scored {
    row: Row,
    measures: BTreeMap<String, Measure>,
    badness: f64,
}

impl Scored {
    fn of(row: &Row) -> Self {
        Self { row: row.clone(), measures: row.all_measures(), badness: badness(row) }
    }

    fn value(&self, figure: &str) -> Option<f64> {
        self.measures.get(figure).and_then(Measure::alone).filter(|v| v.is_finite())
    }

    /// Whether a figure of the row is worse than in the older row `old`.
    fn is_worse(&self, old: &Self, figure: &str) -> bool {
        let (Some(new), Some(old)) = (self.value(figure), old.value(figure)) else { return false };
        match figure_kind(figure).better {
            Better::Lower => new > old,
            Better::Higher => new < old,
            Better::Neither => false,
        }
    }
}

/// Rows of the open run.
#[derive(Debug, Default)]
pub(super) struct Rows {
    run: Option<(String, PathBuf)>,
    rows: Vec<Scored>,
    before: BTreeMap<String, Scored>,
    figures: Vec<String>,
    /// Index of the figure that sorts the rows, from 1; 0 sorts by all figures together.
    sort: usize,
    reversed: bool,
    at: usize,
    open: bool,
    picture: Option<NamedPicture>,
}

impl Rows {
    pub(super) fn run(&self) -> Option<&String> {
        self.run.as_ref().map(|(id, _)| id)
    }

    pub(super) fn title(&self, id: &str) -> String {
        let by = self.sorted_by().unwrap_or("worst first");
        format!("{id}: rows by {by}{}", if self.reversed { ", reversed" } else { "" })
    }

    /// Opens another run, whose rows arrive later.
    pub(super) fn of(&mut self, run: &Run) {
        let before = std::mem::take(&mut self.before);
        *self = Self {
            run: Some((run.id.clone(), run.about.folder.clone())),
            before,
            ..Self::default()
        };
    }

    pub(super) fn baseline(&mut self, rows: Option<&[Row]>) {
        let rows = rows.unwrap_or_default();
        self.before = rows.iter().map(|row| (row.id.clone(), Scored::of(row))).collect();
    }

    pub(super) fn take(&mut self, run: &str, rows: &[Row]) {
        if self.run().is_some_and(|id| id == run) {
            self.rows = rows.iter().map(Scored::of).collect();
            let names: BTreeSet<&String> =
                self.rows.iter().flat_map(|scored| scored.measures.keys()).collect();
            self.figures = names.into_iter().cloned().collect();
            self.sorted();
        }
    }

    pub(super) fn picture(&mut self, name: &str, picture: &Picture) {
        self.picture = Some((name.to_owned(), picture.clone()));
    }

    pub(super) fn key(&mut self, key: Key) -> bool {
        match action(SORTING, key) {
            Some(Sort::Next) => {
                self.sort = (self.sort + 1) % (self.figures.len() + 1);
                self.sorted();
            }
            Some(Sort::Reverse) => {
                self.reversed = !self.reversed;
                self.sorted();
            }
            Some(Sort::Close) if self.open => self.open = false,
            _ => return false,
        }
        true
    }

    pub(super) fn step(&mut self, step: Step, context: &mut ScreenContext<'_>) {
        self.select(step.from(self.at, self.rows.len()), context);
    }

    pub(super) fn select(&mut self, at: usize, context: &mut ScreenContext<'_>) {
        self.at = at.min(self.rows.len().saturating_sub(1));
        if self.open {
            self.ask_picture(context);
        }
    }

    pub(super) fn open(&mut self, context: &mut ScreenContext<'_>) {
        self.open = !self.open && !self.rows.is_empty();
        if self.open {
            self.ask_picture(context);
        }
    }

    fn recording(&self) -> Option<PathBuf> {
        let (_, folder) = self.run.as_ref()?;
        let name = self.rows.get(self.at)?.row.audio.as_ref()?;
        Some(folder.join(name))
    }

    fn ask_picture(&self, context: &mut ScreenContext<'_>) {
        if let Some(path) = self.recording() {
            context.ask(Effect::Draw(path));
        }
    }

    fn sorted_by(&self) -> Option<&str> {
        self.figures.get(self.sort.checked_sub(1)?).map(String::as_str)
    }

    /// Sorts the rows by the figure, the worst first.
    fn sorted(&mut self) {
        let by = self.sorted_by().map(str::to_owned);
        let worse = |scored: &Scored| match &by {
            None => scored.badness,
            Some(figure) => badness_by(&scored.measures, figure),
        };
        self.rows.sort_by(|a, b| worse(b).total_cmp(&worse(a)));
        if self.reversed {
            self.rows.reverse();
        }
        self.at = 0;
    }

    pub(super) fn draw(&self, pen: &mut Pen<'_>, area: Rect, pane: usize, focused: bool) {
        if self.run.is_none() {
            pen.text(area, 0, 0, "open a run to see its rows", pen.theme.dim);
        } else if self.open {
            self.draw_details(pen, area);
        } else {
            self.draw_list(pen, area, pane, focused);
        }
    }

    fn draw_list(&self, pen: &mut Pen<'_>, area: Rect, pane: usize, focused: bool) {
        let by = self.sorted_by().map(str::to_owned).or_else(|| self.figures.last().cloned());
        let figure = by.unwrap_or_default();
        let unit = figure_kind(&figure).unit;
        // The transcript is the most important column, so the other columns are narrow.
        let (id_room, figure_room) = (usize::from(area.width / 3), usize::from(area.width / 5));
        let rows = self.rows.iter().map(|scored| {
            let row = &scored.row;
            let old = self.before.get(&row.id);
            let worse = old.is_some_and(|old| scored.is_worse(old, &figure));
            let shown = scored.value(&figure).map_or("-".into(), |v| unit.show(v));
            let sign = if worse { ("▼", pen.theme.bad) } else { ("", pen.theme.dim) };
            let text_style = row.error.as_ref().map(|_| pen.theme.bad);
            vec![
                cell(fit(&row.id, id_room)),
                cell(shown),
                (sign.0.to_owned(), Some(sign.1)),
                (row_text(row, &figure), text_style),
            ]
        });
        let grid = Grid {
            titles: vec![
                "row".into(),
                fit(&figure, figure_room),
                String::new(),
                "transcript".into(),
            ],
            rows: rows.collect(),
            selected: Some(self.at),
            right_from: 9,
            stretch: 3,
        };
        grid.draw(pen, area, pane, focused);
    }

    fn draw_details(&self, pen: &mut Pen<'_>, area: Rect) {
        let Some(Scored { row, measures, .. }) = self.rows.get(self.at) else { return };
        let figures: Vec<String> = measures
            .iter()
            .filter_map(|(name, m)| {
                Some(format!("{name} {}", figure_kind(name).unit.show(m.alone()?)))
            })
            .collect();
        let recording = self.recording().map(|p| p.display().to_string()).unwrap_or_default();
        let lines = [
            ("row    ", row.id.clone()),
            ("text   ", row.reference.clone()),
            ("result ", row_text(row, self.sorted_by().unwrap_or_default())),
            ("figures", figures.join(", ")),
            ("sound  ", recording.clone()),
        ];
        let mut rest = area;
        for (name, text) in lines {
            let (_, room) = crate::pen::left(rest, 8);
            pen.text(rest, 0, 0, name, pen.theme.dim);
            let used = pen.paragraph(room, &text, pen.theme.text).max(1);
            rest = above(rest, used).1;
        }
        let picture = self.picture.as_ref().filter(|(name, _)| *name == recording);
        if let Some((_, picture)) = picture {
            let (wave, mel) = above(rest, rest.height / 2);
            picture.draw_wave(pen, wave);
            picture.draw_mel(pen, mel);
        }
    }
}

/// Returns the text of a row, shown next to its figures: the transcript by the judge of `figure` (`wer@judge`), else
/// the first transcript.
fn row_text(row: &Row, figure: &str) -> String {
    if let Some(error) = &row.error {
        return format!("({error})");
    }
    let judge = figure.split_once('@').and_then(|(_, judge)| row.verdicts.get(judge));
    let transcript = judge.and_then(|verdict| verdict.transcript.as_deref());
    transcript.or_else(|| row.transcript()).unwrap_or_default().to_owned()
}

/// Draws the finished rows of a running evaluation.
pub(super) fn draw_arrived(
    pen: &mut Pen<'_>,
    area: Rect,
    arrived: &[(String, Vec<(String, f64)>)],
) {
    let rows = arrived.iter().map(|(id, figures)| {
        let shown: Vec<String> = figures
            .iter()
            .map(|(name, v)| format!("{name} {}", figure_kind(name).unit.show(*v)))
            .collect();
        vec![cell(id), cell(shown.join(", "))]
    });
    let grid = Grid { rows: rows.collect(), right_from: 9, stretch: 1, ..Grid::default() };
    grid.draw(pen, area, usize::MAX, false);
}
