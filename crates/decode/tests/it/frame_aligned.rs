//! Level 1 with frame-aligned conditioning, and the predicted latents.

use syrinx_decode::{DecodeConfig, generate};
use syrinx_model::LmConfig;
use syrinx_task::{
    Alignment, Content, Contents, Generated, Layout, ModelSwitches, Plan, RowPlan, Segment, Stage,
    StageRun, heads,
};
use syrinx_testkit::{Tiny, ToneCodec, kit, tiny_codebooks, tiny_config, tiny_space};
use syrinx_types::{CancelToken, Coded, Codes, Latents, RunContext};

const LEVELS: usize = 4;
const DIM: usize = 8;

fn conditioned() -> LmConfig {
    let switches = ModelSwitches { latent_conditioning: true, ..config().switches };
    LmConfig { switches, ..config() }
}

fn config() -> LmConfig {
    tiny_config(Alignment::Pointer)
}

/// Rows of recordings of `frames` frames each, by a model with these settings.
fn run(model: &LmConfig, frames: &[usize]) -> Vec<Generated> {
    let kit = kit(Alignment::Pointer).unwrap();
    let codec = ToneCodec::default();
    let space = tiny_space(&kit, &codec, vec!["task:demo".into()]);
    let tiny = Tiny::new(model, &space, tiny_codebooks(&codec, 1), 1).unwrap();
    let segments = vec![
        Segment::special_token("task:demo"),
        Segment::frame_aligned("recording"),
        Segment::masked_response("codes"),
    ];
    let stage = Stage::new("masked", heads::MaskedLevel, segments);
    let layout = Layout { task: "demo".into(), stages: vec![stage] };
    let row = |&frames: &usize| {
        let codes = (0..LEVELS * frames).map(|i| (i * 7 % 32) as u16).collect();
        let codes = Codes::new(LEVELS, codes).unwrap();
        let latents = (0..DIM * frames).map(|i| (i as f32).cos()).collect();
        let latents = Latents::new(DIM, latents);
        let recording = Content::Coded(Coded { codes, latents });
        let contents = Contents::from([("recording".to_owned(), recording)]);
        RowPlan::new(vec![StageRun::new("masked", contents, frames)])
    };
    let plan = Plan { rows: frames.iter().map(row).collect() };
    let cancel = CancelToken::default();
    let run = RunContext::quiet(&cancel).with_seed(5);
    generate(&tiny.model, &layout, &plan, &DecodeConfig::default(), run).unwrap()
}

#[test]
fn latents_are_those_of_the_rows_own_frames() {
    let model = conditioned();
    let rows = run(&model, &[9, 4]);
    assert_eq!((rows[0].latents.len(), rows[1].latents.len()), (9 * DIM, 4 * DIM));
    let alone = run(&model, &[4]);
    let apart =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart(&alone[0].latents, &rows[1].latents) < 1e-4);
    // Equal frames have equal conditioning; later frames do not matter.
    assert!(apart(&rows[0].latents[..4 * DIM], &rows[1].latents) > 1e-6);
}

/// An untrained one changes next to nothing.
#[test]
fn models_with_latent_conditioning_predict_latents() {
    let rows = run(&conditioned(), &[6]);
    let wrong = rows[0].latents.iter().zip(0..).map(|(v, i)| (v - (i as f32).cos()).abs());
    let most = wrong.fold(0.0, f32::max);
    assert!(most > 0.0 && most < 0.1, "{most}");
}

#[test]
fn models_that_do_not_learn_latents_expect_none() {
    let rows = run(&config(), &[5]);
    assert_eq!(rows[0].codes.as_ref().map(Codes::frames), Some(5));
    assert!(rows[0].latents.is_empty());
}
