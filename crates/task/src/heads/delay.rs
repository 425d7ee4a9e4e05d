//! All levels at once, each level one frame behind the one before it.

use super::all_levels::Pattern;
use crate::Timing;

/// A step predicts one code of every level; level l lags l - 1 frames behind level 1 (MusicGen, arXiv 2306.05284,
/// section 2.2, the delay pattern).
#[derive(Debug, Clone, Copy)]
pub struct Delay;

impl Pattern for Delay {
    const NAME: &'static str = "delay";
    const KNOWN_CODES: &'static str = "level l of the frame l before, summed";

    fn describe(self, timing: Timing) -> String {
        let (advances, known) = timing.describe();
        format!(
            "all levels, each a frame behind the one before{advances}, one after another (AR){known}"
        )
    }

    fn frame(self, step: usize, level: usize, _: usize) -> Option<usize> {
        step.checked_sub(level)
    }

    fn newest(self, step: usize, _: usize) -> usize {
        step
    }

    fn advances_after(self, _: usize, _: usize) -> bool {
        true
    }

    fn steps(self, frames: usize, levels: usize) -> usize {
        frames + levels - 1
    }

    fn begins(self, frame: usize, _: usize) -> usize {
        frame
    }

    fn opens(self, _: usize, _: usize) -> bool {
        true
    }

    fn positions_a_frame(self, _: usize) -> usize {
        1
    }
}
