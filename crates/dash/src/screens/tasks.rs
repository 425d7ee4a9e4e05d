//! The registry: each task's layout as segments, its schemas, its suites.

use ratatui::layout::Rect;
use ratatui::style::Style;
use syrinx_task::{CodeTable, Fill, Layout, Place, Segment, Stage};

use crate::grid::{Grid, cell};
use crate::keys::{Binding, Key, KeyHelp, LIST, Step, action, bind, helps};
use crate::message::News;
use crate::pen::{ClickTarget, Pen, above, left, width};
use crate::screens::{Component, ScreenContext};
use crate::{FieldCard, SuiteCard, TaskCard, Theme};

#[derive(Debug, Clone, Copy)]
enum Act {
    Pane,
    Next,
    Previous,
    Layout,
    Right,
    Left,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[Key::Right, Key::Char('l'), Key::Enter], Act::Next, "next page", "the next page"),
    bind(&[Key::Left, Key::Char('h')], Act::Previous, "", "the previous page"),
    bind(&[Key::Char('a')], Act::Layout, "alignment", "the next alignment of text and frames"),
    bind(&[Key::Char('>'), Key::Char('.')], Act::Right, "right", "scroll to the right"),
    bind(&[Key::Char('<'), Key::Char(',')], Act::Left, "left", "scroll to the left"),
    bind(&[Key::Tab, Key::BackTab], Act::Pane, "pane", "the other pane"),
];

const PAGES: [&str; 5] = ["layout", "request", "answer", "settings", "suites"];
/// Number of columns by which a key scrolls, and the largest offset.
const SHIFT: usize = 16;
const MOST_SHIFT: usize = 160;

const LIST_PANE: usize = 0;
const PAGE_PANE: usize = 1;

/// State of the screen.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    cards: Vec<TaskCard>,
    suites: Vec<SuiteCard>,
    at: usize,
    page: usize,
    layout: usize,
    scroll: usize,
    /// Number of columns scrolled out at the left.
    shift: usize,
    pane: usize,
}

impl Component for Tasks {
    fn keys(&self) -> Vec<(&'static str, Vec<KeyHelp>)> {
        vec![("tasks", helps(KEYS)), ("lists", helps(LIST))]
    }

    fn key(&mut self, key: Key, _: &mut ScreenContext<'_>) -> bool {
        if let Some(step) = action(LIST, key) {
            self.step(self.pane, step);
            return true;
        }
        match action(KEYS, key) {
            Some(Act::Pane) => self.pane = 1 - self.pane,
            Some(Act::Next) => self.turn((self.page + 1) % PAGES.len()),
            Some(Act::Previous) => self.turn((self.page + PAGES.len() - 1) % PAGES.len()),
            Some(Act::Layout) => self.layout += 1,
            Some(Act::Right) => self.shift = (self.shift + SHIFT).min(MOST_SHIFT),
            Some(Act::Left) => self.shift = self.shift.saturating_sub(SHIFT),
            None => return false,
        }
        true
    }

    fn click(&mut self, target: ClickTarget, _: &mut ScreenContext<'_>) {
        match target {
            ClickTarget::Item(LIST_PANE, i) if i < self.cards.len() => {
                (self.pane, self.at, self.scroll) = (LIST_PANE, i, 0);
            }
            ClickTarget::Pane(pane) if pane <= PAGE_PANE => self.pane = pane,
            _ => {}
        }
    }

    fn scroll(&mut self, pane: usize, down: bool, _: &mut ScreenContext<'_>) {
        self.step(pane, if down { Step::Down } else { Step::Up });
    }

    fn news(&mut self, news: &News, _: &mut ScreenContext<'_>) {
        match news {
            News::Tasks(cards) => {
                self.cards.clone_from(cards);
                self.at = self.at.min(cards.len().saturating_sub(1));
            }
            News::Suites(suites) => self.suites.clone_from(suites),
            _ => {}
        }
    }

    fn draw(&self, pen: &mut Pen<'_>, area: Rect) {
        let (list, page) = match (pen.compact, self.pane) {
            (true, LIST_PANE) => (area, Rect::ZERO),
            (true, _) => (Rect::ZERO, area),
            (false, _) => left(area, 24),
        };
        if !list.is_empty() {
            self.draw_list(pen, list);
        }
        if !page.is_empty() {
            self.draw_page(pen, page);
        }
    }
}

