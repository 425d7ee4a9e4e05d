//! Drawing of the comparison.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use syrinx_task::Answered;

use crate::DrawnAnswer;
use crate::field::Field;
use crate::grid::Grid;
use crate::pen::{ClickTarget, Pen, above, left, width, wrap};
use crate::screens::compare::column::ColumnState;
use crate::screens::compare::{COLUMN, Compare, FILE, Focus, KNOB, TEXT, VOICE};
use crate::screens::duration;

/// Smallest width of a column, in terminal columns.
const NARROWEST: u16 = 38;

impl Compare {
    pub(super) fn view(&self, pen: &mut Pen<'_>, area: Rect) {
        let (input, rest) = above(area, 3);
        self.draw_input(pen, input);
        let knobs = matches!(self.focus, Focus::Knobs | Focus::Value(_));
        let rest = match (knobs, pen.compact) {
            (false, _) => rest,
            (true, true) => {
                self.draw_knobs(pen, rest);
                return;
            }
            (true, false) => {
                let (columns, knobs) = left(rest, rest.width - (rest.width / 2).min(40));
                self.draw_knobs(pen, knobs);
                columns
            }
        };
        if self.columns.is_empty() {
            pen.text(rest, 1, 0, "loading the tasks …", pen.theme.dim);
            return;
        }
        let room = usize::from(rest.width / NARROWEST).clamp(1, self.columns.len());
        let room = if pen.compact { 1 } else { room };
        let first = self.at.saturating_sub(room - 1);
        let mut rest = rest;
        for (shown, i) in (first..(first + room).min(self.columns.len())).enumerate() {
            let wide = rest.width / (room - shown) as u16;
            let (place, others) = left(rest, wide);
            self.draw_column(pen, place, i);
            rest = others;
        }
    }

    fn draw_input(&self, pen: &mut Pen<'_>, area: Rect) {
        let fields = [
            ("text", &self.text, Focus::Text, TEXT),
            ("file", &self.file, Focus::File, FILE),
            ("voice", &self.voice, Focus::Voice, VOICE),
        ];
        for (i, (name, field, focus, pane)) in fields.into_iter().enumerate() {
            let (_, rest) = above(area, i as u16);
            let (line, _) = above(rest, 1);
            pen.hits.push((line, ClickTarget::Pane(pane)));
            let focused = self.focus == focus;
            let style = if focused { pen.theme.title } else { pen.theme.dim };
            let sign = if focused { "›" } else { " " };
            pen.line(line, 0, &[(sign, style), (name, style)]);
            let (_, place) = left(line, 8);
            draw_field(pen, place, field, focused);
        }
    }

    fn draw_knobs(&self, pen: &mut Pen<'_>, area: Rect) {
        let title = format!("Settings of column {}", self.at + 1);
        let inner = pen.frame(area, &title, KNOB, true);
        let Some(column) = self.columns.get(self.at) else { return };
        let rows = self.knobs.iter().enumerate().map(|(i, knob)| {
            let changed = column.changed.contains_key(&knob.key);
            let style = changed.then_some(pen.theme.warn);
            let sign = if changed { "*" } else { " " };
            let value = match &self.focus {
                Focus::Value(value) if i == self.knob => format!("{}_", value.text()),
                _ => column.value(knob),
            };
            let name = knob.key.strip_prefix("decode.").unwrap_or(&knob.key);
            vec![(format!("{sign}{name}"), style), (value, style)]
        });
        let selected = Some(self.knob);
        let grid =
            Grid { rows: rows.collect(), selected, right_from: 1, stretch: 0, ..Grid::default() };
        grid.draw(pen, inner, KNOB, true);
    }

    fn draw_column(&self, pen: &mut Pen<'_>, area: Rect, i: usize) {
        let column = &self.columns[i];
        let model = self.models.get(column.model).map_or("?", |m| m.name.as_str());
        let mut title = format!("{} {} · {model} · seed {}", i + 1, column.task, column.seed);
        if !column.changed.is_empty() {
            title = format!("{title} · {} changed", column.changed.len());
        }
        let inner = pen.frame(area, &title, COLUMN + i, i == self.at);
        match &column.state {
            ColumnState::Empty => {
                let what = self.card(column).map_or("", |c| c.summary.as_str());
                let used = pen.paragraph(inner, what, pen.theme.text);
                pen.text(inner, 0, used + 1, "enter runs it", pen.theme.dim);
            }
            ColumnState::Waiting => {
                pen.paragraph(inner, "waits for speech of another column", pen.theme.dim);
            }
            ColumnState::Running { since_s, note, .. } => {
                let text = format!("working for {} {note}", duration(pen.now_s - since_s));
                pen.paragraph(inner, &text, pen.theme.warn);
            }
            ColumnState::Failed(error) => {
                pen.failure(inner, error);
            }
            ColumnState::Shown(shown) => draw_shown(pen, inner, shown),
        }
    }
}

