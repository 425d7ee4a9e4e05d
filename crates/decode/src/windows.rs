//! The NAR over a stretch of frames at a time, as it runs in streaming.

use syrinx_task::{Content, Generated, Place, Stage, StageRun};
use syrinx_types::Codes;

use crate::context::{Context, Row};
use crate::passes::passes_over;
use crate::{DecodeError, NarConfig};

/// One window: frames `start..end` are made, `from..seen` are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) seen: usize,
}

/// Frames of the window that begins at `start`; `None` without windows.
pub(crate) fn size(start: usize, nar: &NarConfig) -> Option<usize> {
    let usual = nar.window_frames?;
    let first = nar.first_window_frames.filter(|_| start == 0);
    Some(first.unwrap_or(usual).max(1))
}

impl Window {
    /// The window that begins at `start` of a row of so many frames; `None` past its end.
    pub(crate) fn at(start: usize, frames: usize, nar: &NarConfig) -> Option<Self> {
        let end = (start + size(start, nar)?).min(frames);
        let from = nar.lookback_frames.map_or(0, |back| start.saturating_sub(back));
        let seen = (end + nar.lookahead_frames).min(frames);
        (start < frames).then_some(Self { from, start, end, seen })
    }
}

/// Fills the further levels window by window. All passes of a window are done before the next one begins, and what
/// was made before is given to it.
pub(crate) fn run(
    context: &Context<'_>,
    stage: &Stage,
    rows: &mut [Row<'_>],
) -> Result<(), DecodeError> {
    let nar = &context.config.nar;
    let levels = context.model.space().levels;
    let frames = |row: &Row<'_>| row.out.codes.as_ref().map_or(0, Codes::frames);
    let longest = rows.iter().map(frames).max().unwrap_or(0);
    let mut made: Vec<Codes> = rows.iter().map(|_| Codes::empty(levels)).collect();
    let mut next = 0;
    while next < longest {
        let start = next;
        next += size(start, nar).unwrap_or(longest);
        let windows: Vec<Option<Window>> =
            rows.iter().map(|row| Window::at(start, frames(row), nar)).collect();
        let mut parts: Vec<Option<(StageRun, Generated)>> = rows
            .iter()
            .zip(&made)
            .zip(&windows)
            .map(|((row, made), window)| Some(part(stage, row, made, (*window)?)))
            .collect();
        let mut open: Vec<Row<'_>> = rows
            .iter_mut()
            .zip(&mut parts)
            .filter_map(|(row, part)| {
                let (run, out) = part.as_mut()?;
                Some(Row { run, rng: &mut *row.rng, out })
            })
            .collect();
        passes_over(context, stage, &mut open)?;
        for ((made, part), window) in made.iter_mut().zip(&parts).zip(windows) {
            let codes = part.as_ref().and_then(|(_, out)| out.codes.as_ref());
            if let (Some(codes), Some(Window { from, start, end, .. })) = (codes, window) {
                (start - from..end - from).for_each(|frame| made.push(codes.frame(frame)));
            }
        }
    }
    for (row, made) in rows.iter_mut().zip(made).filter(|(row, _)| frames(row) > 0) {
        row.out.codes = Some(made);
    }
    Ok(())
}

/// Contents of a window, and its first frames: level 1 of all frames seen, all levels of the known ones.
pub(crate) fn part(
    stage: &Stage,
    row: &Row<'_>,
    made: &Codes,
    window: Window,
) -> (StageRun, Generated) {
    let Window { from, start, seen, .. } = window;
    let mut run = row.run.clone();
    for segment in stage.segments.iter().filter(|s| s.place == Place::FrameAligned) {
        match run.contents.get_mut(&segment.name) {
            Some(Content::Codes(codes)) => *codes = codes.slice(from, seen),
            Some(Content::Coded(coded)) => *coded = coded.slice(from, seen),
            _ => {}
        }
    }
    let mut known = made.slice(from, start);
    let given = row.run.given.as_ref().filter(|g| g.levels() == made.levels());
    if let Some(given) = given {
        (start..given.frames().min(seen)).for_each(|frame| known.push(given.frame(frame)));
    }
    run.given = (!known.is_empty()).then_some(known);
    let first = row.out.codes.as_ref().map(|codes| codes.first_levels(1).slice(from, seen));
    let pointer = row.out.pointer.get(from..seen).unwrap_or_default().to_vec();
    (run, Generated { codes: first, pointer, ..Generated::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_a_row_once_and_see_no_more_than_they_may() {
        let check = |frames: usize, window: usize, ahead: usize, back: Option<usize>| {
            let nar = NarConfig {
                window_frames: Some(window),
                lookahead_frames: ahead,
                lookback_frames: back,
                ..NarConfig::default()
            };
            let mut next = 0;
            for start in (0..frames).step_by(window) {
                let at = Window::at(start, frames, &nar).unwrap();
                assert_eq!((at.start, at.end), (next, (next + window).min(frames)));
                assert_eq!(at.seen, (at.end + ahead).min(frames));
                assert_eq!(at.from, back.map_or(0, |b| start.saturating_sub(b)));
                next = at.end;
            }
            assert_eq!(next, frames);
            assert_eq!(Window::at(frames, frames, &nar), None);
        };
        check(10, 4, 2, None);
        check(8, 4, 0, Some(3));
        check(1, 25, 5, Some(0));
    }
}