impl Tasks {
    fn step(&mut self, pane: usize, step: Step) {
        if pane == LIST_PANE {
            self.at = step.from(self.at, self.cards.len());
            self.scroll = 0;
        } else {
            self.scroll = step.from(self.scroll, 200);
        }
    }

    fn turn(&mut self, page: usize) {
        (self.page, self.scroll, self.shift) = (page, 0, 0);
    }

    fn draw_list(&self, pen: &mut Pen<'_>, area: Rect) {
        let focused = self.pane == LIST_PANE;
        let inner = pen.frame(area, "Tasks", LIST_PANE, focused);
        if self.cards.is_empty() {
            pen.text(inner, 0, 0, "loading …", pen.theme.dim);
        }
        let kind = |c: &TaskCard| format!("{:?}", c.answer_kind).to_lowercase();
        let rows = self.cards.iter().map(|c| vec![cell(&c.id), (kind(c), Some(pen.theme.dim))]);
        let selected = Some(self.at);
        let grid = Grid { rows: rows.collect(), selected, right_from: 9, ..Grid::default() };
        grid.draw(pen, inner, LIST_PANE, focused);
    }

    fn draw_page(&self, pen: &mut Pen<'_>, area: Rect) {
        let title = self.cards.get(self.at).map_or("", |c| c.id.as_str());
        let inner = pen.frame(area, title, PAGE_PANE, self.pane == PAGE_PANE);
        let Some(card) = self.cards.get(self.at) else { return };
        let (head, body) = above(inner, 3);
        pen.text(head, 0, 0, &card.summary, pen.theme.text);
        let mut column = 0;
        for (i, name) in PAGES.iter().enumerate() {
            let here = i == self.page;
            let text = if here { format!("[{name}]") } else { format!(" {name} ") };
            let style = if here { pen.theme.title } else { pen.theme.dim };
            column += pen.text(head, column, 1, &text, style) + 1;
        }
        match self.page {
            0 => self.draw_layout(pen, body, card),
            1 => self.draw_fields(pen, body, &card.request),
            2 => self.draw_fields(pen, body, &card.answer),
            3 => self.draw_fields(pen, body, &card.settings),
            _ => self.draw_suites(pen, body, card),
        }
    }

    fn draw_fields(&self, pen: &mut Pen<'_>, area: Rect, fields: &[FieldCard]) {
        let columns = usize::from(area.width);
        let mut lines: Vec<(String, Style)> = Vec::new();
        for field in fields {
            lines.push((format!("{}: {}", field.name, field.kind), pen.theme.title));
            let about = crate::pen::wrap(&field.about, columns.saturating_sub(2));
            lines.extend(about.into_iter().map(|line| (format!("  {line}"), pen.theme.text)));
        }
        if lines.is_empty() {
            lines.push(("nothing".into(), pen.theme.dim));
        }
        let first = self.scroll.min(lines.len().saturating_sub(area.height.into()));
        for (i, (text, style)) in lines.iter().skip(first).enumerate().take(area.height.into()) {
            pen.text(area, 0, i as u16, text, *style);
        }
    }

    fn draw_suites(&self, pen: &mut Pen<'_>, area: Rect, card: &TaskCard) {
        let of_task = self.suites.iter().filter(|s| s.task == card.id);
        let field = |s: &SuiteCard| FieldCard {
            name: s.name.clone(),
            kind: s.path.display().to_string(),
            about: s.summary.clone(),
        };
        let fields: Vec<FieldCard> = of_task.map(field).collect();
        if fields.is_empty() {
            pen.text(area, 0, 0, "no suite of this task in evals/", pen.theme.dim);
            return;
        }
        self.draw_fields(pen, area, &fields);
    }