/// Draws a text field, scrolled such that the cursor is visible.
fn draw_field(pen: &mut Pen<'_>, area: Rect, field: &Field, focused: bool) {
    let room = usize::from(area.width).saturating_sub(1).max(1);
    let before: Vec<char> = field.text().chars().take(field.cursor()).collect();
    let mut skip = 0;
    while width(&before[skip..].iter().collect::<String>()) > room {
        skip += 1;
    }
    let shown: String = field.text().chars().skip(skip).collect();
    pen.text(area, 0, 0, &shown, pen.theme.text);
    if focused {
        let at = width(&before[skip..].iter().collect::<String>()) as u16;
        let under = field.text().chars().nth(field.cursor()).unwrap_or(' ').to_string();
        pen.text(area, at, 0, &under, Style::new().add_modifier(Modifier::REVERSED));
    }
}

/// Draws an answer: figures, waveform, spectrogram, words.
fn draw_shown(pen: &mut Pen<'_>, area: Rect, shown: &DrawnAnswer) {
    let figures = figures(shown);
    let used = pen.paragraph(area, &figures, pen.theme.dim);
    let rest = above(area, used).1;
    let words = words(&shown.answer.answered);
    let text = text_of(&shown.answer.answered);
    let lines =
        wrap(&words, usize::from(rest.width)).len() + wrap(&text, usize::from(rest.width)).len();
    let rest = match &shown.picture {
        None => rest,
        Some(picture) => {
            // The words get the lines that they need, at most half of the area.
            let wanted = (lines as u16 + 1).min(rest.height / 2);
            let (drawn, words) = above(rest, rest.height - wanted);
            let (wave, mel) = above(drawn, (drawn.height / 3).max(1));
            picture.draw_wave(pen, wave);
            picture.draw_mel(pen, mel);
            words
        }
    };
    let used = pen.paragraph(rest, &text, pen.theme.text);
    let rest = above(rest, used).1;
    pen.paragraph(rest, &words, pen.theme.accent(0));
}

/// Returns duration, speed and pitch as one line.
fn figures(shown: &DrawnAnswer) -> String {
    let answer = &shown.answer;
    let mut parts = Vec::new();
    let seconds = answer.audio.as_ref().map(|a| a.seconds()).filter(|s| *s > 0.0);
    if let Some(seconds) = seconds {
        parts.push(format!("{seconds:.2} s of sound"));
    }
    parts.push(format!("made in {}", duration(answer.wall_s)));
    if let Some(seconds) = seconds {
        parts.push(format!("rtf {:.2}", answer.wall_s / seconds));
    }
    if let Some(first_s) = answer.first_s {
        parts.push(format!("first after {}", duration(first_s)));
    }
    if let Some(pitch_hz) = shown.pitch_hz {
        parts.push(format!("pitch {pitch_hz:.0} Hz"));
    }
    if answer.answered.speech().is_some_and(|speech| !speech.complete) {
        parts.push("CUT SHORT".into());
    }
    parts.join(" · ")
}

/// Returns the words of an answer with their start times.
fn words(answered: &Answered) -> String {
    let spoken = answered.speech().map(|speech| &speech.words);
    let words = spoken.or_else(|| answered.transcript().map(|transcript| &transcript.words));
    let words = words.into_iter().flatten();
    words.map(|w| format!("{:.2} {}", w.start_s, w.word)).collect::<Vec<_>>().join("  ")
}

/// Returns the text of an answer. An answer of another type than speech, text or phones is shown by its lines, or by
/// all of its text fields.
fn text_of(answered: &Answered) -> String {
    let shown = |parts: &[&str]| {
        parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
    };
    if let Some(transcript) = answered.transcript() {
        return transcript.text.clone();
    }
    if let Some(phones) = answered.phones() {
        return shown(&[&phones.text, &phones.phones]);
    }
    if let Some(speech) = answered.speech() {
        let voice = speech.voice.as_deref().map(|voice| format!("voice: {voice}"));
        return shown(&[&speech.text_spoken, voice.as_deref().unwrap_or_default()]);
    }
    answered.lines().unwrap_or_else(|| {
        let json = answered.json();
        let fields = json.as_object().into_iter().flatten();
        let texts = fields.filter_map(|(k, v)| Some((k, v.as_str().filter(|t| !t.is_empty())?)));
        texts.map(|(k, text)| format!("{k}: {text}")).collect::<Vec<_>>().join("  ")
    })
}
