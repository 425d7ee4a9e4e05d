//! All levels code after code.

use super::all_levels::Pattern;
use crate::Timing;

/// A step predicts one code; the levels of a frame one after another (MusicGen, arXiv 2306.05284, section 2.2, the
/// flattening pattern).
#[derive(Debug, Clone, Copy)]
pub struct Interleaved;

impl Pattern for Interleaved {
    const NAME: &'static str = "interleaved";
    const KNOWN_CODES: &'static str = "the code before";

    fn describe(self, timing: Timing) -> String {
        let (advances, known) = timing.describe();
        format!("codes of all levels in turn{advances}, one after another (AR){known}")
    }

    fn frame(self, step: usize, level: usize, levels: usize) -> Option<usize> {
        (step % levels == level).then_some(step / levels)
    }

    fn newest(self, step: usize, levels: usize) -> usize {
        step / levels
    }

    fn advances_after(self, step: usize, levels: usize) -> bool {
        step % levels == levels - 1
    }

    fn steps(self, frames: usize, levels: usize) -> usize {
        frames * levels
    }

    fn begins(self, frame: usize, levels: usize) -> usize {
        frame * levels
    }

    fn opens(self, step: usize, level: usize) -> bool {
        step == 0 && level == 0
    }

    fn positions_a_frame(self, levels: usize) -> usize {
        levels
    }
}
