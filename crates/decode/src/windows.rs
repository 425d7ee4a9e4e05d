//! The NAR window by window, as in streaming.

use syrinx_task::{Content, Fill, Generated, Place, Stage, StageRun};
use syrinx_types::Codes;

use crate::context::{DecodeContext, RowState};
use crate::{DecodeError, NarConfig, batches};

/// Prefix of the special tokens of a published model's tasks.
const VALL_E_TASK: &str = "vall-e:task:";

/// One window: the passes predict frames `start..end` and read `from..seen`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NarWindow {
    pub(crate) from: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) seen: usize,
}

/// Whether a stage can be filled window by window. A published model that answers a recording has all of it before the
/// response, and expects a response of the same length.
pub(crate) fn fit(stage: &Stage) -> bool {
    let answers =
        |fill: &Fill| matches!(fill, Fill::SpecialToken(name) if name.starts_with(VALL_E_TASK));
    stage.vall_e.is_none() || !stage.segments.iter().any(|segment| answers(&segment.fill))
}

/// Frames of the window that begins at `start`; `None` without windows.
pub(crate) fn size(start: usize, nar: &NarConfig) -> Option<usize> {
    let usual = nar.window_frames?.max(1);
    let first = nar.first_window_frames.map_or(usual, |first| first.clamp(1, usual));
    // Windows double in length: the second begins at the length of the first, each further one at twice the start of
    // the one before.
    Some(start.clamp(first, usual))
}

/// Returns the number of frames after the window that begins at `start` of which level 1 is known when it is filled.
pub(crate) fn lookahead(start: usize, nar: &NarConfig) -> usize {
    nar.first_lookahead_frames.filter(|_| start == 0).unwrap_or(nar.lookahead_frames)
}

impl NarWindow {
    /// Returns the window that begins at `start` in a row of `frames` frames; `None` past its end.
    pub(crate) fn at(start: usize, frames: usize, nar: &NarConfig) -> Option<Self> {
        let end = (start + size(start, nar)?).min(frames);
        let from = nar.lookback_frames.map_or(0, |back| start.saturating_sub(back));
        let seen = (end + lookahead(start, nar)).min(frames);
        (start < frames).then_some(Self { from, start, end, seen })
    }
}

/// Generates a stage for some rows: further levels window by window if the settings have windows, all else at once. All
/// passes of a window are done before the next one begins; earlier frames are given to it.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let nar = &context.config.nar;
    if nar.window_frames.is_none() || !stage.head.is_of_one_level() || !fit(stage) {
        return batches::run(context, stage, rows);
    }
    let levels = context.model.space().levels;
    let frames = |row: &RowState<'_>| row.out.codes.as_ref().map_or(0, Codes::frames);
    let longest = rows.iter().map(frames).max().unwrap_or(0);
    let mut made: Vec<Codes> = rows.iter().map(|_| Codes::empty(levels)).collect();
    let mut next = 0;
    while next < longest {
        let start = next;
        next += size(start, nar).unwrap_or(longest);
        let windows: Vec<Option<NarWindow>> =
            rows.iter().map(|row| NarWindow::at(start, frames(row), nar)).collect();
        let mut parts: Vec<Option<(StageRun, Generated)>> = rows
            .iter()
            .zip(&made)
            .zip(&windows)
            .map(|((row, made), window)| Some(part(stage, row, made, (*window)?)))
            .collect();
        let mut open: Vec<RowState<'_>> = rows
            .iter_mut()
            .zip(&mut parts)
            .filter_map(|(row, part)| {
                let (run, out) = part.as_mut()?;
                Some(RowState { run, rng: &mut *row.rng, out, cancel: row.cancel })
            })
            .collect();
        batches::run(context, stage, &mut open)?;
        for ((made, part), window) in made.iter_mut().zip(&parts).zip(windows) {
            let codes = part.as_ref().and_then(|(_, out)| out.codes.as_ref());
            if let (Some(codes), Some(NarWindow { from, start, end, .. })) = (codes, window) {
                (start - from..end - from).for_each(|frame| made.push(codes.frame(frame)));
            }
        }
    }
    for (row, made) in rows.iter_mut().zip(made).filter(|(row, _)| frames(row) > 0) {
        row.out.codes = Some(made);
    }
    Ok(())
}

/// Returns the contents of a window, and its first frames: level 1 of all frames seen, all levels of the known ones.
pub(crate) fn part(
    stage: &Stage,
    row: &RowState<'_>,
    made: &Codes,
    window: NarWindow,
) -> (StageRun, Generated) {
    let NarWindow { from, start, seen, .. } = window;
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
    fn windows_grow_from_the_first_to_the_usual_size() {
        let check = |first: Option<usize>, usual: usize, expected: &[usize]| {
            let nar = NarConfig {
                first_window_frames: first,
                window_frames: Some(usual),
                lookahead_frames: 5,
                first_lookahead_frames: Some(2),
                ..NarConfig::default()
            };
            let (mut start, mut sizes) = (0, Vec::new());
            while let Some(window) = NarWindow::at(start, 100, &nar) {
                let ahead = if start == 0 { 2 } else { 5 };
                assert_eq!(window.seen, (window.end + ahead).min(100));
                sizes.push(window.end - window.start);
                start = window.end;
            }
            assert_eq!(sizes, expected);
        };
        check(Some(8), 32, &[8, 8, 16, 32, 32, 4]);
        check(Some(5), 25, &[5, 5, 10, 20, 25, 25, 10]);
        check(Some(40), 32, &[32, 32, 32, 4]);
        check(None, 60, &[60, 40]);
        check(Some(0), 100, &[1, 1, 2, 4, 8, 16, 32, 36]);
    }

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
                let at = NarWindow::at(start, frames, &nar).unwrap();
                assert_eq!((at.start, at.end), (next, (next + window).min(frames)));
                assert_eq!(at.seen, (at.end + ahead).min(frames));
                assert_eq!(at.from, back.map_or(0, |b| start.saturating_sub(b)));
                next = at.end;
            }
            assert_eq!(next, frames);
            assert_eq!(NarWindow::at(frames, frames, &nar), None);
        };
        check(10, 4, 2, None);
        check(8, 4, 0, Some(3));
        check(1, 25, 5, Some(0));
    }
}
