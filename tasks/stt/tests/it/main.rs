//! Speech to text: layouts, examples, the decoder, answers.

mod decoding;
mod example;
mod language;
mod task;
mod tree;

use std::sync::OnceLock;

use syrinx_task::{Alignment, FrameScores, Task, TaskKit};
use syrinx_task_stt::{Decoder, Stt, SttConfig};

fn kit() -> &'static TaskKit {
    static KIT: OnceLock<TaskKit> = OnceLock::new();
    KIT.get_or_init(|| {
        syrinx_testkit::kit(Alignment::Pointer).expect("the front end is compiled in")
    })
}

fn stt(config: SttConfig) -> Stt {
    Stt::new(config, kit()).expect("sound settings")
}

/// The decoder of the whole dictionary.
fn decoder() -> &'static Decoder {
    static TASK: OnceLock<Stt> = OnceLock::new();
    let task = TASK.get_or_init(|| stt(SttConfig::default()));
    task.decoder().expect("the data are compiled in")
}

/// Scores of an imperfect recogniser.
fn scores(text: &str, sure: f64, wrong_of: usize, seed: u64) -> FrameScores {
    syrinx_testkit::scores(kit(), text, sure, wrong_of, seed).expect("words")
}
