//! A row that is streamed has the codes of one that is not.

use syrinx_decode::{
    DecodeConfig, FrameWindow, NarConfig, SamplerConfig, generate, generate_streaming,
};
use syrinx_task::{Alignment, Content, Contents, Generated, Plan, RowPlan, StageRun, TextContent};
use syrinx_testkit::{Tiny, ToneCodec, kit, tiny_codebooks, tiny_config, tiny_space};
use syrinx_types::{CancelToken, Codes, RunContext};

use crate::known::layout;

const PHONES: u32 = 8;

/// Two rows under these settings, not streamed and streamed, and the windows that were handed over.
fn run(nar: &NarConfig) -> (Vec<Generated>, Vec<Generated>, Vec<Codes>) {
    let kit = kit(Alignment::Pointer).unwrap();
    let codec = ToneCodec::default();
    let space = tiny_space(&kit, &codec, vec!["task:demo".into()]);
    let config = tiny_config(Alignment::Pointer);
    let tiny = Tiny::new(&config, &space, tiny_codebooks(&codec, 1), 1).unwrap();
    let first = space.first_phone;
    let text =
        TextContent { ids: (first..first + PHONES).collect(), aligned: (0..PHONES).collect() };
    let contents = Contents::from([("text".to_owned(), Content::Text(text))]);
    let stage = |name: &str| StageRun::new(name, contents.clone(), 40);
    let row = RowPlan::new(vec![stage("ar"), stage("nar")]);
    let plan = Plan { rows: vec![row.clone(), row] };
    let decode = DecodeConfig {
        codes: SamplerConfig { temperature: 1.0, top_p: 1.0, ..SamplerConfig::default() },
        nar: nar.clone(),
        ..DecodeConfig::default()
    };
    let cancel = CancelToken::default();
    let (run, layout) = (RunContext::quiet(&cancel).with_seed(8), layout(Alignment::Pointer));
    let whole = generate(&tiny.model, &layout, &plan, &decode, run).unwrap();
    let mut windows = Vec::new();
    let mut ended = false;
    let each = &mut |FrameWindow { codes, pointer, last }: FrameWindow<'_>| {
        assert!(!ended && last == codes.is_empty());
        ended = last;
        windows.extend((!last).then(|| codes.clone()));
        // Frames are filled where the pointer has been.
        let filled: usize = windows.iter().map(Codes::frames).sum();
        assert!(pointer.len() >= filled && whole[0].pointer.starts_with(pointer));
    };
    let streamed = generate_streaming(&tiny.model, &layout, &plan, &decode, run, each).unwrap();
    (whole, streamed, windows)
}

fn joined(windows: &[Codes]) -> Vec<u16> {
    windows.iter().flat_map(|w| w.values().to_vec()).collect()
}

#[test]
fn windows_that_are_handed_over_are_those_of_the_whole() {
    for (first, window, ahead, back) in
        [(None, 4, 2, None), (Some(2), 6, 3, None), (Some(1), 5, 0, Some(3)), (None, 100, 0, None)]
    {
        let nar = NarConfig {
            first_window_frames: first,
            window_frames: Some(window),
            lookahead_frames: ahead,
            lookback_frames: back,
            ..NarConfig::default()
        };
        let (whole, streamed, windows) = run(&nar);
        // The sum of log-probabilities depends on the number of frames of a pass by rounding only.
        let mut same_score = streamed.clone();
        for (row, other) in same_score.iter_mut().zip(&whole) {
            assert!((row.score - other.score).abs() < 1e-4, "{nar:?}");
            row.score = other.score;
        }
        assert_eq!(whole, same_score, "{nar:?}");
        let codes = whole[0].codes.as_ref().unwrap();
        assert!(codes.frames() > 8, "{} frames are no test", codes.frames());
        assert_eq!(joined(&windows), codes.values(), "{nar:?}");
        assert_eq!(windows[0].frames(), first.unwrap_or(window).min(codes.frames()));
    }
}

#[test]
fn without_windows_or_with_drawn_levels_nothing_is_handed_over() {
    let drawn = SamplerConfig { temperature: 1.0, ..SamplerConfig::default() };
    let windows = NarConfig { window_frames: Some(4), sampler: drawn, ..NarConfig::default() };
    for nar in [NarConfig::default(), windows] {
        let (whole, streamed, windows) = run(&nar);
        assert_eq!(whole, streamed);
        assert!(windows.is_empty());
    }
}
