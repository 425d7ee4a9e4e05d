//! Level 1 beside a recording, and what the model expects the whole frames to be.

use syrinx_decode::{DecodeConfig, generate};
use syrinx_model::LmConfig;
use syrinx_task::{
    Alignment, Content, Contents, Generated, Head, Layout, Plan, RowPlan, Segment, Stage, StageRun,
};
use syrinx_testkit::{Tiny, ToneStudio, kit, tiny_codebooks, tiny_config, tiny_space};
use syrinx_types::{CancelToken, Codes, NullSink};

const LEVELS: usize = 4;

/// Rows of recordings of so many frames.
fn run(latents_beside: bool, frames: &[usize]) -> Vec<Generated> {
    let kit = kit(Alignment::Pointer).unwrap();
    let studio = ToneStudio::default();
    let model = LmConfig { latents_beside, ..tiny_config(Alignment::Pointer) };
    let space = tiny_space(&kit, &studio, vec!["task:demo".into()]);
    let tiny = Tiny::new(&model, &space, tiny_codebooks(&studio, 1), 1).unwrap();
    let segments = vec![
        Segment::mark("task:demo"),
        Segment::beside("recording"),
        Segment::masked_response("codes"),
    ];
    let stage = Stage::new("masked", Head::MaskedLevel, segments);
    let layout = Layout { task: "demo".into(), stages: vec![stage] };
    let row = |&frames: &usize| {
        let codes = (0..LEVELS * frames).map(|i| (i * 7 % 32) as u16).collect();
        let codes = Content::Codes(Codes::new(LEVELS, codes).unwrap());
        let contents = Contents::from([("recording".to_owned(), codes)]);
        RowPlan::new(vec![StageRun::new("masked", contents, frames)])
    };
    let plan = Plan { rows: frames.iter().map(row).collect() };
    let quiet = (&CancelToken::default(), &NullSink as _);
    generate(&tiny.model, &layout, &plan, (&DecodeConfig::default(), 5), quiet).unwrap()
}

#[test]
fn latents_are_those_of_the_rows_own_frames() {
    let rows = run(true, &[9, 4]);
    let dim = rows[1].latents.len() / 4;
    assert!(dim > 0);
    assert_eq!(rows[0].latents.len(), 9 * dim);
    let alone = run(true, &[4]);
    let apart =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart(&alone[0].latents, &rows[1].latents) < 1e-4);
    assert!(apart(&rows[0].latents, &rows[1].latents) > 1e-3);
}

#[test]
fn models_that_do_not_learn_latents_expect_none() {
    let rows = run(false, &[5]);
    assert_eq!(rows[0].codes.as_ref().map(Codes::frames), Some(5));
    assert!(rows[0].latents.is_empty());
}
