//! Tests of the three tasks.

mod denoise;
mod extract;
mod remove;

use syrinx_task::{Alignment, Clip, Content, Plan, TaskDescriptor};
use syrinx_testkit::check_task;
use syrinx_types::Audio;

/// A tone in memory.
fn tone(seconds: f64, peak: f32) -> Clip {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| peak * (i as f32 * 0.05).sin());
    Clip::from(Audio { samples: samples.collect(), sample_rate_hz: 24_000 })
}

/// Checks that a task conforms with either alignment.
fn conforms(task: &TaskDescriptor) {
    for alignment in [Alignment::Pointer, Alignment::None] {
        check_task(task, alignment).unwrap_or_else(|reason| panic!("{alignment:?}: {reason}"));
    }
}

/// Checks the plan of a recording of 24 s: three rows, each with the codes of as many frames as it answers.
fn is_cut_in_three(plan: &Plan) {
    let frames: Vec<usize> = plan.rows.iter().map(|row| row.stages[0].limit).collect();
    assert_eq!(frames, [250, 250, 100]);
    for row in &plan.rows {
        let contents = &row.stages[0].contents;
        let Some(Content::Coded(coded)) = contents.get("recording") else { panic!("no codes") };
        assert_eq!(coded.frames(), row.stages[0].limit);
    }
}