    fn draw_layout(&self, pen: &mut Pen<'_>, area: Rect, card: &TaskCard) {
        let Some((name, layout)) = card.layouts.get(self.layout % card.layouts.len().max(1)) else {
            return;
        };
        let (head, body) = above(area, 2);
        let alignment = format!("alignment {name}   ");
        pen.line(
            head,
            0,
            &[
                (&alignment, pen.theme.dim),
                ("‹mark› ", pen.theme.accent(0)),
                ("≡text ", pen.theme.accent(1)),
                ("▦prompt ", pen.theme.accent(2)),
                ("▶AR ", pen.theme.accent(3)),
                ("▷NAR ", pen.theme.accent(4)),
                ("? optional", pen.theme.dim),
            ],
        );
        let mut line = 0usize;
        let texts = stage_texts(layout);
        for (stage, text) in layout.stages.iter().zip(&texts) {
            self.scrolled(pen, body, &mut line, |pen, area| {
                let head = text.first().map_or("", String::as_str);
                pen.text(area, 0, 0, &self.shifted(head), pen.theme.title);
            });
            for row in chip_rows(stage, pen.theme, usize::from(body.width)) {
                self.scrolled(pen, body, &mut line, |pen, area| {
                    let parts: Vec<(&str, Style)> =
                        row.iter().map(|(text, style)| (text.as_str(), *style)).collect();
                    pen.line(area, 0, &parts);
                });
            }
            for row in text.iter().skip(1) {
                self.scrolled(pen, body, &mut line, |pen, area| {
                    pen.text(area, 0, 0, &self.shifted(row), pen.theme.dim);
                });
            }
            line += 1;
        }
    }

    /// Returns a line without the columns that are scrolled out.
    fn shifted(&self, text: &str) -> String {
        text.chars().skip(self.shift).collect()
    }

    /// Draws a line if it is within the visible part.
    fn scrolled(
        &self,
        pen: &mut Pen<'_>,
        area: Rect,
        line: &mut usize,
        draw: impl FnOnce(&mut Pen<'_>, Rect),
    ) {
        let at = *line;
        *line += 1;
        if let Some(shown) = at.checked_sub(self.scroll).filter(|l| *l < usize::from(area.height)) {
            draw(pen, Rect { y: area.y + shown as u16, height: 1, ..area });
        }
    }
}

/// Returns the table of a layout as lines of text, one list for each stage.
fn stage_texts(layout: &Layout) -> Vec<Vec<String>> {
    let mut stages: Vec<Vec<String>> = Vec::new();
    for line in layout.table().lines() {
        match stages.last_mut() {
            Some(stage) if !line.starts_with("stage ") => stage.push(line.to_owned()),
            _ => stages.push(vec![line.to_owned()]),
        }
    }
    stages
}

/// Returns the segments of a stage in order, wrapped into lines of `columns` columns.
fn chip_rows(stage: &Stage, theme: &Theme, columns: usize) -> Vec<Vec<(String, Style)>> {
    let mut rows: Vec<Vec<(String, Style)>> = vec![vec![("  ".into(), theme.text)]];
    let mut used = 2;
    for segment in &stage.segments {
        let (text, style) = chip(segment, theme);
        let wide = width(&text) + 1;
        if used + wide > columns && used > 2 {
            rows.push(vec![("  ".into(), theme.text)]);
            used = 2;
        }
        used += wide;
        if let Some(row) = rows.last_mut() {
            row.push((text, style));
            row.push((" ".into(), theme.text));
        }
    }
    rows
}

fn chip(segment: &Segment, theme: &Theme) -> (String, Style) {
    let (text, kind) = match &segment.fill {
        Fill::SpecialToken(mark) => (format!("‹{mark}›"), 0),
        Fill::LevelToken => ("‹level:L›".to_owned(), 0),
        Fill::Text => (format!("≡{}", segment.name), 1),
        Fill::Codes { table: CodeTable::Prompt, .. } | Fill::GivenLatents => {
            (format!("▦{}", segment.name), 2)
        }
        Fill::Codes { table: CodeTable::ResponseAr, .. } => (format!("▶{}", segment.name), 3),
        Fill::Codes { table: CodeTable::ResponseNar, .. } => (format!("▷{}", segment.name), 4),
        Fill::Latents => (format!("▶{}", segment.name), 3),
        Fill::Durations => (format!("◷{}", segment.name), 1),
        #[allow(unreachable_patterns, reason = "kinds of segments may be added")]
        _ => (segment.name.clone(), 5),
    };
    let text = if segment.optional { format!("{text}?") } else { text };
    let text = if segment.place == Place::Encoder { format!("({text})") } else { text };
    (text, theme.accent(kind))
}
