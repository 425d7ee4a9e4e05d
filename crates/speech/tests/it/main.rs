//! Phones in time, known words in scores, recognized recordings.

mod alignment;
mod layouts;
mod recording;
mod script;
mod timeline;

use std::sync::OnceLock;

use syrinx_speech::Units;
use syrinx_task::{Alignment, FrameScores, TaskKit};

fn kit() -> &'static TaskKit {
    static KIT: OnceLock<TaskKit> = OnceLock::new();
    KIT.get_or_init(|| {
        syrinx_testkit::kit(Alignment::Pointer).expect("the front end is compiled in")
    })
}

fn units() -> &'static Units {
    static UNITS: OnceLock<Units> = OnceLock::new();
    UNITS.get_or_init(|| Units::english().expect("the data are compiled in"))
}

/// Scores of an imperfect recogniser.
fn scores(text: &str, sure: f64, wrong_of: usize, seed: u64) -> FrameScores {
    syrinx_testkit::scores(kit(), text, sure, wrong_of, seed).expect("words")
}
